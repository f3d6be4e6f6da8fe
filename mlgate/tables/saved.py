"""A table's aggregates in a small file in git, so that drift against it reads no reference."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables.aggregates import Aggregate, Any_, Value
from mlgate.tables.ask import Answers
from mlgate.tables.table import Column

END = ".profile.json"
"""How such a file is named: the table's name with this behind it."""
BINS = 2048
_LARGEST = 64 << 20


class Answer(Struct, frozen=True):
    """One question and its answer."""

    ask: Any_
    value: Value


class Saved(Struct, frozen=True, kw_only=True, tag_field="schema", tag="mlgate/profile/1"):
    """What a table answered, and the content that did."""

    table: str
    """Its path in the repository."""
    digest: str
    """`md5:...` of a DVC pointer, `blob:...` of git."""
    columns: tuple[Column, ...]
    answers: tuple[Answer, ...]

    def of(self, wanted: Sequence[Aggregate]) -> Answers:
        """The answers to all of `wanted`. Raises `GateError` where one was not saved."""
        known: dict[Aggregate, Value] = {one.ask: one.value for one in self.answers}
        missing = next((a for a in wanted if a not in known), None)
        if missing is not None:
            what = getattr(missing, "column", "")
            raise GateError(
                f"the profile of {shown(self.table)} does not hold {type(missing).__name__}"
                f" {shown(what)}",
                f"mlgate data profile {shown(self.table)} --save",
            )
        return Answers(columns=self.columns, values={a: known[a] for a in wanted}, scanned=False)


def written(saved: Saved) -> bytes:
    """The file's content: one line for each answer, so that git keeps what has not changed."""
    lines = [msgspec.json.encode(one, order="deterministic").decode() for one in saved.answers]
    plain = msgspec.to_builtins(msgspec.structs.replace(saved, answers=()))
    del plain["answers"]
    start = msgspec.json.encode(plain).decode().removesuffix("}")
    listed = ",\n".join(lines)
    return f'{start},\n"answers":[\n{listed}\n]}}\n'.encode()


def read(path: str, raw: bytes) -> Saved:
    """The profile in a file. Raises `GateError`."""
    if len(raw) > _LARGEST:
        raise GateError(f"{shown(path)} is larger than {_LARGEST >> 20} MB, so it is no profile")
    try:
        return msgspec.json.decode(raw, type=Saved)
    except (msgspec.DecodeError, RecursionError) as error:
        raise GateError(
            f"{shown(path)} is no profile of a table: {error}", "mlgate data profile TABLE --save"
        ) from None
