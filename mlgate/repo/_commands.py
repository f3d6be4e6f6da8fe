"""Recognises tools in shell lines: after which prefixes they stand, and with what arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

TOOLS = frozenset(
    {
        *("autopep8", "bandit", "black", "coverage", "detect-secrets", "detect-secrets-hook"),
        *("dvc", "flake8", "isort", "mypy", "nbqa", "nbstripout", "osv-scanner", "pip-audit"),
        *("pylint", "pyright", "pytest", "ruff", "safety", "ty"),
    }
)
_NAMES = {"py.test": "pytest", "detect-secrets-hook": "detect-secrets", "pip_audit": "pip-audit"}
_PREFIX = re.compile(
    r"(?:uv|uvx|pipx|poetry|pipenv|pdm|hatch|pixi|rye|conda|run|tool|exec|env|time|sudo"
    r"|(?:.*/)?python[\d.]*|-\S+|\w+=.*|\$.*)"
)
_END = re.compile(r"[;&|()<>]+|\d?>.*")


class Command(NamedTuple):
    """A tool as it is called."""

    tool: str
    args: tuple[str, ...]
    version: str | None
    line: int
    """Counted from 1 in the text it was found in."""


def commands(text: str) -> Iterator[Command]:
    """Every call of a known tool in a shell script."""
    line = 1
    for logical in re.sub(r"\\\r?\n", "\\\\\0", text).split("\n"):
        script = logical.replace("\\\0", " ").strip().lstrip("@-+").strip()
        try:
            lexer = shlex.shlex(script, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:
            words = []
        for simple in _simple(words):
            yield from _recognised(simple, line)
        line += 1 + logical.count("\0")


def recognised(words: list[str], line: int = 1) -> Iterator[Command]:
    """The tool that an argument list calls, if it is a known one."""
    return _recognised(words, line)


def _simple(words: list[str]) -> Iterator[list[str]]:
    """Simple commands, parted at `&&`, `|`, `;`; redirections end one."""
    current: list[str] = []
    for word in words:
        if _END.fullmatch(word):
            yield current
            current = []
        else:
            current.append(word)
    yield current


def _recognised(words: list[str], line: int) -> Iterator[Command]:
    for position, word in enumerate(words):
        name, _, version = re.sub(r"==|@", "\0", word.rpartition("/")[2]).partition("\0")
        name = _NAMES.get(name, name)
        if name in TOOLS:
            args = tuple(words[position + 1 :])
            yield Command(name, args, version or None, line)
            if name == "coverage" and "pytest" in args:
                yield Command("pytest", args[args.index("pytest") + 1 :], None, line)
            return
        if not _PREFIX.fullmatch(word):
            return
