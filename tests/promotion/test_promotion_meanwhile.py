"""What others do while the gates run: named, and never a promotion of what was not judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from mlgate.cli import _promotion
from mlgate.promotion import promote

if TYPE_CHECKING:
    from model_house import House


def _while_judged(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """`change` happens once the gates have answered."""
    real = _promotion.judge

    def judge(house: Any, plan: Any) -> Any:
        report = real(house, plan)
        change()
        return report

    monkeypatch.setattr(_promotion, "judge", judge)


@pytest.fixture
def three(in_folder: House) -> House:
    """Two versions that were promoted, and a third to come."""
    house = in_folder.policy("gates = []").model("one")
    assert house.promote("--first").code == 0
    house.model("two")
    assert house.promote().code == 0
    return house.model("three")


def _shows(house: House) -> str:
    return _alias(house).read_text().strip()


def _alias(house: House) -> Any:
    (found,) = house.folder.parent.rglob("aliases/production")
    return found


def test_an_alias_that_moves_between_gate_and_record(
    three: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        _while_judged(patch, lambda: _alias(three).write_text("v1\n"))
        told = three.promote()
    words = "churn@production names v1 now, and named v2 when v3 was judged: somebody moved it past"
    assert (told.code, words in told.err) == (3, True), told.err
    assert _shows(three) == "v1"
    assert "v3" not in three.run("history", "churn").out


def test_an_alias_that_moves_behind_the_record(
    three: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = promote.settled

    def settled(*args: Any) -> Any:
        _alias(three).write_text("v1\n")
        return real(*args)

    monkeypatch.setattr(promote, "settled", settled)
    done = three.promote()
    words = "churn@production named v1 before the record was settled: somebody moved it past mlgate"
    assert (done.code, words in " ".join(done.out.split())) == (0, True), done.out + done.err
    assert _shows(three) == "v3"
    assert three.run("verify", "churn@production").code == 0


def test_bytes_that_are_swapped_between_gate_and_record(
    three: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kept,) = three.folder.parent.rglob("versions/v1/files/**/churn.bin")
    with monkeypatch.context() as patch:
        _while_judged(patch, lambda: kept.write_text("malware"))
        told = three.promote("v1")
    assert (told.code, "swapped model: what " in told.err) == (1, True), told.err
    assert _shows(three) == "v2"
