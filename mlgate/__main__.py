"""The program: `mlgate`, and `python -m mlgate`."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import NoReturn

_FEW = 100_000
"""Python looks for garbage after so many new objects; at 700, its default, it looks for it all the
time while modules are imported, and there is none."""


def program() -> NoReturn:
    """Run mlgate and end the process at once: Python would first take every module to pieces,
    which is a tenth of a short run."""
    gc.set_threshold(_FEW)
    from mlgate.cli import main

    try:
        main()
    except SystemExit as end:
        code = end.code
    if not isinstance(code, int):
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()]:
        del sys.path[0]  # the folder that is judged may hold a `json.py` of its own
    program()
