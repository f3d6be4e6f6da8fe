"""ty: finds it, asks it about the whole tree, and reads its diagnostics."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Completed, Context, Environment, Tool
from mlgate.core.words import Level
from mlgate.tools import _program
from mlgate.tools._ask import Ask, portions, refused

each = False
tree = ("types",)
revision = 1
configs = ("ty.toml", "pyproject.toml")
sections = ("ty",)
valued = (
    "--python", "--project", "--config-file", "-c", "--config", "--output-format", "--ignore",
    "--error", "--warn", "--python-version", "--extra-search-path", "--exclude",
)  # fmt: skip
kept = ("-c",)
config_options = ("--config-file",)

_LEVELS = {
    "blocker": Level.ERROR,
    "critical": Level.ERROR,
    "major": Level.ERROR,
    "minor": Level.WARNING,
    "info": Level.NOTE,
}


class _Point(msgspec.Struct):
    line: int
    column: int


class _Span(msgspec.Struct):
    begin: _Point


class _Place(msgspec.Struct):
    path: str
    positions: _Span


class _Diagnostic(msgspec.Struct):
    check_name: str
    description: str
    severity: str
    location: _Place


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """ty 0.0.1 or newer."""
    return _program.find("ty", environments, environ, (0, 0, 1))


def types(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """What ty says of `ask.names`, in GitLab's form of a report."""
    python = [f"--python={ask.python}"] if ask.python else []
    own = ["--output-format=gitlab", "--no-progress", f"--project={ask.folder}"]
    for names in portions(ask.names):
        args = ["check", *python, *ask.args, *own, "--", *names]
        # Its configuration for the user lies here, and must not decide.
        done = ctx.run(tool, *args, cwd=ask.folder, env={"XDG_CONFIG_HOME": os.devnull})
        for found in _read(tool, done):
            yield Finding(
                rule=f"{ask.kind}/{found.check_name}",
                message=found.description.removeprefix(f"{found.check_name}: "),
                level=_LEVELS.get(found.severity, Level.ERROR),
                location=Location(
                    path=found.location.path.replace(os.sep, "/").removeprefix("./"),
                    line=found.location.positions.begin.line,
                    column=found.location.positions.begin.column,
                ),
            )


def _read(tool: Tool, done: Completed) -> list[_Diagnostic]:
    if done.returncode not in (0, 1):
        raise refused(tool, done)
    try:
        found = msgspec.json.decode(done.stdout, type=list[_Diagnostic])
    except msgspec.MsgspecError:
        raise refused(tool, done, "printed what is no JSON report") from None
    if done.returncode == 1 and not found:
        raise refused(tool, done)
    return found
