"""Reads columns of a table through Spark, by Arrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mlgate.core.errors import GateError
from mlgate.tables._duckdb_columns import fetched as embedded
from mlgate.tables._protocol import Source
from mlgate.tables._spark_order import PLACE, placed
from mlgate.tables._spark_otherwise import Otherwise, failures, otherwise
from mlgate.tables._spark_session import columns, frame, session, told
from mlgate.tables.columns import LONG, Coded
from mlgate.tables.table import Type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgate.tables._engine import Engine

    Array = NDArray[Any]


def fetched(
    engine: Engine,
    table: Source,
    choose: Callable[[list[str]], Sequence[str]],
    rounds: Callable[[int, str], bool],
    /,
) -> dict[str, Array | Coded]:
    """The columns, as `mlgate.tables.columns` says; read by the embedded engine where Spark reads
    them otherwise."""
    import pyarrow  # type: ignore[import-untyped]  # noqa: F401 - what Spark hands rows over by

    spark_failures = failures()
    try:
        spark = session(engine.spark)
        with otherwise(table.form):
            types = {one.name: one.type for one in columns(frame(spark, table, table.files))}
            wanted = choose(list(types))
            quoted = ["`" + name.replace("`", "``") + "`" for name in wanted]
            rows = placed(spark, table).orderBy(*PLACE).selectExpr(*quoted).toArrow()
    except Otherwise:
        return embedded(engine, table, choose, rounds)
    except GateError as error:
        raise GateError(f"cannot be read: {error.message}", error.hint) from None
    except spark_failures as error:
        raise GateError(f"cannot be read: {told(error)}") from None
    number = rows.num_rows
    return {n: _array(rows.column(n), rounds(number, n), types[n]) for n in wanted}


def _array(column: Any, single: bool, called: Type = "other") -> Array | Coded:
    """A column of Arrow as the embedded engine's would be."""
    import numpy as np
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(column)
    if pa.types.is_nested(kind):
        return _lists(column.to_pylist())
    if pa.types.is_temporal(kind):
        times = column.to_numpy().astype("datetime64[us]")
        return np.where(np.isnat(times), "", times.astype(str)) if column.null_count else times
    if pa.types.is_decimal(kind):
        column = _decimals(column, called)
    elif pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    numbers: Array = column.to_numpy()
    if single and numbers.dtype == np.float64 and not pa.types.is_integer(column.type):
        numbers = numbers.astype(np.float32)
    return numbers.astype(float) if column.null_count else numbers


def _decimals(column: Any, called: Type) -> Any:
    """As doubles, but for what Spark read from unsigned integers of 64 bits: ids, for one."""
    import pyarrow as pa

    if called == "integer" and not column.null_count:
        try:
            return column.cast(pa.uint64())
        except pa.ArrowInvalid:
            pass
    return column.cast(pa.float64())


def _texts(column: Any) -> Array | Coded:
    import numpy as np

    chunks = column.dictionary_encode().unify_dictionaries().chunks
    texts = chunks[0].dictionary.to_pylist() if chunks else []
    if not 0 < len(texts) <= LONG:
        written: Array = column.fill_null("").to_numpy()
        return written.astype(str) if column.null_count else written
    order = sorted(range(len(texts)), key=texts.__getitem__)
    ranks = np.empty(len(texts) + 1, dtype=np.min_scalar_type(len(texts)))
    ranks[order] = np.arange(len(texts))
    ranks[-1] = len(texts)
    codes = ranks[np.concatenate([one.indices.fill_null(len(texts)).to_numpy() for one in chunks])]
    named = [texts[at] for at in order]
    return Coded(codes, [*named, ""] if column.null_count else named)


def _lists(rows: list[Any]) -> Array:
    import numpy as np

    found = np.empty(len(rows), dtype=object)
    for at, row in enumerate(rows):  # all at once, lists of one length would be a table
        found[at] = row
    return found
