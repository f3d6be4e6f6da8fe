"""DSSE against the vectors of its specification, and against what must not verify."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from mlgate.signing import dsse, keys

KIND = "http://example.com/HelloWorld"


@pytest.fixture
def pair(tmp_path: Path) -> keys.SecretKey:
    keys.make(str(tmp_path / "lead"), "lead", None)
    return keys.secret(str(tmp_path / "lead"))


@pytest.mark.parametrize(
    ("kind", "payload", "encoded"),
    [
        (KIND, b"hello world", b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"),
        ("", b"", b"DSSEv1 0  0 "),
        ("é", b"\x00\xff", b"DSSEv1 2 \xc3\xa9 2 \x00\xff"),
    ],
)
def test_pre_authentication_encoding(kind: str, payload: bytes, encoded: bytes) -> None:
    assert dsse.pae(kind, payload) == encoded


def test_the_fields_are_those_of_the_specification(pair: keys.SecretKey) -> None:
    found = json.loads(dsse.sign(b"hello world", KIND, pair))
    assert found["payloadType"] == KIND
    assert base64.b64decode(found["payload"]) == b"hello world"
    assert len(base64.b64decode(found["signatures"][0]["sig"])) == 64


def test_what_was_signed_verifies(pair: keys.SecretKey) -> None:
    payload, signers = dsse.verify(dsse.sign(b"x", KIND, pair), KIND, [pair.public])
    assert (payload, signers) == (b"x", [pair.public])


@pytest.mark.parametrize("field", ["payload", "payloadType"])
def test_an_altered_envelope_has_no_signer(pair: keys.SecretKey, field: str) -> None:
    found = json.loads(dsse.sign(b"x", KIND, pair))
    found[field] = {"payload": base64.b64encode(b"y").decode(), "payloadType": "other"}[field]
    _, signers = dsse.verify(json.dumps(found).encode(), found["payloadType"], [pair.public])
    assert signers == []


def test_the_key_id_decides_nothing(pair: keys.SecretKey, tmp_path: Path) -> None:
    keys.make(str(tmp_path / "other"), "other", None)
    found = json.loads(dsse.sign(b"x", KIND, keys.secret(str(tmp_path / "other"))))
    found["signatures"][0]["keyid"] = pair.public.fingerprint
    assert dsse.verify(json.dumps(found).encode(), KIND, [pair.public])[1] == []


@pytest.mark.parametrize(
    "envelope",
    [b"", b"[]", b"{}", b"null", b"[" * 70_000, b'{"payload": 1}', b"\xff", b"1" * 70_000],
)
def test_what_is_no_envelope(envelope: bytes) -> None:
    with pytest.raises(ValueError, match="envelope"):
        dsse.verify(envelope, KIND, [])


def test_another_type_is_refused(pair: keys.SecretKey) -> None:
    with pytest.raises(ValueError, match="not"):
        dsse.verify(dsse.sign(b"x", KIND, pair), "application/vnd.in-toto+json", [pair.public])
