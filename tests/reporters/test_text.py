from __future__ import annotations

import re

import pytest
import sample
from msgspec.structs import replace

from mlgate.core.finding import Measurement
from mlgate.core.words import Level, Outcome
from mlgate.reporters import _findings, html, markdown, text
from mlgate.reporters._style import Style, clipped, columns, lasted, padded

COLOR = re.compile(r"\x1b\[[\d;]*m")


def lines(verdict, **style):
    return list(text.verdict_lines(verdict, Style(**style), 8))


def many(count, **more):
    return tuple(
        sample.finding(f"lint/F{i % 3}", f"number {i}", f"src/f{i:03}.py", i + 1, **more)
        for i in range(count)
    )


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_asked(width):
    out = text.render(sample.report(), width=width)
    assert max(map(len, out.splitlines())) <= width


def test_color_changes_nothing_but_color():
    colored = text.render(sample.report(), color=True)
    assert "\x1b[" in colored
    assert COLOR.sub("", colored) == text.render(sample.report())


def test_ascii_where_nothing_else_can_be_shown():
    assert text.render(sample.report(), unicode=False).isascii()
    assert not text.render(sample.report()).isascii()


def test_every_gate_is_named():
    out = text.render(sample.report())
    for verdict in sample.VERDICTS:
        assert verdict.gate in out


def test_a_passed_gate_says_what_it_judged():
    assert lines(sample.FORMAT, width=40) == ["✓ format    412 files             cached"]
    bare = lines(replace(sample.FORMAT, judged=None))[0]
    assert "does not say" in bare


def test_findings_by_place_with_waived_ones_left_out():
    out = "\n".join(lines(sample.LINT))
    places = re.findall(r"^    (\S+\.(?:py|ipynb))", out, re.M)
    assert places == [
        "notebooks/eda.ipynb",
        "src/a.py",
        "src/old.py",
        "src/train.py",
        "src/train.py",
    ]
    assert "waived.py" not in out
    assert "1 waived" in out
    assert "120 old not shown" in out


def test_each_mend_is_said_once():
    out = "\n".join(lines(sample.LINT))
    assert out.count("remove the import") == 1


def test_findings_of_one_rule_keep_different_mends():
    two = tuple(sample.finding("lint/X", "m", "a.py", i, help=f"way {i}") for i in (1, 2))
    out = "\n".join(lines(replace(sample.LINT, findings=two)))
    assert "way 1" in out
    assert "way 2" in out


def test_long_lists_are_bounded_and_say_so():
    out = lines(replace(sample.LINT, findings=many(60)))
    assert sum("number" in line for line in out) == _findings.SHOWN
    assert any("and 35 more in 35 more files" in line and "--gate lint" in line for line in out)


def test_findings_that_stop_nobody_are_few():
    loose = replace(sample.LINT, findings=many(60), blocks=False)
    assert sum("number" in line for line in lines(loose)) == _findings.SHOWN_LOOSE


def test_a_file_gets_everything():
    out = text.render(sample.report(replace(sample.LINT, findings=many(60))))
    assert sum("number" in line for line in out.splitlines()) == 60


def test_the_gravest_are_kept_where_not_all_are_shown():
    mixed = (*many(60), sample.finding("lint/E9", "the grave one", "z.py", 1, level=Level.ERROR))
    out = "\n".join(lines(replace(sample.LINT, findings=mixed)))
    assert "the grave one" in out


def test_long_paths_stand_on_their_own_line():
    path = "src/" + "deep/" * 12 + "a.py"
    out = lines(replace(sample.LINT, findings=(sample.finding("lint/F1", "m", path, 3),)), width=80)
    assert out[1] == f"    {path}:3"
    assert out[2] == "      F1  m"


def test_an_errored_gate_says_why_and_what_to_do():
    out = "\n".join(lines(sample.DEPENDENCIES))
    assert "could not be judged: pip-audit is not installed" in out
    assert "mend  pip install pip-audit" in out


def test_evidence_stands_beside_a_measured_number():
    out = " ".join("\n".join(lines(sample.CHURN)).split())
    assert "95% interval 0.83 to 0.874, baseline 0.861, n = 2,000, 8,400 would decide" in out


def test_what_does_not_block_says_so():
    assert "does not block" in lines(sample.TESTS)[0]
    assert "does not block" not in lines(sample.LINT)[0]


def test_source_lines_are_quoted_where_findings_are_few():
    assert any("│     assert score >= 0.8" in line for line in lines(sample.TESTS))
    quoted = many(9, text="the source")
    assert not any("the source" in line for line in lines(replace(sample.TESTS, findings=quoted)))


def test_untrusted_text_is_made_plain():
    out = text.render(sample.report())
    assert "\x1b" not in out
    assert "::error" not in out


@pytest.mark.parametrize(
    ("verdicts", "code", "words"),
    [
        ([sample.FORMAT], 0, "nothing blocks; 1 gate passed"),
        ([sample.NOTEBOOK], 0, "nothing was judged"),
        ([sample.FORMAT, sample.TESTS], 0, "not passed, without blocking: tests"),
        ([sample.TESTS], 0, "nothing blocks; not passed, without blocking: tests"),
        ([sample.CHURN], 0, "nothing blocks; not passed, without blocking: churn"),
        ([sample.LINT], 1, "blocked by lint"),
        ([sample.DEPENDENCIES], 3, "could not be judged, so not passed: dependencies"),
        ([replace(sample.CHURN, blocks=True)], 1, "not decided, which blocks: churn"),
    ],
)
def test_the_exit_code_in_words(verdicts, code, words):
    out = text.render(sample.report(*verdicts))
    assert words in out
    assert f"exit {code}" in out


def test_a_missing_base_is_told_with_its_command():
    report = sample.report(
        sample.FORMAT, base=None, base_problem="origin/main is not here", base_help="git fetch"
    )
    out = text.render(report)
    assert "the base cannot be found" in out
    assert "origin/main is not here" in out
    assert "git fetch" in out


def test_skipped_gates_share_a_line_with_their_reason():
    twins = [replace(sample.NOTEBOOK, gate=name, reason="no such file") for name in ("a", "b")]
    assert "not judged  a, b: no such file" in text.render(sample.report(*twins))


def test_slow_gates_are_named():
    assert "slow        tests 62 s" in text.render(sample.report())
    cached = replace(sample.TESTS, cached=True)
    assert "slow" not in text.render(sample.report(cached))


def test_adoption_is_told():
    assert "mlgate init" in text.render(sample.report(policy_source=None))


def test_outcomes_that_do_not_block_are_not_red():
    style = Style(color=True)
    assert "31" in style.mark(Outcome.FAILED)
    assert "31" not in style.mark(Outcome.FAILED, blocks=False)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.00 s"),
        (0.994, "0.99 s"),
        (0.996, "1.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (99.6, "1 min 40 s"),
        (124, "2 min 04 s"),
        (3599.6, "1 h 00 min"),
        (3780, "1 h 03 min"),
    ],
)
def test_durations(seconds, words):
    assert lasted(seconds) == words


def test_differences_are_shown_where_findings_are_few():
    diff = "2 lines would change\n@@ -1 +1 @@\n-a\n+b"
    few = (sample.finding("format/black", diff, "a.py", 1),)
    assert "      -a" in lines(replace(sample.LINT, findings=few))
    colored = lines(replace(sample.LINT, findings=few), color=True)
    assert "\x1b[31m      -a\x1b[0m" in colored
    lots = tuple(sample.finding("format/black", diff, f"{i}.py", 1) for i in range(9))
    assert "      -a" not in lines(replace(sample.LINT, findings=lots))
    assert text.render(sample.report(replace(sample.LINT, findings=lots))).count("-a\n") == 9


def test_notes_are_counted_apart_and_stand_last():
    note = sample.finding("tests/withheld", "a remark", level=Level.NOTE)
    failing = sample.TESTS.findings[0]
    out = lines(replace(sample.TESTS, findings=(note, failing)))
    assert "1 finding · 1 note" in out[0]
    assert "a remark" in out[3]
    assert "1 finding ·" in lines(replace(sample.TESTS, findings=(note,)))[0]
    assert "1 note ·" in lines(replace(sample.FORMAT, findings=(note,)))[0]


@pytest.mark.parametrize("render", [text.render, markdown.render, html.render])
@pytest.mark.parametrize(("high", "told"), [(0.25, []), (0.26, ["0.25 to 0.26"])])
def test_an_interval_that_is_one_number_is_not_told(render, high, told):
    measured = Measurement(name="ks", value=0.25, low=0.25, high=high, at_most=0.2)
    moved = sample.finding("drift/ks", "moved", level=Level.ERROR, measurement=measured)
    said = render(sample.report(replace(sample.LINT, findings=(moved,))))
    assert sorted(set(re.findall(r"0\.25 to 0\.\d+", said))) == told


def test_where_nobody_says_how_to_mend_it_says_who_explains():
    bare = sample.finding("lint/F401", "unused", "a.py", 3)
    told = "\n".join(lines(replace(sample.LINT, findings=(bare,))))
    assert "mend  F401  at the line that is named; mlgate explain lint/F401 says more" in told
    helped = replace(bare, help="remove it")
    assert "explain" not in "\n".join(lines(replace(sample.LINT, findings=(helped,))))
    note = replace(bare, level=Level.NOTE)
    assert "explain" not in "\n".join(lines(replace(sample.LINT, findings=(note,))))


@pytest.mark.parametrize(
    ("written", "width"),
    [("age", 3), ("年齢", 4), ("ﾈﾝ", 2), ("é", 1), ("e\u0301", 1), ("✓ ·…", 4)],
)
def test_columns_that_text_takes(written, width):
    assert columns(written) == width
    assert columns(padded(written, 9)) == 9


def test_no_line_begins_with_the_dot_between_two_facts():
    assert Style(width=20).wrapped("1 finding of it · 120 rows", 4) == [
        "1 finding of",
        "it · 120 rows",
    ]
    assert Style(width=20).wrapped("findings of it · 120 rows", 4) == [
        "findings of it ·",
        "120 rows",
    ]


def test_what_is_clipped_fits():
    assert clipped("年齢層", 5) == "年齢"
    assert clipped("age", 5) == "age"


def test_wide_characters_are_wrapped_by_what_they_take():
    lines = Style(width=30).wrapped("顧客 年齢 都市 収入 番号 住所 職業 性別", 10, 4)
    assert lines[0].startswith("顧客 ") and max(map(columns, lines)) <= 20
    assert columns(lines[0]) <= 16
    assert " ".join(lines) == "顧客 年齢 都市 収入 番号 住所 職業 性別"


def test_findings_in_files_of_wide_names_stand_in_one_column():
    found = tuple(
        sample.finding("lint/F1", "here", path, 1, help="mend it") for path in ("年齢.py", "a.py")
    )
    told = lines(replace(sample.LINT, findings=found))
    starts = {columns(one.partition("F1")[0]) for one in told if one.endswith("here")}
    assert len(starts) == 1


def test_an_address_too_long_for_its_column_stands_whole_on_a_line_of_its_own():
    address = f"https://example.org/{'p' * 50}"
    found = (sample.finding("lint/F1", "here", "a.py", 1, help=address),)
    told = lines(replace(sample.LINT, findings=found), width=80)
    at = next(number for number, one in enumerate(told) if address in one)
    assert told[at].strip() == address and len(told[at]) <= 80
    assert told[at - 1].split() == ["mend", "F1"]
