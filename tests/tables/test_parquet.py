"""Footers that are read here say what the engine says of them, or leave it to the engine."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tabled import Desk, parquet

from mlgate.core.errors import GateError
from mlgate.tables import _footer, _parquet, _queries, aggregates
from mlgate.tables._connect import Database, columns
from mlgate.tables._protocol import Source
from mlgate.tables._thrift import structure
from mlgate.tables._where import in_work_tree
from mlgate.tables.ask import ask
from mlgate.tables.table import Column

_MOMENTS = st.datetimes(datetime(1400, 1, 1), datetime(9000, 1, 1))
_FLOATS = st.floats(width=32) | st.sampled_from([0.1, -0.0, float("inf"), float("nan")])


def _whole(bits: int, signed: bool = True) -> st.SearchStrategy[int]:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return st.integers(low, high) | st.sampled_from([low, high, 0])


_TYPES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    *((getattr(pa, f"int{bits}")(), _whole(bits)) for bits in (8, 16, 32, 64)),
    *((getattr(pa, f"uint{bits}")(), _whole(bits, False)) for bits in (8, 16, 32, 64)),
    (pa.float32(), _FLOATS), (pa.float64(), _FLOATS), (pa.bool_(), st.booleans()),
    (pa.string(), st.text(max_size=4)), (pa.binary(), st.binary(max_size=4)),
    (pa.dictionary(pa.int32(), pa.string()), st.sampled_from("abc")),
    (pa.date32(), st.dates(date(1400, 1, 1))),
    *((pa.timestamp(unit, zone), _MOMENTS) for unit in ("s", "ms", "us") for zone in (None, "UTC")),
    (pa.timestamp("ns"), st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))),
    (pa.decimal128(9, 2), st.decimals(-1000, 1000, places=2)),
    (pa.time64("us"), st.times()), (pa.list_(pa.int32()), st.lists(_whole(32), max_size=2)),
    (pa.struct([("a", pa.int32())]), st.fixed_dictionaries({"a": _whole(32)})),
    (pa.null(), st.none()),
]  # fmt: skip


@st.composite
def _tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(0, 12))
    found = {}
    for number, (kind, values) in enumerate(
        draw(st.lists(st.sampled_from(_TYPES), min_size=1, max_size=4))
    ):
        some = st.lists(st.none() | values, min_size=rows, max_size=rows)
        found[draw(st.sampled_from(["a", "é", 'sel"ect'])) + str(number)] = pa.array(
            draw(some), kind
        )
    return pa.table(found)


_WRITTEN = st.fixed_dictionaries({
    "row_group_size": st.sampled_from([1, 5, 100]), "version": st.sampled_from(["1.0", "2.6"]),
    "write_statistics": st.booleans() | st.just(True), "use_dictionary": st.booleans(),
})  # fmt: skip


def engine(file: Path, wanted: Iterable[str]) -> tuple[list[Any], _footer.Footer]:
    """What the engine says of a footer."""
    database = Database([str(file)], "200MB", str(file.parent), 1)
    try:
        found = columns(database, Source((str(file),), "parquet"), str(file))
        known = {column.name: column for column in found}
        return found, _footer.read(str(file), wanted, known, database.rows)
    finally:
        database.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[*HealthCheck])
@given(table=_tables(), how=_WRITTEN)
def test_a_footer_says_what_the_engine_reads_in_it(
    tmp_path: Path, table: pa.Table, how: dict[str, Any]
) -> None:
    file = tmp_path / "t.parquet"
    pq.write_table(table, file, **how)
    ours = _parquet.footer(str(file), table.column_names)
    if ours is not None:
        schema, footer = engine(file, table.column_names)
        assert ours == (schema, footer)
    else:
        odd = ("binary", "list", "struct", "time64", "null", "timestamp[ns")
        assert any(str(kind).startswith(odd) for kind in table.schema.types)


def test_a_footer_of_the_engine_s_own_says_that_there_is_no_nan(tmp_path: Path) -> None:
    file = parquet(tmp_path / "t.parquet",
                   "SELECT i / 3 AS x, i::float / 3 AS y, 'a' AS s, i AS n,"
                   " TIMESTAMP '2026-01-01' AS t, TIMESTAMPTZ '2026-01-01' AS z"
                   " FROM range(300000) r(i)")  # fmt: skip
    ours = _parquet.footer(str(file), list("xytzsn"))
    assert ours == engine(file, list("xytzsn"))
    assert ours is not None and ours[1].columns["x"].whole and len(ours[1].columns["n"].groups) > 1
    file = parquet(tmp_path / "nan.parquet", "SELECT 'nan'::double AS x")
    ours = _parquet.footer(str(file), ["x"])
    assert ours == engine(file, ["x"])
    assert ours is not None and not ours[1].columns["x"].whole


def test_bounds_of_single_precision_are_those_of_a_scan(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", "SELECT 0.1::float AS x")
    asked = aggregates.Between(column="x", low=0, high=0.1)
    scanned = aggregates.Between(column="x", low=0, high=0.1, where="x > 0")
    table = in_work_tree(str(desk.folder), "t.parquet")
    found = ask(desk, table, [asked, scanned])
    assert found.of(asked) == found.of(scanned) == ask(desk, table, [asked]).of(asked)


def _written(tmp_path: Path) -> tuple[Path, bytes, int]:
    """A file, its bytes, and where its footer begins."""
    file = tmp_path / "t.parquet"
    table = pa.table({"n": pa.array([1, None, 3]), "x": [0.5, 1.5, 2.5], "s": list("abc"),
                      "d": pa.array([1, 2, 3], pa.decimal128(9, 2)),
                      "t": pa.array([1, 2, 3], pa.timestamp("us"))})  # fmt: skip
    pq.write_table(table, file, row_group_size=2)
    whole = file.read_bytes()
    return file, whole, len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")


def test_a_file_that_is_cut_off_is_left_to_the_engine(tmp_path: Path) -> None:
    file, whole, _ = _written(tmp_path)
    assert _parquet.footer(str(file), "nxsdt") is not None
    for end in range(0, len(whole), 7):
        file.write_bytes(whole[:end])
        assert _parquet.footer(str(file), "nxsdt") is None


def test_more_nulls_than_values_are_not_believed() -> None:
    for nulls in (4, -1):
        said = _footer.facts("n", "integer", [(3, nulls, 1, 2)], 3, True)
        assert (said.nulls, said.low, said.high) == (None, None, None)


def test_a_damaged_footer_is_read_or_left_and_never_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, whole, start = _written(tmp_path)
    footer, dice = whole[start:-8], random.Random(7)
    for _ in range(5_000):
        damaged = bytearray(footer)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        monkeypatch.setattr(_parquet, "_said", lambda _, said=bytes(damaged): said)
        found = _parquet.footer(str(file), "nxsdt")
        assert found is None or len(found[0]) == 5


@pytest.mark.parametrize("footer", [
    b"\x19\xfc\xff\xff\xff\xff\x0f",            # a list of four thousand million structures
    b"\x18\xff\xff\xff\xff\x0f",                # a text as long
    b"\x1c" * 3000,                              # structures in structures
    b"\x19\x19" * 3000,                          # lists in lists
    b"\x16" + b"\xff" * 3000,                    # a number without end
    b"\x1b\x01\x55\x02\x04\x00", b"", b"\x00",   # a map, nothing, no fields
])  # fmt: skip
def test_a_footer_that_is_made_to_harm_is_left_to_the_engine(tmp_path: Path, footer: bytes) -> None:
    file = tmp_path / "t.parquet"
    file.write_bytes(b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1")
    assert _parquet.footer(str(file), ["n"]) is None


def test_columns_that_differ_in_case_and_encrypted_files_are_the_engine_s(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "A": [2]}), tmp_path / "t.parquet")
    assert _parquet.footer(str(tmp_path / "t.parquet"), ["a"]) is None
    file, whole, _ = _written(tmp_path)
    file.write_bytes(whole[:-4] + b"PARE")
    assert _parquet.footer(str(file), ["n"]) is None


def test_old_bounds_whose_order_is_not_defined_are_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _, _ = _written(tmp_path)

    def older(said: bytes) -> Any:
        found = structure(said)
        for group in found[4]:
            for chunk in group[1]:
                chunk[3][12] = {field: chunk[3][12].get(field, b"\0" * 8) for field in (1, 2, 3)}
        return found

    monkeypatch.setattr(_parquet, "structure", older)
    read = _parquet.footer(str(file), ["n"])
    assert read is not None and read[1].columns["n"] == _footer.Facts(3, 1, None, None, False)


def test_what_footers_prove_starts_no_engine(desk: Desk) -> None:
    parquet(desk.folder / "many" / "1.parquet", "SELECT 1 AS n")
    parquet(desk.folder / "many" / "2.parquet", "SELECT 7 AS n")
    table = in_work_tree(str(desk.folder), "many")
    most = aggregates.Maximum(column="n")
    found = ask(desk, table, [most, aggregates.Rows(), aggregates.NotFinite(column="n")])
    assert found.of(most) == 7 and not desk.asked and not found.scanned
    assert found.columns[0].native == "INTEGER"
    ask(desk, table, [most, aggregates.Mean(column="n")])
    assert len(desk.asked) == 1


def test_a_column_that_is_not_there_is_the_engine_s_to_name(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", "SELECT 1 AS n")
    gone = aggregates.Nulls(column="m")
    found = ask(desk, in_work_tree(str(desk.folder), "t.parquet"), [gone])
    assert "no column m" in str(found.unfit(gone))


def test_a_file_written_while_its_footer_is_read_is_an_error(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = parquet(desk.folder / "t.parquet", "SELECT 1 AS n")
    read = _parquet.footer

    def meanwhile(*args: Any) -> Any:
        found = read(*args)
        parquet(file, "SELECT 2 AS n, 3 AS m")
        return found

    monkeypatch.setattr(_parquet, "footer", meanwhile)
    with pytest.raises(GateError, match="was written to while it was read"):
        ask(desk, in_work_tree(str(desk.folder), "t.parquet"), [aggregates.Rows()])


def test_bins_within_the_bounds_of_a_footer_are_those_of_a_scan(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet",
            "SELECT i AS n, CASE WHEN i % 7 > 0 THEN i / 3 END AS x, (i / 3)::float AS f,"
            " TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND AS t FROM range(5000) r(i)")  # fmt: skip
    table = in_work_tree(str(desk.folder), "t.parquet")
    for column, low, high in (("n", 0, 5000), ("x", 0, 1667), ("f", 0, 1700), ("x", 5, 900),
                              ("t", 1.7e15, 1.8e15)):  # fmt: skip
        for bins in (5000, 8192, 7):
            one = aggregates.Histogram(column=column, low=low, high=high, bins=bins)
            other = msgspec.structs.replace(one, where="true")
            found = ask(desk, table, [one, other])
            assert found.of(one) == found.of(other), (column, bins)


def test_a_footer_that_is_wrong_loses_no_value_of_a_histogram() -> None:
    a = aggregates.Histogram(column="n", low=0, high=4, bins=4)
    known = {"n": Column("n", "integer", "INTEGER")}
    found = _queries.histogram_within(a, "t", known, lambda _: [(-3, 2), (-1, 1), (1, 5), (9, 1)])
    assert found == [[-1, 3], [1, 5], [4, 1]]
    sure = _footer.facts("n", "integer", [(9, 0, 0, 3)], 9, True)
    assert _footer.within(a, _footer.Footer(9, {"n": sure}))
    for low, high in ((-1, 3), (0, 4)):
        wide = _footer.facts("n", "integer", [(9, 0, low, high)], 9, True)
        assert not _footer.within(a, _footer.Footer(9, {"n": wide}))


def test_zoned_times_of_nanoseconds_are_times(desk: Desk) -> None:
    moments = pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"t": moments}), desk.folder / "t.parquet")
    latest = aggregates.Maximum(column="t")
    found = ask(desk, in_work_tree(str(desk.folder), "t.parquet"), [latest])
    assert (found.of(latest), found.columns[0].type) == (1_700_000_000_123_456, "timestamp")
