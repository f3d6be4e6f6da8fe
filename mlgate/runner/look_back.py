"""New findings only: which of a gate's findings stood at the base already.

A finding is old where git's line map says that its line is unchanged and the same rule was found
there at the base. The rest is matched as a multiset by fingerprint: first in the same file, then
among findings that the change moved out of other files. The base's findings are made with the
head's options, configuration and tools.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import shown
from mlgate.core.words import Result, State
from mlgate.runner.mixture import Mixture
from mlgate.runner.plan import Job, prepare

if TYPE_CHECKING:
    from mlgate.repo.line_map import LineMap
    from mlgate.runner.session import Session

# A tool's configuration is the head's, also where the base's version of a file is judged.
_CONFIGURATION = re.compile(
    r"(.*/)?(pyproject\.toml|setup\.cfg|tox\.ini|\.?mypy\.ini|\.?pylintrc|pyrightconfig\.json"
    r"|\.?ruff\.toml|\.flake8|\.bandit|\.isort\.cfg|\.editorconfig|mlgate\.toml)"
)


def past_of(session: Session, job: Job) -> Job | None:
    """The same gate asked about the base's versions of the changed files; None where nothing of
    what it found could be old, or only new findings do not count alone."""
    if not _wanted(session, job) or job.inputs is None or job.ctx is None:
        return None
    if session.base_problem is not None:
        job.fail(GateError(session.base_problem.message, session.base_problem.hint))
        return None
    if session.base_snapshot is None or job.inputs.also is None:
        return None
    changed = {shown(path) for path in session.touched}
    open_ = [f for f in job.findings() if _counts(f) and f.location]
    if not any(f.location and f.location.path in changed for f in open_) and job.inputs.each:
        job.marked = mark_old(job.findings(), (), _unchanged(session), {})
        return None
    return _past_job(session, job)


def _wanted(session: Session, job: Job) -> bool:
    """Whether only new findings count for this gate."""
    if job.error is not None or job.skipped is not None:
        return False
    if session.request.new is not None:
        return session.request.new
    own = job.policy.new_only
    return bool(session.policy_of(job.policy).new_only if own is None else own)


def _past_job(session: Session, job: Job) -> Job | None:

    each = job.inputs is not None and job.inputs.each
    sources, absent = {}, set()
    for change in session.changes:
        if not each and _CONFIGURATION.fullmatch(change.path):
            continue
        if change.old_path is not None:
            sources[change.path] = change.old_path
        elif not each:
            absent.add(change.path)
    files = session.select(
        sources, job.policy.files, (*session.policy_of(job.policy).exclude, *job.policy.exclude)
    )
    base = session.base_snapshot
    if base is None or job.ctx is None:
        return None
    kept = {path: sources[path] for path in files} if each else sources
    mixture = Mixture(job.subject, base, kept, frozenset(absent), session.workshop)
    past = Job(job.policy, job.terms, session)
    past.of = job
    past.gate, past.clock = job.gate, job.clock
    past.ctx = replace(
        job.ctx,
        subject=mixture,
        files=files if each else tuple(p for p in job.ctx.files if p in mixture.files),
        changed=None,
        progress=lambda done, total: None,
    )
    prepare(session, past)
    if past.skipped is not None:  # the base had no such file
        job.marked = mark_old(job.findings(), (), _unchanged(session), {})
        return None
    return past


def settle(session: Session, past: Job) -> None:
    """Mark what is old among the findings of `past.of`, now that the base's are known."""
    job = past.of
    if job is None or session.base is None:
        return
    if past.error is not None:
        job.error = f"the base's version cannot be judged: {past.error}"
        job.help = past.help
        return
    maps = {shown(path): found for path, found in session.line_maps.items()}
    job.marked = mark_old(job.findings(), past.findings(), _unchanged(session), maps)


def _unchanged(session: Session) -> frozenset[str]:
    base = session.base_snapshot
    if base is None:
        return frozenset()
    old = base.files
    return frozenset(
        shown(path) for path, entry in session.subject.files.items() if old.get(path) == entry
    )


def mark_old(
    findings: Iterable[Finding],
    base: Iterable[Finding],
    unchanged: frozenset[str],
    maps: Mapping[str, LineMap],
) -> list[Finding]:
    """`findings` with the state `old` where they stood at the base.

    `base` holds the findings made on the base's versions of the changed files, under the paths of
    today. `unchanged` are the shown paths whose content is the base's; `maps` the line maps of the
    changed ones, by shown path.
    """
    marked = list(findings)
    rest = list(base)
    open_ = [i for i, f in enumerate(marked) if _counts(f) and not _settle(marked, i, unchanged)]
    open_ = [i for i in open_ if not _same_line(marked, i, rest, maps)]
    for same_path in (True, False):
        pool = Counter(_print(finding, same_path) for finding in rest)
        left = []
        for i in open_:
            mark = _print(marked[i], same_path)
            if pool[mark]:
                pool[mark] -= 1
                _drop(rest, mark, same_path)
                marked[i] = replace(marked[i], state=State.OLD)
            else:
                left.append(i)
        open_ = left
    return marked


def _counts(finding: Finding) -> bool:
    return finding.location is not None and finding.result is not Result.PASS


def _settle(marked: list[Finding], i: int, unchanged: frozenset[str]) -> bool:
    """Old because the whole file is the base's."""
    location = marked[i].location
    if location is None or location.path not in unchanged:
        return False
    marked[i] = replace(marked[i], state=State.OLD)
    return True


def _same_line(
    marked: list[Finding], i: int, rest: list[Finding], maps: Mapping[str, LineMap]
) -> bool:
    """Old because its line is unchanged and the base says the same of it."""
    finding = marked[i]
    at = finding.location
    if at is None or at.line is None or at.cell is not None or at.path not in maps:
        return False
    line = maps[at.path].old(at.line)
    if line is None:
        return False
    for k, old in enumerate(rest):
        there = old.location
        if there and (old.rule, there.path, there.line) == (finding.rule, at.path, line):
            del rest[k]
            marked[i] = replace(finding, state=State.OLD)
            return True
    return False


def _print(finding: Finding, same_path: bool) -> tuple[str, str]:
    path = finding.location.path if finding.location and same_path else ""
    return path, finding.fingerprint or ""


def _drop(rest: list[Finding], mark: tuple[str, str], same_path: bool) -> None:
    for k, old in enumerate(rest):
        if _print(old, same_path) == mark:
            del rest[k]
            return
