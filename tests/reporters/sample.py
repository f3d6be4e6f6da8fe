"""One report with every outcome, for all reporters to render."""

from __future__ import annotations

from mlgate.core.finding import Finding, Location, Measurement
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.words import Level, Outcome, Result, Stage, State

HEAD = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
BASE = "9f8e7d6c5b4a39281706f5e4d3c2b1a098f7e6d5"


def finding(rule: str, message: str, path: str | None = None, line: int | None = None, **more):
    place = {key: more.pop(key) for key in ("column", "end_line", "cell", "text") if key in more}
    location = Location(path=path, line=line, **place) if path else None
    return Finding(rule=rule, message=message, location=location, **more)


FORMAT = Verdict(
    gate="format",
    kind="format",
    outcome=Outcome.PASSED,
    blocks=True,
    judged="412 files",
    cached=True,
    duration=0.004,
)
LINT = Verdict(
    gate="lint",
    kind="lint",
    outcome=Outcome.FAILED,
    blocks=True,
    judged="412 files",
    duration=1.234,
    hidden=120,
    waived=1,
    findings=(
        finding(
            "lint/E501",
            "line too long (120 > 100 characters)",
            "src/train.py",
            40,
            column=101,
            help="break the line, or run mlgate fix --gate format",
            fingerprint="f2",
        ),
        finding(
            "lint/F401",
            "'os' imported but unused",
            "src/train.py",
            3,
            column=1,
            level=Level.ERROR,
            help="remove the import",
            fingerprint="f1",
        ),
        finding(
            "lint/F401",
            "'re' imported but unused",
            "src/a.py",
            1,
            column=1,
            level=Level.ERROR,
            help="remove the import",
        ),
        finding("lint/W291", "trailing whitespace", "src/old.py", 9, column=2),
        finding(
            "lint/W291", "trailing whitespace", "src/waived.py", 9, column=2, state=State.WAIVED
        ),
        finding(
            "lint/E999",
            "SyntaxError: \x1b[31mred\x1b[0m\n::error::forged",
            "notebooks/eda.ipynb",
            2,
            cell=3,
            level=Level.ERROR,
        ),
    ),
)
TESTS = Verdict(
    gate="tests",
    kind="tests",
    outcome=Outcome.FAILED,
    blocks=False,
    judged="38 tests",
    duration=61.5,
    findings=(
        finding(
            "tests/failed",
            "tests/test_train.py::test_fit: assert 0.71 >= 0.8",
            "tests/test_train.py",
            12,
            text="    assert score >= 0.8\n",
        ),
    ),
)
DEPENDENCIES = Verdict(
    gate="dependencies",
    kind="dependencies",
    outcome=Outcome.ERRORED,
    blocks=True,
    reason="pip-audit is not installed",
    help="pip install pip-audit",
    duration=0.01,
)
CHURN = Verdict(
    gate="churn",
    kind="model",
    outcome=Outcome.INCONCLUSIVE,
    blocks=False,
    judged="2,000 rows",
    reason="2,000 rows do not decide whether roc_auc is at least 0.85",
    help="label 6,400 more rows, or lower the bound",
    duration=0.35,
    findings=(
        finding(
            "model/roc-auc",
            "roc_auc 0.852 may be below 0.85",
            result=Result.OPEN,
            measurement=Measurement(
                name="roc_auc",
                value=0.852,
                low=0.83,
                high=0.874,
                at_least=0.85,
                baseline=0.861,
                n=2000,
                needed=8400,
                confidence=0.95,
            ),
        ),
        finding(
            "model/f1",
            "f1 0.78 is at least 0.7",
            result=Result.PASS,
            level=Level.NOTE,
            measurement=Measurement(name="f1", value=0.78, low=0.75, high=0.81, n=2000),
        ),
    ),
)
NOTEBOOK = Verdict(
    gate="notebook",
    kind="notebook",
    outcome=Outcome.SKIPPED,
    blocks=True,
    reason="no notebook in the repository",
)
SECRETS = Verdict(
    gate="secrets",
    kind="secrets",
    outcome=Outcome.SKIPPED,
    blocks=False,
    reason="detect-secrets is not installed",
    help="pip install detect-secrets",
)
VERDICTS = (FORMAT, LINT, TESTS, DEPENDENCIES, CHURN, NOTEBOOK, SECRETS)


def report(*verdicts: Verdict, **more) -> Report:
    fields = {
        "stage": Stage.MERGE,
        "verdicts": verdicts or VERDICTS,
        "subject": Subject(label="work tree +3 uncommitted", commit=HEAD),
        "base": Subject(label="origin/main", commit=BASE),
        "policy_source": "mlgate.toml",
        "policy_digest": "abc123",
        "tools": {"flake8": "7.1.0", "black": "24.1.0"},
        "notes": ("drift waits for stage monitor",),
        "duration": 63.2,
        "version": "0.1.0",
    }
    return Report(**(fields | more))
