"""The numbers that may be turned without touching code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent


def load(path: Path = ROOT / "params.yaml") -> dict[str, Any]:
    """Every parameter by its name."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))
