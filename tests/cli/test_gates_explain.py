from __future__ import annotations

import pytest

from mlgate.core import parts

POLICY = """\
exclude = ["vendor/"]
[gates.files]
exclude = ["skip.py"]
[gates.lint]
files = ["src/"]
[gates.own]
kind = "command"
blocking = false
run = ["true"]
"""


@pytest.fixture
def repository(git, tmp_path):
    (tmp_path / "mlgate.toml").write_text(POLICY)
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    for name in ("src/a.py", "vendor/v.py", "skip.py", "ignored.py", "lint"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    return tmp_path


def rows(out):
    return {line.split()[0]: line for line in out.splitlines() if line.strip()}


def test_gates_tells_stages_blocking_tool_and_source(repository, mlgate):
    ran = mlgate("gates")
    assert ran.code == 0
    found = rows(ran.out)
    assert "flake8 " in found["lint"]
    assert " yes " in found["files"]
    assert "own (command)" in found["own"]
    assert " no " in found["own"]
    assert found["files"].rstrip().endswith("mlgate.toml")
    for kind in parts.names("gates"):
        assert kind in ran.out


def test_gates_without_a_policy(git, mlgate):
    assert "mlgate init" in mlgate("gates").out


def test_a_gate(repository, mlgate):
    ran = mlgate("explain", "lint")
    assert ran.code == 0
    found = rows(ran.out)
    assert "flake8" in found["tool"]
    assert "of src/" in found["files"]
    assert "yes, from level warning on" in found["blocks"]
    assert "options" in found


@pytest.mark.parametrize("kind", parts.names("gates"))
def test_every_kind_can_be_explained(repository, mlgate, kind):
    ran = mlgate("explain", kind)
    assert ran.code == 0, ran.err
    assert max(map(len, ran.out.splitlines())) <= 100 or "http" in ran.out


def test_a_gate_that_is_off(repository, mlgate):
    assert "write [gates.security]" in mlgate("explain", "security").out


@pytest.mark.parametrize("rule", ["files/trailing-whitespace", "trailing-whitespace"])
def test_a_rule(repository, mlgate, rule):
    ran = mlgate("explain", rule)
    assert ran.code == 0
    assert ran.out.startswith("files/trailing-whitespace\n")
    assert "mlgate fix" in rows(ran.out)["mend"]


@pytest.mark.parametrize("rule", ["lint/F401", "F401"])
def test_a_tools_own_code(repository, mlgate, rule):
    ran = mlgate("explain", rule)
    assert ran.out.startswith("lint/F401\n")
    assert "pyflakes: ... imported but unused" in rows(ran.out)["means"]
    assert "# noqa: F401 - why" in rows(ran.out)["mute"]
    assert rows(ran.out)["level"].split()[1] == "warning"
    assert "blocks, also where it is old" in rows(ran.out)["counts"]


@pytest.mark.parametrize(
    ("gates", "rule", "whole", "words"),
    [
        ("[gates.lint]", "E305", "lint/E305", "pycodestyle: Separate top-level function"),
        ("[gates.lint]", "E999", "lint/E999", "flake8: the file cannot be parsed"),
        ("[gates.lint]", "C901", "lint/C901", "the plug-in mccabe"),
        ("[gates.lint]", "QQ123", "lint/QQ123", "neither flake8 nor a plug-in"),
        ('[gates.lint]\ntool = "ruff"', "F401", "lint/F401", "Checks for unused imports"),
        ('[gates.lint]\ntool = "pylint"', "W0611", "lint/W0611", "unused-import"),
        ("[gates.lint]\n[gates.security]", "B602", "security/B602", "popen with shell"),
        ("[gates.security]", "B301", "security/B301", "Pickle and modules that wrap it"),
        ("[gates.types]", "types/arg-type", "types/arg-type", "mypy: arg type"),
        (
            '[gates.dependencies]\ntool = "osv"\ndatabase = "."\nmax_age = "9d"',
            "dependencies/CVE-2020-14343",
            "dependencies/CVE-2020-14343",
            "a published vulnerability",
        ),
        ("[gates.secrets]", "secrets/Odd", "secrets/Odd", "mlgate has no such rule"),
    ],
)
def test_a_tool_tells_what_its_code_means(repository, mlgate, gates, rule, whole, words):
    (repository / "mlgate.toml").write_text(f"new_only = true\n{gates}\n")
    ran = mlgate("explain", rule)
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"{whole}\n")
    assert words in " ".join(ran.out.split())
    assert "if it is new" in rows(ran.out)["counts"]


def test_a_code_of_a_gate_that_is_off_or_does_not_block(repository, mlgate):
    (repository / "mlgate.toml").write_text("[gates.lint]\nblocking = false\n")
    assert "never blocks" in rows(mlgate("explain", "lint/F401").out)["counts"]
    assert "not in the policy" in rows(mlgate("explain", "types/arg-type").out)["counts"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("src/a.py", ["✓ files  asked at", "✓ lint   asked at"]),
        ("skip.py", ["– files  the gate's exclude has 'skip.py'", "– lint   its files are src/"]),
        ("vendor/v.py", ["– files  exclude has 'vendor/'"]),
        ("ignored.py", ["no gate sees it: git ignores it", ".gitignore:1:ignored.py"]),
        ("src", ["it is a folder with 1 file"]),
        ("./lint", ["✓ files  asked at"]),
        ("..", ["outside the repository"]),
    ],
)
def test_a_file(repository, mlgate, path, words):
    ran = mlgate("explain", path)
    assert ran.code == 0, ran.err
    for word in words:
        assert word in ran.out


def test_a_file_named_from_a_folder(repository, mlgate, monkeypatch):
    monkeypatch.chdir(repository / "src")
    assert mlgate("explain", "a.py").out.startswith("src/a.py\n")


def test_what_is_nothing(repository, mlgate):
    ran = mlgate("explain", "secruity")
    assert ran.code == 2
    assert "did you mean 'security'?" in ran.err


def test_schema(mlgate):
    import json

    ran = mlgate("schema")
    assert ran.code == 0
    assert "properties" in json.loads(ran.out)
