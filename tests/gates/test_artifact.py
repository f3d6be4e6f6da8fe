"""The `artifact` gate on real files, through the real worker and its limits."""

from __future__ import annotations

import gzip
import hashlib
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import _artifact_worker as worker
from mlgate.gates import artifact as gate
from mlgate.runner.workshop import Workshop

HARMLESS = pickle.dumps({"coef": np.arange(3.0)})
FOREIGN = b"cours.features\nCleaner\n)R."
HOSTILE = b"cos\nsystem\n(S'true'\ntR."


class Model:
    """A folder with a model, and the gate's questions about it."""

    def __init__(self, folder: Path, workshop: Workshop) -> None:
        self.folder, self.workshop = folder, workshop

    def stated(self, written: dict[str, Any], **options: Any) -> list[Finding]:
        asked = {"path": "model.pkl", **options}
        found = testing.check(gate, self.folder, written, kind="artifact", options=asked,
                              worker=self.workshop.worker)  # fmt: skip
        return [finding for finding in found if isinstance(finding, Finding)]

    def failed(self, written: dict[str, Any], **options: Any) -> list[str]:
        return [f.rule for f in self.stated(written, **options) if f.result is Result.FAIL]


@pytest.fixture
def model(tmp_path: Path) -> Iterator[Model]:
    workshop = Workshop(str(tmp_path), dict(os.environ), jobs=1)
    yield Model(tmp_path, workshop)
    workshop.close()


def test_a_harmless_model_passes_with_its_digest(model: Model) -> None:
    digest, read = model.stated({"model.pkl": HARMLESS})
    assert {digest.result, read.result} == {Result.PASS}
    assert digest.message == f"sha256:{hashlib.sha256(HARMLESS).hexdigest()}"
    assert digest.location is not None and digest.location.path == "model.pkl"
    assert digest.measurement is not None and digest.measurement.value == len(HARMLESS)
    assert read.message.startswith("model.pkl is harmless: pickle; ")


def test_an_unknown_name_comes_with_the_line_that_allows_it(model: Model) -> None:
    found = model.stated({"model.pkl": FOREIGN}, allow=["ours.a:B"])[0]
    assert found.rule == "artifact/unknown-name"
    assert found.message == (
        "loading it asks for ours.features:Cleaner, which is not known to be harmless"
    )
    line = 'allow = ["ours.a:B", "ours.features:Cleaner"]'
    assert found.help == f"if it belongs there, in [gates.artifact]: {line}"
    assert model.failed({}, allow=["ours.features:Cleaner"]) == []


def test_one_line_allows_all_that_is_unknown(model: Model) -> None:
    other = FOREIGN.replace(b"Cleaner", b"Scaler2")
    found = [f for f in model.stated({"a.pkl": FOREIGN, "b.pkl": other}, path=".") if f.help]
    assert len(found) == 2
    assert {f.help for f in found} == {
        "if all of them belong there, in [gates.artifact]: "
        'allow = ["ours.features:Cleaner", "ours.features:Scaler2"]'
    }


def test_what_runs_code_is_not_offered_to_be_allowed(model: Model) -> None:
    found = model.stated({"model.pkl": HOSTILE})[0]
    assert found.rule == "artifact/runs-code"
    assert "allow" not in (found.help or "")


def test_a_folder_is_judged_file_by_file(model: Model) -> None:
    written = {"m/model.pkl": HARMLESS, "m/code.py": "x = 1\n", "m/data.csv": HOSTILE, "n": HOSTILE}
    found = model.stated(written, path="m")
    assert [f.location.path for f in found if f.location and f.result is Result.FAIL] == [
        "m/data.csv"
    ]
    assert model.failed({}, path="m/*.pkl") == []
    assert model.failed({}, path="**/*.csv") == ["artifact/runs-code"]


def test_a_file_beside_the_commit_is_judged_and_said_so(model: Model) -> None:
    (model.folder / "elsewhere").mkdir()
    other = Model(model.folder / "elsewhere", model.workshop)
    (model.folder / "model.pkl").write_bytes(HOSTILE)
    found = testing.check(gate, other.folder, {}, options={"path": "model.pkl"}, kind="artifact",
                          worker=model.workshop.worker, work=model.folder)  # fmt: skip
    rules = [f.rule for f in found if isinstance(f, Finding)]
    assert rules == ["artifact/not-in-commit", "artifact/runs-code", "artifact/digest"]


def test_what_dvc_tracks_is_judged_in_the_version_of_its_pointer(model: Model) -> None:
    md5 = hashlib.md5(HOSTILE).hexdigest()
    pointer = f"outs:\n- md5: {md5}\n  size: {len(HOSTILE)}\n  hash: md5\n  path: model.pkl\n"
    (model.folder / "work").mkdir()
    (model.folder / "work" / "model.pkl").write_bytes(HOSTILE)
    snapshot = model.folder / "commit"
    snapshot.mkdir()
    asked: dict[str, Any] = {
        "options": {"path": "m"},
        "kind": "artifact",
        "worker": model.workshop.worker,
        "work": model.folder / "work",
    }
    (model.folder / "work" / "m").mkdir()
    (model.folder / "work" / "m" / "model.pkl").write_bytes(HOSTILE)
    written: dict[str, str | bytes] = {".dvc/config": "", "m/model.pkl.dvc": pointer}
    rules = [
        f.rule for f in testing.check(gate, snapshot, written, **asked) if isinstance(f, Finding)
    ]
    assert "artifact/runs-code" in rules and "artifact/not-in-commit" not in rules
    (model.folder / "work" / "m" / "model.pkl").write_bytes(HARMLESS)
    with pytest.raises(GateError):
        testing.check(gate, snapshot, {}, **asked)


@pytest.mark.parametrize(
    ("path", "words"),
    [("none.pkl", "neither in"), ("../x", "outside"), ("/x", "outside"), ("*.none", "nothing")],
)
def test_what_is_not_there_is_an_error(model: Model, path: str, words: str) -> None:
    with pytest.raises(GateError, match=words):
        model.stated({"model.pkl": HARMLESS}, path=path)


def test_a_link_is_an_error(model: Model) -> None:
    (model.folder / "model.pkl").symlink_to("/etc/hostname")
    with pytest.raises(GateError, match="no regular file"):
        model.stated({})


def test_too_large_a_model_fails(model: Model) -> None:
    assert model.failed({"model.pkl": HARMLESS}, max_size="10B") == ["artifact/size"]
    assert model.failed({}, max_size="1MB") == []


def test_the_limit_of_opcodes_refuses(model: Model) -> None:
    flood = b"\x80\x02" + b"N0" * 1000 + b"N."
    assert model.failed({"model.pkl": flood}, opcodes=1000) == ["artifact/limit"]
    assert model.failed({}, opcodes=3000) == []


def test_the_limit_of_time_refuses(model: Model) -> None:
    flood = b"\x80\x02" + b"N0" * 3_000_000 + b"N."
    found = model.stated({"model.pkl": flood}, seconds=0.2)[0]
    assert found.rule == "artifact/limit" and "0.2 s" in found.message


def test_the_limit_of_memory_refuses_one_file_and_not_the_next(model: Model) -> None:
    text = b"".join(b"\x8c\xf0%0240d\x94" % n for n in range(400_000))
    flood = gzip.compress(b"\x80\x04(" + text + b"1N.", 1)
    found = model.stated({"m/a.pkl": flood, "m/b.pkl": HARMLESS}, path="m", memory=96)
    assert [(f.rule, f.location and f.location.path) for f in found if f.result is Result.FAIL] == [
        ("artifact/limit", "m/a.pkl")
    ]


def test_a_worker_that_dies_is_an_error(model: Model) -> None:
    with pytest.raises(GateError, match="did not answer"):
        testing.check(gate, model.folder, {"model.pkl": HARMLESS}, kind="artifact",
                      options={"path": "model.pkl"}, worker=lambda *_: iter(()))  # fmt: skip


def asked(path: Path) -> dict[str, Any]:
    request = {"files": [{"file": str(path), "name": path.name}], "allow": [], "limits": {},
               "memory": 4096, "seconds": 9}  # fmt: skip
    (answer,) = worker.answers(request)
    return answer


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_limit_memory", lambda _: None)


@pytest.mark.usefixtures("unlimited")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.pkl")
    assert asked(tmp_path / "model.pkl") == {"unreadable": "it is no regular file"}


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("size", [10, worker._KEPT + 10])
def test_the_digest_is_of_what_was_scanned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """The file is swapped for a hostile one once its digest was taken."""
    path, digest = tmp_path / "model.pkl", worker._sha256
    path.write_bytes(pickle.dumps(b"x" * size))

    def then_swapped(file: worker.Bytes) -> str:
        said = digest(file)
        path.write_bytes(HOSTILE)
        return said

    monkeypatch.setattr(worker, "_sha256", then_swapped)
    answer = asked(path)
    assert answer["sha256"] == hashlib.sha256(pickle.dumps(b"x" * size)).hexdigest()
    assert "it was changed while it was read" in [p["message"] for p in answer["problems"]]
    assert (answer["formats"] == ["pickle"]) or len(answer["problems"]) > 1
