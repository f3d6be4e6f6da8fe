"""What the columns of a table of predictions speak for, for `init` to write down."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence

LABELS = ("label", "target", "y", "y_true", "actual", "true_label", "ground_truth")
_CLASSES = ("prediction", "pred", "y_pred", "predicted", "predicted_label", "y_hat")
_SCORES = ("score", "probability", "prob", "proba", "y_score", "y_prob", "p")
_OF_CLASS = ("p_", "prob_", "proba_", "score_", "probability_")
_MOST = 50
"""Different labels up to which they are classes."""


def named(head: Sequence[str], usual: tuple[str, ...]) -> str:
    """The column that bears one of the usual names, else the first of them."""
    return next((one for one in head if one.lower() in usual), usual[0])


def labels(text: str, mark: str, name: str) -> set[str]:
    """The different values of a column in the first rows of a file; none where it has too many, or
    cannot be read."""
    lines = text.splitlines()
    if not text.endswith("\n"):  # the last row may be cut off
        lines = lines[:-1]
    found: set[str] = set()
    try:
        for row in csv.DictReader(lines, delimiter=mark):
            found.add(str(row.get(name) or ""))
    except csv.Error:
        return set()
    return found - {""}


def said(head: Sequence[str], values: set[str]) -> tuple[str, list[str]]:
    """The task, and the lines that say what the models answer."""
    classes = named(head, _CLASSES)
    numbers = [_number(value) for value in values]
    if (
        classes in head
        and values
        and (
            any(one is not None and one % 1 for one in numbers)
            or (len(values) > _MOST and None not in numbers)
        )
    ):
        return "regression", ['task = "regression"', f'prediction = "{classes}"']
    words = values - {"0", "1", "0.0", "1.0", "-1", "True", "False", "true", "false"}
    several = 2 < len(values) <= _MOST
    lines = ['task = "multiclass"'] if several else []
    if words and len(values) == 2:
        other, positive = sorted(values)
        lines = [f"positive = {_class(positive)}  # the other class is {_class(other)}"]
    return ("multiclass" if several else "binary"), [*lines, _answers(head, classes, values)]


def _answers(head: Sequence[str], classes: str, values: set[str]) -> str:
    """The column of classes, else that of a probability, else one for each class."""
    if classes in head:
        return f'prediction = "{classes}"'
    score = named(head, _SCORES)
    if score in head:
        return f'score = "{score}"'
    of_class = {value: one for one in head for value in values
                if one.lower() in {begin + value.lower() for begin in _OF_CLASS}}  # fmt: skip
    if len(of_class) == len(values) > 0:
        each = ", ".join(f"{_key(one)} = {_written(of_class[one])}" for one in sorted(values))
        return f"score = {{ {each} }}"
    begun = [one for one in head if one.lower().startswith(_OF_CLASS)]
    if len(begun) == 1:
        return f"score = {_written(begun[0])}"
    return f'prediction = "{classes}"'


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _class(value: str) -> str:
    """As the gate reads it: whole numbers are numbers, but for `007`."""
    whole = value.removeprefix("-").isdecimal() and str(int(value[:20])) == value
    return value if whole else _written(value)


def _written(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key(value: str) -> str:
    bare = value.replace("_", "").replace("-", "")
    return value if bare.isascii() and bare.isalnum() else _written(value)
