"""A promotion without gates beside 1,500 tags, and `gto register` where it is there.

python -m benchmarks.promotion
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TAGS = 1500
BUDGET = 0.4
ROUNDS = 5


def main() -> int:
    """Print the best of five, wall and CPU, against the budget."""
    with tempfile.TemporaryDirectory() as folder:
        work = _repository(Path(folder))
        mlgate = (sys.executable, "-m", "mlgate")
        found = []
        for number in range(ROUNDS):
            (work / "models/churn.bin").write_text(f"weights {number}")
            _git(work, "commit", "-qam", f"model {number}")
            first = () if number else ("--first",)
            argv = (*mlgate, "promote", "churn", "--to", "live", "--key", f"{folder}/ci", *first)
            found.append(_timed(argv, work))
        wall, cpu = min(found)
        print(f"mlgate promote, {TAGS:,} tags: {wall:.2f} s wall, {cpu:.2f} s CPU ({BUDGET} s)")
        gto = shutil.which("gto")
        if gto:
            (work / "models/churn.bin").write_text("weights for gto")
            _git(work, "commit", "-qam", "model for gto")
            other, _ = _timed((gto, "register", "fraud"), work)
            print(f"gto register: {other:.2f} s wall, {other / wall:.1f} times as long")
        return int(cpu > BUDGET)


def _repository(folder: Path) -> Path:
    work = folder / "work"
    work.mkdir()
    _git(work, "init", "-q", "-b", "main")
    mlgate = (sys.executable, "-m", "mlgate", "keys", "new", f"{folder}/ci", "--no-password")
    subprocess.run(mlgate, check=True, stdout=subprocess.DEVNULL)
    (work / "models").mkdir()
    (work / "models/churn.bin").write_text("weights")
    shutil.copy(folder / "ci.pub", work / "ci.pub")
    (work / "mlgate.toml").write_text(
        '[models.churn]\nregistry = "git"\npath = "models/churn.bin"\ngates = []\n'
        'signers = ["ci.pub"]\n'
    )
    _git(work, "add", "-A")
    _git(work, "commit", "-qm", "first")
    head = _git(work, "rev-parse", "HEAD").strip()
    tags = [(f"churn@v1.{n}.0", n) for n in range(TAGS // 2)]
    tags += [(f"churn#old{n % 9}#{n + 1}", n) for n in range(TAGS - TAGS // 2)]
    stream = "".join(
        f"tag {name}\nfrom {head}\ntagger t <t@example.org> {1_600_000_000 + n} +0000\ndata 1\nx\n"
        for name, n in tags
    )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=work, input=stream.encode(), check=True)
    return work


def _timed(argv: tuple[str, ...], work: Path) -> tuple[float, float]:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(work.parent / "bytecode")
    before, began = os.times(), time.monotonic()
    subprocess.run(argv, cwd=work, check=True, stdout=subprocess.DEVNULL, env=env)
    wall, after = time.monotonic() - began, os.times()
    return wall, sum(after[2:4]) - sum(before[2:4])


def _git(work: Path, *args: str) -> str:
    config = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    done = subprocess.run(
        ["git", *config, *args], cwd=work, check=True, capture_output=True, text=True
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
