"""Each attack in docs/security.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_every_named_test_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    there = set(re.findall(r"^def (test_\w+)", "\n".join(sources), re.M))
    assert len(named) > 100
    assert sorted(named - there) == []


def test_every_attack_names_its_tests() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and line.count(" | ") == 2]
    attacks = [row for row in rows if row != "| attack | what happens | test |"]
    assert len(attacks) > 70
    for row in attacks:
        tests = re.findall(r"`([^`]+)`", row.rsplit(" | ", 1)[1])
        assert tests, row
        for name in tests:
            assert name.startswith("test_") or (ROOT / name).is_file(), name
