"""A report in which every part of the page has something to show."""

from __future__ import annotations

import sample
from msgspec.structs import replace

from mlgate.core.finding import Figure, Measurement
from mlgate.core.report import Report, Verdict
from mlgate.core.words import Level, Outcome, Result
from mlgate.reporters._past import past

SLICES = ("plan=basic", "plan=family", "plan=premium")
CURVE = [i / 20 for i in range(21)]
ROC = Figure(
    id="roc",
    title="ROC curve",
    kind="roc",
    columns={
        "false_positive_rate": CURVE,
        "model": [x**0.5 for x in CURVE],
        "baseline": [x**0.6 for x in CURVE],
    },
)
CALIBRATION = Figure(
    id="calibration",
    title="Calibration",
    kind="calibration",
    columns={
        "score": [0.1, 0.5, 0.9],
        "rate": [0.12, 0.45, 0.93],
        "low": [0.08, 0.4, 0.9],
        "high": [0.16, 0.5, 0.96],
        "rows": [600.0, 600.0, 600.0],
    },
)
HISTOGRAM = Figure(
    id="drift-age",
    title="age: reference and table",
    kind="histogram",
    columns={
        "low": [20.0, 30.0, 40.0],
        "high": [30.0, 40.0, 50.0],
        "reference": [0.2, 0.5, 0.3],
        "table": [0.1, 0.4, 0.5],
    },
)


def gain(value: float, result: Result, part: str | None = None):
    return sample.finding(
        "model/max-drop",
        f"roc_auc moved by {value}",
        result=result,
        level=Level.ERROR if result is Result.FAIL else Level.NOTE,
        measurement=Measurement(
            name="roc_auc gain",
            value=value,
            low=value - 0.01,
            high=value + 0.01,
            at_least=-0.01,
            baseline=0.861,
            n=2000,
            slice=part,
            confidence=0.9,
        ),
    )


CHURN = replace(
    sample.CHURN,
    findings=(
        *sample.CHURN.findings,
        gain(-0.002, Result.PASS),
        *(gain(-0.01 * i, Result.FAIL if i > 1 else Result.PASS, s) for i, s in enumerate(SLICES)),
    ),
    figures=(ROC, CALIBRATION),
)


def moved(column: str, value: float, result: Result):
    return sample.finding(
        "drift/ks",
        f"{column}: KS distance {value}, floor 0.03",
        "data/customers.csv",
        result=result,
        level=Level.ERROR if result is Result.FAIL else Level.NOTE,
        measurement=Measurement(name=f"ks {column}", value=value, at_most=0.03, n=6000),
    )


def null(column: str, value: float, result: Result):
    return sample.finding(
        "data/nulls",
        f"{column}: {value:.1%} null",
        "data/customers.csv",
        result=result,
        level=Level.ERROR if result is Result.FAIL else Level.NOTE,
        measurement=Measurement(name="nulls", value=value, at_most=0.02, n=6000),
    )


CUSTOMERS = Verdict(
    gate="customers",
    kind="data",
    outcome=Outcome.FAILED,
    blocks=True,
    judged="6,000 rows",
    findings=(
        null("age", 0.031, Result.FAIL),
        null("income", 0.012, Result.PASS),
        null("tenure", 0.0, Result.PASS),
    ),
)
DRIFT = Verdict(
    gate="drift",
    kind="drift",
    outcome=Outcome.FAILED,
    blocks=True,
    judged="data/customers.csv against the base",
    duration=1.2,
    started=3.0,
    findings=(moved("age", 0.15, Result.FAIL), moved("income", 0.01, Result.PASS)),
    figures=(HISTOGRAM,),
)
VERSIONS = Verdict(
    gate="data-version",
    kind="data-version",
    outcome=Outcome.PASSED,
    blocks=True,
    judged="3 versions",
    findings=(
        sample.finding(
            "data-version/summary",
            "data/train.csv: changed, 1.2 MiB -> 1.4 MiB, 9,000 -> 10,400 lines",
            "data/train.csv.dvc",
            level=Level.NOTE,
        ),
    ),
)
VERDICTS = (*(v for v in sample.VERDICTS if v.gate != "churn"), CHURN, CUSTOMERS, DRIFT, VERSIONS)


def report() -> Report:
    """With four earlier runs."""
    now = sample.report(*VERDICTS)
    earlier = tuple(past(_better(now, i), 1_790_000_000.0 + 86_400 * i) for i in range(4))
    return replace(now, history=(*earlier, past(now, 1_790_000_000.0 + 86_400 * 4)))


def _better(now: Report, run: int) -> Report:
    def shifted(verdict: Verdict) -> Verdict:
        return replace(
            verdict,
            outcome=Outcome.PASSED if run % 2 else verdict.outcome,
            findings=tuple(
                (
                    replace(
                        f, measurement=replace(f.measurement, value=f.measurement.value + run / 99)
                    )
                    if f.measurement
                    else f
                )
                for f in verdict.findings
            ),
        )

    return replace(now, verdicts=tuple(shifted(verdict) for verdict in now.verdicts))
