"""The `mlgate` command: a group that imports nothing but the command asked for."""

from __future__ import annotations

import importlib
import os

import click

from mlgate import __version__
from mlgate.core import parts

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_EPILOG = """\b
Examples:
  mlgate init          look at the repository and write mlgate.toml
  mlgate check         will this branch pass?
  mlgate fix           let the gates mend what they can
  mlgate explain lint  what a gate, a rule or a file is about

Exit codes: 0 nothing blocks, 1 a gate failed, 2 wrong usage or policy,
3 a gate could not be judged, 130 interrupted."""


class _Commands(click.Group):
    """`cli/NAME.py` is `mlgate NAME`, and holds a click command called `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(parts.names("cli"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in parts.names("cli"):
            return None
        importlib.import_module("mlgate.core.quick")  # not for `--help`, which needs no msgspec
        module = importlib.import_module(f"mlgate.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in parts.names("cli"):
            from mlgate.core.errors import UsageError

            raise UsageError(
                f"no command is called {name!r}", parts.nearest(name, parts.names("cli"))
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(ctx)])


def _summary(name: str) -> str:
    """The first line of a command's module docstring, read without importing the module."""
    path = os.path.join(_FOLDER, name.replace("-", "_") + ".py")
    with open(path, encoding="utf-8") as file:
        return file.readline().strip().strip('"').rstrip(".")


@click.group(
    cls=_Commands,
    epilog=_EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="mlgate", message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context) -> None:
    """One policy file, one command, one verdict: quality gates for machine-learning repositories,
    the same in the git hook, on the laptop and in CI."""
    ctx.color = True  # whether there is colour is decided in one place, `_terminal`
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
