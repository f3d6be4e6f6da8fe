"""New findings only: which findings stood at the base already.

A finding is old where git's line map says that its line is unchanged and the same rule was found
there at the base. The rest is matched as a multiset by fingerprint: in the same file (also in a
renamed one), then among what the change moved out of other files. A finding of the base is used
up once, so there are never more old ones than the base had.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Protocol

from msgspec.structs import replace

from mlgate.core.finding import Finding
from mlgate.core.words import Result, State


class Lines(Protocol):
    """Where the unchanged lines of one file stand; None for a line that was made or altered."""

    def old(self, line: int) -> int | None: ...

    def new(self, line: int) -> int | None: ...


def counts(finding: Finding) -> bool:
    """True for what can be old at all: a fact with a place that says more than what was met."""
    return finding.location is not None and finding.result is not Result.PASS


def mark_old(
    findings: Iterable[Finding],
    base: Iterable[Finding],
    maps: Mapping[str, Lines],
    unchanged: frozenset[str] = frozenset(),
    *,
    spans: bool = False,
) -> list[Finding]:
    """`findings` with the state `old` where they stood at the base.

    `base` holds the base's findings, under the paths of today; `maps` the line maps of files, by
    shown path. Whatever is found in one of the `unchanged` files was found at the base too. Where a
    finding `spans` its lines, it is about each of them: one that was altered makes it new.
    """
    marked = list(findings)
    for i, finding in enumerate(marked):
        if counts(finding) and finding.location and finding.location.path in unchanged:
            marked[i] = _old(finding)
    pool = [finding for finding in base if counts(finding)]
    same_line = _on_unchanged_lines(maps, spans)
    pool = _match(marked, pool, same_line, lambda f: (*_place(f), f.rule, f.message))
    if not spans:
        pool = _match(marked, pool, same_line, lambda f: (*_place(f), f.rule))
    pool = [finding for finding in pool if not _stands(finding, maps)]
    for key in (_print_in_place, _print_in_file, _print):
        pool = _match(marked, pool, lambda finding: finding, key)
    return marked


def _old(finding: Finding) -> Finding:
    return replace(finding, state=State.OLD)


def _match(
    marked: list[Finding],
    pool: list[Finding],
    before: Callable[[Finding], Finding | None],
    key: Callable[[Finding], Hashable],
) -> list[Finding]:
    """Mark those whose key, as it was `before`, one of `pool` has; the rest of the pool."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for k in reversed(range(len(pool))):
        waiting[key(pool[k])].append(k)
    used = set()
    for i, finding in enumerate(marked):
        if finding.state is not State.NEW or not counts(finding):
            continue
        was = before(finding)
        if was is not None and (found := waiting.get(key(was))):
            used.add(found.pop())
            marked[i] = _old(finding)
    return [finding for k, finding in enumerate(pool) if k not in used]


def _on_unchanged_lines(
    maps: Mapping[str, Lines], spans: bool
) -> Callable[[Finding], Finding | None]:
    def before(finding: Finding) -> Finding | None:
        at = finding.location
        if at is None or at.line is None or at.cell is not None or at.path not in maps:
            return None
        lines = range(at.line, (at.end_line or at.line) + 1 if spans else at.line + 1)
        old = [maps[at.path].old(line) for line in lines]
        if old[0] is None or old != list(range(old[0], old[0] + len(old))):
            return None
        return replace(finding, location=replace(at, line=old[0]))

    return before


def _stands(finding: Finding, maps: Mapping[str, Lines]) -> bool:
    """True if the line and its neighbours are where they were: it was mended, and not moved."""
    at = finding.location
    if at is None or at.line is None or at.cell is not None or at.path not in maps:
        return False
    lines = maps[at.path]
    now = lines.new(at.line)
    if now is None or lines.new(at.line + 1) != now + 1:
        return False
    return now == 1 if at.line == 1 else lines.new(at.line - 1) == now - 1


def _place(finding: Finding) -> tuple[str, int, int]:
    at = finding.location
    return (at.path, at.cell or 0, at.line or 0) if at else ("", 0, 0)


def _print(finding: Finding) -> Hashable:
    return finding.fingerprint


def _print_in_file(finding: Finding) -> Hashable:
    return _place(finding)[0], finding.fingerprint


def _print_in_place(finding: Finding) -> Hashable:
    return _place(finding), finding.fingerprint
