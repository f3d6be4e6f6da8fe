"""Finds the configuration file that a tool reads, among the files of the subject alone."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mlgate.core.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlgate.core.snapshot import Snapshot

# Files that belong to many tools count only where they have a section of this one.
_SHARED = ("pyproject.toml", "setup.cfg", "tox.ini")


class Config(Struct, frozen=True):
    """A tool's configuration in the subject."""

    folder: str
    """The folder from which the tool is started, relative to the root; empty for the root."""
    path: str | None = None
    """The configuration file; None where there is none."""
    files: tuple[tuple[str, str], ...] = ()
    """Every file that may configure it, with its content id."""
    args: tuple[str, ...] = ()
    """The arguments, without the one that named the file."""


def find_config(subject: Snapshot, module: Any, project: str, args: Sequence[str]) -> Config:
    """The configuration of the tool `module` for `project`: what `args` name, else the nearest of
    `module.configs` in the project's folder and those above it, up to the root."""
    named, rest = _named(args, getattr(module, "config_options", ()))
    if named is not None:
        path = _inside(f"{project}/{named}" if project else named)
        if path not in subject.files:
            raise GateError(
                f"the arguments name the configuration {named}, which is not among the files",
                "add it to the repository, or correct `args`",
            )
        return Config(project, path, ((path, subject.files[path].id),), rest)
    everywhere = tuple(_everywhere(subject, module)) if getattr(module, "nested", False) else ()
    for folder in _upwards(project):
        for name in module.configs:
            path = f"{folder}/{name}" if folder else name
            entry = subject.files.get(path)
            if entry and entry.is_file and configures(subject, module, path):
                return Config(folder, path, everywhere or ((path, entry.id),), rest)
    return Config(project, None, everywhere, rest)


def configures(subject: Snapshot, module: Any, path: str) -> bool:
    """True if the file at `path` configures the tool."""
    name = path.rpartition("/")[2]
    if name not in _SHARED:
        return True
    prefix = "tool." if name == "pyproject.toml" else ""
    for section in module.sections:
        pattern = rb"(?m)^[ \t]*\[+[ \t]*" + re.escape(prefix + section).encode() + rb"[\].:\- ]"
        if re.search(pattern, subject.read(path)):
            return True
    return False


def option_values(args: Sequence[str], option: str) -> list[str]:
    """The values that `args` give to `option`: `--option=value` and `--option value`."""
    values = [arg.partition("=")[2] for arg in args if arg.startswith(option + "=")]
    return values + [args[n + 1] for n, arg in enumerate(args[:-1]) if arg == option]


def read_ini(path: str) -> dict[str, dict[str, str]]:
    """The sections of an INI file. Raises `GateError` where it is none."""
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            parser.read_file(file)
    except configparser.Error as error:
        raise _broken(path, error) from None
    return {name: dict(parser[name]) for name in parser.sections()}


def read_toml(path: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises `GateError` where it is none."""
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(path, error) from None


def _broken(path: str, error: Exception) -> GateError:
    name = os.path.basename(path)
    reason = " ".join(str(error).replace(path, name).split())
    return GateError(f"{name} cannot be read: {reason}", f"correct {name}")


def has_setting(content: bytes, *names: str) -> bool:
    """True if a configuration file sets one of the keys `names`."""
    keys = "|".join(re.escape(name).replace("_", "[-_]").replace(r"\-", "[-_]") for name in names)
    return re.search(rf"(?m)^[ \t]*(?:{keys})[ \t]*[=:]".encode(), content) is not None


def _everywhere(subject: Snapshot, module: Any) -> Iterator[tuple[str, str]]:
    names = frozenset(module.configs)
    for path, entry in subject.files.items():
        if path.rpartition("/")[2] in names and entry.is_file:
            yield path, entry.id


def _upwards(project: str) -> Iterator[str]:
    while project:
        yield project
        project = project.rpartition("/")[0]
    yield ""


def _named(args: Sequence[str], options: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The value of the last of `options` in `args`, and the other arguments."""
    value, rest, arguments = None, [], iter(args)
    for argument in arguments:
        option, equals, given = argument.partition("=")
        if option in options:
            value = given if equals else next(arguments, "")
        else:
            rest.append(argument)
    return value, tuple(rest)


def _inside(path: str) -> str:
    import posixpath

    return posixpath.normpath(path)
