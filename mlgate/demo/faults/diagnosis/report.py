"""Writes the metrics as a sentence."""

from __future__ import annotations


def sentence(metrics: dict[str, float]) -> str:
    """What a reader wants to know."""
    return 'ROC AUC {roc_auc}, recall {recall} on {rows} rows'.format(
        roc_auc = metrics["roc_auc"],
        recall = metrics["recall"], rows = metrics["rows"])
