"""Which paths a list of gitignore patterns matches, exactly as git does and fast for very many.

Follows git's dir.c: a folder that is matched takes all below it along, whatever a later `!pattern`
says. (pathspec differs there, and for odd bytes.)
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

from mlgate.core.patterns import later
from mlgate.policy._wildmatch import Pattern, parse, source

_WILD = later(r"[*?\[\\]")

Matcher = Callable[[Iterable[str]], set[str]]
"""Gives those of its paths that match: files, relative to the root, with forward slashes."""


@functools.lru_cache(maxsize=256)
def matcher(patterns: tuple[str, ...]) -> Matcher:
    """The matcher of `patterns`; what is no pattern (see `complaint`) matches nothing."""
    parsed = tuple(pattern for line in patterns if (pattern := parse(line)))
    if any(pattern.negated for pattern in parsed):
        return _in_order(parsed)
    return _any_of(parsed)


def select(paths: Iterable[str], files: tuple[str, ...], exclude: tuple[str, ...]) -> list[str]:
    """Those of `paths`, in their order, that `files` matches (all, if empty) and `exclude` does
    not."""
    kept = list(paths)
    if files:
        wanted = matcher(files)(kept)
        kept = [path for path in kept if path in wanted]
    if exclude:
        unwanted = matcher(exclude)(kept)
        kept = [path for path in kept if path not in unwanted]
    return kept


def under(directory: str, patterns: Iterable[str]) -> tuple[str, ...]:
    """`patterns`, meant relative to `directory`, as patterns relative to the root."""
    folder = re.sub(r"([*?\[\\])", r"\\\1", directory)
    return tuple(_below(folder, pattern) for pattern in patterns)


def _below(folder: str, line: str) -> str:
    pattern = parse(line)
    if pattern is None or not pattern.body:
        return line
    start = f"{'!' if pattern.negated else ''}/{folder}/{'' if pattern.anchored else '**/'}"
    return start + pattern.body.removeprefix("/") + ("/" if pattern.folder else "")


def complaint(pattern: str) -> str | None:
    """Why `pattern` can match nothing, None where it can."""
    if "\n" in pattern:
        return "it holds a line break"
    parsed = parse(pattern)
    if parsed is None or not parsed.body.strip("/"):
        return (
            r"gitignore reads it as a comment; write `\#`" if pattern[:1] == "#" else "it is empty"
        )
    if {".", ".."} & set(parsed.body.split("/")):
        return "a path has no `.` or `..` in it"
    return None if source(parsed) else "a `[` or `\\` in it has no end"


def _any_of(patterns: tuple[Pattern, ...]) -> Matcher:
    """Without negation the order does not count: a path matches where any pattern does."""
    needles = {pattern: needle for pattern in patterns if (needle := _needle(pattern))}
    ends = [
        text + (b"/" if pattern.folder else rb"(?:/|\Z)")
        for pattern in patterns
        if pattern not in needles and (text := source(pattern)) is not None
    ]
    match = re.compile(b"|".join(ends), re.DOTALL).match

    def matching(paths: Iterable[str]) -> set[str]:
        paths = tuple(paths)
        everything = f"/{'/ /'.join(paths)}/"  # most needles are nowhere, which this tells at once
        found: set[str] = set()
        for pattern, needle in needles.items():
            if needle in everything:
                end = -1 if pattern.folder else None
                found.update([p for p in paths if f"/{p}/".find(needle, 0, end) >= 0])
        if ends:
            found.update([p for p in paths if match(p.encode("utf-8", "surrogateescape"))])
        return found

    return matching


def _needle(pattern: Pattern) -> str | None:
    """The text that `/path/` holds where `pattern` is a mere name or suffix, which most are."""
    text = pattern.body
    if pattern.anchored or not text.strip("*") or _WILD.search(text, 1) or text[0] in "?[\\":
        return None
    return f"{text[1:]}/" if text[0] == "*" else f"/{text}/"


def _in_order(patterns: tuple[Pattern, ...]) -> Matcher:
    """The last pattern that matches decides, folder by folder from the top."""
    rules = [
        (re.compile(text, re.DOTALL).fullmatch, pattern.folder, not pattern.negated)
        for pattern in reversed(patterns)
        if (text := source(pattern)) is not None
    ]

    def decided(path: str, is_folder: bool) -> bool:
        name = path.encode("utf-8", "surrogateescape")
        return next(
            (found for match, only, found in rules if (is_folder or not only) and match(name)),
            False,
        )

    def matching(paths: Iterable[str]) -> set[str]:
        folders: dict[str, bool] = {"": False}

        def taken(folder: str) -> bool:
            if folder not in folders:
                folders[folder] = taken(folder.rpartition("/")[0]) or decided(folder, True)
            return folders[folder]

        return {path for path in paths if taken(path.rpartition("/")[0]) or decided(path, False)}

    return matching
