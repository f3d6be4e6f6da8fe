"""New findings only: asks a gate about the base, and ages what it finds at the head by that.

The base's findings are made with the head's options, configuration and tools. A gate that judges
file by file is asked about the old versions of the changed files under today's names; one that
judges the whole, about the base's files, for what it says of a file depends on the others. One that
identifies its findings is asked about the base as it was; what it learns from elsewhere it learns
today, so that only a difference in the repository makes a difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import shown
from mlgate.judge.new_only import counts, mark_old
from mlgate.runner.facts import fingerprint
from mlgate.runner.job import Job
from mlgate.runner.mixture import Mixture
from mlgate.runner.plan import prepare

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot
    from mlgate.repo.line_map import LineMap
    from mlgate.runner.session import Session

# A tool's configuration is the head's, also where the base's version of a file is judged.
_CONFIGURATION = re.compile(
    r"(.*/)?(pyproject\.toml|setup\.cfg|tox\.ini|\.?mypy\.ini|\.?pylintrc(\.toml)?"
    r"|pyrightconfig\.json|ty\.toml|\.?ruff\.toml|\.flake8|\.bandit|\.isort\.cfg|\.pycodestyle"
    r"|\.editorconfig|\.secrets\.baseline|mlgate\.toml)"
)


def past_of(session: Session, job: Job) -> Job | None:
    """The same gate asked about the base's versions of the changed files; None where nothing of
    what it found could be old, or only new findings do not count alone."""
    if not wanted(session, job) or job.inputs is None or job.ctx is None:
        return None
    places = {f.location.path for f in job.findings() if counts(f) and f.location}
    if not places or (job.inputs.also is None and not job.identifies):
        return None
    if session.base_error is not None:
        job.fail(session.base_error)
        return None
    if session.base_snapshot is None:
        return None
    if job.inputs.each and places.isdisjoint(map(shown, session.touched)):
        job.marked = mark_old(job.findings(), (), {}, _unchanged(session))
        return None
    return _past_job(session, job)


def wanted(session: Session, job: Job) -> bool:
    """Whether only new findings count for this gate."""
    if job.error is not None or job.skipped is not None:
        return False
    if session.request.new is not None:
        return session.request.new
    own = job.policy.new_only
    return bool(session.policy_of(job.policy).new_only if own is None else own)


def _past_job(session: Session, job: Job) -> Job | None:
    if job.ctx is None or job.inputs is None:
        return None
    before = _before(session, job)
    past = Job(job.policy, job.terms, session)
    past.of = job
    past.gate, past.clock = job.gate, job.clock
    old = {change.path for change in session.changes if change.old_path}
    candidates = old & before.files.keys() if job.inputs.each else before.files
    past.ctx = replace(
        job.ctx,
        subject=before,
        past=True,
        files=session.within(job.policy, candidates),
        changed=None,
        progress=lambda done, total: None,
    )
    prepare(session, past)
    if past.skipped is not None:  # the base had no such file
        past.skipped = None
        past.missing = ()
    return past


def _before(session: Session, job: Job) -> Snapshot:
    """What the gate is asked about."""
    if job.identifies and session.base_snapshot is not None:
        return session.base_snapshot
    each = job.inputs is not None and job.inputs.each
    return _old_files(session, job) if each else _old_tree(session, job)


def _old_files(session: Session, job: Job) -> Mixture:
    """The head's files, the changed ones as the base has them, under today's names."""
    judged = frozenset(job.inputs.paths) if job.inputs else frozenset()
    sources = {
        change.path: change.old_path
        for change in session.changes
        if change.old_path and (change.path in judged or not _configures(job, change.path))
    }
    return _mixture(session, job, sources, job.subject.files)


def _old_tree(session: Session, job: Job) -> Mixture:
    """The base's files under their old names, with the head's configuration."""
    base = session.base_snapshot
    before = base.files if base else {}
    sources = {path: path for path in before if not _configures(job, path)}
    ours = [path for path in job.subject.files if _configures(job, path)]
    return _mixture(session, job, sources, ours)


def _mixture(session: Session, job: Job, sources: dict[str, str], ours: Iterable[str]) -> Mixture:
    base = session.base_snapshot
    if base is None:
        raise GateError("there is no base to look back to")
    return Mixture(job.subject, base, sources, ours)


def _configures(job: Job, path: str) -> bool:
    """True for a file by which a tool is configured, also one that the gate's options name."""
    if _CONFIGURATION.fullmatch(path):
        return True
    given = job.policy.options.get("args") or ()
    return any(arg.endswith(path) for arg in map(str, given))


def settle(session: Session, past: Job) -> None:
    """Mark what is old among the findings of `past.of`, now that the base's are known."""
    job = past.of
    if job is None or job.inputs is None:
        return
    if past.error is not None:
        job.error = f"the base's version cannot be judged: {past.error}"
        job.help = past.help
        return
    if job.identifies:
        job.marked = mark_old(job.findings(), past.findings(), {})
        return
    each = job.inputs.each
    unchanged = _unchanged(session)
    found = past.findings() if each else _under_new_names(session, past.findings())
    maps = _maps(session, job, unchanged)
    same = unchanged if each else frozenset[str]()
    job.marked = mark_old(job.findings(), found, maps, same, spans=job.spans)


def _maps(session: Session, job: Job, unchanged: frozenset[str]) -> dict[str, LineMap]:
    """The line maps of the files in which something was found, by shown path."""
    from mlgate.repo.line_map import LineMap, line_maps

    if session.base is None:
        return {}
    places = {f.location.path for f in job.findings() if f.location and f.location.line}
    sources = {
        change.path: change.old_path
        for change in session.changes
        if change.old_path and change.status != "deleted" and shown(change.path) in places
    }
    maps = line_maps(session.repo, session.base.commit, session.subject, sources)
    same = {path: LineMap(path) for path in places & unchanged}
    return same | {shown(path): found for path, found in maps.items()}


def _under_new_names(session: Session, findings: list[Finding]) -> list[Finding]:
    """The base's findings in files that the change renamed, as if they had been found there."""
    renamed = {
        shown(change.old_path): shown(change.path)
        for change in session.changes
        if change.status == "renamed" and change.old_path
    }
    return [_moved(finding, renamed) for finding in findings]


def _moved(finding: Finding, renamed: dict[str, str]) -> Finding:
    at = finding.location
    if at is None or at.path not in renamed:
        return finding
    moved = replace(finding, location=replace(at, path=renamed[at.path]))
    anew = replace(moved, fingerprint=None)
    return moved if at.line else replace(anew, fingerprint=fingerprint(anew))


def _unchanged(session: Session) -> frozenset[str]:
    base = session.base_snapshot
    if base is None:
        return frozenset()
    old = base.files
    return frozenset(
        shown(path) for path, entry in session.subject.files.items() if old.get(path) == entry
    )
