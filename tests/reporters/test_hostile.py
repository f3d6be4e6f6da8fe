"""Bad input: whatever stands in a report, its verdict stays visible and right, and in bounds."""

from __future__ import annotations

import json
import time
import tracemalloc

import hostile
import pytest
import sample
from forms import FORMATS, check, render
from msgspec.structs import replace

from mlgate.reporters import markdown

SHORT = {"github", "azure", "markdown", "buildkite"}


@pytest.fixture(scope="module", autouse=True)
def forgotten():
    """What is large is made once, and kept for no other tests."""
    yield
    for made in (hostile.huge, hostile.long, hostile.many_gates, hostile.many_measurements):
        made.cache_clear()


@pytest.mark.parametrize("name", FORMATS)
def test_untrusted_text_does_no_harm(name):
    check(name, render(name, hostile.report()))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("path", hostile.PATHS, ids=range(len(hostile.PATHS)))
def test_odd_paths_do_no_harm(name, path):
    findings = [sample.finding(path, path, path, 1, column=2, help=path)]
    verdict = replace(sample.LINT, gate=path, findings=tuple(findings))
    check(name, render(name, sample.report(verdict, policy_source=path)))


@pytest.mark.parametrize("name", FORMATS)
def test_fifty_thousand_findings(name):
    report = hostile.huge()
    started = time.process_time()
    text = render(name, report)
    assert time.process_time() - started < 15
    assert len(text) < 60_000_000
    if name in SHORT:
        check(name, text)
    if name != "openmetrics":
        assert "the grave one" in text
    if name in SHORT:
        assert "blocked by" in text
        assert "more finding" in text


@pytest.mark.parametrize("name", FORMATS)
def test_a_message_of_five_megabytes(name):
    report = hostile.long()
    render(name, hostile.report())  # with all that is made once
    tracemalloc.start()
    try:
        text = render(name, report)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(text) < 100_000
    assert peak < 5_000_000, "no copy of the whole message is made"
    check(name, text)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("many", [hostile.many_gates, hostile.many_measurements])
def test_many_gates_and_measurements(name, many):
    check(name, render(name, many()))


@pytest.mark.parametrize("limit", [4_000, 12_000, 30_000, 200_000])
@pytest.mark.parametrize(
    "make",
    [hostile.report, hostile.huge, hostile.long, hostile.many_gates, hostile.many_measurements],
)
def test_a_comment_keeps_its_limit_and_its_verdict(make, limit):
    text = markdown.render(make(), limit)
    assert len(text.encode()) <= limit
    assert text.startswith("## ")
    assert "exit " in text.split("### ")[0]


def test_where_not_all_gates_fit_the_worst_are_shown():
    text = markdown.render(hostile.many_gates())
    assert "| ❌ | `last/lint` |" in text
    assert "more gates not shown here" in text


def test_where_not_all_numbers_fit_those_not_met_are_shown():
    text = markdown.render(hostile.many_measurements())
    assert "| ❌ | `churn` | `roc_auc` |" in text
    assert "more measurements not shown here" in text


def test_sarif_says_what_it_left_out():
    (run,) = json.loads(render("sarif", hostile.huge()))["runs"]
    assert len(run["results"]) == 25_000
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "25,000 of 50,001" in told["message"]["text"]
