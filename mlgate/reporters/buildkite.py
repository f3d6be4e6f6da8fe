"""The report as the Markdown of a Buildkite annotation: `buildkite-agent annotate` reads it."""

from __future__ import annotations

from mlgate.core.report import Report
from mlgate.reporters import markdown

LIMIT = 1000 * 1024
"""Bytes; Buildkite takes 1 MiB."""
_MOST = 500


def render(report: Report) -> str:
    """As `markdown`, with room for more."""
    return markdown.render(report, LIMIT, _MOST)
