"""The schedule: needs, batches, errors, progress, limits, and runs that are ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from probes import Watching
from waiting import is_running

from mlgate.core.words import Outcome
from mlgate.runner.job import Job
from mlgate.runner.schedule import Schedule

Brief = Callable[[Any], list[tuple[Any, ...]]]


def outcomes(report: Any) -> dict[str, str]:
    return {v.gate: v.outcome.value for v in report.verdicts if v.kind != "policy"}


def test_needs_go_first_and_unmet_ones_skip(judged: Any) -> None:
    judged.policy(
        last='needs = ["good", "first"]\nword = "line 3"',
        first='needs = ["good"]',
        good='word = "nothing"',
        after='needs = ["last"]',
    )
    watching = Watching()
    report = judged.run(watching)
    assert outcomes(report) == {
        "last": "skipped",
        "first": "failed",
        "good": "passed",
        "after": "skipped",
    }
    reasons = {v.gate: v.reason for v in report.verdicts}
    assert reasons["last"] == "needs first, which did not pass"
    assert reasons["after"] == "needs last, which did not pass"
    assert not [line for line in judged.asked() if line.startswith(("last", "after"))]
    order = [event[1] for event in watching.events if event[0] == "finished"]
    assert order.index("good") < order.index("first") < order.index("last") < order.index("after")
    assert [v.gate for v in report.verdicts] == ["last", "first", "good", "after"]


def test_a_need_holds_for_stored_findings_too(judged: Any) -> None:
    judged.policy(first='word = "nothing"', second='needs = ["first"]\nword = "nothing"')
    assert set(outcomes(judged.run()).values()) == {"passed"}
    judged.policy(first="", second='needs = ["first"]\nword = "nothing"')
    assert outcomes(judged.run()) == {"first": "failed", "second": "skipped"}


def test_a_need_that_is_asked_on_every_run_holds_anew(judged: Any) -> None:
    dies = 'run = ["sh", "-c", "test ! -e ../stop || kill -9 $$"]'
    judged.policy(
        first=f'unknown = true\nword = "nothing"\n{dies}',
        second='needs = ["first"]\nword = "nothing"',
        third='needs = ["second"]\nword = "nothing"',
    )
    assert set(outcomes(judged.run()).values()) == {"passed"}
    (judged.project.folder.parent / "stop").write_text("")
    assert outcomes(judged.run()) == {"first": "errored", "second": "skipped", "third": "skipped"}
    (judged.project.folder.parent / "stop").unlink()
    assert set(outcomes(judged.run()).values()) == {"passed"}


def test_a_need_that_was_not_asked_for_is_no_obstacle(judged: Any) -> None:
    judged.policy(first="", second='needs = ["first"]\nword = "nothing"')
    assert outcomes(judged.run(gates=("second",))) == {"second": "passed"}


@pytest.mark.parametrize("how", ["refuse", "crash"])
def test_an_error_in_one_batch_errors_the_gate_alone(judged: Any, how: str) -> None:
    judged.policy(broken=f'{how} = "d1/07.txt"', whole="", other='word = "nothing"')
    report = judged.run(jobs=2)
    assert outcomes(report) == {"broken": "errored", "whole": "failed", "other": "passed"}
    assert report.exit_code == 1
    broken = report.verdicts[0]
    assert "d1/07.txt" in (broken.reason or "") and broken.help
    judged.policy(broken=f'{how} = "d1/07.txt"')
    assert judged.run().exit_code == 3


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("order", [("f", "e", "p"), ("p", "e", "f"), ("e", "p", "f")])
def test_the_worst_counts_whatever_the_order(judged: Any, jobs: int, order: Any) -> None:
    gates = {"f": "wait = 0.1", "e": 'refuse = "d0/00.txt"', "p": 'word = "nothing"'}
    judged.policy(**{name: gates[name] for name in order})
    report = judged.run(jobs=jobs)
    assert outcomes(report) == {"f": "failed", "e": "errored", "p": "passed"}
    assert report.exit_code == 1


def test_a_failing_gate_among_many_is_always_reported(judged: Any) -> None:
    for failing in range(0, 8, 3):
        judged.policy(**{f"g{n}": 'word = "nothing"' if n != failing else "" for n in range(8)})
        report = judged.run(jobs=4, cache=False)
        assert report.exit_code == 1
        assert [g for g, o in outcomes(report).items() if o == "failed"] == [f"g{failing}"]


def test_one_job_says_what_four_say(judged: Any, brief: Brief) -> None:
    judged.policy(a="extra = true", b='each = false\nword = "line"', c='refuse = "d0/00.txt"')
    one = judged.run(jobs=1, cache=False)
    for _ in range(3):
        many = judged.run(jobs=4, cache=False)
        # how many batches there are, the notes about none of the files tell
        assert [strip(v) for v in brief(many)] == [strip(v) for v in brief(one)]


def strip(verdict: tuple[Any, ...]) -> tuple[Any, ...]:
    gate, outcome, blocks, findings, *rest = verdict
    return gate, outcome, blocks, [f for f in findings if f.location], *rest


def test_progress_rises_to_the_whole_and_is_told_one_at_a_time(judged: Any) -> None:
    judged.policy(a="", b='word = "line"', c="each = false")
    watching = Watching()
    judged.run(watching, jobs=4)
    assert not watching.at_once
    assert watching.events[0] == ("planned", ("a", "b", "c"))
    for gate in "ab":
        mine = [event for event in watching.events if event[1] == gate]
        assert mine[0] == ("started", gate) and mine[-1] == ("finished", gate)
        done = [event[2] for event in mine[1:-1]]
        assert done == sorted(done) and done[-1] == 40
        assert {event[3] for event in mine[1:-1]} == {40}
    assert sorted(e[1] for e in watching.events if e[0] == "finished") == ["a", "b", "c"]


def test_an_observer_that_breaks_ends_the_run(judged: Any) -> None:
    class Broken(Watching):
        def progressed(self, gate: str, done: int, total: int) -> None:
            raise BrokenPipeError

    judged.policy(a="", b=f'run = ["{sys.executable}", "-c", "import time; time.sleep(60)"]')
    began = time.monotonic()
    with pytest.raises(BrokenPipeError):
        judged.run(Broken(), jobs=4)
    assert time.monotonic() - began < 20


def test_time_limit_of_a_gate(judged: Any) -> None:
    sleep = f'run = ["{sys.executable}", "-c", "import time; time.sleep(60)"]'
    judged.policy(slow=f"timeout = 1\neach = false\n{sleep}", quick="")
    began = time.monotonic()
    report = judged.run(jobs=2)
    assert time.monotonic() - began < 20
    assert outcomes(report) == {"slow": "errored", "quick": "failed"}
    assert "did not end within 1 s" in (report.verdicts[0].reason or "")


def test_a_file_that_cannot_be_read_is_the_error_of_its_gates(
    judged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlgate.core.errors import GateError

    judged.policy(texts="", others='suffix = ".md"\nword = "nothing"')
    judged.project.put({"a.md": "x\n"})
    place = Job.places

    def refuse(job: Job, paths: Any) -> Any:
        if job.name == "texts":
            raise GateError("d0/00.txt cannot be read: Permission denied")
        return place(job, paths)

    monkeypatch.setattr(Job, "places", refuse)
    report = judged.run()
    assert outcomes(report) == {"texts": "errored", "others": "passed"}
    assert report.exit_code == 3


# -- batches ---------------------------------------------------------------------------------------


class Surroundings:
    """As much of a session as batches need."""

    def __init__(self, jobs: int) -> None:
        self.workshop = self.repo = self
        self.jobs = jobs
        self.root = "/nowhere"


class Places:
    def __init__(self, apart: int) -> None:
        self.apart = apart

    def places(self, paths: Any) -> list[list[str]]:
        groups = [list(paths[: self.apart]), list(paths[self.apart :])]
        return [group for group in groups if group]


@given(
    st.lists(st.text(min_size=1, max_size=6), unique=True, max_size=300),
    st.integers(1, 16),
    st.integers(0, 300),
    st.integers(0, 10**7),
)
def test_batches_hold_every_path_once(paths: list[str], jobs: int, apart: int, seed: int) -> None:
    schedule = Schedule(Surroundings(jobs), [], lambda job: None, {}, {})  # type: ignore[arg-type]  # fakes
    schedule._sizes = {path: hash((path, seed)) % 100_000 for path in paths}
    batches = schedule._batches(Places(apart), paths)  # type: ignore[arg-type]
    assert sorted(path for batch in batches for path in batch) == sorted(paths)
    assert all(batches)
    first = set(paths[:apart])
    assert all(first.issuperset(batch) or first.isdisjoint(batch) for batch in batches)


def test_the_names_of_a_batch_fit_a_command_line() -> None:
    paths = [f"{'long/' * 40}{n}.py" for n in range(20_000)]
    schedule = Schedule(Surroundings(2), [], lambda job: None, {}, {})  # type: ignore[arg-type]  # fakes
    batches = schedule._batches(Places(0), paths)  # type: ignore[arg-type]
    assert sum(map(len, batches)) == 20_000
    assert max(sum(map(len, batch)) for batch in batches) < 1_000_000


# -- ended from outside ----------------------------------------------------------------------------

SLEEPS = "import os, time; open('../pid%d' % os.getpid(), 'w').close(); time.sleep(100)"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_ended_run_leaves_nothing_behind(judged: Any, number: int, tmp_path: Path) -> None:
    sleeper = f'run = ["{sys.executable}", "-c", "{SLEEPS}"]'
    judged.policy(a=f"each = false\n{sleeper}", b=sleeper, c="")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "mlgate", "check", "--jobs", "3", "--format", "json:../out.json"],
        cwd=judged.project.folder,
        env={**os.environ, "TMPDIR": str(temporary)},
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # background jobs ignore some
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 30
    while len(list(tmp_path.glob("pid*"))) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, (out, err)
    assert "interrupted" in err and "Traceback" not in err
    pids = [int(path.name[3:]) for path in tmp_path.glob("pid*")]
    assert len(pids) >= 2
    end = time.monotonic() + 5
    while any(map(is_running, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(is_running, pids))
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "out.json").exists()
    judged.policy(c="")
    assert judged.run().verdicts[0].outcome is Outcome.FAILED
