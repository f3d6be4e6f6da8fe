"""`mlgate report`: the last run, the trend, and joined reports of parallel jobs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest


@pytest.fixture
def checked(git, mlgate, tmp_path):
    """A repository with a run that passed and one that failed."""
    Path("mlgate.toml").write_text("[gates.files]\n")
    Path("a.json").write_text("{}\n")
    git("add", ".")
    git("commit", "-q", "-m", "One")
    assert mlgate("check").code == 0
    Path("a.json").write_text("{\n")
    assert mlgate("check").code == 1
    return tmp_path


def test_without_a_run_it_says_what_to_do(git, mlgate):
    ran = mlgate("report")
    assert ran.code == 2
    assert "no run is kept" in ran.err
    assert "mlgate check" in ran.err


def test_the_last_run_is_written_where_nobody_else_reads(checked, mlgate):
    ran = mlgate("report")
    assert ran.code == 0
    path = ran.out.strip()
    assert path.startswith(os.environ["MLGATE_CACHE_DIR"])
    page = Path(path).read_text()
    assert "<h1>Blocked</h1>" in page
    assert "The last 2 runs of this stage here" in page
    assert os.stat(os.path.dirname(path)).st_mode & 0o077 == 0


def test_the_last_run_in_another_format(checked, mlgate):
    ran = mlgate("report", "--format", "json")
    assert json.loads(ran.out)["exit_code"] == 1
    assert "blocked by files" in mlgate("report", "--format", "text").out
    assert mlgate("report", "--stage", "commit").code == 2


def kept(mlgate):
    return json.loads(mlgate("report", "--format", "json").out)


def test_the_last_run_is_shown_also_when_it_was_answered_from_the_cache(checked, mlgate):
    Path("a.json").write_text("{}\n")
    again = mlgate("check", "--format", "json")
    assert all(verdict["cached"] for verdict in json.loads(again.out)["verdicts"])
    assert kept(mlgate)["exit_code"] == 0
    assert "✓✗✓  passed" in mlgate("report", "trend").out
    assert mlgate("check").code == 0
    assert "✓✗✓  passed" in mlgate("report", "trend").out, "the same said again is no new run"


def test_a_run_from_the_cache_does_not_say_how_long_the_work_takes(checked, mlgate):
    from mlgate.store.store import open_store

    def expected():
        store = open_store(os.environ)
        ((_, lasted, _, _),) = store.runs(os.path.realpath("."), "merge", 1)
        store.close()
        return lasted

    before = expected()
    Path("a.json").write_text("{}\n")
    assert mlgate("check").code == 0
    assert expected() == before


def test_the_trend_is_a_line_for_each_gate(checked, mlgate):
    ran = mlgate("report", "trend")
    assert ran.code == 0
    assert "2 runs of stage merge" in ran.out
    assert "files      ✓✗  failed" in ran.out
    assert mlgate("report", "trend", "--html", "trend.html").code == 0
    assert "1 of the last 2 runs passed" in Path("trend.html").read_text()


def test_check_writes_the_page_with_its_history(checked, mlgate):
    assert mlgate("check", "--format", "html:out.html").code == 1
    page = Path("out.html").read_text()
    assert "The last 2 runs of this stage here" in page or "The last 3 runs" in page


def form(path: Path, **changes: object) -> str:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return str(path)


@pytest.fixture
def two(checked, mlgate):
    """The reports of two jobs on one commit."""
    mlgate("check", "--format", "json:one.json")
    Path("a.json").write_text("{}\n")
    mlgate("check", "--format", "json:two.json")
    return Path("one.json"), Path("two.json")


def test_joined_reports_fail_if_one_does(two, mlgate):
    ran = mlgate("report", "merge", "one.json", "two.json", "--format", "json")
    assert ran.code == 1
    joined = json.loads(ran.out)
    assert [(v["gate"], v["outcome"]) for v in joined["verdicts"] if v["kind"] == "files"] == [
        ("files (one)", "failed"),
        ("files (two)", "passed"),
    ]
    assert mlgate("report", "merge", "two.json").code == 0


def test_joined_alone_a_report_is_what_it_was(two, mlgate):
    ran = mlgate("report", "merge", "one.json", "--format", "json")
    before = json.loads(two[0].read_text())
    assert json.loads(ran.out)["verdicts"] == before["verdicts"]


def test_a_report_that_is_missing_never_passes(two, mlgate):
    ran = mlgate("report", "merge", "two.json", "three.json")
    assert ran.code == 2
    assert "three.json cannot be read" in ran.err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exit_code": 0}, "says exit code 0, its verdicts come to 1"),
        ({"commit": "0" * 40}, "is about stage merge of 0000"),
        ({"stage": "push"}, "is about stage push"),
        ({"schema": "mlgate/report/9"}, "is no mlgate/report/1"),
        ({"verdicts": 7}, "is no report"),
    ],
)
def test_a_report_that_does_not_fit_is_refused(two, mlgate, changes, said):
    ran = mlgate("report", "merge", "two.json", form(two[0], **changes))
    assert ran.code == 2
    assert said in ran.err


def test_no_json_is_no_report(two, mlgate):
    Path("bad.json").write_text("{" * 10_000)
    assert "bad.json is no report" in mlgate("report", "merge", "bad.json").err
