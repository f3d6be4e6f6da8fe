from __future__ import annotations

import ast
import json
import subprocess
import sys

import nbformat
import pytest

from mlgate.core.errors import GateError
from mlgate.repo import notebooks, snapshots
from mlgate.repo.notebooks import Broken, Notebook, rewrite, view


def notebook(*cells, indent=1, ensure_ascii=False, language="python", end="\n"):
    """A notebook as JSON bytes; a `str` is a code cell, `# text` in a tuple a text cell."""
    found = []
    for cell in cells:
        kind, source = ("markdown", cell[0]) if isinstance(cell, tuple) else ("code", cell)
        found.append({"cell_type": kind, "metadata": {}, "source": source.splitlines(True)})
        if kind == "code":
            found[-1] |= {"outputs": [{"source": ["no"], "data": {"source": "x"}}]}
    document = {
        "cells": found,
        "metadata": {"language_info": {"name": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(document, indent=indent, ensure_ascii=ensure_ascii) + end).encode()


def lines_of(found):
    return found.source.split("\n")


def test_every_line_of_every_cell_is_where_locate_says():
    sources = ["import os\n\nx = 1", "def f():\n    return os\n", "y = f()", "", "z = 1"]
    found = view(notebook(sources[0], ("text",), *sources[1:]))
    numbers = [1, 3, 4, 5, 6]
    assert [cell.number for cell in found.cells] == numbers
    for cell, source in zip(found.cells, sources, strict=True):
        for inside, line in enumerate(source.split("\n"), 1):
            if line:
                at = cell.start + inside - 1
                assert lines_of(found)[at - 1] == line
                assert found.locate(at) == (cell.number, inside)
    ast.parse(found.source)
    for line in range(len(lines_of(found)) + 5):
        cell, inside = found.locate(line)
        assert cell in numbers
        assert inside >= 1


MAGIC = [
    ("%matplotlib inline", "# mlgate 0"),
    ("!pip install 'x", "# mlgate 0"),
    ("?len", "# mlgate 0"),
    ("len?", "# mlgate 0"),
    ("df.head??", "# mlgate 0"),
    ("x = !ls [", "x = None  # mlgate 0"),
    ("a.b = %who", "a.b = None  # mlgate 0"),
    ("if x:\n    !ls\ny = 1", "if x:\n    pass  # mlgate 0\ny = 1"),
    ("!pip install \\\n    this\nx = 1", "# mlgate 0\n    # mlgate 1\nx = 1"),
    ("%time f(x)\n%cd", "f(x)  # mlgate 0\n# mlgate 1"),
    ("%timeit -n 3 f(x)", "# mlgate 0"),
    ("%%bash\nls 'x\n\necho", "# mlgate 0\n# mlgate 1\n# mlgate 2\n# mlgate 3"),
    ("%%time\nx = 1\n%cd", "# mlgate 0\nx = 1\n# mlgate 1"),
    ("%%capture out\nprint(1)", "# mlgate 0\nprint(1)"),
    # What looks like magic and is Python
    ('x = """\n%s\n!no\n"""\n%cd', 'x = """\n%s\n!no\n"""\n# mlgate 0'),
    ("x = (a\n     % b)\n%cd", "x = (a\n     % b)\n# mlgate 0"),
    ("x = a \\\n  % b\n%cd", "x = a \\\n  % b\n# mlgate 0"),
    ("x = '!no'  # why?\n%cd", "x = '!no'  # why?\n# mlgate 0"),
    ("# why?\n%cd", "# why?\n# mlgate 0"),
    ("x %= 2\ny = a % b", "x %= 2\ny = a % b"),
    ("x = f(a=!no)", "x = f(a=!no)"),
]


@pytest.mark.parametrize(("source", "wanted"), MAGIC)
def test_magic_becomes_marks_and_nothing_else_does(source, wanted):
    found = view(notebook(source))
    assert found.cells[0].view == wanted
    assert wanted.count("\n") == source.count("\n")


@pytest.mark.parametrize("source", [source for source, _ in MAGIC])
def test_marks_come_back_as_they_were(source):
    raw = notebook("x  =  1", source)
    found = view(raw)
    assert found.edited(found.source) == {}
    edited = found.edited(found.source.replace("x  =  1", "x = 1"))
    assert edited == {1: "x = 1"}
    touched = found.edited(found.source + "more = 1\n")
    assert touched == {2: f"{source}\nmore = 1"}


def test_a_cell_whose_magic_was_torn_apart_stays():
    found = view(notebook("%time f(x)\n!ls"))
    assert found.source.endswith("f(x)  # mlgate 0\n# mlgate 1\n")
    assert found.edited(found.source.replace("f(x)  #", "f(\n    x\n)  #")) == {}
    assert found.edited(found.source.replace("# mlgate 1\n", "")) == {}
    assert found.edited(found.source.replace("f(x)", "f(y)")) == {1: "%time f(y)\n!ls"}


def test_a_real_syntax_error_keeps_its_place():
    found = view(notebook("%cd", "x = 1\ny = (\n"))
    with pytest.raises(SyntaxError) as caught:
        ast.parse(found.source)
    assert found.locate(caught.value.lineno) == (2, 2)


def test_black_flake8_and_bandit_find_what_is_there_and_nothing_else(tmp_path):
    sources = [
        "import os\nimport pickle\n",
        "%matplotlib inline\n!ls",
        "def f(x):\n    return pickle.loads(x)",
        "for i in range(2):\n    %time f(i)\nfoo?",
        "x = 1 \n",
    ]
    found = view(notebook(*sources))
    path = tmp_path / "a.ipynb.py"
    path.write_text(found.source)

    def run(*args):
        done = subprocess.run(
            [sys.executable, "-m", *args, str(path)], capture_output=True, text=True
        )
        return done.stdout, done.stderr

    flake8, _ = run("flake8", "--isolated", "--format=%(row)d %(code)s")
    places = {
        (*found.locate(int(line.split()[0])), line.split()[1]) for line in flake8.split("\n")[:-1]
    }
    assert places == {(1, 1, "F401"), (5, 1, "W291")}
    bandit, _ = run("bandit", "-q", "-f", "json")
    issues = {
        found.locate(i["line_number"])
        for i in json.loads(bandit)["results"]
        if i["test_id"] == "B301"
    }
    assert issues == {(3, 2)}
    run("black", "-q")
    assert found.edited(path.read_text()) == {5: "x = 1\n"}


def test_other_kernels_and_other_cells_are_left_out():
    found = view(notebook("x <- 1", language="R"))
    assert (found.language, found.cells, found.source) == ("r", (), "")
    assert found.locate(3) == (1, 1)
    document = json.loads(notebook("x = 1", "SELECT 1"))
    document["cells"][1]["metadata"] = {"vscode": {"languageId": "sql"}}
    assert len(view(json.dumps(document).encode()).cells) == 1
    document["metadata"] = {"kernelspec": {"language": "julia"}}
    assert view(json.dumps(document).encode()).language == "julia"
    document["metadata"] = []
    assert view(json.dumps(document).encode()).language == "python"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not valid JSON"),
        (b"{\n  'x'", "not valid JSON"),
        (b'{"cells": "\xff"}', "not valid JSON"),
        (b"[" * 200_000, "nested too deeply|not valid JSON"),
        (b'{"cells":' + b'{"a":' * 200_000, "nested too deeply|not valid JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "no list of cells"),
        (b'{"nbformat": 3, "worksheets": []}', "nbformat 3 is too old.*nbconvert"),
        (b'{"nbformat": 4, "cells": [3]}', "cell 1 has no readable source"),
        (b'{"nbformat": 4, "cells": [{"source": [1]}]}', "cell 1 has no readable source"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "cell 1 has no readable source"),
    ],
)
def test_what_is_broken_says_why(raw, reason):
    import re

    found = view(raw)
    assert isinstance(found, Broken)
    assert re.search(reason, found.reason)


def test_a_json_error_has_a_line():
    assert view(b'{\n\n"cells": [}').line == 3


def test_a_huge_file_is_not_read(monkeypatch):
    monkeypatch.setattr(notebooks, "_LIMIT", 1 << 20)
    assert "larger than 1 MiB" in view(b" " * ((1 << 20) + 1)).reason


def test_odd_line_ends_and_odd_characters():
    document = json.loads(notebook("x"))
    document["cells"][0]["source"] = "x = 1\r\ny = '\ud83d\ude00'\r\n"
    found = view(json.dumps(document).encode())
    assert found.cells[0].source == "x = 1\ny = '😀'\n"


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("end", ["", "\n"])
def test_rewriting_touches_nothing_but_the_cell(indent, ensure_ascii, end):
    style = {"indent": indent, "ensure_ascii": ensure_ascii, "end": end}
    before = ["a = 'ä'", "x  =  1\ny = 2\n", ""]
    after = ["a = 'ä'", "x = 1\ny = 'é'", ""]
    raw = notebook(*before, ("# T",), **style)
    assert rewrite(raw, {2: after[1]}) == notebook(*after, ("# T",), **style)
    assert rewrite(raw, {}) == raw


def test_rewriting_keeps_numbers_strings_and_windows_line_ends():
    raw = (
        b'{\r\n "nbformat": 4, "x": 1.50e-3, "source": "no",\r\n "cells": [\r\n'
        b'  {"source": "x  = 1", "cell_type": "code", "metadata": {"source": ["no"]}},\r\n'
        b'  {"cell_type": "code", "source": [\r\n   "y  = 1\\n",\r\n   "z"\r\n  ]}\r\n ]\r\n}\r\n'
    )
    wanted = raw.replace(b'"x  = 1"', b'"x = 1"').replace(b'"y  = 1\\n"', b'"y = 1\\n"')
    assert rewrite(raw, {1: "x = 1", 2: "y = 1\nz"}) == wanted


def test_rewriting_a_cell_that_is_not_there():
    with pytest.raises(GateError, match="no cell 7"):
        rewrite(notebook("x"), {7: "y"})


def test_a_view_that_lost_a_cell_is_refused():
    found = view(notebook("x = 1", "y = 2"))
    with pytest.raises(GateError, match="cells in place"):
        found.edited("x = 1\n")


def test_what_nbformat_writes_is_rewritten_as_nbformat_would():
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("x  = 'ä'\ny"), nbformat.v4.new_markdown_cell("# t")]
    )
    raw = (nbformat.writes(made) + "\n").encode()
    made.cells[0].source = "x = 'ä'\ny\nz"
    assert rewrite(raw, {1: "x = 'ä'\ny\nz"}) == (nbformat.writes(made) + "\n").encode()


def test_views_are_laid_out_beside_each_other(project):
    project.write("nb/a b.ipynb", notebook("x = 1"))
    project.write("nb/broken.ipynb", b"{")
    project.write("c.ipynb", notebook("y = '\\ud800'", "%cd"))
    project.commit()
    project.write("nb/a b.ipynb", b"{")
    before = project.state()
    index = snapshots.index(project.found())
    views = notebooks.lay_out(index, index.files)
    assert isinstance(views.notebooks["nb/a b.ipynb"], Notebook)
    assert views.broken.keys() == {"nb/broken.ipynb"}
    for path, found in views.notebooks.items():
        with open(f"{views.folder}/{path}.py", encoding="utf-8") as file:
            assert file.read() == found.source
    assert project.state() == before
