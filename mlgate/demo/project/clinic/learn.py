"""Learns both models from the training rows, and lets them answer on the test rows."""

from __future__ import annotations

import json

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from clinic import params, tables


def rows_of(name: str, part: str, columns: int) -> tuple[np.ndarray, ...]:
    """Cases, features (the first `columns` of them) and labels of one table."""
    _, rows = tables.read(params.ROOT / "data" / f"{name}-{part}.csv")
    table = np.array(rows)
    return table[:, 0].astype(int), table[:, 1 : columns + 1], table[:, -1].astype(int)


def learned(name: str, regularisation: float, columns: int) -> Pipeline:
    """The model that fits the training rows best."""
    _, features, labels = rows_of(name, "train", columns)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=regularisation, max_iter=500))
    return model.fit(features, labels)


def main() -> None:
    """Write `models/`, `eval/` and `metrics.json`."""
    metrics = {}
    for name in ("tumours", "digits"):
        chosen = params.load()[name]
        model = learned(name, **chosen)
        cases, features, labels = rows_of(name, "test", chosen["columns"])
        sure = model.predict_proba(features)
        said = model.classes_[sure.argmax(axis=1)]
        path = params.ROOT / "models" / f"{name}.joblib"
        path.parent.mkdir(exist_ok=True)
        joblib.dump(model, path)
        tables.write(
            params.ROOT / "eval" / f"{name}.csv",
            ["case", "label", "said", "benign" if name == "tumours" else "sure"],
            zip(cases, labels, said, _score(name, sure).round(6), strict=True),
        )
        accuracy = round(float((said == labels).mean()), 4)
        metrics[name] = {"rows": len(labels), "accuracy": accuracy}
    text = json.dumps(metrics, indent=2) + "\n"
    (params.ROOT / "metrics.json").write_text(text, encoding="utf-8")


def _score(name: str, sure: np.ndarray) -> np.ndarray:
    """The chance of the positive class, where there are two; else that of the answer."""
    return sure[:, 1] if name == "tumours" else sure.max(axis=1)


if __name__ == "__main__":
    main()
