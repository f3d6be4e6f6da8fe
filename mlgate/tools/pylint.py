"""pylint: finds it with its plug-ins, and reads its messages."""

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
from mlgate.tools._codes import Asking, Code, printed

each = False  # duplicate code and import cycles are between files
tree = ("lint",)
revision = 1
configs = ("pylintrc", "pylintrc.toml", ".pylintrc", ".pylintrc.toml", "pyproject.toml",
           "setup.cfg", "tox.ini")  # fmt: skip
sections = ("pylint", "pylint.master", "pylint.main")
valued = (
    "--rcfile", "--disable", "-d", "--enable", "-e", "--load-plugins", "-j", "--jobs", "-f",
    "--output-format", "--fail-under", "--ignore", "--max-line-length",
)  # fmt: skip
config_options = ("--rcfile",)

_BROKEN = frozenset({"astroid-error", "fatal", "method-check-failed", "config-parse-error"})


class _Message(msgspec.Struct, rename={"id": "message-id", "end": "endLine"}):
    type: str
    symbol: str
    message: str
    path: str
    line: int
    column: int
    id: str
    end: int | None = None


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """pylint 3.0 or newer. Best in the project's environment, as it looks at what is imported."""
    return _find.find(
        "pylint",
        distribution="pylint",
        environments=environments,
        environ=environ,
        minimum=(3, 0),
        shared=False,
    )


def lint(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """What pylint says of `ask.names`, all in one call."""
    own = (f"--rcfile={ask.config or os.devnull}", "--persistent=n", "--output-format=json")
    # One process must see all files: pylint has no list in a file, so the system's limit holds.
    done = ctx.run(
        tool, *own[:1], *ask.args, *own[1:], "--output=", "--jobs=1", "--", *ask.names,
        cwd=ask.folder,
    )  # fmt: skip
    for message in _read(tool, done):
        if message.symbol in _BROKEN:
            raise refused(tool, done, f"failed on {message.path}: {message.message}")
        yield Finding(
            rule=f"{ask.kind}/{message.id}",
            message=f"{message.message} ({message.symbol})",
            level=Level.ERROR if message.type in ("error", "fatal") else Level.WARNING,
            location=Location(
                path=message.path.replace(os.sep, "/"),
                line=message.line or None,
                column=message.column + 1,
                end_line=message.end,
            ),
        )


def _read(tool: Tool, done: Completed) -> list[_Message]:
    if done.returncode < 0 or done.returncode >= 32 or "Traceback" in done.errors:
        raise refused(tool, done)
    try:
        return msgspec.json.decode(done.stdout, type=list[_Message])
    except msgspec.MsgspecError:
        raise refused(tool, done, "printed what is no JSON report") from None


def describe(asking: Asking, tool: Tool, code: str) -> Code | None:
    """What `pylint --help-msg` says."""
    if not re.fullmatch(r"[CRWEF]\d{4}", code):
        return None
    said = printed(asking, tool, f"--help-msg={code}").strip().lstrip(":")
    head, _, rest = said.partition("\n")
    return Code(
        means=(
            " ".join(f"{head.replace('*', '')}. {rest}".split())
            if rest
            else "the installed pylint does not know it"
        ),
        read="https://pylint.readthedocs.io/en/stable/user_guide/messages/messages_overview.html",
        level=(Level.ERROR if code[0] in "EF" else Level.WARNING).value,
        mute=f"# pylint: disable={code}",
    )
