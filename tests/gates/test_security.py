from __future__ import annotations

import os

import pytest

from mlgate.core.errors import GateError
from mlgate.core.words import Level

PICKLE = "import pickle\n\npickle.load(open('x', 'rb'))\n"


def test_severities_are_levels(ask):
    code = (
        PICKLE
        + "import subprocess\nsubprocess.run('ls', shell=True)\nimport hashlib\nhashlib.md5()\n"
    )
    found = {f.rule: f for f in ask("security", {"a.py": code})}
    assert found["security/B403"].level is Level.NOTE
    assert found["security/B301"].level is Level.WARNING
    assert found["security/B324"].level is Level.ERROR
    assert (found["security/B301"].location.line, found["security/B301"].location.column) == (3, 1)
    assert "bandit.readthedocs.io" in found["security/B301"].help


@pytest.mark.parametrize(
    ("path", "findings"),
    [
        ("tests/a.py", 0),
        ("pkg/test_a.py", 0),
        ("conftest.py", 0),
        ("a_test.py", 0),
        ("pkg/a.py", 1),
    ],
)
def test_asserts_in_tests_are_no_findings(ask, path, findings):
    assert len(ask("security", {path: "assert 1 == 1\n"})) == findings


@pytest.mark.parametrize("content", [b"x = (\n", b"\0\1\2", b"\xff\xfe\0x"])
def test_what_bandit_skips_is_a_finding(ask, content):
    found = ask("security", {"a.py": "x = 1\n", "b.py": content})
    assert [(f.rule, f.level, f.location.path) for f in found] == [
        ("security/not-judged", Level.ERROR, "b.py")
    ]


def test_files_that_bandit_leaves_out_unasked(ask):
    paths = [".github/a.py", "src/my.egg/a.py", ".gitlab/ci/a.py"]
    found = ask("security", dict.fromkeys(paths, PICKLE))
    assert {f.location.path for f in found if f.rule == "security/B301"} == set(paths)


def test_nosec(ask):
    assert (
        ask("security", {"a.py": "import pickle  # nosec\npickle.loads(b'')  # nosec B301\n"}) == []
    )


@pytest.mark.parametrize("name", ["--config=x.py", "a b.py", "n\nl.py", "\udcff.py", "é.py"])
def test_unusual_names(ask, name):
    with open(os.path.join(os.fspath(ask.folder), name), "w") as file:
        file.write(PICKLE)
    found = ask.brief("security", {"ok.py": "x = 1\n"})
    assert found == [("security/B403", name, 1), ("security/B301", name, 3)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", '[tool.bandit]\nexclude_dirs = ["old"]\nskips = ["B403"]\n'),
        (".bandit", "[bandit]\nexclude = old/\nskips = B403\noutput = out.txt\ntargets = /etc\n"),
        ("bandit.yaml", "exclude_dirs: ['old']\nskips: ['B403']\n"),
    ],
)
def test_the_repository_s_configuration_holds(ask, name, content):
    found = ask.brief("security", {name: content, "old/a.py": PICKLE, "a.py": PICKLE})
    assert found == [("security/B301", "a.py", 3)]
    assert not (ask.folder / "out.txt").exists()


def test_arguments(ask):
    files = {"cfg.yaml": "skips: [B301]\n", "a.py": PICKLE, "old/b.py": PICKLE}
    assert ask.brief("security", files, options={"args": ["-c", "cfg.yaml", "-x", "old/"]}) == [
        ("security/B403", "a.py", 1)
    ]
    assert len(ask("security", files, options={"args": ["-ll"]})) == 2
    with pytest.raises(GateError, match="unrecognized arguments"):
        ask("security", files, options={"args": ["--nonsense"]})


@pytest.mark.parametrize("content", ["[bandit\n", "[bandit]\nskips B1\n"])
def test_a_broken_configuration_is_an_error(ask, content):
    with pytest.raises(GateError):
        ask("security", {".bandit": content, "a.py": PICKLE})


def test_the_repository_s_own_bandit_is_never_imported(ask):
    names = ["bandit.py", "bandit/__init__.py", "stevedore.py", "sitecustomize.py"]
    trap = "raise SystemExit(0)\n"
    found = ask.brief("security", {**dict.fromkeys(names, trap), "a.py": "import pickle\n"})
    assert found == [("security/B403", "a.py", 1)]
