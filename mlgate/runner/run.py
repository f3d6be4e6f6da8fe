"""The run: what the store knows of it, what is left to ask, the verdicts, the report."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

import mlgate
from mlgate.core.digests import digest_of
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.words import Outcome
from mlgate.judge.judge import Draft, Used, concerns, judge
from mlgate.policy.model import OWN, GatePolicy
from mlgate.runner.memo import SUFFIX, Remembered
from mlgate.runner.needs import behind, in_turn, still_known, unmet
from mlgate.runner.request import Observer, Request, Suffixed
from mlgate.runner.session import Session, open_session
from mlgate.runner.terms import terms_for

if TYPE_CHECKING:
    from mlgate.runner.job import Job


def check(request: Request, environ: Mapping[str, str], observer: Observer) -> Report:
    """Ask the gates of the stage, and report.

    Raises `MlgateError` where nothing could be judged at all; a gate's own errors are verdicts.
    """
    if request.push_refs is not None:
        from mlgate.runner.pushed import by_tip, joined

        tips = by_tip(request.push_refs)
        if len(tips) > 1:
            reports = [
                _check(replace(request, push_refs=lines), environ, Suffixed(observer, ref))
                for ref, lines in tips.items()
            ]
            return joined(dict(zip(tips, reports, strict=True)))
    return _check(request, environ, observer)


def _check(request: Request, environ: Mapping[str, str], observer: Observer) -> Report:
    session = open_session(request, environ, observer)
    try:
        return judged(session)
    finally:
        session.close()


def judged(session: Session) -> Report:
    """Ask the gates of a session that is open, and report."""
    return _Run(session).report()


class _Run:
    """One run, from the store's answer to the report."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.verdicts: dict[str, Verdict] = {}
        self.drafts: dict[str, Draft] = {}
        self.used: dict[str, Used] = defaultdict(Counter)
        """How many findings each waiver covers already, by the kind of gate."""
        self.today = time.strftime("%Y-%m-%d", time.gmtime())

    def report(self) -> Report:
        session = self.session
        key = session.key()
        known = self._known(key)
        if known is not None:
            session.protected = known.protected
        if known is None or any(name not in known.drafts for name in self._names(known)):
            known = self._ask(key, known)
        else:
            names, gates = self._names(known), self._gates()
            session.observer.planned(names, None)
            self._replay(known.drafts, names, gates)
        return self._assemble(known)

    def _known(self, key: bytes) -> Remembered | None:
        found = self.session.recall("memos", [key]).get(key)
        return msgspec.msgpack.decode(found, type=Remembered) if found else None

    def _names(self, known: Remembered) -> tuple[str, ...]:
        return (*known.gates, *(twin.name for twin in self.session.twins))

    def _gates(self) -> dict[str, GatePolicy]:
        return {gate.name: gate for gate in (*self.session.gates, *self.session.twins)}

    def _ask(self, key: bytes, known: Remembered | None) -> Remembered:
        """Run what is not known, and remember what came of it."""
        from mlgate.runner.asked import staged
        from mlgate.runner.known import recall
        from mlgate.runner.plan import planner
        from mlgate.runner.schedule import Schedule

        session = self.session
        made = planner(session)
        wanted, waiting = staged(session)
        gates = self._gates()
        remembered = Remembered(wanted, {}, {}, waiting, session.protected)
        names = self._names(remembered)
        earlier = behind(names, gates, self._waivers_of)
        drafts = still_known(known.drafts if known else {}, gates, earlier)
        session.observer.planned(names, self._expected())
        self._replay(drafts, [name for name in names if name in drafts], gates)
        jobs = [made(gates[name]) for name in names if name not in drafts]
        recall(session, jobs)
        outcomes = {name: verdict.outcome for name, verdict in self.verdicts.items()}
        schedule = Schedule(session, jobs, self._finish, outcomes, earlier)
        schedule.run()
        pure = {job.name for job in jobs if job.repeatable}
        kept = {name: draft for name, draft in self.drafts.items() if name in pure}
        tools = dict(known.tools if known else {})
        for workshop in reversed(session.workshops):
            tools |= workshop.versions
        told = (*waiting, *session.left_out)
        remembered = replace(remembered, drafts={**drafts, **kept}, tools=tools, waiting=told)
        session.remember("memos", {key: msgspec.msgpack.encode(remembered)})
        return remembered

    def _replay(
        self, drafts: Mapping[str, Draft], names: Sequence[str], gates: Mapping[str, GatePolicy]
    ) -> None:
        """Judge anew what is known: a waiver may have ended since, and with it what needs it."""
        for name in in_turn(names, gates):
            draft = drafts[name]
            outcomes = {name: verdict.outcome for name, verdict in self.verdicts.items()}
            lacking = unmet(gates[name].needs, outcomes)
            if lacking and draft.error is None and draft.skipped is None:
                draft = Draft(gate=draft.gate, kind=draft.kind, skipped=lacking)
            self._conclude(gates[name], draft, cached=True)

    def _waivers_of(self, policy: GatePolicy) -> str:
        """The gates with which this one shares waivers, in a word; empty where it has none."""
        waivers = terms_for(self.session, policy).waivers
        return _counted(policy) if any(concerns(w, policy.kind) for w in waivers) else ""

    def _expected(self) -> float | None:
        earlier = self.session.store.runs(self.session.repo.root, self.session.stage, 1)
        return earlier[0][1] if earlier else None

    def _finish(self, job: Job) -> Verdict:
        """Called once for each job, when nothing of it is left to run."""
        draft = job.draft()
        self.drafts[job.name] = draft
        return self._conclude(
            job.policy,
            draft,
            cached=job.cached and job.skipped is None and job.error is None,
            terms=job.terms,
            started=job.started - self.session.began,
            duration=0.0 if job.cached else time.monotonic() - job.started,
        )

    def _conclude(
        self, policy: GatePolicy, draft: Draft, *, cached: bool, **more: object
    ) -> Verdict:
        terms = more.pop("terms", None) or terms_for(self.session, policy)
        if draft.waits is not None or (policy.kind == OWN and self.session.protected is not None):
            from mlgate.runner.approvals import settle

            draft = settle(self.session, draft)
        verdict = judge(draft, terms, self.today, self.used[_counted(policy)])  # type: ignore[arg-type]
        cached = cached and verdict.outcome not in (Outcome.SKIPPED, Outcome.ERRORED)
        verdict = replace(verdict, cached=cached, **more)
        self.verdicts[policy.name] = verdict
        self.session.observer.finished(verdict)
        return verdict

    def _assemble(self, known: Remembered) -> Report:
        session = self.session
        problem = session.base_problem
        report = Report(
            stage=session.stage,
            verdicts=tuple(self.verdicts[name] for name in self._names(known)),
            subject=session.described(),
            base=(
                Subject(label=session.base.why, commit=session.base.commit)
                if session.base
                else None
            ),
            base_problem=problem.message if problem else None,
            base_help=problem.hint if problem else None,
            policy_digest=session.policy.digest,
            policy_source=session.policy.source,
            tools=known.tools,
            notes=self._notes(known),
            duration=time.monotonic() - session.began,
            version=mlgate.__version__,
        )
        if any(verdict.outcome is not Outcome.SKIPPED for verdict in report.verdicts):
            self._keep(report)
        return report

    def _notes(self, known: Remembered) -> tuple[str, ...]:
        session = self.session
        notes = [*session.policy.notes, *known.waiting]
        if session.store.problem:
            notes.append(session.store.problem)
        if os.path.exists(session.repo.journal):
            notes.append("an earlier `mlgate fix` did not end: mlgate fix completes it")
        return tuple(notes)

    def _keep(self, report: Report) -> None:
        """Keep what was judged anew, and what the store answered unless the last run said it."""
        session = self.session
        fresh = any(not v.cached and v.outcome is not Outcome.SKIPPED for v in report.verdicts)
        key = digest_of(f"last {session.stage} {session.repo.root}".encode(errors="replace"))
        last, said = key.digest(), _said(report)
        if not fresh and session.recall("memos", [last]).get(last) == said:
            return
        from mlgate.runner.kept import bounded

        session.store.record_run(
            session.repo.root,
            session.stage,
            started=time.time() - report.duration,
            duration=report.duration if fresh else self._expected() or report.duration,
            exit_code=report.exit_code,
            report=msgspec.json.encode(bounded(report)),
        )
        session.remember("memos", {last: said})
        session.store.trim()


def _said(report: Report) -> bytes:
    """Digest of what a report says, whenever it was said and whoever knew it."""
    verdicts = tuple(replace(v, started=0.0, duration=0.0, cached=False) for v in report.verdicts)
    timeless = replace(report, verdicts=verdicts, duration=0.0)
    return digest_of(msgspec.msgpack.encode(timeless)).digest()


def _counted(policy: GatePolicy) -> str:
    """Gates under which waivers are counted together; a gate of the base repeats one of today."""
    return policy.kind + (SUFFIX if policy.name.endswith(SUFFIX) else "")
