"""`--new` end to end: which findings are shown, and what the second run costs."""

from __future__ import annotations

import json
import os

import pytest

UNUSED = "import os\n"


def verdict(ended, gate):
    (found,) = [v for v in json.loads(ended.out)["verdicts"] if v["gate"] == gate]
    return found


def checked(project, gate, *more):
    ended = project.run(
        "check", "--new", "--base", "main", "--format", "json", "--gate", gate, *more
    )
    found = verdict(ended, gate)
    places = {
        f"{f['location']['path']}:{f['location']['line']}"
        for f in found["findings"]
        if f["location"] and f["result"] == "fail"
    }
    return found["outcome"], places, found["hidden"]


def book(*sources):
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": [source]}
        | {"execution_count": None}
        for source in sources
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


@pytest.fixture
def lint(project):
    policy = "[gates.lint]\nargs = ['--select=F401']\n"
    project.put({"mlgate.toml": policy, "a.py": UNUSED, "b.py": UNUSED + "import re\n"}).commit()
    project.git("checkout", "-q", "-b", "topic")
    return project


def test_nothing_changed(lint):
    assert checked(lint, "lint") == ("passed", set(), 3)


def test_the_policy_hides_old_ones_and_no_new_shows_them(lint):
    lint.put({"mlgate.toml": "new_only = true\n[gates.lint]\nargs = ['--select=F401']\n"})
    asked = ("check", "--base", "main", "--gate", "lint")
    hidden = lint.run(*asked)
    assert "3 old not shown" in hidden.out
    assert "the base has them too (lint 3): mlgate check --no-new" in " ".join(hidden.out.split())
    shown = lint.run(*asked, "--no-new")
    assert shown.code == 1
    assert all(place in shown.out for place in ("a.py:1:1", "b.py:1:1", "b.py:2:1"))


def test_one_is_added_and_one_is_mended(lint):
    lint.put({"a.py": "import sys\n"}).commit()
    assert checked(lint, "lint") == ("failed", {"a.py:1"}, 2)


def test_a_copied_one_is_new_and_a_moved_one_is_old(lint):
    lint.put({"c.py": UNUSED}).commit()
    assert checked(lint, "lint") == ("failed", {"c.py:1"}, 3)
    lint.git("rm", "-q", "a.py")
    lint.commit()
    assert checked(lint, "lint") == ("passed", set(), 3)


def test_odd_names_line_ends_and_renames_with_edits(lint):
    body = "".join(f"n{n} = {n}\r\n" for n in range(20))
    name = os.fsdecode(b"caf\xe9 x.py")
    lint.git("checkout", "-q", "main")
    lint.put({name: "import os\r\n" + body, "tab\tx.py": UNUSED + body}).commit()
    lint.git("checkout", "-q", "topic")
    lint.git("reset", "-q", "--hard", "main")
    lint.git("mv", name, "plain.py")
    lint.put({"plain.py": "import re\r\nimport os\r\n" + body, "tab\tx.py": "\n" + UNUSED + body})
    lint.commit()
    assert checked(lint, "lint") == ("failed", {"plain.py:1"}, 4 + 1)


def test_a_stricter_configuration_makes_no_old_finding_new(lint):
    """The base's findings are made with the head's configuration."""
    lint.put({"mlgate.toml": "[gates.lint]\n", ".flake8": "[flake8]\nselect = F401,W291\n"})
    lint.put({"b.py": UNUSED + "import re\nx = 1   \n"}).commit()
    assert checked(lint, "lint") == ("failed", {"b.py:3"}, 3)


def test_notebooks_by_cell(lint):
    lint.git("checkout", "-q", "main")
    lint.put({"n.ipynb": book("import os")}).commit()
    lint.git("checkout", "-q", "topic")
    lint.git("reset", "-q", "--hard", "main")
    lint.put({"n.ipynb": book("x = 1", "import os", "import re")}).commit()
    outcome, places, hidden = checked(lint, "lint")
    assert (outcome, len(places), hidden) == ("failed", 1, 4)


LEGACY = "a =  1\nb = 2\n\nc = call(1,\n    2,\n    3)\n\nd = 4\n"


@pytest.fixture
def layout(project):
    project.put({"mlgate.toml": "[gates.format]\n", "a.py": LEGACY}).commit()
    project.git("checkout", "-q", "-b", "topic")
    return project


@pytest.mark.parametrize(
    ("now", "places", "hidden"),
    [
        (LEGACY, set(), 2),
        (LEGACY.replace("d = 4", "d =  4"), {"a.py:8"}, 2),
        (LEGACY.replace("d = 4", "d = 5"), set(), 2),
        (LEGACY.replace("b = 2", "b =  2"), {"a.py:1"}, 1),
        (LEGACY.replace("    2,", "    22,"), {"a.py:4"}, 1),
        (LEGACY.replace("a =  1", "a = 1"), set(), 1),
        ("e =  5\n\n" + LEGACY, {"a.py:1"}, 2),
        (LEGACY + "e =  5\n", {"a.py:9"}, 2),
        (LEGACY + "\n\na =  1\n", {"a.py:11"}, 2),
        ("b = 2\n\n" + LEGACY.partition("\n\n")[2] + "\na =  1\nb = 2\n", set(), 2),
    ],
    ids=[
        *("untouched", "beside", "well laid out", "adjoining", "within", "mended", "above"),
        *("below", "copied", "moved"),
    ],
)  # fmt: skip
def test_layout_by_run_of_lines(layout, now, places, hidden):
    """Old is what the formatter would change in lines that the change left as they were."""
    layout.put({"a.py": now}).commit()
    assert checked(layout, "format") == ("failed" if places else "passed", places, hidden)


LONG = "".join(f"x{n} =  {n}\n" for n in range(30)).rstrip()


def test_a_long_run_of_which_one_line_is_altered(layout):
    """Also where it is none of the lines that are shown."""
    layout.git("checkout", "-q", "main")
    layout.put({"a.py": LONG + "\n"}).commit()
    layout.git("checkout", "-q", "topic")
    layout.git("reset", "-q", "--hard", "main")
    layout.put({"a.py": LONG.replace("=  29", "=  30") + "\n"}).commit()
    assert checked(layout, "format") == ("failed", {"a.py:1"}, 0)


def test_layout_of_notebooks_by_cell(layout):
    layout.git("checkout", "-q", "main")
    layout.put({"n.ipynb": book("a =  1", LONG)}).commit()
    layout.git("checkout", "-q", "topic")
    layout.git("reset", "-q", "--hard", "main")
    layout.put({"n.ipynb": book("a = 0", "a =  1", "b =  2", LONG)}).commit()
    assert checked(layout, "format") == ("failed", {"n.ipynb:1"}, 2 + 2)
    layout.put({"n.ipynb": book("a =  1", LONG + "\nx30 =  30")}).commit()
    assert checked(layout, "format") == ("failed", {"n.ipynb:1"}, 1 + 2)
    layout.put({"n.ipynb": book("a =  1", LONG.replace("=  29", "=  30"))}).commit()
    assert checked(layout, "format") == ("failed", {"n.ipynb:1"}, 1 + 2)


def test_an_unchanged_file_that_the_change_breaks(project):
    """mypy judges the whole: the caller's line is as it was, and is wrong all the same."""
    project.put(
        {"mlgate.toml": "[gates.types]\n", "lib.py": "def f(x: int) -> int:\n    return x\n"}
    )
    project.put({"call.py": 'import lib\n\ny: str = 1\nlib.f(1)\nlib.f("old")\n'}).commit()
    project.git("checkout", "-q", "-b", "topic")
    project.git("mv", "lib.py", "other.py")
    project.put({"other.py": "def f(x: str) -> str:\n    return x\n"})
    project.put({"call.py": 'import other as lib\n\ny: str = 1\nlib.f(1)\nlib.f("old")\n'}).commit()
    outcome, places, hidden = checked(project, "types")
    assert (outcome, places, hidden) == ("failed", {"call.py:4"}, 1)


def test_a_warm_run_asks_git_nothing_more(lint):
    """The second run has the ages from the store: as many processes as without `--new`."""
    lint.put({"c.py": UNUSED}).commit()
    counts = []
    for options in (("--base", "main"), ("--base", "main", "--new")):
        trace = lint.folder.parent / f"trace{len(counts)}"
        path = _counting(lint, trace)
        lint.run("check", *options, PATH=path)
        trace.unlink()
        lint.run("check", *options, PATH=path)
        counts.append(len(trace.read_text().splitlines()))
    assert counts[0] == counts[1] > 0, trace.read_text()


def _counting(project, trace):
    """PATH with a `git` that counts its calls."""
    import shutil

    folder = project.folder.parent / f"bin-{trace.name}"
    folder.mkdir()
    git = folder / "git"
    git.write_text(f'#!/bin/sh\necho "$@" >> {trace}\nexec {shutil.which("git")} "$@"\n')
    git.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])
