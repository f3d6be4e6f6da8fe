"""Look at tables: what is in them, what may be asked of them, how two of them differ."""

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
@click.option("--save", is_flag=True, help="Write TABLE.profile.json, for drift to compare with.")
def profile(table: str, form: str, save: bool) -> None:
    """Show each column of TABLE: type, missing values, spread.

    TABLE is a file (.parquet, .csv, .tsv, .jsonl, .arrow), a folder of such files, or a pattern.
    """
    from mlgate.cli import _profile_text
    from mlgate.tables.profile import profile as profiled

    folder, name = _place(table)
    if save:
        from mlgate.cli import _data_save

        with _desk(folder) as desk:
            click.echo(_data_save.save(desk, os.path.join(folder, name)))
        return
    with _desk(folder) as desk:
        from mlgate.tables._where import in_work_tree

        found = profiled(desk, in_work_tree(folder, name))
    if form == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    style = _terminal.style(sys.stdout, os.environ)
    click.echo("\n".join(_profile_text.lines(found, style)))


@command.command()
@click.argument("table")
def suggest(table: str) -> None:
    """Write policy lines for TABLE: bounds that it keeps, with room to move.

    Append them to the policy, and read them: mlgate data suggest TABLE >> mlgate.toml
    """
    from mlgate.cli import _data_suggest
    from mlgate.tables._where import in_work_tree
    from mlgate.tables.profile import profile as profiled

    folder, name = _place(table)
    with _desk(folder) as desk:
        located = in_work_tree(folder, name)
        found = profiled(desk, located)
        path = os.path.relpath(os.path.join(folder, name), _root(folder)).replace(os.sep, "/")
        text = "\n".join(_data_suggest.lines(desk, located, found, path))
    click.echo(text)


@command.command()
@click.argument("before")
@click.argument("after")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              help="How to write it.")  # fmt: skip
def diff(before: str, after: str, form: str) -> None:
    """Show how table AFTER differs from BEFORE: columns, rows, distributions.

    It judges nothing: a `drift` gate does.
    """
    from mlgate.cli import _data_diff
    from mlgate.tables._where import in_work_tree

    places = [_place(path) for path in (before, after)]
    with _desk(places[0][0]) as desk:
        tables = [in_work_tree(folder, name) for folder, name in places]
        found = _data_diff.difference(desk, tables[0], tables[1])
    if form == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    style = _terminal.style(sys.stdout, os.environ)
    click.echo("\n".join(_data_diff.lines(found, style)))


def _root(folder: str) -> str:
    """The repository around `folder`, or the folder itself where there is none."""
    at = folder
    while not os.path.exists(os.path.join(at, ".git")):
        at, before = os.path.dirname(at), at
        if at == before:
            return folder
    return at


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
