"""Open the last report, show how runs went, join reports of parallel jobs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TypeVar

import click

from mlgate.cli import _formats, _terminal
from mlgate.core.words import Stage

_EPILOG = """\b
Examples:
  mlgate report                         the last run, in the browser
  mlgate report --format markdown       the last run, as text
  mlgate report trend                   how the last runs went
  mlgate report trend --html trend.html
  mlgate report merge a.json b.json --format html:report.html

Exit codes: 0 it was shown, 2 wrong usage or there is none; merge: as
mlgate check, for all reports together."""

_stage = click.option(
    "--stage", type=click.Choice([stage.value for stage in Stage]), help="Runs of this stage."
)


_Command = TypeVar("_Command", bound=Callable[..., object])


def _format(text: str) -> Callable[[_Command], _Command]:
    return click.option(
        "--format",
        "formats",
        multiple=True,
        metavar="FORMAT[:FILE]",
        callback=lambda ctx, param, value: _formats.parsed(value),
        shell_complete=lambda ctx, param, incomplete: _formats.completed(incomplete),
        help=text,
    )


@click.group(name="report", invoke_without_command=True, epilog=_EPILOG)
@_stage
@_format("Write it so instead of opening it; repeatable.")
@click.pass_context
def command(ctx: click.Context, stage: str | None, formats: list[_formats.Wanted]) -> None:
    """Open the report of the last run. Nothing is judged again."""
    if ctx.invoked_subcommand is not None:
        return
    from msgspec.structs import replace

    from mlgate.cli import _runs

    run = _runs.latest(stage)
    report = replace(run.report, history=_runs.until(run))
    if formats:
        _formats.show(formats, report)
    else:
        _open(_formats.rendered("html", report), f"report-{report.stage}")


def _open(content: str, name: str) -> None:
    """Write a page beside the store and show it, where there is a screen to show it on."""
    path = _place(f"{name}.html")
    _formats.write_whole(path, content)
    click.echo(path)
    screen = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if screen and _terminal.is_live(sys.stdout, os.environ):
        click.launch(path)


def _place(name: str) -> str:
    """A file of this repository in the private folder of the store."""
    from mlgate.core.digests import digest_of
    from mlgate.core.errors import UsageError
    from mlgate.repo import git
    from mlgate.store.store import store_folder

    store = store_folder(os.environ)
    if store is None:
        raise UsageError("there is no place for the page", "mlgate report --format html:FILE")
    root = git.find(os.getcwd(), os.environ).root
    folder = os.path.join(store, "reports", digest_of(os.fsencode(root)).hexdigest()[:12])
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return os.path.join(folder, name)


@command.command()
@_stage
@click.option("--limit", type=click.IntRange(min=1, max=200), default=20, show_default=True,
              help="Runs at most.")  # fmt: skip
@click.option("--html", "page", metavar="FILE", type=click.Path(dir_okay=False),
              help="Write a page instead.")  # fmt: skip
def trend(stage: str | None, limit: int, page: str | None) -> None:
    """Show how the last runs went: outcomes of each gate, and how the numbers moved."""
    from mlgate.cli import _runs, _trend

    stage = stage or _runs.latest(None).report.stage.value
    entries = _runs.entries(stage, limit)
    if page:
        from mlgate.cli._plot_engine import drawing
        from mlgate.reporters import _html_trend

        with drawing() as engine:
            _formats.write_whole(page, _html_trend.render(stage, entries, engine))
        click.echo(page)
        return
    style = _terminal.style(sys.stdout, os.environ)
    click.echo("\n".join(_trend.lines(stage, entries, style)))


@command.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@_format("How to write the whole; repeatable. Text unless given.")
def merge(files: tuple[str, ...], formats: list[_formats.Wanted]) -> None:
    """Join reports that parallel jobs wrote with `mlgate check --format json:FILE`. The exit code
    is that of all together.

    Name every file that must be there: one that is missing is an error.
    """
    from mlgate.cli import _joined

    report = _joined.joined({path: _joined.read(path) for path in files})
    _formats.show(formats, report)
    click.get_current_context().exit(report.exit_code)
