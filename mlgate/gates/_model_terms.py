"""The tables among the keys of a `model` gate: slices, reuse, invalid rows, bootstrap, evaluate."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mlgate.core.duration import PATTERN
from mlgate.gates._model_rule import COMPARISON, Text


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
    feedback: Literal["figures", "verdict"] = "figures"
    """`verdict`: the report, the store and the logs say whether the gate passed and no more; only
    where the labels are in no commit. `full` counts on it: figures tell more than a verdict."""

    def __post_init__(self) -> None:
        if self.adaptivity == "full" and self.uses > MOST_ADAPTIVE:
            raise ValueError(f"adaptivity `full` carries at most {MOST_ADAPTIVE} uses")


MOST_ADAPTIVE = 40


class Invalid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows without a judgement, which are left out on both sides and counted."""

    values: tuple[str | int | float, ...] = ()
    """Values that are none, as `n/a` or -1; empty text stands for what is missing."""
    filter: Text | None = None
    """Which numbers are none, as `< 0`."""
    max_share: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    """How many of the candidate's rows may be without."""

    def __post_init__(self) -> None:
        if self.filter is not None and not COMPARISON.fullmatch(self.filter):
            raise ValueError("`filter` is a comparison with a number, as `< 0`")
        if not self.values and self.filter is None:
            raise ValueError('`invalid` needs `values`, as [""] for what is missing, or `filter`')


class Bootstrap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the whole table from resampled rows, or clusters."""

    draws: Annotated[int, Meta(ge=200, le=100_000)] = 2000
    seed: Annotated[int, Meta(ge=0)] = 0


class Evaluate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The command that makes the predictions of a model, in the project's environment."""

    run: Annotated[tuple[Text, ...], Meta(min_length=1)]
    """The program and its arguments; no shell. `{model}` stands for the model's path, `{version}`
    for its commit (of MLflow, the number of the version), `{predictions}` for the path to write
    them to."""
    inputs: Annotated[tuple[Text, ...], Meta(min_length=1)]
    """All files and folders that it reads besides the model: code, configuration, the test set, by
    git or by DVC; `*` and `**` are allowed. Nothing else is there when it runs."""
    timeout: Annotated[str, Meta(pattern=PATTERN)] = "30m"
    """How long one evaluation may take."""

    def __post_init__(self) -> None:
        if not any("{predictions}" in word for word in self.run):
            raise ValueError("`run` names `{predictions}`, the path to write them to")
