"""`python beside.py WHAT OLD`, in the folder of the predictions: the same without mlgate, by hand.

`slices`: ROC AUC, F1 and log loss of both models by scikit-learn, and of each of the 50 segments by
Fairlearn's MetricFrame. `bootstrap`: the difference of the three on resampled rows, timed on a few
draws; the last line is their number, and the seconds of 1,000. `lines`: whether each answer is
right, as JSON lines.
"""

from __future__ import annotations

import sys
import time
from typing import Any

_DRAWS = 3


def main() -> None:
    """Run one of them."""
    import numpy as np

    what, old = sys.argv[1:]
    if what == "lines":
        _lines(old)
        return
    rows = _joined(old)
    columns = [rows[name].to_numpy() for name in ("label", "score", "score_old")]
    began = time.process_time()
    if what == "bootstrap":
        rng = np.random.default_rng(0)
        for _ in range(_DRAWS):
            places = rng.integers(0, len(rows), len(rows))
            _both(*(column[places] for column in columns))
        print(_DRAWS, (time.process_time() - began) * 1000 / _DRAWS)
        return
    _both(*columns)
    _by_segment(rows)


def _by_segment(rows: Any) -> None:
    from fairlearn.metrics import MetricFrame
    from sklearn.metrics import f1_score, log_loss, roc_auc_score

    of_scores = {"roc_auc": roc_auc_score, "log_loss": log_loss}
    for name in ("score", "score_old"):
        given = {"y_true": rows["label"], "sensitive_features": rows["segment"]}
        _ = MetricFrame(metrics=of_scores, y_pred=rows[name], **given).by_group
        decided = (rows[name] >= 0.5).astype(int)
        _ = MetricFrame(metrics=f1_score, y_pred=decided, **given).by_group


def _lines(old: str) -> None:
    import duckdb

    for name, table in (("new", "new"), ("old", old)):
        duckdb.sql(
            f"COPY (SELECT id, ((score >= 0.5) = (label = 1))::double AS score "
            f"FROM '{table}.parquet') TO '{name}.jsonl' (FORMAT json)"
        )


def _joined(old: str) -> Any:
    import duckdb

    query = (
        "SELECT n.label, n.segment, n.score, o.score AS score_old FROM 'new.parquet' n "
        f"JOIN '{old}.parquet' o USING (id)"
    )
    return duckdb.sql(query).df()


def _both(label: Any, new: Any, old: Any) -> list[float]:
    from sklearn.metrics import f1_score, log_loss, roc_auc_score

    return [
        value
        for score in (new, old)
        for value in (
            roc_auc_score(label, score), f1_score(label, score >= 0.5), log_loss(label, score)
        )
    ]  # fmt: skip


if __name__ == "__main__":
    main()
