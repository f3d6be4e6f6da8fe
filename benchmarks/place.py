"""The place of a benchmark: a byte-compiled environment of its own, with mlgate as users get it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_TOOLS = ("pre-commit", "prek", "scikit-learn")


class Place(NamedTuple):
    """Where everything of a run lies."""

    folder: Path
    binaries: Path

    def program(self, name: str) -> str:
        """The path of a program of the environment."""
        return str(self.binaries / name)

    def environ(self, store: str = "store") -> dict[str, str]:
        """The variables of every measured process; `store` names mlgate's and black's caches."""
        caches = self.folder / "caches" / store
        return {
            "PATH": os.pathsep.join([str(self.binaries), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "VIRTUAL_ENV": str(self.binaries.parent),
            "MLGATE_CACHE_DIR": str(caches / "mlgate"),
            "BLACK_CACHE_DIR": str(caches / "black"),
            "PRE_COMMIT_HOME": str(self.folder / "pre-commit"),
            "PREK_HOME": str(self.folder / "prek"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "NO_COLOR": "1",
        }

    def sklearn(self) -> Path:
        """The folder of the installed scikit-learn."""
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        done = subprocess.run(
            [self.program("python"), "-c", code], capture_output=True, text=True, check=True
        )
        return Path(done.stdout.strip()) / "sklearn"


def prepare(folder: Path) -> Place:
    """Make the environment, with versions as constraints.txt has them."""
    environment = folder / "venv"
    binaries = environment / ("Scripts" if os.name == "nt" else "bin")
    (folder / "home").mkdir(parents=True, exist_ok=True)
    _run(sys.executable, "-m", "venv", "--clear", str(environment))
    python = str(binaries / "python")
    wanted = [f"{ROOT}[code]", *_TOOLS, "--constraint", str(ROOT / "constraints.txt")]
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    if uv.exists():
        _run(str(uv), "pip", "install", "--quiet", "--python", python, "--reinstall-package",
             "mlgate", *wanted)  # fmt: skip
    else:
        _run(python, "-m", "pip", "install", "--quiet", *wanted)
    _run(python, "-m", "compileall", "-q", "-j", "0", str(environment / "lib"))
    return Place(folder, binaries)


def environment(folder: Path, *packages: str) -> Path:
    """The programs of an environment that has `packages`, made where there is none."""
    binaries = folder / ("Scripts" if os.name == "nt" else "bin")
    if not binaries.exists():
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(binaries / "python"), "-m", "pip", "install", "--quiet", *packages)
    return binaries


def _run(*argv: str) -> None:
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(argv, env=kept, capture_output=True, text=True)
    # compileall counts files that are no Python at all (templates, tests of syntax errors).
    if done.returncode and "compileall" not in argv:
        raise SystemExit(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
