"""Asks the repositories that data was imported from, as `dvc list URL PATH --rev REV` does; run by
the interpreter that has the project's dvc.

Reads one JSON request ({"imports": [{"url", "path", "rev"}]}) on standard input, answers JSON
lines ending in {"end": true}. Clones go to temporary folders, which DVC removes.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

GONE = {"PathMissingError", "RevError", "FileNotFoundError", "OutputNotFoundError"}


def main() -> None:
    out, sys.stdout = sys.stdout, sys.stderr
    for one in json.loads(sys.stdin.readline())["imports"]:
        out.write(json.dumps(asked(**one)) + "\n")
    out.write('{"end": true}\n')
    out.flush()


def asked(url: str, path: str, rev: str) -> dict[str, Any]:
    """What came of one: nothing where it is there."""
    try:
        list_ = import_module("dvc.repo").Repo.ls
        list_(url, path, rev=rev)
    except ModuleNotFoundError as error:
        return {"error": "no-dvc", "message": str(error)}
    except Exception as error:
        names = {base.__name__ for e in (error, error.__cause__) for base in type(e).__mro__}
        said = " ".join((str(error) or type(error).__name__).split())[:400]
        return {"error": "gone" if names & GONE else "unreachable", "message": said}
    return {}


main()
