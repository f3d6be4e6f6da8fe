"""Gates for tests, offered by an installed distribution through entry points."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar

from msgspec import Struct

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Inputs, Rule
from mlgate.core.report import Verdict
from mlgate.core.words import Level, Result, Stage

ENTRY_POINTS = "[mlgate.gates]\nprobe = probes:probe\nother-probe = probes:other_probe\n"
_lock = threading.Lock()


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    log: str = "/dev/null"
    """Where it notes each path it is asked about."""
    suffix: str = ".txt"
    each: bool = True
    also: str = ""
    unknown: bool = False
    """Whether nothing tells what else decides its findings."""
    beyond: bool = False
    world: str = ""
    """A file outside the repository that decides its findings, too."""
    refuse: str = ""
    """The path about which it raises."""
    crash: str = ""
    missing: bool = False
    wait: float = 0.0
    run: tuple[str, ...] = ()
    """A program that it runs for each batch."""
    word: str = "bad"
    inconclusive: str | None = None
    """What becomes of open findings."""
    extra: bool = False
    """Whether it also states something about no file."""


class Probe:
    """A line that holds the word is a finding."""

    Options = Options
    stages = frozenset(Stage)
    rules: ClassVar = {"bad": Rule("A bad line.")}

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def inputs(self, ctx: Context) -> Inputs | None:
        asked: Options = ctx.options
        paths = tuple(p for p in ctx.files if p.endswith(asked.suffix))
        if not paths:
            return None
        seen = asked.also
        if asked.world:
            with open(os.path.join(ctx.work, asked.world), encoding="utf-8") as file:
                seen += file.read()
        also = None if asked.unknown else hashlib.sha256(seen.encode()).digest()
        return Inputs(paths, each=asked.each, also=also, beyond=asked.beyond)

    def check(self, ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
        asked: Options = ctx.options
        with _lock, open(asked.log, "a", encoding="utf-8", errors="surrogateescape") as log:
            log.write("".join(f"{ctx.gate} {path}\n" for path in paths))
        if asked.missing:
            raise ToolMissing("probe is not installed", "pip install probe")
        time.sleep(asked.wait)
        if asked.run:
            ctx.run(asked.run, cwd=ctx.work)
        if asked.extra:
            yield Finding(rule=f"{self.kind}/all", message=f"{len(paths)}", level=Level.NOTE)
        root = ctx.subject.root(paths)
        for path in paths:
            if path == asked.refuse:
                raise GateError(f"{path} is refused", "ask for less")
            if path == asked.crash:
                raise ZeroDivisionError(path)
            yield from self._findings(
                os.path.join(root, path), path, asked.word, asked.inconclusive
            )

    def _findings(
        self, place: str, path: str, word: str, undecided: str | None
    ) -> Iterator[Finding]:
        with open(place, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                result = Result.OPEN if "open" in line else Result.FAIL
                if word in line or result is Result.OPEN:
                    where = Location(path=path, line=number)
                    yield Finding(
                        rule=f"{self.kind}/bad",
                        message="bad",
                        result=result,
                        location=where,
                        undecided=undecided if result is Result.OPEN else None,
                    )


probe = Probe("probe")
other_probe = Probe("other-probe")


class Watching:
    """An observer that keeps what it is told, and whether it was told one thing at a time."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.at_once = False
        self._busy = threading.Lock()

    def _keep(self, *event: Any) -> None:
        if getattr(event[1], "gate", event[1]) == "policy":  # on its own, whatever gates there are
            return
        if not self._busy.acquire(blocking=False):
            self.at_once = True
            return
        try:
            time.sleep(0.001)
            self.events.append(event)
        finally:
            self._busy.release()

    def planned(self, gates: tuple[str, ...], expected: float | None) -> None:
        self._keep("planned", tuple(gate for gate in gates if gate != "policy"))

    def started(self, gate: str) -> None:
        self._keep("started", gate)

    def progressed(self, gate: str, done: int, total: int) -> None:
        self._keep("progressed", gate, done, total)

    def finished(self, verdict: Verdict) -> None:
        self._keep("finished", verdict.gate)
