"""The scan of model files: processor seconds and memory, beside what else reads such files.

python -m benchmarks.artifact [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import spent
from benchmarks.rows import Row, paced, relative

_ROUNDS = 5
_CLICK = "import click"
_GENOPS = """
import pickletools, sys
for _ in pickletools.genops(open(sys.argv[1], "rb")):
    pass
"""
_SHA256 = """
import hashlib, sys
hashlib.file_digest(open(sys.argv[1], "rb"), "sha256")
"""
_OURS = """
import gc, sys
from mlgate.gates._artifact_worker import answers
gc.disable()  # as the worker does
asked = {"files": [{"file": sys.argv[1], "name": "model.pkl"}], "allow": [], "limits": {},
         "memory": 1024, "seconds": 600}
for answer in answers(asked):
    assert not answer["problems"], answer
"""
_FLOOD = """
import pickle, sys
flood = {f"key{i:07}": [i, i + 1] for i in range(1_500_000)}
pickle.dump(flood, open(sys.argv[1], "wb"))
"""
_JUDGED = """
import gc, sys
from mlgate.gates._artifact_worker import answers
gc.disable()  # as the worker does
asked = {"files": [{"file": sys.argv[1], "name": "model"}], "allow": [], "limits": {},
         "memory": 1024, "seconds": 600}
for answer in answers(asked):
    assert [problem["rule"] for problem in answer["problems"]] == ["limit"], answer
"""
_LONGER = """
import sys
with open(sys.argv[1], "wb") as file:
    file.write(b"\\x80\\x02")
    for _ in range(105):
        file.write(b"N0" * 100_000)
    file.write(b"N.")
"""
_JSON = """
import sys
with open(sys.argv[1], "wb") as file:
    file.write(b'{"learner":{"a":[')
    for _ in range(1500):
        file.write(b"1," * 100_000)
    file.write(b'1]},"version":[3,0,0]}')
"""
_UBJ = """
import sys
with open(sys.argv[1], "wb") as file:
    file.write(b"{L" + bytes(7) + b"\\x01a[")
    for _ in range(200):
        file.write(b"U\\x01" * 100_000)
"""
_READ = """
import json, sys
json.load(open(sys.argv[1], "rb"))
"""
_ARRAY = """
import pickle, sys
import numpy as np
pickle.dump({"a": np.zeros(62_500_000)}, open(sys.argv[1], "wb"))
"""
_FOREST = """
import sys
import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rows = np.random.default_rng(0).random((500, 8))
model = make_pipeline(StandardScaler(), RandomForestClassifier(100, random_state=0))
joblib.dump(model.fit(rows, rows[:, 0] > 0.5), sys.argv[1])
"""
_CHECK = """
import os, runpy, sys
os.chdir(os.path.dirname(sys.argv[1]))
sys.argv = ["mlgate", "check", "--no-cache", "--gate", "artifact"]
runpy.run_module("mlgate", None, "__main__")
"""
_LOAD = """
import sys, joblib
joblib.load(sys.argv[1])
"""


def rows(folder: Path) -> Iterator[Row]:
    """The budgets of time, and those of memory."""
    folder.mkdir(parents=True, exist_ok=True)
    yield from _flood(folder / "flood.pkl")
    yield from _refused(folder)
    yield from _array(folder / "array.pkl")
    yield from _forest(folder / "repository")


def _flood(path: Path) -> Iterator[Row]:
    _python(_FLOOD, path)
    what = "scan of 12 million opcodes"
    (ours, peak), (theirs, other) = _python(_OURS, path), _python(_GENOPS, path)
    yield relative(what, ours, "pickletools.genops", theirs, 1.3)
    yield _memory(what, peak, "pickletools.genops", other, 300)


def _refused(folder: Path) -> Iterator[Row]:
    """What is too much for the default limits, and what saying so costs."""
    ((click, _),) = _medians(folder / "click", _CLICK)
    for what, make, beside, script, seconds in (
        ("21 million opcodes, refused", _LONGER, "pickletools.genops", _GENOPS, 8.0),
        ("JSON of 300 MB, refused", _JSON, "json.load", _READ, 1.0),
        ("UBJSON of 20 million values, refused", _UBJ, "SHA-256 alone", _SHA256, 4.0),
    ):
        path = folder / "refused"
        _python(make, path)
        (ours, peak), (theirs, other) = _python(_JUDGED, path), _python(script, path)
        yield paced(what, ours, beside, theirs, seconds, click)
        yield _memory(what, peak, beside, other, 300)


def _array(path: Path) -> Iterator[Row]:
    _python(_ARRAY, path)
    what = "digest and scan of an array of 500 MB"
    (ours, peak), (theirs, other), (click, _) = _medians(path, _OURS, _SHA256, _CLICK)
    yield paced(what, ours, "SHA-256 alone", theirs, 1.0, click)
    yield _memory(what, peak, "SHA-256 alone", other, 150)


def _forest(folder: Path) -> Iterator[Row]:
    """`mlgate check` of a clean model as users run it, without the cache."""
    folder.mkdir()
    model = folder / "model.joblib"
    _python(_FOREST, model)
    (folder / "mlgate.toml").write_text('[gates.artifact]\npath = "model.joblib"\n')
    for argv in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "A model")):
        who = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost")
        subprocess.run(("git", *who, *argv), cwd=folder, check=True)
    (ours, _), (theirs, _), (click, _) = _medians(model, _CHECK, _LOAD, _CLICK)
    yield paced("mlgate check of a clean forest", ours, "joblib.load", theirs, 0.25, click)


def _medians(path: Path, *scripts: str) -> Iterator[tuple[float, int]]:
    """Of each script, over rounds that take turns: the median second, the largest peak. The first
    round is for the bytecode."""
    rounds = [[_python(script, path) for script in scripts] for _ in range(_ROUNDS + 1)][1:]
    for told in zip(*rounds, strict=True):
        seconds, peaks = zip(*told, strict=True)
        yield statistics.median(seconds), max(peaks)


def _python(script: str, path: Path) -> tuple[float, int]:
    """Processor seconds and peak megabytes of an interpreter that runs `script`, and its own."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environ = kept | {
        "PYTHONPYCACHEPREFIX": str(path.parent / "bytecode"),
        "MLGATE_CACHE_DIR": str(path.parent / "cache"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    argv = [sys.executable, "-c", script, str(path)]
    took = spent(argv, path.parent, environ, path.parent / "last-output")
    return took.cpu, round(took.memory)


def _memory(what: str, ours: int, beside: str, theirs: int, most: int) -> Row:
    ratio = f"{ours / theirs:.2f}x"
    return Row(f"{what}: memory", f"{ours} MB", beside, f"{theirs} MB", ratio, f"<= {most} MB",
               ours <= most)  # fmt: skip


def main() -> int:
    """Measure, print, and exit with 1 where a budget is missed."""
    from benchmarks.__main__ import table

    parser = argparse.ArgumentParser(prog="python -m benchmarks.artifact")
    parser.add_argument("--folder", type=Path, help="work here, and leave everything there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlgate-bench-") as scratch:
        found = list(rows((asked.folder or Path(scratch)).resolve()))
    print(table(found))
    return 0 if all(row.met for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
