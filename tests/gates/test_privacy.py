"""The `privacy` gate on real files: what it finds, what chance explains, and what it never says."""

from __future__ import annotations

from typing import Any

import pytest
from projects import Project
from tabled import Desk, parquet

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import privacy as gate
from mlgate.tables._identity_numbers import card


def stated(desk: Desk, **options: Any) -> list[Finding]:
    return desk.check(gate, "privacy", {"table": "t.parquet", **options})


def ruled(desk: Desk, result: Result, **options: Any) -> list[tuple[str, str]]:
    found = stated(desk, **options)
    return [(f.rule, f.message) for f in found if f.result is result and f.rule != "privacy/origin"]


@pytest.fixture(autouse=True)
def table(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", """SELECT i AS id, 'u' || i || '@example.com' AS contact,
        CASE WHEN i % 10 = 0 THEN 'call +49 30 123456' || (i % 10) WHEN i % 10 = 1 THEN NULL
        ELSE 'nothing' END AS note, 'p' || i % 3 AS plan, i * 0.5 AS amount
        FROM range(1000) t(i)""")  # fmt: skip


def test_kinds_are_told_by_column_and_share(desk: Desk) -> None:
    assert ruled(desk, Result.FAIL) == [
        ("privacy/email", "contact: e-mail addresses in 100 % of the values (1,000 of 1,000); GDPR,"
         " HIPAA"),
        ("privacy/phone", "note: telephone numbers in 11.1 % of the values (100 of 900); GDPR,"
         " HIPAA"),
    ]  # fmt: skip


def test_declared_columns_pass_and_are_still_told(desk: Desk) -> None:
    allowed = {"contact": ["email"], "note": ["any"]}
    assert ruled(desk, Result.FAIL, allowed=allowed) == []
    passed = dict(ruled(desk, Result.PASS, allowed=allowed))
    assert "declared" in passed["privacy/email"]
    assert passed["privacy/classes"].endswith("2 columns with personal data; GDPR, HIPAA")
    assert [r for r, _ in ruled(desk, Result.FAIL, allowed={"contact": ["phone"]})] == [
        "privacy/email", "privacy/phone",
    ]  # fmt: skip


def test_a_share_may_be_allowed_and_columns_chosen(desk: Desk) -> None:
    assert [r for r, _ in ruled(desk, Result.FAIL, max_share=0.2)] == ["privacy/email"]
    assert ruled(desk, Result.FAIL, columns=["plan", "id"]) == []
    assert [r for r, _ in ruled(desk, Result.FAIL, kinds=["phone"])] == ["privacy/phone"]


def test_a_declared_column_that_is_gone_is_told(desk: Desk) -> None:
    rules = [rule for rule, _ in ruled(desk, Result.FAIL, allowed={"contcat": ["email"]})]
    assert "privacy/declared" in rules
    with pytest.raises(GateError, match="no column contcat"):
        stated(desk, columns=["contcat"])


def cards(start: int, count: int) -> list[int]:
    found = (n for n in range(start, start + 40 * count) if card(str(n)))
    return [next(found) for _ in range(count)]


@pytest.mark.parametrize(
    ("numbers", "result"),
    [
        (cards(4_111_111_111_111_111, 50), Result.FAIL),
        (cards(4_111_111_111_111_111, 2), Result.OPEN),
        (cards(4_111_111_111_111_111, 1) * 50, Result.OPEN),
        (list(range(4_111_111_111_111_000, 4_111_111_111_111_500)), None),
    ],
)
def test_bare_numbers_are_cards_only_beyond_chance(
    desk: Desk, numbers: list[int], result: Result | None
) -> None:
    parquet(desk.folder / "t.parquet", f"SELECT unnest({numbers}) AS number")
    found = {f.result for f in stated(desk) if f.rule == "privacy/card"}
    assert found == ({result} if result else set())


def test_pci_is_touched_by_cards(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", "SELECT 'paid with 4111 1111 1111 1111' AS note")
    (failed,) = ruled(desk, Result.FAIL)
    assert failed[1].endswith("GDPR, HIPAA, PCI DSS")


def test_a_value_is_never_echoed(project: Project) -> None:
    project.put({
        "mlgate.toml": '[gates.privacy]\ntable = "t.csv"\n',
        "t.csv": "id,note\n1,from jane.doe@hidden.example\n2,4111 1111 1111 1111\n",
    }).commit()  # fmt: skip
    for form in ("text", "json"):
        ended = project.run("check", "--gate", "privacy", "--format", form)
        assert ended.code == 1 and "GDPR" in ended.out, ended
        assert "jane" not in ended.out + ended.err and "4111" not in ended.out + ended.err


def test_several_files_add_up(desk: Desk) -> None:
    for n in range(2):
        parquet(desk.folder / f"d/{n}.parquet", f"SELECT 'a{n}@example.com' AS c FROM range(5)")
    (failed,) = [f for f in stated(desk, table="d") if f.result is Result.FAIL]
    assert "(10 of 10)" in failed.message
