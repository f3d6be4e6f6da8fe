"""What a run shows while it lasts: each verdict when it is ready, on a terminal its progress."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any, TextIO

import click
from msgspec import Struct

from mlgate.core.report import Verdict
from mlgate.core.text import counted
from mlgate.reporters import text
from mlgate.reporters._style import Style, lasted

_PATIENCE = 0.15
"""Seconds after which a run is long enough to be watched; rich is imported only then."""
_WORTH_SAYING = 30.0
"""Seconds from which the last duration is said beforehand."""


class Lines:
    """Writes a verdict's lines when it is ready; without a style it keeps silent, because standard
    output then belongs to a format for programs."""

    def __init__(self, style: Style | None) -> None:
        self._style = style
        self._names = 0

    def planned(self, gates: tuple[str, ...], expected: float | None) -> None:
        self._names = text.name_width(gates)
        if self._style and expected is not None and expected >= _WORTH_SAYING:
            said = f"{counted(len(gates), 'gate')}; the last such run took {lasted(expected)}"
            self._write(self._style.paint(said, "dim"))

    def started(self, gate: str) -> None:
        pass

    def progressed(self, gate: str, done: int, total: int) -> None:
        pass

    def finished(self, verdict: Verdict) -> None:
        if self._style:
            lines = list(text.verdict_lines(verdict, self._style, self._names))
            if lines:
                self._write("\n".join(lines))

    def close(self) -> None:
        """Leave nothing on the screen but the lines written."""

    def _write(self, lines: str) -> None:
        # In threads of the run click knows of no context that allows colours.
        click.echo(lines, color=self._style is not None and self._style.color)


class Work(Struct):
    """A gate at work; `total` is 0 while nobody knows it."""

    gate: str
    since: float
    done: int = 0
    total: int = 0


class Watched(Lines):
    """Draws the gates at work below the lines, once the run lasts long enough."""

    def __init__(self, style: Style | None, stream: TextIO) -> None:
        super().__init__(style)
        self._stream = stream
        self._running: dict[str, Work] = {}
        self._display: Any = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(_PATIENCE, self._show)
        self._timer.daemon = True

    def planned(self, gates: tuple[str, ...], expected: float | None) -> None:
        super().planned(gates, expected)
        self._timer.start()

    def started(self, gate: str) -> None:
        self._running[gate] = Work(gate, monotonic())

    def progressed(self, gate: str, done: int, total: int) -> None:
        work = self._running.get(gate)
        if work is not None:
            work.done, work.total = done, total

    def finished(self, verdict: Verdict) -> None:
        self._running.pop(verdict.gate, None)
        super().finished(verdict)

    def close(self) -> None:
        self._timer.cancel()
        with self._lock:
            if self._display is not None:
                self._display.stop()
                self._display = None

    def _write(self, lines: str) -> None:
        with self._lock:
            if self._display is None:
                click.echo(lines, color=self._style is not None and self._style.color)
            else:
                from rich.text import Text

                self._display.console.print(Text.from_ansi(lines), soft_wrap=True)

    def _show(self) -> None:
        from mlgate.cli._display import display

        with self._lock:
            if not self._timer.finished.is_set():
                self._display = display(self._stream, lambda: list(self._running.values()))
                self._display.start()
