"""A wheel just built, and repositories on which templates are tried."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path

import executors
import pytest
from executors import ROOT, call, once
from projects import Project
from tried import FILES, requirement


def pytest_configure(config: pytest.Config) -> None:
    """Several executors share a file of tests, so one that is missing must be seen by itself."""
    executors.strict |= config.getoption("--forbid-skipped-files")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of this tree and all that it needs."""

    def fetch(folder: Path) -> None:
        call(sys.executable, "-m", "pip", "download", "-q", "-d", folder, *needed)

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["sign"]]
    folder = tmp_path_factory.mktemp("wheels")
    for path in once(f"wheels-{zlib.crc32(repr(needed).encode()):x}", fetch).glob("*.whl"):
        os.link(path, folder / path.name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return folder


_COPIES = """\
#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec "{python}" "$@"
mkdir -p -- "$(dirname -- "$3")" && cp -Rl -- "{made}" "$3"
"""


@pytest.fixture(scope="session")
def python(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the `python` of a runner. An environment is made once, with all that mlgate
    needs but not mlgate, and copied wherever one is wanted."""
    folder = tmp_path_factory.mktemp("python")
    real = Path(sys.base_prefix) / "bin" / "python3"
    call(real, "-m", "venv", folder / "made")
    pip = (folder / "made/bin/python", "-m", "pip", "install", "-q", "--no-index", "--no-compile")
    call(*pip, *(path for path in wheels.iterdir() if not path.name.startswith("mlgate-")))
    for name in ("python", "python3"):
        (folder / name).write_text(_COPIES.format(python=real, made=folder / "made"))
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def installed(wheels: Path, python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `mlgate`, installed from the wheel, for templates that find it on PATH."""
    folder = tmp_path_factory.mktemp("installed")
    venv = folder / "mlgate-ci" / "venv"
    call(python / "python3", "-m", "venv", venv)
    pip = (venv / "bin" / "python", "-m", "pip", "install", "-q", "--no-index")
    call(*pip, "--find-links", wheels, requirement())
    (folder / "bin").mkdir()
    (folder / "bin" / "mlgate").symlink_to(venv / "bin" / "mlgate")
    return folder / "bin"


@pytest.fixture
def offline(wheels: Path, installed: Path, python: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a runner: nothing of ours but `mlgate`, wheels from the folder alone."""
    return {
        "PATH": f"{installed}:{python}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_COMPILE": "1",
        "PIP_NO_CACHE_DIR": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "MLGATE_CACHE_DIR": str(tmp_path / "store"),
        "PWNED": str(tmp_path / "pwned"),
    }


@pytest.fixture
def change(tmp_path: Path) -> Project:
    """A clone with a feature branch that is fine; `origin` is where it is to go."""
    origin = Project(tmp_path / "origin")
    origin.write(mlgate_DOT_toml=FILES, a_DOT_py="x = 1\n").commit("one")
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
    subprocess.run(
        ["git", "clone", "-q", origin.folder, tmp_path / "project"], check=True, capture_output=True
    )
    project = Project(tmp_path / "project")
    project.git("checkout", "-q", "-b", "feature")
    project.write(b_DOT_py="y = 2\n").commit("two")
    return project
