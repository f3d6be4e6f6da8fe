"""Runs a `predict` command once and times it: its loading, each answer, its memory at the peak."""

from __future__ import annotations

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


class Silent(Exception):
    """The command did not say what it must; the message says what it did."""


class Talk:
    """Lines to and from a child, each awaited for a bounded time."""

    def __init__(self, child: Any) -> None:
        self.child = child
        self.told = b""
        self._kept = b""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        while part := os.read(self.child.stderr.fileno(), 65536):
            self.told = (self.told + part)[-_TOLD:]

    def line(self, within: float) -> bytes:
        """The next line. Raises `Silent`."""
        until = time.monotonic() + within
        out = self.child.stdout.fileno()
        while b"\n" not in self._kept:
            left = until - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise Silent(f"said nothing within {within:g} s")
            part = os.read(out, 65536)
            if not part:
                self._listener.join(1.0)
                raise Silent("ended")
            self._kept += part
            if len(self._kept) > _LONGEST:
                raise Silent("wrote a line that does not end")
        line, _, self._kept = self._kept.partition(b"\n")
        return line

    def send(self, line: bytes) -> None:
        """One line to the child. Raises `Silent`."""
        try:
            self.child.stdin.write(line + b"\n")
            self.child.stdin.flush()
        except OSError:
            self._listener.join(1.0)
            raise Silent("ended") from None


def measured(request: dict[str, Any]) -> dict[str, Any]:
    """Seconds to load, seconds of each answer, and bytes at the peak."""
    began = time.monotonic()
    child = process.start(request["argv"], cwd=request["cwd"], env={**os.environ, **request["env"]})
    talk = Talk(child)
    ended = False
    phase, times = "while it loads the model", []
    try:
        talk.line(request["load_within"])
        loaded = time.monotonic() - began
        for number in range(request["calls"]):
            phase = f"at request {number + 1:,}"
            sent = time.monotonic()
            talk.send(request["lines"][number % len(request["lines"])].encode())
            talk.line(request["within"])
            times.append(time.monotonic() - sent)
        ended = _ends(child)
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
