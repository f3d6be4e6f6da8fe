"""Runs a gate over files, and stand-ins for tools that misbehave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlgate import testing
from mlgate.core import parts
from mlgate.core.finding import Finding


class Asked:
    """Asks one gate about files in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, gate: str, written: dict[str, Any], /, **more: Any) -> list[Finding]:
        found = testing.check(parts.load("gates", gate), self.folder, written, kind=gate, **more)
        return [finding for finding in found if isinstance(finding, Finding)]

    def brief(self, gate: str, written: dict[str, Any], /, **more: Any) -> list[tuple[Any, ...]]:
        """Rule, path and line of each finding."""
        return [
            (f.rule, f.location.path, f.location.line)
            for f in self(gate, written, **more)
            if f.location
        ]


@pytest.fixture
def ask(tmp_path: Path) -> Asked:
    folder = tmp_path / "repository"
    folder.mkdir()
    return Asked(folder)
