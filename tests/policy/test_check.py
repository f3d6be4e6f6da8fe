from __future__ import annotations

import pytest

from mlgate.policy.check import validate
from mlgate.policy.projects import load_projects

from .fakes import SAMPLE, Column, DataOptions, fake_load, policy, problems, texts


def wrong(text: str) -> list[str]:
    return problems(lambda: validate(policy(text), fake_load))


def test_gives_each_gates_options():
    found = validate(policy(SAMPLE, policies__team=""), fake_load)
    data = found["train-data"]
    assert isinstance(data, DataOptions) and data.unique == ("customer_id", ("day", "store"))
    assert isinstance(data.columns["age"], Column) and data.columns["age"].between == (0, 120)
    assert found["churn"].require[0].metric == "roc_auc"


def test_names_all_that_is_wrong_with_a_gates_keys():
    assert (
        wrong("""\
[gates.lint]
tol = "flake8"
blokcing = true
args = "--jobs=1"
tool = "flak8"
[gates.d]
kind = "data"
rows = { min = "x", mox = 1 }
unique = ["a", ["b", 3]]
[gates.d.columns.age]
nulls = { max = 0.1, min = true }
tyype = "x"
[gates.m]
kind = "model"
task = "binary"
predictions = "p"
treshold = 0.5
[[gates.m.require]]
metric = "auc"
[[gates.m.require]]
min = "x"
""")
        == [
            "mlgate.toml:2: unknown key `tol` in [gates.lint]; did you mean `tool`?",
            "mlgate.toml:3: unknown key `blokcing` in [gates.lint]; did you mean `blocking`?",
            "mlgate.toml:4: `args` in [gates.lint]: expected an array, got a string",
            "mlgate.toml:5: `tool` in [gates.lint]: 'flak8' is not known; did you mean `flake8`?",
            "mlgate.toml:6: [gates.d] must say its `table`",
            "mlgate.toml:8: `min` in [gates.d.rows]: expected a number, got a string",
            "mlgate.toml:8: unknown key `mox` in [gates.d.rows]; did you mean `max`?",
            "mlgate.toml:9: `unique` in [gates.d]: expected a string, got a whole number",
            "mlgate.toml:11: `min` in [gates.d.columns.age.nulls]: expected a number, "
            "got true or false",
            "mlgate.toml:12: unknown key `tyype` in [gates.d.columns.age]; did you mean `type`?",
            wrong("[gates.m]\nkind='model'\ntask='t'\npredictions='p'\ntreshold=1")[0].replace(
                "mlgate.toml:5", "mlgate.toml:17"
            ),
            "mlgate.toml:20: [[gates.m.require]] must say its `metric`",
            "mlgate.toml:21: `min` in [[gates.m.require]]: expected a number, got a string",
        ]
    )


def test_unknown_kinds_get_the_nearest():
    assert wrong("[gates.lnit]\n[gates.x]\nkind = 'modle'") == [
        "mlgate.toml:1: unknown kind `lnit` of [gates.lnit]; did you mean `lint`?",
        "mlgate.toml:3: unknown kind `modle` of [gates.x]; did you mean `model`?",
    ]


def test_needs_must_exist_and_block_and_end():
    assert (
        wrong("""\
[gates.lint]
needs = ["fromat"]
[gates.format]
blocking = false
[gates.tests]
needs = ["format", "security"]
[gates.security]
needs = ["data-version"]
[gates.data-version]
needs = ["tests"]
""")
        == [
            "mlgate.toml:2: `lint` needs `fromat`, which is no gate; did you mean `format`?",
            "mlgate.toml:6: `needs` goes in a circle: tests -> security -> data-version -> tests",
            "mlgate.toml:6: `tests` blocks, so it may not need `format`, which does not block",
        ]
    )
    assert "lint -> lint" in wrong("[gates.lint]\nneeds = ['lint']")[0]
    assert validate(
        policy("[gates.lint]\nblocking=false\nneeds=['format']\n[gates.format]\nblocking=false"),
        fake_load,
    )


def test_a_long_chain_of_needs_is_no_circle():
    text = "".join(f"[gates.g{n}]\nkind = 'lint'\nneeds = ['g{n + 1}']\n" for n in range(3000))
    assert len(validate(policy(text + "[gates.g3000]\nkind = 'lint'"), fake_load)) == 3001


def test_patterns_must_be_able_to_match():
    assert wrong("exclude = ['./a']\n[gates.lint]\nfiles = ['*.py', '[a']\nwhen = ['#x']") == [
        "mlgate.toml:1: `./a` is no pattern: a path has no `.` or `..` in it",
        "mlgate.toml:3: `[a` is no pattern: a `[` or `\\` in it has no end",
        r"mlgate.toml:4: `#x` is no pattern: gitignore reads it as a comment; write `\#`",
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [("lnit/F401", "did you mean `lint`?"), ("lint", "write `lint/`"), ("lint/", None)],
)
def test_waivers_are_of_known_kinds(rule, said):
    text = f"[[waivers]]\nrule = '{rule}'\nreason = 'r'\nuntil = 2030-01-01"
    if said is None:
        assert validate(policy(text), fake_load) == {}
    else:
        (problem,) = wrong(text)
        assert problem.startswith("mlgate.toml:2: ") and said in problem


def test_a_projects_problem_stands_in_its_own_file():
    root = policy("projects = ['p']\n[gates.lint]\ntool = 'ruff'")
    text = "\n[gates.lint]\nargs = 3\nneeds = ['x']"
    ((_, project),) = load_projects(texts(p__mlgate=text), root)
    assert problems(lambda: validate(project, fake_load)) == [
        "p/mlgate.toml:3: `args` in [gates.lint]: expected an array, got a whole number",
        "p/mlgate.toml:4: `p/lint` needs `p/x`, which is no gate; known: none",
    ]
