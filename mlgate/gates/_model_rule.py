"""The keys of one rule of a `model` gate."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mlgate.gates._model_metrics import (
    AVERAGES,
    METRICS,
    is_custom,
    last_of,
    metric_named,
    named_by,
)

Text = Annotated[str, Meta(pattern=r"\S")]
Undecided = Literal["warn", "block", "approve"]
SOURCES = ("git:", "dvc:", "file:", "registry:", "mlflow:")
SAID = "`git:REF`, `dvc:REF`, `registry:MODEL@ALIAS`, `mlflow:...` or `file:PATH`"
_UNBOUNDED = (
    r"\w*loss|r?ms(le|e)|mae|medae|[sw]?mape|mase|perplexity|ppl|nll|bits_per_\w+|latency\w*"
)
LOSS = re.compile(rf"(?i)(^|[_\W])({_UNBOUNDED}|\w*error(_rate)?|[wc]er)$")
"""Names of numbers of which less is better."""
_NO_SHARE = re.compile(rf"(?i)(^|[_\W])({_UNBOUNDED})$")
COMPARISON = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*[-+]?\d+(\.\d+)?([eE][-+]?\d+)?\s*")
WORD = re.compile(r"""\s*(==|!=)\s*('[^']+'|"[^"]+")\s*""")
"""A comparison with a word, as `== 'C'`."""


def reads_as_loss(value: str) -> bool:
    """True of a number that is no metric we know, but is called as if less of it were better."""
    return named_by(value) is None and LOSS.search(last_of(value)) is not None


def is_no_share(value: str) -> bool:
    """True of a number that by its name can be no share of rows, though it may lie between 0 and
    1: the bounds of a share would be those of something else."""
    named = named_by(value)
    if named is None:
        return _NO_SHARE.search(last_of(value)) is not None
    known = metric_named(named)
    return known.tasks != ("score",) and (known.least < 0 or known.most > 1)


def names_source(text: str) -> bool:
    """True for a source's kind and what it is to bring."""
    kind, colon, rest = text.partition(":")
    return kind + colon in SOURCES and rest.strip() != ""


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one metric must hold."""

    metric: Text | None = None
    """A metric by scikit-learn's name; `package.module:function` is one of the project's own, as
    the base has it."""
    value: Text | None = None
    """Of `metrics` files: the number's place, as `overall.f1` or `per_class.*.f1`."""
    better: Literal["higher", "lower"] | None = None
    """Which direction is better, where the metric, or the name of a number of a file, does not
    tell."""
    n: Annotated[int, Meta(ge=1)] | None = None
    """Of `metrics` files: how many rows a share was measured on (a recall on those of its class, a
    roc_auc on the rarer class's), which gives it an interval, and the difference of two of them one
    as of different rows."""
    average: Literal["binary", "micro", "macro", "weighted", "samples"] | None = None
    """How classes are put together; `binary` for two classes, `samples` for jaccard, else `macro`.
    `micro` and `samples` are of task `multilabel`."""
    of_class: str | int | None = None
    """Of task `multilabel`: the one class that precision, recall, f1 or jaccard is of."""
    k: Annotated[int, Meta(ge=1)] = 5
    """Of top_k_accuracy and ndcg_at_k."""
    quantile: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """Of `quantile`: which one, as 0.95. Of mean_pinball_loss: the one that is predicted, 0.5
    unless given."""
    bins: Annotated[int, Meta(ge=2, le=1000)] = 15
    """Of expected_calibration_error."""
    column: Text | None = None
    """Of task `score`: the column that the metric is about."""
    groups: str | tuple[str, ...] | None = None
    """Of fairness: the column, or the crossed columns, whose groups are compared."""
    filter: Text | None = None
    """Of `share`: which values count, as `>= 0.5`, or of words `== 'C'`."""
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
    """What `max_total_drop` is counted from, pinned: whatever `baseline` takes, but `base`."""
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
    def of_words(self) -> bool:
        """True if its `filter` compares the column with a word."""
        return self.filter is not None and WORD.fullmatch(self.filter) is not None

    @property
    def floors(self) -> tuple[str, ...]:
        """Which absolute bounds it has."""
        return tuple(key for key in ("min", "max", "between") if getattr(self, key) is not None)

    def __post_init__(self) -> None:
        if (self.metric is None) == (self.value is None):
            raise ValueError("a rule has either `metric` or `value`")
        if (self.reference is None) != (self.max_total_drop is None):
            raise ValueError("`reference` and `max_total_drop` belong together")
        if self.reference and not names_source(self.reference):
            raise ValueError(f"`reference` is {SAID}")
        if not self.compares and not self.floors and self.reference is None:
            raise ValueError("a rule needs a bound: `min`, `max`, `between`, `max_drop` ...")
        if self.filter is not None and not (COMPARISON.fullmatch(self.filter) or self.of_words):
            raise ValueError(
                "`filter` is a comparison with a number, as `>= 0.5`, or with a word, as `== 'C'`"
            )
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError("`between` is [least, most]")
        if self.metric is not None and not is_custom(self.metric) and self.metric not in METRICS:
            from mlgate.core.parts import nearest

            hint = nearest(self.metric, list(METRICS)).replace("'", "`")
            raise ValueError(f"no metric is called `{self.metric}`; {hint}")
        if self.metric is not None and is_custom(self.metric) and self.better is None:
            raise ValueError(f"`{self.metric}` does not tell which direction is better: `better`")
        compared = self.better is None and (self.compares or self.reference is not None)
        if self.value is not None and compared and reads_as_loss(self.value):
            raise ValueError(
                f'`{self.value}` reads as if less of it were better: `better = "lower"`, '
                'or `"higher"`'
            )
        if self.value is not None and self.n is not None and is_no_share(self.value):
            raise ValueError(
                f"`{self.value}` is no share of `n` rows: without `n` it is compared plainly, and "
                "`predictions` give it an interval"
            )
        if self.metric == "share" and self.filter is None:
            raise ValueError("`share` needs `filter`, as `>= 0.5`")
        if self.metric == "quantile":
            self._check_quantile()
        if self.of_class is not None and (self.metric not in AVERAGES or self.average):
            raise ValueError("`of_class` is of precision, recall, f1 and jaccard, and no `average`")
        self._check_groups()

    def _check_quantile(self) -> None:
        if self.quantile is None:
            raise ValueError("the metric `quantile` needs the key `quantile`, as 0.95")
        if (self.compares or self.reference) and self.better is None:
            raise ValueError('`quantile` needs `better`: "lower", as of latencies, or "higher"')

    def _check_groups(self) -> None:
        fair = self.metric is not None and metric_named(self.metric).rates != ()
        if fair != bool(self.groups):
            raise ValueError("metrics of fairness, and only they, need `groups`, a column")
        bound = "max" if str(self.metric).endswith("_difference") else "min"
        if fair and (self.compares or self.prove or self.floors != (bound,)):
            raise ValueError(f"`{self.metric}` has the bound `{bound}` and no other")
