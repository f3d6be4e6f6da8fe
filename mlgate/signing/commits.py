"""Approval by a commit: its message names what is approved, and its signature covers the message.

The signature is OpenSSH's (`PROTOCOL.sshsig`), as git makes it with `gpg.format = ssh`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlgate.core.text import plain
from mlgate.signing.approvals import Approval

if TYPE_CHECKING:
    from mlgate.signing.approvals import Approvable
    from mlgate.signing.keys import PublicKey

TRAILER = "Mlgate-Approves"

_ARMOR = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\n(.*)\n-----END SSH SIGNATURE-----\n?", re.DOTALL
)
_MAGIC = b"SSHSIG"
_NAMESPACE = b"git"
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_KEY_TYPE = b"ssh-ed25519"
_HEADERS = (b"gpgsig", b"gpgsig-sha256")
_COMMITTED = re.compile(rb"^committer .*> (\d{1,12}) [+-]\d{4}$", re.M)


def names(raw: bytes, what: Approvable) -> bool:
    """True if the message of the commit `raw` says that it approves `what`; anyone can say so."""
    message = raw.partition(b"\n\n")[2]
    wanted = f"{TRAILER}: {what.digest}".encode()
    return any(line.rstrip() == wanted for line in message.splitlines())


def approved_by(raw: bytes, what: Approvable, signers: Iterable[PublicKey]) -> Approval | None:
    """The approval of exactly `what` by the commit `raw`, signed by one of `signers`; None for
    anything else."""
    if not names(raw, what):
        return None
    content, armored = _parted(raw)
    key = signer(content, armored, signers) if armored else None
    if key is None:
        return None
    time = _COMMITTED.search(raw)
    when = datetime.fromtimestamp(int(time[1]), UTC).isoformat() if time else None
    subject = raw.partition(b"\n\n")[2].decode("utf-8", "replace").split("\n")[0]
    return Approval(who=f"{key.label} ({key.fingerprint})", when=when, reason=plain(subject))


def _parted(raw: bytes) -> tuple[bytes, bytes]:
    """What was signed, and the signature; that is empty where there are none or several."""
    head, blank, message = raw.partition(b"\n\n")
    kept: list[bytes] = []
    found: list[list[bytes]] = []
    inside = False
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name in _HEADERS:
            found.append([value])
            inside = True
        elif inside and line.startswith(b" "):
            found[-1].append(line[1:])
        else:
            inside = False
            kept.append(line)
    armored = b"\n".join(found[0]) if len(found) == 1 else b""
    return b"\n".join(kept) + blank + message, armored


def signer(content: bytes, armored: bytes, signers: Iterable[PublicKey]) -> PublicKey | None:
    """The one of `signers` that made this signature over `content`, for git; None otherwise."""
    try:
        wire, namespace, hash_name, signature = _unpacked(armored)
        digest = _HASHES[hash_name](content).digest()
    except (ValueError, KeyError, binascii.Error):
        return None
    if namespace != _NAMESPACE:
        return None
    signed = _MAGIC + b"".join(map(_string, (namespace, b"", hash_name, digest)))
    matching = (key for key in signers if key.wire == wire)
    return next((key for key in matching if key.signed(signed, signature)), None)


def _unpacked(armored: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Public key, namespace, name of the hash, and the bare signature. Raises `ValueError`."""
    match = _ARMOR.fullmatch(armored)
    if match is None:
        raise ValueError("not in the armor of an SSH signature")
    blob = base64.b64decode(match[1].replace(b"\n", b""), validate=True)
    if blob[:10] != _MAGIC + (1).to_bytes(4, "big"):
        raise ValueError("not the first version of SSHSIG")
    wire, namespace, reserved, hash_name, packed = _strings(blob[10:], 5)
    kind, signature = _strings(packed, 2)
    if reserved or kind != _KEY_TYPE:
        raise ValueError("a kind of signature that is not checked here")
    return wire, namespace, hash_name, signature


def _strings(blob: bytes, count: int) -> list[bytes]:
    """Exactly `count` strings, each behind its length in four bytes."""
    found = []
    for _ in range(count):
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            raise ValueError("cut off")
        found.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    if blob:
        raise ValueError("more than there should be")
    return found


def _string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content
