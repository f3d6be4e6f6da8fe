"""Print the JSON Schema of mlgate.toml, for editors."""

from __future__ import annotations

import click
import msgspec

_EPILOG = """\b
Example:
  mlgate schema > mlgate.schema.json
and in mlgate.toml, on the first line (taplo, Even Better TOML):
  #:schema ./mlgate.schema.json"""


@click.command(epilog=_EPILOG)
def command() -> None:
    """Print the JSON Schema of mlgate.toml: every kind of gate with its options, their types and
    meaning."""
    from mlgate.policy.schema import schema

    click.echo(msgspec.json.format(msgspec.json.encode(schema()), indent=2))
