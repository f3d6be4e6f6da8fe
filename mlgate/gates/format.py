"""The code is laid out as its formatter would, which `mlgate fix` applies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Detected, Edit, Inputs, Rule, Tool
from mlgate.core.text import counted, plain
from mlgate.core.words import Level
from mlgate.gates import _code, _ground
from mlgate.gates._ground import Ground
from mlgate.tools._config import Config, find_config

if TYPE_CHECKING:
    from mlgate.repo.notebooks import Notebook

stages = _code.stages
spans = True
_ROLE = "formatted"
_SUFFIXES = (".py", ".pyi")
suffixes = (*_SUFFIXES, _code.NOTEBOOK)
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
        "the formatter was not asked: too large, or a broken notebook",
        "exclude it in the policy",
        Level.ERROR,
    ),
}


def inputs(ctx: Context) -> Inputs | None:
    """The Python files, each judged by itself."""
    return _code.inputs(ctx, _ROLE, _SUFFIXES)


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """One finding for each run of lines that would change, with the first of the difference."""
    for answer in _formatted(ctx, paths):
        if isinstance(answer, Finding):
            yield answer
        else:
            yield from _would_change(ctx, answer)


def fix(ctx: Context) -> Iterator[Edit]:
    """The files as the formatter lays them out."""
    found = inputs(ctx)
    paths = found.paths if found else ()
    if ctx.changed is not None:
        paths = tuple(path for path in paths if path in ctx.changed)
    yield from (answer for answer in _formatted(ctx, paths) if isinstance(answer, Edit))


def _formatted(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding | Edit]:
    """What the formatter makes of private copies of `paths`: edits, and why there are none."""
    module, tool = _code.module(ctx, _ROLE), _code.tool(ctx)
    config = find_config(ctx.subject, module, ctx.project, ctx.options.args)
    notebooks, modules, refusals = _code.readable(ctx, paths)
    yield from refusals
    if notebooks:
        yield from _answers(ctx, tool, _ground.views(ctx, notebooks, config), config)
    if modules:
        whole = _ROLE in getattr(module, "tree", ())
        ground = _ground.copies(ctx, modules, config, whole=whole)
        yield from _answers(ctx, tool, ground, config)


def _answers(ctx: Context, tool: Tool, ground: Ground, config: Config) -> Iterator[Finding | Edit]:
    """For each file that is not as it should be: an edit, or why it could not be formatted."""
    with ground:
        question = _code.module(ctx, _ROLE).formatted
        findings = list(_code.ask(ctx, question, tool, config, ground))
        failed = {finding.location.path: finding for finding in findings if finding.location}
        for name, path in ground.paths.items():
            answer = failed.get(path) or _edit(ctx, ground, name, path)
            if answer is not None:
                yield answer


def _edit(ctx: Context, ground: Ground, name: str, path: str) -> Edit | None:
    before, after = ctx.subject.read(path), _ground.read(ground, name)
    if path in ground.notebooks:
        after = _rewritten(before, ground.notebooks[path], after)
    return Edit(path=path, before=before, after=after) if before != after else None


def _rewritten(raw: bytes, notebook: Notebook, formatted: bytes) -> bytes:
    """The notebook with its cells as formatted; a `;` that hides a cell's output stays."""
    from mlgate.repo.notebooks import rewrite

    sources = {cell.number: cell.source for cell in notebook.cells}
    edited = {}
    for number, new in notebook.edited(formatted.decode("utf-8")).items():
        old = sources[number].rstrip()
        if old.endswith(";") and not new.rstrip().endswith(";"):
            new = new.rstrip() + ";" + new[len(new.rstrip()) :]
        if new.rstrip() != old:
            edited[number] = new
    return rewrite(raw, edited) if edited else raw


def _would_change(ctx: Context, edit: Edit) -> Iterator[Finding]:
    """One finding for each run of lines that would change, in a notebook by cell."""
    if not edit.path.endswith(_code.NOTEBOOK):
        yield from _hunks(ctx, edit.path, None, edit.before, edit.after)
        return
    for cell, old, new in _cells(edit):
        yield from _hunks(ctx, edit.path, cell, old, new)


def _cells(edit: Edit) -> Iterator[tuple[int, bytes, bytes]]:
    """The number of each cell that would change, and its source before and after."""
    from mlgate.repo.notebooks import Broken, view

    books = [view(content) for content in (edit.before, edit.after)]
    cells = [() if isinstance(book, Broken) else book.cells for book in books]
    for old, new in zip(*cells, strict=True):
        if old.source != new.source:
            yield old.number, old.source.encode(), new.source.encode()


def _hunks(
    ctx: Context, path: str, cell: int | None, before: bytes, after: bytes
) -> Iterator[Finding]:
    old, new = _lines(before), _lines(after)
    for first, last, removed, added in _differences(old, new):
        changed = max(len(removed), len(added))
        diff = [*(f"-{line}" for line in removed), *(f"+{line}" for line in added)]
        yield Finding(
            rule=f"{ctx.kind}/{ctx.options.tool}",
            message="\n".join([f"{counted(changed, 'line')} would change", *_short(diff)]),
            location=Location(
                path=path, cell=cell, line=first, end_line=last if last > first else None
            ),
            help="mlgate fix",
            fingerprint="\n".join(diff),
        )


_Difference = tuple[int, int, list[str], list[str]]


def _differences(old: list[str], new: list[str]) -> Iterator[_Difference]:
    """Each run of lines that changes: the first and the last, and what takes whose place.

    Lines that are merely put in belong to the line that they go before.
    """
    from difflib import SequenceMatcher

    if old == new:  # only line endings or undecodable bytes differ
        yield 1, len(old), [], []
        return
    for tag, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            first = min(i + 1, len(old))
            yield first, max(j, first), old[i:j], new[k:m]


def _short(diff: list[str]) -> list[str]:
    short = [plain(line.rstrip()) for line in diff[:_SHOWN]]
    if len(diff) > _SHOWN:
        short[-1] = f"... {counted(len(diff) - _SHOWN + 1, 'line')} more"
    return short


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").removesuffix("\n").split("\n")


def detect(ctx: Context) -> Detected | None:
    """The formatter that the repository uses; black is suggested where there is none."""
    from mlgate.gates import _adoption

    return _adoption.detected(
        ctx,
        "format",
        ("black", "ruff", "autopep8", "isort"),
        lambda use: use.tool != "ruff" or "format" in (use.hook_id or "") or "format" in use.args,
        suggestion={},
        notebooks=True,
    )
