"""Runs in a tool's own interpreter and calls the main functions of its tools, one after another.

Three start-ups dominate the checking of one file; one interpreter that runs all three tools' own
mains pays for one. Standard library only, and fit for older interpreters than mlgate's own.

Protocol: one JSON line a request on standard input, {"entry", "argv", "cwd", "out", "err", "in"};
one line back, `mlgate:` and JSON, {"code", "crashed"}. `entry` is `module:function` or the
absolute path of a script that defines `main()`.
"""

from __future__ import annotations

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
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    out = sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    err = sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    try:
        os.chdir(request["cwd"])
        code, crashed = exit_code(load(request["entry"])()), False
    except SystemExit as stop:
        code, crashed = exit_code(stop.code), False
    except BaseException:
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
        code, crashed = 1, True
    for stream in (sys.stdout, sys.stderr, out, err):
        try:
            stream.flush()
        except ValueError:  # closed by the tool, which flushed it
            pass
        except OSError:  # the disk is full: what was said is not whole
            crashed = True
    return code, crashed


def exit_code(ended_with: object) -> int:
    """What the system would report of a process that ends by `sys.exit(ended_with)`."""
    if ended_with is None:
        return 0
    if isinstance(ended_with, int):
        return ended_with & 0xFF
    print(ended_with, file=sys.stderr)
    return 1


class Surroundings:
    """What a tool may leave changed in its interpreter, as it was before."""

    def __init__(self) -> None:
        self.path = list(sys.path)
        self.environ = dict(os.environ)

    def restore(self) -> None:
        """Put it back for the next tool."""
        sys.path[:] = self.path
        if os.environ != self.environ:
            os.environ.clear()
            os.environ.update(self.environ)
        logging = sys.modules.get("logging")
        if logging is not None:  # a second handler would say everything twice
            logging.root.handlers.clear()
            logging.root.setLevel(logging.WARNING)


def swap(descriptor: int, path: str, flags: int) -> None:
    """Point `descriptor` at the file `path`."""
    opened = os.open(path, flags, 0o600)
    os.dup2(opened, descriptor)
    os.close(opened)


def serve() -> None:
    """Answer requests until standard input ends."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8", errors="surrogateescape")
    answers = os.dup(1)
    surroundings = Surroundings()
    gc.set_threshold(200000)
    for line in iter(requests.readline, ""):
        request = json.loads(line)
        swap(0, request["in"] or os.devnull, os.O_RDONLY)
        swap(1, request["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        swap(2, request["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        code, crashed = call(request)
        surroundings.restore()
        answer = json.dumps({"code": code, "crashed": crashed})
        os.write(answers, ("\nmlgate:" + answer + "\n").encode())
    os._exit(0)


if __name__ == "__main__":
    serve()
