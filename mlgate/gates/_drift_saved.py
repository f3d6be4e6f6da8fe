"""The two sides of a comparison: tables, or a profile that was saved in git for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.core.words import Stage
from mlgate.tables import aggregates as ask
from mlgate.tables import saved as profiles
from mlgate.tables.ask import Answers, ask_each
from mlgate.tables.ask import ask as asked
from mlgate.tables.saved import Saved
from mlgate.tables.table import named

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.tables.table import Located

_SAVE = "mlgate data profile TABLE --save, and merge what it writes"


class Both:
    """What both sides answer."""

    def __init__(self, ctx: Context, before: Located | Saved, after: Located) -> None:
        self._ctx = ctx
        self._before = before
        self._after = after
        reference = before.table if isinstance(before, Saved) else before.path
        self.names = (shown(reference), shown(after.path))
        self.finer = not isinstance(before, Saved)
        """False where a bin cannot be divided, for its values are not there."""
        self.bins = None if self.finer else profiles.BINS
        """How many there are, where that is decided already."""

    def ask(self, wanted: Sequence[ask.Aggregate]) -> list[Answers]:
        """The reference's answers and the table's."""
        if isinstance(self._before, Saved):
            return [self._before.of(wanted), asked(self._ctx, self._after, wanted)]
        return ask_each(self._ctx, (self._before, self._after), wanted)


def told(saved: Saved) -> str:
    """What a report says of such a reference."""
    return f"against the saved profile of {shown(saved.table)} ({saved.digest[:16]})"


def reference(ctx: Context) -> Saved | None:
    """The profile to compare with, if there is one. Raises `GateError` if it is not to be believed.

    Whoever changes the data could change its profile with it: at merge and promote it is the
    base's, and of the content that the base names.
    """
    path = ctx.options.against
    chosen = path.endswith(profiles.END)
    if not chosen and path != "base":
        return None
    path = path if chosen else ctx.options.table + profiles.END
    bound = ctx.stage in (Stage.MERGE, Stage.PROMOTE) or not chosen
    snapshot = ctx.base if bound else ctx.subject
    if snapshot is None or path not in snapshot.files:
        if not chosen:
            return None
        where = "the base, which alone is believed here," if bound else "the commit"
        raise GateError(f"{where} holds no {shown(path)}", _SAVE)
    saved = profiles.read(path, snapshot.read(path))
    if saved.digest == content(snapshot, saved.table):
        return saved
    if not chosen:
        return None
    raise GateError(
        f"{shown(path)} is of another content than {shown(saved.table)} beside it", _SAVE
    )


def content(snapshot: Snapshot, table: str) -> str | None:
    """What a snapshot says that a table's content is: git's id, or its pointer's digest.

    Of a table in a database it is that of the whole database.
    """
    from mlgate.sources._dvc.named import owners

    table = named(table)[0]
    if table in snapshot.files:
        return f"blob:{snapshot.files[table].id}"
    outs = [owned.out for owned in owners(snapshot, table) if owned.out.path == table]
    return f"{outs[0].algorithm}:{outs[0].hash}" if outs else None
