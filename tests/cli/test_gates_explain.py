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
    assert "a code of flake8" in ran.out


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
