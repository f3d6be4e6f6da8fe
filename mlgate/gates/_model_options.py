"""The keys of a `model` gate."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mlgate.gates._model_metrics import metric_named
from mlgate.gates._model_rule import SAID, Rule, Text, names_source
from mlgate.gates._model_terms import Bootstrap, ByRow, Evaluate, Invalid, Reuse, Slicing


def _plain(one: object) -> bool:
    return isinstance(one, str | tuple)


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[gates.NAME]` with `kind = "model"`."""

    task: Literal["binary", "multiclass", "regression", "score", "ranking", "multilabel"] | None = (
        None
    )
    """What is predicted; told from the metrics where they tell it."""
    predictions: Text | None = None
    """A table of predictions: .csv, .tsv, .json, .jsonl or .parquet, or a folder or pattern of such
    files, read as one; `mlflow:WHERE:PATH` is an artifact of a run."""
    metrics: Text | None = None
    """A file of numbers: .json, .yaml, .toml or .csv; `mlflow:WHERE` are the metrics that a run
    logged, where WHERE is a run, MODEL@ALIAS or MODEL/VERSION."""
    records: Text | None = None
    """Of JSON: where its array of rows stands, as `results.results`."""
    baseline: Text = "base"
    """What it is compared with: `base`, the same file at the base; `git:REF` or `dvc:REF`, at
    that commit, by git or by its DVC pointer; `registry:MODEL@ALIAS`, at the commit of the version
    that the alias names; `mlflow:RUN`, `mlflow:MODEL@ALIAS` or `mlflow:MODEL/VERSION`, as logged
    there; `file:PATH`."""
    model: Text | None = None
    """The model's file or folder: equal models pass every comparison."""
    id: str | tuple[str, ...] | ByRow | None = None
    """The column, or columns, that tell which row is which; `{ row = true }` where both tables are
    in the same order."""
    label: Text = "label"
    """The column of true values; of task `multilabel` a list of classes in each row."""
    labels: Text | None = None
    """A table of its own that holds the true values, joined by id."""
    prediction: Text | None = None
    """The column of predicted classes or numbers, of task `multilabel` of lists of classes."""
    score: str | tuple[str, ...] | dict[str, str] | None = None
    """The column of the positive class's probability; of more classes, a column for each, in their
    order or by their names, as `{ cat = "p_cat", dog = "p_dog" }`."""
    positive: str | int | None = None
    """The positive class; 1 unless given."""
    classes: tuple[str | int, ...] = ()
    """All classes, where any other is a mistake."""
    threshold: float | None = None
    """The score from which on the positive class (of task `multilabel`, each) is predicted, where
    `prediction` is not given: 0.5, of a probability, unless given."""
    cluster: Text | None = None
    """The column of what rows have in common: a user, a document, repeated trials."""
    query: Text | None = None
    """Of task `ranking`: the column that tells which query a row answers. `label` is then the
    row's gain, `score` what it is ranked by."""
    weight: Text | None = None
    """The column of the rows' weights."""
    slices: tuple[Slicing, ...] = ()
    """Columns whose values part the rows; a list is crossed, and
    `{ column = "age", ranges = [30, 50] }` parts numbers at these edges."""
    min_rows: Annotated[int, Meta(ge=2)] = 30
    """Slices of fewer rows are not judged."""
    invalid: Invalid | None = None
    """Of task `score`: which rows are without a judgement."""
    evaluate: Evaluate | None = None
    """The command that makes the predictions where dvc.lock does not bind them to the model."""
    bootstrap: Bootstrap | None = None
    """Bounds by a seeded bootstrap; by tests and influence values unless given."""
    reuse: Reuse | None = None
    """How often the test set is used, which keeps false verdicts of all uses together rare."""
    require: Annotated[tuple[Rule, ...], Meta(min_length=1)]
    """The rules."""

    def __post_init__(self) -> None:
        if (self.predictions is None) == (self.metrics is None):
            raise ValueError("a model gate has either `predictions` or `metrics`")
        if self.baseline != "base" and not names_source(self.baseline):
            raise ValueError(f"`baseline` is `base`, {SAID}")
        by_value = [rule.value is not None for rule in self.require]
        if self.metrics is not None and not all(by_value):
            raise ValueError("rules on a `metrics` file name a `value`")
        if self.predictions is not None and any(by_value):
            raise ValueError("rules on `predictions` name a `metric`")
        self._check_mlflow()
        self._check_evaluate()
        if not {(), ""}.isdisjoint(one for one in (self.id, *self.slices) if _plain(one)):
            raise ValueError("`id` and `slices` name at least one column")
        if self.predictions is not None:
            self._check_task()

    def _check_mlflow(self) -> None:
        path = self.predictions or self.metrics or ""
        if not path.startswith("mlflow:"):
            return
        if self.predictions is not None and path.count(":") < 2:
            raise ValueError("`predictions` of MLflow are `mlflow:WHERE:PATH`, an artifact")
        compares = any(rule.compares for rule in self.require)
        used = [("baseline", self.baseline)] if compares else []
        used += [("reference", rule.reference) for rule in self.require if rule.reference]
        for key, source in used:
            if not source.startswith(("mlflow:", "file:")):
                raise ValueError(f'what MLflow keeps is compared with `{key} = "mlflow:..."`')

    def _check_evaluate(self) -> None:
        if self.evaluate is None:
            return
        if self.predictions is None:
            raise ValueError("`evaluate` makes `predictions`: name them")
        words = " ".join(self.evaluate.run)
        if "{model}" in words and self.model is None:
            raise ValueError("`{model}` needs `model`, the model's path")
        if "{model}" not in words and "{version}" not in words:
            raise ValueError("`run` of `evaluate` names `{model}` or `{version}`")

    def _check_task(self) -> None:
        task = self.the_task
        if self.invalid is not None and task != "score":
            raise ValueError("`invalid` is of task `score`")
        for rule in self.require:
            metric = metric_named(rule.metric or "")
            if task not in metric.tasks:
                raise ValueError(f"`{rule.metric}` is no metric of task `{task}`")
            if metric.needs in ("score", "probability") and self.score is None:
                raise ValueError(f"`{rule.metric}` needs `score`, the column of probabilities")
            if metric.needs == "prediction" and self.score is None and self.prediction is None:
                raise ValueError(f"`{rule.metric}` needs `prediction` or `score`")
            if metric.needs == "value" and rule.column is None and not isinstance(self.score, str):
                raise ValueError(f"`{rule.metric}` needs `column`")
            if rule.metric == "quantile" and (self.cluster or self.weight):
                kind = "cluster" if self.cluster else "weight"
                raise ValueError(
                    f"`quantile` has no proven bounds with `{kind}`: ask for `share` with "
                    "`filter`, as `<= 2.0`, which has"
                )
            if rule.of_words and any(
                not other.of_words and self._column(other) == self._column(rule)
                for other in self.require
            ):
                raise ValueError(
                    f"`{self._column(rule)}` is compared with a word in one rule, and is numbers "
                    "in another"
                )
            if rule.prove and not self.slices:
                raise ValueError("`prove` needs `slices`")
        self._check_multilabel(task)
        if (task == "ranking") != (self.query is not None):
            raise ValueError("`query` is of task `ranking`, which needs it")
        if task == "ranking" and (self.weight is not None or not isinstance(self.score, str)):
            raise ValueError("task `ranking` has one column of `score`, and no `weight`")
        if task == "binary" and isinstance(self.score, tuple):
            raise ValueError(
                "task `binary` has one column of `score`, the positive class's, or one for each "
                "class by its name: score = { 0 = 'p_0', 1 = 'p_1' }"
            )
        by_class = task == "binary" and isinstance(self.score, dict)
        if by_class and str(self.positive_class) not in (self.score or ()):
            raise ValueError("`positive` is the class whose `score` counts: name it")
        if task == "regression" and self.prediction is None:
            raise ValueError("task `regression` needs `prediction`")

    def _column(self, rule: Rule) -> str:
        """Of task `score`: what a rule is about."""
        return rule.column or (self.score if isinstance(self.score, str) else "")

    def _check_multilabel(self, task: str) -> None:
        for rule in self.require:
            if task != "multilabel":
                if rule.average in ("micro", "samples") or rule.of_class is not None:
                    raise ValueError("`micro`, `samples` and `of_class` are of task `multilabel`")
            elif rule.average == "binary":
                raise ValueError("`average` of task `multilabel` is not `binary`; `of_class`")
            elif self.classes and rule.of_class not in (None, *self.classes):
                raise ValueError(f"`of_class` is none of the `classes`: {rule.of_class}")
        if task == "multilabel" and self.prediction is None and not isinstance(self.score, dict):
            raise ValueError("task `multilabel` needs `prediction`, or a `score` for each class")

    @property
    def positive_class(self) -> str | int:
        """As given, or 1."""
        return 1 if self.positive is None else self.positive

    @property
    def the_task(self) -> str:
        """The task, as given or as the metrics tell it."""
        if self.task is not None:
            return self.task
        tasks = {metric_named(rule.metric).tasks for rule in self.require if rule.metric}
        sure = [one[0] for one in tasks if len(one) == 1]
        if sure:
            return sure[0]
        return "multiclass" if not isinstance(self.score, str | None) else "binary"
