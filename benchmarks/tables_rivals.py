"""`python tables_rivals.py WHAT`, in the tables' folder: the same work by what one would install.

Run by an interpreter of its own environment, which has pandera[polars], great_expectations and
evidently; none of them is a dependency of the project.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

_PLANS = ["free", "basic", "plus", "pro", "team", "business", "enterprise", "trial"]
_CODES = "DE FR US GB IT ES PL NL BE AT CH SE NO DK FI PT IE CZ HU RO"
_EMAIL = "^[^@ ]+@[^@ ]+$"
_COLUMNS = ["id", "amount", "age", "plan", "country", "email", "score", "ts"]


def pandera() -> None:
    """The fifteen checks with Pandera on Polars."""
    pa, pl = import_module("pandera.polars"), import_module("polars")
    within = pa.Check.in_range
    schema = pa.DataFrameSchema({
        "id": pa.Column(unique=True),
        "amount": pa.Column(nullable=True, checks=[within(0, 1e9), pa.Check(_quantile)]),
        "age": pa.Column(nullable=True, checks=within(0, 120)),
        "plan": pa.Column(checks=pa.Check.isin(_PLANS)),
        "country": pa.Column(checks=pa.Check.isin(_CODES.split())),
        "email": pa.Column(checks=pa.Check.str_matches(_EMAIL)),
    })  # fmt: skip
    table = pl.read_parquet("now.parquet", columns=_COLUMNS)
    schema.validate(table, lazy=True)
    nulls = table.select(pl.col("amount", "age").null_count() / pl.len()).row(0)
    mean, latest = table.select(pl.col("score").mean(), pl.col("ts").max()).row(0)
    if not (nulls[0] <= 0.03 and nulls[1] <= 0.01 and 0 <= mean <= 1 and latest):
        raise SystemExit("a bound is not kept")


def _quantile(column: Any) -> Any:
    """Of a column as Pandera hands it to a check of one's own."""
    value = import_module("polars").col(column.key).quantile(0.95)
    return column.lazyframe.select(value.is_between(10, 1000))


def expectations() -> None:
    """The fifteen checks with Great Expectations on pandas."""
    gx, pd = import_module("great_expectations"), import_module("pandas")
    x = gx.expectations
    table = pd.read_parquet("now.parquet", columns=_COLUMNS)
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_pandas("here").add_dataframe_asset("now")
    batch = source.add_batch_definition_whole_dataframe("all")
    suite = gx.ExpectationSuite(name="fifteen", expectations=[
        x.ExpectTableRowCountToBeBetween(min_value=1),
        x.ExpectColumnValuesToNotBeNull(column="id"),
        x.ExpectColumnValuesToBeUnique(column="id"),
        x.ExpectColumnValuesToNotBeNull(column="amount", mostly=0.97),
        x.ExpectColumnValuesToBeBetween(column="amount", min_value=0, max_value=1e9),
        x.ExpectColumnQuantileValuesToBeBetween(
            column="amount", quantile_ranges={"quantiles": [0.95], "value_ranges": [[10, 1000]]}
        ),
        x.ExpectColumnValuesToNotBeNull(column="age", mostly=0.99),
        x.ExpectColumnValuesToBeBetween(column="age", min_value=0, max_value=120),
        x.ExpectColumnValuesToNotBeNull(column="plan"),
        x.ExpectColumnValuesToBeInSet(column="plan", value_set=_PLANS),
        x.ExpectColumnValuesToBeInSet(column="country", value_set=_CODES.split()),
        x.ExpectColumnValuesToNotBeNull(column="email"),
        x.ExpectColumnValuesToMatchRegex(column="email", regex=_EMAIL, mostly=0.99),
        x.ExpectColumnMeanToBeBetween(column="score", min_value=0, max_value=1),
        x.ExpectColumnMaxToBeBetween(column="ts", min_value=pd.Timestamp("2020-01-01")),
    ])  # fmt: skip
    found = batch.get_batch({"dataframe": table}).validate(suite, result_format="BOOLEAN_ONLY")
    if not found.success:
        raise SystemExit(f"an expectation is not met: {found}")


def evidently() -> None:
    """The drift of eleven columns with Evidently, by Kolmogorov and Smirnov's test of numbers: of
    its tests the least dear."""
    pd, ev = import_module("pandas"), import_module("evidently")
    numbers = ["user_id", "age", "amount", "score", "temp", "n_items", "id", "ts"]
    names = ["plan", "country", "label"]
    both = []
    for path in ("now.parquet", "then.parquet"):
        table = pd.read_parquet(path, columns=[*numbers, *names])
        table["ts"] = table["ts"].astype("int64")
        table["label"] = table["label"].astype(str)
        given = ev.DataDefinition(numerical_columns=numbers, categorical_columns=names)
        both.append(ev.Dataset.from_pandas(table, data_definition=given))
    preset = import_module("evidently.presets").DataDriftPreset(num_method="ks")
    ev.Report([preset]).run(*both).dict()


_WORK: dict[str, Callable[[], None]] = {
    "pandera": pandera, "expectations": expectations, "evidently": evidently,
}  # fmt: skip


if __name__ == "__main__":
    _WORK[sys.argv[1]]()
    sys.stdout.flush()
    os._exit(0)
