"""Every format over the same reports: as it was before, and as its schema wants it.

`GOLDEN=write pytest tests/reporters/test_formats.py` writes the golden files anew.
"""

from __future__ import annotations

import os
import re

import pytest
import sample
from forms import FORMATS, HERE, check, render
from msgspec.structs import replace

from mlgate.core import parts
from mlgate.core.words import Level, Result

DRAWN = re.compile(r"<svg.*?</svg>|<style>.*?</style>", re.DOTALL)
"""What the version of the engine decides, and what only looks."""
UNFOUND = {"base": None, "base_problem": "origin/main is not here", "base_help": "git fetch"}


@pytest.mark.parametrize("name", FORMATS)
def test_as_before(name):
    path = HERE / "golden" / f"{name}.{FORMATS[name]}"
    text = render(name, sample.report())
    check(name, text)
    text = DRAWN.sub("<svg>", text)
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_no_format_is_forgotten():
    others = {"text", "json"}
    assert set(parts.names("reporters")) - others == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("verdict", sample.VERDICTS, ids=lambda verdict: verdict.gate)
def test_each_outcome_alone(name, verdict):
    for blocks in (True, False):
        check(name, render(name, sample.report(replace(verdict, blocks=blocks))))


@pytest.mark.parametrize("name", FORMATS)
def test_without_a_base_and_without_a_policy(name):
    text = render(name, sample.report(sample.FORMAT, policy_source=None, **UNFOUND))
    check(name, text)
    assert "origin/main is not here" in text or name == "openmetrics"


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"openmetrics"}))
def test_a_gate_that_could_not_be_judged_is_in_it(name):
    text = render(name, sample.report(sample.FORMAT, sample.DEPENDENCIES))
    assert "pip-audit is not installed" in text


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"openmetrics"}))
def test_a_gate_that_failed_without_a_finding_is_in_it(name):
    silent = replace(sample.LINT, findings=(), reason="flake8 says no")
    text = render(name, sample.report(silent))
    check(name, text)
    assert "flake8 says no" in text or name == "sarif"


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"sarif", "html", "openmetrics"}))
def test_what_is_waived_is_in_none_but_sarif_and_the_page(name):
    assert "src/waived.py" not in render(name, sample.report())


@pytest.mark.parametrize("name", ["github", "azure", "code-scanning", "checkstyle"])
def test_what_does_not_block_is_no_error(name):
    grave = sample.finding("lint/E1", "grave", "a.py", 1, level=Level.ERROR, result=Result.FAIL)
    for blocks in (True, False):
        lint = replace(sample.LINT, blocks=blocks, findings=(grave,))
        text = render(name, sample.report(lint))
        marks = ("::error", "type=error", '"level": "error"', 'severity="error"')
        assert any(mark in text for mark in marks) is blocks, text
