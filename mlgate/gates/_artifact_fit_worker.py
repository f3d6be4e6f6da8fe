"""Runs a `predict` command once and times it: its loading, each answer, its memory at the peak."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from typing import Any

import msgspec

from mlgate import process
from mlgate.core.errors import GateError

_LONGEST = 16 << 20
_TOLD = 4096
_PATIENCE = 5.0
_GLANCE = 0.1


class Silent(Exception):
    """The command did not say what it must; the message says what it did."""


class TooLarge(Exception):
    """The command took more memory than its target has."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Talk:
    """Lines to and from a child, each awaited for a bounded time, with an eye on its memory."""

    def __init__(self, child: Any, memory: float | None) -> None:
        self.child = child
        self.told = b""
        self._memory = memory
        self._watched = 0.0
        self._kept = b""
        os.set_blocking(child.stdin.fileno(), False)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        while part := os.read(self.child.stderr.fileno(), 65536):
            self.told = (self.told + part)[-_TOLD:]

    def line(self, within: float, sent: bytes = b"") -> None:
        """Send a line if there is one, and wait for the next. Raises `Silent`, `TooLarge`."""
        until = time.monotonic() + within
        out, into = self.child.stdout.fileno(), self.child.stdin.fileno()
        while sent or b"\n" not in self._kept:
            left = until - time.monotonic()
            if left <= 0:
                raise Silent(f"said nothing within {within:g} s")
            self._watch()
            readable, writable, _ = select.select(
                [out], [into] if sent else [], [], min(left, _GLANCE)
            )
            if readable:
                self._read(out)
            if writable:
                sent = sent[self._write(into, sent) :]
        self._kept = self._kept.partition(b"\n")[2]

    def quiet(self, within: float = 0.0) -> None:
        """Raises `Silent` if more was said than was asked."""
        out = self.child.stdout.fileno()
        if self._kept or (select.select([out], [], [], within)[0] and os.read(out, 1)):
            raise Silent("wrote more than one line")

    def _read(self, out: int) -> None:
        part = os.read(out, 65536)
        if not part:
            self._listener.join(1.0)
            raise Silent("ended")
        self._kept += part
        if len(self._kept) > _LONGEST:
            raise Silent("wrote a line that does not end")

    def _write(self, into: int, line: bytes) -> int:
        try:
            return os.write(into, line[:65536])
        except BlockingIOError:
            return 0
        except OSError:
            self._listener.join(1.0)
            raise Silent("ended") from None

    def _watch(self) -> None:
        now = time.monotonic()
        if self._memory is None or now - self._watched < _GLANCE:
            return
        self._watched = now
        largest = max(map(_resident, _tree(self.child.pid)), default=0)
        if largest > self._memory:
            raise TooLarge(largest)


def _tree(pid: int) -> list[int]:
    """The process and its descendants, where `/proc` tells them; else none."""
    found = [pid]
    for one in found:
        with (
            contextlib.suppress(OSError, ValueError),
            open(f"/proc/{one}/task/{one}/children") as told,
        ):
            found.extend(map(int, told.read().split()))
    return found


def _resident(pid: int) -> int:
    """Bytes of memory that it holds; 0 where that cannot be told."""
    try:
        with open(f"/proc/{pid}/statm") as told:
            return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def measured(request: dict[str, Any]) -> dict[str, Any]:
    """Seconds to load, seconds of each answer, and bytes at the peak."""
    began = time.monotonic()
    child = process.start(request["argv"], cwd=request["cwd"], env={**os.environ, **request["env"]})
    talk = Talk(child, request["memory"])
    ended = False
    lines = [line.encode() + b"\n" for line in request["lines"]]
    phase, times = "while it loads the model", []
    try:
        talk.line(request["load_within"])
        loaded = time.monotonic() - began
        for number in range(request["calls"]):
            phase = f"at request {number + 1:,}"
            line = lines[number % len(lines)]
            talk.quiet()
            sent = time.monotonic()
            talk.line(request["within"], line)
            times.append(time.monotonic() - sent)
        talk.quiet(_GLANCE)
        ended = _ends(child)
    except TooLarge as error:
        return {"over": error.size, "phase": phase}
    except Silent as error:
        said = talk.told.decode("utf-8", "replace").strip()[-1000:]
        return {"silent": f"{error} {phase}", "said": said}
    finally:
        process.end_group(child)
    return {
        "load": loaded,
        "times": times,
        "peak": _peak() if ended or not request["wrapped"] else None,
    }


def _ends(child: Any) -> bool:
    """True if it ends by itself, so that what it started is accounted for too."""
    child.stdin.close()
    until = time.monotonic() + _PATIENCE
    while not process.has_ended(child):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _peak() -> int | None:
    """Of the child and what it waited for; the largest of them."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    """Answer one request."""
    request = msgspec.json.decode(sys.stdin.buffer.read())
    try:
        answer = measured(request)
    except GateError as error:
        answer = {"silent": error.message, "said": ""}
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b'\n{"end": true}\n')


if __name__ == "__main__":
    main()
