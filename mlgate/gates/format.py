"""The gate `format`: the code is laid out as its formatter would, which `mlgate fix` applies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Edit, Inputs, Rule
from mlgate.core.text import counted, plain
from mlgate.core.words import Level
from mlgate.gates import _code, _ground
from mlgate.gates._ground import Ground
from mlgate.tools._config import find_config

stages = _code.stages
_ROLE = "formatted"
_SUFFIXES = (".py", ".pyi")
_SHOWN = 12


class Options(_code.CodeOptions, frozen=True, kw_only=True):
    """`[gates.format]`."""

    tool: str = "black"


rules = {
    "format/black": Rule("black would lay the file out differently", "mlgate fix"),
    "format/ruff": Rule("ruff format would lay the file out differently", "mlgate fix"),
    "format/autopep8": Rule("autopep8 would lay the file out differently", "mlgate fix"),
    "format/isort": Rule("isort would order the imports differently", "mlgate fix"),
    "format/syntax-error": Rule(
        "the formatter cannot parse the file", "correct the syntax", Level.ERROR
    ),
    "format/not-judged": Rule(
        "the file is too large for the formatter", "exclude it in the policy", Level.ERROR
    ),
}


def inputs(ctx: Context) -> Inputs | None:
    """The Python files, each judged by itself."""
    return _code.inputs(ctx, _ROLE, _SUFFIXES)


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """One finding for each file that would change, with the first lines of the difference."""
    fit, large = _ground.by_size(ctx, paths, _code.LARGEST)
    yield from (_code.too_large(ctx, path) for path in large)
    for path, answer in _formatted(ctx, fit):
        yield answer if isinstance(answer, Finding) else _would_change(ctx, path, answer)


def fix(ctx: Context) -> Iterator[Edit]:
    """The files as the formatter lays them out."""
    found = inputs(ctx)
    fit, _ = _ground.by_size(ctx, found.paths if found else (), _code.LARGEST)
    for _, answer in _formatted(ctx, fit):
        if isinstance(answer, Edit):
            yield answer


def _formatted(ctx: Context, paths: list[str]) -> Iterator[tuple[str, Finding | Edit]]:
    """What the formatter makes of private copies of `paths`: an edit, or why it could not."""
    if not paths:
        return
    module, tool = _code.module(ctx, _ROLE), _code.tool(ctx)
    config = find_config(ctx.subject, module, ctx.project, ctx.options.args)
    with _ground.copies(ctx, paths, config, whole=_ROLE in getattr(module, "tree", ())) as ground:
        failed = {
            finding.location.path: finding
            for finding in _code.ask(ctx, module.formatted, tool, config, ground)
            if finding.location
        }
        for name, path in ground.paths.items():
            if path in failed:
                yield path, failed[path]
            elif edit := _edit(ctx, ground, name, path):
                yield path, edit


def _edit(ctx: Context, ground: Ground, name: str, path: str) -> Edit | None:
    before, after = ctx.subject.read(path), _ground.read(ground, name)
    return Edit(path=path, before=before, after=after) if before != after else None


def _would_change(ctx: Context, path: str, edit: Edit) -> Finding:
    lines, first, changed = _difference(edit)
    return Finding(
        rule=f"{ctx.kind}/{ctx.options.tool}",
        message="\n".join([f"{counted(changed, 'line')} would change", *lines]),
        location=Location(path=path, line=first),
        help="mlgate fix",
    )


def _difference(edit: Edit) -> tuple[list[str], int, int]:
    """A short unified diff, the first line that changes, and how many do."""
    from difflib import unified_diff

    old, new = (_lines(content) for content in (edit.before, edit.after))
    diff = list(unified_diff(old, new, n=1, lineterm=""))[2:]
    if not diff:  # only line endings or undecodable bytes differ
        return [], 1, max(len(old), 1)
    start = re.match(r"@@ -(\d+)", diff[0])
    context = 1 if diff[1:2] and diff[1].startswith(" ") else 0
    first = max(int(start[1]), 1) + context if start else 1
    removed = sum(line.startswith("-") for line in diff)
    changed = max(removed, sum(line.startswith("+") for line in diff))
    short = [plain(line.rstrip()) for line in diff[:_SHOWN]]
    if len(diff) > _SHOWN:
        short[-1] = f"... {counted(len(diff) - _SHOWN + 1, 'line')} more"
    return short, first, changed


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").removesuffix("\n").split("\n")
