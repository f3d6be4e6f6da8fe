"""Whose table is bad asks `mlgate check`: it never passes, and says where and what next."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from surroundings import clean_environ
from tabled import Desk, parquet

from mlgate.core.errors import GateError
from mlgate.gates import drift

GOOD = "SELECT i AS id, i % 90 AS age, 'x' || i AS mail FROM range(5000) t(i)"
RAGGED = b"id,age\n" + b"1,2\n" * 5000 + b"1,2,3\n"

# gate: its policy, its outcome, what it says, what it advises
CASES: dict[str, tuple[str, str, str, str]] = {
    "column": ('table = "d/good.parquet"\ncolumns.agee.nulls = { max = 0 }', "failed",
               "there is no column agee", "did you mean 'age'?"),
    "key": ('table = "d/good.parquet"\nunique = ["idd"]', "failed",
            "there is no column idd", "did you mean 'id'?"),
    "type": ('table = "d/good.parquet"\ncolumns.mail.type = "integer"', "failed",
             "mail is string (VARCHAR), must be integer", "correct the step"),
    "mean": ('table = "d/good.parquet"\ncolumns.mail.mean = [0, 1]', "failed",
             "mail is string, not a number", "type in the policy"),
    "fresh": ('table = "d/good.parquet"\nfresh = { column = "age", max_age = "7d" }', "failed",
              "age is integer, not a time", "type in the policy"),
    "empty": ('table = "d/empty.csv"', "errored", "d/empty.csv: it is empty: 0 bytes", ""),
    "nothing": ('table = "d/empty.parquet"', "errored", "d/empty.parquet: it is empty: 0", ""),
    "cut": ('table = "d/cut.parquet"', "errored",
            "cut.parquet: it is cut off, or no Parquet file", "write it again"),
    "half": ('table = "d/half.parquet"', "errored",
             "half.parquet: it is cut off, or no Parquet file", "write it again"),
    "ragged": ('table = "d/ragged.csv"', "errored", "Line: 5002", "quote values"),
    "mixed": ('table = "d/mixed.csv"', "errored", "not utf-8", "iconv"),
    "quote": ('table = "d/quote.csv"', "errored", "a quote is left open", "quote values"),
    "newline": ('table = "d/newline.csv"\nrows = { min = 2, max = 2 }', "passed", "", ""),
    "wide": ('table = "d/wide.csv"\ncolumns.c9999.between = [1, 1]\ncolumns.zz.nulls = { max = 0 }',
             "failed", "there is no column zz", "and 9,980 more"),
    "names": ('table = "d/names.parquet"\ncolumns.\'a"b\'.between = [0, 1]\n'
              'columns."naïve ☃".nulls = { max = 0 }\ncolumns.select.unique = true', "failed",
              'a"b: 1 of 2 (50 %) outside 0 to 1', ""),
    "nan": ('table = "d/nan.parquet"\ncolumns.f.nulls = { max = 0.3 }', "failed",
            "f: 25 % NaN or infinite", "correct the data"),
    "regex": ('table = "d/good.parquet"\ncolumns.mail.regex = "^(x+)+$"', "failed",
              "without ^(x+)+$", "correct the data"),
    "around": ('table = "d/good.parquet"\ncolumns.mail.regex = "(?=a)"', "errored",
               "looks around, which RE2 cannot", "write it without"),
    "second": ('table = "d/good.parquet"\nconditions = [{ expression = "age > 0; DROP TABLE x" }]',
               "errored", "is more than one expression", "one condition for each"),
    "listed": ('table = "d/good.parquet"\nconditions = [{ expression = "age > 0, id > 0" }]',
               "errored", "is more than one expression", "one condition for each"),
    "clause": ('table = "d/good.parquet"\nconditions = [{ expression = "agee > 0" }]', "errored",
               "names agee, which is no column", "did you mean 'age'?"),
    "gone": ('table = "d/gone.parquet"', "errored", "there is no table d/gone.parquet", "dvc pull"),
    "reference": ('kind = "drift"\ntable = "d/good.parquet"\nagainst = "d/gone.parquet"', "errored",
                  "there is no table d/gone.parquet", "dvc pull"),
    "profile": ('kind = "drift"\ntable = "d/good.parquet"\nagainst = "d/good.parquet.profile.json"',
                "errored", "holds no d/good.parquet.profile.json", "mlgate data profile"),
    "rowless": ('kind = "drift"\ntable = "d/good.parquet"\nagainst = "d/head.csv"', "errored",
                "d/head.csv has no rows", "see whether the step"),
    "ignored": ('kind = "drift"\ntable = "d/good.parquet"\nagainst = "d/cut.parquet"', "errored",
                "it is cut off", "write it again"),
    "joined": ('kind = "skew"\ntable = "d/good.parquet"\nagainst = "d/names.parquet"\nkey = "idd"',
               "errored", "d/good.parquet has no column idd", "did you mean 'id'?"),
    "shared": ('kind = "leakage"\nkey = "idd"\n'
               'tables = { train = "d/good.parquet", test = "d/few.csv" }', "errored",
               "do not both have idd", "did you mean 'id'?"),
}  # fmt: skip


def policy() -> str:
    lines = []
    for name, (written, *_) in CASES.items():
        kind = "" if written.startswith("kind") else 'kind = "data"\n'
        lines.append(f"[gates.{name}]\n{kind}{written}\n")
    return "".join(lines)


def tables(folder: Path) -> None:
    good = parquet(folder / "good.parquet", GOOD).read_bytes()
    parquet(folder / "nan.parquet", "SELECT unnest([1.0, 'nan'::double, NULL, 2.0]) AS f")
    odd = 'SELECT i AS "a""b", i AS "select", i AS "naïve ☃" FROM range(1, 3) t(i)'
    parquet(folder / "names.parquet", odd)
    wide = ",".join(f"c{i}" for i in range(10_000)) + "\n" + ",".join(["1"] * 10_000) + "\n"
    contents = {
        "empty.csv": b"", "empty.parquet": b"", "head.csv": b"id,age,mail\n",
        "few.csv": b"id,age\n9000,1\n",
        "cut.parquet": good[:-30], "half.parquet": good[: len(good) // 2] + good[-8:],
        "ragged.csv": RAGGED, "mixed.csv": "id,s\n1,é\n".encode() + b"2,\xe9\n",
        "quote.csv": b'id,s\n1,"a\n2,c\n', "newline.csv": b'id,s\n1,"a\nb"\n2,"c"\n',
        "wide.csv": wide.encode(),
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """All of them from one run, whose engine is one process."""
    folder = tmp_path_factory.mktemp("bad")
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    tables(folder / "d")
    (folder / "mlgate.toml").write_text(policy(), encoding="utf-8")
    done = checked(folder, "--format", "json")
    assert str(folder) not in done.stdout, "a message names a folder of the machine"
    return {one["gate"]: one for one in json.loads(done.stdout)["verdicts"]}


def checked(folder: Path, *args: str, **more: Any) -> subprocess.CompletedProcess[str]:
    given = [sys.executable, "-m", "mlgate", "check", "--stage", "merge", *args]
    env = clean_environ(MLGATE_CACHE_DIR=str(folder.parent / "cache"))
    return subprocess.run(
        given, cwd=folder, env=env, capture_output=True, text=True, timeout=120, **more
    )


@pytest.mark.parametrize("name", CASES)
def test_the_message_helps(verdicts: dict[str, dict[str, Any]], name: str) -> None:
    _, outcome, says, advises = CASES[name]
    found = verdicts[name]
    failed = [one for one in found["findings"] if one["result"] == "fail"]
    told = [found["reason"] or "", *(one["message"] for one in failed)]
    told += [one["help"] or "" for one in failed] + [found.get("help") or ""]
    assert found["outcome"] == outcome, told
    text = " | ".join(told)
    assert says in text and advises in text, text
    assert not re.search(r"\b(\w+): \1\b", text), f"a name is said twice: {text}"
    assert len(text) < 2000


def test_a_full_disk_while_spilling_is_never_a_pass(tmp_path: Path) -> None:
    folder = tmp_path / "full"
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    keys = "SELECT md5(i::varchar) || md5((i + 1)::varchar) AS k FROM range(600000) t(i)"
    parquet(folder / "t.parquet", keys)
    (folder / "mlgate.toml").write_text(
        '[gates.data]\ntable = "t.parquet"\ncolumns.k.most_common = { max = 1 }\n'
        '[tables]\nmemory = "80MB"\n'
    )

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    done = checked(folder, preexec_fn=full)
    assert done.returncode == 3, done.stdout
    assert "could not be judged" in done.stdout and "TMPDIR" in done.stdout, done.stdout
    assert checked(folder).returncode == 0, "with room it is judged"


def test_a_reference_that_changes_while_it_is_read_has_errored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "t")
    parquet(desk.folder / "now.parquet", GOOD)
    then = parquet(desk.folder / "then.parquet", GOOD.replace("5000", "4000"))
    read = desk.worker

    def meanwhile(script: str, request: Any, **more: Any) -> Any:
        yield from read(script, request, **more)
        with then.open("ab") as file:
            file.write(b" ")

    monkeypatch.setattr(desk, "worker", meanwhile)
    with pytest.raises(GateError, match=r"then\.parquet was written to while it was read"):
        desk.check(drift, "drift", {"table": "now.parquet", "against": "then.parquet"})
    desk.close()
    duckdb.default_connection().close()
