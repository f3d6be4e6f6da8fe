"""A session for commands that look at gates without judging."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlgate.runner.request import Request
from mlgate.runner.session import Session, open_session


@contextmanager
def opened(**asked: Any) -> Iterator[Session]:
    """The session of a run that asks for this (the fields of `Request`); closed at the end."""
    session = open_session(Request(start=os.getcwd(), **asked), os.environ)
    try:
        yield session
    finally:
        session.close()
