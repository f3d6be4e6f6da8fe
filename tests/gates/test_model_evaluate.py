"""Predictions that the gate made itself, and those that dvc.lock binds, on real repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from pathlib import Path
from typing import Any

import msgspec
import pytest
from projects import Project

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Level, Stage
from mlgate.gates import model
from mlgate.repo import git, snapshots
from mlgate.store.store import Store, open_store

ROWS = 400
EVALUATE = """\
import pathlib, sys
model, out, log = sys.argv[1:]
wrong = int(pathlib.Path(model).read_text())
with open(log, "a") as told:
    told.write(model.rpartition("/")[2] + "\\n")
rows = pathlib.Path("data/test.csv").read_text().split()
lines = [f"{i},{int(i) % 2},{int(i) % 2 ^ (n < wrong)}" for n, i in enumerate(rows)]
pathlib.Path(out).write_text("id,label,prediction\\n" + "\\n".join(lines) + "\\n")
"""
ACCURACY = {"metric": "accuracy", "max_drop": 0.1}


def worker(script: str, request: object, **_: Any) -> list[Any]:
    argv = [sys.executable, "-I", "-B", "-X", "utf8", script]
    done = subprocess.run(argv, input=msgspec.json.encode(request) + b"\n", capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return [msgspec.json.decode(line) for line in done.stdout.splitlines()][:-1]


def rows(start: int = 0) -> str:
    return "".join(f"{i}\n" for i in range(start, start + ROWS))


class House:
    """A repository whose base holds one model and whose head holds another."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.project = Project(folder / "work")
        self.log = folder / "log"
        self.store = store
        self.project.put(
            {"evaluate.py": EVALUATE, "data/test.csv": rows(), "model.txt": "20", "notes": "1"}
        ).commit()
        self.base = self.commit()

    def commit(self) -> str:
        self.project.commit()
        return self.project.git("rev-parse", "HEAD").strip()

    def options(self, **more: Any) -> dict[str, Any]:
        evaluate = {
            "run": [sys.executable, "evaluate.py", "{model}", "{predictions}", str(self.log)],
            "inputs": ["evaluate.py", "data/"],
        }
        columns = {"id": "id", "prediction": "prediction", "model": "model.txt"}
        told = {"predictions": "p.csv", "evaluate": evaluate, **columns, "require": [ACCURACY]}
        return {key: value for key, value in (told | more).items() if value is not None}

    def __call__(self, stage: Stage = Stage.MERGE, **more: Any) -> list[Finding]:
        self.commit()
        return self.ask(stage, **more)

    def ask(self, stage: Stage = Stage.MERGE, **more: Any) -> list[Finding]:
        repo = git.find(str(self.project.folder), os.environ)
        alias = more.pop("alias", None)
        ctx = testing.context(
            model, self.project.folder, kind="model", options=self.options(**more), stage=stage,
            subject=snapshots.commit(repo, "HEAD"), base=snapshots.commit(repo, self.base),
            worker=worker, store=self.store, alias=alias,
        )  # fmt: skip
        found = model.inputs(ctx)
        assert found is not None and found.also
        self.key = found.also
        return [one for one in model.check(ctx, ()) if isinstance(one, Finding)]

    def runs(self) -> int:
        """How often the command ran since it was last asked."""
        told = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.write_text("")
        return len(told)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("MLGATE_CACHE_DIR", str(tmp_path / "store"))
    return House(tmp_path, open_store(os.environ))


def of(found: list[Finding], rule: str) -> list[Finding]:
    return [one for one in found if one.rule == f"model/{rule}"]


def test_candidate_and_baseline_are_evaluated_once_for_each_model_and_data(house: House) -> None:
    house.project.put({"model.txt": "30"})
    (drop,) = of(house(), "max-drop")
    assert drop.measurement and drop.measurement.value == pytest.approx(-10 / ROWS)
    assert house.runs() == 2
    key = house.key
    house.project.put({"notes": "2"})
    house()
    assert (house.runs(), house.key) == (0, key)
    house.project.put({"model.txt": "40"})
    house()
    assert house.runs() == 1 and house.key != key
    house.project.put({"data/test.csv": rows(7)})
    house()
    assert house.runs() == 2
    house.project.put({"evaluate.py": EVALUATE + "# again\n"})
    house()
    assert house.runs() == 2


def test_gates_that_ask_at_once_evaluate_once(house: House) -> None:
    """As the base's gate and the head's do where a change alters the policy."""
    house.project.put({"model.txt": "30"}).commit()
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(house.ask, min_rows=30 + n) for n in range(3)]
        found = [of(one.result(), "max-drop") for one in asked]
    assert [len(one) for one in found] == [1, 1, 1]
    assert house.runs() == 2


def test_what_was_kept_is_believed_only_while_it_is_what_was_recorded(house: House) -> None:
    house()
    assert house.runs() == 1
    from mlgate.sources._place import store_folder

    for path in Path(store_folder()).rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_text("id,label,prediction\n1,1,1\n")
    house()
    assert house.runs() == 1


def test_the_same_model_passes_by_identity(house: House) -> None:
    (drop,) = of(house(), "max-drop")
    assert "cannot have changed" in drop.message
    assert house.runs() == 1


def test_nothing_is_there_that_is_no_input(house: House) -> None:
    evaluate = house.options()["evaluate"] | {"inputs": ["evaluate.py"]}
    with pytest.raises(GateError, match=r"(?s)exit code 1.*data/test.csv"):
        house(evaluate=evaluate)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import time; time.sleep(60)", "did not end within 1 s"),
        ("raise SystemExit('no such model')", "no such model"),
        ("pass", "no predictions"),
    ],
)
def test_an_evaluation_that_fails_is_an_error(house: House, script: str, words: str) -> None:
    house.project.put({"evaluate.py": script})
    evaluate = house.options()["evaluate"] | {"timeout": "1s"}
    with pytest.raises(GateError, match=words) as error:
        house(evaluate=evaluate)
    assert ("`evaluate.timeout`" in (error.value.hint or "")) == ("did not end" in words)


def test_inputs_and_models_that_are_nowhere_are_named(house: House) -> None:
    evaluate = house.options()["evaluate"]
    with pytest.raises(GateError, match=r"nothing\.csv of `evaluate`"):
        house(evaluate=evaluate | {"inputs": ["nothing.csv"]})
    with pytest.raises(GateError, match=r"other\.txt"):
        house(model="other.txt")


def test_a_base_without_a_model_is_no_baseline_yet(house: House) -> None:
    house.project.git("rm", "-q", "model.txt")
    house.base = house.commit()
    house.project.put({"model.txt": "30"})
    (note,) = of(house(), "no-baseline")
    assert "not in the commit" in note.message


def test_a_base_that_cannot_be_found_is_an_error_and_none_at_all_is_not(house: House) -> None:
    house.project.put({"p.csv": predictions(25)})
    house.commit()
    options = house.options(evaluate=None)
    ctx = testing.context(model, house.project.folder, kind="model", options=options, worker=worker)
    assert of(list(model.check(ctx, ())), "no-baseline")  # type: ignore[arg-type]  # no figures
    lost = msgspec.structs.replace(ctx, base_error=GateError("no such base", "fetch it"))
    with pytest.raises(GateError, match="no such base"):
        model.inputs(lost)


def test_a_model_in_a_folder_keeps_its_files_names(house: House) -> None:
    house.project.put({"model/a.txt": "30", "model/sub/b.txt": "x"})
    evaluate = house.options()["evaluate"]
    script = EVALUATE.replace("(model).read", "(model, 'a.txt').read").replace(
        "rows =", "assert pathlib.Path(model, 'sub/b.txt').exists()\nrows ="
    )
    house.project.put({"evaluate.py": script})
    (note,) = of(house(model="model", evaluate=evaluate), "no-baseline")
    assert house.runs() == 1 and note.level is Level.NOTE


# -- bound, unbound, stale -----------------------------------------------------------------------


def predictions(wrong: int, start: int = 0) -> str:
    ids = range(start, start + ROWS)
    lines = [f"{i},{i % 2},{i % 2 ^ (n < wrong)}" for n, i in enumerate(ids)]
    return "id,label,prediction\n" + "\n".join(lines) + "\n"


def locked(house: House, wrong: int, start: int = 0) -> None:
    """Predictions in git, written by a stage of dvc.yaml."""
    folder = house.project.folder
    house.project.put({"model.txt": str(wrong), "p.csv": predictions(wrong, start)})

    def entry(path: str) -> str:
        return f"    - path: {path}\n      hash: md5\n      md5: {_md5(folder / path)}\n"

    deps = entry("model.txt") + entry("evaluate.py")
    lock = f"schema: '2.0'\nstages:\n  eval:\n    cmd: x\n    deps:\n{deps}    outs:\n"
    stage = "stages:\n  eval:\n    cmd: x\n    deps: [model.txt, evaluate.py]\n"
    house.project.put(
        {
            "dvc.lock": lock + entry("p.csv"),
            "dvc.yaml": stage + "    outs:\n    - p.csv:\n        cache: false\n",
            ".dvc/config": "",
        }
    )


def _md5(path: Path) -> str:
    return md5(path.read_bytes()).hexdigest()


def test_predictions_that_dvc_lock_binds_are_taken_as_they_are(house: House) -> None:
    locked(house, 20)
    house.base = house.commit()
    locked(house, 25)
    found = house()
    assert house.runs() == 0 and not of(found, "unbound") and len(of(found, "max-drop")) == 1
    assert not of(house(evaluate=None), "unbound")


def test_predictions_in_a_folder_that_a_stage_wrote_are_compared(house: House) -> None:
    folder = house.project.folder
    house.project.put({"model.txt": "20", "eval/p.csv": predictions(20), ".dvc/config": ""})
    listed = [{"md5": _md5(folder / "eval/p.csv"), "relpath": "p.csv"}]
    whole = md5(json.dumps(listed).encode()).hexdigest() + ".dir"
    house.project.put(
        {
            "dvc.lock": "schema: '2.0'\nstages:\n  eval:\n    cmd: x\n    deps:\n"
            f"    - path: model.txt\n      hash: md5\n      md5: {_md5(folder / 'model.txt')}\n"
            f"    outs:\n    - path: eval\n      hash: md5\n      md5: {whole}\n",
            "dvc.yaml": "stages:\n  eval:\n    cmd: x\n    deps: [model.txt]\n"
            "    outs:\n    - eval:\n        cache: false\n",
        }
    )
    house.base = house.commit()
    here = {"evaluate": None, "predictions": "eval/p.csv"}
    assert not of(house(Stage.PROMOTE, **here), "unbound")
    house.project.put({"eval/p.csv": predictions(10)})
    with pytest.raises(GateError, match="stale predictions: eval is not what the stage wrote"):
        house(**here)


def test_a_stage_that_writes_model_and_predictions_binds_them(house: House) -> None:
    folder = house.project.folder
    house.project.put({"model.txt": "20", "p.csv": predictions(20), ".dvc/config": ""})
    outs = "".join(
        f"    - path: {name}\n      hash: md5\n      md5: {_md5(folder / name)}\n"
        for name in ("model.txt", "p.csv")
    )
    written = "".join(f"    - {name}:\n        cache: false\n" for name in ("model.txt", "p.csv"))
    house.project.put(
        {
            "dvc.lock": f"schema: '2.0'\nstages:\n  learn:\n    cmd: x\n    outs:\n{outs}",
            "dvc.yaml": f"stages:\n  learn:\n    cmd: x\n    outs:\n{written}",
        }
    )
    house.base = house.commit()
    assert not of(house(Stage.PROMOTE, evaluate=None), "unbound")
    house.project.put({"model.txt": "21"})
    house.commit()
    with pytest.raises(
        GateError, match=r"stale predictions: model\.txt is not what the stage wrote"
    ):
        house(evaluate=None)


def test_a_baseline_on_other_rows_is_evaluated_on_the_candidates(house: House) -> None:
    locked(house, 20, start=100)
    house.base = house.commit()
    locked(house, 25)
    (drop,) = of(house(), "max-drop")
    assert house.runs() == 1
    assert drop.measurement and drop.measurement.value == pytest.approx(-5 / ROWS)
    with pytest.raises(GateError, match="different rows") as error:
        house(evaluate=None)
    assert "let `evaluate` run the baseline's model" in (error.value.hint or "")


@pytest.mark.parametrize("changed", ["model.txt", "evaluate.py", "p.csv"])
def test_stale_predictions_are_refused_or_made_anew(house: House, changed: str) -> None:
    locked(house, 25)
    path = house.project.folder / changed
    path.write_text(predictions(26) if changed == "p.csv" else "21\n")
    with pytest.raises(GateError, match=rf"stale predictions: .*{changed}") as raised:
        house(evaluate=None)
    assert raised.value.hint == "dvc repro eval"
    if changed == "model.txt":
        house()
        assert house.runs() == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cmd: x", "cmd: y", "the command of the stage eval is not the one that ran"),
        ("cmd: x", "cmd: x${cut}", "the command of the stage eval is not the one that ran"),
        ("deps: [", "deps: [notes, ", "the stage eval ran without notes, on which it now"),
        ("    outs:", "    params: [cut]\n    outs:", "the stage eval ran without cut, on which"),
        (
            "    outs:",
            "    params:\n    - params.yaml:\n    outs:",
            r"the stage eval ran without params\.yaml, on which",
        ),
    ],
)
def test_a_stage_that_is_declared_otherwise_than_it_ran_makes_predictions_stale(
    house: House, old: str, new: str, words: str
) -> None:
    """As `dvc status` calls it changed."""
    locked(house, 25)
    pipeline = (house.project.folder / "dvc.yaml").read_text()
    assert not of(house(evaluate=None), "unbound")
    house.project.put({"dvc.yaml": pipeline.replace(old, new), "params.yaml": "cut: 1\n"})
    with pytest.raises(GateError, match=f"stale predictions: {words}"):
        house(evaluate=None)


def test_a_template_that_says_what_ran_binds(house: House) -> None:
    locked(house, 25)
    folder = house.project.folder
    pipeline = (folder / "dvc.yaml").read_text().replace("cmd: x", "cmd: x${cut}")
    lock = (folder / "dvc.lock").read_text().replace("cmd: x", "cmd: x1")
    house.project.put({"dvc.yaml": pipeline, "dvc.lock": lock, "params.yaml": "cut: 1\n"})
    assert not of(house(evaluate=None), "unbound")


def test_a_lock_of_a_stage_that_nobody_declares_binds_nothing(house: House) -> None:
    locked(house, 25)
    house.project.put({"dvc.yaml": "stages: {}\n"})
    (note,) = of(house(evaluate=None), "unbound")
    assert "dvc.yaml has no stage eval" in note.message


def test_another_parameter_makes_predictions_stale(house: House) -> None:
    """Of the keys that the stage ran with; others are none of its business."""
    locked(house, 25)
    folder = house.project.folder
    params = "    params:\n      params.yaml:\n        learn.depth: 3\n    outs:\n"
    lock = (folder / "dvc.lock").read_text().replace("    outs:\n", params)
    house.project.put({"dvc.lock": lock, "params.yaml": "learn: {depth: 3}\nother: 1\n"})
    assert not of(house(evaluate=None), "unbound")
    house.project.put({"params.yaml": "learn: {depth: 3}\nother: 2\n"})
    assert not of(house(evaluate=None), "unbound")
    house.project.put({"params.yaml": "learn: {depth: 4}\nother: 1\n"})
    with pytest.raises(GateError, match=r"stale predictions: the parameter learn\.depth of params"):
        house(evaluate=None)
    house.project.put({"params.yaml": "other: 1\n"})
    with pytest.raises(GateError, match="stale predictions"):
        house(evaluate=None)
    house.project.put({"params.yaml": "]\n"})
    assert "cannot be read" in of(house(evaluate=None), "unbound")[0].message


def test_a_stale_baseline_is_noted_at_merge_and_blocks_a_promotion(house: House) -> None:
    locked(house, 20)
    lock = (house.project.folder / "dvc.lock").read_text()
    house.project.put({"model.txt": "21"})
    house.base = house.commit()
    locked(house, 25)
    found = house(evaluate=None)
    (note,) = of(found, "stale-baseline")
    assert note.level is Level.NOTE and len(of(found, "max-drop")) == 1
    assert "p.csv at the base: p.csv is made from another model.txt" in note.message
    key = house.key
    (fault,) = of(house(Stage.PROMOTE, evaluate=None), "stale-baseline")
    assert (fault.level, fault.result) == (Level.ERROR, "fail")
    assert "`evaluate`" in (fault.help or "")
    assert not of(house(Stage.PROMOTE), "stale-baseline")
    assert house.runs() == 1, "the baseline's model, once"
    new = {name: (house.project.folder / name).read_text() for name in ("model.txt", "dvc.lock")}
    house.project.put({"model.txt": "20", "dvc.lock": lock, "p.csv": predictions(20)})
    house.base = house.commit()
    house.project.put({**new, "p.csv": predictions(25)})
    assert not of(house(evaluate=None), "stale-baseline")
    assert house.key != key, "with the same predictions at the base"


def test_a_stale_reference_is_named(house: House) -> None:
    locked(house, 20)
    house.project.put({"model.txt": "21"})
    house.commit()
    house.project.git("tag", "launch")
    locked(house, 25)
    house.base = house.commit()
    total = {"metric": "accuracy", "reference": "git:launch", "max_total_drop": 0.1}
    (note,) = of(house(evaluate=None, require=[total]), "stale-baseline")
    assert "p.csv at git:launch: p.csv is made from another model.txt" in note.message


def test_predictions_of_the_same_model_are_not_compared_stale_or_not(house: House) -> None:
    locked(house, 20)
    house.project.put({"model.txt": "25"})
    house.base = house.commit()
    locked(house, 25)
    found = house(Stage.PROMOTE, evaluate=None)
    assert not of(found, "stale-baseline")
    (drop,) = of(found, "max-drop")
    assert "is the baseline's" in drop.message


def test_the_model_that_is_the_reference_has_lost_nothing(house: House) -> None:
    """However few the rows are."""
    locked(house, 20)
    house.base = house.commit()
    house.project.git("tag", "launch")
    total = {"metric": "accuracy", "reference": "git:launch", "max_total_drop": 0.001}
    (since,) = of(house(evaluate=None, require=[total]), "max-total-drop")
    assert since.result == "pass" and "the model model.txt is the reference's" in since.message


def test_unbound_predictions_are_noted_at_merge_and_block_a_promotion(house: House) -> None:
    house.project.put({"p.csv": predictions(25)})
    (note,) = of(house(evaluate=None), "unbound")
    assert note.level is Level.NOTE
    (fault,) = of(house(Stage.PROMOTE, evaluate=None), "unbound")
    assert fault.level is Level.ERROR and fault.result == "fail"
    assert not of(house(Stage.PROMOTE), "unbound")
    locked(house, 25)
    assert not of(house(Stage.PROMOTE, evaluate=None), "unbound")
    (other,) = of(house(Stage.PROMOTE, evaluate=None, model=None), "unbound")
    assert "does not name the model" in other.message
    assert 'model = "PATH", which the DVC stage eval reads or writes' in (other.help or "")


def test_what_a_promotion_will_be_blocked_by_is_said_at_merge(house: House) -> None:
    """Where all rules wait for the promotion, too; it is none of another alias's business."""
    locked(house, 20)
    house.project.put({"model.txt": "21"})
    house.base = house.commit()
    house.project.put({"p.csv": predictions(25), "model.txt": "25", "dvc.lock": "stages: {}\n"})
    rule = {**ACCURACY, "to": ["production"]}
    told = {"evaluate": None, "require": [rule]}
    assert [one.level for one in of(house(**told), "unbound")] == [Level.NOTE]
    production = house(Stage.PROMOTE, alias="production", **told)
    assert of(production, "unbound")[0].level is Level.ERROR
    assert of(production, "stale-baseline")[0].level is Level.ERROR
    floor = {"metric": "accuracy", "min": 0.5, "to": ["staging"]}
    for rules in ([rule], [rule, floor]):
        staging = house(Stage.PROMOTE, alias="staging", evaluate=None, require=rules)
        assert not of(staging, "stale-baseline")
        assert len(of(staging, "unbound")) == len(rules) - 1


def test_the_command_line_runs_it_in_the_projects_environment(house: House, tmp_path: Path) -> None:
    house.project.git("switch", "-qc", "topic")
    evaluate = msgspec.toml.encode({"evaluate": house.options()["evaluate"]}).decode()
    house.project.put(
        {
            "model.txt": "30",
            "mlgate.toml": '[gates.quality]\nkind = "model"\npredictions = "p.csv"\nid = "id"\n'
            'prediction = "prediction"\nmodel = "model.txt"\n'
            + evaluate.replace("[evaluate]", "[gates.quality.evaluate]")
            + '[[gates.quality.require]]\nmetric = "accuracy"\nmax_drop = 0.1\n',
        }
    ).commit()
    ended = house.project.run("check", "--gate", "quality", "--base", "main")
    assert (ended.code, house.runs()) == (0, 2), ended.out
    ended = house.project.run("check", "--gate", "quality", "--base", "main")
    assert (ended.code, house.runs()) == (0, 0), ended.out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"model": None}, "needs `model`"),
        (
            {"predictions": None, "metrics": "m.json", "require": [{"value": "f1", "min": 0}]},
            "makes `predictions`",
        ),
        ({"evaluate": {"run": ["x", "{model}"], "inputs": ["x"]}}, "names `{predictions}`"),
        ({"evaluate": {"run": ["x", "{predictions}"], "inputs": ["x"]}}, "`{model}` or"),
        ({"evaluate": {"run": ["x", "{predictions}"], "inputs": []}}, "length >= 1"),
    ],
)
def test_what_means_nothing_is_refused(house: House, more: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(house.options(**more), model.Options)
