"""The environment for processes that tests start."""

from __future__ import annotations

import os


def clean_environ(**more: str) -> dict[str, str]:
    """The environment without what would steer git, mlgate or the colours."""
    drop = ("GIT_", "MLGATE_", "PRE_COMMIT", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
    return kept | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | more
