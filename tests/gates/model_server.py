"""A small real model server over HTTP, with the ways in which services fail."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ModelServer(ThreadingHTTPServer):
    """Predicts twice the `x` of every instance."""

    daemon_threads = True

    def __init__(self, mode: str = "", every: int = 1) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode = mode
        self.every = every
        """Only each such request fails."""
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.most_at_once = 0
        self.idle: float | None = None
        """Seconds after which a kept connection is closed."""
        self.at_once = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are no news."""


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def handle_one_request(self) -> None:
        self.connection.settimeout(self.server.idle)
        super().handle_one_request()

    def do_GET(self) -> None:
        self._noted(None)
        if self.path == "/health":
            self._send(503 if self.server.mode == "ill" else 200, b"ok")
        elif self.path == "/version":
            self._json({"model": {"version": "1.4.0"}})
        elif self.path == "/version.txt":
            self._send(200, b"1.4.0\n")
        else:
            self._send(404, b"nothing here")

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number = self._noted(asked)
        with self.server.lock:
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        try:
            failing = number % self.server.every == 0
            getattr(self, f"_{self.server.mode}" if self.server.mode and failing else "_right")(
                [2 * row["x"] for row in asked["instances"]]
            )
        finally:
            with self.server.lock:
                self.server.at_once -= 1

    def _noted(self, body: Any) -> int:
        with self.server.lock:
            self.server.seen.append((self.command, self.path, dict(self.headers), body))
            return len(self.server.seen)

    def _right(self, found: list[float]) -> None:
        self._json({"predictions": found, "model": "churn"})

    def _wrong(self, found: list[float]) -> None:
        self._right([value + 1 for value in found])

    def _slow(self, found: list[float]) -> None:
        time.sleep(0.05)
        self._right(found)

    def _failing(self, _: list[float]) -> None:
        self._send(500, b"out of memory for " + self.headers.get("Authorization", "").encode())

    def _html(self, _: list[float]) -> None:
        self._send(200, b"<html>sign in</html>")

    def _nan(self, _: list[float]) -> None:
        self._send(200, b'{"predictions": [NaN]}')

    def _truncated(self, _: list[float]) -> None:
        self._head(200, 1000)
        self.wfile.write(b'{"predictions": [')
        self.close_connection = True

    def _closed(self, _: list[float]) -> None:
        self.close_connection = True

    def _garbage(self, _: list[float]) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        self.close_connection = True

    def _hanging(self, _: list[float]) -> None:
        time.sleep(3)

    def _dripping(self, _: list[float]) -> None:
        self._head(200, 1000, keep=False)
        for _number in range(30):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def _huge(self, _: list[float]) -> None:
        self._head(200, 64 << 20)
        for _number in range(64):
            self.wfile.write(b" " * (1 << 20))

    def _elsewhere(self, _: list[float]) -> None:
        self._redirect("http://127.0.0.2:1/predict")

    def _next_door(self, _: list[float]) -> None:
        self._redirect("/predict/")

    def _redirect(self, to: str) -> None:
        self.send_response(307)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, found: Any) -> None:
        self._send(200, json.dumps(found).encode())

    def _send(self, status: int, body: bytes) -> None:
        self._head(status, len(body))
        self.wfile.write(body)

    def _head(self, status: int, length: int, keep: bool = True) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        if not keep:
            self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(mode: str = "", every: int = 1) -> Iterator[ModelServer]:
    """A server on a free port, in a thread of its own."""
    server = ModelServer(mode, every)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
