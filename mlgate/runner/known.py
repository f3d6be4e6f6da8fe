"""What the store knows of jobs, and what it is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from mlgate.core.finding import Figure, Finding
from mlgate.runner import keys

if TYPE_CHECKING:
    from mlgate.runner.facts import Facts
    from mlgate.runner.job import Job
    from mlgate.runner.session import Session


class Whole(msgspec.Struct, frozen=True, array_like=True):
    """What a gate said of all its files together, as the store keeps it."""

    findings: tuple[Finding, ...]
    figures: tuple[Figure, ...]


_findings = msgspec.msgpack.Decoder(tuple[Finding, ...])
_whole = msgspec.msgpack.Decoder(Whole)


def recall(session: Session, jobs: Iterable[Job]) -> None:
    """Take from the store what it knows of the jobs: a whole gate in one look-up, then by file."""
    asked = [job for job in jobs if job.key and not job.settled and job.inputs]
    whole = {keys.whole_key(j.key, j.inputs.paths, j.subject.files): j for j in asked if j.inputs}
    for key, value in session.recall("findings", list(whole)).items():
        found = _whole.decode(value)
        whole[key].known, whole[key].drawn = list(found.findings), found.figures
        whole[key].missing = ()
    for job in asked:
        if job.missing:
            _recall_files(session, job)


def _recall_files(session: Session, job: Job) -> None:
    own = keys.file_keys(job.key, job.missing or (), job.subject.files)
    found = session.recall("findings", list(own))
    for value in found.values():
        job.known.extend(_findings.decode(value))
    job.missing = tuple(path for key, path in own.items() if key not in found)


def remember_files(session: Session, job: Job, paths: Sequence[str], facts: Facts) -> None:
    """Store each file's own findings."""
    if not job.key or facts.figures:  # which belong to no single file
        return
    by_path: dict[str, list[Finding]] = {path: [] for path in paths}
    for path, finding in facts.findings:
        if path not in by_path:  # a fact about no single file: none of them is known
            return
        by_path[path].append(finding)
    rows = {
        key: msgspec.msgpack.encode(by_path[path])
        for key, path in keys.file_keys(job.key, paths, job.subject.files).items()
    }
    session.remember("findings", rows)


def remember_whole(session: Session, job: Job) -> None:
    """Store what a gate says of all its files together."""
    known = job.error is None and job.skipped is None
    if job.key and job.inputs and known and not job.cached:
        key = keys.whole_key(job.key, job.inputs.paths, job.subject.files)
        whole = Whole(tuple(job.findings()), job.figures())
        session.remember("findings", {key: msgspec.msgpack.encode(whole)})
