"""The runs that the store keeps of a repository, as reports tell of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from mlgate.core.errors import MlgateError, UsageError
from mlgate.core.report import Report
from mlgate.core.words import Stage
from mlgate.repo import git
from mlgate.reporters import _past
from mlgate.store.store import Store, open_store

LIMIT = 30


class Run(Struct, frozen=True):
    """One kept run."""

    started: float
    report: Report


def latest(stage: str | None) -> Run:
    """The newest kept run here, of `stage` or of any. Raises `UsageError` where there is none."""
    found = [run for one in _stages(stage) for run in runs(one, 1)]
    if not found:
        of = f" of stage {stage}" if stage else ""
        raise UsageError(f"no run{of} is kept of this repository", "mlgate check")
    return max(found, key=lambda run: run.started)


def _stages(stage: str | None) -> list[str]:
    return [stage] if stage else [one.value for one in Stage]


def runs(stage: str, limit: int) -> list[Run]:
    """The kept runs of this repository, newest first; what a store holds that is none is left
    out."""
    with _opened() as (store, root):
        rows = store.runs(root, stage, limit)
    return [run for started, _, _, raw in rows if (run := _read(started, raw)) is not None]


@contextmanager
def _opened() -> Iterator[tuple[Store, str]]:
    root = git.find(os.getcwd(), os.environ).root
    store = open_store(os.environ)
    try:
        yield store, root
    finally:
        store.close()


def _read(started: float, raw: bytes) -> Run | None:
    try:
        return Run(started, msgspec.json.decode(raw, type=Report))
    except (msgspec.DecodeError, ValueError):
        return None


def history(report: Report) -> tuple[dict[str, object], ...]:
    """Entries for `Report.history`, oldest first; the last one is `report` itself."""
    try:
        kept = runs(report.stage, LIMIT)
    except MlgateError:  # it may have been made elsewhere
        kept = []
    found = [_past.past(run.report, run.started) for run in reversed(kept)]
    if not kept or kept[0].report.duration != report.duration:
        found.append(_past.past(report, time.time() - report.duration))
    return tuple(found[-LIMIT:])


def until(run: Run) -> tuple[dict[str, object], ...]:
    """The same for a kept run: those before it, and it."""
    return tuple(
        entry for entry in entries(run.report.stage, LIMIT) if _started(entry) <= run.started
    )


def entries(stage: str, limit: int) -> tuple[dict[str, object], ...]:
    """The kept runs alone, oldest first."""
    return tuple(_past.past(run.report, run.started) for run in reversed(runs(stage, limit)))


def _started(entry: dict[str, object]) -> float:
    return msgspec.convert(entry, _past.Past).started
