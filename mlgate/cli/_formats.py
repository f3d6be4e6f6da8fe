"""The `--format FORMAT[:FILE]` option: what is asked for, and writing it."""

from __future__ import annotations

import os
import sys

import click
from msgspec import Struct
from msgspec.structs import replace

from mlgate.core import parts
from mlgate.core.errors import UsageError
from mlgate.core.report import Report


class Wanted(Struct, frozen=True):
    """One format; `path` is None for standard output."""

    name: str
    path: str | None


def parsed(values: tuple[str, ...]) -> list[Wanted]:
    """The formats asked for, each checked before any work is done. Raises `UsageError`."""
    wanted = []
    for value in values:
        name, colon, path = value.partition(":")
        if name not in parts.names("reporters"):
            parts.load("reporters", name)
        if colon and path != "-":
            _require_folder(value, path)
        wanted.append(Wanted(name, path if colon and path != "-" else None))
    to_stdout = [one.name for one in wanted if one.path is None]
    if len(to_stdout) > 1:
        raise UsageError(
            f"{' and '.join(to_stdout)} cannot both go to standard output",
            f"give one of them a file: --format {to_stdout[0]}:FILE",
        )
    return wanted


def _require_folder(value: str, path: str) -> None:
    if not path:
        raise UsageError(f"--format {value} names no file", f"--format {value}FILE")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise UsageError(f"--format {value}: there is no folder {folder}", f"mkdir -p {folder}")
    if os.path.isdir(path):
        raise UsageError(f"--format {value}: {path} is a folder", "name a file in it")


def completed(incomplete: str) -> list[str]:
    """Names of formats that begin like this, for the shell."""
    return [name for name in parts.names("reporters") if name.startswith(incomplete)]


def for_people(wanted: list[Wanted]) -> bool:
    """True if standard output gets text: asked for, or nothing else goes there."""
    return all(one.name == "text" for one in wanted if one.path is None)


def write(wanted: list[Wanted], report: Report) -> None:
    """Write every format but the text on standard output, which is written as the run goes."""
    for one in wanted:
        if one.path is not None:
            write_whole(one.path, rendered(one.name, report))
        elif one.name != "text":
            click.echo(rendered(one.name, report), nl=False)


def show(wanted: list[Wanted], report: Report) -> None:
    """Write every format of a report that is there already, as text unless something else is
    asked of standard output."""
    if for_people(wanted):
        from mlgate.cli import _terminal
        from mlgate.reporters import text

        style = _terminal.style(sys.stdout, os.environ)
        click.echo(
            text.render(report, width=style.width, color=style.color, unicode=style.unicode),
            nl=False,
        )
    write(wanted, report)


def machine_reads(wanted: list[Wanted]) -> bool:
    """True if standard output belongs to a program, which anything else there would confuse."""
    return any(one.path is None and one.name != "text" for one in wanted)


def rendered(name: str, report: Report) -> str:
    """The report in a format; the meaning of its rules, and what earlier runs came to, is added
    where the format tells it."""
    reporter = parts.load("reporters", name)
    if getattr(reporter, "needs_rules", False):
        from mlgate.cli._known import rules_of

        report = replace(report, rules=rules_of(report))
    if getattr(reporter, "needs_history", False) and not report.history:
        from mlgate.cli._runs import history

        report = replace(report, history=history(report))
    if getattr(reporter, "needs_engine", False):
        from mlgate.cli._plot_engine import drawing

        with drawing() as engine:
            return str(reporter.render(report, engine))
    return str(reporter.render(report))


def write_whole(path: str, content: str) -> None:
    """Write a file so that nobody ever reads half of it; a device or a pipe is written to as it is,
    since another file in the place of /dev/null would break the machine."""
    whole = os.path.isfile(path) or not os.path.exists(path)
    part = f"{path}.{os.getpid()}.part" if whole else path
    try:
        with open(part, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
        if whole:
            os.replace(part, path)
    except OSError as error:
        if whole and os.path.exists(part):
            os.unlink(part)
        raise UsageError(
            f"the report cannot be written to {path}: {error.strerror}",
            "name a file in a folder that can be written to",
        ) from None
