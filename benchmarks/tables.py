"""`python -m benchmarks.tables [--rows N] [--folder DIR] [--huge] [--rivals]`: data gates' cost.

Each case is a whole `mlgate check` as a process of its own, beside the same work as queries of
plain DuckDB; CPU of the process tree, and the memory of its largest process. Budgets are for ten
million rows. `--huge` adds a hundred million, `--rivals` what one would install instead.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import Spent, spent
from benchmarks.place import environment
from benchmarks.rows import Row, faster, paced
from benchmarks.tables_made import COUNTRIES, PLANS, apart, made, prepared

SUITE = """
[gates.data]
table = "{table}"
rows = {{ min = {rows} }}
unique = ["{key}"]
fresh = {{ column = "ts", max_age = "3650d" }}
[gates.data.columns]
id = {{ nulls = {{ max = 0 }} }}
amount = {{ nulls = {{ max = 0.03 }}, between = [0, 1e9], quantiles = {{ "0.95" = [10, 1000] }} }}
age = {{ nulls = {{ max = 0.01 }}, between = [0, 120] }}
plan = {{ nulls = {{ max = 0 }}, values = [{plans}] }}
country = {{ values = [{countries}] }}
email = {{ nulls = {{ max = 0 }}, regex = "^[^@ ]+@[^@ ]+$", mostly = 0.99 }}
score = {{ mean = [0, 1] }}
"""
FOOTER = """
[gates.data]
table = "{table}"
rows = {{ min = {rows} }}
fresh = {{ column = "ts", max_age = "3650d" }}
[gates.data.columns]
id = {{ nulls = {{ max = 0 }} }}
amount = {{ nulls = {{ max = 0.03 }}, between = [0, 1e9] }}
age = {{ nulls = {{ max = 0.01 }}, between = [0, 120] }}
plan = {{ nulls = {{ max = 0 }} }}
email = {{ nulls = {{ max = 0 }} }}
"""
DRIFT = (
    '[gates.drift]\ntable = "{table}"\nagainst = "then.parquet"\nignore = ["email"]\n'
    'columns = ["user_id", "age", "amount", "score", "temp", "n_items", "plan", "country", "ts",'
    ' "label", "id"]\n'
)
STORED = DRIFT.replace("then.parquet", "then.parquet.profile.json")
LEAKAGE = (
    '[gates.leakage]\ntables = {{ train = "now.parquet", test = "test.parquet" }}\nkey = "id"\n'
)


_HUGE = 100_000_000
_RIVALS = ("pandera[polars]", "great_expectations", "evidently", "pandas<3", "pyarrow")


class Bench:
    """A repository with the tables in it, and a store beside it."""

    def __init__(self, top: Path, rows: int) -> None:
        self.folder = top / "project"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log = top / "log"
        self._store = top / "store"
        self._given = {"rows": rows, "plans": PLANS, "countries": COUNTRIES}
        subprocess.run(["git", "init", "-q", self.folder], check=True)
        (self.folder / ".gitignore").write_text("*.parquet\n")
        prepared(self.folder, rows)
        self._save("then.parquet")
        self.settle()

    def _save(self, table: str) -> None:
        """Commit a table's pointer and its profile, as one would whose data lie elsewhere."""
        with (self.folder / table).open("rb") as stream:
            md5 = hashlib.file_digest(stream, "md5").hexdigest()
        pointer = f"outs:\n- md5: {md5}\n  hash: md5\n  path: {table}\n"
        (self.folder / f"{table}.dvc").write_text(pointer)
        self._run(["-m", "mlgate", "data", "profile", table, "--save"])
        git = ["git", "-C", str(self.folder)]
        subprocess.run([*git, "add", "-A"], check=True)
        named = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
        kept = [*git, *named, "commit", "-q", "--allow-empty", "-m", "Keep the profile"]
        subprocess.run(kept, check=True)

    def policy(self, text: str, table: str = "now.parquet", key: str = "id", **more: object) -> str:
        """A policy of those above."""
        return text.format(**{**self._given, "table": table, "key": key, **more})

    def check(self, policy: str, *more: str) -> Spent:
        """One `mlgate check`."""
        (self.folder / "mlgate.toml").write_text(policy)
        return self._run(["-m", "mlgate", "check", *more])

    def rival(self, python: Path, what: str) -> Spent:
        """The same work by what one would install instead."""
        script = str(Path(__file__).with_name("tables_rivals.py"))
        return spent([str(python), script, what], self.folder, os.environ, self._log)

    def beside(self, what: str) -> Spent:
        """The same work by hand."""
        return self._run([str(Path(__file__).with_name("tables_beside.py")), what])

    def click(self) -> float:
        """What this machine needs to import click: the least of several."""
        return min(self._run(["-c", "import click"]).cpu for _ in range(7))

    def forget(self) -> None:
        """Empty the store."""
        shutil.rmtree(self._store, ignore_errors=True)

    def settle(self) -> None:
        """Younger files are not believed to be unchanged."""
        time.sleep(3)

    def _run(self, args: list[str]) -> Spent:
        environ: Mapping[str, str] = {**os.environ, "MLGATE_CACHE_DIR": str(self._store)}
        return spent([sys.executable, *args], self.folder, environ, self._log)


def rows(bench: Bench, huge: bool = False) -> Iterator[Row]:
    """Each case beside plain DuckDB, and its budget carried over to this machine."""
    click = bench.click()

    def row(what: str, policy: str, beside: str, seconds: float, most: float | None = None,
            again: bool = False, stage: str = "merge") -> Row:  # fmt: skip
        if not again:
            bench.forget()
        ours, theirs = bench.check(policy, "--stage", stage), bench.beside(beside)
        found = paced(what, ours.cpu, f"DuckDB, {theirs.memory:.0f} MB", theirs.cpu, seconds, click)
        fits = most is None or ours.memory <= most
        told = f"{found.ours}, {ours.memory:.0f} MB"
        wanted = found.budget + (f", {most:.0f} MB" if most else "")
        return found._replace(ours=told, budget=wanted, met=found.met and fits)

    suite, drift = bench.policy(SUITE), bench.policy(DRIFT)
    yield row("9 checks by the footer", bench.policy(FOOTER), "footer", 0.2)
    yield row("15 exact checks, dense key", suite, "suite", 2.5, 200)
    yield row("the same, unchanged", suite, "footer", 0.2, again=True)
    random = bench.policy(SUITE, "random.parquet")
    yield row("15 exact checks, random ids", random, "random", 3.2, 300)
    string = bench.policy(SUITE, "then.parquet", "email")
    yield row("15 exact checks, string key", string, "string", 3.2, 300)
    yield row("drift of 11 columns", drift, "drift", 3.5, 250)
    yield row("the same, unchanged", drift, "footer", 0.2, again=True)
    stored = bench.policy(STORED)
    yield row("drift, with a stored profile", stored, "drift", 1.8, stage="monitor")
    yield row("leakage, rows and key", bench.policy(LEAKAGE), "leakage", 6.0)
    if huge:
        apart(made, bench.folder / "huge.parquet", 0, _HUGE, 1)
        bench.settle()
        many = bench.policy(SUITE, "huge.parquet")
        yield row("15 exact checks, 100M rows", many, "footer", 40.0, 400)
        (bench.folder / "huge.parquet").unlink()
    yield from _one_of_many(bench)


def rivals(top: Path, bench: Bench) -> Iterator[Row]:
    """The same checks, and drift, beside what one would install, in one run."""
    python = environment(top / "rivals", *_RIVALS) / "python"
    bench.forget()
    ours = bench.check(bench.policy(SUITE))
    for what, name in (("pandera", "Pandera on Polars"), ("expectations", "Great Expectations")):
        yield _beside("15 exact checks, dense key", ours, name, bench.rival(python, what), 1)
    bench.forget()
    ours = bench.check(bench.policy(DRIFT))
    yield _beside("drift of 11 columns", ours, "Evidently", bench.rival(python, "evidently"), 40)


def _beside(what: str, ours: Spent, name: str, theirs: Spent, least: float) -> Row:
    row = faster(what, ours.cpu, f"{name}, {theirs.memory:.0f} MB", theirs.cpu, least)
    return row._replace(ours=f"{row.ours}, {ours.memory:.0f} MB")


def _one_of_many(bench: Bench) -> Iterator[Row]:
    """One changed file of a hundred, beside one file alone."""
    keyless = SUITE.replace('unique = ["{key}"]\n', "")
    for what, text in (("14 checks, 1 changed file of 100", keyless), ("with a key", SUITE)):
        bench.forget()
        alone = bench.check(bench.policy(text, "parts/000.parquet", rows=1))
        bench.check(bench.policy(text, "parts"))
        os.utime(bench.folder / "parts" / "050.parquet")
        bench.settle()
        ours = bench.check(bench.policy(text, "parts"))
        ratio = ours.cpu / alone.cpu
        yield Row(what, f"{ours.cpu:.2f} s", "one file alone", f"{alone.cpu:.2f} s",
                  f"{ratio:.2f}x", "<= 2x", ratio <= 2)  # fmt: skip


def main() -> int:
    """Measure and print; exit with 1 where a budget is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the table")
    parser.add_argument("--folder", type=Path, help="work here, and leave everything there")
    parser.add_argument("--huge", action="store_true", help="a hundred million rows too: 10 min")
    parser.add_argument(
        "--rivals", action="store_true", help="install and run the others: 15 min, 10 GB"
    )
    asked = parser.parse_args()
    # Not imported: children would begin with our memory.
    for package in ("mlgate", "duckdb", "click", "msgspec", "yaml"):
        found = find_spec(package)
        if found is not None and found.origin is not None:
            compileall.compile_dir(Path(found.origin).parent, quiet=2)
    met = True
    with tempfile.TemporaryDirectory(prefix="mlgate-tables-") as scratch:
        top = (asked.folder or Path(scratch)).resolve()
        bench = Bench(top, asked.rows)
        others = rivals(top, bench) if asked.rivals else ()
        for row in itertools.chain(rows(bench, asked.huge), others):
            print(f"{row.what:<34} {row.ours:>16}   {row.beside}: {row.theirs}, {row.ratio}"
                  f"   {row.budget}{'' if row.met else '   MISSED'}", flush=True)  # fmt: skip
            met = met and row.met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
