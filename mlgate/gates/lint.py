"""The code has none of the faults that a linter knows."""

from __future__ import annotations

from collections.abc import Iterator

from mlgate.core.finding import Finding
from mlgate.core.gate import Context, Detected, Inputs, Rule
from mlgate.core.words import Level
from mlgate.gates import _code

stages = _code.stages
_ROLE = "lint"
_SUFFIXES = (".py", ".pyi")
suffixes = (*_SUFFIXES, _code.NOTEBOOK)


class Options(_code.CodeOptions, frozen=True, kw_only=True):
    """`[gates.lint]`."""

    tool: str = "flake8"


rules = {
    "lint/not-judged": Rule(
        "the file is too large for the linter", "exclude it in the policy", Level.ERROR
    ),
}


def inputs(ctx: Context) -> Inputs | None:
    """The Python files; each by itself, where the linter looks at one at a time."""
    return _code.inputs(ctx, _ROLE, _SUFFIXES)


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """The linter's findings, under its own codes."""
    yield from _code.judge(ctx, _ROLE, paths)


def detect(ctx: Context) -> Detected | None:
    """The linter that the repository uses; flake8 is suggested where there is none, with
    arguments that do not fight black."""
    from mlgate.gates import _adoption

    return _adoption.detected(
        ctx,
        "lint",
        ("flake8", "ruff", "pylint"),
        lambda use: "format" not in (use.hook_id or "") and "format" not in use.args,
        suggestion={"args": ["--max-line-length=88", "--extend-ignore=E203,W503,E701"]},
        notebooks=True,
    )
