"""The other end of `ctx.worker`: one request on standard input, its answers as lines of JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import msgspec


def serve(answers: Callable[[Any], Iterable[object]], kind: Any = Any) -> NoReturn:
    """Answer one request, and end the process at once: to take numpy or an engine to pieces costs
    time, and may write to standard error."""
    answer(answers, kind)
    sys.stderr.flush()
    os._exit(0)


def answer(answers: Callable[[Any], Iterable[object]], kind: Any = Any) -> None:
    """Answer one request, which is decoded as `kind`.

    What others print is no answer: it goes to standard error.
    """
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        request = msgspec.json.decode(sys.stdin.buffer.readline(), type=kind)
        encoder = msgspec.json.Encoder()
        for line in answers(request):
            out.write(encoder.encode(line) + b"\n")
        out.write(b'{"end": true}\n')
