"""`python -m benchmarks [--quick] [--write] [--folder DIR]`: every budget, and if it is met."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import artifact, data_version, promotion, rows, simulate, tables
from benchmarks import corpus as corpora
from benchmarks.model import rates, speed
from benchmarks.place import Place, prepare
from benchmarks.rows import Row

README = Path(__file__).with_name("README.md")
_MARK = "<!-- written by `make bench BENCH=--write` -->"
_HEAD = ("what", "mlgate", "beside", "takes", "ratio", "budget", "")


def main() -> int:
    """Measure, print, and exit with 1 where a budget is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few files and rounds: to try it out")
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    parser.add_argument("--folder", type=Path, help="work here, and leave everything there")
    asked = parser.parse_args()
    began = time.monotonic()
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
        found = _measured(asked.folder.resolve(), asked.quick)
    else:
        with tempfile.TemporaryDirectory(prefix="mlgate-bench-") as scratch:
            found = _measured(Path(scratch), asked.quick)
    minutes = (time.monotonic() - began) / 60
    text = f"{table(found)}\n\n{_surroundings(minutes)}\n"
    print("\n" + text)
    if asked.write:
        head = README.read_text(encoding="utf-8").partition(_MARK)[0]
        README.write_text(f"{head}{_MARK}\n\n{text}", encoding="utf-8")
    return 0 if all(row.met for row in found) else 1


def _measured(folder: Path, quick: bool) -> list[Row]:
    _say("setting up an environment, byte-compiled")
    place = prepare(folder)
    found = []
    for row in _quick(place) if quick else _full(place):
        _say(f"{row.what}: {row.ours}, {row.beside} {row.theirs}, {row.ratio} ({row.budget})")
        found.append(row)
    return found


def _quick(place: Place) -> Iterator[Row]:
    _say("formatting scikit-learn's files")
    real = corpora.real(place, 40)
    yield from rows.start_up(place, real, 5)
    yield from rows.warm(real, 5, 0.085)
    yield from rows.only_new(real, 5)
    yield from rows.changed(real, 1, 3, 0.8)
    yield from rows.unconcerned(real, 3)
    yield from rows.cold(real, 1)


def _full(place: Place) -> Iterator[Row]:
    _say("formatting scikit-learn's files")
    real = corpora.real(place, 430)
    yield from rows.start_up(place, real, 21)
    yield from rows.warm(real, 21, 0.085)
    yield from rows.only_new(real, 21)
    yield from rows.changed(real, 1, 9, 0.8)
    yield from rows.changed(real, 10, 7, 0.85)
    yield from rows.unconcerned(real, 9)
    yield from rows.cold(real, 3)
    yield from rows.warm_beside_runners(real, 3)
    _say("making and judging 10,000 small files")
    yield from rows.warm(corpora.small(place, 10_000), 11, 0.11)
    _say("making 100,000 small files, 2,000 of them Python")
    yield from rows.warm(corpora.small(place, 2_000, 98_000), 7, 0.4)
    _say("making data versions: 3 files, 100,000 files, 5 GB")
    yield from data_version.rows(place.folder / "data-version", quick=False)
    _say("making a repository with 1,500 tags")
    yield from promotion.rows(place.folder / "promotion")
    _say("scanning models")
    yield from artifact.rows(place.folder / "artifact")
    _say("making tables of ten million rows, and judging them")
    yield from tables.rows(tables.Bench(place.folder / "tables", 10_000_000))
    _say("making predictions of up to ten million rows, and judging them")
    yield from speed.rows(place.folder / "model")
    _say("drawing predictions, for the error rates of verdicts")
    yield from rates.rows()
    _say("drawing pairs of tables")
    yield from simulate.rows()


def table(found: list[Row]) -> str:
    """The rows as Markdown."""
    lines = [_HEAD, tuple("---" for _ in _HEAD)]
    lines += [(*row[:-1], "met" if row.met else "**missed**") for row in found]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _surroundings(minutes: float) -> str:
    git = subprocess.run(["git", "--version"], capture_output=True, text=True).stdout.split()[2]
    return (
        f"{len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}, git {git}, "
        f"{platform.system()}; {time.strftime('%Y-%m-%d')}, {minutes:.0f} minutes."
    )


def _say(text: str) -> None:
    print(f"   {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
