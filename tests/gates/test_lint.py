from __future__ import annotations

import os

import pytest

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.words import Level

UNUSED = "import os\n"


def test_flake8_s_codes_places_and_levels(ask):
    found = ask("lint", {"a.py": "import os\n\nx = {  1}\nprint(y)\n", "b.py": "x = 1\n"})
    assert [(f.rule, f.level, f.location.line, f.location.column) for f in found] == [
        ("lint/F401", Level.WARNING, 1, 1),
        ("lint/E201", Level.WARNING, 3, 6),
        ("lint/F821", Level.ERROR, 4, 7),
    ]
    assert found[0].message == "'os' imported but unused"


@pytest.mark.parametrize(
    "content",
    [b"x = (\n", b"\0\1\2", b"\xff\xfe\0x", b"def f():\nx = 1\n"],
)
def test_what_cannot_be_parsed_is_a_finding(ask, content):
    found = ask("lint", {"a.py": UNUSED, "b.py": content, "c.py": UNUSED})
    assert {f.location.path for f in found} == {"a.py", "b.py", "c.py"}
    assert max(f.level.rank for f in found if f.location.path == "b.py") == Level.ERROR.rank


@pytest.mark.parametrize("name", ["--config=x.py", "a b.py", "n\nl.py", "\udcff.py", "é.py"])
def test_unusual_names(ask, name):
    with open(os.path.join(os.fspath(ask.folder), name), "w") as file:
        file.write(UNUSED)
    assert ask.brief("lint", {"ok.py": "x = 1\n"}) == [("lint/F401", name, 1)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".flake8", "[flake8]\nextend-ignore = F401\n"),
        ("setup.cfg", "[metadata]\nname = x\n[flake8]\nextend-ignore = F401\n"),
        ("tox.ini", "[flake8]\nextend-ignore = F401\n"),
        (".flake8", "[flake8]\nexclude = a.py\n"),
        (".flake8", "[flake8]\nper-file-ignores =\n    a.py: F401\n"),
    ],
)
def test_the_repository_s_configuration_holds(ask, name, content):
    found = ask("lint", {name: content, "a.py": UNUSED, "b.py": "x =  1\n"})
    assert [f.rule for f in found] == ["lint/E222"]


def test_configuration_outside_the_repository_does_not_hold(ask, tmp_path):
    (tmp_path / ".flake8").write_text("[flake8]\nextend-ignore = F401\n")
    (tmp_path / "setup.cfg").write_text("[flake8]\nextend-ignore = F401\n")
    environ = {**os.environ, "HOME": str(tmp_path)}
    assert len(ask("lint", {"a.py": UNUSED}, environ=environ)) == 1
    assert len(ask("lint", {"setup.cfg": "[metadata]\nname = x\n"}, environ=environ)) == 1


@pytest.mark.parametrize(
    "setting",
    [
        "count = true",
        "statistics = true",
        "show-source = true",
        "tee = true",
        "format = pylint",
        "output-file = out.txt",
        "jobs = 4",
        "color = always",
        "benchmark = true",
    ],
)
def test_settings_for_the_eye_change_nothing(ask, setting):
    found = ask("lint", {".flake8": f"[flake8]\n{setting}\n", "a.py": UNUSED, "b.py": UNUSED})
    assert [(f.rule, f.message) for f in found] == [("lint/F401", "'os' imported but unused")] * 2
    assert not (ask.folder / "out.txt").exists()
    assert ask("lint", {"a.py": "", "b.py": ""}) == []


@pytest.mark.parametrize("level", [1, 2])
def test_a_configuration_that_hides_findings_is_an_error(ask, level):
    with pytest.raises(GateError, match="flake8"):
        ask("lint", {".flake8": f"[flake8]\nquiet = {level}\n", "a.py": UNUSED})


def test_a_broken_configuration_is_an_error(ask):
    with pytest.raises(GateError, match=r"flake8 .* exit code 1"):
        ask("lint", {".flake8": "[flake8]\nextend-ignore = !!\n", "a.py": UNUSED})


@pytest.mark.parametrize("key", ["exclude", "extend-exclude"])
@pytest.mark.parametrize(
    "pattern", ["old", "old/", "./old", "pkg/old", "x,pkg/old/", "ol*", "*/old/*"]
)
def test_what_is_excluded_for_folders_is_excluded_for_files(ask, key, pattern):
    files = {"pkg/old/deep/a.py": UNUSED, "pkg/older.py": UNUSED, "b.py": UNUSED}
    if "pkg" not in pattern and pattern in ("old/", "./old"):
        files["old/a.py"] = files.pop("pkg/old/deep/a.py")
    kept = {"b.py"} if pattern == "ol*" else {"b.py", "pkg/older.py"}
    for name, setting in ((".flake8", f"[flake8]\n{key} = {pattern}\n"), ("args", "")):
        options = {} if setting else {"args": [f"--{key}={pattern}"]}
        found = ask("lint", {**files, ".flake8": setting}, options=options)
        assert {f.location.path for f in found} == kept, name


def test_noqa(ask):
    assert ask("lint", {"a.py": "import os  # noqa: F401\n"}) == []


def test_arguments(ask):
    options = {"args": ["--extend-ignore=F401"]}
    assert ask("lint", {"a.py": UNUSED}, options=options) == []
    with pytest.raises(GateError, match="unrecognized arguments"):
        ask("lint", {"a.py": UNUSED}, options={"args": ["--nonsense"]})


def test_exit_zero_hides_nothing(ask):
    assert len(ask("lint", {"a.py": UNUSED}, options={"args": ["--exit-zero"]})) == 1


def test_a_missing_plug_in_comes_with_the_install_line(ask):
    with pytest.raises(ToolMissing, match="flake8 lacks flake8-no-such") as raised:
        ask("lint", {"a.py": UNUSED}, options={"plugins": ["flake8", "flake8-no-such"]})
    assert raised.value.hint == "pip install flake8-no-such"


def test_the_repository_s_own_flake8_is_never_imported(ask):
    names = ["flake8.py", "pyflakes/__init__.py", "pycodestyle.py", "sitecustomize.py"]
    found = ask.brief("lint", {**dict.fromkeys(names, "raise SystemExit(0)\n"), "a.py": UNUSED})
    assert found == [("lint/F401", "a.py", 1)]


def test_a_project_below_the_root_uses_the_nearest_configuration(ask):
    files = {
        ".flake8": "[flake8]\nextend-ignore = F401\n",
        "models/churn/.flake8": "[flake8]\nexclude = old/\n",
        "models/churn/a.py": UNUSED,
        "models/churn/old/a.py": UNUSED,
    }
    found = ask.brief("lint", files, project="models/churn")
    assert found == [("lint/F401", "models/churn/a.py", 1)]
    assert ask("lint", files) == []


def test_a_linter_that_does_not_lint(ask):
    with pytest.raises(GateError, match="black does not judge lint") as raised:
        ask("lint", {"a.py": UNUSED}, options={"tool": "black"})
    assert "flake8" in raised.value.hint


def test_one_call_holds_no_more_than_a_command_line(ask):
    files = {f"d/{'n' * 100}{i}.py": "" for i in range(1500)}
    assert ask("lint", {**files, "z.py": UNUSED})[-1].location.path == "z.py"


def test_a_missing_tool_is_asked_for_in_the_version_that_is_wanted(ask, monkeypatch):
    def nowhere(environments, environ):
        raise ToolMissing("ruff is not installed", "pip install ruff")

    monkeypatch.setattr("mlgate.tools.ruff.find", nowhere)
    for version, hint in (("0.7.2", "pip install ruff==0.7.2"), (None, "pip install ruff")):
        with pytest.raises(ToolMissing) as raised:
            ask("lint", {"a.py": UNUSED}, options={"tool": "ruff", "version": version})
        assert raised.value.hint == hint
