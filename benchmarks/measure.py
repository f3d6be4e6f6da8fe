"""CPU and wall time of a process with all its children, in interleaved rounds."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Argv = Sequence[str]


class Spent(NamedTuple):
    """Seconds: user and system time of the whole process tree, and wall time."""

    cpu: float
    wall: float

    def __add__(self, other: object) -> Spent:
        assert isinstance(other, Spent)
        return Spent(self.cpu + other.cpu, self.wall + other.wall)


class Case(NamedTuple):
    """Something to measure: commands one after another, and what precedes each run unmeasured."""

    commands: Sequence[Argv]
    folder: Path
    environ: Callable[[], Mapping[str, str]]
    before: Callable[[], None] = lambda: None
    code: int | None = 0
    """The exit code it must end with; None for any."""


def medians(cases: Mapping[str, Case], rounds: int) -> dict[str, Spent]:
    """The median of every case, run in random order within each round."""
    seen: dict[str, list[Spent]] = {name: [] for name in cases}
    order = list(cases)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            seen[name].append(once(cases[name]))
    return {
        name: Spent(
            statistics.median(s.cpu for s in spent), statistics.median(s.wall for s in spent)
        )
        for name, spent in seen.items()
    }


def once(case: Case) -> Spent:
    """Run the case once."""
    case.before()
    environ = case.environ()
    total = Spent(0.0, 0.0)
    for argv in case.commands:
        total += _spawn(argv, case, environ)
    return total


def _spawn(argv: Argv, case: Case, environ: Mapping[str, str]) -> Spent:
    log = os.open(case.folder.parent / "last-output", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    there = os.getcwd()
    os.chdir(case.folder)
    began = time.perf_counter()
    try:
        streams = [
            (os.POSIX_SPAWN_DUP2, source, to) for source, to in ((null, 0), (log, 1), (log, 2))
        ]
        child = os.posix_spawn(argv[0], list(argv), dict(environ), file_actions=streams)
        _, status, usage = os.wait4(child, 0)
    finally:
        os.chdir(there)
    wall = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    if case.code is not None and code != case.code:
        said = os.pread(log, 4000, 0).decode(errors="replace")
        raise SystemExit(f"{' '.join(argv[:6])} ended with {code}, not {case.code}:\n{said}")
    os.close(log)
    os.close(null)
    return Spent(usage.ru_utime + usage.ru_stime, wall)
