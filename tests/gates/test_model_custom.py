"""Metrics of the project's own: run as the base has them, with an interval where rows have one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_model_rest import of, worker

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.gates import model

CODE = """
print("no answer")
def by_row(true, said):
    return (true == said) * 2.0
def whole(true, said):
    return float((true == said).mean())
def odd(true, said):
    return [1.0, 2.0]
def failing(true, said):
    raise SystemExit("never")
def nothing(true, said):
    return float("nan")
number = 3
"""
ROWS = 500


def predictions(wrong: int) -> str:
    names = ("cat", "dog")
    lines = (f"{i},{names[i % 2]},{names[i % 2 ^ (i < wrong)]}" for i in range(ROWS))
    return "id,label,prediction\n" + "\n".join(lines) + "\n"


def judged(folder: Path, metric: str, code: str = CODE, **rule: Any) -> list[Finding]:
    for side, wrong in (("head", 85), ("base", 50)):
        place = folder / side / "own"
        place.mkdir(parents=True)
        (place.parent / "p.csv").write_text(predictions(wrong))
    (folder / "base/own/metrics.py").write_text(code)
    (folder / "head/own/metrics.py").write_text("raise RuntimeError('the change judges itself')")
    told = {"metric": metric, "better": "higher", "max_drop": 0.2, **rule}
    options = {
        "task": "binary", "positive": "dog", "predictions": "p.csv", "id": "id",
        "prediction": "prediction", "require": [told],
    }  # fmt: skip
    ctx = testing.context(
        model, folder / "head", kind="model", options=options, worker=worker,
        base=testing.FolderSnapshot(folder / "base"),
    )  # fmt: skip
    found = model.inputs(ctx)
    assert found is not None and found.also
    return [one for one in model.check(ctx, ()) if isinstance(one, Finding)]


def test_a_value_for_each_row_has_an_interval(tmp_path: Path) -> None:
    (drop,) = of(judged(tmp_path, "own.metrics:by_row"), "max-drop")
    told = drop.measurement
    assert drop.result == "pass" and told and told.method == "influence, t"
    assert told.value == pytest.approx(-2 * 35 / ROWS)
    assert told.low is not None and told.low < -0.14 < (told.high or 0)


def test_one_number_is_compared_plainly(tmp_path: Path) -> None:
    (drop,) = of(judged(tmp_path, "own.metrics:whole", max_drop=0.01), "max-drop")
    assert drop.result == "fail" and "plain comparison" in drop.message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("odd", "one for each row|of shape"),
        ("failing", "failed: SystemExit: never"),
        ("nothing", "NaN or infinity"),
        ("number", "is no function"),
        ("gone", "cannot be loaded"),
    ],
)
def test_functions_that_say_no_numbers_are_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(GateError, match=words):
        judged(tmp_path, f"own.metrics:{name}")


def test_what_only_the_change_has_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="not in the base"):
        judged(tmp_path, "own.other:by_row")


def test_the_direction_must_be_said() -> None:
    rule = {"metric": "own.metrics:whole", "min": 0.5}
    told = {"predictions": "p.csv", "prediction": "prediction", "require": [rule]}
    with pytest.raises(msgspec.ValidationError, match="`better`"):
        msgspec.convert(told, model.Options)
