"""What a run is asked to do, and who is told how it goes."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from mlgate.core.report import Verdict
from mlgate.core.words import Stage


class Request(Struct, frozen=True, kw_only=True):
    """One `mlgate check`."""

    start: str
    """The folder in which mlgate was called."""
    stage: Stage = Stage.MERGE
    gates: tuple[str, ...] = ()
    """Only these; empty: all of the stage."""
    paths: tuple[str, ...] = ()
    """Only these files and folders, relative to `start`; empty: as the stage says."""
    everything: bool = False
    changed: bool = False
    base: str | None = None
    new: bool | None = None
    deepen: bool = False
    """Whether history may be fetched, in bounded steps, until the base is found."""
    offline: bool = False
    project: str | None = None
    jobs: int | None = None
    cache: bool = True
    version: str | None = None
    """The commit of the model version that is promoted. It is then the subject, and the policy is
    the base's: what a version says about how it is to be judged does not count."""
    holder: str | None = None
    """The commit of the version that the alias holds, which model gates compare `version` with."""
    alias: str | None = None
    """The alias that `version` is promoted to."""
    promotion: str | None = None
    """The same as commands name it: `churn v0.0.3 --to production`."""
    push_refs: bytes | None = None
    """What git gives a pre-push hook on standard input."""


class Observer(Protocol):
    """Told of a run's events, one at a time."""

    def planned(self, gates: tuple[str, ...], expected: float | None) -> None:
        """The gates that will be asked; seconds that the last such run took, if known."""

    def started(self, gate: str) -> None: ...

    def progressed(self, gate: str, done: int, total: int) -> None: ...

    def finished(self, verdict: Verdict) -> None: ...


class Suffixed:
    """Tells `observer` of one of several runs: every gate's name is followed by what it is on."""

    def __init__(self, observer: Observer, what: str) -> None:
        self._observer = observer
        self._what = what

    def _named(self, gate: str) -> str:
        return f"{gate} ({self._what})"

    def planned(self, gates: tuple[str, ...], expected: float | None) -> None:
        """The gates, by their longer names."""
        self._observer.planned(tuple(map(self._named, gates)), expected)

    def started(self, gate: str) -> None:
        """A gate, by its longer name."""
        self._observer.started(self._named(gate))

    def progressed(self, gate: str, done: int, total: int) -> None:
        """A gate, by its longer name."""
        self._observer.progressed(self._named(gate), done, total)

    def finished(self, verdict: Verdict) -> None:
        """A verdict, under its gate's longer name."""
        self._observer.finished(replace(verdict, gate=self._named(verdict.gate)))


class Silence:
    """An observer that tells nobody."""

    def planned(self, gates: tuple[str, ...], expected: float | None) -> None:
        """Nothing."""

    def started(self, gate: str) -> None:
        """Nothing."""

    def progressed(self, gate: str, done: int, total: int) -> None:
        """Nothing."""

    def finished(self, verdict: Verdict) -> None:
        """Nothing."""
