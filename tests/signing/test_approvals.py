"""An approval holds for exactly what it names, by exactly those who may."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from mlgate.signing import approvals, dsse, keys

WHAT = approvals.Approvable(subject="a" * 64, gate="policy", policy="b" * 64)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def lead(tmp_path: Path) -> keys.SecretKey:
    keys.make(str(tmp_path / "lead"), "lead", None)
    return keys.secret(str(tmp_path / "lead"))


def test_it_names_who_when_and_why(lead: keys.SecretKey) -> None:
    envelope = approvals.signed(WHAT, lead, NOW, "agreed on Monday")
    given = approvals.approved_by(envelope, WHAT, [lead.public])
    assert given is not None
    assert str(given) == (
        f"approved by lead ({lead.public.fingerprint}) on 2026-03-01: agreed on Monday"
    )


def test_it_is_an_in_toto_statement(lead: keys.SecretKey) -> None:
    payload, _ = dsse.verify(approvals.signed(WHAT, lead, NOW), dsse.IN_TOTO, [])
    said = json.loads(payload)
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["subject"] == [{"name": "policy", "digest": {"sha256": "a" * 64}}]
    assert said["predicateType"] == "urn:mlgate:approval:1"


@pytest.mark.parametrize("field", ["subject", "gate", "policy"])
def test_it_does_not_hold_for_another(lead: keys.SecretKey, field: str) -> None:
    other = replace(WHAT, **{field: "c" * 64})
    assert approvals.approved_by(approvals.signed(WHAT, lead, NOW), other, [lead.public]) is None
    assert other.digest != WHAT.digest


def test_it_does_not_hold_from_another(lead: keys.SecretKey, tmp_path: Path) -> None:
    keys.make(str(tmp_path / "other"), "lead", None)
    other = keys.secret(str(tmp_path / "other"))
    assert approvals.approved_by(approvals.signed(WHAT, other, NOW), WHAT, [lead.public]) is None
    assert approvals.approved_by(approvals.signed(WHAT, lead, NOW), WHAT, []) is None


@pytest.mark.parametrize("payload", [b"", b"{}", b"[1]", b"\xff", b'{"subject": []}'])
def test_signed_rubbish(lead: keys.SecretKey, payload: bytes) -> None:
    envelope = dsse.sign(payload, dsse.IN_TOTO, lead)
    assert approvals.approved_by(envelope, WHAT, [lead.public]) is None


@pytest.mark.parametrize(
    ("value", "digests", "odd"),
    [
        ("", [], []),
        ("1", [], ["1"]),
        ("true, " + "a" * 64, ["a" * 64], ["true"]),
        (f"{'a' * 64}\n{'b' * 64}", ["a" * 64, "b" * 64], []),
        ("A" * 64, [], ["A" * 64]),
        ("a" * 63, [], ["a" * 63]),
    ],
)
def test_the_variable_holds_digests_and_nothing_else(
    value: str, digests: list[str], odd: list[str]
) -> None:
    assert approvals.listed(value) == (digests, odd)
