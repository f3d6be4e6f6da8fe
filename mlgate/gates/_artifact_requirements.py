"""Whether what a model needs is what its target has: requirements against a constraints file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.finding import Finding, Location
from mlgate.core.text import counted, plain, shown
from mlgate.core.words import Level, Result
from mlgate.gates import _committed as committed
from mlgate.gates._requirements import logical_lines
from mlgate.tools._find import normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    from mlgate.core.gate import Context


def findings(ctx: Context) -> Iterator[Finding]:
    """Every requirement that the target does not meet, or of which that cannot be told."""
    path, target = ctx.options.requirements, ctx.options.constraints
    has = {normal(one.name): one for _, one in _parsed(ctx, target) if one is not None}
    number = 0
    failed = False
    for line, asked in _parsed(ctx, path):
        number += 1
        result, why = _judged(asked, has)
        if why is not None:
            failed = True
            yield _finding(path, line, result, f"{why} ({shown(target)})")
    if not failed:
        met = f"{counted(number, 'requirement')} met by {shown(target)}"
        yield _finding(path, None, Result.PASS, met)


def _parsed(ctx: Context, path: str) -> Iterator[tuple[int, Requirement | None]]:
    """Line and requirement; None where it is none that has a name and versions."""
    from packaging.requirements import InvalidRequirement, Requirement

    content = committed.content(ctx.subject, path, 4, "name the requirements alone")
    for line, text in logical_lines(content.decode("utf-8-sig", "replace")):
        try:
            found = Requirement(text.partition(" --hash")[0].strip())
        except InvalidRequirement:
            yield line, None
            continue
        if found.marker is None or found.marker.evaluate({"extra": ""}):
            yield line, found


def _judged(asked: Requirement | None, has: dict[str, Requirement]) -> tuple[Result, str | None]:
    if asked is None or asked.url:
        return Result.OPEN, "what this line needs cannot be compared with the target"
    name = normal(asked.name)
    if name not in has:
        return Result.FAIL, f"the model needs {asked}, and the target has no {name}"
    there = has[name].specifier
    pin = _pin(there)
    if pin is not None:
        if asked.specifier.contains(pin, prereleases=True):
            return Result.PASS, None
        return Result.FAIL, f"the model needs {asked}, and the target has {name} {pin}"
    pin = _pin(asked.specifier)
    if pin is not None and not there.contains(pin, prereleases=True):
        return Result.FAIL, f"the model needs {asked}, and the target allows {name}{there}"
    return Result.OPEN, f"the model needs {asked}; which {name} the target has is not said"


def _pin(specifier: SpecifierSet) -> str | None:
    for part in specifier:
        if part.operator in ("==", "===") and not part.version.endswith(".*"):
            return part.version
    return None


def _finding(path: str, line: int | None, result: Result, message: str) -> Finding:
    return Finding(
        rule="artifact/requirement",
        result=result,
        level=Level.NOTE if result is Result.PASS else Level.ERROR,
        message=plain(message),
        location=Location(path=path, line=line),
        help=None if result is Result.PASS else "pin what the target has, or change the target",
    )
