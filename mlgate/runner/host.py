"""Runs in a tool's own interpreter and calls the main functions of its tools, one after another.

Three start-ups dominate the checking of one file; one interpreter that runs all three tools' own
mains pays for one. Standard library only, and fit for older interpreters than mlgate's own.

Protocol: one JSON line a request on standard input, {"entry", "argv", "cwd", "out", "err", "in"};
one JSON line back, {"code", "crashed"}. `entry` is `module:function` or the absolute path of a
script that defines `main()`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SCRIPTS: dict[str, dict[str, Any]] = {}


def load(entry: str) -> Callable[[], object]:
    """The function that `entry` names."""
    if os.path.isabs(entry):
        if entry not in _SCRIPTS:
            space = {"__name__": "mlgate_script", "__file__": entry}
            with open(entry, encoding="utf-8") as file:
                exec(compile(file.read(), entry, "exec"), space)  # noqa: S102
            _SCRIPTS[entry] = space
        return _SCRIPTS[entry]["main"]  # type: ignore[no-any-return]
    module, _, path = entry.partition(":")
    target: Any = importlib.import_module(module)
    for name in path.split("."):
        target = getattr(target, name)
    return target  # type: ignore[no-any-return]


def call(request: dict[str, Any]) -> tuple[int, bool]:
    """Run one request with its own arguments, folder and streams; returns (code, crashed)."""
    sys.argv = list(request["argv"])
    # The tool may close these objects or keep them: descriptors 0, 1 and 2 stay as they are.
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    try:
        os.chdir(request["cwd"])
        code = load(request["entry"])()
        return (code if isinstance(code, int) else 0), False
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
            return 1, False
        return (stop.code if isinstance(stop.code, int) else 0), False
    except BaseException:
        traceback.print_exc(file=sys.__stderr__ if sys.stderr.closed else sys.stderr)
        return 1, True
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(ValueError, OSError):
                stream.flush()


def swap(descriptor: int, path: str, flags: int) -> None:
    """Point `descriptor` at the file `path`."""
    opened = os.open(path, flags, 0o600)
    os.dup2(opened, descriptor)
    os.close(opened)


def serve() -> None:
    """Answer requests until standard input ends."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8", errors="surrogateescape")
    answers = os.dup(1)
    gc.set_threshold(200000)
    for line in iter(requests.readline, ""):
        request = json.loads(line)
        swap(0, request["in"] or os.devnull, os.O_RDONLY)
        swap(1, request["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        swap(2, request["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        code, crashed = call(request)
        os.write(answers, (json.dumps({"code": code, "crashed": crashed}) + "\n").encode())
    os._exit(0)


if __name__ == "__main__":
    serve()
