"""`python beside.py WHAT OLD`, in the folder of the predictions: the same without mlgate, by hand.

`metrics`: ROC AUC, F1 and log loss of both models by scikit-learn, rows joined by pandas. `slices`:
the same for each of the 50 segments too. `bootstrap`: the difference of the three on resampled
rows, timed on 20 draws; the last line is the seconds of 1,000.
"""

from __future__ import annotations

import sys
import time
from typing import Any

_DRAWS = 20


def main() -> None:
    """Run one of them."""
    import numpy as np

    what, old = sys.argv[1:]
    rows = _joined(old)
    columns = [rows[name].to_numpy() for name in ("label", "score", "score_old")]
    began = time.process_time()
    if what == "bootstrap":
        rng = np.random.default_rng(0)
        for _ in range(_DRAWS):
            places = rng.integers(0, len(rows), len(rows))
            _both(*(column[places] for column in columns))
        print((time.process_time() - began) * 1000 / _DRAWS)
        return
    _both(*columns)
    if what == "slices":
        for _, part in rows.groupby("segment"):
            _both(*(part[name].to_numpy() for name in ("label", "score", "score_old")))


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
