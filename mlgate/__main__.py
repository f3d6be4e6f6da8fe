"""`python -m mlgate`."""

from __future__ import annotations

import os
import sys

if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()]:
    del sys.path[0]  # the folder that is judged may hold a `json.py` of its own

from mlgate.cli import main

if __name__ == "__main__":
    main()
