"""Outputs, execution counts and machine metadata stay out of notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from mlgate.core.digests import digest_of
from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Detected, Edit, Inputs, Rule
from mlgate.core.text import plain
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _notebook_json as nb
from mlgate.gates._notebook_excess import excess_of

suffixes = (".ipynb",)
stages = frozenset({Stage.COMMIT, Stage.MERGE})
rules = {
    "output": Rule(
        "A cell carries its outputs: they leak data, swell diffs and go stale.",
        "mlgate fix --gate notebook; to keep one cell's, tag it keep_output",
    ),
    "execution-count": Rule(
        "A cell carries the number of its last run, which changes with every run.",
        "mlgate fix --gate notebook",
    ),
    "metadata": Rule(
        "The notebook carries what a machine wrote about itself or about the last run.",
        "mlgate fix --gate notebook",
    ),
    "execution-order": Rule(
        "Cells ran in another order than they stand in, so a fresh run may not give the same.",
        "restart the kernel and run all cells from the top",
    ),
    "home-path": Rule(
        "A cell names a path in somebody's home, which nobody else has.",
        "use a path relative to the repository, or an environment variable",
    ),
    "pip-install": Rule(
        "A cell installs packages, past the project's pinned dependencies.",
        "add the package to the project's requirements and delete the line",
    ),
    "unreadable": Rule(
        "The file is not a notebook that can be read.",
        "restore it from git, or export it anew from Jupyter",
        Level.ERROR,
    ),
    "not-judged": Rule("The notebook is too large to be judged.", "strip its outputs by hand"),
}

REVISION = 1
READ = 100 << 20
_HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/))[\w.-]+")
_INSTALL = re.compile(
    r"^\s*(?:[!%]\s*(?:python3? -m )?|%(?:conda|mamba)\s)\s*(?:uv )?"
    r"(?:pip3?|conda|mamba)\s+install\b|^\s*%(?:conda|mamba)\s+install\b",
    re.M,
)


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must not be in a notebook."""

    outputs: Literal["strip", "keep"] = "strip"
    """Whether outputs are findings; cells tagged `keep_output` may have them."""
    max_output_size: Annotated[int, Meta(ge=0)] | None = None
    """The most characters an output may have: nothing where outputs are stripped, else no limit."""
    execution_counts: Literal["strip", "keep"] = "strip"
    """Whether execution counts are findings."""
    metadata: Literal["strip", "keep"] = "strip"
    """Whether widget state, language version, run times and folded cells are findings."""
    metadata_keys: tuple[str, ...] = ()
    """More keys to strip, as nbstripout names them: `metadata.kernelspec`, `cell.metadata.tags`."""
    also: tuple[Literal["execution-order", "home-path", "pip-install"], ...] = ()
    """Further rules that are on."""

    @property
    def limit(self) -> float:
        """The most characters that an output may have."""
        if self.max_output_size is not None:
            return self.max_output_size
        return 0 if self.outputs == "strip" else float("inf")


def inputs(ctx: Context) -> Inputs | None:
    """Every notebook."""
    files = ctx.subject.files
    paths = tuple(p for p in ctx.files if p.endswith(".ipynb") and files[p].is_file)
    if not paths:
        return None
    facts = msgspec.json.encode([REVISION, ctx.options])
    return Inputs(paths, each=True, also=digest_of(facts).digest())


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """What each notebook carries that it should not, cell by cell."""
    for path in paths:
        raw = ctx.subject.read(path)
        if len(raw) > READ:
            yield _finding(path, "not-judged", f"{len(raw) >> 20:,} MB", result=Result.OPEN)
            continue
        try:
            notebook = nb.parsed(raw)
        except nb.Unreadable as error:
            yield _finding(path, "unreadable", error.message, line=error.line)
            continue
        for excess in excess_of(notebook, ctx.options):
            yield _finding(path, excess.rule, excess.message, cell=excess.cell)
        yield from _sources(path, notebook, ctx.options)


def _finding(path: str, rule: str, message: str, **place: Any) -> Finding:
    result = place.pop("result", Result.FAIL)
    return Finding(
        rule=f"notebook/{rule}",
        message=message,
        result=result,
        level=rules[rule].level,
        location=Location(path=path, **place),
        help=rules[rule].mend,
    )


def _sources(path: str, notebook: dict[str, Any], options: Options) -> Iterator[Finding]:
    """What the cells say themselves: order of runs, homes, installations."""
    last = 0
    for number, cell in enumerate(nb.cells(notebook), 1):
        source = nb.text_of(cell.get("source", cell.get("input", "")))
        count = cell.get("execution_count")
        if "execution-order" in options.also and isinstance(count, int):
            if count != last + 1:
                message = f"ran as number {count}, after number {last}"
                yield _finding(path, "execution-order", message, cell=number)
            last = count
        if cell["cell_type"] != "code":
            continue
        for rule, pattern in (("home-path", _HOME), ("pip-install", _INSTALL)):
            for match in pattern.finditer(source) if rule in options.also else ():
                line = source.count("\n", 0, match.start()) + 1
                yield _finding(path, rule, plain(match[0].strip()), cell=number, line=line)


def fix(ctx: Context) -> Iterator[Edit]:
    """The notebooks without what has to go, in the JSON form they were written in."""
    for path in ctx.files:
        if not path.endswith(".ipynb") or not ctx.subject.files[path].is_file:
            continue
        before = ctx.subject.read(path)
        try:
            notebook = nb.parsed(before)
        except nb.Unreadable:
            continue
        excess = list(excess_of(notebook, ctx.options))
        for one in excess:
            if one.removed:
                one.holder.pop(one.key, None)
            else:
                one.holder[one.key] = one.value
        if excess:
            yield Edit(path=path, before=before, after=nb.written(notebook, before))


def detect(ctx: Context) -> Detected | None:
    """The hooks that strip notebooks already; else a suggestion, where there are notebooks."""
    from mlgate.gates._notebook_adopt import adopted
    from mlgate.repo.uses import uses

    found = adopted(uses(ctx.subject))
    if found is None and any(path.endswith(".ipynb") for path in ctx.subject.files):
        return Detected(evidence="suggested: there are notebooks", blocking=False)
    return found
