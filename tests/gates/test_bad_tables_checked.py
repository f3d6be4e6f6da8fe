"""Bad tables, judged by the program as users run it: each verdict names the place, none passes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from projects import Project
from tabled import parquet

NAMES = ['a"b', "select", "naïve ☃", "x'y", "from; DROP"]
"""Of columns; all hold 0 to 8, so that a bound of 7 is broken."""


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _wide() -> bytes:
    names, values = (",".join(f"c{i}" if head else "1" for i in range(10_000)) for head in (1, 0))
    return f"{names}\n{values}\n".encode()


FILES: dict[str, bytes] = {
    "fine.csv": b"a,b\n" + b"1,x\n" * 50,
    "empty.csv": b"",
    "ragged.csv": b"a,b\n" + b"1,2\n" * 30_000 + b"1\n",
    "mixed.csv": "a,b\n1,é\n".encode() + b"2,\xe9\xff\n",
    "newline.csv": b'a,b\n1,"x\ny"\n2,"z"\n',
    "open.csv": b'a,b\n1,"x\n2,3\n',
    "wide.csv": _wide(),
}
QUERIES = {
    "odd": "SELECT {} FROM range(9) t(i)".format(
        ", ".join("i AS " + '"' + n.replace('"', '""') + '"' for n in NAMES)
    ),
    "nan": "SELECT unnest([1.0, NULL, 'nan'::double])::double AS a",
    "long": "SELECT repeat('a', 5000) || '!' AS a FROM range(50)",
    "none": "SELECT 1 AS a WHERE false",
}
ASKED: dict[str, tuple[str, str, str, str]] = {
    "missing-column": ("fine.csv", "columns = { gone = {} }", "failed", "gone"),
    "wrong-type": ("fine.csv", 'columns = { b = { type = "integer" } }', "failed", "b is string"),
    "unfit-type": ("fine.csv", "columns = { b = { mean = [0, 1] } }", "failed", "b"),
    "empty-file": ("empty.csv", "", "errored", "0 bytes"),
    "no-rows": ("none.parquet", "", "failed", "0 rows"),
    "truncated": ("cut.parquet", "", "errored", "cut.parquet"),
    "ragged": ("ragged.csv", "", "errored", "30002"),
    "mixed-encodings": ("mixed.csv", "", "errored", "utf-8"),
    "quoted-newline": ("newline.csv", "rows = { max = 1 }", "failed", "2 rows"),
    "open-quote": ("open.csv", "", "errored", "open.csv"),
    "ten-thousand": ("wide.csv", "columns = { c9999 = { between = [2, 3] } }", "failed", "c9999"),
    **{
        f"name-{number}": (
            "odd.parquet", f"columns = {{ {_quoted(n)} = {{ between = [0, 7] }} }}", "failed", n
        )
        for number, n in enumerate(NAMES)
    },
    "nan-is-no-null": ("nan.parquet", "columns = { a = { nulls = { max = 0.9 } } }", "failed",
                       "NaN"),
    "null-is-no-nan": ("nan.parquet",
                       "columns = { a = { nulls = { max = 0 }, not_finite = { max = 1 } } }",
                       "failed", "null"),
    "exploding-regex": ("long.parquet", 'columns = { a = { regex = "^(a+)+$" } }', "failed",
                        "a: "),
    "backward-regex": ("long.parquet", "columns = { a = { regex = '(a)\\1' } }", "errored",
                       "regular expression"),
    "two-expressions": ("fine.csv", 'conditions = [{ expression = "a > 0; DROP TABLE t" }]',
                        "errored", "a > 0; DROP TABLE t"),
    "a-query": ("fine.csv", 'conditions = [{ expression = "(SELECT true)" }]', "errored",
                "(SELECT true)"),
    "missing-table": ("nowhere.csv", "", "errored", "nowhere.csv"),
    "missing-reference": ("fine.csv", 'kind = "drift"\nagainst = "lost.csv"', "errored",
                          "lost.csv"),
}  # fmt: skip
"""By gate: the table, what is asked of it, the outcome, and what the verdict must name."""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """One check of all of them."""
    project = Project(tmp_path_factory.mktemp("bad") / "project")
    for name, query in QUERIES.items():
        parquet(project.folder / f"{name}.parquet", query)
    whole = parquet(project.folder / "cut.parquet", "SELECT i AS a FROM range(9000) t(i)")
    whole.write_bytes(whole.read_bytes()[:-20])
    gates = []
    for gate, (table, asked, _, _) in ASKED.items():
        kind = "" if "kind" in asked else 'kind = "data"\n'
        gates.append(f'[gates.{gate}]\n{kind}table = "{table}"\n{asked}\n')
    project.put({**FILES, "mlgate.toml": "\n".join(gates)}).commit()
    ended = project.run("check", "--format", "json")
    assert ended.code == 1, ended.err
    return {one["gate"]: one for one in json.loads(ended.out)["verdicts"]}


@pytest.mark.parametrize("gate", ASKED)
def test_the_verdict_names_the_place(verdicts: dict[str, Any], gate: str) -> None:
    _, _, outcome, named = ASKED[gate]
    verdict = verdicts[gate]
    assert verdict["outcome"] == outcome, verdict
    said = [f["message"] for f in verdict["findings"] if f["result"] != "pass"]
    said.append(verdict.get("reason") or "")
    assert any(named in message for message in said), verdict
