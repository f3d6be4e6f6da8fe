"""`python -m benchmarks.tables [--rows N] [--folder DIR] [--simulate]`: what the data gates cost.

A seeded table of twelve columns; each case is a whole `mlgate check` as a process of its own, CPU
and peak memory of the process tree beside its budget.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

COUNTRIES = ",".join(
    f"'{c}'"
    for c in [
        "DE",
        "FR",
        "US",
        "GB",
        "IT",
        "ES",
        "PL",
        "NL",
        "BE",
        "AT",
        "CH",
        "SE",
        "NO",
        "DK",
        "FI",
        "PT",
        "IE",
        "CZ",
        "HU",
        "RO",
    ]
)
PLANS = "'free','basic','plus','pro','team','business','enterprise','trial'"
ROWS = """
SELECT i AS id, (10 / (1e-6 + {u1}))::bigint % 1000000 AS user_id,
  CASE WHEN {u2} < 0.005 THEN NULL ELSE (18 + 60 * {u3})::smallint END AS age,
  CASE WHEN {u4} < 0.02 THEN NULL ELSE exp(3 + {scale} * sqrt(-2 * ln({u5} + 1e-12))
    * cos(6.2831853 * {u6})) END::double AS amount,
  ({u1} * {u2} + 0.3 * {u3})::double AS score,
  CASE WHEN {u5} < 0.05 THEN NULL ELSE (20 + 12 * {u4} - 6 * {u2}) END::float AS temp,
  (1 + 9 * {u6} * {u6})::integer AS n_items,
  [{plans}][1 + (8 * {u3})::bigint % 8] AS plan,
  [{countries}][1 + (20 * {u2})::bigint % 20] AS country,
  'u' || i || '@example.com' AS email,
  TIMESTAMP '2026-01-01' + INTERVAL (i // 20) SECOND AS ts, {u6} < 0.2 AS label
FROM range({start}, {end}) t(i)
"""
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
    '[gates.drift]\ntable = "{table}"\nagainst = "then.parquet"\nignore = ["id", "email"]\n'
    'columns = ["user_id", "age", "amount", "score", "temp", "n_items", "plan", "country", "ts",'
    ' "label", "id"]\n'
)
LEAKAGE = (
    '[gates.leakage]\ntables = {{ train = "now.parquet", test = "test.parquet" }}\nkey = "id"\n'
)


class Spent(NamedTuple):
    """What a process tree took."""

    cpu: float
    wall: float
    memory: float
    """Peak of the largest process, MB."""


def made(path: Path, start: int, end: int, seed: int, scale: float = 1.0) -> None:
    """Write rows `start` to `end`; equal seeds write equal rows."""
    import duckdb

    draws = {
        f"u{k}": f"((hash(i * 7919 + {seed * 131 + k * 17}) >> 11)::double / 9007199254740992.0)"
        for k in range(1, 7)
    }
    query = ROWS.format(
        start=start, end=end, scale=scale, plans=PLANS, countries=COUNTRIES, **draws
    )
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute(
            f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 500000)"
        )


def check(folder: Path, policy: str, code: int = 0) -> Spent:
    """One `mlgate check` under `policy`."""
    (folder / "mlgate.toml").write_text(policy)
    environ = {**os.environ, "MLGATE_CACHE_DIR": str(folder.parent / "store")}
    began = time.perf_counter()
    with (folder.parent / "log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "mlgate", "check"], cwd=folder, env=environ, stdout=log,
            stderr=log,
        )  # fmt: skip
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if child.returncode != code:
        raise SystemExit((folder.parent / "log").read_text())
    return Spent(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def measured(top: Path, rows: int) -> Iterator[tuple[str, Spent, str]]:
    """Each case with what it took and its budget for ten million rows."""
    folder = top / "project"
    folder.mkdir(exist_ok=True)
    subprocess.run(["git", "init", "-q", folder], check=True)
    (folder / ".gitignore").write_text("*.parquet\n")
    for name, start, end, seed, scale in (
        ("now.parquet", 0, rows, 1, 1.0), ("then.parquet", 0, rows, 2, 1.0),
        ("test.parquet", rows, rows + rows // 10, 3, 1.0),
    ):  # fmt: skip
        if not (folder / name).exists():
            args = (folder / name, start, end, seed, scale)
            maker = get_context("spawn").Process(target=made, args=args)
            maker.start()
            maker.join()
    time.sleep(3)  # younger files are not believed to be unchanged
    given = {"table": "now.parquet", "rows": rows, "plans": PLANS, "countries": COUNTRIES}
    suite = SUITE.format(key="id", **given)
    yield "9 checks by the footer", check(folder, FOOTER.format(**given)), "0.2 s"
    yield "15 exact checks, dense key", check(folder, suite), "2.5 s, 200 MB"
    yield "the same, unchanged", check(folder, suite), "0.2 s"
    yield "15 exact checks, string key", check(folder, SUITE.format(
        key="email", **(given | {"table": "then.parquet"}))), "3.2 s, 300 MB"  # fmt: skip
    drift = DRIFT.format(table="now.parquet").replace(', "id"]', "]").replace('"id", ', "")
    yield "drift of 11 columns", check(folder, drift), "3.5 s, 250 MB"
    yield "the same, unchanged", check(folder, drift), "0.2 s"
    yield "leakage, rows and key", check(folder, LEAKAGE.format()), "6 s"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the table")
    parser.add_argument("--folder", type=Path, help="work here, and leave everything there")
    parser.add_argument("--simulate", action="store_true", help="the statistics instead of costs")
    asked = parser.parse_args()
    if asked.simulate:
        from benchmarks import simulate

        sys.argv = sys.argv[:1]
        return simulate.main()
    import mlgate

    compileall.compile_dir(Path(mlgate.__file__).parent, quiet=2)
    found = find_spec("duckdb")  # not imported: a child would begin with this process's memory
    if found is not None and found.origin is not None:
        compileall.compile_dir(Path(found.origin).parent, quiet=2)
    with tempfile.TemporaryDirectory(prefix="mlgate-tables-") as scratch:
        top = (asked.folder or Path(scratch)).resolve()
        top.mkdir(parents=True, exist_ok=True)
        for what, spent, budget in measured(top, asked.rows):
            print(f"{what:<32} {spent.cpu:6.2f} s CPU {spent.wall:6.2f} s {spent.memory:6.0f} MB"
                  f"   budget {budget}", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
