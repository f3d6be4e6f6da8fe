"""Show every record of a model: who moved what, when, on what grounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from mlgate.cli import _promotion
from mlgate.cli._table import table
from mlgate.core.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlgate.promotion.chain import Link


@click.command()
@click.argument("model")
@click.option("--alias", metavar="ALIAS", help="Only records of this alias.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@_promotion.offline_option
def command(model: str, alias: str | None, form: str, offline: bool) -> None:
    """Show the chain of MODEL, oldest first. JSON holds each record's whole statement."""
    with _promotion.housed(model, offline=offline) as house:
        held, chain = house.read()
        links = [one for one in chain.links if alias in (None, one.act.alias)]
        if form == "json":
            shown = [{"digest": one.digest, "statement": one.statement} for one in links]
            click.echo(msgspec.json.format(msgspec.json.encode(shown)).decode())
            return
        if not links:
            click.echo(f"no record of {model} yet in {house.registry.label}")
        for line in _lines(links):
            click.echo(line)
        for name, version in sorted(held.aliases.items()):
            if chain.aliases.get(name) != version and alias in (None, name):
                whole = f"{model}@{name}"
                click.echo(f"{whole} names {version}, which no record says: mlgate verify {whole}")


def _lines(links: Sequence[Link]) -> Iterator[str]:
    """Each record: what it did, and below that on what grounds."""
    if not links:
        return
    rows = [
        (
            str(one.act.number),
            f"{one.act.time:%Y-%m-%d %H:%M}",
            one.act.action,
            one.act.alias,
            one.act.version,
            one.act.by,
        )
        for one in links
    ]
    style = _promotion.painted()
    head, *lines = table(rows, style, ("", "WHEN (UTC)", "WHAT", "ALIAS", "VERSION", "SIGNED BY"))
    indent = 2 + max(len(row[0]) for row in rows)
    yield head
    for link, line in zip(links, lines, strict=True):
        yield line
        for text in style.wrapped(plain(_promotion.grounds(link)), indent):
            yield " " * indent + style.paint(text, "dim")
