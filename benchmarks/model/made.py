"""Seeded predictions of two models on the same rows, in the same order and shuffled."""

from __future__ import annotations

from pathlib import Path

_ROWS = """
SELECT i AS id, positive AS label, (1 / (1 + exp(1.2 - 2.2 * positive - {error})))::double AS score,
  's' || lpad((hash(i * 31 + 7) % 50)::varchar, 2, '0') AS segment
FROM (SELECT i, ({u1} < 0.3)::tinyint AS positive, sqrt(-2 * ln({u2} + 1e-12))
  * cos(6.2831853 * {u3}) AS noise, {u4} - 0.5 AS other FROM range({rows}) t(i)) {order}
"""
TABLES = {
    "new": ("0.97 * noise + 0.1 * other", ""),
    "old": ("noise", ""),
    "shuffled": ("noise", "ORDER BY hash(i * 13 + 5)"),
}
"""By name: what is added to the score on the logit scale, and the order of the rows."""


def made(folder: str, rows: int) -> None:
    """Write the tables into `folder`."""
    import duckdb

    draws = {
        f"u{k}": f"((hash(i * 7919 + {17 * k}) >> 11)::double / 9007199254740992.0)"
        for k in range(1, 5)
    }
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        for name, (error, order) in TABLES.items():
            query = _ROWS.format(error=error, order=order, rows=rows, **draws)
            file = Path(folder, f"{name}.parquet")
            connection.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
