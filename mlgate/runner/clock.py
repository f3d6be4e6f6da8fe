"""A gate's time limit, which runs only while one of its batches is at work."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlgate.core.errors import GateError


class Clock:
    """Stands still while all that is left of a gate waits for other gates."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.began: float | None = None
        """When the first piece of work did."""
        self._lock = threading.Lock()
        self._at_work = 0
        self._since = 0.0
        self._spent = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """A piece of work."""
        self._begin()
        try:
            yield
        finally:
            self._end()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A part of a piece of work in which it waits for an interpreter that others use."""
        if not self._at_work:  # a gate that is asked for its inputs
            yield
            return
        self._end()
        try:
            yield
        finally:
            self._begin()

    def _begin(self) -> None:
        with self._lock:
            now = time.monotonic()
            self.began = self.began or now
            self._since = self._since if self._at_work else now
            self._at_work += 1

    def _end(self) -> None:
        with self._lock:
            self._at_work -= 1
            if not self._at_work:
                self._spent += time.monotonic() - self._since

    def left(self, wanted: float | None) -> float:
        """Seconds that a call may take. Raises `GateError` where none are left."""
        with self._lock:
            running = time.monotonic() - self._since if self._at_work else 0.0
            left = self.limit - self._spent - running
        if left <= 0:
            raise GateError(
                f"the time limit of {self.limit:.0f} s was reached",
                "raise the gate's `timeout` in the policy, or give it less to do",
            )
        return left if wanted is None else min(left, wanted)
