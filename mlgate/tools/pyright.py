"""pyright: finds it, asks it about the whole tree, and reads its diagnostics."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Completed, Context, Environment, Tool
from mlgate.core.words import Level
from mlgate.tools import _program
from mlgate.tools._ask import Ask, refused

each = False
tree = ("types",)
revision = 1
configs = ("pyrightconfig.json", "pyproject.toml")
sections = ("pyright",)
valued = (
    "-p", "--project", "--pythonversion", "--pythonpath", "--level", "--threads",
)  # fmt: skip
config_options = ("-p", "--project")

_LEVELS = {"error": Level.ERROR, "warning": Level.WARNING, "information": Level.NOTE}


class _Position(msgspec.Struct):
    line: int
    character: int


class _Range(msgspec.Struct):
    start: _Position


class _Diagnostic(msgspec.Struct):
    file: str
    severity: str
    message: str
    range: _Range | None = None
    rule: str | None = None


class _Summary(msgspec.Struct, rename="camel"):
    files_analyzed: int


class _Output(msgspec.Struct, rename="camel"):
    general_diagnostics: list[_Diagnostic]
    summary: _Summary


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """pyright 1.1.350 or newer; the Python package fetches its program when it is first used."""
    return _program.find("pyright", environments, environ, (1, 1, 350))


def types(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """What pyright says: of what the configuration includes, else of `ask.names`."""
    python = [f"--pythonpath={ask.python}"] if ask.python else []
    if ask.config:
        done = ctx.run(tool, *ask.args, *python, "--outputjson", "-p", ask.config, cwd=ask.folder)
    else:
        names = [f"./{name}" for name in ask.names]
        # A list on standard input has no limit, and no name in it is taken for an option.
        listed = "\n".join(names).encode()
        args = [*ask.args, *python, "--outputjson", "-"]
        done = ctx.run(tool, *args, cwd=ask.folder, stdin=listed)
    for found in _read(tool, done).general_diagnostics:
        start = found.range.start if found.range else None
        yield Finding(
            rule=f"{ask.kind}/{found.rule or 'syntax'}",
            message=found.message,
            level=_LEVELS.get(found.severity, Level.ERROR),
            location=Location(
                path=_relative(ask.folder, found.file),
                line=start.line + 1 if start else None,
                column=start.character + 1 if start else None,
            ),
        )


def _read(tool: Tool, done: Completed) -> _Output:
    if done.returncode not in (0, 1):
        raise refused(tool, done)
    try:
        output = msgspec.json.decode(done.stdout, type=_Output)
    except msgspec.MsgspecError:
        raise refused(tool, done, "printed what is no JSON report") from None
    if output.summary.files_analyzed == 0:
        raise refused(tool, done, "found no file to judge")
    return output


def _relative(folder: str, path: str) -> str:
    return os.path.relpath(os.path.realpath(path), os.path.realpath(folder)).replace(os.sep, "/")
