"""The seeded table of twelve columns on which the data gates are measured."""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path

_CODES = "DE FR US GB IT ES PL NL BE AT CH SE NO DK FI PT IE CZ HU RO"
COUNTRIES = ",".join(f"'{code}'" for code in _CODES.split())
PLANS = "'free','basic','plus','pro','team','business','enterprise','trial'"
ROWS = """
SELECT {id} AS id, (10 / (1e-6 + {u1}))::bigint % 1000000 AS user_id,
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
TABLES = {"now": (0.0, 1.0, 1), "then": (0.0, 1.0, 2), "test": (1.0, 1.1, 3),
          "random": (0.0, 1.0, 1)}  # fmt: skip
"""By name: the first and the last row as shares of all, and the seed."""
_IDS = {"random": "(hash(i)::hugeint - 9223372036854775808)::bigint"}
"""Where they are not counted up: as many different ones all over 64 bits."""
_FILES = 100


def prepared(folder: Path, rows: int) -> None:
    """Write the tables into `folder`, and one of them as a hundred files; what is there is kept.

    In a process of its own: those that are measured would begin with the memory of this one.
    """
    for name, (start, end, seed) in TABLES.items():
        path = folder / f"{name}.parquet"
        if not path.exists():
            apart(made, path, int(start * rows), int(end * rows), seed)
    if not (folder / "parts").exists():
        (folder / "parts").mkdir()
        apart(divided, folder, rows)


def apart(target: object, *args: object) -> None:
    """Run `target` in a process of its own."""
    maker = get_context("spawn").Process(target=target, args=args)  # type: ignore[arg-type]  # a callable
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit("the tables could not be made")


def made(path: Path, start: int, end: int, seed: int, scale: float = 1.0) -> None:
    """Write rows `start` to `end`; equal seeds write equal rows."""
    import duckdb

    draws = {
        f"u{k}": f"((hash(i * 7919 + {seed * 131 + k * 17}) >> 11)::double / 9007199254740992.0)"
        for k in range(1, 7)
    }
    query = ROWS.format(
        id=_IDS.get(path.stem, "i"), start=start, end=end, scale=scale, plans=PLANS,
        countries=COUNTRIES, **draws,
    )  # fmt: skip
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute(
            f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 500000)"
        )


def divided(folder: Path, rows: int) -> None:
    """Write the table `now` as a hundred files."""
    import duckdb

    each = rows // _FILES
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        for number in range(_FILES):
            some = f"SELECT * FROM '{folder / 'now.parquet'}' WHERE id // {each} = {number}"
            file = folder / "parts" / f"{number:03}.parquet"
            connection.execute(f"COPY ({some}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
