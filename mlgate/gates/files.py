"""What every repository's first ten hooks check, in one pass over each file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from mlgate.core import parts
from mlgate.core.digests import digest_of
from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Detected, Edit, Inputs
from mlgate.core.words import Result, Stage
from mlgate.gates import _files_content as content
from mlgate.gates import _files_lines as lines
from mlgate.gates import _files_names as names
from mlgate.gates import _files_syntax as syntax
from mlgate.gates._files_file import File, Found, opened
from mlgate.gates._files_rules import rules

__all__ = ["Options", "check", "detect", "fix", "inputs", "rules", "stages"]

stages = frozenset({Stage.COMMIT, Stage.MERGE})

REVISION = 1
"""Raised whenever the rules answer differently for the same bytes."""
READ = 100 << 20
"""Larger files are named as not judged."""
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kKMG]?)i?B?")
_UNITS = {"": 1, "k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_BYTES: tuple[tuple[Callable[[File], Iterator[Found]], tuple[str, ...]], ...] = (
    (content.private_key, ("private-key",)),
    (content.shebang, ("executable-without-shebang", "shebang-not-executable")),
)
_TEXT: tuple[tuple[Callable[[File], Iterator[Found]], tuple[str, ...]], ...] = (
    (lines.byte_order_mark, ("byte-order-mark",)),
    (lines.trailing_whitespace, ("trailing-whitespace",)),
    (lines.end_of_file, ("end-of-file",)),
    (lines.merge_conflict, ("merge-conflict",)),
    (syntax.yaml_syntax, ("yaml-syntax",)),
    (syntax.toml_syntax, ("toml-syntax",)),
    (syntax.json_syntax, ("json-syntax",)),
    (content.debug_statement, ("debug-statement",)),
)
_MENDED = {"trailing-whitespace", "end-of-file", "mixed-line-ending", "byte-order-mark"}


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rules look at which files."""

    only: tuple[str, ...] = ()
    """The only rules that are on; all unless given."""
    skip: tuple[str, ...] = ()
    """Rules that are off."""
    ignore: dict[str, tuple[str, ...]] = {}
    """Rule to regular expressions, as in a pre-commit `exclude`, of paths it does not look at."""
    max_size: Annotated[str, Meta(pattern=r"^\d+(\.\d+)? ?[kKMG]?i?B?$")] = "500 kB"
    """The most that an added file may weigh; 1 kB is 1,024 bytes."""
    added_only: bool = True
    """Whether `large-file` leaves alone what the base already has."""
    line_ending: Literal["auto", "lf", "crlf"] = "auto"
    """How lines must end; `auto`: all of a file in one way."""

    def __post_init__(self) -> None:
        for rule in (*self.only, *self.skip, *self.ignore):
            if rule not in rules:
                raise ValueError(f"no rule {rule!r}; {parts.nearest(rule, list(rules))}")
        for pattern in (pattern for patterns in self.ignore.values() for pattern in patterns):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None

    def on(self, rule: str) -> bool:
        """True if the rule looks at any file."""
        return rule == "not-judged" or (rule in (self.only or rules) and rule not in self.skip)

    def applies(self, rule: str, path: str) -> bool:
        """True if the rule looks at `path`."""
        return self.on(rule) and not any(re.search(p, path) for p in self.ignore.get(rule, ()))

    @property
    def limit(self) -> int:
        """`max_size` in bytes."""
        match = _SIZE.fullmatch(self.max_size)
        return int(float(match[1]) * _UNITS[match[2]]) if match else 0


def inputs(ctx: Context) -> Inputs | None:
    """Every file and link; what the whole set of names decides goes into the key."""
    files = ctx.subject.files
    paths = tuple(path for path in ctx.files if files[path].mode != "160000")
    if not paths:
        return None
    facts = [REVISION, ctx.options, sorted(_by_names(ctx).items()), _base(ctx)]
    return Inputs(paths, each=True, also=digest_of(msgspec.json.encode(facts)).digest())


def _by_names(ctx: Context) -> dict[str, Found]:
    """What the names of the whole snapshot decide: clashing paths, broken and leaving links."""
    files = ctx.subject.files
    found: dict[str, Found] = {}
    if ctx.options.on("case-conflict"):
        found |= names.case_conflicts(files)
    links = [path for path, entry in files.items() if entry.mode == "120000"]
    if links and (ctx.options.on("broken-symlink") or ctx.options.on("symlink-outside")):
        root = os.fspath(ctx.subject.root(links))
        found |= names.link_problems(root, files, links)
    return found


def _base(ctx: Context) -> str | None:
    """The base, where a rule compares with it."""
    wanted = ctx.options.on("large-file") or ctx.options.on("destroyed-symlink")
    if ctx.base_error is not None:
        return "lost"  # what is found without one is not found again in its absence
    return ctx.base.commit if wanted and ctx.base else None


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """Every rule that is on, over each file's bytes; a file is read once."""
    by_names = _by_names(ctx)
    root = os.fspath(ctx.subject.root(paths))
    for path in paths:
        entry = ctx.subject.files[path]
        found = [by_names[path]] if path in by_names else []
        if entry.is_file:
            found.extend(_in_file(ctx, root, path))
        for one in found:
            if ctx.options.applies(one.rule, path):
                yield _finding(path, one)


def _in_file(ctx: Context, root: str, path: str) -> Iterator[Found]:
    options, entry = ctx.options, ctx.subject.files[path]
    file, size = opened(root, path, entry, READ)
    large = size > options.limit and options.on("large-file") and _is_added(ctx, path)
    if large and not (file and content.is_lfs(file.raw, entry)):
        yield from content.large_file(path, size, options.limit)
    if file is None:
        yield Found("not-judged", None, f"{size >> 20:,} MB: not read for the other rules")
        return
    for state, served in _BYTES if file.binary else _BYTES + _TEXT:
        if any(options.applies(rule, path) for rule in served):
            yield from state(file)
    if not file.binary and options.on("mixed-line-ending"):
        yield from lines.mixed_line_ending(file, options.line_ending)
    if size <= 4096 and options.on("destroyed-symlink"):
        if ctx.base_error is not None and names.like_a_link(file.raw):
            raise ctx.base_error
        if ctx.base is not None:
            yield from names.destroyed_link(ctx.base.files, path, entry, file.raw)


def _is_added(ctx: Context, path: str) -> bool:
    """True if `large-file` counts the file: the base has it not, or all are wanted."""
    if ctx.options.added_only and ctx.base_error is not None:
        raise ctx.base_error
    return not ctx.options.added_only or ctx.base is None or path not in ctx.base.files


def _finding(path: str, found: Found) -> Finding:
    rule = rules[found.rule]
    return Finding(
        rule=f"files/{found.rule}",
        message=found.message,
        result=Result.OPEN if found.rule == "not-judged" else Result.FAIL,
        level=rule.level,
        location=Location(path=path, line=found.line),
        help=found.mend or rule.mend,
    )


def fix(ctx: Context) -> Iterator[Edit]:
    """Whitespace, last newline, line endings and byte-order mark, where their rules are on."""
    options = ctx.options
    if not any(options.on(rule) for rule in _MENDED):
        return
    paths = [path for path in ctx.files if ctx.subject.files[path].is_file]
    root = os.fspath(ctx.subject.root(paths))
    for path in paths:
        file, _ = opened(root, path, ctx.subject.files[path], READ)
        if file is None or file.binary:
            continue
        wanted = {rule for rule in _MENDED if options.applies(rule, path)}
        after = lines.mended(file.raw, file.suffix, wanted, options.line_ending)
        if after != file.raw:
            yield Edit(path=path, before=file.raw, after=after)


def detect(ctx: Context) -> Detected | None:
    """The rules of the hooks that the repository uses; without any, the quiet ones suggested."""
    from mlgate.gates._files_adopt import adopted
    from mlgate.repo.uses import uses

    return adopted(uses(ctx.subject))
