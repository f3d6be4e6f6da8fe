"""The part of a configuration file that belongs to one tool, as a plain mapping."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from mlgate.core.text import counted

SHARED = frozenset({"pyproject.toml", "setup.cfg", "tox.ini"})
"""Files of many tools, in which each has sections of its own."""
_INI = (".cfg", ".ini", ".flake8", ".bandit", ".pylintrc", "pylintrc", ".pep8", ".coveragerc")


def settings(path: str, content: bytes, sections: Iterable[str]) -> dict[str, Any]:
    """What `content`, lying at `path`, says to a tool with these `sections`.

    A file that cannot be read as what its name says counts line by line, so that no change of it
    goes unseen.
    """
    name = path.rpartition("/")[2]
    try:
        if name == "pyproject.toml":
            found = tomllib.loads(content.decode()).get("tool", {})
            return {"tool": {key: found[key] for key in found if _meant(key, sections)}}
        if name.endswith(".toml"):
            return tomllib.loads(content.decode())
        if name.endswith(_INI):
            every = name not in SHARED
            return {
                section: values
                for section, values in _ini(content).items()
                if every or _meant(section, sections)
            }
    except (ValueError, RecursionError, AttributeError):
        pass
    return {"": _lines(content)}


def _meant(name: str, sections: Iterable[str]) -> bool:
    """True for a tool's own section, and for those below it: `flake8:local-plugins`, `mypy-x`."""
    lowered = name.lower()
    return any(
        lowered == section or lowered.startswith((f"{section}:", f"{section}.", f"{section}-"))
        for section in sections
    )


def _ini(content: bytes) -> dict[str, dict[str, str]]:
    import configparser

    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(content.decode())
    except configparser.Error:
        raise ValueError from None
    return {name: {k: str(v) for k, v in parser[name].items()} for name in parser.sections()}


def _lines(content: bytes) -> dict[str, str]:
    from mlgate.core.digests import digest_of

    text = content.decode("utf-8", "replace")
    size = counted(len(text.splitlines()), "line")
    return {"content": f"{size}, digest {digest_of(content).hexdigest()[:12]}"}


def named_by(args: Iterable[str], options: Iterable[str]) -> Iterator[str]:
    """The files that a tool's arguments name as its configuration."""
    words = list(args)
    for number, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in options:
            following = words[number + 1] if number + 1 < len(words) else ""
            yield value if equals else following
