"""The last part of `mlgate init`: what the gates find today, and what is most worth mending."""

from __future__ import annotations

import os
import sys
from collections import Counter

import click
from msgspec import Struct

from mlgate.cli import _live, _terminal
from mlgate.cli._init_look import Hindrance, Look
from mlgate.cli._table import table
from mlgate.core import parts
from mlgate.core.finding import Finding
from mlgate.core.report import Report, Verdict
from mlgate.core.text import counted
from mlgate.core.words import Outcome, Result, State
from mlgate.reporters._findings import where
from mlgate.reporters._style import Style
from mlgate.runner.request import Request
from mlgate.runner.run import check

_WORTH = (
    "secrets",
    "data-version",
    "artifact",
    "security",
    "lint",
    "types",
    "notebook",
    "files",
    "format",
)
"""Kinds in the order in which their findings hurt."""
_CRASHES = frozenset(f"lint/{code}" for code in ("E999", "E902", "F821", "F822", "F823", "E0602"))
"""Code that cannot run as it stands, before all that is only untidy."""
_NAMED = 3


class Census(Struct, frozen=True):
    """What the gates said."""

    report: Report
    later: tuple[str, ...]
    """Gates that were not asked, because they run the project's own code and may take long."""

    @property
    def legacy(self) -> int:
        """How many findings are there already."""
        return sum(len(_wrong(verdict)) for verdict in self.report.verdicts)

    @property
    def hindered(self) -> dict[str, Hindrance]:
        """What kept gates from judging, by kind."""
        return {
            verdict.kind: Hindrance(verdict.reason or "it could not be judged", verdict.help)
            for verdict in self.report.verdicts
            if verdict.outcome is Outcome.ERRORED
        }


def take(look: Look) -> Census | None:
    """Ask the policy's gates about the whole work tree; None where there are none to be asked."""
    names = {
        one.name or kind: kind
        for kind, one in look.found.items()
        if one.active and kind not in look.hindered
    }
    asked = tuple(
        name for name, kind in names.items() if not hasattr(parts.load("gates", kind), "hindrance")
    )
    if not asked:
        return None
    observer: _live.Lines = _live.Lines(None)
    if _terminal.is_live(sys.stderr, os.environ):
        observer = _live.Watched(None, sys.stderr)
    try:
        report = check(Request(start=look.root, gates=asked), os.environ, observer)
    finally:
        observer.close()
    return Census(report, tuple(name for name in names if name not in asked))


def tell(census: Census, style: Style) -> None:
    """A line per gate, then the findings most worth mending."""
    click.echo(f"\n{style.paint('today', 'bold')}")
    rows = [_row(verdict, style) for verdict in census.report.verdicts]
    for line in table(rows, style, indent=2):
        click.echo(line)
    if census.later:
        click.echo(f"  {', '.join(census.later)}: asked by mlgate check")
    worst = _worst(census.report)
    if worst:
        click.echo(f"\n{style.paint('most worth mending', 'bold')}")
        for one in worst:
            click.echo(f"  {style.paint(where(one.location), 'bold')}  {one.rule}")
            for line in style.wrapped(one.message.partition("\n")[0], 4):
                click.echo(f"    {line}")


def _row(verdict: Verdict, style: Style) -> tuple[str, str]:
    found = _wrong(verdict)
    if verdict.outcome in (Outcome.ERRORED, Outcome.SKIPPED):
        return verdict.gate, "not judged"
    if not found:
        return verdict.gate, f"nothing to mend{style.dot}{verdict.judged or 'judged'}"
    files = {finding.location.path for finding in found if finding.location}
    rule, number = Counter(finding.rule for finding in found).most_common(1)[0]
    return verdict.gate, style.dot.join(
        (
            counted(len(found), "finding"),
            counted(len(files), "file"),
            f"mostly {rule.partition('/')[2] or rule} ({number:,})",
        )
    )


def _wrong(verdict: Verdict) -> list[Finding]:
    if verdict.outcome is Outcome.ERRORED:
        return []
    return [
        finding
        for finding in verdict.findings
        if finding.result is Result.FAIL and finding.state is State.NEW
    ]


def _worst(report: Report) -> list[Finding]:
    """The gravest findings, of different rules where there are enough."""
    ranked = sorted(
        (finding for verdict in report.verdicts for finding in _wrong(verdict)), key=_weight
    )
    first: dict[str, Finding] = {}
    for finding in ranked:
        first.setdefault(finding.rule, finding)
    return list(first.values())[:_NAMED]


def _weight(finding: Finding) -> tuple[int, int, bool]:
    kind = finding.rule.partition("/")[0]
    place = _WORTH.index(kind) if kind in _WORTH else len(_WORTH)
    return (-finding.level.rank, place, finding.rule not in _CRASHES)
