from __future__ import annotations

import subprocess
import sys
from datetime import date

import msgspec
import pytest

from mlgate.core.snapshot import Entry
from mlgate.core.words import Level
from mlgate.policy.load import load
from mlgate.policy.model import Policy
from mlgate.policy.read import reader

from .fakes import SAMPLE, policy, problems, texts


def test_reads_the_sample_of_the_design():
    found = policy(SAMPLE, policies__team="[gates.lint]\nargs = ['--jobs=1']\n")
    assert found.source == "mlgate.toml"
    assert [gate.name for gate in found.gates] == [
        *["lint", "format", "security", "tests", "data-version", "train-data", "churn"]
    ]
    gates = {gate.name: gate for gate in found.gates}
    assert gates["lint"].options == {
        "args": ["--jobs=1"],
        "tool": "flake8",
        "plugins": ["Flake8-pyproject"],
    }
    assert gates["train-data"].kind == "data" and gates["train-data"].named
    assert gates["tests"].where == "ci" and gates["tests"].options == {}
    assert found.exclude == ("vendor/",) and found.new_only is True
    assert found.environment.run == ("uv", "run", "--frozen")
    assert found.waivers[0].until == date(2027, 1, 31) and found.waivers[0].max == 2
    assert found.models["churn"].registry == "git"
    assert found.protect.signers == ("keys/lead.pub",)


def test_splits_the_keys_of_every_gate_from_those_of_its_kind():
    gate = policy("""
        [gates.slow]
        kind = "command"
        run = ["make"]
        stages = ["push", "merge"]
        blocking = false
        level = "error"
        files = ["*.py"]
        exclude = ["a/"]
        needs = ["lint"]
        timeout = "1h30m"
        where = "local"
        when = ["src/"]
        new_only = false
        """).gates[0]
    assert gate.options == {"run": ["make"]}
    assert (gate.stages, gate.blocking, gate.level) == (("push", "merge"), False, Level.ERROR)
    assert (gate.files, gate.exclude, gate.needs) == (("*.py",), ("a/",), ("lint",))
    assert (gate.timeout, gate.where, gate.when) == (5400.0, "local", ("src/",))
    assert gate.new_only is False


@pytest.mark.parametrize(("written", "meant"), [("90", 90), ("2.5", 2.5), ('"10m"', 600)])
def test_reads_durations(written, meant):
    assert policy(f"[gates.a]\ntimeout = {written}").gates[0].timeout == meant


@pytest.mark.parametrize("written", ["0", "-1", "nan", "inf", '"0s"', '"10 m"', '"99w"', "true"])
def test_refuses_what_is_no_time_limit(written):
    (problem,) = problems(lambda: policy(f"[gates.a]\ntimeout = {written}"))
    assert "timeout" in problem


def test_names_every_problem_with_its_line_and_the_nearest_key():
    found = problems(lambda: policy("""\
new_onli = true
exclude = "x"
[lint]
[gates.churn]
blocking = "yes"
stages = ["comit"]
timeout = "10x"
where = "moon"
files = ["a",
         " "]
[gates."a/b"]
[gates]
format = 3
[[waivers]]
rule = "x/"
max = 0
[models.m]
on_promote = ["a"]
regstry = "x"
[tables]
spark = { remot = 1 }
"""))
    assert found == [
        "mlgate.toml:1: unknown key `new_onli`; did you mean `new_only`?",
        "mlgate.toml:2: `exclude`: expected an array, got a string",
        f"mlgate.toml:3: {found[2].partition(': ')[2]}",
        "mlgate.toml:5: `blocking` in [gates.churn]: expected true or false, got a string",
        "mlgate.toml:6: `stages` in [gates.churn]: 'comit' is not known; did you mean `commit`?",
        "mlgate.toml:7: `timeout` in [gates.churn]: expected seconds or a duration such as "
        "`90s`, `10m`, `1h30m`",
        "mlgate.toml:8: `where` in [gates.churn]: 'moon' is not known; known: both, ci, local",
        "mlgate.toml:10: `files` in [gates.churn]: must not be empty",
        "mlgate.toml:11: `a/b` is no name for a gate; letters, digits, `-`, `_` and `.` are",
        "mlgate.toml:13: `format` in [gates]: expected a table, got a whole number",
        "mlgate.toml:14: [[waivers]] must say its `reason`",
        "mlgate.toml:14: [[waivers]] must say its `until`",
        "mlgate.toml:16: `max` in [[waivers]]: expected a whole number >= 1",
        "mlgate.toml:18: `on_promote` in [models.m]: expected an array, got a string",
        "mlgate.toml:19: unknown key `regstry` in [models.m]; did you mean `registry`?",
        "mlgate.toml:21: unknown key `remot` in [tables.spark]; did you mean `remote`?",
    ]


def test_points_a_gate_without_its_prefix_to_the_right_table(monkeypatch):
    monkeypatch.setattr("mlgate.core.parts.names", lambda folder: ("lint",))
    assert problems(lambda: policy("[lint]")) == [
        "mlgate.toml:1: unknown table [lint]; did you mean `[gates.lint]`?"
    ]


WAIVER = "[[waivers]]\nrule = 'a/b'\nreason = 'r'\nuntil = 2030-01-01\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("reason = 'r'\n", "", "[[waivers]] must say its `reason`"),
        ("reason = 'r'\n", "reason = ' '\n", "must not be empty"),
        ("until = 2030-01-01\n", "", "[[waivers]] must say its `until`"),
        ("until = 2030-01-01", "until = 2030-01-01T00:00:00Z", "expected a date"),
        ("until = 2030-01-01", "until = 3", "expected a date"),
        ("until = 2030-01-01", "until = 2030-13-01", "mlgate.toml:4:"),
    ],
)
def test_a_waiver_needs_a_reason_and_an_end(old, new, said):
    assert policy(WAIVER).waivers[0].path is None
    (problem,) = problems(lambda: policy(WAIVER.replace(old, new)))
    assert said in problem


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[gates.a]\n[gates.a]", "mlgate.toml:2:9: [gates.a] stands twice"),
        ("x = 1\ny = ", "mlgate.toml: Invalid value at the end of the file"),
        ("x = 1\ny 2", "mlgate.toml:2:3:"),
        (b"a = 1\n\xff", "mlgate.toml:2: not UTF-8"),
        ("a = " + "[" * 50_000, "nested too deeply"),
        ("a = " + "{a=" * 50_000, "nested too deeply"),
        ("a" + ".b" * 300_000 + " = 1", "nested too deeply"),
        ("a" + ' . "b"' * 100_000 + " = 1", "nested too deeply"),
        ("a = " + "[" * 40 + "]" * 40, "nested too deeply"),
        ("a = " + "9" * 5_000, "mlgate.toml: "),
        ("a = 99999999999999999999", "64 bits"),
        ("# " + "x" * (1 << 20), "1 MiB"),
        ("a = '\x1b[31m'", "mlgate.toml:1:"),
    ],
)
def test_refuses_bad_files_with_a_message(content, said):
    (problem,) = problems(lambda: policy(content))
    assert said in problem and "\x1b" not in problem


def test_a_policy_may_live_in_pyproject():
    text = "[project]\nname = 'x'\n[tool.mlgate]\nnew_only = true\n[tool.mlgate.gates.lint]\n"
    found = load(texts(pyproject=text))
    assert found is not None and found.source == "pyproject.toml"
    assert [gate.name for gate in found.gates] == ["lint"]
    assert problems(lambda: load(texts(pyproject=text + "level = 'x'"))) == [
        "pyproject.toml:6: `level` in [gates.lint]: 'x' is not known; known: error, note, warning"
    ]


@pytest.mark.parametrize(
    "pyproject",
    ["[tool.black]", "[project]\ndependencies = ['mlgate']", "broken =", b"\xff"],
)
def test_no_policy_is_none(pyproject):
    assert load(texts(pyproject=pyproject)) is None
    assert load(texts()) is None


def test_a_broken_pyproject_that_speaks_of_us_is_not_passed_over():
    assert problems(lambda: load(texts(pyproject="[tool.mlgate]\nx = ")))


def test_two_policies_are_one_too_many():
    (problem,) = problems(lambda: policy("", pyproject="[tool.mlgate]"))
    assert "mlgate.toml" in problem and "pyproject.toml" in problem
    assert policy("", pyproject="# mlgate\nbroken =").source == "mlgate.toml"


def test_reads_a_folder_of_its_own():
    found = load(texts(mlgate="[gates.a]", sub__mlgate="[gates.b]"), directory="sub")
    assert found is not None
    assert found.source == "sub/mlgate.toml" and found.gates[0].name == "b"


class Held:
    """A snapshot of one file."""

    def __init__(self, mode: str) -> None:
        self.files = {"mlgate.toml": Entry(mode, "id")}

    def read(self, path: str) -> bytes:
        return b"[gates.lint]"


def test_refuses_a_policy_that_is_a_link():
    assert load(reader(Held("100644"))) is not None
    for mode in ("120000", "160000"):
        (problem,) = problems(lambda mode=mode: load(reader(Held(mode))))
        assert "regular file" in problem


def test_the_digest_covers_every_file_and_what_they_come_to():
    digests = {
        policy("extends = ['t.toml']", t="").digest,
        policy("extends = ['t.toml']", t="# a comment").digest,
        policy("extends = ['t.toml']\nnew_only = true", t="").digest,
    }
    assert len(digests) == 3
    assert policy("[gates.a]\nx = nan").digest == policy("[gates.a]\nx = nan").digest


def test_plain_says_what_is_set_and_no_more():
    plain = policy("[gates.a]\nkind = 'lint'\ntimeout = '10m'\nargs = ['x']\nstages = []").plain()
    assert plain["gates"] == {"a": {"kind": "lint", "timeout": 600.0, "args": ["x"], "stages": []}}
    assert (
        plain["gates"]
        == policy(
            "# other words\n[gates.a]\nstages = []\nkind = 'lint'\nargs = ['x']\ntimeout = 600"
        ).plain()["gates"]
    )
    whole = policy(SAMPLE, policies__team="").plain()
    assert msgspec.json.decode(msgspec.json.encode(whole)) == whole


def test_survives_being_stored():
    found = policy(SAMPLE, policies__team="")
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Policy)
    assert again.plain() == found.plain() and again.gates == found.gates


def test_loading_imports_only_tomllib_and_ourselves():
    code = """
import sys, click, msgspec
before = set(sys.modules)
from mlgate.policy.load import load
assert load({"mlgate.toml": b"new_only = true\\n[gates.lint]\\ntimeout = '5m'"}.get).gates
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # unicodedata: only where core/text.py is compiled anew
    ours = {"mlgate", "tomllib", "string", "_string", "hashlib", "_hashlib", "_blake2", "_sha1"}
    assert set(ran.stdout.split()) <= ours | {"unicodedata", "__future__"}
