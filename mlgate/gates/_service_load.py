"""Sends the declared requests over and over, in the worker: few at once, at a bounded rate."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

from mlgate.gates._service_answers import Wanted, wrong
from mlgate.gates._service_http import Astray, Client, Target, Unanswered, Unreachable

_HOPELESS = 25
"""Failures in a row after which a service that is down is left alone."""

_KINDS = 100


class Run:
    """One load: what the threads share."""

    def __init__(self, target: Target, requests: list[Wanted], asked: dict[str, Any]) -> None:
        self.target = target
        self.requests = requests
        self.concurrency: int = asked["concurrency"]
        self.duration: float = asked["duration"]
        self.rate: float = asked["rate"]
        self.times: list[float] = []
        self.ends: list[float] = []
        """Of the right answers, in seconds since the start."""
        self.errors: Counter[str] = Counter()
        self.astray: list[Astray] = []
        self._lock = threading.Lock()
        self._number = 0
        self._in_a_row = 0
        self._stop = threading.Event()
        self._began = 0.0

    def go(self) -> dict[str, Any]:
        """Send, wait for what is under way, and say how it went. Raises `Astray`."""
        self._began = time.monotonic()
        threads = [threading.Thread(target=self._work) for _ in range(self.concurrency)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.astray:
            raise self.astray[0]
        return {
            "times": self.times,
            "ends": self.ends,
            "lasted": time.monotonic() - self._began,
            "failed": self.errors.total(),
            "errors": self.errors.most_common(3),
            "stopped": self._stop.is_set(),
        }

    def _work(self) -> None:
        client = Client(self.target)
        while (number := self._next()) is not None:
            self._one(client, self.requests[number % len(self.requests)])
        client.close()

    def _next(self) -> int | None:
        """The number of the next request, when its time has come; None at the end."""
        with self._lock:
            number = self._number
            self._number += 1
        due = self._began + number / self.rate
        if max(due, time.monotonic()) >= self._began + self.duration:
            return None
        return None if self._stop.wait(max(0.0, due - time.monotonic())) else number

    def _one(self, client: Client, wanted: Wanted) -> None:
        body = None if wanted.body is None else wanted.body.encode()
        began = time.monotonic()
        took, failure = 0.0, None
        try:
            answer = client.ask(wanted.method, wanted.path, body)
            took, failure = answer.took, wrong(wanted, answer, self.target)
        except Unanswered as error:
            failure = str(error)
        except Unreachable:
            failure = "takes no connection"
        except Astray as error:
            self.astray.append(error)
            self._stop.set()
            return
        self._note(took or time.monotonic() - began, failure)

    def _note(self, took: float, failure: str | None) -> None:
        """A failure counts as if it had taken all the time that there is, however quick it was."""
        with self._lock:
            if failure is None:
                self.times.append(took)
                self.ends.append(time.monotonic() - self._began)
                self._in_a_row = 0
                return
            self.times.append(max(took, self.target.within))
            known = failure in self.errors or len(self.errors) < _KINDS
            self.errors[failure if known else "fails otherwise"] += 1
            self._in_a_row += 1
            if self._in_a_row >= _HOPELESS:
                self._stop.set()
