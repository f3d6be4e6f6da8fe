"""Compare two models on the same rows, or plan a test set before it is labelled."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from mlgate.cli import _terminal


@click.group()
def command() -> None:
    """Compare two models on the same rows, or plan a test set before it is labelled."""


@command.group()
def ledger() -> None:
    """How often each test set was used, on a git ref of its own."""


@ledger.command()
@click.argument("report", type=click.File("rb"))
def record(report: Any) -> None:
    """Count the uses of test sets that REPORT speaks of (of mlgate check --format json).

    The same pair of models on the same test set counts once. Push the ref afterwards.
    """
    from mlgate.cli import _model_ledger

    for line in _model_ledger.record(report.read(), os.getcwd(), os.environ):
        click.echo(line)


@ledger.command("list")
def list_uses() -> None:
    """The uses on record, by test set."""
    from mlgate.cli import _model_ledger

    for line in _model_ledger.listed(os.getcwd(), os.environ):
        click.echo(line)


@command.command(epilog="""\b
Examples:
  mlgate model compare new.csv old.csv --id id --prediction pred
  mlgate model compare new.parquet old.parquet --score p --metric roc_auc --slice region
  mlgate model compare new.json old.json --task score --records samples --score ok""")
@click.argument("new", type=click.Path(exists=True, dir_okay=False))
@click.argument("old", type=click.Path(exists=True, dir_okay=False))
@click.option("--id", "ids", multiple=True, metavar="COLUMN", help="Pairs the rows; repeatable.")
@click.option("--label", default="label", show_default=True, metavar="COLUMN")
@click.option("--prediction", metavar="COLUMN", help="Predicted classes or numbers.")
@click.option(
    "--score", metavar="COLUMN", help="The positive class's probability, what ranks, or is judged."
)
@click.option("--positive", metavar="CLASS", help="The positive class; 1 unless given.")
@click.option(
    "--task",
    type=click.Choice(["binary", "multiclass", "multilabel", "regression", "ranking", "score"]),
    help="binary unless --metric tells it.",
)
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Repeatable.")
@click.option("--slice", "slices", multiple=True, metavar="COLUMN[,COLUMN]", help="Repeatable.")
@click.option("--cluster", metavar="COLUMN", help="What rows have in common.")
@click.option("--query", metavar="COLUMN", help="Of ranking: which query a row answers.")
@click.option("--records", metavar="PATH", help="Of JSON: where its array of rows stands.")
def compare(new: str, old: str, **asked: Any) -> None:
    """The metrics of NEW beside those of OLD with the interval of the difference, and the slices,
    worst first. Both are tables of predictions on the same rows."""
    from mlgate.cli import _model_compare

    style = _terminal.style(sys.stdout, os.environ)
    for line in _model_compare.lines(new, old, asked, style):
        click.echo(line)


@command.command(epilog="""\b
Examples:
  mlgate model plan --margin 0.01 --churn 0.05
  mlgate model plan --gate churn
  mlgate model plan --condition 'n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01' --uses 32""")
@click.option("--gate", metavar="NAME", help="The rules of this gate of the policy.")
@click.option("--condition", metavar="TEXT", help="A condition as ease.ml/ci writes it.")
@click.option("--margin", type=click.FloatRange(0, 1, min_open=True), help="The loss allowed.")
@click.option(
    "--churn",
    type=click.FloatRange(0, 1, min_open=True),
    help="The share of rows on which the models differ; a range of them unless given.",
)
@click.option("--rows", type=click.IntRange(min=1), help="Rows there are: what would they show?")
@click.option(
    "--alpha",
    type=click.FloatRange(0, 0.5, min_open=True),
    help="Of each bound; 0.05 unless given.",
)
@click.option("--power", type=click.FloatRange(0.5, 1, max_open=True), help="0.8 unless given.")
@click.option(
    "--uses", type=click.IntRange(min=1), help="Verdicts on this test set; 1 unless given."
)
@click.option(
    "--adaptivity", type=click.Choice(["none", "hybrid", "full"]), help="none unless given."
)
@click.option(
    "--reliability",
    type=click.FloatRange(0.5, 1, max_open=True),
    help="Of a condition; 0.9999 unless given.",
)
def plan(**asked: Any) -> None:
    """How many rows and labels a requirement takes, or what the rows that there are can show."""
    from mlgate.cli import _model_plan

    style = _terminal.style(sys.stdout, os.environ)
    for line in _model_plan.lines(asked, style):
        click.echo(line)
