"""Every aggregate on the embedded engine against its oracle, over one file and over several."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from conformance import CONDITIONS, ORACLES, Rows, answer, close
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tabled import Desk
from test_laws import LAWS

from mlgate.tables import aggregates as ask
from mlgate.tables._where import in_work_tree
from mlgate.tables.ask import Answers
from mlgate.tables.ask import ask as asked
from mlgate.tables.merge import merged, merges

FLOATS = st.one_of(
    st.none(), st.floats(-1e6, 1e6), st.sampled_from([float("nan"), float("inf"), -float("inf")]),
    st.sampled_from([0.0, 1.5, -2.25]),
)  # fmt: skip
WHOLE = st.one_of(st.none(), st.integers(-50, 50), st.integers(-(2**62), 2**62))
SMALL = st.one_of(st.none(), st.integers(-50, 50))
TEXTS = st.one_of(st.none(), st.sampled_from(["a", "B", "é", "日本", "", "a b", "x'y", 'q"r']))
TIMES = st.one_of(
    st.none(), st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1)).map(
        lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000))
)  # fmt: skip
ROW = st.fixed_dictionaries(
    {"f": FLOATS, "i": WHOLE, "s": SMALL, "order by": TEXTS, 't"s': TIMES,
     "b": st.one_of(st.none(), st.booleans())}
)  # fmt: skip
SCHEMA = pa.schema(
    [("f", pa.float64()), ("i", pa.int64()), ("s", pa.int16()), ("order by", pa.string()),
     ('t"s', pa.timestamp("us")), ("b", pa.bool_())]
)  # fmt: skip
TEXT, TIME = "order by", 't"s'
WANTED: list[ask.Aggregate] = [
    ask.Rows(),
    *(ask.Nulls(column=c) for c in ("f", "i", TEXT, TIME, "b")),
    *(ask.NotFinite(column=c) for c in ("f", "i", TEXT)),
    *(kind(column=c) for kind in (ask.Minimum, ask.Maximum) for c in ("f", "i", TEXT, TIME)),
    ask.Extent(column="f"),
    ask.Extent(column="f", low=-2.25, high=1.5),
    ask.Extent(column="s", low=0.0),
    *(kind(column=c) for kind in (ask.Mean, ask.Moments, ask.Sum) for c in ("f", "s")),
    *(ask.Below(column="f", bound=1.5, inclusive=i) for i in (True, False)),
    ask.Below(column="i", bound=7),
    ask.Below(column=TIME, bound=0, inclusive=True),
    ask.Between(column="f", low=-2.25, high=1.5),
    ask.Between(column="f", high=0.0),
    ask.Between(column="i", low=-3, high=2**53 + 1),
    ask.Between(column=TEXT, low="a", high="b"),
    ask.InSet(column="s", values=(1, 2, 3)),
    ask.InSet(column=TEXT, values=("a", "x'y", "日本")),
    ask.InSet(column="b", values=(True,)),
    ask.Matching(column=TEXT, regex="^[a-z]"),
    ask.Matching(column=TEXT, regex="'|\""),
    ask.LengthBetween(column=TEXT, low=1, high=2),
    ask.LengthBetween(column=TEXT, low=2),
    ask.Lengths(column=TEXT),
    *(ask.Distinct(column=c) for c in ("s", TEXT, "b")),
    *(ask.Duplicates(columns=c) for c in (("s",), ("i",), (TEXT,), (TEXT, "s"), ("b", TIME))),
    *(ask.Categories(column=c) for c in ("s", TEXT, "b")),
    *(ask.MostCommon(column=c) for c in ("s", TEXT)),
    ask.Histogram(column="f", low=-4.0, high=4.0, bins=16),
    ask.Histogram(column="f", low=-4.0, high=4.0, bins=16, inside=True),
    ask.Histogram(column="s", low=-32, high=32, bins=8),
    *(ask.Quantile(column=c, q=q) for c in ("f", "s") for q in (0.05, 0.5, 0.999)),
    *(ask.Disorder(column="s", descending=d, strict=s) for d in (True, False)
      for s in (True, False)),
    *(ask.Disorder(column=c) for c in ("f", TEXT, TIME, "b")),
    ask.PerDay(column=TIME),
    *(ask.Truth(condition=c) for c in CONDITIONS),
    *(ask.Groups(by=by, label="b", positive="true") for by in ((TEXT,), ("s", TEXT))),
    ask.Groups(by=("b",), label=TEXT, positive="x'y"),
    *(ask.Cells(column=c, label="b") for c in ("s", TEXT)),
    ask.Cells(column="f", label=TEXT, low=-4.0, high=4.0, bins=16),
]  # fmt: skip


def answered(desk: Desk, parts: Sequence[Rows], wanted: list[ask.Aggregate]) -> dict[Any, Any]:
    folder = desk.folder / "t"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for number, rows in enumerate(parts):
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / f"{number}.parquet")
    return asked(desk, in_work_tree(str(desk.folder), "t"), wanted).values


@settings(max_examples=8, phases=[Phase.explicit, Phase.generate], deadline=None,
          database=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.lists(ROW, max_size=30), st.lists(ROW, max_size=12))
def test_answers_are_the_oracles(desk: Desk, first: Rows, second: Rows) -> None:
    found = answered(desk, [first, second], WANTED)
    rows = [*first, *second]
    for aggregate, value in found.items():
        wanted = answer(rows, aggregate)
        assert close(value, wanted), (aggregate, value, wanted)


@settings(max_examples=4, phases=[Phase.explicit, Phase.generate], deadline=None,
          database=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.sampled_from([*CONDITIONS]), st.lists(ROW, max_size=30), st.lists(ROW, max_size=12))
def test_narrowed_answers_are_the_oracles(
    desk: Desk, where: str, first: Rows, second: Rows
) -> None:
    narrowed = [msgspec.structs.replace(a, where=where) for a in WANTED]
    for aggregate, value in answered(desk, [first, second], narrowed).items():
        wanted = answer([*first, *second], aggregate)
        assert close(value, wanted), (aggregate, value, wanted)


def test_every_aggregate_has_an_oracle_or_a_law() -> None:
    every = set(ask.Any_.__args__)  # type: ignore[attr-defined]
    assert {type(a) for a in WANTED} == set(ORACLES)
    assert set(ORACLES) | set(LAWS) == every


ROWS: Rows = [
    {"f": f, "i": n, "s": n % 3, TEXT: t, TIME: None, "b": n % 2 == 0}
    for n, (f, t) in enumerate([(1.0, "a"), (None, "b"), (float("nan"), "a"), (2.5, None)] * 5)
]


def test_what_has_no_oracle(desk: Desk) -> None:
    truth = ask.Truth(condition="f > 1")
    narrowed = ask.Truth(condition="f > 1", where="s = 0")
    groups = ask.Groups(by=(TEXT,), label="b", positive="true")
    cells = ask.Cells(column=TEXT, label="b")
    binned = ask.Cells(column="f", label="b", low=0.0, high=4.0, bins=2)
    rough = ask.RoughlyDistinct(column="i")
    found = answered(desk, [ROWS[:7], ROWS[7:]], [truth, narrowed, groups, cells, binned, rough])
    assert found[truth] == [10, 5, 5]  # NaN is greater than any number in SQL
    assert sum(found[narrowed]) == 7
    assert found[groups] == [[[None], 5, 5, 0], [["a"], 10, 10, 10], [["b"], 5, 5, 0]]
    assert found[cells] == [[None, "false", 5], ["a", "true", 10], ["b", "false", 5]]
    assert found[binned] == [[None, "false", 5], [None, "true", 5], [0, "true", 5],
                             [1, "false", 5]]  # fmt: skip
    assert 18 <= found[rough] <= 22


def test_nan_that_a_footer_keeps_silent_about_is_found(desk: Desk) -> None:
    """Arrow leaves NaN out of a column's bounds, and DuckDB believes the bounds."""
    rows: Rows = [dict.fromkeys(SCHEMA.names) | {"f": f} for f in (0.0, float("nan"), 0.0)]
    wanted: list[ask.Aggregate] = [
        ask.NotFinite(column="f"), ask.Maximum(column="f"), ask.Between(column="f", low=-1, high=1),
        ask.Below(column="f", bound=5),
    ]  # fmt: skip
    for one in wanted:
        assert answered(desk, [rows], [one]) == {one: ORACLES[type(one)](rows, one)}


@pytest.mark.parametrize(
    "one, count",
    [
        (ask.Truth(condition="f <= 9"), [2, 1, 0]),
        (ask.Truth(condition="NOT (f > 9)"), [2, 1, 0]),
        (ask.Rows(where="f > 9"), 1),
        (ask.Nulls(column="i", where="f > 9"), 1),
        (ask.Distinct(column="s", where="f > 9"), 1),
    ],
)
def test_so_is_one_that_a_condition_is_about(desk: Desk, one: ask.Aggregate, count: Any) -> None:
    empty = dict.fromkeys(SCHEMA.names)
    rows: Rows = [empty | {"f": f, "s": 1} for f in (0.0, float("nan"), 0.0)]
    assert answered(desk, [rows], [one]) == {one: count}


def test_too_many_groups_are_no_answer(desk: Desk) -> None:
    wanted: list[ask.Aggregate] = [
        ask.Categories(column="i", most=19),
        ask.Categories(column="b", most=1),
        ask.Groups(by=("i",), label="b", positive="true", most=19),
        ask.Cells(column="i", label="b", most=19),
    ]
    assert set(answered(desk, [ROWS], wanted).values()) == {None}
    assert set(answered(desk, [ROWS[:10], ROWS[10:]], wanted).values()) == {None}


@pytest.mark.parametrize("aggregate", [a for a in WANTED if merges(a)], ids=repr)
def test_an_answer_for_one_file_is_its_own_merger(aggregate: ask.Aggregate) -> None:
    value = ORACLES[type(aggregate)](ROWS, aggregate)
    assert close(merged(aggregate, [value]), value)


@pytest.mark.parametrize("form", ["csv", "jsonl", "arrow"])
def test_other_forms_answer_the_same(desk: Desk, form: str) -> None:
    rows: Rows = [{"i": n, "t": f"é{n % 3}", "f": n / 4} for n in range(50)]
    frame = pa.Table.from_pylist(rows)
    path: Path = desk.folder / f"t.{form}"
    if form == "csv":
        frame.to_pandas().to_csv(path, index=False)
    elif form == "jsonl":
        frame.to_pandas().to_json(path, orient="records", lines=True, force_ascii=False)
    else:
        pa.feather.write_feather(frame, path)
    wanted: list[ask.Aggregate] = [
        ask.Rows(), ask.Sum(column="i"), ask.Categories(column="t"), ask.Moments(column="f"),
        ask.Duplicates(columns=("i",)), ask.Duplicates(columns=("t",)),
    ]  # fmt: skip
    table = in_work_tree(str(desk.folder), f"t.{form}")
    found = asked(desk, table, wanted)
    for a, value in found.values.items():
        assert close(value, ORACLES[type(a)](rows, a)), a
    assert [c.type for c in found.columns] == ["integer", "string", "float"]


BEYOND: list[ask.Aggregate] = [
    ask.Sum(column="d"), ask.Maximum(column="z"), ask.Nulls(column="n"), ask.Maximum(column="n"),
    ask.Between(column="d", low=1.1, high=2.25), ask.Nulls(column="x"),
]  # fmt: skip


def beyond_numbers(path: Path) -> None:
    """Write decimals, times of a zone, nested values and bytes."""
    from decimal import Decimal

    frame = pa.table(
        {
            "d": pa.array([Decimal("1.10"), None, Decimal("2.25")], pa.decimal128(10, 2)),
            "z": pa.array([0, 3_600_000_000, None], pa.timestamp("us", "Europe/Berlin")),
            "n": pa.array([[1], None, [2, 3]]),
            "x": pa.array([b"a", None, b"b"]),
        }
    )
    pq.write_table(frame, path)


def test_types_beyond_numbers(desk: Desk) -> None:
    beyond_numbers(desk.folder / "t.parquet")
    found = asked(desk, in_work_tree(str(desk.folder), "t.parquet"), BEYOND)
    are_the_oracles(found)


def are_the_oracles(found: Answers) -> None:
    assert [c.type for c in found.columns] == ["decimal", "timestamp", "nested", "binary"]
    assert close(found.of(BEYOND[0]), 3.35)
    assert [found.of(a) for a in (BEYOND[1], BEYOND[2], BEYOND[4], BEYOND[5])] == [
        3_600_000_000, 1, 2, 1,
    ]  # fmt: skip
    assert "nested" in (found.unfit(BEYOND[3]) or "")
