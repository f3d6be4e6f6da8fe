"""Learns the model and writes it to `models/`."""

from __future__ import annotations

from diagnosis import data, model, params

PATH = params.ROOT / "models" / "diagnosis.json"


def main() -> None:
    """Train on the training rows only."""
    chosen = params.load()
    split = data.load(chosen["seed"], chosen["test_share"])
    model.save(
        model.fit(split.train, split.train_labels, chosen["regularisation"]), PATH
    )
    print(f"learned from {len(split.train)} rows")


if __name__ == "__main__":
    main()
