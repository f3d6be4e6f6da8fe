"""Watch mlgate judge a small machine-learning project, clean and with planted faults."""

from __future__ import annotations

import os
import sys
import time

import click

from mlgate.cli import _terminal
from mlgate.cli.check import observe
from mlgate.core.report import Report
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
    click.echo(style.paint("building a small project: it tells benign from malignant tumours", "dim"))
    metrics = build.build(folder, os.environ)
    click.echo(f"built in {folder}, with ROC AUC {metrics['roc_auc']} on {metrics['rows']} rows")

    clean = _judged(folder, style, "1  A clean commit")
    build.plant(folder, os.environ)
    planted = _judged(folder, style, f"2  A commit with {len(FAULTS)} planted faults")

    click.echo(_title(style, "What was planted, and who stopped it"))
    width = max(len(fault.what) for fault in FAULTS)
    missed = [fault for fault in FAULTS if not found(fault, planted)]
    for fault in FAULTS:
        mark, color = (("x", "red") if fault in missed else ("ok", "green"))
        who = "NOBODY" if fault in missed else fault.gate
        line = f"{style.paint(f'{mark:>4}', color)}  {fault.what:<{width}}  {who:<12}  {fault.rule}"
        click.echo(line)
    spoilt = list(unclean(clean))
    click.echo(_moral(style, len(FAULTS), len(missed), spoilt, time.monotonic() - began))
    return 1 if missed or spoilt else 0
