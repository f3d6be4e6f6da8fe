"""Reads what the old training job left behind."""

from __future__ import annotations

import pickle
from pathlib import Path

import joblib
import yaml


def old_model(path: Path) -> object:
    """A model from before the change to JSON."""
    with path.open("rb") as file:
        return pickle.load(file)


def old_scaler(path: Path) -> object:
    """Its scaler."""
    return joblib.load(path)


def old_params(path: Path) -> object:
    """Its parameters."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.UnsafeLoader)
