"""What is advised where the evidence does not suffice, and what is said where there is no base."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlgate import testing
from mlgate.core.words import Result
from mlgate.gates import _model_where as where
from mlgate.gates import model
from mlgate.gates._model_decide import Decision, Need
from mlgate.gates._model_evidence import Measured
from mlgate.gates._model_place import NoBaseline
from mlgate.gates._model_rule import Rule
from mlgate.gates._model_words import finding

_FLOOR = Need(kind="min", least=0.9)
_DROP = Need(kind="drop", margin=0.02)


@pytest.mark.parametrize(
    ("need", "needed", "first", "wider"),
    [
        (_FLOOR, 3000, "label more rows", "loosen `min`"),
        (_FLOOR, None, "improve the model", "loosen `min`"),
        (_DROP, 3000, "label more rows", "widen the margin"),
        (_DROP, None, "improve the model", "widen the margin"),
    ],
)
def test_more_rows_are_advised_where_they_would_decide(
    need: Need, needed: int | None, first: str, wider: str
) -> None:
    rule = Rule(metric="accuracy", min=0.9, max_drop=0.02)
    decided = Decision(
        need=need, result=Result.OPEN, value=0.88, low=0.85, high=0.92, needed=needed, smallest=0.04
    )
    found = finding("accuracy", rule, Measured(measure=0, slice=None, n=1000), decided)
    assert (found.help or "").startswith(first) and wider in (found.help or "")


def test_an_alias_that_holds_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("")
    options = {"predictions": "p.csv", "prediction": "p", "require": [{"metric": "f1", "min": 0}]}
    told = {"kind": "model", "options": options, "alias": "live"}
    for more, why in (
        ({}, "there is no base to compare with"),
        ({"baseline": None}, "live holds no version"),
    ):
        ctx = testing.context(model, tmp_path, **told, **more)
        assert where.at(ctx, "base", "p.csv") == NoBaseline(why)
