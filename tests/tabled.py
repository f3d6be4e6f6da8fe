"""Tables in temporary folders, and the real engine's worker for the gates that ask them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from mlgate.core.finding import Figure, Finding
from mlgate.runner.workshop import Workshop
from mlgate.store.store import Store, open_store
from mlgate.tables import _duckdb_script
from mlgate.tables._protocol import Request
from mlgate.testing import FolderSnapshot, context


def parquet(path: Path, query: str) -> Path:
    """Write what a query gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    form = "csv, HEADER" if path.suffix == ".csv" else path.suffix.strip(".")
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT {form})")
    return path


class Desk:
    """A folder of tables; asks gates about it with a real worker and a store of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.work: Path = folder
        self.workshop = Workshop(str(folder), dict(os.environ), jobs=1)
        self.store: Store = open_store(os.environ)
        self.now = datetime.now(UTC)
        self.asked: list[Any] = []
        """What the worker was asked."""
        self.apart = False

    def worker(self, script: str, request: Any, **more: Any) -> Any:
        """The engine in this process, which takes a tenth of the time; `apart` is the real way."""
        self.asked.append(request["ask"])
        if self.apart:
            yield from self.workshop.worker(script, request, **more)
            return
        decoded = msgspec.json.decode(msgspec.json.encode(request), type=Request)
        for line in _duckdb_script.answered(decoded):
            yield msgspec.json.decode(msgspec.json.encode(line))

    @property
    def subject(self) -> FolderSnapshot:
        """Every file, as a commit."""
        return FolderSnapshot(self.folder)

    def elsewhere(self, name: str) -> Desk:
        """Another folder beside this one."""
        return Desk(self.folder.parent / name)

    def facts(self, gate: Any, kind: str, options: Any, **more: Any) -> list[Finding | Figure]:
        """What the gate states."""
        more = {"worker": self.worker, "store": self.store, **more}
        ctx = context(gate, self.folder, kind=kind, options=options, **more)
        inputs = gate.inputs(ctx)
        return [] if inputs is None else list(gate.check(ctx, inputs.paths))

    def check(self, gate: Any, kind: str, options: Any, **more: Any) -> list[Finding]:
        """What the gate finds."""
        found = self.facts(gate, kind, options, **more)
        return [fact for fact in found if isinstance(fact, Finding)]

    def close(self) -> None:
        self.workshop.close()
        self.store.close()
