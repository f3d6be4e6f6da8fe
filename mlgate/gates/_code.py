"""What the gates over source code share: options, inputs, and asking a tool about files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mlgate.core import parts
from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Inputs, Tool
from mlgate.core.patterns import later
from mlgate.core.text import counted, shown
from mlgate.core.words import Level, Stage
from mlgate.gates import _ground
from mlgate.gates._ground import Ground
from mlgate.tools import _find
from mlgate.tools._ask import Ask
from mlgate.tools._config import Config, find_config

if TYPE_CHECKING:
    from mlgate.repo.notebooks import Broken, Notebook

stages = frozenset({Stage.COMMIT, Stage.PUSH, Stage.MERGE})

# Above this the tools need minutes and gigabytes: such a file is generated, and is named.
LARGEST = 2_000_000

NOTEBOOK = ".ipynb"

_PYTHON = later(rb"#![^\n]*\bpython[\d.]*\s")

Question = Callable[[Context, Tool, Ask], Iterator[Finding]]


class CodeOptions(Struct, frozen=True, kw_only=True):
    """What every gate over source code takes; each gate adds its own default `tool`."""

    tool: str
    """The program that judges: its name in `mlgate gates`."""
    version: str | None = None
    """The version it must have: `24.1.0`, `24`, or `>=24.1,<26`."""
    args: tuple[str, ...] = ()
    """Arguments for the tool, as on its command line, without file names."""
    plugins: tuple[str, ...] = ()
    """Distributions that must be installed beside the tool."""
    command: tuple[str, ...] = ()
    """How the tool is started, where it is not to be looked for: `["/opt/black/bin/black"]`."""


def module(ctx: Context, role: str) -> Any:
    """The tool's module. Raises `GateError` where that tool cannot do what the gate asks."""
    found = parts.load("tools", ctx.options.tool)
    if not hasattr(found, role):
        able = [n for n in parts.names("tools") if hasattr(parts.load("tools", n), role)]
        raise GateError(f"{ctx.options.tool} does not judge {ctx.kind}", f"use {' or '.join(able)}")
    return found


def tool(ctx: Context) -> Tool:
    """The tool that the options name, in the version and with the plug-ins that they name."""
    options = ctx.options
    try:
        found: Tool = ctx.tool(options.tool)
    except ToolMissing as missing:
        if not options.version or missing.hint != f"pip install {options.tool}":
            raise
        exact = f"pip install {_find.requirement(options.tool, options.version)}"
        raise ToolMissing(missing.message, exact) from None
    if options.version and ctx.named and not _find.satisfies(found.version, options.version):
        raise GateError(
            f"the policy names {found.name} {options.version}, found is {found.version}"
            + (f" ({found.environment.origin})" if found.environment else ""),
            f"pip install {_find.requirement(found.name, options.version)}, or correct `version`",
        )
    if options.plugins and found.environment:
        there = _find.installed(found.environment)
        lacking = [name for name in options.plugins if _find.normal(name) not in there]
        if lacking:
            raise ToolMissing(
                f"{found.name} lacks {', '.join(lacking)}", f"pip install {' '.join(lacking)}"
            )
    return found


def inputs(
    ctx: Context, role: str, suffixes: tuple[str, ...], script: str | None = None
) -> Inputs | None:
    """The files among `ctx.files` with one of `suffixes`, programs in Python that have none, and
    a digest of all else; `script` is a file of ours whose content decides, too."""
    files = ctx.subject.files
    asked = module(ctx, role)
    if asked.each:
        suffixes = (*suffixes, NOTEBOOK)
    # Before the tool is looked for: mostly a commit holds nothing for it.
    narrowed = ctx.changed if asked.each else None
    seen = ctx.files if narrowed is None else sorted(narrowed.intersection(ctx.files))
    paths = tuple(
        path
        for path in seen
        if files[path].is_file
        and (path.endswith(suffixes) or (asked.each and _is_program(ctx, path)))
    )
    if not paths:
        return None
    found = tool(ctx)
    config = find_config(ctx.subject, asked, ctx.project, ctx.options.args)
    return Inputs(
        paths=paths,
        each=asked.each,
        also=_digest(ctx, role, found, config) + (_content(script) if script else b""),
        judged=_judged(ctx, found, len(paths)),
    )


def _is_program(ctx: Context, path: str) -> bool:
    """True for an executable file without an ending that says it is Python."""
    entry = ctx.subject.files[path]
    return entry.is_program(path) and _PYTHON.match(ctx.subject.read(path)) is not None


def _digest(ctx: Context, role: str, found: Tool, config: Config) -> bytes:
    asked = module(ctx, role)
    digest = digest_of(found.identity)
    digest.update(msgspec.json.encode([asked.revision, found.version, LARGEST, ctx.project]))
    digest.update(msgspec.json.encode(ctx.options))
    rows = [f"{id} {path}" for path, id in config.files]
    if role in getattr(asked, "tree", ()):
        rows += [path for path in ctx.subject.files if path.endswith((".py", ".pyi"))]
    elif _plugged(ctx, asked, config):
        files = ctx.subject.files.items()
        rows += [f"{entry.id} {path}" for path, entry in files if path.endswith(".py")]
    digest.update("\0".join(rows).encode("utf-8", "surrogateescape"))
    return digest.digest()


def _plugged(ctx: Context, asked: Any, config: Config) -> bool:
    """True where the configuration names plug-ins that lie in the repository itself."""
    marks = getattr(asked, "plugged", ())
    return any(mark in ctx.subject.read(path) for path, _ in config.files for mark in marks)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return digest_of(file.read()).digest()


def _judged(ctx: Context, found: Tool, number: int) -> str | None:
    wanted = ctx.options.version
    if not wanted or _find.satisfies(found.version, wanted):
        return None
    asked = f"the repository uses {wanted}"
    return f"{counted(number, 'file')} by {found.name} {found.version} ({asked})"


def judge(
    ctx: Context, role: str, paths: tuple[str, ...], question: Question | None = None
) -> Iterator[Finding]:
    """What the tool, or `question` to it, says of `paths`, in places of the repository."""
    asked = module(ctx, role)
    found = tool(ctx)
    config = find_config(ctx.subject, asked, ctx.project, ctx.options.args)
    notebooks, modules, refusals = readable(ctx, paths)
    yield from refusals
    if notebooks:
        with _ground.views(ctx, notebooks, config) as ground:
            yield from ask(ctx, question or getattr(asked, role), found, config, ground)
    whole = role in getattr(asked, "tree", ()) or _plugged(ctx, asked, config)
    for ground in _ground.grounds(ctx, modules, config, whole=whole):
        with ground:
            yield from ask(ctx, question or getattr(asked, role), found, config, ground)


def readable(
    ctx: Context, paths: tuple[str, ...]
) -> tuple[dict[str, Notebook], list[str], list[Finding]]:
    """The notebooks with code in Python among `paths`, the other files, and findings for what is
    too large or no notebook."""
    books: dict[str, Notebook] = {}
    modules, large = _ground.by_size(ctx, [p for p in paths if not p.endswith(NOTEBOOK)], LARGEST)
    findings = [too_large(ctx, path) for path in large]
    for path in paths:
        if path.endswith(NOTEBOOK):
            from mlgate.repo import notebooks

            book = notebooks.view(ctx.subject.read(path))
            if isinstance(book, notebooks.Broken):
                findings.append(_broken(ctx, path, book))
            elif len(book.source) > LARGEST:
                findings.append(too_large(ctx, path))
            elif book.source:
                books[path] = book
    return books, modules, findings


def _broken(ctx: Context, path: str, why: Broken) -> Finding:
    return Finding(
        rule=f"{ctx.kind}/not-judged",
        message=f"the notebook cannot be read: {why.reason}",
        level=Level.ERROR,
        location=Location(path=path, line=why.line),
        help="correct the notebook, or exclude it from this gate in the policy",
    )


def ask(
    ctx: Context, question: Question, found: Tool, config: Config, ground: Ground
) -> Iterator[Finding]:
    """Ask about the files of `ground`; the findings name places of the repository."""
    answers = question(
        ctx,
        found,
        Ask(
            folder=ground.folder,
            names=tuple(ground.paths),
            config=ground.config,
            args=config.args,
            kind=ctx.kind,
        ),
    )
    placed = (ground.placed(finding) for finding in answers)
    yield from sorted((finding for finding in placed if finding), key=_order(ground))


def _order(ground: Ground) -> Callable[[Finding], tuple[int, int, int, int, str]]:
    rank = {path: number for number, path in enumerate(ground.paths.values())}

    def key(finding: Finding) -> tuple[int, int, int, int, str]:
        place = finding.location or Location(path="")
        return (
            rank.get(place.path, -1),
            place.cell or 0,
            place.line or 0,
            place.column or 0,
            finding.rule,
        )

    return key


def too_large(ctx: Context, path: str) -> Finding:
    """The finding for a file that no tool is asked about."""
    return Finding(
        rule=f"{ctx.kind}/not-judged",
        message=f"{shown(path)} is larger than {LARGEST // 1_000_000} MB: {ctx.options.tool} did"
        " not judge it",
        level=Level.ERROR,
        location=Location(path=path),
        help=f'exclude it in the policy: [gates.{ctx.gate}] exclude = ["{shown(path)}"]',
    )
