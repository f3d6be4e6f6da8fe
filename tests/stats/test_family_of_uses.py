"""32 uses of one test set, drawn: any false fail and any false pass stay rare."""

from __future__ import annotations

from benchmarks.model import families


def test_any_false_verdict_of_32_uses_is_rare() -> None:
    failed, passed = families.any_use(1_000, 2_000, uses=32)
    print(f"32 uses of 2,000 rows: any false fail {failed:.2%}, any false pass {passed:.2%}")
    assert 0 < failed <= 0.05
    assert 0 < passed <= 0.05


def test_any_false_loss_of_50_slices_is_rare() -> None:
    found = families.any_slice(400, 200)
    print(f"50 slices of 200 rows: any false fail {found:.2%}")
    assert found <= 0.05
