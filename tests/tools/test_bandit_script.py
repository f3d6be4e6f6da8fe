"""Our start of bandit answers as bandit's own, and leaves the real `rich` to who comes next."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlgate.tools import bandit

if TYPE_CHECKING:
    from pathlib import Path

AFTER = """
import runpy, sys
sys.argv = ["bandit", "-q", "-f", "json", "a.py"]
try:
    runpy.run_path({script!r})["main"]()
except SystemExit:
    pass
import rich.progress
print(rich.progress.Progress.__module__, file=sys.__stderr__)
"""


def answer(folder: Path, *argv: str) -> tuple[int, object]:
    done = subprocess.run([sys.executable, "-I", *argv], cwd=folder, capture_output=True, text=True)
    said = json.loads(done.stdout[done.stdout.index("{") :])
    said.pop("generated_at")
    return done.returncode, said


@pytest.mark.parametrize("verbosity", ["-q", "-v"])
def test_as_bandit_itself_above_its_threshold_of_progress(tmp_path: Path, verbosity: str) -> None:
    for number in range(60):
        (tmp_path / f"m{number}.py").write_text("import pickle\npickle.loads(b'')\n")
    args = (verbosity, "-f", "json", "-r", ".")
    ours, its = answer(tmp_path, bandit._SCRIPT, *args), answer(tmp_path, "-m", "bandit", *args)
    assert ours == its
    assert ours[0] == 1


def test_the_real_library_is_there_afterwards(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    code = AFTER.format(script=bandit._SCRIPT)
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr.strip().endswith("rich.progress"), done.stderr


def test_what_else_is_asked_of_it_is_the_real_one_s() -> None:
    code = (
        f"import runpy, sys; space = runpy.run_path({bandit._SCRIPT!r})\n"
        "sys.modules['rich.progress'] = space['_Undrawn']('rich.progress')\n"
        "from rich.progress import Progress\n"
        "print(Progress.__module__)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.stdout == "rich.progress\n", done.stderr
