"""DSSE envelopes: signed JSON payloads (https://github.com/secure-systems-lab/dsse, 1.0)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from mlgate.signing.keys import PublicKey, SecretKey

IN_TOTO = "application/vnd.in-toto+json"
LIMIT = 64 * 1024
"""Bytes that an envelope may have; a statement is a few hundred."""


class Signature(Struct, frozen=True):
    """One signature over the payload and its type."""

    keyid: str
    sig: bytes


class Envelope(Struct, frozen=True, rename={"payload_type": "payloadType"}):
    """A payload with its signatures; both are base64 in JSON."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: the very bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, payload_type: str, key: SecretKey) -> bytes:
    """The envelope of `payload` signed by `key`, as JSON."""
    signature = Signature(key.public.fingerprint, key.sign(pae(payload_type, payload)))
    return msgspec.json.encode(Envelope(payload_type, payload, (signature,)))


def verify(
    envelope: bytes, payload_type: str, keys: Iterable[PublicKey]
) -> tuple[bytes, list[PublicKey]]:
    """The payload, and those of `keys` that signed it; an envelope's key ids are mere hints and
    decide nothing.

    Raises `ValueError` for what is no envelope of `payload_type`.
    """
    found = opened(envelope, payload_type)
    return found.payload, signers(found, keys)


def signers(envelope: Envelope, keys: Iterable[PublicKey]) -> list[PublicKey]:
    """Those of `keys` that signed the payload."""
    signed = pae(envelope.payload_type, envelope.payload)
    return [key for key in keys if any(key.signed(signed, s.sig) for s in envelope.signatures)]


def opened(envelope: bytes, payload_type: str, limit: int = LIMIT) -> Envelope:
    """The envelope in JSON, its signatures not looked at.

    Raises `ValueError` for what is no envelope of `payload_type`, or has more than `limit` bytes.
    """
    if len(envelope) > limit:
        raise ValueError(f"an envelope may have {limit:,} bytes")
    try:
        found = msgspec.json.decode(envelope, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("this is no DSSE envelope") from None
    if found.payload_type != payload_type:
        raise ValueError(f"the envelope holds {found.payload_type!r}, not {payload_type!r}")
    return found
