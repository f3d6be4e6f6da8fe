"""A model against its target: what it needs, what it costs, and what its callers rely on."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from projects import bare

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import _artifact_mlmodel, _artifact_pyfunc
from mlgate.gates import artifact as gate
from mlgate.runner.workshop import Workshop

SERVE = """
import json, pickle, sys, time
mode = sys.argv[2] if len(sys.argv) > 2 else ""
model = pickle.load(open(sys.argv[1], "rb"))
held = bytearray(200 << 20) if mode == "heavy" else None
if held: held[::4096] = b"x" * len(held[::4096])
if mode == "late": time.sleep(0.5)
if mode == "broken": sys.exit("no such feature")
if mode == "banner": print("Welcome", flush=True); time.sleep(0.2)
if mode == "deaf": print("ready", flush=True); time.sleep(60)
if mode != "mute": print("ready", flush=True)
for number, line in enumerate(sys.stdin):
    if mode == "slow": time.sleep(0.02)
    if mode == "dies" and number == 5: sys.exit("out of memory")
    if mode == "hangs" and number == 5: time.sleep(60)
    while mode == "eats":
        model[len(model)] = b"x" * (4 << 20); time.sleep(0.01)
    if mode == "chats": print("a word", flush=True)
    print(json.dumps(model["factor"] * json.loads(line)["x"]), flush=True)
"""
FILES = {
    "model.pkl": pickle.dumps({"factor": 2}),
    "serve.py": SERVE,
    "rows.jsonl": '{"x": 1}\n{"x": 2}\n',
}


class Target:
    """A folder with a model, and the gate's questions about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workshop = Workshop(str(folder), dict(os.environ), jobs=1)

    def stated(self, files: Any = (), base: Any = None, **options: Any) -> dict[str, Finding]:
        """By rule, or by the first word of the message where a rule says several things."""
        held = self.folder.parent / "base"
        for name, content in dict(base or {}).items():
            held.mkdir(exist_ok=True)
            (held / name).write_text(content)
        found = testing.check(
            gate, self.folder, {**FILES, **dict(files)}, kind="artifact",
            options={"path": "model.pkl", **options}, worker=self.workshop.worker,
            base=testing.FolderSnapshot(held) if base is not None else None,
        )  # fmt: skip
        return {f.rule.removeprefix("artifact/") + (f.message[:3] if "latency" in f.rule else ""): f
                for f in found if isinstance(f, Finding)}  # fmt: skip

    def fit(self, mode: str = "", **asked: Any) -> dict[str, Finding]:
        run = ["python", "serve.py", "{model}", *filter(None, [mode])]
        return self.stated(predict={"run": run, "requests": "rows.jsonl", "calls": 80, **asked})


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    folder = tmp_path / "repository"
    folder.mkdir()
    made = Target(folder)
    yield made
    made.workshop.close()


def test_a_model_that_fits(target: Target) -> None:
    found = target.fit(load="60s", memory="150MB", p50="5s", p95="5s")
    assert {f.result for f in found.values()} == {Result.PASS}, found
    measured = found["latencyp95"].measurement
    assert measured is not None and measured.n == 80 and measured.high is not None
    memory = found["memory"].measurement
    assert memory is not None and 5e6 < (memory.value or 0) < 150e6


@pytest.mark.parametrize(
    ("mode", "asked", "rule"),
    [
        ("heavy", {"memory": "150MB"}, "memory"),
        ("late", {"load": "400ms"}, "load"),
        ("slow", {"p50": "10ms"}, "latencyp50"),
        ("slow", {"p95": "10ms"}, "latencyp95"),
    ],
)
def test_a_model_that_does_not_fit(
    target: Target, mode: str, asked: dict[str, Any], rule: str
) -> None:
    found = target.fit(mode, **asked)
    assert [name for name, f in found.items() if f.result is Result.FAIL] == [rule]


def test_too_few_calls_leave_it_open(target: Target) -> None:
    found = target.fit(p95="5s", calls=20)["latencyp95"]
    assert found.result is Result.OPEN
    assert found.measurement is not None and found.measurement.needed == 59


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("broken", "ended while it loads the model\nno such feature"),
        ("mute", "said nothing within 1 s while it loads"),
        ("dies", "ended at request 6\nout of memory"),
        ("hangs", "said nothing within 1 s at request 6"),
        ("banner", "wrote more than one line"),
        ("chats", "wrote more than one line"),
    ],
)
def test_a_command_that_does_not_answer_is_an_error(target: Target, mode: str, words: str) -> None:
    with pytest.raises(GateError) as caught:
        target.fit(mode, answer_within="1s")
    assert words in caught.value.message


def test_a_command_that_eats_memory_is_ended(target: Target) -> None:
    found = target.fit("eats", memory="120MB")
    assert [f.result for f in found.values() if f.rule == "artifact/memory"] == [Result.FAIL]
    assert "at request 1, where it was ended" in found["memory"].message
    assert "latencyp50" not in found


def test_a_command_that_does_not_read_is_an_error(target: Target) -> None:
    rows = {"rows.jsonl": json.dumps({"x": 1, "more": "x" * 300_000})}
    predict = {"run": ["python", "serve.py", "{model}", "deaf"], "requests": "rows.jsonl"}
    with pytest.raises(GateError, match="said nothing within 1 s at request 1"):
        target.stated(rows, predict={**predict, "answer_within": "1s"})


MLFLOW = """
import pickle
class Model:
    def __init__(self, path): self.factor = pickle.load(open(path + "/model.pkl", "rb"))["factor"]
    metadata = property(lambda self: self)
    def get_input_schema(self): return float
    def predict(self, rows, params=None): return [row["x"] * self.factor for row in rows]
def load_model(path):
    print("loading")
    return Model(path)
"""
SERVER = """
def infer_and_parse_data(data, schema):
    rows = data["dataframe_records"]
    return [{name: schema(value) for name, value in row.items()} for row in rows]
"""


@pytest.fixture
def with_mlflow(target: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A stand-in for MLflow lies where the project's interpreter finds it."""
    library = target.folder.parent / "library" / "mlflow" / "pyfunc"
    library.mkdir(parents=True)
    (library.parent / "__init__.py").touch()
    (library / "__init__.py").write_text(MLFLOW)
    (library / "scoring_server.py").write_text(SERVER)
    monkeypatch.setenv("PYTHONPATH", str(library.parent.parent))
    target.workshop.environ = dict(os.environ)
    return target


SAVED = {"m/MLmodel": "flavors: {}\n", "m/model.pkl": FILES["model.pkl"]}
PYFUNC = {"pyfunc": True, "requests": "rows.jsonl", "calls": 100, "p95": "5s"}


def test_a_folder_that_mlflow_saved(with_mlflow: Target) -> None:
    found = with_mlflow.stated(SAVED, path="m", predict=PYFUNC)
    assert {f.result for f in found.values()} == {Result.PASS}, found


def test_a_folder_that_lies_in_the_cache_of_dvc(with_mlflow: Target) -> None:
    model = FILES["model.pkl"]
    assert isinstance(model, bytes)
    digest = hashlib.md5(model).hexdigest()
    cached = f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}"
    pointer = f"outs:\n- md5: {digest}\n  size: {len(model)}\n  hash: md5\n  path: model.pkl\n"
    files = {**SAVED, cached: model, ".dvc/config": "", "m/model.pkl.dvc": pointer}
    del files["m/model.pkl"]
    found = with_mlflow.stated(files, path="m", predict=PYFUNC)
    assert {f.result for f in found.values() if f.rule == "artifact/latency"} == {Result.PASS}
    run = {"run": ["python", "serve.py", "{model}"], "requests": "rows.jsonl"}
    assert "load" in with_mlflow.stated(files, path="m/model.pkl", predict=run)


def test_a_folder_that_mlflow_did_not_save_is_an_error(target: Target) -> None:
    with pytest.raises(GateError, match="m has no MLmodel") as caught:
        target.stated({"m/model.pkl": FILES["model.pkl"]}, path="m", predict=PYFUNC)
    assert "`run` in place of `pyfunc`" in caught.value.hint


def test_without_mlflow_it_says_what_to_install(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(bare(tmp_path / "empty")))
    with pytest.raises(GateError, match="No module named 'mlflow'") as caught:
        target.stated(SAVED, path="m", predict=PYFUNC)
    assert caught.value.hint.endswith("-m pip install -r m/requirements.txt")


def described(**terms: Any) -> str:
    return json.dumps({"flavors": {"python_function": {"code": None, **terms}}})


@pytest.mark.parametrize(
    "terms",
    [
        {"loader_module": "mlflow.sklearn", "code": "code"},
        {"loader_module": "mlflow.pyfunc.model", "model_code_path": "model.py"},
        {"loader_module": "ours.loader"},
        {"loader_module": "mlflow_evil"},
        {"loader_module": "mlflow.keras", "keras_module": "os"},
    ],
)
def test_a_folder_that_brings_code_is_not_loaded(target: Target, terms: dict[str, Any]) -> None:
    marker = target.folder / "ran"
    files = {"m/MLmodel": described(**terms), "m/model.pkl": FILES["model.pkl"],
             "serve.py": f"open({str(marker)!r}, 'w')\n"}  # fmt: skip
    run = {"run": ["python", "serve.py"], "requests": "rows.jsonl"}
    found = target.stated(files, path="m", predict=run)
    assert found["code-inside"].result is Result.FAIL and "load" not in found
    assert not marker.exists()


def test_a_description_that_cannot_be_read_is_refused(target: Target) -> None:
    found = target.stated({"m/MLmodel": "flavors: [", "m/model.pkl": FILES["model.pkl"]}, path="m")
    assert found["malformed"].result is Result.FAIL


@pytest.mark.parametrize("module", ["mlflow.sklearn", "mlflow.pyfunc.model", "mlflow.lightgbm"])
def test_loaders_of_mlflow_are_harmless(module: str) -> None:
    assert list(_artifact_mlmodel.problems(described(loader_module=module).encode())) == []


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ('{"x": 2}', {"dataframe_records": [{"x": 2}]}),
        ('[{"x": 2}]', {"dataframe_records": [{"x": 2}]}),
        ('{"dataframe_records": [{"x": 2}]}', {"dataframe_records": [{"x": 2}]}),
        ('{"inputs": [[2]], "params": {"k": 1}}', {"inputs": [[2]], "params": {"k": 1}}),
    ],
)
def test_the_forms_of_a_request(line: str, asked: dict[str, Any]) -> None:
    assert _artifact_pyfunc.asked(line) == asked


@pytest.mark.parametrize("how", [{}, {"run": ["a"], "pyfunc": True}])
def test_there_is_one_way_to_predict(how: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match="either `run` or `pyfunc`"):
        msgspec.convert({"path": "m", "predict": {"requests": "r", **how}}, gate.Options)


def test_what_is_not_harmless_is_not_run(target: Target) -> None:
    marker = target.folder / "ran"
    files = {"model.pkl": b"cos\nsystem\n(S'true'\ntR.",
             "serve.py": f"open({str(marker)!r}, 'w')\n"}  # fmt: skip
    run = {"run": ["python", "serve.py"], "requests": "rows.jsonl"}
    found = target.stated(files, predict=run)
    assert found["runs-code"].result is Result.FAIL and "load" not in found
    assert not marker.exists()


@pytest.mark.parametrize(
    ("needs", "has", "result", "words"),
    [
        ("numpy>=1.26\n", "numpy==2.0.1\n", Result.PASS, "1 requirement met"),
        ("numpy>=1.26 # why\nold; python_version < '3'\n", "NumPy==2.0.1\n", Result.PASS, "1 req"),
        ("numpy<2\n", "numpy==2.0.1\n", Result.FAIL, "the target has numpy 2.0.1"),
        ("scikit_learn==1.5\n", "numpy==2\n", Result.FAIL, "the target has no scikit-learn"),
        ("numpy==2.1\n", "numpy<2\n", Result.FAIL, "the target allows numpy<2"),
        ("numpy>=1\n", "numpy<2\n", Result.OPEN, "which numpy the target has is not said"),
        ("-e ../ours\n", "numpy==2\n", Result.OPEN, "cannot be compared"),
    ],
)
def test_requirements(target: Target, needs: str, has: str, result: Result, words: str) -> None:
    files = {"requirements.txt": needs, "target.txt": has}
    found = target.stated(files, requirements="requirements.txt", constraints="target.txt")
    assert (found["requirement"].result, words in found["requirement"].message) == (result, True)


NARROW = json.dumps({"type": "object", "properties": {"p": {"maximum": 1}}})
WIDE = json.dumps({"type": "object", "properties": {"p": {"maximum": 2}}})


@pytest.mark.parametrize(
    ("of", "old", "new", "result"),
    [
        ("input", NARROW, WIDE, Result.PASS),
        ("input", WIDE, NARROW, Result.FAIL),
        ("output", NARROW, WIDE, Result.FAIL),
        ("output", WIDE, NARROW, Result.PASS),
    ],
)
def test_a_contract_binds_in_its_direction(
    target: Target, of: str, old: str, new: str, result: Result
) -> None:
    found = target.stated(
        {"s.json": new}, {"s.json": old}, contracts=[{"path": "s.json", "of": of}]
    )
    assert found["contract"].result is result


def mlmodel(kind: str) -> str:
    inputs = json.dumps([{"name": "age", "type": kind, "required": True}])
    return f"flavors: {{}}\nsignature:\n  inputs: '{inputs}'\n  outputs: '{inputs}'\n"


def test_a_signature_binds_both_ways(target: Target) -> None:
    asked = [{"path": "MLmodel", "of": "signature"}]
    same = target.stated({"MLmodel": mlmodel("long")}, {"MLmodel": mlmodel("long")},
                         contracts=asked)  # fmt: skip
    assert same["contract"].result is Result.PASS
    for new, old in (("integer", "long"), ("double", "integer")):
        found = target.stated({"MLmodel": mlmodel(new)}, {"MLmodel": mlmodel(old)}, contracts=asked)
        assert found["contract"].result is Result.FAIL
    with pytest.raises(GateError, match="it has no signature"):
        target.stated({"MLmodel": "flavors: {}\n"}, {"MLmodel": mlmodel("long")}, contracts=asked)


@pytest.mark.parametrize("asked", [("m/MLmodel", "input"), ("s.json", "signature")])
def test_a_signature_is_that_of_mlflow(asked: tuple[str, str]) -> None:
    contract = dict(zip(("path", "of"), asked, strict=True))
    with pytest.raises(msgspec.ValidationError, match="compared as `of"):
        msgspec.convert({"path": "m", "contracts": [contract]}, gate.Options)


def test_a_first_contract_passes_and_a_base_that_is_lost_does_not(target: Target) -> None:
    asked = [{"path": "s.json", "of": "input"}]
    assert target.stated({"s.json": WIDE}, {}, contracts=asked)["contract"].result is Result.PASS
    ctx = testing.context(gate, target.folder, options={"path": "model.pkl", "contracts": asked},
                          worker=target.workshop.worker, base_error=GateError("lost"))  # fmt: skip
    with pytest.raises(GateError, match="lost"):
        list(gate.check(ctx, ()))


def test_requirements_without_a_target_mean_nothing() -> None:
    with pytest.raises(msgspec.ValidationError, match="need each other"):
        msgspec.convert({"path": "m", "requirements": "r.txt"}, gate.Options)
