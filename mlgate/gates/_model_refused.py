"""What the worker of the `model` gate raises where the tables cannot be judged."""

from __future__ import annotations


class Refused(Exception):
    """The tables cannot be judged; the message says what and where, the hint what mends it."""

    other_rows = False
    names_only = False

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class OtherRows(Refused):
    """The two tables are about different rows."""

    other_rows = True


class NoColumn(Refused):
    """A table lacks a column, which says nothing of what it holds."""

    names_only = True
