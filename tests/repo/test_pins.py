"""Versions of tools as requirement files and `pyproject.toml` name them."""

from __future__ import annotations

import pytest

from mlgate.repo import snapshots
from mlgate.repo.pins import pins


@pytest.fixture
def pinned(project):
    def looked(files):
        for name, content in files.items():
            project.write(name, content)
        project.git("add", "-A")
        return {k: tuple(v) for k, v in pins(snapshots.index(project.found())).items()}

    return looked


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("black==24.1.0", "24.1.0"),
        ("Black[d] == 24.1.0  # why", "24.1.0"),
        ("black==24.1.0; python_version > '3.8'", "24.1.0"),
        ("black==24.1.0 --hash=sha256:00", "24.1.0"),
        ("black==24.*", None),
        ("black==24.1.0,!=24.1.1", None),
        ("black>=24", None),
        ("black~=24.1", None),
        ("black", None),
        ("black @ https://example.org/black.whl", None),
    ],
)
def test_line(pinned, line, version):
    assert pinned({"requirements-dev.txt": line + "\n"}) == {
        "black": ("requirements-dev.txt", version)
    }


@pytest.mark.parametrize(
    "line", ["# black==24.1.0", "-r black.txt", "blackbird==1", "-e black", ""]
)
def test_line_that_names_no_tool(pinned, line):
    assert pinned({"requirements-dev.txt": line + "\n"}) == {}


@pytest.mark.parametrize(
    "text",
    [
        '[project]\ndependencies = ["flake8==6.0.0"]\n',
        '[project.optional-dependencies]\ndev = ["flake8==6.0.0"]\n',
        '[dependency-groups]\ndev = [{include-group = "x"}, "flake8==6.0.0"]\n',
        '[tool.poetry.group.dev.dependencies]\nflake8 = "6.0.0"\n',
        '[tool.poetry.dev-dependencies]\nflake8 = "6.0.0"\n',
    ],
)
def test_pyproject(pinned, text):
    assert pinned({"pyproject.toml": text}) == {"flake8": ("pyproject.toml", "6.0.0")}


@pytest.mark.parametrize(
    "text",
    [
        '[tool.poetry.dev-dependencies]\nflake8 = "^6.0.0"\n',
        '[tool.poetry.dev-dependencies]\nflake8 = {version = "6.0.0"}\n',
    ],
)
def test_poetry_without_a_pin(pinned, text):
    assert pinned({"pyproject.toml": text}) == {"flake8": ("pyproject.toml", None)}


@pytest.mark.parametrize(
    "text", ["[", "project = 1", "[project]\ndependencies = [1]\n", "tool = []"]
)
def test_pyproject_that_says_nothing(pinned, text):
    assert pinned({"pyproject.toml": text}) == {}


def test_a_pin_weighs_more_than_a_name(pinned):
    files = {"requirements/a.txt": "mypy\n", "requirements/b.in": "mypy==1.8.0\n"}
    assert pinned(files) == {"mypy": ("requirements/b.in", "1.8.0")}
