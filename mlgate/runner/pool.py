"""Worker interpreters that several tools of one environment share, and how a call reaches them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mlgate import process
from mlgate.core.errors import GateError
from mlgate.core.gate import Completed, Tool

if TYPE_CHECKING:
    import subprocess

_HOST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "host.py")


class Died(Exception):
    """The worker ended without an answer; the request is run again apart."""


class Worker:
    """One interpreter running `host.py`."""

    def __init__(self, python: str, env: Mapping[str, str], scratch: str, number: int) -> None:
        self.python = python
        self._files = {k: os.path.join(scratch, f"{number}.{k}") for k in ("in", "out", "err")}
        self._child: subprocess.Popen[bytes] = process.start(
            [python, "-I", _HOST], cwd=scratch, env=env, merge_errors=True
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
        line = json.dumps(request).encode("utf-8") + b"\n"
        answer = self._ask(line, tool, timeout)
        if answer["crashed"]:
            raise Died
        return Completed(
            int(answer["code"]),
            _taken(self._files["out"]),
            _taken(self._files["err"]),
            time.monotonic() - started,
        )

    def _ask(self, line: bytes, tool: Tool, timeout: float | None) -> dict[str, int]:
        pipe_in, pipe_out = self._child.stdin, self._child.stdout
        if pipe_in is None or pipe_out is None:
            raise Died
        try:
            pipe_in.write(line)
            pipe_in.flush()
        except OSError:
            self.end()
            raise Died from None
        if not select.select([pipe_out], [], [], timeout)[0]:
            self.end()
            raise GateError(
                f"{tool.name} did not end within {timeout or 0:.0f} s",
                "raise the gate's `timeout` in the policy, or exclude the file that takes so long",
            )
        reply = pipe_out.readline()
        if not reply.endswith(b"\n"):
            self.end()
            raise Died
        answer: dict[str, int] = json.loads(reply)
        return answer

    def end(self) -> None:
        """Kill the interpreter and whatever it started."""
        process.end_group(self._child)
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
        self._all: list[Worker] = []
        self._free = threading.Condition()

    def call(
        self, tool: Tool, args: Sequence[str], cwd: str, stdin: bytes, timeout: float | None
    ) -> Completed:
        """Run `tool` in a worker; in a process of its own where the worker dies of it."""
        python = tool.environment.python if tool.environment else ""
        worker = self._take(python)
        fit = False
        try:
            completed = worker.call(tool, args, cwd, stdin, timeout)
            fit = True
            return completed
        except Died:
            argv = [*tool.argv, *args]
            return process.run(argv, cwd=cwd, env=self._env, stdin=stdin, timeout=timeout)
        finally:
            self._give(python, worker, fit)

    def close(self) -> None:
        """End every worker."""
        with self._free:
            for worker in self._all:
                worker.end()
            self._all.clear()
            self._idle.clear()
            self._alive.clear()

    def _take(self, python: str) -> Worker:
        with self._free:
            while True:
                idle = self._idle.setdefault(python, [])
                if idle:
                    return idle.pop()
                if self._alive.get(python, 0) < self.limit:
                    self._alive[python] = self._alive.get(python, 0) + 1
                    break
                self._free.wait()
            worker = Worker(python, self._env, self._scratch, len(self._all))
            self._all.append(worker)
            return worker

    def _give(self, python: str, worker: Worker, fit: bool) -> None:
        if not fit:
            worker.end()
        with self._free:
            if fit:
                self._idle.setdefault(python, []).append(worker)
            else:
                self._alive[python] = max(0, self._alive.get(python, 0) - 1)
            self._free.notify()


def _taken(path: str) -> bytes:
    """The bytes of a file, which is then gone."""
    try:
        with open(path, "rb") as file:
            content = file.read()
        os.unlink(path)
    except OSError:
        return b""
    return content
