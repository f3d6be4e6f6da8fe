"""`python -m benchmarks.model.speed [--folder DIR]`: what a model gate costs.

Each case is a whole `mlgate check` as a process of its own, with ROC AUC, F1 and log loss on the
whole table and on 50 slices; CPU of the process tree, and the memory of its largest process. Beside
it the metrics alone by scikit-learn and Fairlearn, a bootstrap of their differences, and statgate,
which judges one mean score without slices.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from benchmarks.measure import Spent, spent
from benchmarks.model.made import made
from benchmarks.place import environment
from benchmarks.rows import Row, faster, paced

POLICY = """
[gates.model]
task = "binary"
predictions = "new.parquet"
baseline = "file:{old}.parquet"
id = "id"
score = "score"
slices = ["segment"]
require = [
    {{ metric = "roc_auc", max_drop = 0.05 }},
    {{ metric = "f1", max_drop = 0.05 }},
    {{ metric = "log_loss", max_drop = 0.05 }},
]
"""
_MANY = 10_000_000
_BY_HAND = "scikit-learn + Fairlearn, no intervals"
_PARTS = 20
_SCALED = f"{_BY_HAND}, {_PARTS} x their time for one of {_PARTS} parts"
"""They need minutes for all of the rows, and more than in proportion."""


class Bench:
    """A repository with the predictions in it, and a store beside it."""

    def __init__(self, top: Path, rows: int) -> None:
        self.folder = top / "project"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._store = top / "store"
        self._log = top / "log"
        subprocess.run(["git", "init", "-q", self.folder], check=True)
        (self.folder / ".gitignore").write_text("*.parquet\n")
        # In a process of its own: those that are measured would begin with the memory of this one.
        maker = get_context("spawn").Process(target=made, args=(str(self.folder), rows))
        maker.start()
        maker.join()
        if maker.exitcode:
            raise SystemExit("the predictions could not be made")

    def check(self, old: str, rounds: int) -> tuple[float, Spent]:
        """What importing click takes meanwhile, and a cold `mlgate check`.

        The medians of their times, and the most memory.
        """
        (self.folder / "mlgate.toml").write_text(POLICY.format(old=old))
        clicks, found = [], []
        for _ in range(rounds):
            clicks += [self._run(["-c", "import click"]).cpu for _ in range(3)]
            shutil.rmtree(self._store, ignore_errors=True)
            found.append(self._run(["-m", "mlgate", "check"]))
        cpu, wall, memory = zip(*found, strict=True)
        ours = Spent(statistics.median(cpu), statistics.median(wall), max(memory))
        return statistics.median(clicks), ours

    def beside(self, what: str, old: str) -> Spent:
        """The same by hand."""
        return self._run([str(Path(__file__).with_name("beside.py")), what, old])

    def statgate(self, program: Path, old: str) -> Spent:
        """The share of right answers by statgate, from JSON lines as it reads them."""
        self.beside("lines", old)
        argv = [str(program), "compare", "old.jsonl", "new.jsonl", "--margin", "0.05"]
        return spent(argv, self.folder, os.environ, self._log)

    def said(self) -> str:
        """What the last process said."""
        return self._log.read_text()

    def _run(self, args: list[str]) -> Spent:
        environ = {**os.environ, "MLGATE_CACHE_DIR": str(self._store)}
        return spent([sys.executable, *args], self.folder, environ, self._log)


def rows(top: Path, most: int = _MANY) -> Iterator[Row]:
    """Each budget carried over to this machine; `most` rows stand for the ten million."""
    statgate = environment(top / "statgate", "statgate") / "statgate"
    for count, budget in ((2_000, 0.35), (50_000, 0.6)):
        bench = Bench(top / str(count), count)
        click, ours = bench.check("shuffled", 7)
        byhand = bench.beside("slices", "shuffled")
        yield _row(f"model gate, {count:,} rows", ours, byhand, budget, click)
        theirs = bench.statgate(statgate, "shuffled")
        name = f"statgate, one mean without slices, {theirs.memory:.0f} MB"
        row = faster("the same", ours.cpu, name, theirs.cpu, 1)
        yield row._replace(budget="none: it does less", met=True)
    bench.beside("bootstrap", "shuffled")
    draws, seconds = bench.said().split()[-2:]
    name = f"1,000 bootstrap draws, scaled up from {draws}"
    yield faster("the same", ours.cpu, name, float(seconds), 50)
    part = Bench(top / f"part of {most}", most // _PARTS).beside("slices", "shuffled")
    byhand = Spent(part.cpu * _PARTS, part.wall * _PARTS, part.memory)
    bench = Bench(top / str(most), most)
    click, ours = bench.check("shuffled", 3)
    yield _row(f"model gate, {most:,} rows, ids shuffled", ours, byhand, 3.5, click, 650, _SCALED)
    yield paced("the same: wall", ours.wall, _SCALED, byhand.wall, 3.0, click)
    click, ours = bench.check("old", 3)
    yield _row("the same, ids in the same order", ours, byhand, 1.8, click, 650, _SCALED)


def _row(
    what: str, ours: Spent, byhand: Spent, seconds: float, click: float,
    memory: float | None = None, name: str = _BY_HAND,
) -> Row:  # fmt: skip
    beside = f"{name}, {byhand.memory:.0f} MB"
    found = paced(what, ours.cpu, beside, byhand.cpu, seconds, click)
    fits = memory is None or ours.memory <= memory
    wanted = found.budget + (f", {memory:.0f} MB" if memory else "")
    told = f"{found.ours}, {ours.memory:.0f} MB"
    return found._replace(ours=told, budget=wanted, met=found.met and fits)


def main() -> int:
    """Measure and print; exit with 1 where a budget is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model.speed", description=__doc__)
    parser.add_argument("--rows", type=int, default=_MANY, help="of the largest table")
    parser.add_argument("--folder", type=Path, help="work here, and leave everything there")
    asked = parser.parse_args()
    met = True
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mlgate-model-") as scratch:
        for row in rows((asked.folder or Path(scratch)).resolve(), asked.rows):
            print(f"{row.what:<46} {row.ours:>16}   {row.beside}: {row.theirs}, {row.ratio}"
                  f"   {row.budget}{'' if row.met else '   MISSED'}", flush=True)  # fmt: skip
            met = met and row.met
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
