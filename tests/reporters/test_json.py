from __future__ import annotations

import json

import sample
from msgspec.structs import replace

from mlgate.reporters import json as reporter


def form(*verdicts, **more):
    return json.loads(reporter.render(sample.report(*verdicts, **more)))


def test_the_promised_form():
    report = form()
    assert list(report)[:6] == ["schema", "stage", "exit_code", "commit", "base", "verdicts"]
    assert report["schema"] == "mlgate/report/1"
    assert (report["stage"], report["exit_code"]) == ("merge", 1)
    assert (report["commit"], report["base"]) == (sample.HEAD, sample.BASE)
    lint = report["verdicts"][1]
    assert list(lint)[:8] == [
        "gate",
        "kind",
        "outcome",
        "blocks",
        "cached",
        "duration",
        "reason",
        "findings",
    ]
    assert lint["findings"][3] == {
        "rule": "lint/F401",
        "result": "fail",
        "level": "error",
        "message": "'os' imported but unused",
        "help": "remove the import",
        "state": "new",
        "policy": "head",
        "fingerprint": "f1",
        "location": {
            "path": "src/train.py",
            "line": 3,
            "column": 1,
            "end_line": None,
            "cell": None,
            "text": None,
        },
        "measurement": None,
    }


def test_verdicts_keep_the_policys_order_and_findings_their_place():
    report = form()
    assert [v["gate"] for v in report["verdicts"]] == [v.gate for v in sample.VERDICTS]
    backwards = replace(sample.LINT, findings=tuple(reversed(sample.LINT.findings)))
    assert form(sample.LINT) == form(backwards)


def test_waived_findings_are_in_it_with_their_state():
    states = {
        f["location"]["path"]: f["state"] for f in form(sample.LINT)["verdicts"][0]["findings"]
    }
    assert states["src/waived.py"] == "waived"


def test_measurements_are_whole():
    measured = form(sample.CHURN)["verdicts"][0]["findings"]
    number = next(f for f in measured if f["rule"] == "model/roc-auc")["measurement"]
    assert (number["value"], number["low"], number["needed"]) == (0.852, 0.83, 8400)


def test_numbers_that_json_lacks_become_null():
    odd = sample.CHURN.findings[0]
    odd = replace(odd, measurement=replace(odd.measurement, value=float("nan")))
    found = form(replace(sample.CHURN, findings=(odd,)))["verdicts"][0]["findings"]
    assert found[0]["measurement"]["value"] is None


def test_odd_bytes_in_a_measurement():
    odd = sample.CHURN.findings[0]
    odd = replace(odd, measurement=replace(odd.measurement, slice="region=\udcff"))
    found = form(replace(sample.CHURN, findings=(odd,)))["verdicts"][0]["findings"]
    assert found[0]["measurement"]["slice"] == "region=\\udcff"


def test_odd_bytes_and_escapes_do_not_get_through():
    odd = sample.finding("lint/E1", "bad \udcff \x1b[31m", "caf\udce9.py", 1)
    out = reporter.render(sample.report(replace(sample.LINT, findings=(odd,))))
    assert "\\u001b" not in out
    found = json.loads(out)["verdicts"][0]["findings"][0]
    assert found["location"]["path"] == "caf\\xe9.py"


def test_without_a_base():
    report = form(base=None, base_problem="gone", base_help="git fetch")
    assert (report["base"], report["base_problem"]) == (None, "gone")
    assert report["exit_code"] == 1
