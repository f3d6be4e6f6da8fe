"""What must not pass: a lent environment, a PATH nobody judges, a waiver used twice or ended."""

from __future__ import annotations

import sys
import time
from typing import Any

import msgspec
import pytest
from projects import Project

from mlgate.core.errors import GateError, UsageError
from mlgate.core.report import Report
from mlgate.core.words import Stage
from mlgate.policy.model import GatePolicy
from mlgate.runner import run
from mlgate.runner.clock import Clock
from mlgate.runner.needs import in_turn


def outcomes(report: Report) -> dict[str, str]:
    return {verdict.gate: verdict.outcome.value for verdict in report.verdicts}


# -- the base's environment ------------------------------------------------------------------------


def test_a_gate_of_the_base_runs_in_the_bases_environment(project: Project) -> None:
    """A `run` that the change brings along could make any test pass."""
    policy = f'[gates.tests]\nargs = ["-q"]\n[environment]\nrun = ["{sys.executable}", "run.py"]\n'
    runner = "import subprocess, sys\nsys.exit(subprocess.call(sys.argv[1:]))\n"
    failing = "def test_it():\n    assert False\n"
    project.put({"mlgate.toml": policy, "run.py": runner, "test_it.py": failing}).commit()
    project.git("checkout", "-q", "-b", "topic")
    lent = policy.replace("run.py", "lent.py")
    forged = runner.replace("sys.exit(", "int(").replace("\nint", "\nopen('lent', 'w')\nint")
    project.put({"mlgate.toml": lent, "lent.py": forged}).commit()
    ended = project.run("check", "--format", "json", "--gate", "tests")
    found = {v["gate"]: v for v in msgspec.json.decode(ended.out)["verdicts"]}
    assert found["tests (base policy)"]["outcome"] == "failed", found


# -- a PATH that is not judged ---------------------------------------------------------------------


def test_an_untracked_path_is_no_pass(judged: Any) -> None:
    judged.policy(probe="")
    judged.project.commit()
    judged.project.put({"new.txt": "bad\n", "folder/new.txt": "bad\n"})
    for path in ("new.txt", "folder"):
        with pytest.raises(UsageError, match="is not in the index") as refused:
            judged.run(stage=Stage.COMMIT, paths=("d0/00.txt", path))
        assert refused.value.hint == f"git add {path}"
    assert judged.run(paths=("new.txt",)).exit_code == 1


def test_a_gate_named_where_paths_are_is_told_apart(judged: Any) -> None:
    judged.policy(probe="")
    judged.project.commit()
    with pytest.raises(UsageError) as refused:
        judged.run(paths=("probe",))
    assert refused.value.hint == "if you mean the gate: --gate probe"
    with pytest.raises(UsageError) as refused:
        judged.run(paths=("prob",))
    assert "--gate" not in str(refused.value.hint)


def test_a_file_without_content_yet_is_named(judged: Any) -> None:
    judged.policy(probe="")
    judged.project.commit()
    judged.project.put({"new.txt": "bad\n"}).git("add", "-N", "new.txt")
    for _ in range(2):
        report = judged.run(stage=Stage.COMMIT, paths=("new.txt", "d0/03.txt"))
        assert report.exit_code == 0
        assert any("new.txt is not in the index yet" in note for note in report.notes)


# -- waivers ---------------------------------------------------------------------------------------


def waive(project: Project, most: int, until: str = "2999-01-01") -> None:
    text = (project.folder / "mlgate.toml").read_text().partition("[[waivers]]")[0]
    table = f'[[waivers]]\nrule = "probe/"\nmax = {most}\nreason = "old"\nuntil = {until}\n'
    project.put({"mlgate.toml": text + table}).commit()


@pytest.mark.parametrize(("most", "passing"), [(8, 2), (7, 1), (4, 1), (3, 0)])
def test_a_waiver_covers_no_more_for_several_gates(judged: Any, most: int, passing: int) -> None:
    judged.policy(one='kind = "probe"', two='kind = "probe"')
    waive(judged.project, most)
    for _ in range(2):  # anew, and from the store
        report = judged.run()
        assert sum(v.waived for v in report.verdicts) == most
        assert list(outcomes(report).values()).count("passed") == passing


@pytest.mark.parametrize("slow", ["one", "two"])
@pytest.mark.parametrize("needs", ["", 'needs = ["two"]\n'])
def test_the_first_in_the_policy_gets_what_a_waiver_covers(
    judged: Any, slow: str, needs: str
) -> None:
    """Whichever is quicker, and whichever is known already."""
    keys = dict.fromkeys(("one", "two"), 'kind = "probe"\n')
    keys[slow] += "wait = 0.2\n"
    keys["one"] += needs
    first, second = ("two", "one") if needs else ("one", "two")
    came = {first: "passed", second: "failed"}
    judged.policy(**keys)
    waive(judged.project, 4)
    assert outcomes(judged.run()) == came
    for gate in (first, second):
        assert outcomes(judged.run()) == came
        judged.policy(**keys | {gate: keys[gate] + 'also = "anew"\n'})
        waive(judged.project, 4)
        assert outcomes(judged.run()) == came
    judged.policy(**keys | {first: keys[first] + "unknown = true\n"})
    waive(judged.project, 4)
    for _ in range(2):
        assert outcomes(judged.run()) == came


def test_what_needs_a_gate_whose_waiver_has_ended_is_skipped(
    judged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged.policy(second='needs = ["first"]\nsuffix = ".md"', first="")
    judged.project.put({"readme.md": "fine\n"})
    waive(judged.project, 4, "2026-12-31")

    class Then:
        """The clock of a run on a later day."""

        def __init__(self, day: str) -> None:
            self.day = day

        def strftime(self, *_: Any) -> str:
            return self.day

        def __getattr__(self, name: str) -> Any:
            return getattr(time, name)

    monkeypatch.setattr(run, "time", Then("2026-12-31"))
    assert outcomes(judged.run()) == {"second": "passed", "first": "passed"}
    judged.asked()
    monkeypatch.setattr(run, "time", Then("2027-01-01"))
    assert outcomes(judged.run()) == {"second": "skipped", "first": "failed"}
    assert judged.asked() == []
    monkeypatch.setattr(run, "time", Then("2026-12-30"))
    assert outcomes(judged.run()) == {"second": "passed", "first": "passed"}


def test_needs_come_first() -> None:
    gates = {
        name: GatePolicy(name=name, kind="probe", needs=tuple(needs))
        for name, needs in {"a": "c", "b": "", "c": "d", "d": "", "e": "f", "f": "e"}.items()
    }
    assert list(in_turn(list("abcd"), gates)) == ["b", "d", "c", "a"]
    assert sorted(in_turn(list("ef"), gates)) == ["e", "f"]


# -- the time limit --------------------------------------------------------------------------------


def test_a_clock_runs_while_a_batch_is_at_work() -> None:
    clock = Clock(0.2)
    with clock.running(), clock.running():
        time.sleep(0.02)
    time.sleep(0.3)  # other gates are at work
    assert 0.05 < clock.left(None) < 0.19
    with clock.running():
        with clock.waiting():
            time.sleep(0.3)
        assert clock.left(None) > 0.05
        time.sleep(0.2)
        with pytest.raises(GateError, match="time limit"):
            clock.left(None)
    with clock.waiting():
        pass
    assert clock.limit == 0.2


def test_batches_that_wait_for_other_gates_cost_no_time(judged: Any) -> None:
    """One core: the batches of a gate lie between those of one that takes longer."""
    judged.policy(slow="wait = 0.7", quick="timeout = 1\nwait = 0.05")
    report = judged.run(jobs=1)
    assert "errored" not in outcomes(report).values(), report
