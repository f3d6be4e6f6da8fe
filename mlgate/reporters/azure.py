"""Logging commands that Azure Pipelines turns into the issues of a run."""

from __future__ import annotations

from mlgate.core.report import Report
from mlgate.core.words import Level
from mlgate.reporters._annotations import Annotation, annotated

_QUOTED = {"%": "%AZP25", "\r": "%0D", "\n": "%0A"}
_MESSAGE = str.maketrans(_QUOTED)
_PROPERTY = str.maketrans({**_QUOTED, ";": "%3B", "]": "%5D"})
_TYPES = {Level.ERROR: "error", Level.WARNING: "warning"}


def render(report: Report) -> str:
    """A line for each issue; Azure knows errors and warnings, notes are left out."""
    return "".join(_command(one) + "\n" for one in annotated(report) if one.level in _TYPES)


def _command(one: Annotation) -> str:
    properties: dict[str, object] = {"type": _TYPES[one.level]}
    if one.at is not None:
        properties |= {
            "sourcepath": one.at.path,
            "linenumber": one.at.line,
            "columnnumber": one.at.column,
        }
    properties["code"] = one.title
    told = "".join(
        f"{key}={str(value).translate(_PROPERTY)};"
        for key, value in properties.items()
        if value is not None
    )
    return f"##vso[task.logissue {told}]{one.message.translate(_MESSAGE)}"
