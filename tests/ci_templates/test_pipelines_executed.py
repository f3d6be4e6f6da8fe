"""The lines that make the monitor a step of a pipeline retrain on 1 and end on all else."""

from __future__ import annotations

import ast
import os
import re
import sys

import pytest
import yaml
from executors import ROOT, call, once, run

PAGE = (ROOT / "docs" / "monitor.md").read_text(encoding="utf-8")
LINE = re.search(r"^mlgate check --stage monitor; .*$", PAGE, re.M)[0]
STEPS = dict(re.findall(r"^\| ([\w ]+) \| `(.*)` \|$", PAGE.split("## As a step")[1], re.M))
KEYWORDS = {
    "BashOperator": {"task_id", "bash_command", "cwd"},
    "ContainerSpec": {"image", "command", "args"},
}
"""Of apache-airflow-providers-standard and of kfp.dsl, as their references name them."""
CODES = pytest.mark.parametrize("code", [0, 1, 2, 3])


@pytest.fixture
def place(tmp_path):
    """`place(code)`: a folder, and a PATH whose `mlgate` ends so and whose `dvc` leaves a file."""

    def made(code: int) -> tuple[dict[str, str], object]:
        for name, script in (("mlgate", f"exit {code}"), ("dvc", 'touch "$RETRAINED"')):
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
        retrained = tmp_path / "retrained"
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RETRAINED": str(retrained)}
        return {**env, "HOME": str(tmp_path), "USERNAME": "us"}, retrained

    return made


def called(step: str) -> dict[str, object]:
    """The keywords of a step in Python; each must be one that its library takes."""
    node = ast.parse(STEPS[step], mode="eval").body
    name = ast.unparse(node.func).rpartition(".")[2]
    given = {
        one.arg: eval(ast.unparse(one.value), {"LINE": LINE, "IMAGE": "us/churn:1"})
        for one in node.keywords
    }
    assert set(given) == KEYWORDS[name]
    return given


def argo() -> list[str]:
    """A container of Kubernetes' core/v1, of which Argo's template is made."""
    container = yaml.safe_load(STEPS["Argo Workflows"])["container"]
    assert set(container) == {"image", "workingDir", "command", "args"}
    assert container["args"] == ["LINE"]
    return [*container["command"], LINE]


def commands() -> dict[str, list[str]]:
    kubeflow = called("Kubeflow Pipelines")
    return {
        "Airflow": ["bash", "-c", called("Airflow")["bash_command"]],
        "Argo Workflows": argo(),
        "Kubeflow Pipelines": [*kubeflow["command"], *kubeflow["args"]],
    }


def test_every_step_of_the_page_is_tried():
    assert set(STEPS) == {*commands(), "Metaflow"}


@CODES
@pytest.mark.parametrize("step", ["Airflow", "Argo Workflows", "Kubeflow Pipelines"])
def test_a_step_retrains_on_one_alone(step, code, place, tmp_path):
    env, retrained = place(code)
    ended, out = run(*commands()[step], cwd=tmp_path, env=env)
    assert ended == (0 if code == 1 else code), out
    assert retrained.exists() is (code == 1)


FLOW = """\
import subprocess
from metaflow import FlowSpec, step

LINE = {line!r}


class Monitor(FlowSpec):
    @step
    def start(self):
        {body}
        self.next(self.end)

    @step
    def end(self):
        print("retrain:", getattr(self, "retrain", None))


if __name__ == "__main__":
    Monitor()
"""


def flow(body, tmp_path, env):
    """A flow of Metaflow's own, run here."""

    def install(folder):
        call(sys.executable, "-m", "venv", folder)
        call(folder / "bin/python", "-m", "pip", "install", "-q", "metaflow==2.19.39")

    (tmp_path / "flow.py").write_text(FLOW.format(line=LINE, body=body))
    python = once("metaflow", install) / "bin" / "python"
    return run(python, "flow.py", "--no-pylint", "run", cwd=tmp_path, env=env)


@pytest.mark.heavy
@CODES
def test_metaflow_retrains_on_one_alone(code, place, tmp_path):
    env, retrained = place(code)
    body = STEPS["Metaflow"].replace('"/srv/churn"', repr(str(tmp_path)))
    assert str(tmp_path) in body
    ended, out = flow(body, tmp_path, env)
    assert (ended == 0) is (code in (0, 1)), out
    assert retrained.exists() is (code == 1)


@pytest.mark.heavy
@CODES
def test_metaflow_decides_by_the_code(code, place, tmp_path):
    body = re.search(r"`(self\.retrain = .*?)`", PAGE, re.S)[1]
    env, _ = place(code)
    ended, out = flow(body, tmp_path, env)
    assert (ended == 0) is (code in (0, 1)), out
    assert (f"retrain: {code == 1}" in out) is (code in (0, 1))
