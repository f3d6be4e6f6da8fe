"""Ed25519 keys: made, stored, read; public ones as OpenSSH writes them, in one line."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import Any

from mlgate.core.errors import GateError, UsageError
from mlgate.core.text import shown

_LIMIT = 64 * 1024
_NEW = "make one with: mlgate keys new FILE"


class PublicKey:
    """A key that signatures are checked against."""

    def __init__(self, key: Any, label: str) -> None:
        self._key = key
        self.label = label
        """Where it was found, or its own comment: whose it is, for people."""

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` names it."""
        digest = hashlib.sha256(self.wire).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def wire(self) -> bytes:
        """The key as OpenSSH sends it, with its type."""
        return base64.b64decode(_ssh(self._key).split()[1])

    @property
    def line(self) -> str:
        """The key in OpenSSH's format."""
        return f"{_ssh(self._key)} {self.label}"

    def signed(self, content: bytes, signature: bytes) -> bool:
        """True if `signature` over `content` is this key's."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True


class SecretKey:
    """A key that signs."""

    def __init__(self, key: Any, label: str) -> None:
        self._key = key
        self.public = PublicKey(key.public_key(), label)

    def sign(self, content: bytes) -> bytes:
        """The signature over `content`, 64 bytes."""
        signature: bytes = self._key.sign(content)
        return signature


def make(path: str, label: str, password: bytes | None) -> PublicKey:
    """Write a new key to `path`, for its owner alone, and its public half to `path`.pub.

    Raises `UsageError` where either is there already.
    """
    _library()
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    for taken in (path, f"{path}.pub"):
        if os.path.lexists(taken):
            raise UsageError(f"{shown(taken)} is there already", "name another file")
    key = Ed25519PrivateKey.generate()
    hidden = s.BestAvailableEncryption(password) if password else s.NoEncryption()
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, hidden)
    public = PublicKey(key.public_key(), label)
    _write(path, pem, 0o600)
    _write(f"{path}.pub", public.line.encode() + b"\n", 0o644)
    return public


def _write(path: str, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise UsageError(f"{shown(path)} cannot be written: {error.strerror}") from None
    with open(descriptor, "wb") as file:
        file.write(content)


def is_encrypted(path: str) -> bool:
    """True if the secret key at `path` needs a password."""
    _library()
    try:
        _secret(_content(path), None)
    except TypeError:
        return True
    except ValueError:
        return False
    return False


def secret(path: str, password: bytes | None = None) -> SecretKey:
    """The secret key at `path`. Raises `UsageError`."""
    return secret_in(_content(path), path, password)


def secret_in(content: bytes, path: str, password: bytes | None = None) -> SecretKey:
    """The secret key in `content`, which `path` names for people. Raises `UsageError`."""
    _library()
    try:
        key = _secret(content, password)
    except TypeError:
        raise UsageError(f"{shown(path)} needs its password") from None
    except ValueError:
        if password is not None:
            raise UsageError(f"that is not the password of {shown(path)}") from None
        raise UsageError(f"{shown(path)} is no secret key", _NEW) from None
    if not _is_ours(key):
        raise UsageError(f"{shown(path)} is no Ed25519 key", _NEW)
    return SecretKey(key, os.path.basename(path))


def public(content: bytes, label: str) -> tuple[PublicKey, ...]:
    """The keys in `content`: one a line as OpenSSH writes them, or one in PEM. Raises `GateError`
    where there is anything else."""
    _library()
    from cryptography.hazmat.primitives import serialization as s

    try:
        if b"-----BEGIN" in content:
            found = [s.load_pem_public_key(content)]
        else:
            lines = [line.strip() for line in content.splitlines()]
            kept = [line for line in lines if line and not line.startswith(b"#")]
            found = [s.load_ssh_public_key(line) for line in kept]
    except Exception:  # the library raises more than it says
        found = []
    if not found or not all(map(_is_ours, found)):
        raise GateError(
            f"{shown(label)} holds no Ed25519 public key",
            "put there the .pub file that mlgate keys new wrote",
        )
    return tuple(PublicKey(key, label) for key in found)


def _is_ours(key: Any) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return isinstance(key, (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey))


def _secret(content: bytes, password: bytes | None) -> Any:
    from cryptography.hazmat.primitives import serialization as s

    load = s.load_ssh_private_key if b"BEGIN OPENSSH" in content else s.load_pem_private_key
    return load(content, password=password)


def _ssh(key: Any) -> str:
    from cryptography.hazmat.primitives import serialization as s

    line: bytes = key.public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH)
    return line.decode()


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_LIMIT)
    except OSError as error:
        raise UsageError(
            f"{shown(path)} cannot be read: {error.strerror}",
            "name a key's file that you may read; make one with: mlgate keys new FILE",
        ) from None


def _library() -> None:
    """Raises `GateError` where signatures cannot be made or checked."""
    try:
        import cryptography.hazmat.primitives.serialization  # noqa: F401  only whether it is there
    except ImportError:
        raise GateError(
            "signatures need the package cryptography", "pip install 'mlgate[sign]'"
        ) from None
