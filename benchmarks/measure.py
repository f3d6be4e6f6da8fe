"""CPU and wall time of a process with all its children, in interleaved rounds."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Argv = Sequence[str]

_PARENT = Path(__file__).with_name("parent.py")


class Spent(NamedTuple):
    """User and system time of the whole process tree, and wall time, in seconds."""

    cpu: float
    wall: float
    memory: float
    """Peak of the largest process, MB."""

    def __add__(self, other: object) -> Spent:
        assert isinstance(other, Spent)
        return Spent(self.cpu + other.cpu, self.wall + other.wall, max(self.memory, other.memory))


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
            statistics.median(one.cpu for one in runs),
            statistics.median(one.wall for one in runs),
            max(one.memory for one in runs),
        )
        for name, runs in seen.items()
    }


def once(case: Case) -> Spent:
    """Run the case once."""
    case.before()
    environ = case.environ()
    total = Spent(0.0, 0.0, 0.0)
    for argv in case.commands:
        total += _spawn(argv, case, environ)
    return total


def _spawn(argv: Argv, case: Case, environ: Mapping[str, str]) -> Spent:
    log = case.folder.parent / "last-output"
    return spent(argv, case.folder, environ, log, case.code)


def spent(
    argv: Argv, folder: Path, environ: Mapping[str, str], log: Path, wanted: int | None = 0
) -> Spent:
    """What the program `argv` takes with all that it starts. What it says goes to `log`.

    Ends the benchmark where the program does not end with the code `wanted` (None: any will do).
    """
    report = log.with_name(f"{log.name}-took")
    with log.open("wb") as said:
        subprocess.run(
            [sys.executable, "-I", "-S", _PARENT, report, *argv],
            cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            check=True,
        )  # fmt: skip
    code, *took = report.read_text().split()
    if wanted is not None and int(code) != wanted:
        words = " ".join(map(str, argv[:6]))
        text = log.read_text(errors="replace")[:4000]
        raise SystemExit(f"{words} ended with {code}, not {wanted}:\n{text}")
    return Spent(*map(float, took))
