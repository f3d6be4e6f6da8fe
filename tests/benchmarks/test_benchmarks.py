"""The benchmark measures what it says: whole process trees, medians, and missed budgets as such."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BURN = "import time\nwhile time.process_time() < 0.4: pass"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}], check=True)"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def test_the_time_of_children_counts(tmp_path: Path) -> None:
    from benchmarks.measure import Case, once

    (tmp_path / "work").mkdir()
    alone = once(Case([[sys.executable, "-c", "pass"]], tmp_path / "work", dict))
    burning = once(Case([[sys.executable, "-c", CHILD]], tmp_path / "work", dict))
    assert burning.cpu - alone.cpu > 0.35


def test_every_run_is_prepared(tmp_path: Path) -> None:
    from benchmarks.measure import Case, medians

    (tmp_path / "work").mkdir()
    ran: list[int] = []

    def before() -> None:
        ran.append(1)

    case = Case([[sys.executable, "-c", "pass"]], tmp_path / "work", dict, before)
    medians({"a": case, "b": case}, 3)
    assert len(ran) == 6


def test_another_exit_code_than_expected_ends_the_benchmark(tmp_path: Path) -> None:
    from benchmarks.measure import Case, once

    (tmp_path / "work").mkdir()
    with pytest.raises(SystemExit, match="ended with 3"):
        once(Case([[sys.executable, "-c", "raise SystemExit(3)"]], tmp_path / "work", dict))


def test_a_budget_is_met_or_missed() -> None:
    from benchmarks.rows import absolute, faster, relative

    assert absolute("", 0.084, "", 1, 0.085).met
    assert not absolute("", 0.086, "", 1, 0.085).met
    assert relative("", 0.79, "", 1, 0.8).met
    assert not relative("", 0.81, "", 1, 0.8).met
    assert faster("", 0.1, "", 8.1, 80).met
    assert not faster("", 0.1, "", 7.9, 80).met


def test_a_missed_budget_stands_out() -> None:
    from benchmarks.__main__ import table
    from benchmarks.rows import relative

    met, missed = relative("a", 1, "b", 2, 0.8), relative("c", 2, "b", 2, 0.8)
    lines = table([met, missed]).splitlines()
    assert lines[2].endswith("| met |")
    assert lines[3].endswith("| **missed** |")
