"""Every CI gets the same lines, the same inputs and the same artefacts, in this version."""

from __future__ import annotations

import re
import textwrap

import pytest
import yaml
from executors import ROOT, TEMPLATES, run
from tried import REPORTS

from mlgate import __version__
from mlgate.core import parts

GATE = (TEMPLATES / "gate.sh").read_text()
INPUTS = {"stage", "install", "python", "project", "base", "out"}
EMBEDDING = {
    "github": "github/action.yml",
    "gitlab": "gitlab/mlgate.yml",
    "jenkins": "jenkins/Jenkinsfile",
    "jenkins library": "jenkins/vars/mlgate.groovy",
    "azure": "azure/mlgate.yml",
    "buildkite": "buildkite/pipeline.yml",
    "buildkite plugin": "buildkite/mlgate-buildkite-plugin/hooks/post-command",
    "codebuild": "codebuild/buildspec.yml",
}


def text(name):
    found = (TEMPLATES / EMBEDDING[name]).read_text()
    return found.replace("$$", "$") if name == "buildkite" else found


def lines_of_mlgate(content):
    """What stands between the first and the last line of the gate, without its indentation."""
    first, last = GATE.splitlines()[0], GATE.splitlines()[-1]
    lines = content.splitlines(True)
    begin = next(i for i, line in enumerate(lines) if line.strip() == first)
    end = next(i for i, line in enumerate(lines) if line.strip() == last)
    return textwrap.dedent("".join(lines[begin : end + 1]))


@pytest.mark.parametrize("name", EMBEDDING)
def test_every_template_runs_the_same_lines(name):
    assert lines_of_mlgate(text(name)) == GATE


def test_the_lines_are_one_check_and_name_formats_that_exist():
    assert len(re.findall(r"\bcheck --stage\b", GATE)) == 1
    pairs = re.findall(r"([a-z-]+):([\w.-]+\.\w+)", GATE.split("for report in ")[1].split(";")[0])
    assert {name for name, _ in pairs} <= set(parts.names("reporters"))
    assert {path for _, path in pairs} | {"exit-code.env"} == REPORTS


def test_every_template_offers_the_same_inputs():
    action = yaml.safe_load(text("github"))
    assert set(action["inputs"]) == INPUTS
    gitlab = yaml.safe_load(text("gitlab").split("\n---\n")[0])
    assert set(gitlab["spec"]["inputs"]) - {"job", "run", "pipeline-stage", "image"} == INPUTS
    azure = yaml.safe_load(text("azure"))
    assert {one["name"] for one in azure["parameters"]} - {"name"} == INPUTS
    plugin = TEMPLATES / "buildkite/mlgate-buildkite-plugin/plugin.yml"
    assert set(yaml.safe_load(plugin.read_text())["configuration"]["properties"]) == INPUTS
    known = re.search(r"def known = \[(.*)\]", text("jenkins library"))[1]
    assert set(re.findall(r"'(\w+)'", known)) == INPUTS


def test_inputs_become_the_variables_that_the_lines_read():
    read = set(re.findall(r"\bMLGATE_([A-Z]+)\b", GATE))
    assert read - {"EXIT"} == {name.upper() for name in INPUTS}
    for name in ("github", "gitlab", "azure", "buildkite plugin"):
        given = set(re.findall(r"\bMLGATE_([A-Z]+)(?::|=)", text(name).replace(GATE, "")))
        assert {one.upper() for one in INPUTS} <= given, name


def test_inputs_reach_the_shell_as_variables_alone():
    for path in [*TEMPLATES.rglob("*.yml"), *(ROOT / ".github" / "workflows").glob("*.yml")]:
        for script in scripts(yaml_of(path)):
            assert "${{" not in script, path
            assert "$[[" not in script, path


def yaml_of(path):
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_constructor("!reference", lambda loader, node: [])
    return list(yaml.load_all(path.read_text(), loader))


def scripts(node, key=""):
    """Every text that a shell is given."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from scripts(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from scripts(value, key)
    elif isinstance(node, str) and key in ("run", "script", "bash", "commands"):
        yield node


def test_every_template_keeps_the_reports_whatever_the_verdict():
    assert "if: ${{ !cancelled() }}" in (TEMPLATES / "github/examples/pull-request.yml").read_text()
    assert "when: always" in text("gitlab")
    assert "always {" in text("jenkins")
    assert "finally {" in text("jenkins library")
    assert text("azure").count("condition: succeededOrFailed()") == 2
    assert text("azure").count("continueOnError: true") == 2
    assert "trap 'buildkite-agent artifact upload " in text("buildkite")
    assert "base-directory: mlgate-out" in text("codebuild")


def test_every_template_installs_this_version():
    for path in [*TEMPLATES.rglob("*"), *(ROOT / ".github" / "workflows").glob("*.yml")]:
        if path.is_file():
            found = re.findall(r"mlgate(?:\[[\w,]+\])?==([\w.]+\w)", path.read_text())
            assert set(found) <= {__version__}, path


def test_actions_of_others_are_pinned_to_the_same_commits():
    pins = set()
    for path in [*TEMPLATES.rglob("*.yml"), *(ROOT / ".github" / "workflows").glob("*.yml")]:
        for name, ref, version in re.findall(
            r"^ *(?:- )?uses: ([\w./-]+)@(\S+)(?: # (v[\d.]+))?", path.read_text(), re.MULTILINE
        ):
            assert re.fullmatch(r"[0-9a-f]{40}", ref), path
            assert version or name.startswith("OWNER/mlgate"), path
            pins.add((name, ref))
    assert len({name for name, _ in pins}) == len(pins)


def test_the_page_names_every_input_with_its_default():
    page = (ROOT / "docs" / "ci.md").read_text()
    table = dict(re.findall(r"^\| `([a-z]+)` \|(.*?)\|", page.split("## Inputs")[1], re.M))
    inputs = yaml.safe_load(text("github"))["inputs"]
    for name, one in inputs.items():
        assert table[name].strip(" `").partition("`")[0] == one["default"].partition("==")[0]


def test_the_page_names_every_template():
    from mlgate.cli._ci_templates import _FILES

    page = (ROOT / "docs" / "ci.md").read_text().split("## GitHub")[1].split("## GitLab")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.M)) == set(_FILES["github"])


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_line_for_other_pipelines_retrains_on_one_alone(tmp_path, code):
    page = (ROOT / "docs" / "monitor.md").read_text()
    line = re.search(r"^mlgate check --stage monitor; .*$", page, re.M)[0]
    for name, script in (("mlgate", f"exit {code}"), ("dvc", f'touch "{tmp_path}/retrained"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    ended, _ = run("sh", "-c", line, cwd=tmp_path, env=env)
    assert (tmp_path / "retrained").exists() is (code == 1)
    assert ended == (0 if code == 1 else code)
