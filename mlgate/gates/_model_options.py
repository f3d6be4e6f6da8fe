"""The keys of a `model` gate."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mlgate.gates._model_metrics import METRICS

Text = Annotated[str, Meta(pattern=r"\S")]
Undecided = Literal["warn", "block", "approve"]
_BASELINES = ("git:", "dvc:", "file:", "registry:")
_COMPARISON = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*[-+]?\d+(\.\d+)?([eE][-+]?\d+)?\s*")


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one metric must hold."""

    metric: Text | None = None
    """A metric by scikit-learn's name."""
    value: Text | None = None
    """Of `metrics` files: the number's place, as `overall.f1` or `per_class.*.f1`."""
    better: Literal["higher", "lower"] | None = None
    """Which direction is better, where the metric does not tell."""
    n: Annotated[int, Meta(ge=1)] | None = None
    """Of `metrics` files: how many rows a share was measured on, which gives it an interval."""
    average: Literal["binary", "macro", "weighted"] | None = None
    """How classes are put together; `binary` for two classes, else `macro`."""
    k: Annotated[int, Meta(ge=1)] = 5
    """Of top_k_accuracy."""
    quantile: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    """Of mean_pinball_loss: the quantile that is predicted."""
    bins: Annotated[int, Meta(ge=2, le=1000)] = 15
    """Of expected_calibration_error."""
    column: Text | None = None
    """Of task `score`: the column that the metric is about."""
    groups: str | tuple[str, ...] | None = None
    """Of fairness: the column, or the crossed columns, whose groups are compared."""
    filter: Text | None = None
    """Of `share`: which values count, as `>= 0.5`."""
    min: float | None = None
    max: float | None = None
    between: tuple[float, float] | None = None
    max_drop: Annotated[float, Meta(ge=0)] | None = None
    """How much worse than the baseline it may be."""
    min_gain: Annotated[float, Meta(ge=0)] | None = None
    """How much better than the baseline it must be."""
    max_drop_relative: Annotated[float, Meta(ge=0, lt=1)] | None = None
    """How much worse, as a share of the baseline's value."""
    reference: Text | None = None
    """What `max_total_drop` is counted from: `git:REF` or `file:PATH`, pinned."""
    max_total_drop: Annotated[float, Meta(ge=0)] | None = None
    """How much worse than the reference it may be, so that small losses do not add up unseen."""
    to: tuple[Text, ...] = ()
    """Asked only of promotions to these aliases."""
    prove: bool = False
    """The rule is about the slices, each of which has to prove it."""
    fail_on: Literal["proven", "margin"] = "proven"
    """`margin`: only a loss that is shown to exceed the margin fails."""
    decide: Literal["proof", "no-proven-loss"] = "proof"
    """`no-proven-loss`: what is not shown to be bad passes, with a note."""
    inconclusive: Undecided | None = None
    """What becomes of evidence that does not decide; the stage's way unless given."""
    alpha: Annotated[float, Meta(gt=0, lt=0.5)] = 0.05
    """The chance of each one-sided bound to miss."""

    @property
    def relative(self) -> bool:
        """True if it needs a baseline."""
        return self.compares and self.floors == ()

    @property
    def compares(self) -> bool:
        """True if something of it is about the baseline."""
        kinds = (self.max_drop, self.min_gain, self.max_drop_relative)
        return any(kind is not None for kind in kinds)

    @property
    def floors(self) -> tuple[str, ...]:
        """Which absolute bounds it has."""
        return tuple(key for key in ("min", "max", "between") if getattr(self, key) is not None)

    def __post_init__(self) -> None:
        if (self.metric is None) == (self.value is None):
            raise ValueError("a rule has either `metric` or `value`")
        if (self.reference is None) != (self.max_total_drop is None):
            raise ValueError("`reference` and `max_total_drop` belong together")
        if self.reference and not self.reference.startswith(("git:", "file:")):
            raise ValueError("`reference` is `git:REF` or `file:PATH`")
        if not self.compares and not self.floors and self.reference is None:
            raise ValueError("a rule needs a bound: `min`, `max`, `between`, `max_drop` ...")
        if self.filter is not None and not _COMPARISON.fullmatch(self.filter):
            raise ValueError("`filter` is a comparison with a number, as `>= 0.5`")
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError("`between` is [least, most]")
        if self.metric is not None and self.metric not in METRICS:
            from mlgate.core.parts import nearest

            hint = nearest(self.metric, list(METRICS)).replace("'", "`")
            raise ValueError(f"no metric is called `{self.metric}`; {hint}")
        if self.metric == "share" and self.filter is None:
            raise ValueError("`share` needs `filter`, as `>= 0.5`")
        self._check_groups()

    def _check_groups(self) -> None:
        fair = self.metric is not None and METRICS[self.metric].rates != ()
        if fair != bool(self.groups):
            raise ValueError("metrics of fairness, and only they, need `groups`, a column")
        bound = "max" if str(self.metric).endswith("_difference") else "min"
        if fair and (self.compares or self.prove or self.floors != (bound,)):
            raise ValueError(f"`{self.metric}` has the bound `{bound}` and no other")


class Ranges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A numeric column, sliced between edges."""

    column: Text
    ranges: Annotated[tuple[float, ...], Meta(min_length=1)]
    by: tuple[Text, ...] = ()
    """Further columns that it is crossed with."""


# No constraints inside unions with arrays: msgspec 0.22 then crashes when the interpreter ends.
Slicing = str | Ranges | tuple[str, ...]


class ByRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows are paired by their place in the file."""

    row: Literal[True]


class Reuse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often one test set is used; each use is judged at its part of alpha."""

    test_set: Text
    """The name under which uses are counted."""
    uses: Annotated[int, Meta(ge=1, le=10_000)] = 32
    """How many different pairs of candidate and baseline it is to judge."""
    adaptivity: Literal["none", "hybrid", "full"] = "none"
    """Whether verdicts are known to who makes the next model; `full` judges at alpha / 2^uses."""

    def __post_init__(self) -> None:
        if self.adaptivity == "full" and self.uses > _MOST_ADAPTIVE:
            raise ValueError(f"adaptivity `full` carries at most {_MOST_ADAPTIVE} uses")


_MOST_ADAPTIVE = 40


class Invalid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows without a judgement, which are left out on both sides and counted."""

    values: tuple[str | int | float, ...] = ()
    """Values that are none, as `n/a` or -1; empty text stands for what is missing."""
    filter: Text | None = None
    """Which numbers are none, as `< 0`."""
    max_share: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    """How many of the candidate's rows may be without."""

    def __post_init__(self) -> None:
        if self.filter is not None and not _COMPARISON.fullmatch(self.filter):
            raise ValueError("`filter` is a comparison with a number, as `< 0`")
        if not self.values and self.filter is None:
            raise ValueError("`invalid` needs `values` or `filter`")


class Bootstrap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the whole table from resampled rows, or clusters."""

    draws: Annotated[int, Meta(ge=200, le=100_000)] = 2000
    seed: Annotated[int, Meta(ge=0)] = 0


def _plain(one: object) -> bool:
    return isinstance(one, str | tuple)


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[gates.NAME]` with `kind = "model"`."""

    task: Literal["binary", "multiclass", "regression", "score"] | None = None
    """What is predicted; told from the metrics where they tell it."""
    predictions: Text | None = None
    """A table of predictions: .csv, .tsv, .json, .jsonl or .parquet."""
    metrics: Text | None = None
    """A file of numbers: .json, .yaml, .toml or .csv."""
    records: Text | None = None
    """Of JSON: where its array of rows stands, as `results.results`."""
    baseline: Text = "base"
    """What it is compared with: `base`, the same file at the base; `git:REF` or `dvc:REF`, at
    that commit, by git or by its DVC pointer; `registry:MODEL@ALIAS`, at the commit of the version
    that the alias names; `file:PATH`."""
    model: Text | None = None
    """The model's file: equal models pass every comparison."""
    id: str | tuple[str, ...] | ByRow | None = None
    """The column, or columns, that tell which row is which."""
    label: Text = "label"
    """The column of true values."""
    labels: Text | None = None
    """A table of its own that holds the true values, joined by id."""
    prediction: Text | None = None
    """The column of predicted classes or numbers."""
    score: str | tuple[str, ...] | dict[str, str] | None = None
    """The column of the positive class's probability; of more classes, a column for each."""
    positive: str | int | None = None
    """The positive class; 1 unless given."""
    classes: tuple[str | int, ...] = ()
    """All classes, where any other is a mistake."""
    threshold: float = 0.5
    """The score from which on the positive class is predicted, where `prediction` is not given."""
    cluster: Text | None = None
    """The column of what rows have in common: a user, a document, repeated trials."""
    weight: Text | None = None
    """The column of the rows' weights."""
    slices: tuple[Slicing, ...] = ()
    """Columns whose values part the rows; a list is crossed."""
    min_rows: Annotated[int, Meta(ge=2)] = 30
    """Slices of fewer rows are not judged."""
    invalid: Invalid | None = None
    """Of task `score`: which rows are without a judgement."""
    bootstrap: Bootstrap | None = None
    """Bounds by a seeded bootstrap; by tests and influence values unless given."""
    reuse: Reuse | None = None
    """How often the test set is used, which keeps false verdicts of all uses together rare."""
    require: Annotated[tuple[Rule, ...], Meta(min_length=1)]
    """The rules."""

    def __post_init__(self) -> None:
        if (self.predictions is None) == (self.metrics is None):
            raise ValueError("a model gate has either `predictions` or `metrics`")
        if not self.baseline.startswith(_BASELINES) and self.baseline != "base":
            kinds = "`git:REF`, `dvc:REF`, `registry:MODEL@ALIAS` or `file:PATH`"
            raise ValueError(f"`baseline` is `base`, {kinds}")
        by_value = [rule.value is not None for rule in self.require]
        if self.metrics is not None and not all(by_value):
            raise ValueError("rules on a `metrics` file name a `value`")
        if self.predictions is not None and any(by_value):
            raise ValueError("rules on `predictions` name a `metric`")
        if not {(), ""}.isdisjoint(one for one in (self.id, *self.slices) if _plain(one)):
            raise ValueError("`id` and `slices` name at least one column")
        if self.predictions is not None:
            self._check_task()

    def _check_task(self) -> None:
        task = self.the_task
        if self.invalid is not None and task != "score":
            raise ValueError("`invalid` is of task `score`")
        for rule in self.require:
            metric = METRICS[rule.metric or ""]
            if task not in metric.tasks:
                raise ValueError(f"`{rule.metric}` is no metric of task `{task}`")
            if metric.needs in ("score", "probability") and self.score is None:
                raise ValueError(f"`{rule.metric}` needs `score`, the column of probabilities")
            if metric.needs == "prediction" and self.score is None and self.prediction is None:
                raise ValueError(f"`{rule.metric}` needs `prediction` or `score`")
            if metric.needs == "value" and rule.column is None and not isinstance(self.score, str):
                raise ValueError(f"`{rule.metric}` needs `column`")
            if rule.prove and not self.slices:
                raise ValueError("`prove` needs `slices`")
        if task == "regression" and self.prediction is None:
            raise ValueError("task `regression` needs `prediction`")

    @property
    def the_task(self) -> str:
        """The task, as given or as the metrics tell it."""
        if self.task is not None:
            return self.task
        tasks = {METRICS[rule.metric].tasks for rule in self.require if rule.metric in METRICS}
        sure = [one[0] for one in tasks if len(one) == 1]
        if sure:
            return sure[0]
        return "multiclass" if not isinstance(self.score, str | None) else "binary"
