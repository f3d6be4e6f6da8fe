"""Rows without a judgement, the seeded bootstrap, and numbers in CSV."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import _model_assemble, _model_values, _model_worker, model


def worker(script: str, request: object, **_: Any) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-X", "utf8", script],
        input=msgspec.json.encode(request) + b"\n",
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()][:-1]


def judged(folder: Path, name: str, new: str, old: str | None, **options: Any) -> list[Finding]:
    for part, text in (("head", new), ("base", old)):
        (folder / part).mkdir(exist_ok=True)
        if text is not None:
            (folder / part / name).write_text(text)
    base = testing.FolderSnapshot(folder / "base") if old is not None else None
    key = "metrics" if options.pop("numbers", False) else "predictions"
    ctx = testing.context(
        model, folder / "head", kind="model", options={key: name, **options}, base=base,
        worker=worker,
    )  # fmt: skip
    return [one for one in model.check(ctx, ()) if isinstance(one, Finding)]


def of(found: list[Finding], rule: str) -> list[Finding]:
    return [one for one in found if one.rule == f"model/{rule}"]


def scores(missing: dict[int, str]) -> str:
    rows = (f"{at},{missing.get(at, at % 5 / 4)}" for at in range(200))
    return "id,score\n" + "\n".join(rows) + "\n"


SHARE = {"metric": "share", "column": "score", "filter": ">= 0.5", "min": 0.4, "max_drop": 0.2}


@pytest.mark.parametrize("word", ["n/a", "", "-1"])
def test_rows_without_a_judgement_are_left_out_and_told(tmp_path: Path, word: str) -> None:
    invalid = {"values": ["n/a", ""], "filter": "< 0", "max_share": 0.05}
    found = judged(tmp_path, "s.csv", scores({3: word, 7: word}), scores({9: word}), id="id",
                   require=[SHARE], invalid=invalid)  # fmt: skip
    said = of(found, "invalid")[0]
    assert said.result is Result.PASS
    assert said.message.startswith("2 of 200 rows are without a judgement, the baseline's 1")
    assert of(found, "min")[0].measurement.n == 197  # type: ignore[union-attr]


def test_too_many_without_a_judgement_fail(tmp_path: Path) -> None:
    found = judged(tmp_path, "s.csv", scores(dict.fromkeys(range(20), "n/a")), None, id="id",
                   require=[SHARE], invalid={"values": ["n/a"], "max_share": 0.05})  # fmt: skip
    assert of(found, "invalid")[0].result is Result.FAIL


def test_words_that_nobody_named_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="holds 'oops', which is neither a number"):
        judged(tmp_path, "s.csv", scores({3: "oops"}), None, id="id", require=[SHARE],
               invalid={"values": ["n/a"]})  # fmt: skip
    with pytest.raises(GateError, match="numbers are needed, first 'n/a' in row 4"):
        judged(tmp_path, "s.csv", scores({3: "n/a"}), None, id="id", require=[SHARE])
    with pytest.raises(GateError, match="no row with a judgement"):
        judged(tmp_path, "s.csv", scores(dict.fromkeys(range(200), "n/a")), None, id="id",
               require=[SHARE], invalid={"values": ["n/a"]})  # fmt: skip


def regression(seed: int) -> str:
    rng = np.random.default_rng(seed)
    label = np.random.default_rng(0).normal(size=400)
    rows = zip(range(400), label, label + rng.normal(size=400), np.arange(400) // 4, strict=True)
    return "id,label,prediction,user\n" + "".join(f"{i},{a},{b},{c}\n" for i, a, b, c in rows)


@pytest.mark.parametrize("cluster", [None, "user"])
def test_a_seeded_bootstrap_says_the_same_again_and_what_influences_say(
    tmp_path: Path, cluster: str | None
) -> None:
    rules = [{"metric": "mean_absolute_error", "max": 1.0, "max_drop": 0.2}]
    asked: dict[str, Any] = {"id": "id", "prediction": "prediction", "task": "regression",
                             "require": rules, "cluster": cluster}  # fmt: skip
    both = regression(1), regression(2)
    plain = judged(tmp_path, "p.csv", *both, **asked)
    drawn = [
        judged(tmp_path, "p.csv", *both, bootstrap={"draws": 1000, "seed": seed}, **asked)
        for seed in (1, 1, 2)
    ]
    for rule in ("max", "max-drop"):
        one, again, other = (of(found, rule)[0].measurement for found in drawn)
        analytic = of(plain, rule)[0].measurement
        assert one is not None and other is not None and analytic is not None
        assert one == again and one.low != other.low
        assert one.method == "percentile bootstrap"
        assert one.low == pytest.approx(analytic.low, abs=0.02)
        assert one.high == pytest.approx(analytic.high, abs=0.02)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("accuracy,f1\n0.9,0.8\n", "f1"),
        ("metric,value\naccuracy,0.9\nf1,0.8\n", "f1"),
        ("class,precision,f1\ncat,0.7,0.8\ndog,0.6,0.8\n", "*.f1"),
    ],
)
def test_numbers_in_csv(tmp_path: Path, text: str, value: str) -> None:
    rules = [{"value": value, "min": 0.8}]
    found = of(judged(tmp_path, "m.csv", text, None, numbers=True, require=rules), "min")
    assert {(one.result, one.measurement.value) for one in found} == {(Result.PASS, 0.8)}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("f1\n", "no table with a head"),
        ("a,f1\n1\n", "no table with a head"),
        ("m,v\nf1,1\nf1,2\n", "f1 stands there twice"),
        ("m,v\nf1,x\nacc,1\n", "f1 is nan, which is no number"),
    ],
)
def test_bad_csv_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(GateError, match=words):
        judged(tmp_path, "m.csv", text, None, numbers=True, require=[{"value": "f1", "min": 1}])


def test_a_curve_in_bins_says_how_far_it_may_be_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a table of millions of rows."""
    monkeypatch.setattr(_model_assemble, "MANY", 100)
    monkeypatch.setattr(_model_values, "SOME", 100)
    monkeypatch.setitem(globals(), "worker", inside)
    rng = np.random.default_rng(2)
    label = rng.integers(0, 2, 400)
    tables = []
    for noise in (0.9, 1.0):
        score = np.round(1 / (1 + np.exp(-label - noise * rng.normal(size=400))), 2)
        rows = [f"{at},{label[at]},{score[at]}" for at in range(400)]
        tables.append("\n".join(["id,label,p", *rows]) + "\n")
    found = judged(
        tmp_path, "p.csv", tables[0], tables[1], id="id", score="p", task="binary",
        require=[{"metric": "roc_auc", "max_drop": 0.2}],
    )  # fmt: skip
    (drop,) = of(found, "max-drop")
    assert drop.measurement and drop.measurement.method
    assert drop.measurement.method.startswith("influence, t; values within ")


def inside(_script: str, request: object, **_: Any) -> list[Any]:
    """The worker's answers, without a process of its own."""
    asked = json.loads(msgspec.json.encode(request))
    return [json.loads(msgspec.json.encode(one)) for one in _model_worker.answers(asked)]
