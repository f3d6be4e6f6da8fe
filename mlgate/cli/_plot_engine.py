"""The engine that draws, as a child process: what ends it, or keeps it busy, costs one picture."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate import process
from mlgate.core.errors import GateError
from mlgate.reporters._plots import NotDrawn

if TYPE_CHECKING:
    import subprocess

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_plot_script.py")
_ANSWER = b"mlgate:"
_PATIENCE = 60.0
"""Seconds for one picture, and for the start of the engine before the first."""
_STARTS = 4
"""Children at most; an engine that keeps ending draws nothing more."""


@contextmanager
def drawing() -> Iterator[Engine | None]:
    """An engine for one page; None where none is installed."""
    from importlib.util import find_spec

    engine = Engine(os.environ) if find_spec("vl_convert") else None
    try:
        yield engine
    finally:
        if engine is not None:
            engine.close()


class Engine:
    """Draws one picture after another; a child is started for the first, and after each that was
    lost."""

    def __init__(self, environ: Mapping[str, str], patience: float = _PATIENCE) -> None:
        self._environ = environ
        self._patience = patience
        self._child: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def svg(self, spec: Mapping[str, Any]) -> str:
        """The picture. Raises `NotDrawn`."""
        answer = self._asked(self._running(), msgspec.json.encode(spec) + b"\n")
        if "svg" not in answer:
            raise NotDrawn(answer.get("error") or "the engine gave no reason")
        return answer["svg"]

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            process.end_group(self._child)
            self._child = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            if self._starts == _STARTS:
                raise NotDrawn("the engine has ended too often")
            self._starts += 1
            argv = [sys.executable, "-I", "-B", "-X", "utf8", _SCRIPT]
            env = process.bare_environment(self._environ)
            try:
                self._child = process.start(
                    argv, cwd=os.path.dirname(_SCRIPT), env=env, drop_errors=True
                )
            except GateError as error:
                raise NotDrawn(error.message) from None
        return self._child

    def _asked(self, child: subprocess.Popen[bytes], line: bytes) -> dict[str, str]:
        late = threading.Timer(self._patience, process.end_group, (child,))
        late.start()
        try:
            said = _exchanged(child, line)
        finally:
            late.cancel()
        if said is None:
            self.close()
            raise NotDrawn("the engine ended over it")
        answer: dict[str, str] = msgspec.json.decode(said.removeprefix(_ANSWER))
        return answer


def _exchanged(child: subprocess.Popen[bytes], line: bytes) -> bytes | None:
    """The child's answer; None where it has ended."""
    if child.stdin is None or child.stdout is None:
        return None
    try:
        child.stdin.write(line)
        child.stdin.flush()
        return next((said for said in child.stdout if said.startswith(_ANSWER)), None)
    except (OSError, ValueError):  # ValueError: closed, because the run is over
        return None
