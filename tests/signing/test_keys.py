"""Keys on disk: for their owner alone, never written over, in formats that OpenSSH knows."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mlgate.core.errors import GateError, UsageError
from mlgate.signing import keys


@pytest.mark.parametrize("password", [None, b"correct horse"])
def test_made_and_read(tmp_path: Path, password: bytes | None) -> None:
    path = str(tmp_path / "lead")
    public = keys.make(path, "lead@team", password)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert keys.is_encrypted(path) == (password is not None)
    secret = keys.secret(path, password)
    assert secret.public.fingerprint == public.fingerprint
    (read,) = keys.public(Path(f"{path}.pub").read_bytes(), "keys/lead.pub")
    assert read.fingerprint == public.fingerprint
    assert read.signed(b"x", secret.sign(b"x"))
    assert not read.signed(b"y", secret.sign(b"x"))


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "lead"
    keys.make(str(path), "lead", None)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="there already"):
        keys.make(str(path), "lead", None)
    assert path.read_bytes() == before


def test_a_wrong_password(tmp_path: Path) -> None:
    keys.make(str(tmp_path / "lead"), "lead", b"right")
    for password, said in ((b"wrong", "not the password"), (None, "needs its password")):
        with pytest.raises(UsageError, match=said):
            keys.secret(str(tmp_path / "lead"), password)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"-----BEGIN PUBLIC KEY-----\nx\n"])
def test_no_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    with pytest.raises(UsageError, match="no secret key"):
        keys.secret(str(tmp_path / "k"))
    with pytest.raises(GateError, match="no Ed25519 public key"):
        keys.public(content, "k")


def test_other_kinds_of_keys_are_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec

    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    content = public.public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH)
    with pytest.raises(GateError, match="no Ed25519"):
        keys.public(content, "k")


def test_several_keys_in_one_file(tmp_path: Path) -> None:
    lines = b"# the leads\n\n"
    for name in ("a", "b"):
        keys.make(str(tmp_path / name), name, None)
        lines += (tmp_path / f"{name}.pub").read_bytes()
    assert len({key.fingerprint for key in keys.public(lines, "keys/leads.pub")}) == 2


def test_without_the_library(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from mlgate.signing import keys\n"
        f"keys.make({str(tmp_path / 'k')!r}, 'k', None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "signatures need the package cryptography" in done.stderr
    assert not (tmp_path / "k").exists()
