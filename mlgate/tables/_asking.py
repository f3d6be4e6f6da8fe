"""One table and what it is asked: what is stored, what its engine must find out, and both together.

The engine answers file by file what the files' answers decide, so that one changed file of a
hundred costs one file's scan, and for the whole table what they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables import _digest, _footer, _parquet
from mlgate.tables._engine import engine_of
from mlgate.tables._merge_schema import one_schema
from mlgate.tables._protocol import Aggregates, Line, source_of
from mlgate.tables.aggregates import Aggregate, Value, columns_of, encoded
from mlgate.tables.merge import merged, merges
from mlgate.tables.table import Column, Located, meant

if TYPE_CHECKING:
    from datetime import datetime

    from mlgate.store.store import Store

    class Desk(Protocol):
        """What asking needs; a gate's context has it."""

        @property
        def store(self) -> Store | None: ...
        @property
        def now(self) -> datetime: ...
        @property
        def worker(self) -> Callable[..., Iterator[Any]]: ...


REVISION = 3
"""Raised whenever an engine answers differently for the same bytes."""
_SCHEMA = b"schema"
_Found = dict[tuple[int, Aggregate | None], Any]
"""What a file answers, by its number, and -1 for the whole table; the schema has no aggregate."""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What a table answered."""

    columns: tuple[Column, ...]
    values: dict[Aggregate, Value]
    scanned: bool
    """False where the store and the footers decided."""
    path: str = ""
    """The table, as the policy names it."""
    odd: tuple[str, ...] = ()
    """Files whose columns are not those of the first one, with how they differ."""

    def of(self, aggregate: Aggregate) -> Value:
        """The answer. Raises `GateError` where the table has no such column, or of another type."""
        reason = self.unfit(aggregate)
        if reason is not None:
            raise GateError(f"{shown(self.path)}: {reason}", self._mend(aggregate))
        return self.values[aggregate]

    def _mend(self, aggregate: Aggregate) -> str:
        known = [column.name for column in self.columns]
        gone = next((name for name in columns_of(aggregate) if name not in known), None)
        return "correct the column's name" if gone is None else meant(gone, known)

    def unfit(self, aggregate: Aggregate) -> str | None:
        """Why there is no answer, if there is none."""
        value = self.values[aggregate]
        return value["unfit"] if isinstance(value, dict) else None


class Asking:
    """One table and what it is asked."""

    def __init__(self, ctx: Desk, table: Located, wanted: list[Aggregate]) -> None:
        self.ctx = ctx
        self.engine = engine_of(ctx).of(table.form)
        self.table = table
        self.wanted = wanted
        self.by_part = [a for a in wanted if merges(a)]
        self.digests = [part.digest or _digest.stated(part.file) for part in table.parts]
        self.values: dict[tuple[int, Aggregate], Value] = {}
        self.schemas: dict[int, list[Column]] = {}
        self.whole: dict[Aggregate, Value] = {}
        self.scanned = False
        self._before: dict[str, tuple[int, ...]] = {}
        self._found: _Found = {}
        if wanted:
            self._recall()
        self._parts, self._rest = self._missing()

    def prove(self) -> None:
        """Answer what the files' footers prove, if that may be all that is asked."""
        plain = self.table.form == "parquet" and not self.table.partitioned and not self._rest
        asked = [a for each in self._parts.values() for a in each]
        if not plain or not self._parts or not all(map(_footer.may_prove, asked)):
            return
        proven: _Found = {}
        for number, wanted in self._parts.items():
            proven |= self._prove(number, wanted)
        self._remember(proven)
        self._parts, self._rest = self._missing()

    def _prove(self, number: int, wanted: list[Aggregate]) -> _Found:
        file = self.table.parts[number].file
        before = _digest.signature(file)
        read = _parquet.footer(file, {name for a in wanted for name in columns_of(a)})
        _digest.unchanged(file, before)
        if read is None:
            return {}
        columns, footer = read
        known = {c.name: c for c in columns}
        proven = {a: _footer.proven(a, footer, known) for a in wanted}
        if _footer.UNKNOWN in proven.values():
            return {}
        self.schemas[number] = columns
        found: _Found = {(number, None): columns}
        for aggregate, value in proven.items():
            self.values[number, aggregate] = found[number, aggregate] = value
        return found

    def answers(self) -> Answers:
        """All of them, when everything is known."""
        numbers = range(len(self.table.parts))
        columns, odd = one_schema(self.table, [self.schemas[n] for n in numbers])
        values = {a: self._value(a) for a in self.wanted}
        return Answers(
            columns=columns,
            values=values,
            scanned=self.scanned,
            path=self.table.path,
            odd=odd,
        )

    def _value(self, aggregate: Aggregate) -> Value:
        if not merges(aggregate):
            return self.whole[aggregate]
        values = [self.values[n, aggregate] for n in range(len(self.table.parts))]
        unfit = next((value for value in values if isinstance(value, dict)), None)
        return merged(aggregate, values) if unfit is None else unfit

    # -- the store -------------------------------------------------------------------------------

    def _recall(self) -> None:
        keys: dict[bytes, tuple[int, Aggregate | None]] = {}
        for number, digest in enumerate(self.digests):
            if digest is not None:
                keys[self._key(digest, _SCHEMA)] = (number, None)
                keys |= {self._key(digest, encoded(a)): (number, a) for a in self.by_part}
        together = self.together()
        apart = [a for a in self.wanted if not merges(a)]
        if len(self.digests) > 1:
            pairs = [(n, digest) for n, digest in enumerate(self.digests) if digest is not None]
            keys |= {self._key(known, encoded(a)): (n, a) for a in apart for n, known in pairs}
        if together is not None:
            keys |= {self._key(together, encoded(a)): (-1, a) for a in apart}
        for key, value in self._stored(list(keys)).items():
            number, aggregate = keys[key]
            if aggregate is None:
                self.schemas[number] = msgspec.msgpack.decode(value, type=list[Column])
            elif number < 0:
                self.whole[aggregate] = msgspec.msgpack.decode(value)
            else:
                self.values[number, aggregate] = msgspec.msgpack.decode(value)

    def _stored(self, keys: list[bytes]) -> dict[bytes, bytes]:
        store = self.ctx.store
        return store.get("aggregates", keys, _digest.day(self.ctx)) if store and keys else {}

    def _key(self, digest: str, what: bytes) -> bytes:
        reading = f"{REVISION} {self.engine.name} {self.table.form} {digest}\0".encode()
        if self.table.query is not None:
            reading += self.table.query.encode() + b"\0"
        if self.table.partitioned:
            reading += "\0".join(part.name for part in self.table.parts).encode()
        return digest_of(reading + what).digest()

    def together(self) -> str | None:
        """The digest of the whole table, if those of its files are known."""
        known = [digest for digest in self.digests if digest is not None]
        if len(known) < len(self.digests):
            return None
        if self.table.query is not None:
            return digest_of(f"{known[0]}\0{self.table.query}".encode()).hexdigest()
        return known[0] if len(known) == 1 else digest_of("\0".join(known).encode()).hexdigest()

    # -- the engine ------------------------------------------------------------------------------

    def _missing(self) -> tuple[dict[int, list[Aggregate]], list[Aggregate]]:
        """What is not known: of which files, and of the whole table."""
        numbers = range(len(self.table.parts))
        missing = {n: [a for a in self.by_part if (n, a) not in self.values] for n in numbers}
        parts = {n: asked for n, asked in missing.items() if asked or n not in self.schemas}
        return parts, [a for a in self.wanted if not merges(a) and a not in self.whole]

    def question(self) -> Aggregates | None:
        """What the engine must be asked; None where all is known."""
        if not (self._parts or self._rest):
            return None
        numbers = range(len(self.table.parts))
        known = {n: [self.values.get((n, a)) for a in self._rest] for n in numbers}
        known = {n: values for n, values in known.items() if any(v is not None for v in values)}
        source = source_of(self.table)
        return Aggregates(table=source, parts=self._parts, whole=self._rest, known=known)  # type: ignore[arg-type]  # every aggregate is one of Any_

    def begin(self) -> None:
        """Before the engine reads the files."""
        numbers = range(len(self.table.parts)) if self._rest else self._parts
        files = [self.table.parts[n].file for n in numbers]
        self._before = {file: _digest.signature(file) for file in files}

    def take(self, line: Line) -> None:
        """Take in one line of the engine's answer."""
        self.scanned = self.scanned or bool(line.scanned)
        values = line.values or []
        if line.part is None:
            self.whole |= dict(zip(self._rest, values, strict=True))
            self._found |= {(-1, a): self.whole[a] for a in self._rest}
            for number, alone in line.apart:
                pairs = zip(self._rest, alone, strict=True)
                self._found |= {(number, a): value for a, value in pairs if value is not None}
            return
        self.schemas[line.part] = line.schema or []
        self._found[line.part, None] = self.schemas[line.part]
        for aggregate, value in zip(self._parts[line.part], values, strict=True):
            self.values[line.part, aggregate] = value
            self._found[line.part, aggregate] = value

    def end(self) -> None:
        """When all is answered: see that nothing changed meanwhile, and store it."""
        for file, found in self._before.items():
            _digest.unchanged(file, found)
        self._remember(self._found)

    def _remember(self, rows: _Found) -> None:
        """Store what was found; a long footer takes longer to read than its answers do."""
        if self.ctx.store is None or not rows:
            return
        together = self.together()
        stored = {}
        for (number, aggregate), value in rows.items():
            digest = together if number < 0 else self.digests[number]
            if isinstance(value, dict) or digest is None:
                continue
            what = _SCHEMA if aggregate is None else encoded(aggregate)
            stored[self._key(digest, what)] = msgspec.msgpack.encode(value)
        self.ctx.store.put("aggregates", stored, _digest.day(self.ctx))
