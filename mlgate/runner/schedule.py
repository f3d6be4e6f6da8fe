"""Runs jobs over all cores: batches of files, needs first, time limits, interruption."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.gate import Context
from mlgate.core.report import Verdict
from mlgate.core.words import Outcome
from mlgate.runner import look_back
from mlgate.runner.facts import Facts
from mlgate.runner.job import Job, crash
from mlgate.runner.known import recall, remember_files, remember_whole
from mlgate.runner.needs import unmet

if TYPE_CHECKING:
    from mlgate.runner.session import Session

_SMALL = 48
"""Files up to which one worker interpreter is cheaper than several, each of which has to start."""
_BATCHES_A_CORE = 3
_LONGEST_NAMES = 250_000
"""Characters of paths in one batch, far below what a system takes as a program's arguments."""
_PATIENCE = 5.0
"""Seconds for which threads are waited for once their processes are ended."""


class _Task:
    """A gate asked about one batch; `paths` is None where it is asked as a whole."""

    def __init__(self, job: Job, paths: tuple[str, ...] | None, weight: int) -> None:
        self.job = job
        self.paths = paths
        self.weight = weight


class Schedule:
    """Runs what is not settled, and hands every job to `finish` once, needs before needers."""

    def __init__(
        self,
        session: Session,
        jobs: Sequence[Job],
        finish: Callable[[Job], Verdict],
        outcomes: Mapping[str, Outcome],
        earlier: Mapping[str, Sequence[str]],
    ) -> None:
        self._session = session
        self._finish = finish
        self._earlier = earlier
        """For a gate those whose verdict comes before its own."""
        self._ended: list[Job] = []
        self._waiting = list(jobs)
        self._outcomes = dict(outcomes)
        self._known = {job.name for job in jobs} | set(outcomes)
        self._tasks: list[_Task] = []
        self._open: dict[Job, int] = {}
        self._done: dict[Job, int] = {}
        self._changed = threading.Condition()
        self._failure: BaseException | None = None
        self._sizes: dict[str, int] = {}

    def run(self) -> None:
        """Until every job is finished. Raises what a job raised that is no error of its own."""
        files = sum(len(job.missing or ()) for job in self._waiting if not job.settled)
        for workshop in self._session.workshops:
            workshop.share(1 if files <= _SMALL else workshop.jobs)
        with self._changed:
            self._release()
        count = self._session.workshop.jobs
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        if not self._tasks:
            return
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive() and self._failure is None:
                    thread.join(0.2)
        except BaseException as error:  # interrupted
            self._failure = error
        if self._failure is not None:
            self._stop(threads)
            raise self._failure

    def _stop(self, threads: Sequence[threading.Thread]) -> None:
        """End what is at work; a thread that starts a process at this moment loses it at once."""
        with self._changed:
            self._changed.notify_all()
        end = time.monotonic() + _PATIENCE
        while any(thread.is_alive() for thread in threads) and time.monotonic() < end:
            for workshop in self._session.workshops:
                workshop.stop()
            time.sleep(0.02)

    def _release(self) -> None:
        """Finish what is settled, and make tasks of what no longer waits for a need."""
        again = True
        while again:
            again = False
            for job in list(self._waiting):
                # A need that this run was not asked for is no obstacle.
                needs = [need for need in job.needs if need in self._known]
                if any(need not in self._outcomes for need in needs):
                    continue
                self._waiting.remove(job)
                if job.error is None and job.skipped is None:
                    job.skipped = unmet(needs, self._outcomes)
                if not job.settled:
                    self._add_tasks(job)
                if job.settled:
                    self._close(job)
                    again = True
            again = self._conclude() or again
        self._tasks.sort(key=lambda task: task.weight)
        self._changed.notify_all()

    def _conclude(self) -> bool:
        """Finish what has ended and is preceded by nothing; True if there was any."""
        for job in self._ended:
            earlier = self._known.intersection(self._earlier.get(job.name, ()))
            if earlier <= self._outcomes.keys():
                self._ended.remove(job)
                self._outcomes[job.name] = self._finish(job).outcome
                return True
        return False

    def _add_tasks(self, job: Job) -> None:
        try:
            tasks = self._tasks_of(job)
        except GateError as error:
            return job.fail(error)
        job.cached = False
        job.facts = job.new_facts()
        self._open[job] = len(tasks)
        self._done[job] = len(job.inputs.paths) - len(job.missing or ()) if job.inputs else 0
        self._tasks.extend(tasks)
        if job.of is None:
            self._session.observer.started(job.name)
        return None

    def _tasks_of(self, job: Job) -> list[_Task]:
        if job.missing is None:
            paths = job.inputs.paths if job.inputs else ()
            return [_Task(job, paths, 1 << 62)]
        return [
            _Task(job, batch, sum(map(self._size, batch)))
            for batch in self._batches(job, job.missing)
        ]

    def _batches(self, job: Job, paths: Sequence[str]) -> list[tuple[str, ...]]:
        """Batches of about equal weight, each readable in one folder."""
        batches: list[tuple[str, ...]] = []
        for group in job.places(paths):
            count = max(1, min(len(group) // 16, self._session.workshop.jobs * _BATCHES_A_CORE))
            count = max(count, sum(map(len, group)) // _LONGEST_NAMES + 1)
            heaps: list[tuple[int, list[str]]] = [(0, []) for _ in range(count)]
            for path in sorted(group, key=self._size, reverse=True):
                weight, members = heaps[0]
                members.append(path)
                heaps[0] = (weight + self._size(path), members)
                heaps.sort(key=lambda heap: heap[0])
            batches.extend(tuple(sorted(members)) for _, members in heaps if members)
        return batches

    def _size(self, path: str) -> int:
        """Bytes of a file as it lies in the work tree, for balance only."""
        if path not in self._sizes:
            try:
                found = os.lstat(os.path.join(self._session.repo.root, path)).st_size
            except OSError:
                found = 4096
            self._sizes[path] = found + 512
        return self._sizes[path]

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._tasks and (self._open or self._waiting) and not self._failure:
                    self._changed.wait()
                if not self._tasks or self._failure:
                    return
                task = self._tasks.pop()
            try:
                self._ask(task)
            except BaseException as error:
                with self._changed:
                    self._failure = error
                    self._changed.notify_all()

    def _ask(self, task: _Task) -> None:
        """One batch, from the gate to the store; an error ends the job, not the run."""
        job = task.job
        ctx: Context | None = job.ctx
        paths = task.paths or ()
        facts = job.new_facts()
        failed: GateError | None = None
        if ctx is not None and job.error is None:
            if job.clock.began is None:
                job.started = time.monotonic()
            try:
                job.clock.left(None)
                with job.clock.running():
                    facts.add(job.gate.check(ctx, paths))
            except GateError as error:
                failed = error
            except Exception as error:
                failed = crash(job.kind, error)
        with self._changed:
            self._take(job, task, facts, failed)

    def _take(self, job: Job, task: _Task, facts: Facts, failed: GateError | None) -> None:
        if failed is not None:
            if job.error is None:
                job.fail(failed)
        elif task.paths is not None and job.missing is not None and job.error is None:
            remember_files(self._session, job, task.paths, facts)
        if job.facts is not None:
            job.facts.findings.extend(facts.findings)
            job.facts.figures.extend(facts.figures)
        self._open[job] -= 1
        if job.missing is not None and job.inputs is not None and job.of is None:
            self._done[job] += len(task.paths or ())
            total = len(job.inputs.paths)
            self._session.observer.progressed(job.name, self._done[job], total)
        if not self._open[job]:
            del self._open[job]
            self._close(job)
            self._release()

    def _close(self, job: Job) -> None:
        """A job of the base settles the one it was asked for; any other may need one first."""
        remember_whole(self._session, job)
        if job.of is not None:
            self._settle(job)
            job = job.of
        else:
            past = self._past_of(job)
            if past is not None:
                recall(self._session, [past])
                self._waiting.append(past)
                return
        self._ended.append(job)

    def _past_of(self, job: Job) -> Job | None:
        try:
            return look_back.past_of(self._session, job)
        except GateError as error:
            job.fail(error)
            return None

    def _settle(self, past: Job) -> None:
        try:
            look_back.settle(self._session, past)
        except GateError as error:
            (past.of or past).fail(error)
