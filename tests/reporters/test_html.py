"""The HTML report without a browser: what is in it, that it is safe, and that it stays small."""

from __future__ import annotations

import functools
import re
import sys
import time
import tracemalloc

import hostile
import msgspec
import pytest
import sample
import showcase
from msgspec.structs import replace
from pages import Page, drawn, safe

from mlgate import process
from mlgate.cli import _plot_engine, _trend
from mlgate.cli._plot_engine import drawing
from mlgate.core.finding import Figure, Finding, Measurement
from mlgate.core.text import plain
from mlgate.core.words import Level, Outcome, Result
from mlgate.reporters import _html_trend, html
from mlgate.reporters._html_tags import Html, joined, quoted, tag
from mlgate.reporters._past import past
from mlgate.reporters._plots import Artist, NotDrawn, _fit
from mlgate.reporters._style import Style

COLORED = Style(color=True)


@functools.cache
def shown() -> str:
    """The page in which every part has something to show."""
    return drawn(showcase.report())


@pytest.fixture(scope="module")
def whole() -> Page:
    return Page(shown())


def test_the_verdict_comes_first_and_every_gate_is_listed():
    page = safe(html.render(sample.report()))
    assert "Blocked blocked by lint; could not be judged, so not passed: dependencies" in page.text
    for verdict in sample.VERDICTS:
        assert verdict.gate in page.text
    assert "120 old not shown" in page.text
    assert "1 waived" in page.text
    assert "detect-secrets is not installed · pip install detect-secrets" in page.text
    assert "1 from the cache" in page.text


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        ([sample.FORMAT], "Passed"),
        ([sample.LINT], "Blocked"),
        ([sample.DEPENDENCIES], "Could not be judged"),
        ([sample.NOTEBOOK], "Nothing was judged"),
    ],
)
def test_the_headline_says_what_the_exit_code_means(verdicts, word):
    page = safe(html.render(sample.report(*verdicts)))
    assert page.texts[page.texts.index(word) - 1] in "✓✗!–"
    assert f"<h1>{word}</h1>" in html.render(sample.report(*verdicts))


def test_what_to_do_comes_before_the_gates_and_leads_to_the_evidence():
    page = safe(html.render(sample.report()))
    said = page.text.split("What to do")[1].split("Gates")[0]
    assert " ".join(said.split()) == (
        "lint 5 findings remove the import break the line, or run mlgate fix --gate format "
        "dependencies pip-audit is not installed pip install pip-audit"
    )
    assert {"#gate-2", "#gate-4"} <= {one["href"] for one in page.all("a")}
    assert "What to do" not in html.render(sample.report(sample.FORMAT, sample.TESTS))


def test_where_nobody_says_how_the_findings_are_named():
    bare = replace(sample.LINT, findings=(sample.finding("lint/X", "odd", "a.py", 1),))
    said = safe(html.render(sample.report(bare))).text
    told = "a.py:1: odd mlgate explain lint/X tells what it means"
    assert f"What to do lint 1 finding {told} Gates" in said


def test_notes_are_not_in_the_way_of_what_fails():
    wrong = sample.finding("lint/X", "odd", "a.py", 1, help="mend `a.py`")
    note = sample.finding("lint/N", "by the way", "a.py", 2, level=Level.NOTE, help="look at it")
    both = replace(sample.LINT, findings=(wrong, note))
    assert "lint 1 finding mend a.py Gates" in safe(html.render(sample.report(both))).text
    alone = replace(sample.LINT, findings=(note,))
    assert "lint 1 finding look at it Gates" in safe(html.render(sample.report(alone))).text


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("let `evaluate` make it", "let <code>evaluate</code> make it"),
        ("`<b>` & `x`", "<code>&lt;b&gt;</code> &amp; <code>x</code>"),
        ("one ` alone", "one ` alone"),
        ("two `a` and a third ` <i>", "two `a` and a third ` &lt;i&gt;"),
    ],
)
def test_what_stands_between_backticks_is_code(said, written):
    assert quoted(said) == written


def test_of_many_steps_the_first_are_shown():
    gates = [replace(sample.LINT, gate=f"lint{i}") for i in range(40)]
    assert "and 28 more gates" in safe(html.render(sample.report(*gates))).text


def test_findings_show_their_source_and_how_to_mend_them():
    page = safe(html.render(sample.report()))
    assert "assert score >= 0.8" in page.text
    assert "src/train.py:3:1 lint/F401 'os' imported but unused mend remove the import" in page.text


def test_a_slice_that_passes_unproven_looks_open():
    """Its interval holds the bound: no loss is proven, and no green says that there is none."""
    number = Measurement(name="roc_auc gain", value=-0.02, low=-0.03, high=-0.001, at_least=-0.01)
    slices = [
        Finding(rule="model/passed", message="m", result=Result.PASS, level=Level.NOTE,
                measurement=replace(number, slice=name, **more))
        for name, more in (("plan=basic", {}), ("plan=student", {"low": -0.005, "high": 0.01}))
    ]  # fmt: skip
    verdict = replace(sample.report().verdicts[0], kind="model", findings=tuple(slices))
    page = html.render(sample.report(verdict))
    rows = re.findall(
        r'class="unseen">(met|not decided|not met)</span></span><span>(plan=\w+)', page
    )
    assert rows == [("not decided", "plan=basic"), ("met", "plan=student")]


def test_the_waterfall_shows_when_each_gate_ran():
    ran = {"first": (0.0, 6.0), "second": (2.0, 3.0), "third": (9.0, 1.0)}
    gates = [
        replace(sample.LINT, gate=name, started=began, duration=took)
        for name, (began, took) in ran.items()
    ]
    source = html.render(sample.report(*gates, duration=10.0))
    bars = re.findall(r"margin-left:([\d.]+)%;width:([\d.]+)%", source)
    assert [(float(a), float(b)) for a, b in bars] == [(0.0, 60.0), (20.0, 30.0), (90.0, 10.0)]


def test_what_changed_in_the_data_is_told():
    page = safe(shown())
    assert "What changed in the data data/train.csv changed, 1.2 MiB -> 1.4 MiB" in page.text


def test_every_plot_has_its_numbers_beside_it():
    pytest.importorskip("vl_convert")
    source = shown()
    page = safe(source)
    names = [one["aria-label"] for one in page.all("svg")]
    assert {"ROC curve", "Calibration", "age: reference and table"} <= set(names)
    assert "roc_auc gain, 4 rows, with bounds" in names
    assert all(one["role"] == "img" for one in page.all("svg"))
    figures = re.findall(r"<figure.*?</figure>", source, re.S)
    assert all("<table>" in figure for figure in figures if "<svg" in figure)
    assert "#0" not in "".join(re.findall(r"<svg.*?</svg>", source, re.S)), "a colour of no theme"


def test_without_the_extra_all_but_the_plots_is_there(whole, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    page = safe(drawn(showcase.report()))
    assert not page.all("svg")
    assert "pip install 'mlgate[report]'" in page.text
    assert len(page.all("td")) == len(whole.all("td"))


def test_a_plot_that_fails_leaves_its_table():
    pytest.importorskip("vl_convert")
    with drawing() as engine:
        artist = Artist(engine)
        assert artist.draw({"mark": 7}, "nothing") is None
        assert "could not be drawn" in (artist.problem or "")
        assert artist.draw(GOOD, "a dot") is not None


GOOD = {
    "data": {"values": [{"a": "b"}]},
    "mark": "point",
    "encoding": {"x": {"field": "a", "type": "nominal"}},
}
DEADLY = {**GOOD, "data": {"values": [{"a": "what XML does not know: \ufffe"}]}}


def test_a_plot_that_ends_the_engine_costs_itself_alone():
    pytest.importorskip("vl_convert")
    with drawing() as engine:
        artist = Artist(engine)
        assert artist.draw(DEADLY, "ends the process that draws it") is None
        assert artist.problem == (
            "A plot could not be drawn: the engine ended over it. Its numbers stand in the table."
        )
        assert artist.draw(GOOD, "a dot") is not None


@pytest.fixture
def aborting(tmp_path, monkeypatch):
    """An engine that ends over every picture."""
    script = tmp_path / "ends.py"
    script.write_text("import os; os.abort()")
    monkeypatch.setattr(_plot_engine, "_SCRIPT", str(script))
    monkeypatch.setitem(sys.modules, "vl_convert", msgspec)  # anything that is there


def test_an_engine_that_keeps_ending_is_left_alone(aborting, monkeypatch):
    started = []
    real = process.start
    monkeypatch.setattr(process, "start", lambda *a, **m: started.append(a) or real(*a, **m))
    with drawing() as engine:
        artist = Artist(engine)
        assert not any(artist.draw(GOOD, "x") for _ in range(7))
    assert len(started) == 4
    assert "the engine has ended too often" in (artist.problem or "")


def test_an_engine_that_hangs_is_ended(tmp_path, monkeypatch):
    script = tmp_path / "hangs.py"
    script.write_text("import sys, time; sys.stdin.readline(); time.sleep(600)")
    monkeypatch.setattr(_plot_engine, "_SCRIPT", str(script))
    engine = _plot_engine.Engine({}, patience=0.5)
    with pytest.raises(NotDrawn, match="ended over it"):
        engine.svg(GOOD)


def test_the_page_is_whole_where_the_engine_ends(whole, aborting):
    page = safe(drawn(showcase.report()))
    assert not page.all("svg")
    assert "Its numbers stand in the table." in page.text
    assert len(page.all("td")) == len(whole.all("td"))


def test_no_engine_outlives_its_page():
    pytest.importorskip("vl_convert")
    drawn(showcase.report())
    assert not [child for child in process._alive if child.poll() is None]


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        '<a href="https://evil.example"><text>x</text></a>',
        '<rect onclick="alert(1)"/>',
        "<foreignObject/>",
        '<image href="https://evil.example/x.png"/>',
        "<g>",
    ],
)
def test_a_drawing_that_is_more_than_shapes_is_not_shown(body):
    assert _fit(f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>', "x") is None


def test_a_drawing_that_is_shapes_is_shown():
    shown = _fit('<svg xmlns="http://www.w3.org/2000/svg"><rect fill="#040404"/></svg>', "x")
    assert '<rect fill="var(--model)"/>' in (shown or "")


def test_text_is_escaped_wherever_it_stands():
    made = tag("p", "<b>", ["&", None, Html("<i>")], title='"x"', hidden=True, class_=None)
    assert made == '<p title="&quot;x&quot;" hidden>&lt;b&gt;&amp;<i></p>'
    assert joined("\x1b[31m<") == "&lt;"


def test_untrusted_text_does_no_harm():
    page = safe(html.render(hostile.report()))
    assert "<script>alert(1)</script>" in page.text, "shown as what it is"


def test_untrusted_text_does_no_harm_in_plots():
    pytest.importorskip("vl_convert")
    findings = tuple(
        replace(
            one,
            measurement=replace(one.measurement, name="auc", value=0.1 * i, low=None, high=0.7),
        )
        for i, one in enumerate(hostile.report().verdicts[0].findings)
    )
    figures = tuple(
        Figure(id=text, title=text, kind=text, columns={text: [1.0, None, 3.0], "y": [1.0, 2.0]})
        for text in hostile.TEXTS
    )
    verdict = replace(sample.CHURN, findings=findings, figures=figures)
    page = safe(drawn(sample.report(verdict)))
    assert len(page.all("svg")) > 5


def test_fifty_thousand_findings_stay_usable():
    started = time.process_time()
    source = html.render(hostile.huge())
    assert time.process_time() - started < 15
    page = safe(source)
    assert len(source) < 1_000_000
    assert "the grave one" in page.text
    assert "and 49,801 more findings not shown here; all of them: mlgate check --gate lint" in (
        page.text
    )
    assert "Findings (50,001)" in page.text


def test_a_message_of_five_megabytes():
    report = hostile.long()
    html.render(hostile.report())
    tracemalloc.start()
    try:
        source = html.render(report)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(source) < 100_000
    assert peak < 5_000_000, "no copy of the whole message is made"
    safe(source)


def test_of_many_gates_the_worst_are_shown():
    page = safe(html.render(hostile.many_gates()))
    assert "last/lint" in page.text
    assert "and 1,001 more gates not shown here" in page.text


def test_of_many_numbers_those_not_met_are_shown():
    source = html.render(hostile.many_measurements())
    page = safe(source)
    assert "and 1,801 more numbers not shown here" in page.text
    assert "not met" in page.text
    assert len(source) < 1_000_000


def test_history_is_there_from_the_second_run_on():
    assert "History" not in safe(html.render(sample.report())).text
    page = safe(shown())
    assert "The last 5 runs of this stage here" in page.text
    assert "churn: roc_auc gain" in page.text
    assert "5 times passed; passed last" in page.text


def test_history_shows_no_warning_as_a_failure():
    failed = replace(sample.LINT, gate="strict", blocks=True)
    loose = replace(failed, gate="loose", blocks=False)
    now = sample.report(failed, loose)
    runs = tuple(past(now, 1_790_000_000.0 + i) for i in range(2))
    source = html.render(replace(now, history=runs)).partition('id="history"')[2]
    strips = dict(re.findall(r'<li><span class="of">(\w+)</span>(.*?)</li>', source))
    assert strips["strict"].count('"cell failed"') == 2
    assert "failed" not in "".join(re.findall(r'class="cell[^"]*"', strips["loose"]))
    assert "2 times failed, not blocking; failed, not blocking last" in strips["loose"]
    strict, bare = (line for line in _trend.lines("merge", runs, COLORED) if "✗✗" in plain(line)
                    and "exit" not in line)  # fmt: skip
    assert "\x1b[31m" in strict
    assert "\x1b[31m" not in bare
    assert "failed, not blocking" in bare


def test_the_trend_is_a_page():
    page = safe(_html_trend.render("merge", showcase.report().history))
    assert "Runs of stage merge" in page.text
    assert "2 of the last 5 runs passed" in page.text


def test_colour_is_never_all():
    page = safe(shown())
    for outcome in Outcome:
        assert outcome.value in page.text


def test_what_blocks_is_told_before_all_else():
    calm = replace(showcase.DRIFT, gate="calm", outcome=Outcome.PASSED)
    loud = replace(showcase.DRIFT, gate="loud", blocks=False)
    source = html.render(sample.report(calm, loud, showcase.DRIFT))
    told = re.findall(r'<section id="(gate-\d)"|<section class="[^"]*" id="(gate-\d)"', source)
    assert ["".join(one) for one in told] == ["gate-3", "gate-2", "gate-1"]


@pytest.mark.parametrize(("result", "folded"), [(Result.PASS, True), (Result.FAIL, False)])
def test_many_numbers_are_folded_away_where_all_hold(result, folded):
    held = [showcase.moved(f"column {i}", 0.01, Result.PASS) for i in range(20)]
    verdict = replace(showcase.DRIFT, findings=(*held, showcase.moved("age", 0.15, result)))
    source = html.render(sample.report(verdict))
    assert ("all 21 within bounds</summary>" in source) is folded
    assert "column 19" in source


def test_what_fails_without_blocking_is_counted_apart_and_not_red():
    failed = replace(sample.LINT, blocks=True)
    page = html.render(sample.report(failed, replace(failed, gate="b", blocks=False)))
    assert '<li class="failed"><b>✗ 1</b> failed</li>' in page
    assert '<li class="inconclusive"><b>✗ 1</b> failed, not blocking</li>' in page
