from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlgate.policy.extend import resolve

from .fakes import policy, problems


def options(found, name="lint"):
    return next(gate for gate in found.gates if gate.name == name).options


def test_tables_merge_arrays_replace_and_overrides_are_noted():
    found = policy(
        """
        extends = ["team.toml"]
        exclude = ["b/"]
        [gates.lint]
        tool = "ruff"
        same = 1
        deep = { b = 2 }
        """,
        team="""
        exclude = ["a/"]
        new_only = true
        [gates.lint]
        tool = "flake8"
        same = 1
        deep = { a = 1 }
        [gates.tests]
        """,
    )
    assert found.exclude == ("b/",) and found.new_only is True
    assert options(found) == {"tool": "ruff", "same": 1, "deep": {"a": 1, "b": 2}}
    assert [gate.name for gate in found.gates] == ["lint", "tests"]
    assert found.notes == (
        'mlgate.toml: exclude = ["b/"] overrides ["a/"] of team.toml',
        'mlgate.toml: gates.lint.tool = "ruff" overrides "flake8" of team.toml',
    )


def test_paths_are_relative_to_the_policy_that_names_them():
    found = policy(
        "extends = ['a/one.toml']",
        a__one="extends = ['../b/two.toml']\n[gates.lint]\none = 1",
        b__two="[gates.lint]\ntwo = 2",
    )
    assert options(found) == {"two": 2, "one": 1}


def test_what_two_policies_share_lies_below_both():
    found = policy(
        "extends = ['a.toml', 'b.toml']",
        a="extends = ['c.toml']\n[gates.lint]\nx = 'a'",
        b="extends = ['c.toml']\n[gates.lint]\ny = 'b'",
        c="[gates.lint]\nx = 'c'",
    )
    assert options(found) == {"x": "a", "y": "b"}


def test_all_that_is_wrong_is_said_at_once():
    found = problems(
        lambda: policy(
            "x = 1\nextends = ['no.toml', '../up.toml', '/etc/x.toml', 'nopackage',\n"
            " 'package:os/../../x.toml', 'ring.toml', 'bad.toml']",
            ring="extends = ['mlgate.toml']",
            bad="broken",
        )
    )
    assert found == [
        "mlgate.toml:2: `extends` names no.toml, which is not there",
        "mlgate.toml:2: `extends` leads out of the repository: ../up.toml",
        "mlgate.toml:2: `extends` leads out of the repository: /etc/x.toml",
        "mlgate.toml:2: `extends` names package:nopackage/mlgate.toml, which is not there",
        "mlgate.toml:3: `extends` leads out of the package: package:os/../../x.toml",
        "ring.toml:1: `extends` goes in a circle: mlgate.toml -> ring.toml -> mlgate.toml",
        found[6],
    ]
    assert found[6].startswith("bad.toml:")


def test_types_are_checked_in_the_file_that_is_wrong():
    assert problems(lambda: policy("extends = ['a.toml']", a="\nnew_only = 3")) == [
        "a.toml:2: `new_only`: expected true or false, got a whole number"
    ]
    assert "expected an array" in problems(lambda: policy("extends = 'a.toml'"))[0]


def test_depth_is_limited():
    chain = {f"p{n}": f"extends = ['p{n + 1}.toml']" for n in range(12)} | {"p12": ""}
    (problem,) = problems(lambda: policy("extends = ['p0.toml']", **chain))
    assert problem.startswith("p9.toml:1:") and "deeper than 10" in problem


def test_many_policies_that_share_much_are_read_once_each():
    wide = {f"p{n}": f"extends = {[f'p{n + 1}.toml'] * 50}" for n in range(8)} | {"p8": ""}
    assert len(policy("extends = ['p0.toml']", **wide).files) == 10


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site" / "acme_policies"
    (folder / "more").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('imported')")
    (folder / "mlgate.toml").write_text("extends = ['more/x.toml']\n[gates.lint]\nbare = 1")
    (folder / "more" / "x.toml").write_text("[gates.lint]\nmore = 1")
    monkeypatch.syspath_prepend(folder.parent)
    return folder


def test_an_installed_package_may_hold_policies(package):
    assert options(policy("extends = ['acme_policies']")) == {"more": 1, "bare": 1}
    assert options(policy("extends = ['package:acme_policies/more/x.toml']")) == {"more": 1}
    found = policy("extends = ['acme_policies']")
    assert [file.label for file in found.files] == [
        "package:acme_policies/more/x.toml",
        "package:acme_policies/mlgate.toml",
        "mlgate.toml",
    ]


def test_a_folder_of_the_repository_is_no_installed_package(package, monkeypatch):
    monkeypatch.chdir(package.parent)
    assert "not there" in problems(lambda: policy("extends = ['acme_policies']"))[0]


def test_a_package_cannot_lead_out_of_itself(package, tmp_path):
    (tmp_path / "secret.toml").write_text("new_only = true")
    os.symlink(tmp_path / "secret.toml", package / "link.toml")
    assert problems(lambda: policy("extends = ['package:acme_policies/link.toml']"))
    (package / "mlgate.toml").write_text("extends = ['../../secret.toml']")
    assert "out of the package" in problems(lambda: policy("extends = ['acme_policies']"))[0]


def test_resolves_names():
    assert resolve("acme", "x/mlgate.toml") == "package:acme/mlgate.toml"
    assert resolve("acme.toml", "x/mlgate.toml") == "x/acme.toml"
    assert resolve("./acme.toml", "package:p/q/r.toml") == "package:p/q/acme.toml"
