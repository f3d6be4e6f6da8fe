"""Notebooks in format, lint and security: findings by cell and line."""

from __future__ import annotations

import json

import pytest

from mlgate import testing
from mlgate.core.words import Level
from mlgate.gates import format as format_gate


def notebook(*cells, language="python"):
    return json.dumps(
        {
            "cells": [
                {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
                | ({"outputs": [], "execution_count": None} if kind == "code" else {})
                for kind, source in cells
            ],
            "metadata": {"kernelspec": {"language": language, "name": language}},
            "nbformat": 4,
            "nbformat_minor": 5,
        },
        indent=1,
    )


BOOK = notebook(
    ("markdown", "# Title"),
    ("code", "%matplotlib inline\n!pip install x\nx = 1\nx"),
    ("code", "import joblib\nmodel = joblib.load( 'm' );"),
    ("code", "import pickle\n\npickle.load(open(p))"),
)


def places(found):
    return [(f.rule, f.location.path, f.location.cell, f.location.line) for f in found]


def test_lint(ask):
    found = places(ask("lint", {"d/a.ipynb": BOOK, "b.py": "import os\n"}))
    assert ("lint/E201", "d/a.ipynb", 3, 2) in found
    assert ("lint/F821", "d/a.ipynb", 4, 3) in found
    assert ("lint/F401", "b.py", None, 1) in found
    assert not [rule for rule, *_ in found if rule in ("lint/E402", "lint/W391", "lint/E999")]


def test_security(ask):
    found = places(ask("security", {"a.ipynb": BOOK}))
    assert ("security/ML101", "a.ipynb", 3, 2) in found
    assert ("security/B301", "a.ipynb", 4, 3) in found


@pytest.mark.parametrize("tool", ["black", "ruff"])
def test_format_and_fix(ask, tool):
    options = {"tool": tool}
    (found,) = ask("format", {"a.ipynb": BOOK}, options=options)
    assert places([found]) == [(f"format/{tool}", "a.ipynb", 3, 2)]
    assert "-model = joblib.load( 'm' );" in found.message
    ctx = testing.context(format_gate, ask.folder, options=options)
    (edit,) = format_gate.fix(ctx)
    old, new = json.loads(edit.before), json.loads(edit.after)
    assert "".join(new["cells"][2]["source"]) == 'import joblib\n\nmodel = joblib.load("m");'
    for before, after in zip(old["cells"], new["cells"], strict=True):
        if before is not old["cells"][2]:
            assert before == after
    (ask.folder / "a.ipynb").write_bytes(edit.after)
    assert ask("format", {}, options=options) == []


@pytest.mark.parametrize("gate", ["format", "lint", "security"])
def test_a_broken_notebook_is_a_finding(ask, gate):
    found = ask(gate, {"a.ipynb": "{", "b.ipynb": "[]", "c.ipynb": b"\0"})
    assert {(f.rule, f.level) for f in found} == {(f"{gate}/not-judged", Level.ERROR)}
    assert {f.location.path for f in found} == {"a.ipynb", "b.ipynb", "c.ipynb"}


@pytest.mark.parametrize("gate", ["format", "lint", "security"])
def test_a_syntax_error_names_the_cell(ask, gate):
    found = ask(gate, {"a.ipynb": notebook(("code", "x = 1"), ("code", "y = = 1"))})
    assert found
    assert found[0].location.path == "a.ipynb"
    if gate != "security":
        assert (found[0].location.cell, found[0].location.line) == (2, 1)


@pytest.mark.parametrize("gate", ["format", "lint", "security"])
def test_other_languages_and_empty_notebooks(ask, gate):
    files = {
        "r.ipynb": notebook(("code", "x <- = 1"), language="R"),
        "e.ipynb": notebook(),
        "t.ipynb": notebook(("markdown", "import os")),
    }
    assert ask(gate, files) == []
