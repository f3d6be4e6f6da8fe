from __future__ import annotations

import pytest

from mlgate.policy.match import select
from mlgate.policy.projects import load_projects, outside, project_names

from .fakes import policy, problems, texts

ROOT = """
projects = ["models/churn", "models/fraud/"]
exclude = ["vendor/"]
new_only = true
[gates.lint]
tool = "ruff"
exclude = ["old/"]
[gates.tests]
[gates.train-data]
kind = "data"
table = "data/train.parquet"
[models.root]
"""
CHURN = """
exclude = ["*.tmp"]
[gates.lint]
tool = "flake8"
needs = ["format"]
exclude = ["gen/", "/a.py"]
[gates.format]
[gates.churn]
kind = "model"
when = ["src"]
[[waivers]]
rule = "lint/"
path = "x.py"
reason = "r"
until = 2030-01-01
"""


@pytest.fixture
def projects():
    files = {"mlgate": ROOT, "models__churn__mlgate": CHURN}
    return dict(load_projects(texts(**files), policy(ROOT)))


def test_a_project_inherits_what_is_about_all_code(projects):
    churn, fraud = projects["models/churn"], projects["models/fraud"]
    assert [gate.name for gate in fraud.gates] == ["fraud/lint", "fraud/tests"]
    assert [gate.name for gate in churn.gates] == [
        *["churn/lint", "churn/tests", "churn/format", "churn/churn"]
    ]
    assert [gate.kind for gate in churn.gates] == ["lint", "tests", "format", "model"]
    assert churn.gates[0].options == {"tool": "flake8"}
    assert fraud.gates[0].options == {"tool": "ruff"}
    assert churn.new_only is True and churn.models == {} and churn.projects == ()
    assert churn.source == "models/churn/mlgate.toml" and fraud.source == "mlgate.toml"
    assert churn.gates[0].needs == ("churn/format",)
    assert len({churn.digest, fraud.digest, policy(ROOT).digest}) == 3


def test_patterns_of_a_project_are_relative_to_its_folder(projects):
    churn, fraud = projects["models/churn"], projects["models/fraud"]
    assert fraud.exclude == ("vendor/",) and fraud.gates[0].exclude == ("old/",)
    gate = churn.gates[0]
    held = ["a.py", "gen/b.py", *(f"models/churn/{n}" for n in ("a.py", "x/gen/b.py", "c.py"))]
    assert select(held, (), gate.exclude) == ["a.py", "gen/b.py", "models/churn/c.py"]
    assert select(["a.tmp", "models/churn/x/a.tmp"], (), churn.exclude) == ["a.tmp"]
    assert churn.gates[3].when == ("/models/churn/**/src",)
    assert churn.waivers[0].path == "models/churn/x.py"


def test_the_root_leaves_to_a_project_what_it_judges_itself(projects):
    root = outside(policy(ROOT), tuple(projects.items()))
    gates = {gate.name: gate for gate in root.gates}
    held = ["a.py", "models/churn/a.py", "models/fraud/a.py", "old/a.py"]
    assert select(held, (), gates["lint"].exclude) == ["a.py"]
    assert select(held, (), gates["train-data"].exclude) == held


def test_names_are_told_apart():
    assert project_names(["models/churn", "models/fraud"]) == ["churn", "fraud"]
    assert project_names(["new/churn", "old/churn", "x"]) == ["new-churn", "old-churn", "x"]
    assert project_names(["churn", "old/churn"]) == ["churn", "old-churn"]


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("../x", "no folder below"),
        ("/x", "no folder below"),
        (".", "no folder below"),
        ("models/chrun", "did you mean `models/churn`?"),
    ],
)
def test_refuses_what_is_no_folder_of_the_repository(folder, said):
    root = policy(f"new_only = true\nprojects = ['{folder}']")
    held = ["models/churn/a.py"]
    (problem,) = problems(lambda: load_projects(texts(), root, held))
    assert problem.startswith("mlgate.toml:2: ") and said in problem


def test_refuses_a_folder_named_twice():
    root = policy("projects = ['a', 'a/']")
    assert "twice" in problems(lambda: load_projects(texts(), root))[0]


def test_reports_the_problems_of_all_projects():
    root = policy("projects = ['a', 'b', 'c']")
    read = texts(a__mlgate="x = 1", b__mlgate="projects = ['d']", c__mlgate="[gates.y]\nlevel = 1")
    assert [p.partition(": ")[0] for p in problems(lambda: load_projects(read, root))] == [
        *["a/mlgate.toml:1", "b/mlgate.toml:1", "c/mlgate.toml:2"]
    ]
