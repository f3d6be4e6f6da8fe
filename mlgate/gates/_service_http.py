"""Asks a service over HTTP, in the worker: one connection, bounded in time and in bytes."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import time
from typing import NamedTuple, cast
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from mlgate.core.text import plain

LARGEST = 16 << 20
"""Bytes of an answer beyond which it is no answer of a model."""
_PART = 1 << 16
_JSON = "application/json"
_CLOSED = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class Astray(Exception):
    """What was asked is not the service that the policy means, or none is there."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unreachable(Astray):
    """Nobody is there."""


class Unanswered(Exception):
    """The service is there and did not answer properly; the message says how."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    took: float
    """Seconds from the first byte sent to the last one received."""


class Target(Struct, frozen=True):
    """A service and how it is asked."""

    url: str
    headers: dict[str, str]
    within: float
    """Seconds that one answer may take."""
    secrets: tuple[str, ...] = ()

    def quoted(self, text: str, longest: int = 80) -> str:
        """Words of the service, fit to be shown: without what is secret, in one line, cut."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        line = plain(text).replace("\n", " ").strip()
        return line if len(line) <= longest else line[: longest - 1] + "…"


class Client:
    """A connection to the service, made anew where it was closed."""

    def __init__(self, target: Target) -> None:
        self.target = target
        parts = urlsplit(target.url)
        self._base = parts.path.rstrip("/")
        self._origin = _origin(target.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else (
            http.client.HTTPConnection)  # fmt: skip
        self._connection = kind(parts.hostname or "", parts.port, timeout=target.within)
        given = {name.lower() for name in target.headers}
        usual = {name: _JSON for name in ("Accept", "Content-Type") if name.lower() not in given}
        self._headers = {**usual, **target.headers}

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """The answer to one request. Raises `Unanswered`, `Astray`."""
        try:
            return self._exchange(method, path, body)
        except BaseException:
            self.close()
            raise

    def _exchange(self, method: str, path: str, body: bytes | None) -> Answer:
        sock = self._connect()
        began = time.monotonic()
        until = began + self.target.within
        try:
            _wait(sock, until)
            self._connection.request(method, self._base + path, body, self._headers)
            response = self._connection.getresponse()
            self._stays(path, response)
            content = self._read(response, sock, until)
        except TimeoutError:
            raise Unanswered(f"does not answer within {self.target.within:g} s") from None
        except http.client.IncompleteRead as error:
            raise Unanswered(f"breaks off after {len(error.partial):,} bytes") from None
        except _CLOSED as error:
            raise Unanswered(f"closes the connection ({type(error).__name__})") from None
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise Unanswered(f"does not speak HTTP ({type(error).__name__})") from None
        return Answer(response.status, content, time.monotonic() - began)

    def _connect(self) -> socket.socket:
        if self._connection.sock is not None:
            if not select.select([self._connection.sock], [], [], 0)[0]:
                return self._connection.sock
            self.close()  # the service closed it meanwhile, as it may
        try:
            self._connection.connect()
        except ssl.SSLError as error:
            raise _untrusted(self.target.url, error) from None
        except OSError as error:
            why = "nothing answers in time" if isinstance(error, TimeoutError) else (
                error.strerror or type(error).__name__)  # fmt: skip
            hint = "start it, or correct `url` in the policy"
            raise Unreachable(f"no service at {self.target.url}: {why.lower()}", hint) from None
        sock = cast("socket.socket", self._connection.sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _read(self, response: http.client.HTTPResponse, sock: socket.socket, until: float) -> bytes:
        parts, size = [], 0
        length = response.length
        while part := response.read1(_PART):
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise Astray(
                    f"{self.target.url} answers with more than {LARGEST >> 20} MB",
                    "name the endpoint that predicts, with a body that asks for few rows",
                )
            _wait(sock, until)
        response.close()  # all of it was read: the connection may be used again
        if length is not None and size < length:
            raise Unanswered(f"breaks off after {size:,} of {length:,} bytes")
        return b"".join(parts)

    def _stays(self, path: str, response: http.client.HTTPResponse) -> None:
        """Raise `Astray` for a redirect to another origin; none is ever followed."""
        to = response.headers.get("Location")
        if to is None or not 300 <= response.status < 400:
            return
        at = urljoin(self.target.url.rstrip("/") + path, to)
        if _origin(at) != self._origin:
            raise Astray(
                f"{self.target.url} redirects to {self.target.quoted(at)}, which was not named",
                "name the service's own address in `url`",
            )

    def close(self) -> None:
        """Let go of the connection."""
        with contextlib.suppress(OSError):
            self._connection.close()


def _wait(sock: socket.socket, until: float) -> None:
    """Let the next bytes of the connection take no longer than is left."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    if sock.fileno() >= 0:
        sock.settimeout(left)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def _untrusted(url: str, error: ssl.SSLError) -> Astray:
    """A certificate is doubted, or there is none: a plain server does not speak TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = "correct its certificate, or name the CA in SSL_CERT_FILE"
        return Astray(f"{url} is not to be trusted: {error.verify_message}", hint)
    why = (error.reason or type(error).__name__).replace("_", " ").lower()
    hint = "write http:// in `url` if it is served so, else mend its TLS"
    return Astray(f"{url} does not speak TLS as it must: {why}", hint)
