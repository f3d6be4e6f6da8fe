"""Watch mlgate judge a small machine-learning project, clean and with planted faults."""

from __future__ import annotations

import os
import sys
import time

import click

from mlgate.cli import _live, _terminal
from mlgate.core import errors
from mlgate.core.report import Report
from mlgate.core.text import counted
from mlgate.core.words import Outcome
from mlgate.reporters import text

_EPILOG = """\b
Examples:
  mlgate demo             in a temporary folder
  mlgate demo /tmp/demo   keep the project, to try things on it

Exit codes: 0 every fault was stopped and nothing else was, 1 not so,
2 the folder cannot be used."""


@click.command(epilog=_EPILOG)
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path())
def command(folder: str | None) -> None:
    """Build a project from scikit-learn's bundled data, judge a clean commit of it, then a commit
    with planted faults, and tell which gate stopped which fault.

    Needs scikit-learn; uses no network.
    """
    import tempfile

    if folder:
        click.get_current_context().exit(_tell(os.path.abspath(folder)))
    with tempfile.TemporaryDirectory(prefix="mlgate-demo-") as scratch:
        code = _tell(os.path.join(scratch, "diagnosis"))
    click.get_current_context().exit(code)


def _tell(folder: str) -> int:
    """The whole story; its exit code."""
    from mlgate.demo import build
    from mlgate.demo.faults import FAULTS, found, unclean

    style = _terminal.style(sys.stdout, os.environ)
    began = time.monotonic()
    click.echo("building a small project that tells benign from malignant tumours ...")
    metrics = build.build(folder, os.environ)
    click.echo(f"built in {folder}, with ROC AUC {metrics.roc_auc} on {metrics.rows} rows")

    clean = _judged(folder, style, "1  A clean commit")
    build.plant(folder, os.environ)
    planted = _judged(folder, style, f"2  A commit with {len(FAULTS)} planted faults")

    click.echo(_title(style, "What was planted, and who stopped it"))
    missed = [fault for fault in FAULTS if not found(fault, planted)]
    width = max(len(fault.what) for fault in FAULTS)
    for fault in FAULTS:
        mark = style.mark(Outcome.FAILED if fault in missed else Outcome.PASSED)
        who = "nobody" if fault in missed else fault.gate
        click.echo(f"{mark} {fault.what:<{width}}  {who:<12}  {fault.rule}")
    spoilt = list(unclean(clean))
    click.echo(_moral(style, len(missed), spoilt, time.monotonic() - began))
    return errors.FAILED if missed or spoilt else errors.PASSED


def _judged(folder: str, style: text.Style, title: str) -> Report:
    """The report of `mlgate check` in `folder`, shown as that command shows it."""
    from mlgate.runner.request import Request
    from mlgate.runner.run import check

    click.echo(_title(style, title))
    click.echo(style.paint(f"$ cd {folder} && mlgate check", "dim"))
    live = _terminal.is_live(sys.stdout, os.environ)
    observer = _live.Watched(style, sys.stdout) if live else _live.Lines(style)
    try:
        report = check(Request(start=folder, base="main"), os.environ, observer)
    finally:
        observer.close()
    click.echo("\n".join(text.summary_lines(report, style)))
    return report


def _title(style: text.Style, title: str) -> str:
    return "\n" + style.paint(title, "bold", "cyan") + "\n"


def _moral(style: text.Style, missed: int, spoilt: list[str], seconds: float) -> str:
    """What the story comes to."""
    clean = "the clean commit passed"
    if spoilt:
        clean = "the clean commit did not pass: " + "; ".join(spoilt)
    planted = "every planted fault was stopped"
    if missed:
        planted = f"{counted(missed, 'planted fault')} got through"
    color = "red" if missed or spoilt else "green"
    time_taken = style.paint(f"{seconds:.0f} s", "dim")
    return f"\n{style.paint(f'{planted}, {clean}', 'bold', color)}  {time_taken}"
