"""The worker of the `artifact` gate: scans files one by one under limits of its own."""

from __future__ import annotations

import gc
import io
import os
import signal
import stat
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from mlgate.artifacts.content import scan_open
from mlgate.artifacts.outcome import Limits
from mlgate.core.answering import serve
from mlgate.gates import _artifact_mlmodel

Bytes = io.BytesIO | io.BufferedReader
_CHUNK = 256 << 10
_KEPT = 8 << 20
"""Files up to here are read once, and cannot change between digest and scan. To digest a larger one
takes longer than clocks of file systems tick, so that a change shows."""


class OutOfTime(BaseException):
    """The file took longer than it may; nothing in the scan may catch it."""


def answers(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What each file comes to, in order."""
    _limit_memory(request["memory"])
    limits = Limits(**request["limits"])
    allow = frozenset(request["allow"])
    for asked in request["files"]:
        yield _answer(asked["file"], asked["name"], limits, allow, request["seconds"])


def _limit_memory(megabytes: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    size = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _answer(
    file: str, name: str, limits: Limits, allow: frozenset[str], seconds: float
) -> dict[str, Any]:
    try:
        with open(file, "rb", opener=_opened_at_once) as opened:
            before = _state(opened)
            content: Bytes = opened if before[0] > _KEPT else io.BytesIO(opened.read(_KEPT + 1))
            digest = _sha256(content)
            found = _scanned(content, name, limits, allow, seconds)
            if _state(opened) != before:
                found["problems"].append(_limit("malformed", "it was changed while it was read"))
    except OSError as error:
        return {"unreadable": error.strerror or str(error)}
    return {"sha256": digest, "size": before[0], **found}


def _opened_at_once(file: str, flags: int) -> int:
    """Opens a pipe, too, without waiting for somebody who writes to it."""
    return os.open(file, flags | getattr(os, "O_NONBLOCK", 0))


def _scanned(
    file: Bytes, name: str, limits: Limits, allow: frozenset[str], seconds: float
) -> dict[str, Any]:
    """The scan, ended where it takes more time or memory than it may."""
    try:
        with _Alarm(seconds):
            scan = scan_open(file, name, limits, allow)
            if _artifact_mlmodel.describes(name):
                file.seek(0)
                for found in _artifact_mlmodel.problems(file.read()):
                    scan.state(found)
    except OutOfTime:
        problem = _limit("limit", f"reading it took longer than {seconds:g} s")
        return {"formats": [], "opcodes": 0, "problems": [problem]}
    except (MemoryError, RecursionError):
        problem = _limit("limit", "reading it takes more memory than it may")
        return {"formats": [], "opcodes": 0, "problems": [problem]}
    return {
        "formats": list(scan.formats),
        "opcodes": scan.opcodes,
        "sklearn": list(scan.sklearn),
        "problems": [msgspec.to_builtins(problem) for problem in scan.problems.values()],
    }


class _Alarm:
    """Raises `OutOfTime` after some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, self._seconds)

    def __exit__(self, *_: object) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    @staticmethod
    def _ring(*_: object) -> None:
        raise OutOfTime


def _limit(rule: str, message: str) -> dict[str, Any]:
    return {"rule": rule, "message": message, "where": "", "name": None}


def _state(file: Bytes) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "it is no regular file")
    return (found.st_size, found.st_ino, found.st_dev, found.st_mtime_ns, found.st_ctime_ns)


def _sha256(file: Bytes) -> str:
    import hashlib

    total, buffer = hashlib.sha256(), bytearray(_CHUNK)
    view = memoryview(buffer)
    while size := file.readinto(buffer):
        total.update(view[:size])
    return total.hexdigest()


if __name__ == "__main__":
    gc.disable()  # millions of small values, none of them in a cycle
    serve(answers)
