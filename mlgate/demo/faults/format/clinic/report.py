"""Writes the metrics as a sentence."""

from __future__ import annotations


def sentence(metrics: dict[str, float]) -> str:
    """What a reader wants to know."""
    rows = 'on {rows} rows'.format(**metrics)
    return 'accuracy {accuracy} '.format(
        **metrics) + rows
