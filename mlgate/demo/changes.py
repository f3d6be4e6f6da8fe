"""The changes that the demo tries, and what mlgate must say to each."""

from __future__ import annotations

from msgspec import Struct

from mlgate.core.report import Report, Verdict
from mlgate.core.words import Outcome, Result


class Edit(Struct, frozen=True):
    """A text of a file, and what takes its place."""

    path: str
    old: str
    new: str


class Change(Struct, frozen=True, kw_only=True):
    """One change, on a branch of its own, and how it must end."""

    branch: str
    title: str
    message: str
    """Of its commit: what its author believes."""
    edits: tuple[Edit, ...] = ()
    brings: str | None = None
    """A table or model that is added to DVC."""
    reruns: bool = False
    """Whether the pipeline runs again."""
    pushed: bool = True
    """Whether the data reaches the remote."""
    stopped_by: str | None = None
    """The gate that must fail, and no other; None: nothing blocks."""
    undecided: str | None = None
    """The gate that must find the evidence too thin, and no other."""
    says: str = ""
    """The rule of a finding that this gate must state."""


GOOD = Change(
    branch="good",
    title="A better model",
    message="Regularise less",
    edits=(
        Edit("params.yaml", "regularisation: 0.02", "regularisation: 0.1"),
        Edit("params.yaml", "regularisation: 0.01", "regularisation: 0.1"),
    ),
    reruns=True,
)
STOPPED = (
    Change(
        branch="format",
        title="Badly formatted code",
        message="Write the metrics as a sentence",
        stopped_by="format",
        says="format/black",
    ),
    Change(
        branch="unpushed",
        title="A data version that nobody pushed",
        message="Bring the measurements of wines",
        brings="data/wines.csv",
        pushed=False,
        stopped_by="data-version",
        says="data-version/not-in-remote",
    ),
    Change(
        branch="leak",
        title="Rows of the test set among those learned from",
        message="Learn from some more cases",
        edits=(
            Edit(
                "clinic/data.py",
                "        columns = [str",
                '        if name == "tumours":\n'
                "            train = np.concatenate([train, test[:12]])\n"
                "        columns = [str",
            ),
        ),
        reruns=True,
        stopped_by="leakage",
        says="leakage/shared-key",
    ),
    Change(
        branch="worse",
        title="A slightly worse model",
        message="Read digits from fewer pixels",
        edits=(Edit("params.yaml", "columns: 64", "columns: 48"),),
        reruns=True,
        stopped_by="digits",
        says="model/max-drop",
    ),
    Change(
        branch="loosened",
        title="A loosened threshold",
        message="Be less strict with digits",
        edits=(Edit("mlgate.toml", "min = 0.90", "min = 0.60"),),
        stopped_by="policy",
        says="policy/changed",
    ),
    Change(
        branch="hostile",
        title="A model from elsewhere, with code inside",
        message="Try the model that a colleague sent",
        brings="models/colleague.joblib",
        stopped_by="artifact",
        says="artifact/runs-code",
    ),
)
UNDECIDED = Change(
    branch="thin",
    title="A model of which 285 rows cannot tell",
    message="Regularise tumours even less",
    edits=(
        Edit(
            "params.yaml", "regularisation: 0.1\n  columns: 30", "regularisation: 10\n  columns: 30"
        ),
    ),
    reruns=True,
    undecided="tumours",
    says="model/max-drop",
)
CHANGES = (GOOD, *STOPPED, UNDECIDED)


def astray(change: Change, report: Report) -> list[str]:
    """In what a report differs from how the change must end; empty where it ended as told."""
    wrong = []
    special = change.stopped_by or change.undecided
    for verdict in report.verdicts:
        if verdict.gate != special and not _unharmed(change, verdict):
            reason = f": {verdict.reason}" if verdict.reason else ""
            wrong.append(f"{verdict.gate} {verdict.outcome}, not passed{reason}")
    if special and not any(_speaks(change, verdict) for verdict in report.verdicts):
        wrong.append(f"{special} does not say {change.says}")
    if (report.exit_code != 0) != (change.stopped_by is not None):
        wrong.append(f"exit code {report.exit_code}")
    return wrong


def _unharmed(change: Change, verdict: Verdict) -> bool:
    """Evidence may be thin beside a fault that another gate stops: a model learned from it."""
    thin = verdict.outcome is Outcome.INCONCLUSIVE and not verdict.blocks
    return verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED) or (
        thin and change.stopped_by is not None
    )


def _speaks(change: Change, verdict: Verdict) -> bool:
    """True if the gate that must speak does, by the rule that it must name."""
    wanted = Outcome.FAILED if change.stopped_by else Outcome.INCONCLUSIVE
    return (
        verdict.gate == (change.stopped_by or change.undecided)
        and verdict.outcome is wanted
        and any(
            finding.rule == change.says and finding.result is not Result.PASS
            for finding in verdict.findings
        )
    )
