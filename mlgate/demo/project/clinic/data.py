"""Splits scikit-learn's tables once and for all into rows to learn from and rows to judge by."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split

from clinic import params, tables

SOURCES = {"tumours": load_breast_cancer, "digits": load_digits}


def main() -> None:
    """Write `data/NAME-train.csv` and `data/NAME-test.csv`; the last column is the label."""
    chosen = params.load()
    for name, source in SOURCES.items():
        bunch = source()
        train, test = train_test_split(
            np.arange(len(bunch.target)),
            test_size=chosen["test_share"],
            random_state=chosen["seed"],
            stratify=bunch.target,
        )
        columns = [str(column).replace(" ", "_") for column in bunch.feature_names]
        for part, rows in {"train": train, "test": test}.items():
            tables.write(
                params.ROOT / "data" / f"{name}-{part}.csv",
                ["case", *columns, "label"],
                [[row, *bunch.data[row], bunch.target[row]] for row in sorted(rows)],
            )


if __name__ == "__main__":
    main()
