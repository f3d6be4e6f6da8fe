"""Which engine answers, by the policy's `[tables]`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown

_HERE = os.path.dirname(os.path.abspath(__file__))
_MEMORY = re.compile(r"[1-9]\d{0,8} ?(?:[KMGT]i?B)")
_OF_ONE_MACHINE = frozenset({"arrow", "duckdb", "sqlite"})
"""Forms of tables that Spark does not read."""


class Engine(Struct, frozen=True, kw_only=True):
    """How an engine is started."""

    name: str = "duckdb"
    memory: str = "512MB"
    spark: dict[str, str] = {}

    def of(self, form: str) -> Engine:
        """The engine that reads tables of that form: the embedded one what only one machine has."""
        return msgspec.structs.replace(self, name="duckdb") if form in _OF_ONE_MACHINE else self

    @property
    def script(self) -> str:
        """The worker that answers."""
        return os.path.join(_HERE, f"_{self.name}_script.py")

    @property
    def stays(self) -> bool:
        """Whether one process answers all questions of a run: a Spark session is one request's."""
        return self.embedded

    @property
    def embedded(self) -> bool:
        """True for the engine in the worker's own process, which need not read what is small."""
        return self.name == "duckdb"

    @property
    def called(self) -> str:
        """As messages call it."""
        return "Spark" if self.name == "spark" else "DuckDB"

    @property
    def install(self) -> str:
        """What brings the engine."""
        return f"pip install 'mlgate[{'spark' if self.name == 'spark' else 'data'}]'"


def engine_of(ctx: Any) -> Engine:
    """The engine that the resolved policy of `ctx` names; the embedded one where there is none.

    Raises `GateError` where `memory` is no amount of memory.
    """
    policy = getattr(ctx, "policies", {}).get("head") or {}
    given: Mapping[str, Any] = policy.get("tables") or {}
    memory = given.get("memory") or "512MB"
    if not _MEMORY.fullmatch(memory):
        raise GateError(f"[tables] memory = {shown(memory)} is no amount", 'write it as "2GB"')
    spark = {key: value for key, value in (given.get("spark") or {}).items() if value}
    return Engine(name=given.get("engine") or "duckdb", memory=memory, spark=spark)
