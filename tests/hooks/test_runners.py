"""The hooks under the real pre-commit and prek, with mlgate as it is on PATH."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.hooks.conftest import Hooked

CLEAN = '"""Nothing to object to."""\n\nNUMBER = 1\n'
UNUSED = '"""Imports what it does not use."""\n\nimport os\n'
POLICY = "[gates.format]\n[gates.lint]\n[gates.security]\n[gates.files]\n[gates.notebook]\n"
RUN = {"cell_type": "code", "execution_count": 3, "metadata": {}, "outputs": [], "source": ["1"]}
NOTEBOOK = {"cells": [RUN], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
FAULTS = {
    "format": ("a.py", "x = 'single'\n"),
    "lint": ("a.py", UNUSED),
    "security": ("a.py", 'import yaml\n\nyaml.load("x", Loader=yaml.Loader)\n'),
    "files": ("notes.txt", "space at the end \n"),
    "notebook": ("n.ipynb", json.dumps(NOTEBOOK, indent=1) + "\n"),
    "secrets": ("a.py", f'KEY = "{"AKIA" + "R7Q2ZK5WX4TNB6VE"}"\n'),
}


def test_a_clean_commit_passes(hooked: Hooked) -> None:
    hooked.use("mlgate-system")
    hooked.stage({"mlgate.toml": POLICY, "a.py": CLEAN})
    ended = hooked("run", "--verbose")
    assert ended.code == 0, ended.text
    assert "nothing blocks" in ended.text


def test_a_fault_blocks_and_is_named(hooked: Hooked) -> None:
    hooked.use("mlgate-system")
    hooked.stage({"mlgate.toml": POLICY, "a.py": UNUSED})
    ended = hooked("run")
    assert ended.code == 1
    assert "a.py:3:1" in ended.text
    assert "F401" in ended.text


def test_every_gate_has_a_hook_of_its_own(hooked: Hooked) -> None:
    hooked.use(*(f"mlgate-{gate}-system" for gate in FAULTS))
    faults = {f"{gate}/{name}": text for gate, (name, text) in FAULTS.items()}
    hooked.stage({"mlgate.toml": POLICY + "[gates.secrets]\n", **faults})
    ended = hooked("run")
    assert ended.code == 1
    for gate in FAULTS:
        assert f"blocked by {gate};" in ended.text or f"blocked by {gate} " in ended.text


def test_what_is_staged_is_judged_and_the_tree_is_left_alone(hooked: Hooked) -> None:
    hooked.use("mlgate-system")
    hooked.stage({"mlgate.toml": POLICY, "a.py": CLEAN})
    hooked.put({"a.py": UNUSED})
    ended = hooked("run")
    assert ended.code == 0, ended.text
    assert (hooked.folder / "a.py").read_text() == UNUSED


def test_a_fault_is_staged_and_mended_in_the_tree_alone(hooked: Hooked) -> None:
    hooked.use("mlgate-system")
    hooked.stage({"mlgate.toml": POLICY, "a.py": UNUSED})
    hooked.put({"a.py": CLEAN})
    assert hooked("run").code == 1
    assert (hooked.folder / "a.py").read_text() == CLEAN


def test_all_files_are_judged_when_asked(hooked: Hooked) -> None:
    hooked.use("mlgate-system")
    hooked.stage({"mlgate.toml": POLICY, "old.py": UNUSED})
    hooked.git("add", "-A")
    hooked.commit()
    hooked.stage({"new.py": CLEAN})
    assert hooked("run").code == 0
    ended = hooked("run", "--all-files")
    assert ended.code == 1
    assert "old.py:3:1" in ended.text


def test_names_that_look_like_options_are_names(hooked: Hooked) -> None:
    hooked.use("mlgate-system")
    hooked.stage({"mlgate.toml": POLICY, "--help.py": UNUSED, "-x y.py": CLEAN, "ü.py": CLEAN})
    ended = hooked("run")
    assert ended.code == 1
    assert "--help.py:3:1" in ended.text


def test_a_broken_policy_blocks(hooked: Hooked) -> None:
    hooked.use("mlgate-system")
    hooked.stage({"mlgate.toml": "[gates.lnt]\n", "a.py": CLEAN})
    ended = hooked("run")
    assert ended.code != 0
    assert "lnt" in ended.text


def test_without_a_policy_the_tools_suggest_only(hooked: Hooked) -> None:
    hooked.use("mlgate-system")
    hooked.stage({"a.py": UNUSED})
    ended = hooked("run", "--verbose")
    assert ended.code == 0, ended.text
    assert "F401" in ended.text


def test_the_repository_can_be_tried_out(hooked: Hooked) -> None:
    hooked.stage({"mlgate.toml": POLICY, "a.py": UNUSED})
    ended = hooked("try-repo", str(hooked.hooks), "mlgate-system", "--all-files")
    assert ended.code == 1
    assert "F401" in ended.text


def test_a_push_is_judged_by_its_range(hooked: Hooked, tmp_path: Path) -> None:
    """The unused import of an old commit is not pushed again; that of the new one is."""
    hooked.use("mlgate-push-system")
    hooked.stage({"mlgate.toml": POLICY, "old.py": UNUSED})
    hooked.git("add", "-A")
    old = hooked.commit()
    hooked.stage({"good.py": CLEAN})
    good = hooked.commit()
    hooked.stage({"bad.py": UNUSED})
    bad = hooked.commit()
    stage = ("run", "--hook-stage", "pre-push", "--verbose")
    passed = hooked(*stage, "--from-ref", old, "--to-ref", good)
    assert passed.code == 0, passed.text
    failed = hooked(*stage, "--from-ref", good, "--to-ref", bad)
    assert failed.code == 1
    assert "bad.py:3:1" in failed.text
    assert "old.py" not in failed.text


def test_a_real_push_is_stopped(hooked: Hooked, tmp_path: Path) -> None:
    hooked.use("mlgate-push-system")
    hooked.stage({"mlgate.toml": POLICY, "bad.py": UNUSED})
    hooked.git("add", "-A")
    hooked.commit()
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "there"], check=True)
    hooked.git("remote", "add", "origin", str(tmp_path / "there"))
    installed = hooked("install", "--hook-type", "pre-push")
    assert installed.code == 0, installed.text
    pushed = hooked.push("origin", "main")
    assert pushed.code != 0
    assert "bad.py:3:1" in pushed.text


@pytest.mark.parametrize("size", [1, 2, 7])
def test_any_split_of_the_list_comes_to_the_same(project: Any, size: int) -> None:
    """What the batches find together is what one call finds."""
    files = {f"f{n}.py": UNUSED if n % 3 == 0 else CLEAN for n in range(7)}
    project.put({"mlgate.toml": POLICY, **files}).commit()
    whole = _findings(project, *files)
    names = list(files)
    batches = [names[start : start + size] for start in range(0, len(names), size)]
    parts = [_findings(project, *batch) for batch in batches]
    assert max(code for code, _ in parts) == whole[0] == 1
    assert sorted(f for _, found in parts for f in found) == sorted(whole[1])


def _findings(project: Any, *names: str) -> tuple[int, list[str]]:
    ended = project.run("check", "--stage", "commit", "--format", "json", "--", *names)
    report = json.loads(ended.out)
    return ended.code, [
        json.dumps([finding["rule"], finding["message"], finding["location"]])
        for verdict in report["verdicts"]
        for finding in verdict["findings"]
    ]
