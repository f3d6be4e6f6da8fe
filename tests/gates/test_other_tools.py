"""The drop-ins for the default tools, each driven for real."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

from mlgate import testing
from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.gate import Environment, Tool
from mlgate.core.words import Level
from mlgate.gates import format as format_gate
from mlgate.gates import types

UGLY = 'x = {  "a":1 }\n'
HERE = Environment(origin="here", prefix=sys.prefix, python=sys.executable)


def using(tool, **more):
    return {"options": {"tool": tool, **more}, "environment": lambda: HERE}


@pytest.mark.parametrize("tool", ["ruff", "autopep8", "isort"])
def test_formatters(ask, tool):
    files = {
        "a.py": "import sys\nimport os\n" + UGLY,
        "b.py": "x = 1\n",
        "c.py": "x = (\n",
        "d.py": b"\0\1",
        "e.py": "",
    }
    found = ask.brief("format", files, **using(tool))
    assert {row[:2] for row in found} == {
        (f"format/{tool}", "a.py"),
        ("format/syntax-error", "c.py"),
        ("format/syntax-error", "d.py"),
    }
    ctx = testing.context(format_gate, ask.folder, options={"tool": tool})
    (edit,) = format_gate.fix(ctx)
    assert edit.path == "a.py"
    assert edit.after != edit.before
    assert (ask.folder / "a.py").read_bytes() == edit.before
    assert sorted(p.name for p in ask.folder.iterdir()) == sorted(files)


@pytest.mark.parametrize(
    ("tool", "config"),
    [
        ("ruff", {"ruff.toml": "[format]\nexclude = ['a.py']\n"}),
        ("ruff", {"pyproject.toml": "[tool.ruff]\nextend-exclude = ['a.py']\n"}),
        ("isort", {".isort.cfg": "[settings]\nskip = a.py\n"}),
        ("isort", {"pyproject.toml": "[tool.isort]\nforce_sort_within_sections = true\n"
                                     "skip_glob = ['a*']\n"}),
        ("autopep8", {"setup.cfg": "[pep8]\nexclude = a.py\n"}),
        ("autopep8", {"pyproject.toml": "[tool.autopep8]\nexclude = 'a.py'\n"}),
    ],
)  # fmt: skip
def test_formatters_heed_the_repository_s_configuration(ask, tool, config):
    code = "import sys\nimport os\n" + UGLY
    found = ask.brief("format", {**config, "a.py": code, "b.py": code}, **using(tool))
    assert {row[1] for row in found} == {"b.py"}


@pytest.mark.parametrize(
    ("tool", "name", "content"),
    [
        ("ruff", "ruff.toml", "line-length = 20\n"),
        ("isort", ".isort.cfg", "[settings]\nforce_single_line = true\n"),
        ("autopep8", "setup.cfg", "[pep8]\nmax-line-length = 20\n"),
    ],
)
def test_formatters_heed_no_configuration_outside(ask, tmp_path, tool, name, content, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / name).write_text(content)
    code = "from os import path, sep\n\nx = [111111111111111, 1111111111111, 1111111111]\n"
    assert ask("format", {"a.py": code}, **using(tool)) == []


def test_isort_knows_what_is_first_party(ask):
    code = "import numpy\n\nimport mine\n"
    files = {"mine/__init__.py": "", "a.py": code, "n\nl.py": code}
    assert ask("format", files, **using("isort")) == []


def test_ruff_lints(ask):
    files = {"a.py": "import os\nprint(y)\n", "b.py": "x = (\n", "c.py": b"# \xe9\n", "e.py": ""}
    found = {(f.rule, f.location.path): f for f in ask("lint", files, **using("ruff"))}
    assert found["lint/F401", "a.py"].level is Level.WARNING
    assert found["lint/F821", "a.py"].location.line == 2
    assert {path for _, path in found} == {"a.py", "b.py", "c.py"}
    assert all(f.level is Level.ERROR for (_, path), f in found.items() if path != "a.py")


def test_ruff_heeds_nested_configuration_and_none_outside(ask, tmp_path):
    (tmp_path / "ruff.toml").write_text("lint.ignore = ['F401']\n")
    files = {"a.py": "import os\n", "sub/a.py": "import os\n"}
    files["sub/ruff.toml"] = "lint.ignore = ['F401']\nlint.select = ['F']\n"
    assert ("lint/F401", "a.py", 1) in ask.brief("lint", files, **using("ruff"))
    assert not [f for f in ask("lint", files, **using("ruff")) if f.location.path != "a.py"]


def test_ruff_s_security_rules(ask):
    code = "import pickle\nimport joblib\npickle.load(f)\njoblib.load(f)\nassert f\n"
    files = {"a.py": code, "tests/a.py": "assert 1\n", "c.py": "x = (\n"}
    found = {(f.rule, f.location.path): f.level for f in ask("security", files, **using("ruff"))}
    assert found == {
        ("security/S101", "a.py"): Level.NOTE,
        ("security/S301", "a.py"): Level.WARNING,
        ("security/ML101", "a.py"): Level.WARNING,
        ("security/not-judged", "c.py"): Level.ERROR,
    }


def test_pylint(ask):
    files = {"pkg/__init__.py": "", "pkg/a.py": "import os\nprint(y)\n", "b.py": "x = (\n"}
    found = {(f.rule, f.location.path): f for f in ask("lint", files, **using("pylint"))}
    assert found["lint/E0602", "pkg/a.py"].level is Level.ERROR
    assert found["lint/E0602", "pkg/a.py"].location.column == 7
    assert found["lint/W0611", "pkg/a.py"].message == "Unused import os (unused-import)"
    assert ("lint/E0001", "b.py") in found
    files[".pylintrc"] = "[MAIN]\ndisable=all\nenable=unused-import\noutput-format=text\n"
    found = ask.brief("lint", files, **using("pylint"))
    assert [row for row in found if row[1] == "pkg/a.py"] == [("lint/W0611", "pkg/a.py", 1)]


@pytest.mark.parametrize("tool", ["mypy", "ty", "pyright"])
def test_type_checkers(ask, tool):
    files = {
        "pkg/__init__.py": "",
        "pkg/a.py": "x: int = 'a'\n",
        "b.py": "from pkg.a import x\n\ny: str = x\n",
        "c.py": "z = 1\n",
    }
    found = ask("types", files, **using(tool))
    assert [(f.location.path, f.location.line, f.level) for f in found] == [
        ("b.py", 3, Level.ERROR),
        ("pkg/a.py", 1, Level.ERROR),
    ]
    assert found[0].location.column == 10
    assert sorted(p.name for p in ask.folder.iterdir()) == ["b.py", "c.py", "pkg"]


@pytest.mark.parametrize("tool", ["mypy", "ty"])
def test_a_syntax_error_is_a_finding_of_the_type_checker(ask, tool):
    found = ask("types", {"a.py": "x = (\n", "b.py": ""}, **using(tool))
    assert {f.location.path for f in found} == {"a.py"}


@pytest.mark.parametrize(
    ("config", "paths"),
    [
        ({"mypy.ini": "[mypy]\nfiles = b.py\n"}, {"b.py"}),
        ({"pyproject.toml": "[tool.mypy]\nexclude = ['^old/']\n"}, {"a.py", "b.py"}),
        ({"setup.cfg": "[mypy]\ndisable_error_code = assignment\n"}, set()),
    ],
)
def test_mypy_s_configuration(ask, config, paths):
    wrong = "x: int = 'a'\n"
    files = {**config, "a.py": wrong, "b.py": wrong, "old/c.py": wrong}
    assert {f.location.path for f in ask("types", files, **using("mypy"))} == paths


def test_findings_in_files_that_the_gate_is_not_asked_about(ask):
    wrong = "x: int = 'a'\n"
    config = "[mypy]\nfiles = a.py, b.py\n"
    assert (
        len(ask("types", {"mypy.ini": config, "a.py": wrong, "b.py": wrong}, **using("mypy"))) == 2
    )
    ctx = testing.context(types, ask.folder, files=("b.py",), environment=lambda: HERE)
    assert [f.location.path for f in types.check(ctx, ("b.py",))] == ["b.py"]
    (ask.folder / "a.py").write_text("x = (\n")
    with pytest.raises(GateError, match=r"mypy stops at a\.py"):
        list(types.check(ctx, ("b.py",)))


ENDING = "import sys\n\ndef plugin(version):\n    sys.exit(0)\n"


def test_a_plug_in_that_ends_mypy_passes_nothing(ask):
    files = {
        "mypy.ini": "[mypy]\nplugins = ./ending.py\n", "ending.py": ENDING, "a.py": "x: int = 'a'\n"
    }  # fmt: skip
    with pytest.raises(GateError, match="ended before it had judged"):
        ask("types", files, **using("mypy"))


def test_a_plug_in_that_ends_flake8_passes_nothing(ask):
    config = "[flake8]\n[flake8:local-plugins]\nextension =\n  END = ending:Plugin\npaths = .\n"
    files = {".flake8": config, "ending.py": "import sys\n\nsys.exit(0)\n", "a.py": "import os\n"}
    with pytest.raises(GateError, match="ended before it had judged"):
        ask("lint", files, **using("flake8"))


GATES = {
    "flake8": "lint", "bandit": "security", "ruff": "lint", "pylint": "lint", "mypy": "types",
    "pyright": "types", "ty": "types", "isort": "format", "autopep8": "format",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(GATES))
@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.exit(77)",
        "import sys; sys.exit(1)",
        "raise RuntimeError('broken')",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ],
    ids=["exit 77", "exit 1", "traceback", "killed"],
)
def test_a_tool_that_breaks_never_passes(ask, name, program):
    fake = Tool(name=name, version="1", argv=(sys.executable, "-c", program))
    with pytest.raises(GateError, match=f"{name} 1"):
        ask(GATES[name], {"a.py": "x = 1\n"}, **using(name), tool=lambda _: fake)


@pytest.mark.parametrize("name", sorted({*GATES} - {"isort", "autopep8"}))
@pytest.mark.parametrize("output", ["rubbish", "[{]", '{"results": []}', "\x1ea\x1fb"])
def test_a_tool_that_prints_rubbish_never_passes(ask, name, output):
    program = (sys.executable, "-c", f"print({output!r})")
    fake = Tool(name=name, version="1", argv=program)
    with pytest.raises(GateError, match=f"{name} 1"):
        ask(GATES[name], {"a.py": "x = 1\n"}, **using(name), tool=lambda _: fake)


@pytest.mark.parametrize("name", ["ruff", "ty", "pyright"])
def test_programs_on_path_tell_their_version(tmp_path: Path, name):
    module = parts.load("tools", name)
    program = tmp_path / name
    environ = {"PATH": f"{tmp_path}"}

    def say(text):
        program.write_text(f"#!{sys.executable}\n{text}\n")
        program.chmod(0o755)
        return module.find([], environ)

    found = say(f"print('{name} 9.10.11 (abc 2020-01-01)')")
    assert (found.version, found.argv, found.entry) == ("9.10.11", (str(program),), None)
    for broken in ("raise SystemExit(3)", "print('?')", f"print('{name} 0.0.0')"):
        with pytest.raises(GateError):
            say(broken)
    os.unlink(program)
    with pytest.raises(GateError, match="not installed"):
        module.find([], environ)


def test_every_tool_that_judges_code_is_whole():
    for name in [*GATES, "black"]:
        module = parts.load("tools", name)
        assert isinstance(module.each, bool), name
        assert isinstance(module.configs, tuple), name
        tool = module.find([HERE], dict(os.environ))
        assert isinstance(tool, Tool)
        assert msgspec.structs.asdict(tool)["identity"]
