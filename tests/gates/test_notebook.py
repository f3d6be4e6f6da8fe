from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from mlgate.core.words import Level
from mlgate.gates import notebook
from mlgate.testing import check, context


def code(source: str = "1", **more: Any) -> dict[str, Any]:
    empty = {"execution_count": None, "metadata": {}, "outputs": []}
    return {"cell_type": "code", "source": [source], **empty, **more}


def book(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": [text]}


def result(text: str, count: int) -> dict[str, Any]:
    data = {"text/plain": [text]}
    return {"output_type": "execute_result", "data": data, "execution_count": count, "metadata": {}}


RUN = book(
    {"cell_type": "markdown", "metadata": {}, "source": "# Title"},
    code("x", execution_count=3, outputs=[stream("a"), result("b", 3)]),
    code("y", metadata={"tags": ["keep_output"], "scrolled": True}, outputs=[stream("kept")]),
    kernelspec={"name": "python3", "display_name": "Python 3"},
    language_info={"name": "python", "version": "3.11.7"},
    widgets={"state": {}},
)


def found(folder: Path, content: Any, **options: Any) -> list[tuple[str, int | None]]:
    raw = content if isinstance(content, bytes) else json.dumps(content, indent=1)
    answers = check(notebook, folder, {"n.ipynb": raw}, options=options)
    return [(f.rule.removeprefix("notebook/"), f.location.cell) for f in answers]


def fixed(folder: Path, raw: bytes, **options: Any) -> bytes | None:
    (folder / "n.ipynb").write_bytes(raw)
    edits = list(notebook.fix(context(notebook, folder, options=options)))
    return edits[0].after if edits else None


def test_what_a_run_leaves_is_found_cell_by_cell(tmp_path: Path) -> None:
    assert found(tmp_path, RUN) == [
        ("metadata", None),
        ("metadata", None),
        ("output", 2),
        ("execution-count", 2),
        ("metadata", 3),
    ]


def test_a_clean_notebook_has_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path, book(code(), kernelspec={"name": "python3"})) == []


def test_a_repository_without_notebooks_has_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    assert notebook.inputs(context(notebook, tmp_path)) is None


def test_the_policy_says_what_may_stay(tmp_path: Path) -> None:
    assert found(tmp_path, RUN, metadata="keep", execution_counts="keep") == [("output", 2)]
    kept = found(tmp_path, RUN, outputs="keep", metadata="keep")
    assert kept == [("execution-count", 2), ("execution-count", 2)]
    assert found(tmp_path, book(code(), keep_output=True)) == []
    keep_all = book(code(outputs=[stream("a")]), keep_output=True)
    assert found(tmp_path, keep_all) == []


def test_outputs_up_to_a_size_may_stay(tmp_path: Path) -> None:
    cells = book(code(outputs=[stream("short"), stream("long" * 100)]))
    assert found(tmp_path, cells, max_output_size=100) == [("output", 1)]
    assert found(tmp_path, cells, max_output_size=1000) == []
    assert found(tmp_path, cells, outputs="keep", max_output_size=100) == [("output", 1)]
    raw = json.dumps(cells, indent=1).encode()
    assert [
        o["text"]
        for o in json.loads(fixed(tmp_path, raw, max_output_size=100) or b"")["cells"][0]["outputs"]
    ] == [["short"]]


def test_named_metadata_is_stripped_too(tmp_path: Path) -> None:
    cells = book(code(metadata={"tags": ["x"]}), kernelspec={"name": "python3"})
    keys = ["metadata.kernelspec", "cell.metadata.tags"]
    assert found(tmp_path, cells, metadata_keys=keys) == [("metadata", None), ("metadata", 1)]


def test_further_rules_when_asked(tmp_path: Path) -> None:
    cells = book(
        code("import x\n!pip install y", execution_count=1),
        code("read('/home/ann/data.csv')", execution_count=3),
        code("%conda install z\np = 'C:\\\\Users\\\\bob\\\\x'", execution_count=2),
        code("# pip install is fine in words, and /homework/x too"),
    )
    also = ["execution-order", "home-path", "pip-install"]
    assert found(tmp_path, cells, execution_counts="keep") == []
    assert set(found(tmp_path, cells, execution_counts="keep", also=also)) == {
        ("pip-install", 1),
        ("execution-order", 2),
        ("home-path", 2),
        ("execution-order", 3),
        ("home-path", 3),
        ("pip-install", 3),
    }


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b'{"cells": [\n', 2),
        (b"", 1),
        (b"[]", None),
        (b'{"nbformat": 4}', None),
        (b'{"nbformat": 4, "cells": 1}', None),
        (b'{"nbformat": 4, "cells": [1]}', None),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "outputs": [1]}]}', None),
        (b'{"nbformat": 3, "worksheets": [1]}', None),
        (b'{"a": "\xff"}', None),
        (b"[" * 100_000, None),
    ],
)
def test_a_broken_notebook_is_a_finding(tmp_path: Path, raw: bytes, line: int | None) -> None:
    (finding,) = check(notebook, tmp_path, {"n.ipynb": raw})
    assert (finding.rule, finding.level) == ("notebook/unreadable", Level.ERROR)
    assert finding.location.line == line
    assert fixed(tmp_path, raw) is None


def test_fix_leaves_a_valid_notebook_without_findings(tmp_path: Path) -> None:
    after = fixed(tmp_path, json.dumps(RUN, indent=1).encode() + b"\n")
    assert after is not None
    nbformat.validate(nbformat.reads(after.decode(), as_version=4))
    assert found(tmp_path, after) == []
    kept = json.loads(after)
    assert kept["cells"][2]["outputs"] == [stream("kept")]
    assert kept["metadata"]["kernelspec"]["name"] == "python3"
    assert fixed(tmp_path, after) is None


@pytest.mark.parametrize("indent", [1, 2, 4, "\t", None])
@pytest.mark.parametrize("escapes", [True, False])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_fix_keeps_the_form_of_the_json(
    tmp_path: Path, indent: Any, escapes: bool, end: str
) -> None:
    def raw(cells: dict[str, Any]) -> bytes:
        text = json.dumps(cells, indent=indent, ensure_ascii=escapes) + end.replace("\r", "")
        return text.replace("\n", end if "\r" in end else "\n").encode()

    cells = book(code("é = '☃'", execution_count=7))
    expected = raw(book(code("é = '☃'")))
    assert fixed(tmp_path, raw(cells)) == expected


def test_fix_of_the_old_format_and_of_compact_json(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "input": "x", "prompt_number": 3, "outputs": [stream("a")]}
    old = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell], "metadata": {}}]}
    raw = json.dumps(old, separators=(",", ":")).encode()
    assert found(tmp_path, raw) == [("output", 1), ("execution-count", 1)]
    cell |= {"prompt_number": None, "outputs": []}
    assert fixed(tmp_path, raw) == json.dumps(old, separators=(",", ":")).encode()


def test_half_a_surrogate_pair_survives(tmp_path: Path) -> None:
    raw = json.dumps(book(code("x", execution_count=1), name="é"), ensure_ascii=False).encode()
    raw = raw.replace(b'"x"', b'"\\ud800"')
    after = fixed(tmp_path, raw)
    assert after is not None
    assert json.loads(after)["cells"][0]["source"] == ["\ud800"]
