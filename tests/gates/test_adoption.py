from __future__ import annotations

import pytest

from mlgate import testing
from mlgate.core import parts
from mlgate.core.errors import ToolMissing
from mlgate.core.gate import Environment, Tool
from mlgate.gates import _adoption


def detect(folder, gate, files, installed=None, origin="project environment"):
    """What is adopted where every tool is there in the version `installed` (None: in none)."""
    for name, content in {"a.py": "x = 1\n", **files}.items():
        (folder / name).write_text(content)

    def tool(name):
        if installed is None:
            raise ToolMissing(f"{name} is not installed")
        place = Environment(origin=origin, prefix="/env", python="/env/bin/python")
        return Tool(name=name, version=installed, argv=(name,), environment=place)

    ctx = testing.context(parts.load("gates", gate), folder, tool=tool)
    return parts.load("gates", gate).detect(ctx)


HOOKS = """
repos:
- repo: https://github.com/psf/black
  rev: 24.1.0
  hooks:
  - id: black
    args: [--check, --line-length, "100", --preview, src]
    exclude: ^(legacy/|docs/conf\\.py$)
- repo: https://github.com/PyCQA/flake8
  rev: 7.0.0
  hooks:
  - id: flake8
    args: [--max-line-length=100, --statistics]
    additional_dependencies: [flake8-bugbear==24.1.17, "Flake8-pyproject"]
- repo: https://github.com/PyCQA/bandit
  rev: 1.7.7
  hooks:
  - id: bandit
    args: [-c, pyproject.toml, -r, -q]
    additional_dependencies: ["bandit[toml]"]
- repo: https://github.com/pre-commit/mirrors-mypy
  rev: v1.8.0
  hooks:
  - id: mypy
    args: [--strict]
    additional_dependencies: [types-requests]
"""


@pytest.mark.parametrize(
    ("gate", "options"),
    [
        (
            "format",
            {
                "version": "24.1.0",
                "args": ["--line-length", "100", "--preview"],
                "exclude": ["/legacy/", "/docs/conf.py", "*.ipynb"],
            },
        ),
        (
            "lint",
            {
                "version": "7.0.0",
                "args": ["--max-line-length=100"],
                "plugins": ["flake8-bugbear", "flake8-pyproject"],
                "exclude": ["*.ipynb"],
            },
        ),
        ("security", {"version": "1.7.7", "args": ["-c", "pyproject.toml"]}),
        ("types", {"version": "1.8.0", "args": ["--strict"]}),
    ],
)
def test_hooks_are_adopted(tmp_path, gate, options):
    found = detect(tmp_path, gate, {".pre-commit-config.yaml": HOOKS})
    assert found.options == options
    assert found.blocking and not found.pending
    same = detect(tmp_path, gate, {}, installed=options["version"])
    assert same.blocking and not same.pending
    other = detect(tmp_path, gate, {}, installed="99.1")
    assert not other.blocking and other.pending == ("version",)
    assert "99.1" in other.evidence
    tool = {"format": "black", "lint": "flake8", "security": "bandit", "types": "mypy"}[gate]
    assert found.covers == (tool,)
    assert found.evidence.startswith(f".pre-commit-config.yaml: {tool}")


def test_ruff_s_two_hooks(tmp_path):
    hooks = (
        "repos:\n- repo: https://github.com/astral-sh/ruff-pre-commit\n  rev: v0.6.0\n"
        "  hooks:\n  - id: ruff\n    args: [--fix]\n  - id: ruff-format\n"
    )
    lint = detect(tmp_path, "lint", {".pre-commit-config.yaml": hooks})
    assert lint.options == {"tool": "ruff", "version": "0.6.0", "exclude": ["*.ipynb"]}
    assert lint.covers == ("ruff",)
    layout = detect(tmp_path, "format", {})
    assert layout.options == lint.options
    assert layout.covers == ("ruff-format",)


def test_where_nothing_is_used_suggestions_do_not_block(tmp_path):
    found = {gate: detect(tmp_path, gate, {}) for gate in ("format", "lint", "security", "types")}
    assert found["types"] is None
    assert not any(found[gate].blocking for gate in ("format", "lint", "security"))
    assert found["lint"].options == {
        "args": ["--max-line-length=88", "--extend-ignore=E203,W503,E701"]
    }
    (tmp_path / "a.py").unlink()
    assert (
        parts.load("gates", "lint").detect(testing.context(parts.load("gates", "lint"), tmp_path))
        is None
    )


def test_configuration_alone_is_a_use(tmp_path):
    found = detect(tmp_path, "lint", {".flake8": "[flake8]\n"})
    assert (found.evidence, found.blocking) == (".flake8: flake8", True)
    assert detect(tmp_path, "lint", {}, installed="7.0").blocking
    # mlgate's own flake8 may find what the team's does not.
    ours = detect(tmp_path, "lint", {}, installed="7.0", origin="beside mlgate")
    assert not ours.blocking and not ours.pending


def test_a_requirement_says_which_version(tmp_path):
    files = {".flake8": "[flake8]\n", "requirements-dev.txt": "flake8[x] == 6.0.0 ; os_name\n"}
    same = detect(tmp_path, "lint", files, installed="6.0.0")
    assert (same.evidence, same.options["version"]) == (".flake8: flake8 6.0.0", "6.0.0")
    assert same.blocking
    other = detect(tmp_path, "lint", {}, installed="7.1.0")
    assert not other.blocking and other.pending == ("version",)
    assert "here it is 7.1.0" in other.evidence


def test_a_tool_that_is_only_required_is_suggested(tmp_path):
    found = detect(tmp_path, "lint", {"requirements-dev.txt": "pylint>=3\n"}, installed="3.1")
    assert (found.options, found.blocking) == ({"tool": "pylint"}, False)
    assert found.evidence.endswith("requirements-dev.txt names pylint, nothing runs it")


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        ("^docs/", ["/docs/"]),
        ("^docs/.*$", ["/docs/"]),
        ("docs/", ["docs/"]),
        (r"^setup\.py$", ["/setup.py"]),
        (r"^(a/|b/c\.py$)", ["/a/", "/b/c.py"]),
        (r"(?x)^(\n  a/  # old\n  |b/\n)$".replace("\\n", "\n"), ["/a/", "/b/"]),
        (r"\.ipynb$", ["*.ipynb"]),
        (r".*\.ipynb$", ["*.ipynb"]),
        ("^gen", ["/gen*"]),
        (r"a/.*/b", None),
        (r"(?!x)y", None),
        ("[ab]/", None),
    ],
)
def test_expressions_as_globs(regex, expected):
    assert _adoption.globs(regex) == expected
