"""A type checker, run in the project's environment, finds no error."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.gate import Context, Detected, Inputs, Rule, Tool
from mlgate.core.words import Level, Stage
from mlgate.gates import _code
from mlgate.tools._ask import Ask

stages = frozenset({Stage.MERGE})
_ROLE = "types"
_SUFFIXES = (".py", ".pyi")


class Options(_code.CodeOptions, frozen=True, kw_only=True):
    """`[gates.types]`."""

    tool: str = "mypy"


rules = {
    "types/syntax": Rule("the file is no Python", "correct the syntax", Level.ERROR),
    "types/not-judged": Rule(
        "the file is too large for the type checker", "exclude it in the policy", Level.ERROR
    ),
}


def inputs(ctx: Context) -> Inputs | None:
    """All Python files together, and the interpreter whose packages they import."""
    found = _code.inputs(ctx, _ROLE, _SUFFIXES)
    if found is None:
        return None
    # A package that is installed or upgraded may bring or mend an error anywhere.
    from mlgate.tools._find import listing_digest

    also = (found.also or b"") + listing_digest(ctx.environment())
    everything = tuple(p for p in ctx.subject.files if p.endswith(_SUFFIXES))
    return msgspec.structs.replace(found, also=also + _contents(ctx, everything), beyond=True)


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """The checker's findings in the files that this gate is asked about."""
    yield from _code.judge(ctx, _ROLE, paths, _asked)


def _asked(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    ask = msgspec.structs.replace(ask, python=ctx.environment().python)
    names = frozenset(ask.names)
    for finding in _code.module(ctx, _ROLE).types(ctx, tool, ask):
        place = finding.location
        if place is None or place.path in names:
            yield finding
        elif finding.rule.endswith(("/syntax", "/invalid-syntax")):
            raise GateError(
                f"{tool.name} stops at {place.path}: {finding.message}",
                "correct that file, or exclude it in the checker's configuration",
            )


def _contents(ctx: Context, paths: tuple[str, ...]) -> bytes:
    """Digest of the files that may be imported, whether or not they are judged."""
    import hashlib

    rows = "\0".join(f"{ctx.subject.files[path].id} {path}" for path in paths)
    return hashlib.sha256(rows.encode("utf-8", "surrogateescape")).digest()


def detect(ctx: Context) -> Detected | None:
    """The type checker that the repository uses, if it uses one."""
    from mlgate.gates import _adoption

    return _adoption.detected(ctx, "types", ("mypy", "pyright", "ty"))
