from __future__ import annotations

import json

import sample
from forms import render
from msgspec.structs import replace

from mlgate.core.words import State


def run(name="sarif", *verdicts, **more):
    return json.loads(render(name, sample.report(*verdicts, **more)))["runs"][0]


def by_path(found):
    return {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: r
        for r in found["results"]
    }


def test_kinds_say_what_is_broken_open_and_met():
    kinds = {(r["ruleId"], r["kind"]) for r in run()["results"]}
    assert {("model/roc-auc", "open"), ("model/f1", "pass"), ("lint/F401", "fail")} <= kinds


def test_waived_findings_are_suppressed():
    (suppression,) = by_path(run())["src/waived.py"]["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert "suppressions" not in by_path(run())["src/old.py"]


def test_new_and_old_are_told_apart_where_it_was_asked():
    states = {r["ruleId"]: r.get("baselineState") for r in run()["results"]}
    assert states["lint/F401"] == "new", "lint hides old findings, so it was compared"
    assert states["tests/failed"] is None, "tests were not"
    old = replace(sample.LINT.findings[0], state=State.OLD)
    (only,) = run("sarif", replace(sample.LINT, findings=(old,)))["results"]
    assert only["baselineState"] == "unchanged"


def test_fingerprints_are_the_findings_own():
    prints = [r["partialFingerprints"] for r in run()["results"] if "partialFingerprints" in r]
    assert prints == [{"mlgate/v1": "f1"}, {"mlgate/v1": "f2"}]
    placeless = replace(sample.CHURN.findings[0], fingerprint="abc")
    (only,) = run("sarif", replace(sample.CHURN, findings=(placeless,)))["results"]
    assert only["partialFingerprints"]["primaryLocationLineHash"] == "abc:1"


def test_rules_carry_their_text():
    rules = {rule["id"]: rule for rule in run()["tool"]["driver"]["rules"]}
    assert rules["lint/F401"]["shortDescription"]["text"] == "an import that nothing uses"
    assert rules["lint/F401"]["help"]["text"] == "remove the import"
    assert rules["lint/E999"]["help"]["text"] == "mlgate explain lint/E999"


def test_a_gate_that_errored_is_told_of_the_invocation():
    (invocation,) = run()["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 1)
    (told,) = invocation["toolExecutionNotifications"]
    assert told["message"]["text"] == (
        "dependencies could not be judged: pip-audit is not installed\nmend: pip install pip-audit"
    )
    assert run("sarif", sample.LINT)["invocations"][0]["executionSuccessful"] is True


def test_paths_are_uris():
    odd = sample.finding("lint/E1", "m", "my data/a#b%20.py", 1)
    (only,) = run("sarif", replace(sample.LINT, findings=(odd,)))["results"]
    place = only["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20data/a%23b%2520.py"


def test_code_scanning_shows_problems_only():
    found = run("code-scanning")
    assert {r["kind"] for r in found["results"]} == {"fail"}
    assert not any("suppressions" in r for r in found["results"])
    rules = {r["ruleId"]: r["level"] for r in found["results"]}
    assert rules["dependencies/errored"] == "error"
    assert rules["model/roc-auc"] == "warning"
    assert "model/f1" not in rules
