"""Look at tables: what is in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from mlgate.cli import _terminal

if TYPE_CHECKING:
    from mlgate.tables.ask import Desk


@click.group(name="data")
def command() -> None:
    """Look at tables: what is in them."""


@command.command()
@click.argument("table")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              help="How to write it.")  # fmt: skip
def profile(table: str, form: str) -> None:
    """Show each column of TABLE: type, missing values, spread.

    TABLE is a file (.parquet, .csv, .tsv, .jsonl, .arrow), a folder of such files, or a pattern.
    """
    from mlgate.cli import _profile_text
    from mlgate.tables.profile import profile as profiled

    folder, name = _place(table)
    with _desk(folder) as desk:
        from mlgate.tables._where import in_work_tree

        found = profiled(desk, in_work_tree(folder, name))
    if form == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    style = _terminal.style(sys.stdout, os.environ)
    click.echo("\n".join(_profile_text.lines(found, style)))


def _place(table: str) -> tuple[str, str]:
    """The folder below which the table lies, and its path from there."""
    path = os.path.abspath(table)
    here = os.getcwd()
    if path.startswith(here + os.sep):
        return here, os.path.relpath(path, here).replace(os.sep, "/")
    return os.path.dirname(path), os.path.basename(path)


@contextmanager
def _desk(folder: str) -> Iterator[Desk]:
    """What asking a table needs; no repository."""
    from datetime import UTC, datetime
    from types import SimpleNamespace

    from mlgate.runner.workshop import Workshop
    from mlgate.store.store import open_store

    workshop = Workshop(folder, os.environ, jobs=1)
    store = open_store(os.environ)
    desk: Any = SimpleNamespace(store=store, now=datetime.now(UTC), worker=workshop.worker)
    try:
        yield desk
    finally:
        workshop.close()
        store.close()
