"""The scan of model files beside `pickletools.genops`: processor seconds and memory, each apart.

python -m benchmarks.artifact
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

GENOPS = "import pickletools, sys\nfor _ in pickletools.genops(open(sys.argv[1], 'rb')): pass"
OURS = """
import sys
from mlgate.gates._artifact_worker import answers
asked = {"files": [{"file": sys.argv[1], "name": "model.pkl"}], "allow": [], "limits": {},
         "memory": 1024, "seconds": 600}
import gc; gc.disable()
for answer in answers(asked):
    assert not answer["problems"], answer
"""


WRITE = """
import pickle, sys
import numpy as np
flood = {f"key{i:07}": [i, i + 1] for i in range(1_500_000)}
value = flood if "flood" in sys.argv[1] else {"a": np.zeros(62_500_000)}
pickle.dump(value, open(sys.argv[1], "wb"))
"""


def measured(script: str, path: Path) -> tuple[float, int]:
    """Processor seconds and peak megabytes of a process that runs `script`."""
    argv = [sys.executable, "-c", script, str(path)]
    child = os.posix_spawn(sys.executable, argv, os.environ)
    _, status, usage = os.wait4(child, 0)
    assert status == 0, status
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss >> 10


def main() -> None:
    """Print a line for each file and each reader."""
    with tempfile.TemporaryDirectory() as folder:
        flood, array = Path(folder, "flood.pkl"), Path(folder, "array.pkl")
        for path in (flood, array):
            measured(WRITE, path)  # apart: a child's peak begins with its parent's
        for path, what in ((flood, "12 million opcodes"), (array, "one array of 500 MB")):
            told = {name: measured(script, path) for name, script in
                    (("genops", GENOPS), ("mlgate", OURS))}  # fmt: skip
            ratio = told["mlgate"][0] / told["genops"][0]
            for name, (seconds, megabytes) in told.items():
                print(f"{what:22} {name:7} {seconds:6.2f} s CPU {megabytes:6,} MB")
            print(f"{what:22} ratio   {ratio:6.2f}")


if __name__ == "__main__":
    main()
