"""Judges the model by the test rows and writes `metrics.json`."""

from __future__ import annotations

import json

from sklearn.metrics import recall_score, roc_auc_score

from diagnosis import data, model, params
from diagnosis.train import PATH


def metrics(learned: model.Model, split: data.Split, threshold: float) -> dict:
    """How well the model tells the test rows apart."""
    scores = learned.scores(split.test)
    return {
        "rows": len(split.test),
        "roc_auc": round(float(roc_auc_score(split.test_labels, scores)), 4),
        "recall": round(float(recall_score(split.test_labels, scores >= threshold)), 4),
    }


def main() -> None:
    """Evaluate what `diagnosis.train` wrote."""
    chosen = params.load()
    split = data.load(chosen["seed"], chosen["test_share"])
    found = metrics(model.load(PATH), split, chosen["threshold"])
    text = json.dumps(found, indent=2) + "\n"
    (params.ROOT / "metrics.json").write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
