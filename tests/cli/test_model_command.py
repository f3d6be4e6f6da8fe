"""`mlgate model compare` and `mlgate model plan`, as people see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEAD = "id,label,prediction,region\n"


def rows(wrong: range) -> str:
    """600 rows of two regions; those in `wrong` are predicted wrong."""
    line = "{0},{1},{2},{3}\n"
    return HEAD + "".join(
        line.format(i, i % 2, i % 2 ^ (i in wrong), "north" if i < 300 else "south")
        for i in range(600)
    )


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new.csv").write_text(rows(range(80)))
    (tmp_path / "old.csv").write_text(rows(range(40, 70)))


@pytest.mark.parametrize("columns", ["80", "120"])
def test_compare(
    pair: None, mlgate: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ran = mlgate("model", "compare", "new.csv", "old.csv", "--id", "id", "--prediction",
                 "prediction", "--metric", "accuracy", "--slice", "region")  # fmt: skip
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "600 rows in both, 8.3% of the answers differ"
    assert "0.8667  0.9500  -0.0833" in lines[2]
    proven = lines[2] if columns == "120" else lines[3]
    assert "a loss is proven" in proven
    assert proven.startswith("accuracy" if columns == "120" else "a loss is proven: accuracy")
    slices = lines[lines.index("slices, worst first") + 2 :][:2]
    assert [line.split()[0] for line in slices] == ["region=north", "region=south"]
    assert max(map(len, lines)) <= int(columns)


def test_compare_refuses_other_rows(pair: None, mlgate: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(rows(range(0)) + "900,1,1,south\n")
    ran = mlgate("model", "compare", "new.csv", "old.csv", "--id", "id", "--prediction",
                 "prediction")  # fmt: skip
    assert ran.code == 2
    assert "1 id only in old.csv, such as 900" in ran.err


def test_compare_needs_a_column(pair: None, mlgate: Callable[..., Any]) -> None:
    ran = mlgate("model", "compare", "new.csv", "old.csv")
    assert (ran.code, "no column to compare" in ran.err) == (2, True)


LISTS = '{{"id": {0}, "label": ["a"], "prediction": ["a", "b"]}}\n'


@pytest.mark.parametrize(
    ("task", "more", "metric"),
    [
        ("ranking", ["--score", "prediction", "--query", "region"], "ndcg_at_k"),
        ("score", ["--score", "prediction", "--id", "id"], "mean"),
        (None, ["--score", "prediction", "--id", "id", "--metric", "mean"], "mean"),
        ("multilabel", ["--prediction", "prediction", "--id", "id"], "hamming_loss"),
    ],
)
def test_compare_of_other_tasks(
    pair: None, mlgate: Callable[..., Any], tmp_path: Path, task: str, more: list[str], metric: str
) -> None:
    tables = ["new.csv", "old.csv"]
    if task == "multilabel":
        tables = ["new.jsonl", "old.jsonl"]
        for name in tables:
            (tmp_path / name).write_text("".join(LISTS.format(i) for i in range(40)))
    ran = mlgate("model", "compare", *tables, *(["--task", task] if task else []), *more)
    assert ran.code == 0, ran.err
    assert any(line.startswith(f"{metric} ") for line in ran.out.splitlines()), ran.out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--task", "ranking", "--score", "prediction"], "`query` is of task `ranking`"),
        (["--task", "score"], "no column to compare"),
        (["--metric", "share", "--score", "prediction"], "share needs the key `filter`"),
        (["--metric", "acuracy", "--prediction", "prediction"], "did you mean"),
    ],
)
def test_compare_says_what_it_lacks(
    pair: None, mlgate: Callable[..., Any], more: list[str], words: str
) -> None:
    ran = mlgate("model", "compare", "new.csv", "old.csv", *more)
    assert (ran.code, words in ran.err, "Traceback" in ran.err) == (2, True, False), ran.err


def test_a_slice_of_too_few_rows_is_no_proof(
    pair: None, mlgate: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of 40 rows, all of them wrong, none has 30 of a class."""
    monkeypatch.setenv("COLUMNS", "160")
    for name, wrong in (("new", range(100)), ("old", range(0))):
        text = rows(wrong).replace("north", "south").splitlines()
        text[1:41] = [line.replace("south", "north") for line in text[1:41]]
        (tmp_path / f"{name}.csv").write_text("\n".join(text) + "\n")
    ran = mlgate("model", "compare", "new.csv", "old.csv", "--id", "id", "--prediction",
                 "prediction", "--metric", "f1", "--slice", "region")  # fmt: skip
    last = ran.out.splitlines()[-1]
    assert last.startswith("region=north"), ran.out
    assert "not compared: 20 rows of the rarest class, fewer than 30" in last


def test_plan_for_a_margin(mlgate: Callable[..., Any]) -> None:
    ran = mlgate("model", "plan", "--margin", "0.01", "--churn", "0.1")
    assert "10%                  6,183  619" in ran.out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--margin", "-1"], "'--margin'"),
        (["--margin", "2"], "'--margin'"),
        (["--rows", "0"], "'--rows'"),
        (["--margin", "0.1", "--rows", "50"], "--margin and --rows are plans of their own"),
        (["--margin", "0.1", "--uses", "100000", "--adaptivity", "full"], "carries at most 40"),
        (["--margin", "0.1", "--uses", "0"], "'--uses'"),
        (["--margin", "0.1", "--alpha", "0"], "'--alpha'"),
        (["--margin", "x"], "'--margin'"),
        (["--condition", "foo"], "cannot be read"),
        (["--condition", "d < 0.1 +/- 0.01", "--alpha", "0.1"], "--alpha is no part of a plan by"),
        (["--margin", "0.1", "--reliability", "0.9"], "--reliability is no part of a plan by"),
        (["--rows", "500", "--reliability", "0.9"], "--reliability is no part of a plan by"),
        (["--gate", "churn", "--uses", "8"], "--uses is no part of a plan by --gate"),
    ],
)
def test_plans_that_mean_nothing(mlgate: Callable[..., Any], more: list[str], words: str) -> None:
    ran = mlgate("model", "plan", *more)
    assert (ran.code, words in ran.err, "mend:" in ran.err) == (2, True, True), ran.err


def test_a_plan_is_never_for_fewer_rows_than_can_pass(mlgate: Callable[..., Any]) -> None:
    """299 equal rows show that less than 1 % differ: (1 - 0.01)^299 < 5 %."""
    ran = mlgate("model", "plan", "--margin", "0.01", "--churn", "0.001")
    assert "0.1%                 299   1" in ran.out


def test_plan_for_a_condition(mlgate: Callable[..., Any]) -> None:
    ran = mlgate("model", "plan", "--uses", "32", "--condition",
                 "n - o > 0.02 +/- 0.01 /\\ d < 0.1")  # fmt: skip
    assert ran.code == 0, ran.err
    assert "normal, 0.1 differ   21,739" in ran.out
    ran = mlgate("model", "plan", "--condition", "d < 0.1 +/- 0.01")
    assert "over 1 use, adaptivity none" in ran.out
    ran = mlgate("model", "plan", "--condition", "n ~ o")
    assert (ran.code, "cannot be read" in ran.err) == (2, True)


def test_plan_for_a_gate_of_the_policy(git: Callable[..., str], mlgate: Callable[..., Any]) -> None:
    rule = '[[gates.churn.require]]\nmetric = "accuracy"\nmax_drop = 0.02\n'
    policy = '[gates.churn]\nkind = "model"\npredictions = "p.csv"\nprediction = "y"\n' + rule
    Path("mlgate.toml").write_text(policy)
    ran = mlgate("model", "plan", "--gate", "churn")
    assert "to show that accuracy loses at most 0.02" in ran.out
    assert mlgate("model", "plan", "--gate", "chrun").code == 2


PLANNED = """[gates.churn]
kind = "model"
predictions = "p.csv"
id = "id"
prediction = "prediction"
slices = ["region"]
baseline = "file:old.csv"
require = [
  { metric = "accuracy", max_drop = 0.02 },
  { metric = "f1", min = 0.7 },
  { metric = "f1", max_drop_relative = 0.05 },
  { metric = "demographic_parity_difference", max = 0.2, groups = "region" },
]
"""
RANKED = """[gates.churn]
kind = "model"
task = "ranking"
predictions = "p.csv"
query = "region"
label = "label"
score = "id"
require = [{ metric = "ndcg_at_k", min = 0.1 }]
"""
SCORED = """[gates.churn]
kind = "model"
task = "score"
predictions = "p.csv"
id = "id"
baseline = "file:old.csv"
require = [
  { metric = "mean", column = "prediction", max_drop = 0.05 },
  { metric = "share", filter = ">= 1", column = "prediction", max_drop = 0.05 },
]
"""


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (PLANNED, ["accuracy", "lose at most 0.02", "region=north", "f1 ", "min 0.7",
                   "as a share, 0.05", "region=north against", "max 0.2"]),
        (RANKED, ["ndcg_at_k", "min 0.1", "1,200"]),
        (SCORED, ["mean of prediction", "share of prediction (>= 1)"]),
    ],
)  # fmt: skip
def test_plan_by_the_predictions_that_are_there(
    git: Callable[..., str], mlgate: Callable[..., Any], policy: str, told: list[str]
) -> None:
    Path("mlgate.toml").write_text(policy)
    Path("p.csv").write_text(rows(range(80)))
    Path("old.csv").write_text(rows(range(20, 100)))
    git("add", ".")
    git("commit", "-qm", "x")
    ran = mlgate("model", "plan", "--gate", "churn")
    assert ran.code == 0, ran.err
    assert [one for one in told if one not in ran.out] == [], ran.out
    assert "answers that differ" not in ran.out, "what was planned by predictions is not guessed"
    if policy is PLANNED:
        first = next(line for line in ran.out.splitlines() if line.startswith("accuracy"))
        assert first.split()[-5:] == [
            "600",
            "0.0262",
            "1,031;",
            "69",
            "labels",
        ], "churn 40/600 at 0.02: 2.4865^2 / 15 / 0.0004; at 600 rows sqrt(40) / 600 * 2.4865"


PINNED = """[gates.churn]
kind = "model"
predictions = "p.csv"
id = "id"
prediction = "prediction"
baseline = "file:old.csv"
slices = ["region"]
require = [
  { metric = "accuracy", max_drop = 0.02, reference = "git:v1", max_total_drop = 0.05 },
  { metric = "f1", reference = "git:v1", max_total_drop = 0.1 },
]
"""


def planned_rows(out: str, since: str = "since git:v1") -> list[list[str]]:
    """The lines of a plan that are about a pinned reference, in words."""
    return [line.split() for line in out.splitlines() if since in line]


@pytest.fixture
def pinned(git: Callable[..., str]) -> None:
    Path("mlgate.toml").write_text(PINNED)
    Path("p.csv").write_text(rows(range(60)))
    git("add", ".")
    git("commit", "-qm", "first")
    git("tag", "v1")
    Path("p.csv").write_text(rows(range(80)))
    Path("old.csv").write_text(rows(range(20, 100)))


def test_plan_counts_a_total_loss_from_its_reference(
    pinned: None, mlgate: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 of 600 rows differ from what is pinned, 40 from the baseline."""
    monkeypatch.setenv("COLUMNS", "160")
    ran = mlgate("model", "plan", "--gate", "churn")
    assert ran.code == 0, ran.err
    accuracy, f1 = planned_rows(ran.out)
    assert " ".join(accuracy) == (
        "accuracy lose at most 0.05 since git:v1 600 0.0185 83; 3 labels"
    ), "sqrt(20) / 600 * 2.4865 = 0.0185; 2.4865^2 / 30 / 0.05^2 = 82.4"
    assert f1[:7] == ["f1", "lose", "at", "most", "0.1", "since", "git:v1"]
    assert "labels" not in f1, "f1 wants the labels of all rows"
    assert "region=north" in ran.out, "the rule's other bound is planned as ever"


def test_plan_says_of_each_rule_that_its_reference_is_not_there(
    pinned: None, git: Callable[..., str], mlgate: Callable[..., Any]
) -> None:
    git("tag", "-d", "v1")
    ran = mlgate("model", "plan", "--gate", "churn")
    assert ran.code == 0, ran.err
    told = " ".join(ran.out.split())
    assert told.count("unknown: git:v1 cannot be reached") == 2, ran.out
    assert "accuracy lose at most 0.02" in told
    assert "to show that accuracy loses at most 0.05 since git:v1" in told, "by the churn"


def test_plan_of_a_total_loss_before_there_are_predictions(
    git: Callable[..., str], mlgate: Callable[..., Any]
) -> None:
    Path("mlgate.toml").write_text(PINNED)
    ran = mlgate("model", "plan", "--gate", "churn")
    assert ran.code == 0, ran.err
    assert "to show that accuracy loses at most 0.02\n" in ran.out
    assert "to show that accuracy loses at most 0.05 since git:v1\n" in ran.out
    assert ran.out.startswith("without predictions, by the churn that may be: p.csv is neither in")


def test_plan_by_predictions_is_never_for_fewer_rows_than_can_pass(
    pinned: None, mlgate: Callable[..., Any]
) -> None:
    """1 row of 600 differs: by its variance 5 rows would do, but 59 equal ones are the least."""
    Path("p.csv").write_text(rows(range(61)))
    found = planned_rows(mlgate("model", "plan", "--gate", "churn").out)
    assert found[0][-3:] == ["59;", "1", "label"]


def test_plan_by_churn_counts_the_uses_of_the_policy(
    git: Callable[..., str], mlgate: Callable[..., Any]
) -> None:
    """As `check` will judge: at 5 % / 32, not at 5 %."""
    reuse = 'reuse = { test_set = "t", uses = 32 }\nrequire'
    Path("mlgate.toml").write_text(PINNED.replace("require", reuse, 1))
    ran = mlgate("model", "plan", "--gate", "churn", "--churn", "0.1")
    asked = ("--margin", "0.05", "--churn", "0.1", "--uses", "32")
    alone = mlgate("model", "plan", *asked)
    assert alone.out.splitlines()[2] in ran.out.splitlines()
    assert "each bound at 0.00156; 32 uses, adaptivity none" in ran.out


NUMBERS = """[gates.churn]
kind = "model"
metrics = "m.json"
baseline = "file:old.json"
require = [
  { value = "overall.accuracy", max_drop = 0.02, n = 2000 },
  { value = "per_class.*.recall", min = 0.8, n = 300 },
  { value = "loss", better = "lower", max_drop = 0.1 },
]
"""


def test_plan_by_the_numbers_of_a_file_and_the_rows_that_rules_give(
    git: Callable[..., str], mlgate: Callable[..., Any]
) -> None:
    Path("mlgate.toml").write_text(NUMBERS)
    told = '{"overall": {"accuracy": %s}, "per_class": {"a": {"recall": %s}}, "loss": 0.3}'
    Path("m.json").write_text(told % (0.895, 0.81))
    Path("old.json").write_text(told % (0.9, 0.85))
    ran = mlgate("model", "plan", "--gate", "churn")
    assert ran.code == 0, ran.err
    assert "by the numbers that are there" in ran.out
    checked = mlgate("check", "--gate", "churn").out
    lines = [line for line in ran.out.splitlines() if line[:4] in ("over", "per_", "loss")]
    needed = [line.split()[-1] for line in lines[:2]]
    assert [f"{one} would decide" in " ".join(checked.split()) for one in needed] == [True] * 2
    assert "per_class.a.recall" in lines[1]
    Path("first.json").write_text(told % (0.91, 0.9))
    since = 'max_drop = 0.02, reference = "file:first.json", max_total_drop = 0.03'
    Path("mlgate.toml").write_text(NUMBERS.replace("max_drop = 0.02", since))
    found = planned_rows(mlgate("model", "plan", "--gate", "churn").out, "since file:first.json")
    assert [" ".join(one[:7]) for one in found] == [
        "overall.accuracy lose at most 0.03 since file:first.json"
    ]
    assert found[0][7] == "2,000" and found[0][9:] == [found[0][-1]]
    assert "unknown: a plain" in lines[2]
    Path("mlgate.toml").write_text(NUMBERS.replace(", n = 2000", "").replace(", n = 300", ""))
    ran = mlgate("model", "plan", "--gate", "churn")
    assert ran.code == 2
    assert "no rule has its `n`" in ran.err


def test_plan_shows_nothing_where_figures_are_hidden(
    git: Callable[..., str], mlgate: Callable[..., Any]
) -> None:
    hides = 'reuse = { test_set = "t", feedback = "verdict" }\nrequire'
    Path("mlgate.toml").write_text(PLANNED.replace("require", hides))
    Path("p.csv").write_text(rows(range(80)))
    Path("old.csv").write_text(rows(range(20, 100)))
    ran = mlgate("model", "plan", "--gate", "churn")
    assert ran.code == 0, ran.err
    assert "that are there" not in ran.out
    assert "to show that accuracy loses at most 0.02" in ran.out


def test_plan_for_nothing(mlgate: Callable[..., Any]) -> None:
    assert mlgate("model", "plan").code == 2


@pytest.mark.parametrize("columns", ["80", "120"])
def test_equal_answers_are_compared_where_something_bounds_what_was_not_seen(
    mlgate: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", columns)
    for name in ("a.csv", "b.csv"):
        Path(name).write_text(rows(range(80)))
    asked = ("--id", "id", "--label", "label", "--prediction", "prediction")
    metrics = ("--metric", "accuracy", "--metric", "matthews_corrcoef")
    ran = mlgate("model", "compare", "a.csv", "b.csv", *asked, *metrics)
    assert ran.code == 0, ran.err
    shown = {line.split()[0]: line for line in ran.out.splitlines() if line.strip()}
    assert "+0.0000  -0.0050 to +0.0050" in shown["accuracy"]
    assert "not compared: no row differs" in " ".join(ran.out.split())


def test_compare_reads_an_array_inside_json(
    mlgate: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, every in (("new.json", 5), ("old.json", 4)):
        cases = [{"n": at, "grading": {"score": int(at % every > 0)}} for at in range(200)]
        (tmp_path / name).write_text(json.dumps({"results": {"results": cases}}))
    asked = ("model", "compare", "new.json", "old.json", "--task", "score", "--id", "n", "--score",
             "grading.score")  # fmt: skip
    assert "name the array with --records results.results" in mlgate(*asked).err
    ran = mlgate(*asked, "--records", "results.results")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "200 rows in both")
    assert "0.8000  0.7500  +0.0500" in ran.out


def test_what_mends_a_comparison_is_an_option(
    pair: None, mlgate: Callable[..., Any], tmp_path: Path
) -> None:
    for name in ("new.csv", "old.csv"):
        (tmp_path / name).write_text(
            "id,label,p\n" + "".join(f"{i},{'ny'[i % 2]},0.5\n" for i in range(60))
        )
    ran = mlgate("model", "compare", "new.csv", "old.csv", "--id", "id", "--score", "p")
    assert "--positive y" in ran.err and "positive =" not in ran.err
