"""The one order in which findings are listed, whatever the format."""

from __future__ import annotations

from mlgate.core.finding import Finding, Location

_NOWHERE = Location(path="")


def place(finding: Finding) -> tuple[str, int, int, int, str, str]:
    """A sort key: by file, then by place in it, then by rule."""
    at = finding.location or _NOWHERE
    spot = (at.cell or 0, at.line or 0, at.column or 0)
    return (at.path, *spot, finding.rule, finding.message)
