"""What a real MLflow keeps of a run: the sources' suite on it, metrics, and a gate's baseline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from pointed import NEW, OLD, Place

from mlgate import testing
from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.gates import model
from mlgate.sources import mlflow

if TYPE_CHECKING:
    from conftest import Tracked

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def context(place: Place, store: Tracked, **more: Any) -> Any:
    return place.context(worker=store.worker, network=True, **more)


@pytest.mark.parametrize(
    ("where", "content"),
    [("churn@old", OLD), ("churn@new", NEW), ("churn/1", OLD), ("churn/2", NEW), ("RUN", NEW)],
)
def test_the_right_bytes(place: Place, mlflow_uri: Tracked, where: str, content: bytes) -> None:
    where = mlflow_uri.new if where == "RUN" else where
    before = place.git("status", "--porcelain", "--ignored")
    module = parts.load("sources", "mlflow")
    first = module.fetch(context(place, mlflow_uri), where, "eval/tracked.bin")
    assert Path(first.path).read_bytes() == content
    assert "eval/tracked.bin" in first.origin
    again = module.fetch(context(place, mlflow_uri), where, "eval/tracked.bin")
    assert (again.path, again.digest) == (first.path, first.digest)
    assert place.git("status", "--porcelain", "--ignored") == before


@pytest.mark.parametrize(
    ("where", "path", "yet"),
    [
        ("churn@nobody", "eval/tracked.bin", True),
        ("empty@production", "eval/tracked.bin", True),
        ("churn@new", "eval/nothing.bin", True),
        ("churn@new", "eval", True),
        ("churn@new", "../../etc/passwd", False),
        ("churn/99", "eval/tracked.bin", False),
        ("0" * 32, "eval/tracked.bin", False),
    ],
)
def test_what_is_not_there_is_an_error_with_its_mend(
    place: Place, mlflow_uri: Tracked, where: str, path: str, yet: bool
) -> None:
    with pytest.raises(GateError) as raised:
        mlflow.fetch(context(place, mlflow_uri), where, path)
    assert raised.value.hint
    assert isinstance(raised.value, mlflow.NotThere) == yet
    held = "has no artifact" in raised.value.message
    assert not yet or raised.value.held == held  # type: ignore[attr-defined]  # by the line above


def test_metrics_that_were_logged(place: Place, mlflow_uri: Tracked) -> None:
    found = mlflow.fetch(context(place, mlflow_uri), "churn@old", "", metrics=True)
    assert json.loads(Path(found.path).read_text()) == {"odd": None, "overall.f1": 0.75}


def judged(place: Place, store: Tracked, **options: Any) -> list[Finding]:
    rule = {"value": "overall.f1", "max_drop": 0.1}
    told = msgspec.convert({"require": [rule], **options}, model.Options)
    ctx = context(place, store, gate="model")
    ctx = msgspec.structs.replace(ctx, options=told)
    found = model.inputs(ctx)
    assert found is not None and found.beyond
    return [one for one in model.check(ctx, ()) if isinstance(one, Finding)]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contexts take their options later."""
    whole = testing.context

    def without(gate: Any, folder: Path, **more: Any) -> Any:
        options = {"metrics": "m", "require": [{"value": "x", "min": 0}]}
        return whole(gate, folder, options=options, **more)

    monkeypatch.setattr(testing, "context", without)


@pytest.mark.usefixtures("plain")
def test_a_gate_on_logged_metrics(place: Place, mlflow_uri: Tracked) -> None:
    found = judged(place, mlflow_uri, metrics="mlflow:churn@new", baseline="mlflow:churn@old")
    (drop,) = [one for one in found if one.rule == "model/max-drop"]
    assert drop.result == "fail" and "0.7500 to 0.5000" in drop.message
    place.put("metrics.json", '{"overall": {"f1": 0.7}}')
    place.commit()
    found = judged(place, mlflow_uri, metrics="metrics.json", baseline="mlflow:churn@old")
    assert [one.result for one in found if one.rule == "model/max-drop"] == ["pass"]
    found = judged(place, mlflow_uri, metrics="metrics.json", baseline="mlflow:churn@nobody")
    (note,) = [one for one in found if one.rule == "model/no-baseline"]
    assert "churn@nobody holds nothing" in note.message


@pytest.mark.usefixtures("plain")
def test_a_server_out_of_reach_is_no_missing_baseline(
    place: Place, mlflow_uri: Tracked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    place.put("metrics.json", '{"overall": {"f1": 0.7}}')
    place.commit()
    with pytest.raises(GateError, match="mlflow:"):
        judged(place, mlflow_uri, metrics="metrics.json", baseline="mlflow:churn@old")


def test_without_mlflow_the_mend_is_said(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/m.db")
    (tmp_path / "m.db").touch()

    def worker(script: str, request: object, **_: Any) -> list[Any]:
        argv = [sys.executable, "-I", "-S", "-B", script]
        raw = msgspec.json.encode(request) + b"\n"
        done = subprocess.run(argv, input=raw, capture_output=True, env=dict(os.environ))
        return [json.loads(line) for line in done.stdout.splitlines()][:-1]

    with pytest.raises(GateError) as raised:
        mlflow.fetch(place.context(worker=worker, network=True), "churn@old", "x")
    assert "pip install" in (raised.value.hint or "")
