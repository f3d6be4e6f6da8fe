"""The gate `security`: the code does nothing known to be dangerous."""

from __future__ import annotations

from collections.abc import Iterator

from mlgate.core.finding import Finding
from mlgate.core.gate import Context, Inputs, Rule
from mlgate.core.words import Level
from mlgate.gates import _code

stages = _code.stages
_ROLE = "security"
_SUFFIXES = (".py", ".pyw")


class Options(_code.CodeOptions, frozen=True, kw_only=True):
    """`[gates.security]`."""

    tool: str = "bandit"


rules = {
    "security/not-judged": Rule(
        "the tool could not judge the file", "correct it, or exclude it", Level.ERROR
    ),
}


def inputs(ctx: Context) -> Inputs | None:
    """The Python files, each judged by itself."""
    return _code.inputs(ctx, _ROLE, _SUFFIXES)


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """The tool's findings: low severity is a note, medium a warning, high an error."""
    yield from _code.judge(ctx, _ROLE, paths)
