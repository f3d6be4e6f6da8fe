"""A model that a real MLflow saved, measured by the gate in an environment that has MLflow."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from mlflow_place import environment

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import artifact as gate
from mlgate.runner.workshop import Workshop

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

TRAIN = """
import mlflow, pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
x = pd.DataFrame({"age": [20.0, 30, 40, 50] * 10, "income": [1.0, 2, 3, 4] * 10})
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, [0, 0, 1, 1] * 10)
for form in ("skops", "cloudpickle"):
    signature = infer_signature(x, model.predict(x))
    mlflow.sklearn.save_model(model, form, signature=signature, input_example=x[:2],
                              serialization_format=form)
"""
WHOLE = {"age": 33, "income": 2}
SPLIT = {"dataframe_split": {"columns": ["age", "income"], "data": [[44.5, 1]]}}


class Saved:
    """A folder in which MLflow saved a model in each form, and the gate's questions about it."""

    def __init__(self, env: Path, folder: Path) -> None:
        self.folder = folder
        self._environ = {**os.environ, "VIRTUAL_ENV": str(env)}
        quiet = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
        python = env / "bin/python"
        subprocess.run([python, "-W", "ignore", "-c", TRAIN], cwd=folder, env=quiet, check=True)

    def stated(self, form: str, *lines: Any, **target: Any) -> dict[str, Result]:
        workshop = Workshop(str(self.folder), self._environ, jobs=1)
        predict = {"pyfunc": True, "requests": "rows.jsonl", "answer_within": "300s", **target}
        written = {"rows.jsonl": "\n".join(map(json.dumps, lines)) + "\n"}
        try:
            found = testing.check(
                gate, self.folder, written, kind="artifact", worker=workshop.worker,
                environment=workshop.environment, options={"path": form, "predict": predict},
            )  # fmt: skip
        finally:
            workshop.close()
        return {f.measurement.name if f.measurement else f.rule: f.result
                for f in found if isinstance(f, Finding)}  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    packages = ("mlflow-skinny>=3,<3.18", "pandas", "scikit-learn", "skops")
    env = environment(tmp_path_factory, *packages)
    return Saved(env, tmp_path_factory.mktemp("saved"))


@pytest.mark.parametrize("form", ["skops", "cloudpickle"])
def test_it_fits_a_generous_target(saved: Saved, form: str) -> None:
    target = {"load": "200s", "memory": "3GB", "p50": "20s", "p95": "20s", "calls": 80}
    found = saved.stated(form, WHOLE, SPLIT, [WHOLE, WHOLE], **target)
    assert {"load", "memory", "p50", "p95"} <= found.keys()
    assert set(found.values()) == {Result.PASS}, found


def test_it_does_not_fit_a_tight_one(saved: Saved) -> None:
    target = {"load": "50ms", "p50": "0.01ms", "p95": "0.01ms", "calls": 80}
    found = saved.stated("skops", WHOLE, **target)
    failed = {name for name, result in found.items() if result is Result.FAIL}
    assert failed == {"load", "p50", "p95"}


def test_it_is_ended_where_it_takes_more_memory(saved: Saved) -> None:
    found = saved.stated("skops", WHOLE, memory="30MB", calls=80)
    assert found["memory"] is Result.FAIL and "p50" not in found


def test_a_request_that_it_does_not_take_is_an_error(saved: Saved) -> None:
    with pytest.raises(GateError) as caught:
        saved.stated("skops", {"age": 33}, calls=80)
    assert "ended at request 1" in caught.value.message
    assert "income" in caught.value.message
    assert "mlflow.pyfunc.load_model" in caught.value.hint
