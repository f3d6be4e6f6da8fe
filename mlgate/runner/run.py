"""The run: what the store knows of it, what is left to ask, the verdicts, the report."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

import mlgate
from mlgate.core import parts
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.text import shown
from mlgate.core.words import Outcome
from mlgate.judge.judge import Draft, judge
from mlgate.policy.model import OWN, GatePolicy
from mlgate.runner import plan
from mlgate.runner.memo import SUFFIX, Remembered
from mlgate.runner.needs import in_turn, still_known, unmet
from mlgate.runner.request import Observer, Request, Suffixed
from mlgate.runner.session import Session, open_session


def check(request: Request, environ: Mapping[str, str], observer: Observer) -> Report:
    """Ask the gates of the stage, and report.

    Raises `MlgateError` where nothing could be judged at all; a gate's own errors are verdicts.
    """
    if request.push_refs is not None:
        tips = _by_tip(request.push_refs)
        if len(tips) > 1:
            reports = [
                _check(replace(request, push_refs=lines), environ, Suffixed(observer, ref))
                for ref, lines in tips.items()
            ]
            return _joined(dict(zip(tips, reports, strict=True)))
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


def _by_tip(push_refs: bytes) -> dict[str, bytes]:
    """The lines of a pre-push hook by the commit that they push, under the first one's ref."""
    tips: dict[bytes, list[bytes]] = {}
    for line in push_refs.splitlines():
        fields = line.rsplit(maxsplit=3)
        if len(fields) == 4 and fields[1].strip(b"0"):
            tips.setdefault(fields[1], []).append(line)
    names = {tip: lines[0].rsplit(maxsplit=3)[2] for tip, lines in tips.items()}
    return {
        shown(os.fsdecode(names[tip].removeprefix(b"refs/heads/"))): b"\n".join(lines) + b"\n"
        for tip, lines in tips.items()
    }


def _joined(reports: Mapping[str, Report]) -> Report:
    """One report on several pushed commits; their gates are told apart by the ref."""
    first = next(iter(reports.values()))
    problems = [report for report in reports.values() if report.base_problem]
    return replace(
        problems[0] if problems else first,
        verdicts=tuple(
            replace(verdict, gate=f"{verdict.gate} ({ref})")
            for ref, report in reports.items()
            for verdict in report.verdicts
        ),
        subject=Subject(
            label=", ".join(report.subject.label for report in reports.values()),
            commit=first.subject.commit,
        ),
        tools={k: v for report in reports.values() for k, v in report.tools.items()},
        notes=tuple(dict.fromkeys(note for r in reports.values() for note in r.notes)),
        duration=sum(report.duration for report in reports.values()),
    )


class _Run:
    """One run, from the store's answer to the report."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.verdicts: dict[str, Verdict] = {}
        self.drafts: dict[str, Draft] = {}
        self.used: dict[str, Counter[int]] = defaultdict(Counter)
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
        from mlgate.runner.schedule import Schedule

        session = self.session
        made = self._protect()
        staged, waiting = _staged(session)
        gates = self._gates()
        drafts = still_known(known.drafts if known else {}, gates)
        remembered = Remembered(staged, drafts, {}, waiting, session.protected)
        names = self._names(remembered)
        session.observer.planned(names, self._expected())
        self._replay(drafts, [name for name in names if name in drafts], gates)
        jobs = [made(gates[name]) for name in names if name not in drafts]
        plan.recall(session, jobs)
        outcomes = {name: verdict.outcome for name, verdict in self.verdicts.items()}
        schedule = Schedule(session, jobs, self._finish, outcomes)
        schedule.run()
        pure = {job.name for job in jobs if _repeatable(job)}
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

    def _protect(self) -> Callable[[GatePolicy], plan.Job]:
        """Settle what binds, and give what makes each gate's job."""
        from mlgate.policy.check import options_of, validate

        session = self.session
        options = validate(session.policy)
        protection = session.protect(options)
        if protection is None or session.protected is None:
            return lambda gate: plan.make_job(session, gate, options[gate.name])
        options |= protection.options()
        own = session.protected.own
        options[own.name] = options_of(own)
        head = {gate.name for gate in session.gates}

        def made(gate: GatePolicy) -> plan.Job:
            if gate.name in head:
                return plan.make_job(session, gate, options[gate.name])
            subject = protection.subject_of(gate.name)
            return plan.make_job(session, gate, options[gate.name], subject, "base")

        return made

    def _expected(self) -> float | None:
        earlier = self.session.store.runs(self.session.repo.root, self.session.stage, 1)
        return earlier[0][1] if earlier else None

    def _finish(self, job: plan.Job) -> Verdict:
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
        terms = more.pop("terms", None) or plan.terms_for(self.session, policy)
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
        if any(not v.cached and v.outcome is not Outcome.SKIPPED for v in report.verdicts):
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
        from mlgate.runner.kept import bounded

        session = self.session
        session.store.record_run(
            session.repo.root,
            session.stage,
            started=time.time() - report.duration,
            duration=report.duration,
            exit_code=report.exit_code,
            report=msgspec.json.encode(bounded(report)),
        )
        session.store.trim()


def _staged(session: Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The gates of this stage in the policy's order, and a word on those that wait for another."""
    names, waiting = [], []
    wanted = session.request.gates
    if session.request.push_refs is not None and not session.pushes:
        return (), ("nothing is pushed that could be judged",)
    for gate in session.gates:
        if wanted and not {gate.name, gate.kind} & set(wanted):
            continue
        stages = gate.stages
        if stages is None:
            stages = tuple(sorted(parts.load("gates", gate.kind).stages))
        if session.stage in stages or gate.name in wanted:
            names.append(gate.name)
        elif stages and gate.kind != OWN:
            waiting.append(f"{gate.name} is asked at {', '.join(stages)}")
    return tuple(names), tuple(waiting)


def _counted(policy: GatePolicy) -> str:
    """Gates under which waivers are counted together; a gate of the base repeats one of today."""
    return policy.kind + (SUFFIX if policy.name.endswith(SUFFIX) else "")


def _repeatable(job: plan.Job) -> bool:
    """True if an equal run may take this draft from the store without asking the gate."""
    if job.error is not None:
        return False
    if job.inputs is None:
        return job.help is None
    if job.skipped is not None:  # for a need that did not pass this time
        return False
    return job.inputs.also is not None and not job.inputs.beyond
