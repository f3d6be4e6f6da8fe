"""The faults that the demo plants, and which gate must stop each."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from mlgate.core.finding import Finding
from mlgate.core.report import Report
from mlgate.core.words import Outcome


class Fault(Struct, frozen=True):
    """One fault: the gate and the rule that must find it, where it lies, what it is."""

    gate: str
    rule: str
    path: str
    what: str


FAULTS = (
    Fault("format", "format/black", "diagnosis/report.py", "code that black would rewrite"),
    Fault("lint", "lint/F401", "diagnosis/columns.py", "an import that nothing uses"),
    Fault("security", "security/B301", "diagnosis/legacy.py", "pickle.load of a file"),
    Fault("security", "security/B506", "diagnosis/legacy.py", "yaml.load that runs code"),
    Fault("security", "security/ML101", "diagnosis/legacy.py", "joblib.load of a file"),
    Fault("secrets", "secrets/aws-access-key", "diagnosis/upload.py", "a cloud access key"),
    Fault("files", "files/trailing-whitespace", "params.yaml", "spaces at the end of a line"),
    Fault("notebook", "notebook/output", "notebooks/results.ipynb", "a notebook with outputs"),
    Fault("tests", "tests/failed", "tests/test_release.py", "a test that fails"),
    Fault(
        "dependencies",
        "dependencies/GHSA-6hrg-qmvc-2xh8",
        "requirements.txt",
        "joblib pinned to a vulnerable version",
    ),
)


def found(fault: Fault, report: Report) -> bool:
    """True if the gate that must stop `fault` has failed, and names it."""
    return any(
        verdict.gate == fault.gate
        and verdict.outcome is Outcome.FAILED
        and any(_names(finding, fault) for finding in verdict.findings)
        for verdict in report.verdicts
    )


def _names(finding: Finding, fault: Fault) -> bool:
    place = finding.location
    return finding.rule == fault.rule and place is not None and place.path == fault.path


def unclean(report: Report) -> Iterator[str]:
    """Gates of a report that did not pass, each with why; none where all of them passed."""
    for verdict in report.verdicts:
        if verdict.outcome is not Outcome.PASSED:
            yield f"{verdict.gate} {verdict.outcome}" + (
                f": {verdict.reason}" if verdict.reason else ""
            )
