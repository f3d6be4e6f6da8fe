"""A second opinion on a model, from picklescan or a stand-in for it."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import _artifact_second_worker as worker
from mlgate.gates import artifact as gate
from mlgate.runner.workshop import Workshop


def stated(folder: Path, opinion: dict[str, Any]) -> list[Finding]:
    """The findings of the second opinion, with the first one's worker as it is."""
    workshop = Workshop(str(folder), dict(os.environ), jobs=1)

    def ask(script: str, request: object, **more: Any) -> Any:
        return iter([opinion]) if "second" in script else workshop.worker(script, request, **more)

    found = testing.check(
        gate, folder, {"model.pkl": pickle.dumps(1)}, kind="artifact", worker=ask,
        options={"path": "model.pkl", "second_opinion": "picklescan"},
    )  # fmt: skip
    workshop.close()
    return [f for f in found if isinstance(f, Finding) and f.rule == "artifact/second-opinion"]


def said(**words: Any) -> dict[str, Any]:
    return {"dangerous": [], "suspicious": [], "error": "", **words}


@pytest.mark.parametrize(
    ("opinion", "result", "words"),
    [
        (said(), Result.PASS, "finds nothing"),
        (said(suspicious=["a:B"]), Result.PASS, "is not sure of a:B"),
        (said(error="could not read all of it"), Result.PASS, "could not read"),
        (said(dangerous=["os:system"]), Result.FAIL, "finds os:system dangerous"),
    ],
)
def test_only_what_is_called_dangerous_fails(
    tmp_path: Path, opinion: dict[str, Any], result: Result, words: str
) -> None:
    (found,) = stated(tmp_path, opinion)
    assert found.result is result and words in found.message


def test_without_picklescan_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="not installed"):
        stated(tmp_path, {"missing": True})


def test_what_fails_it_is_told() -> None:
    def fails(_: str) -> None:
        raise ValueError("x")

    assert worker.answer(fails, "m")["error"] == "failed with ValueError"


def test_picklescan_itself(tmp_path: Path) -> None:
    scanner = pytest.importorskip("picklescan.scanner")
    (tmp_path / "m.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    told = worker.answer(scanner.scan_file_path, str(tmp_path / "m.pkl"))
    assert told == said(dangerous=["os:system"])
