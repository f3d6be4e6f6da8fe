"""Programs in Python whose names have no ending are judged like modules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

POLICY = "[gates.format]\n[gates.lint]\n[gates.security]\n[gates.policy]\n"
FAULTY = "import os\nimport pickle\nx=pickle.loads(b'')\n"


def program(project: Project, first: str, mode: int = 0o755) -> Project:
    project.put({"mlgate.toml": POLICY, "bin/tool": f"{first}\n{FAULTY}"})
    (project.folder / "bin/tool").chmod(mode)
    return project


def rules(project: Project, *args: str) -> set[str]:
    said = project.run("check", "--format", "json", *args)
    assert said.err == ""
    verdicts = json.loads(said.out)["verdicts"]
    return {finding["rule"] for verdict in verdicts for finding in verdict["findings"]}


@pytest.mark.parametrize(
    "first",
    [
        "#!/usr/bin/env python3",
        "#!/usr/bin/python",
        "#! /usr/bin/env -S python3.11 -u",
        "#!/opt/my env/bin/python3 -I",
    ],
)
def test_program_is_judged(project: Project, first: str) -> None:
    found = rules(program(project, first))
    assert {"format/black", "lint/F401", "lint/E225", "security/B301"} <= found


@pytest.mark.parametrize(
    ("first", "mode"),
    [("#!/bin/sh", 0o755), ("#!/usr/bin/env pythonic", 0o755), ("#!/usr/bin/python3", 0o644)],
)
def test_other_files_without_ending_are_not(project: Project, first: str, mode: int) -> None:
    assert rules(program(project, first, mode)) == {"policy/passed"}


def test_staged_program_is_judged(project: Project) -> None:
    project.put({"mlgate.toml": POLICY}).commit()
    program(project, "#!/usr/bin/env python3").git("add", "-A")
    assert "lint/F401" in rules(project, "--stage", "commit")


def test_program_named_to_the_hook_is_judged(project: Project) -> None:
    program(project, "#!/usr/bin/env python3").commit()
    assert "lint/F401" in rules(project, "bin/tool")


def test_program_is_mended(project: Project) -> None:
    program(project, "#!/usr/bin/env python3").commit()
    assert project.run("fix", "--gate", "format").code == 0
    assert "x = pickle" in (project.folder / "bin/tool").read_text()
    assert (project.folder / "bin/tool").stat().st_mode & 0o111


def test_new_suppression_in_a_program_is_named(project: Project) -> None:
    program(project, "#!/usr/bin/env python3").commit()
    text = (project.folder / "bin/tool").read_text().replace("import os", "import os  # noqa")
    project.git("checkout", "-q", "-b", "change")
    project.put({"bin/tool": text}).commit()
    assert "policy/suppression" in rules(project, "--gate", "policy")
