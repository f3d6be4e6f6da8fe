"""A commit approves what its message names, where its ssh signature is by one of the signers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from mlgate.signing import commits, keys
from mlgate.signing.approvals import Approvable

WHAT = Approvable(subject="a" * 64, gate="policy", policy="b" * 64)
NAMED = f"Agreed on Monday\n\n{commits.TRAILER}: {WHAT.digest}\n"


@pytest.fixture
def lead(tmp_path: Path) -> str:
    """A key made by OpenSSH itself."""
    path = str(tmp_path / "lead")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.fixture
def committed(tmp_path: Path, lead: str) -> Callable[..., bytes]:
    """`committed(message)`: a commit as git itself signs it, raw."""
    folder = tmp_path / "repository"

    def git(*args: str) -> bytes:
        done = subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True)
        return done.stdout

    def make(message: str, sign: bool = True, key: str = lead, sha: str = "sha1") -> bytes:
        folder.mkdir(exist_ok=True)
        git("init", "-q", f"--object-format={sha}")
        signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}")
        flags = ("--allow-empty", "-q", *(("-S",) if sign else ()))
        git(*signing, "commit", *flags, "-m", message)
        return git("cat-file", "commit", "HEAD")

    return make


def public(path: str) -> tuple[keys.PublicKey, ...]:
    return keys.public(Path(f"{path}.pub").read_bytes(), "keys/lead.pub")


@pytest.mark.parametrize("sha", ["sha1", "sha256"])
def test_what_git_signs_approves(committed: Callable[..., bytes], lead: str, sha: str) -> None:
    given = commits.approved_by(committed(NAMED, sha=sha), WHAT, public(lead))
    assert given is not None
    assert given.who.startswith("keys/lead.pub (SHA256:")
    assert given.reason == "Agreed on Monday"
    assert given.when is not None


def test_a_signed_commit_that_names_nothing_approves_nothing(
    committed: Callable[..., bytes], lead: str
) -> None:
    assert commits.approved_by(committed("Mend the tests"), WHAT, public(lead)) is None
    other = replace(WHAT, gate="lint")
    assert commits.approved_by(committed(NAMED), other, public(lead)) is None


def test_whoever_may_type_it(committed: Callable[..., bytes], lead: str) -> None:
    raw = committed(NAMED, sign=False)
    assert commits.names(raw, WHAT)
    assert commits.approved_by(raw, WHAT, public(lead)) is None


def test_another_key(committed: Callable[..., bytes], lead: str, tmp_path: Path) -> None:
    keys.make(str(tmp_path / "mine"), "mine", None)
    mine = keys.public((tmp_path / "mine.pub").read_bytes(), "mine")
    assert commits.approved_by(committed(NAMED), WHAT, mine) is None
    assert commits.approved_by(committed(NAMED), WHAT, [*mine, *public(lead)]) is not None


def test_a_signature_that_was_put_on_another_message(
    committed: Callable[..., bytes], lead: str
) -> None:
    signed = committed("Mend the tests")
    forged = signed.partition(b"\n\n")[0] + b"\n\n" + NAMED.encode()
    assert commits.approved_by(forged, WHAT, public(lead)) is None


def test_a_second_signature_header(committed: Callable[..., bytes], lead: str) -> None:
    raw = committed(NAMED)
    assert (
        commits.approved_by(raw.replace(b"gpgsig ", b"gpgsig x\ngpgsig "), WHAT, public(lead))
        is None
    )


def test_a_signature_for_something_else_than_git(
    committed: Callable[..., bytes], lead: str, tmp_path: Path
) -> None:
    raw = committed(NAMED, sign=False)
    (tmp_path / "commit").write_bytes(raw)
    signing = [
        "ssh-keygen",
        "-q",
        "-Y",
        "sign",
        "-f",
        lead,
        "-n",
        "file",
        os.fspath(tmp_path / "commit"),
    ]
    subprocess.run(signing, check=True, capture_output=True)
    armored = (tmp_path / "commit.sig").read_bytes()
    assert commits.signer(raw, armored, public(lead)) is None
    signing[signing.index("file")] = "git"
    (tmp_path / "commit.sig").unlink()
    subprocess.run(signing, check=True, capture_output=True)
    assert commits.signer(raw, (tmp_path / "commit.sig").read_bytes(), public(lead)) is not None


@pytest.mark.parametrize("cut", [0, 3, 40, 200])
def test_a_damaged_signature(committed: Callable[..., bytes], lead: str, cut: int) -> None:
    raw = committed(NAMED)
    _, armored = commits._parted(raw)
    for damaged in (armored[cut + 1 :], armored[:cut], armored.replace(b"U1NI", b"AAAA")):
        assert commits.signer(raw, damaged, public(lead)) is None
