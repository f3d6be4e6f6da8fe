"""Worker interpreters that several tools of one environment share, and how a call reaches them."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from mlgate import process
from mlgate.core.errors import GateError
from mlgate.core.gate import Completed, Tool

if TYPE_CHECKING:
    import subprocess

_HOST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "host.py")
_ANSWER = b"mlgate:"
_GLANCE = 1.0
"""Seconds between two looks at whether an interpreter that says nothing is still there."""


class Died(Exception):
    """The worker ended without an answer; the request is run again apart."""


class Worker:
    """One interpreter running `host.py`."""

    def __init__(self, python: str, env: Mapping[str, str], scratch: str, number: int) -> None:
        self._files = {k: os.path.join(scratch, f"{number}.{k}") for k in ("in", "out", "err")}
        self._said = b""
        # Isolated, an interpreter heeds no PYTHON* variable: bytecode and encoding are said here.
        self._child: subprocess.Popen[bytes] = process.start(
            [python, "-I", "-B", "-X", "utf8", _HOST], cwd=scratch, env=env, drop_errors=True
        )

    def call(
        self, tool: Tool, args: Sequence[str], cwd: str, stdin: bytes, timeout: float | None
    ) -> Completed:
        """Run one request. Raises `Died`, or `GateError` on time-out; it is then of no use."""
        started = time.monotonic()
        if stdin:
            with open(self._files["in"], "wb") as file:
                file.write(stdin)
        request = {
            "entry": tool.entry,
            "argv": [tool.argv[0], *args],
            "cwd": cwd,
            "out": self._files["out"],
            "err": self._files["err"],
            "in": self._files["in"] if stdin else None,
        }
        self._send(_encoded(request) + b"\n")
        answer = self._answer(tool, timeout)
        if answer["crashed"]:
            raise Died
        return Completed(
            answer["code"],
            _taken(self._files["out"]),
            _taken(self._files["err"]),
            time.monotonic() - started,
        )

    def _send(self, line: bytes) -> None:
        try:
            if self._child.stdin is not None:
                self._child.stdin.write(line)
                self._child.stdin.flush()
        except (OSError, ValueError):  # ValueError: closed, because the run is over
            raise Died from None

    def _answer(self, tool: Tool, timeout: float | None) -> dict[str, int]:
        """The first line that is an answer; others are what the interpreter said at its start."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            line, newline, rest = self._said.partition(b"\n")
            if not newline:
                self._said += self._more(tool, timeout, end)
                continue
            self._said = rest
            if line.startswith(_ANSWER):
                answer: dict[str, int] = msgspec.json.decode(line[len(_ANSWER) :])
                return answer

    def _more(self, tool: Tool, timeout: float | None, end: float | None) -> bytes:
        """Some more of what the interpreter says."""
        pipe = self._child.stdout
        while pipe is not None:
            left = _GLANCE if end is None else min(_GLANCE, end - time.monotonic())
            if left <= 0:
                raise GateError(
                    f"{tool.name} did not end within {timeout or 0:.0f} s",
                    "raise the gate's `timeout` in the policy, or exclude the file that takes so"
                    " long",
                )
            if select.select([pipe], [], [], left)[0]:
                said = os.read(pipe.fileno(), 65536)
                if said:
                    return said
                break
            if process.has_ended(self._child):  # gone, though what it left behind holds the pipe
                break
        raise Died

    def kill(self) -> None:
        """Kill the interpreter and whatever it started; who waits for its answer learns of it."""
        process.end_group(self._child)

    def end(self) -> None:
        """Kill it, and close its pipes: for whoever called it last."""
        self.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class Pool:
    """At most `limit` workers for each interpreter, started when first needed."""

    def __init__(self, limit: int, env: Mapping[str, str], scratch: str) -> None:
        self.limit = limit
        self._env = env
        self._scratch = scratch
        self._idle: dict[str, list[Worker]] = {}
        self._alive: dict[str, int] = {}
        self._all: set[Worker] = set()
        self._started = 0
        self._closed = False
        self._free = threading.Condition()

    def call(
        self,
        tool: Tool,
        args: Sequence[str],
        cwd: str,
        stdin: bytes,
        timeout: float | None,
        waiting: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> Completed:
        """Run `tool` in a worker; in a process of its own where the worker dies of it."""
        python = tool.environment.python if tool.environment else ""
        with waiting():
            worker = self._take(python)
        began = time.monotonic()
        fit = False
        try:
            completed = worker.call(tool, args, cwd, stdin, timeout)
            fit = True
            return completed
        except Died:
            self._refuse_when_closed()
            left = None if timeout is None else max(1.0, timeout - (time.monotonic() - began))
            argv = [*tool.argv, *args]
            return process.run(argv, cwd=cwd, env=self._env, stdin=stdin, timeout=left)
        finally:
            self._give(python, worker, fit)

    def close(self) -> None:
        """End every worker, and start no more."""
        with self._free:
            self._closed = True
            for worker in self._all:
                worker.kill()
            for worker in [worker for idle in self._idle.values() for worker in idle]:
                worker.end()
            self._idle.clear()
            self._free.notify_all()

    def _take(self, python: str) -> Worker:
        with self._free:
            while True:
                self._refuse_when_closed()
                idle = self._idle.setdefault(python, [])
                if idle:
                    return idle.pop()
                if self._alive.get(python, 0) < self.limit:
                    break
                self._free.wait()
            self._started += 1
            worker = Worker(python, self._env, self._scratch, self._started)
            self._alive[python] = self._alive.get(python, 0) + 1
            self._all.add(worker)
            return worker

    def _give(self, python: str, worker: Worker, fit: bool) -> None:
        with self._free:
            if fit and not self._closed:
                self._idle.setdefault(python, []).append(worker)
            else:
                worker.end()
                self._all.discard(worker)
                self._alive[python] -= 1
            self._free.notify_all()  # those who wait may wait for other interpreters

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise GateError("the run was ended before the gate was")


def _encoded(request: Mapping[str, object]) -> bytes:
    try:
        return msgspec.json.encode(request)
    except UnicodeEncodeError:  # a file's name that is not UTF-8
        import json

        return json.dumps(request).encode()


def _taken(path: str) -> bytes:
    """The bytes of a file, which is then gone. Raises `Died` where they cannot be read."""
    try:
        with open(path, "rb") as file:
            content = file.read()
        os.unlink(path)
    except OSError:
        raise Died from None
    return content
