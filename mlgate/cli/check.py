"""Judge the repository by its policy: will this branch pass?"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from mlgate.cli import _formats, _live, _terminal
from mlgate.core.words import Stage
from mlgate.repo.ci import detect
from mlgate.reporters import text

_EPILOG = """\b
Examples:
  mlgate check                         everything a merge asks for
  mlgate check src/train.py            one file
  mlgate check --changed --new         only what this branch brings along
  mlgate check --stage commit          what the commit hook asks
  mlgate check --gate lint --gate types
  mlgate check --format text --format sarif:out.sarif
  mlgate check --gate data --rows failing.parquet

Exit codes: 0 nothing blocks, 1 a blocking gate failed, 2 wrong usage or
policy, 3 a blocking gate could not be judged, 130 interrupted."""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@click.option(
    "--stage",
    type=click.Choice([stage.value for stage in Stage]),
    default=Stage.MERGE.value,
    show_default=True,
    help="The moment to judge for: it decides which gates are asked, and about what.",
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="NAME",
    shell_complete=lambda ctx, param, incomplete: _gate_names(incomplete),
    help="Only this gate; repeatable.",
)
@click.option(
    "--all", "everything", is_flag=True, help="All files, where the stage would take changed ones."
)
@click.option("--changed", is_flag=True, help="Only files that differ from the base.")
@click.option("--base", metavar="REF", help="Compare with this commit, branch or tag.")
@click.option(
    "--new/--no-new",
    default=None,
    help="Whether findings that the base has too do not count; else as the policy says.",
)
@click.option("--deepen", is_flag=True, help="Fetch history until the base is found.")
@click.option("--offline", is_flag=True, help="Ask nothing of the network.")
@click.option("--project", metavar="DIR", help="Only this project of a monorepo.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[:FILE]",
    callback=lambda ctx, param, value: _formats.parsed(value),
    shell_complete=lambda ctx, param, incomplete: _formats.completed(incomplete),
    help="How to report, and where to; repeatable. Without FILE: standard output.",
)
@click.option(
    "--rows",
    metavar="FILE",
    help="Write the rows that break rules of data gates to FILE (.parquet), personal data masked.",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes at once.")
@click.option("--no-cache", is_flag=True, help="Judge everything anew.")
@click.option("--push-refs", type=click.File("rb"), metavar="FILE", hidden=True)
def command(formats: list[_formats.Wanted], push_refs: Any, rows: str | None, **asked: Any) -> None:
    """Judge the repository by its policy (mlgate.toml), or, where it has none, by the tools that it
    already uses.

    Plain `mlgate check` answers whether the branch will pass a merge: it judges the work tree with
    untracked, unignored files. What was judged before and has not changed comes from the cache.
    """
    from mlgate.runner.request import Request
    from mlgate.runner.run import check

    if rows is not None:
        from mlgate.cli import _failing_rows

        rows = _failing_rows.checked(rows)
    request = Request(
        start=os.getcwd(),
        stage=Stage(asked.pop("stage")),
        cache=not asked.pop("no_cache"),
        push_refs=push_refs.read() if push_refs else None,
        **asked,
    )
    for_people = _formats.for_people(formats)
    style = _terminal.style(sys.stdout, os.environ)
    observer = _observer(style if for_people else None)
    try:
        report = check(request, os.environ, observer)
    finally:
        observer.close()
    if for_people:
        click.echo("\n".join(text.summary_lines(report, style)))
    ci = detect(os.environ)
    if ci is not None:
        from mlgate.cli import _native

        _native.show(ci, report, os.environ, speak=not _formats.machine_reads(formats))
    _formats.write(formats, report)
    if rows is not None:
        for line in _failing_rows.write(report, request, rows):
            click.echo(line, err=True)
    click.get_current_context().exit(report.exit_code)


def _observer(style: text.Style | None) -> _live.Lines:
    """Progress is drawn where somebody can see it: standard output, or else standard error."""
    stream = sys.stdout if style else sys.stderr
    if _terminal.is_live(stream, os.environ):
        return _live.Watched(style, stream)
    return _live.Lines(style)


def _gate_names(incomplete: str) -> list[str]:
    """Gates of the policy that begin like this, for the shell."""
    from mlgate.cli._opened import opened
    from mlgate.core.errors import MlgateError

    try:
        with opened() as session:
            names = [gate.name for gate in session.policy.gates]
    except MlgateError:
        return []
    return [name for name in names if name.startswith(incomplete)]
