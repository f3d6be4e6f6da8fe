"""Look at tables: what is in them, what may be asked of them, how two of them differ."""

from __future__ import annotations

import os
import sys

import click

from mlgate.cli import _terminal
from mlgate.cli._data_desk import desk, place, root


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

    TABLE is a file (.parquet, .csv, .tsv, .jsonl, .arrow), a folder of such files, a pattern, or a
    table or query of a database: shop.duckdb#orders, "shop.sqlite#SELECT ...".
    """
    from mlgate.cli import _profile_text
    from mlgate.tables.profile import profile as profiled

    folder, name = place(table)
    if save:
        from mlgate.cli import _data_save

        with desk(folder) as at:
            click.echo(_data_save.save(at, os.path.join(folder, name)))
        return
    with desk(folder) as at:
        from mlgate.tables._where import in_work_tree

        found = profiled(at, in_work_tree(folder, name))
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

    folder, name = place(table)
    with desk(folder) as at:
        located = in_work_tree(folder, name)
        found = profiled(at, located)
        path = os.path.relpath(os.path.join(folder, name), root(folder)).replace(os.sep, "/")
        text = "\n".join(_data_suggest.lines(at, located, found, path))
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

    places = [place(path) for path in (before, after)]
    with desk(places[0][0]) as at:
        tables = [in_work_tree(folder, name) for folder, name in places]
        found = _data_diff.difference(at, tables[0], tables[1])
    if form == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    style = _terminal.style(sys.stdout, os.environ)
    click.echo("\n".join(_data_diff.lines(found, style)))
