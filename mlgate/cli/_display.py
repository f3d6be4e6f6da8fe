"""The live display of a long run, drawn with rich: gate, files done, time so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table

from mlgate.reporters._style import lasted

if TYPE_CHECKING:
    from mlgate.cli._live import Work

_BAR = 24
_SHOWN = 8


def display(stream: TextIO, running: Callable[[], Sequence[Work]]) -> Live:
    """A display on `stream` of what `running` tells, not yet started; it vanishes when stopped."""
    spinner = Spinner("dots", style="cyan")
    return Live(
        console=Console(file=stream, highlight=False),
        get_renderable=lambda: _table(running(), spinner),
        refresh_per_second=8,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _table(running: Sequence[Work], spinner: Spinner) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    now = monotonic()
    for work in running[:_SHOWN]:
        bar = _bar(work) if work.total else ""
        name = f"[bold]{_safe(work.gate)}[/]"
        done = f"{work.done:,}/{work.total:,}" if work.total else ""
        table.add_row(spinner, name, bar, done, f"[dim]{_so_far(now - work.since)}[/]")
    if len(running) > _SHOWN:
        table.add_row("", f"[dim]and {len(running) - _SHOWN} more[/]")
    return table


def _bar(work: Work) -> ProgressBar:
    return ProgressBar(
        work.total,
        work.done,
        width=_BAR,
        style="bright_black",
        complete_style="cyan",
        finished_style="green",
    )


def _safe(name: str) -> str:
    return name.replace("[", r"\[")


def _so_far(seconds: float) -> str:
    """In whole seconds: decimals that flicker draw the eye for nothing."""
    return f"{int(seconds)} s" if seconds < 60 else lasted(int(seconds))
