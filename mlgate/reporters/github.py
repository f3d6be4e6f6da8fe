"""Workflow commands that GitHub Actions turns into annotations beside the source lines."""

from __future__ import annotations

from mlgate.core.report import Report
from mlgate.core.words import Level
from mlgate.reporters._annotations import Annotation, annotated

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: Report) -> str:
    """A line for each annotation, ten of a level at most; empty where there is nothing to say."""
    return "".join(_command(one) + "\n" for one in annotated(report))


def _command(one: Annotation) -> str:
    properties: dict[str, object] = {}
    if one.at is not None:
        properties = {
            "file": one.at.path,
            "line": one.at.line,
            "endLine": one.at.end_line,
            "col": one.at.column,
        }
    properties["title"] = one.title
    told = ",".join(
        f"{key}={str(value).translate(_PROPERTY)}"
        for key, value in properties.items()
        if value is not None
    )
    return f"::{_COMMANDS[one.level]} {told}::{one.message.translate(_MESSAGE)}"
