"""The rows of some columns as arrays, by the engine that the policy names; in a gate's worker.

Nulls are NaN, or empty text; text of few different values comes as codes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mlgate.core.errors import GateError
from mlgate.tables._engine import Engine, engine_of
from mlgate.tables._protocol import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["EMBEDDED", "LONG", "Coded", "Engine", "Source", "columns", "engine_of"]

EMBEDDED = Engine()
"""The engine where no policy names one."""
LONG = 10_000
"""Different texts of a column up to which they come as codes."""


class Coded(NamedTuple):
    """A text column as numbers of its texts."""

    codes: Array
    texts: list[str]

    def __len__(self) -> int:
        return len(self.codes)


def columns(
    engine: Engine,
    table: Source,
    choose: Callable[[list[str]], Sequence[str]],
    rounds: Callable[[int, str], bool],
) -> dict[str, Array | Coded]:
    """The columns that `choose` takes of all names, in the order of the files and of their rows.

    `rounds` says by a table's number of rows and a column's name whether its numbers come in single
    precision. Raises `GateError` with the end of a sentence about the table, and what `choose`
    raises.
    """
    if engine.name == "spark":
        from mlgate.tables._spark_columns import fetched
    else:
        from mlgate.tables._duckdb_columns import fetched
    try:
        return fetched(engine, table, choose, rounds)
    except ImportError as error:
        reason = f"is read by {engine.called}, and {error.name} is not installed"
        raise GateError(reason, engine.install) from None
