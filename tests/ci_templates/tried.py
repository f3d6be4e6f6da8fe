"""The policies on which templates are tried, and what every one of them leaves behind."""

from __future__ import annotations

from mlgate import __version__

FILES = "[gates.files]\n"
CHURN = """\
[gates.churn]
kind = "model"
metrics = "metrics.json"
[[gates.churn.require]]
value = "accuracy"
min = 0.85
n = 40
inconclusive = "{}"
"""
REPORTS = {
    "report.json",
    "junit.xml",
    "code-scanning.sarif",
    "codequality.json",
    "metrics.txt",
    "report.md",
    "exit-code.env",
}


def requirement(extra: str = "") -> str:
    """What is installed in tests: mlgate without tools, which takes a second."""
    return f"mlgate[{extra}]=={__version__}" if extra else f"mlgate=={__version__}"
