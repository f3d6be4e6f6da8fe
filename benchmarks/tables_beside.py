"""`python tables_beside.py WHAT`, in the tables' folder: the same work without mlgate, by hand."""

from __future__ import annotations

import os
import sys

_PLANS = "'free','basic','plus','pro','team','business','enterprise','trial'"
_SHIFTS = {"user_id": 1 / 1024, "age": 1.0, "amount": 10.0, "score": 8192.0, "temp": 256.0,
           "n_items": 1.0}  # fmt: skip


def _suite(key: str, table: str) -> list[str]:
    """The fifteen checks as one query, as one would write it."""
    asked = [
        "count(*)", _where("id IS NULL"), _where("amount IS NULL"),
        _where("amount BETWEEN 0 AND 1e9::double"), "quantile_disc(amount, 0.95)",
        _where("age IS NULL"), _where("age BETWEEN 0 AND 120"), "count(plan)",
        _where(f"plan IN ({_PLANS})"), "count(DISTINCT country)", "count(email)",
        _where("regexp_matches(email, '^[^@ ]+@[^@ ]+$')"), "max(ts)", "avg(score)",
        f"count(DISTINCT {key})",
    ]  # fmt: skip
    return [f"SELECT {', '.join(asked)} FROM '{table}'"]


def _where(condition: str) -> str:
    return f"count(*) FILTER (WHERE {condition})"


def _drift() -> list[str]:
    asked = []
    for table in ("now.parquet", "then.parquet"):
        for column, scale in _SHIFTS.items():
            bin_ = f"floor({column}::double * {scale}::double)::integer"
            asked.append(f"SELECT {bin_}, count(*) FROM '{table}' GROUP BY 1")
        asked += [
            f"SELECT {column}, count(*) FROM '{table}' GROUP BY 1"
            for column in ("plan", "country", "label", "epoch_us(ts) >> 24", "id >> 10")
        ]
    return asked


def main() -> None:
    """Run one of them."""
    import duckdb

    rows = "SELECT * FROM 'test.parquet' INTERSECT SELECT * FROM 'now.parquet'"
    work = {
        "footer": ["SELECT count(*) FROM parquet_metadata('now.parquet')"],
        "suite": _suite("id", "now.parquet"),
        "random": _suite("id", "random.parquet"),
        "string": _suite("email", "then.parquet"),
        "drift": _drift(),
        "leakage": [f"SELECT count(*) FROM ({rows})",
                    "SELECT count(*) FROM 'test.parquet' SEMI JOIN 'now.parquet' USING (id)"],
    }  # fmt: skip
    connection = duckdb.connect()
    for query in work[sys.argv[1]]:
        connection.execute(query).fetchall()
    os._exit(0)


if __name__ == "__main__":
    main()
