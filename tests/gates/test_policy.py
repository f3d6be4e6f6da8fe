"""Inline suppressions: counted by kind, old where their line is, and nothing but comments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from projects import Project

BASE = {
    "mlgate.toml": "[gates.files]\n",
    "old.py": "import os  # noqa\nimport re\n\n\ndef one():\n    return eval('1')  # nosec\n",
}


@pytest.fixture
def branch(project: Project) -> Project:
    project.put(BASE).commit()
    project.git("checkout", "-q", "-b", "topic")
    return project


def found(project: Project, stage: str = "merge") -> list[dict[str, Any]]:
    ended = project.run("check", "--format", "json", "--stage", stage)
    verdicts = {v["gate"]: v for v in json.loads(ended.out)["verdicts"]}
    facts = verdicts["policy"]["findings"] if "policy" in verdicts else []
    return [f for f in facts if f["rule"] == "policy/suppression"]


def told(project: Project) -> list[tuple[str, str]]:
    return [(f["level"], f["message"]) for f in found(project)]


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("# noqa", "names no rule"),
        ("#NOQA", "names no rule"),
        ("# noqa: E501", "gives no reason"),
        ("# noqa: E501,W291", "gives no reason"),
        ("# noqa: E501  an address", None),
        ("# noqa:E501 -- an address", None),
        ("# flake8: noqa", "names no rule"),
        ("# ruff: noqa: E501", "gives no reason"),
        ("# nosec", "names no rule"),
        ("# nosec B101", "gives no reason"),
        ("# nosec: B101, B102 - only in tests", None),
        ("# nosec assert_used - only in tests", None),
        ("# type: ignore", "names no rule"),
        ("# type: ignore[arg-type]", "gives no reason"),
        ("# type: ignore[arg-type]  # the stubs are wrong", None),
        ("# pyright: ignore", "names no rule"),
        ("# pylint: disable=all", "names no rule"),
        ("# pylint: skip-file", "names no rule"),
        ("# pylint: disable=broad-except", "gives no reason"),
        ("# pylint: disable-next=broad-except  # we report it", None),
        ("# pragma: allowlist secret", "gives no reason"),
        ("# pragma: allowlist secret  an example key", None),
    ],
)
def test_a_new_one_names_its_rule_and_its_reason(
    branch: Project, comment: str, fault: str | None
) -> None:
    ((level, message),) = told(branch.put({"new.py": f"x = 1  {comment}\n"}).commit())
    assert level == ("warning" if fault else "note")
    assert (fault or "new `") in message


@pytest.mark.parametrize(
    "text",
    [
        "x = '# noqa'\n",
        '"""Write # nosec here.\n\n# type: ignore\n"""\n',
        "x = 1  # nothing to see, no quality assurance\n",
        "x = 1  # nosecond thoughts\n",
    ],
)
def test_what_is_none(branch: Project, text: str) -> None:
    assert found(branch.put({"new.py": text}).commit()) == []


def test_two_in_one_comment_share_their_reason(branch: Project) -> None:
    comment = "# type: ignore[x]  # noqa: E501  the stubs are wrong"
    levels = [level for level, _ in told(branch.put({"new.py": f"x = 1  {comment}\n"}).commit())]
    assert levels == ["note", "note"]


def test_old_ones_are_old(branch: Project) -> None:
    text = "# a new first line\n" + BASE["old.py"] + "x = 1\n"
    assert found(branch.put({"old.py": text}).commit()) == []


def test_a_moved_line_is_old(branch: Project) -> None:
    text = "import re\n\n\ndef one():\n    return 1\n"
    moved = (
        "def two():\n    return 2\n\n\nimport os  # noqa\nif True:\n    return eval('1')  # nosec\n"
    )
    assert found(branch.put({"old.py": text, "two.py": moved}).commit()) == []


def test_a_renamed_file_is_old(branch: Project) -> None:
    branch.git("mv", "old.py", "new.py")
    assert found(branch.commit()) == []


def test_a_copied_line_is_new(branch: Project) -> None:
    text = BASE["old.py"] + "import os  # noqa\n"
    (one,) = found(branch.put({"old.py": text}).commit())
    assert one["location"]["line"] == 7


def test_a_moved_line_pays_for_one(branch: Project) -> None:
    text = {"old.py": "import re\n", "two.py": "import os  # noqa\nx = 1\nimport os  # noqa\n"}
    (one,) = found(branch.put(text).commit())
    assert one["location"]["path"] == "two.py"


def test_one_taken_out_does_not_pay_for_another(branch: Project) -> None:
    text = BASE["old.py"].replace("  # noqa", "").replace("re\n", "re  # noqa\n")
    (one,) = found(branch.put({"old.py": text}).commit())
    assert one["location"]["line"] == 2


def test_a_file_that_python_cannot_read(branch: Project) -> None:
    text = 'x = (\ny = """\n# nosec\n'
    assert found(branch.put({"new.py": text}).commit())


def test_in_a_notebook(branch: Project) -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    book = {
        "cells": [{**cell, "source": ["x = 1\n", "import os  # noqa\n"]}],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (one,) = found(branch.put({"a.ipynb": json.dumps(book)}).commit())
    assert (one["location"]["cell"], one["location"]["line"]) == (1, 2)


def test_no_source_line_is_quoted(branch: Project) -> None:
    text = "password = 'hunter2'  # pragma: allowlist secret\n"
    branch.put({"new.py": text}).commit()
    ended = branch.run("check")
    assert ended.code == 1
    assert "hunter2" not in ended.out
    assert found(branch)[0]["location"].get("text") is None


def test_at_merge_alone(branch: Project) -> None:
    branch.put({"new.py": "x = 1  # noqa\n"})
    branch.git("add", "-A")
    for stage in ("commit", "push"):
        assert found(branch, stage) == []


def test_the_kinds_are_counted(branch: Project) -> None:
    branch.put({"new.py": "x = 1  # noqa\ny = 1  # noqa: E1\nz = 2  # nosec\n"}).commit()
    ended = branch.run("check", "--format", "json")
    (judged,) = [v["judged"] for v in json.loads(ended.out)["verdicts"] if v["gate"] == "policy"]
    assert judged.endswith("3 new suppressions (2 noqa, 1 nosec)")


def test_a_waiver_covers_them(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    waiver = '[[waivers]]\nrule = "policy/suppression"\nmax = 9\nreason = "x"\nuntil = 2999-01-01\n'
    branch.put({"mlgate.toml": waiver + "[gates.files]\n"}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    assert branch.put({"new.py": "x = 1  # noqa\n"}).commit().run("check").code == 0
