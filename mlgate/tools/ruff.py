"""ruff: finds it; formats in a private folder, lints, and reads its security rules."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Completed, Context, Environment, Tool
from mlgate.core.words import Level
from mlgate.tools import _program
from mlgate.tools._ask import Ask, portions, refused
from mlgate.tools._codes import Asking, Code, printed
from mlgate.tools.bandit import is_test

each = True
nested = True
tree = ("lint",)  # what is first-party, and what is a package, depends on the other files
revision = 1
configs = (".ruff.toml", "ruff.toml", "pyproject.toml")
sections = ("ruff",)
valued = (
    "--config", "--select", "--ignore", "--extend-select", "--extend-ignore", "--exclude",
    "--line-length", "--target-version", "--output-format", "--cache-dir", "--per-file-ignores",
)  # fmt: skip

_GONE = re.compile(r"No such file|Permission denied|Is a directory")
_UNPARSED = re.compile(r"^error: Failed to parse (.+?):(\d+):(\d+): (.*)$", re.MULTILINE)
# What bandit calls low severity.
_LOW = re.compile(r"S(101|10[5-7]|110|112|311|40\d|41[0-5]|603|606|607)")


class _Place(msgspec.Struct):
    row: int
    column: int


class _Violation(msgspec.Struct):
    filename: str
    message: str
    location: _Place
    end_location: _Place
    code: str | None = None
    url: str | None = None


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """ruff 0.4 or newer."""
    return _program.find("ruff", environments, environ, (0, 4))


def lint(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """What ruff says of `ask.names`, each under the configuration nearest to it."""
    for violation in _checked(ctx, tool, ask, ()):
        yield _finding(ask, violation, _level(violation.code))


def security(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """The findings of ruff's S rules, with bandit's idea of what is low."""
    for violation in _checked(ctx, tool, ask, ("--select=S",)):
        code, name = violation.code or "", _relative(ask, violation.filename)
        if code in ("", "invalid-syntax", "E902", "E999"):
            unread = msgspec.structs.replace(violation, code="not-judged")
            yield _finding(ask, unread, Level.ERROR)
        elif not (code == "S101" and is_test(name)):
            yield _finding(ask, violation, Level.NOTE if _LOW.fullmatch(code) else Level.WARNING)


def formatted(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """Format `ask.names` in place; what cannot be parsed is a finding."""
    for isolated, names in _groups(ask):
        for part in portions(names):
            args = ("--no-cache", "--force-exclude", *isolated, *ask.args, "--", *part)
            done = ctx.run(tool, "format", *args, cwd=ask.folder)
            failed = _UNPARSED.findall(done.errors)
            if done.returncode not in (0, 2) or (done.returncode == 2 and not failed):
                raise refused(tool, done)
            if done.errors.count("error: ") > len(failed):
                raise refused(tool, done)
            for name, line, column, reason in failed:
                yield Finding(
                    rule=f"{ask.kind}/syntax-error",
                    message=f"ruff cannot parse it: {reason}",
                    level=Level.ERROR,
                    location=Location(
                        path=_relative(ask, name), line=int(line), column=int(column)
                    ),
                    help="correct it; as it is, the file was not judged",
                )


def _checked(ctx: Context, tool: Tool, ask: Ask, more: tuple[str, ...]) -> Iterator[_Violation]:
    for isolated, names in _groups(ask):
        for part in portions(names):
            own = ("--no-cache", "--force-exclude", "--no-fix", "--output-format=json")
            args = (*ask.args, *own, *isolated, *more, "--", *part)
            yield from _read(tool, ctx.run(tool, "check", *args, cwd=ask.folder))


def _read(tool: Tool, done: Completed) -> list[_Violation]:
    if done.returncode not in (0, 1):
        raise refused(tool, done)
    try:
        found = msgspec.json.decode(done.stdout, type=list[_Violation])
    except msgspec.MsgspecError:
        raise refused(tool, done, "printed what is no JSON report") from None
    for violation in found:
        if violation.code == "E902" and _GONE.search(violation.message):
            raise refused(tool, done, f"could not read {violation.filename}")
    if done.returncode == 1 and not found:
        raise refused(tool, done)
    return found


def _groups(ask: Ask) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The files that have a configuration in the repository, and those that must have none:
    ruff would climb out of the repository to find one for them."""
    known: dict[str, bool] = {"": ask.config is not None}

    def configured(folder: str) -> bool:
        if folder not in known:
            here = os.path.join(ask.folder, *folder.split("/"))
            known[folder] = _has_config(here) or configured(folder.rpartition("/")[0])
        return known[folder]

    with_one = [name for name in ask.names if configured(name.rpartition("/")[0])]
    without = [name for name in ask.names if not configured(name.rpartition("/")[0])]
    yield (), with_one
    yield ("--isolated",), without


def _has_config(folder: str) -> bool:
    if any(os.path.isfile(os.path.join(folder, name)) for name in configs[:2]):
        return True
    try:
        with open(os.path.join(folder, "pyproject.toml"), "rb") as file:
            return b"tool.ruff" in file.read()
    except OSError:
        return False


def _finding(ask: Ask, violation: _Violation, level: Level) -> Finding:
    first, last = violation.location, violation.end_location
    return Finding(
        rule=f"{ask.kind}/{violation.code or 'syntax-error'}",
        message=violation.message,
        level=level,
        location=Location(
            path=_relative(ask, violation.filename),
            line=first.row,
            column=first.column,
            end_line=last.row if last.row > first.row else None,
        ),
        help=violation.url,
    )


def _relative(ask: Ask, name: str) -> str:
    if not os.path.isabs(name):
        return name.replace(os.sep, "/").removeprefix("./")
    folder = os.path.realpath(ask.folder)
    return os.path.relpath(os.path.realpath(name), folder).replace(os.sep, "/")


class _Rule(msgspec.Struct):
    name: str
    linter: str
    explanation: str = ""
    fix_availability: str = "None"


def describe(asking: Asking, tool: Tool, code: str) -> Code | None:
    """What `ruff rule` says."""
    if not re.fullmatch(r"[A-Z]+\d+", code):
        return None
    said = printed(asking, tool, "rule", code, "--output-format=json")
    try:
        rule = msgspec.json.decode(said or b"{}", type=_Rule)
    except msgspec.MsgspecError:
        return None
    text = rule.explanation.partition("## What it does")[2].strip() or rule.name
    fixes = str(rule.fix_availability) != "None"
    return Code(
        means=f"{rule.name} ({rule.linter}): {' '.join(text.partition(chr(10) * 2)[0].split())}",
        read=f"https://docs.astral.sh/ruff/rules/{rule.name}/",
        level=_level(code).value,
        mend=f"ruff check --select {code} --fix, where ruff can" if fixes else "",
        mute=f"# noqa: {code} - why",
    )


def _level(code: str | None) -> Level:
    """What breaks a program, or a name in it, is an error."""
    broken = code in (None, "invalid-syntax", "E902", "E999")
    serious = broken or str(code).startswith(("E9", "F7", "F8"))
    return Level.ERROR if serious else Level.WARNING
