"""Asks about two tables at once; answers are stored by the content of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from mlgate.core.digests import digest_of
from mlgate.core.text import shown
from mlgate.tables import _digest
from mlgate.tables._asking import REVISION
from mlgate.tables._protocol import Line, Overlap, Skew, Source
from mlgate.tables.ask import digest, told

if TYPE_CHECKING:
    from mlgate.tables._asking import Desk
    from mlgate.tables.table import Located

_NOWHERE = Source((), "parquet")
_Asked = TypeVar("_Asked", Overlap, Skew)


def overlap(
    ctx: Desk, table: Located, other: Located, asked: Overlap
) -> tuple[int, int, list[int]]:
    """Rows of `table`, those of them that are in `other` too, and the numbers of the first ones."""
    line = _answered(ctx, (table, other), asked)
    return line.found[0], line.found[1], line.values or []


def skew(ctx: Desk, table: Located, other: Located, asked: Skew) -> Line:
    """What `Skew` says of both."""
    return _answered(ctx, (table, other), asked)


def _answered(ctx: Desk, both: tuple[Located, Located], asked: _Asked) -> Line:
    what = msgspec.json.encode(msgspec.structs.replace(asked, table=_NOWHERE, other=_NOWHERE))
    key = _key([digest(ctx, one) for one in both], what)
    stored = ctx.store.get("aggregates", [key], _digest.day(ctx)) if ctx.store and key else {}
    if key in stored:
        return msgspec.msgpack.decode(stored[key], type=Line)
    before = {part.file: _digest.signature(part.file) for one in both for part in one.parts}
    (line,) = told(ctx, asked, " and ".join(shown(one.path) for one in both))
    for file, found in before.items():
        _digest.unchanged(file, found)
    if ctx.store is not None and key:
        ctx.store.put("aggregates", {key: msgspec.msgpack.encode(line)}, _digest.day(ctx))
    return line


def _key(digests: list[str | None], what: bytes) -> bytes:
    """Empty where the content of a table is not known yet."""
    if None in digests:
        return b""
    return digest_of(f"{REVISION} duckdb pair {digests}\0".encode() + what).digest()
