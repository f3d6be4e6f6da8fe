"""mypy: finds it, asks it about the whole tree, and reads its errors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Completed, Context, Environment, Tool
from mlgate.core.words import Level
from mlgate.tools import _find
from mlgate.tools._ask import Ask, refused
from mlgate.tools._codes import Asking, Code
from mlgate.tools._config import has_setting

each = False
tree = ("types",)
revision = 2
configs = ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")
sections = ("mypy",)
valued = (
    "--config-file", "--python-version", "--exclude", "--cache-dir", "--python-executable",
    "--platform", "--disable-error-code", "--enable-error-code", "--follow-imports", "-p", "-m",
)  # fmt: skip
config_options = ("--config-file",)


class _Error(msgspec.Struct):
    file: str
    line: int
    column: int
    message: str
    severity: str
    code: str | None = None
    hint: str | None = None


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """mypy 1.11 or newer, which answers in JSON."""
    return _find.find(
        "mypy",
        distribution="mypy",
        environments=environments,
        environ=environ,
        minimum=(1, 11),
        shared=False,
    )


def types(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """What mypy says of the project. It keeps no cache: findings are stored by content."""
    from tempfile import TemporaryDirectory

    own = [f"--config-file={ask.config or ''}", f"--cache-dir={os.devnull}", "--output=json"]
    python = [f"--python-executable={ask.python}"] if ask.python else []
    targets, listed = _targets(ask)
    with TemporaryDirectory() as scratch:
        # What mypy writes last tells an end from an `exit 0` of one of its plug-ins.
        last = os.path.join(scratch, "end.xml")
        own += [f"--junit-xml={last}", "--no-error-summary"]
        args = [*python, *ask.args, *own, *targets, *(_listed(ask, scratch) if listed else ())]
        done = ctx.run(tool, *args, cwd=ask.folder)
        ended = os.path.exists(last)
    errors = _read(tool, done)
    if not ended and done.returncode == 0:
        raise refused(tool, done, "ended before it had judged: a plug-in may have ended it")
    for error in errors:
        yield Finding(
            rule=f"{ask.kind}/{error.code or 'error'}",
            message=error.message,
            level=Level.ERROR if error.severity == "error" else Level.NOTE,
            location=Location(
                path=error.file.replace(os.sep, "/").removeprefix("./"),
                line=error.line if error.line > 0 else None,
                column=error.column + 1 if error.column >= 0 else None,
            ),
            help=error.hint,
        )


def _targets(ask: Ask) -> tuple[list[str], bool]:
    """What to name on the command line, and whether that is the list of files."""
    if any(not arg.startswith("-") or arg in ("-p", "-m", "-c") for arg in ask.args):
        return [], False
    if ask.config:
        with open(ask.config, "rb") as file:
            content = file.read()
        if has_setting(content, "files", "packages", "modules"):
            return [], False
        if has_setting(content, "exclude", "exclude_gitignore"):
            return ["."], False
    return [], True


def _listed(ask: Ask, scratch: str) -> tuple[str]:
    """The argument that names a file in which the names stand."""
    path = os.path.join(scratch, "names.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(f"./{name}" for name in ask.names))
    return (f"@{path}",)


def _read(tool: Tool, done: Completed) -> list[_Error]:
    if done.returncode not in (0, 1, 2):
        raise refused(tool, done)
    try:
        found = [
            msgspec.json.decode(line, type=_Error) for line in done.stdout.splitlines() if line
        ]
    except msgspec.MsgspecError:
        raise refused(tool, done, "printed what is no JSON report") from None
    if done.returncode == 2 and not any(error.code == "syntax" for error in found):
        raise refused(tool, done)
    if done.returncode == 1 and not found:
        raise refused(tool, done)
    return found


def describe(_asking: Asking, _tool: Tool, code: str) -> Code | None:
    """Where an error code of mypy is explained; mypy itself tells no more than its name."""
    if re.fullmatch(r"[a-z]+(-[a-z]+)*", code):
        return Code(
            means=f"mypy: {code.replace('-', ' ')}",
            read=f"https://mypy.readthedocs.io/en/stable/_refs.html#code-{code}",
            level=Level.ERROR.value,
            mute=f"# type: ignore[{code}]  # why",
        )
    return None
