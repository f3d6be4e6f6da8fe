"""The acts of the demo: what is tried, what mlgate says to it, and whether that is as told."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click
from msgspec import Struct

from mlgate import process
from mlgate.cli import _live, _terminal
from mlgate.core.report import Report, Verdict
from mlgate.core.text import counted
from mlgate.core.words import Outcome
from mlgate.demo.changes import Change, astray
from mlgate.reporters import text

_INDENT = "   "
_MODEL = "model"


class Step(Struct, frozen=True, kw_only=True):
    """A command of mlgate: how it must end, what it must say, where what is shown of it begins."""

    args: tuple[str, ...]
    says: str
    code: int = 0
    shown_from: str = ""


class Act(Struct, frozen=True, kw_only=True):
    """How an act ended."""

    title: str
    end: str
    astray: tuple[str, ...] = ()


class Stage(Struct):
    """Where the acts are played: the project's folder, the look of the terminal, what was told."""

    folder: str
    style: text.Style
    number: int = 0

    def title(self, title: str, below: str = "") -> None:
        """Head an act."""
        self.number += 1
        self.say("", "")
        self.say(f"{self.number:>2} ", self.style.paint(title, "bold", "cyan"))
        if below:
            self.say(_INDENT, self.style.paint(below, "dim"))

    def say(self, indent: str, line: str) -> None:
        """Show a line."""
        click.echo(f"{indent}{line}".rstrip())

    def command(self, line: str) -> None:
        """Show a command as it would be typed."""
        for part in self.style.wrapped(f"$ {line}", len(_INDENT)):
            self.say(_INDENT, self.style.paint(part, "bold"))

    def ended(self, wrong: tuple[str, ...], end: str) -> None:
        """Say how an act ended, or in what it went astray."""
        mark = self.style.mark(Outcome.FAILED if wrong else Outcome.PASSED)
        color = "red" if wrong else "green"
        for line in wrong or (end,):
            first, *more = self.style.wrapped(line, len(_INDENT) + 2)
            self.say(_INDENT, f"{mark} {self.style.paint(first, color)}")
            for part in more:
                self.say(f"{_INDENT}  ", self.style.paint(part, color))


def checked(stage: Stage, change: Change) -> tuple[Report, Act]:
    """Judge a change on its branch."""
    from mlgate.runner.request import Request
    from mlgate.runner.run import check

    stage.title(change.title, f"“{change.message}”" if stage.style.unicode else change.message)
    stage.command(f"git switch {change.branch} && mlgate check")
    _switch(stage, change.branch)
    live = _terminal.is_live(sys.stdout, os.environ)
    observer = _live.Watched(None, sys.stdout) if live else _live.Lines(None)
    try:
        report = check(Request(start=stage.folder, base="main"), os.environ, observer)
    finally:
        observer.close()
    for verdict in _worth_seeing(change, report):
        _show(stage, verdict)
    wrong = tuple(astray(change, report))
    stage.ended(wrong, f"{_end(change)}; {_rest(report)}")
    return report, Act(title=change.title, end=_end(change), astray=wrong)


def performed(stage: Stage, steps: tuple[Step, ...], end: str) -> tuple[str, ...]:
    """Run commands of mlgate one after the other; in what they went astray."""
    wrong = [line for step in steps for line in _perform(stage, step)]
    stage.ended(tuple(wrong), end)
    return tuple(wrong)


def _perform(stage: Stage, step: Step) -> Iterator[str]:
    stage.command(f"mlgate {' '.join(step.args)}")
    width = str(stage.style.width - len(_INDENT))
    color = {"FORCE_COLOR": "1"} if stage.style.color else {"NO_COLOR": "1"}
    environ = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    done = process.run(
        [sys.executable, "-m", "mlgate", *step.args],
        cwd=stage.folder,
        env=environ | {"COLUMNS": width} | color,
    )
    errors = done.errors.splitlines()
    said = done.text.splitlines()
    said += [part for line in errors for part in stage.style.wrapped(line, len(_INDENT))]
    began = [number for number, line in enumerate(said) if step.shown_from in line]
    for line in said[began[0] if began and done.returncode == step.code else 0 :]:
        stage.say(_INDENT, line)
    if done.returncode != step.code:
        yield f"mlgate {step.args[0]} ended with {done.returncode}, not {step.code}"
    elif not any(step.says in line for line in said):
        yield f"mlgate {step.args[0]} does not say {step.says!r}"


def _switch(stage: Stage, branch: str) -> None:
    from mlgate.demo.history import git

    git(stage.folder, "checkout", "--quiet", branch)


def _worth_seeing(change: Change, report: Report) -> list[Verdict]:
    """The gate that speaks, or the models' where none does; and whatever else blocks."""
    gate = change.stopped_by or change.undecided
    return [
        verdict
        for verdict in report.verdicts
        if (verdict.gate == gate if gate else verdict.kind == _MODEL)
        or (verdict.blocks and verdict.outcome in (Outcome.FAILED, Outcome.ERRORED))
    ]


def _show(stage: Stage, verdict: Verdict) -> None:
    from msgspec.structs import replace

    style = replace(stage.style, width=stage.style.width - len(_INDENT))
    for line in text.verdict_lines(verdict, style, len(verdict.gate)):
        if line:
            stage.say(_INDENT, line)


def _end(change: Change) -> str:
    if change.stopped_by:
        return f"stopped by {change.stopped_by}"
    return f"not decided by {change.undecided}" if change.undecided else "passed"


def _rest(report: Report) -> str:
    """What the other gates came to."""
    passed = sum(verdict.outcome is Outcome.PASSED for verdict in report.verdicts)
    return f"{counted(passed, 'gate')} passed"
