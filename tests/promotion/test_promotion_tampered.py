"""Whatever is done to records, tags, aliases or bytes is named, and nothing is let through."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlgate.promotion import record
from mlgate.signing import keys

if TYPE_CHECKING:
    from model_house import House


def _records(house: House) -> Path:
    return house.folder.parent / "registry/churn/history"


def _edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a record states, leaving its signature as it is."""
    envelope = json.loads(path.read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    change(statement)
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    path.write_text(json.dumps(envelope))


def _refused(house: House, words: str) -> None:
    for told in (house.run("verify", "churn@production"), house.promote()):
        assert told.code == 1, told.out + told.err
        assert words in told.err
        assert "mend:" in told.err


def test_the_newest_record_tampered_with(promoted: House) -> None:
    _edit(
        _records(promoted) / "00000002.json",
        lambda statement: statement["predicate"].update(reason="nothing to see"),
    )
    _refused(promoted, "tampered record: number 2")


def test_an_older_record_tampered_with(promoted: House) -> None:
    _edit(
        _records(promoted) / "00000001.json",
        lambda statement: statement["subject"][0]["digest"].update(sha256="0" * 64),
    )
    _refused(promoted, "broken chain: record 2 of churn does not follow the record before it")


def test_a_record_that_is_no_record(promoted: House) -> None:
    (_records(promoted) / "00000002.json").write_text("{}")
    _refused(promoted, "tampered record: number 2")


def test_a_record_of_another_model(promoted: House) -> None:
    _edit(
        _records(promoted) / "00000002.json",
        lambda statement: statement["predicate"].update(model="fraud"),
    )
    _refused(promoted, "was made as record 2 of fraud")


def test_a_record_taken_out(promoted: House) -> None:
    (_records(promoted) / "00000001.json").unlink()
    told = promoted.run("verify", "churn@production")
    assert (told.code, "broken chain: record 1" in told.err) == (3, True)


def test_the_last_record_taken_out(promoted: House) -> None:
    (_records(promoted) / "00000002.json").unlink()
    _refused(promoted, "cut back, or begun anew")
    seen = promoted.git("for-each-ref", "--format=%(refname)", "refs/mlgate/seen").strip()
    promoted.git("update-ref", "-d", seen)
    _refused(promoted, "somebody moved it past mlgate")


def test_a_wrong_key(promoted: House) -> None:
    """A record that is right in all but its signer."""
    path = _records(promoted) / "00000002.json"
    statement, _ = record.opened(path.read_bytes())
    eve = keys.secret(str(promoted.folder.parent / "eve"))
    path.write_bytes(record.signed(statement.predicate, statement.files, eve))
    _refused(promoted, f"wrong key: record 2 of churn is signed by {eve.public.fingerprint}")


def test_a_signer_who_leaves_is_vouched_for(promoted: House) -> None:
    promoted.model("three")
    assert promoted.promote(key="ann").code == 0
    promoted.policy('signers = ["keys/ann.pub"]\ngates = []').commit()
    assert promoted.run("verify", "churn@production").code == 0
    promoted.policy('signers = ["keys/bob.pub"]\ngates = []').commit()
    told = promoted.run("verify", "churn@production")
    assert (told.code, "wrong key" in told.err) == (1, True)
    admitted = promoted.with_key("admit", "churn@production", key="bob")
    assert admitted.code == 0, admitted.err
    assert promoted.run("verify", "churn@production").code == 0


def test_a_swapped_model(promoted: House) -> None:
    files = promoted.folder.parent / "registry/churn/versions/v2/files/models/churn.bin"
    files.write_text("malware")
    told = promoted.run("verify", "churn@production")
    assert (told.code, "swapped model" in told.err) == (1, True)
    assert f"git show {promoted.head()[:7]}:models/churn.bin" in told.err
    files.write_text("two")
    assert promoted.run("verify", "churn@production").code == 0
    old = promoted.folder.parent / "registry/churn/versions/v1/files/models/churn.bin"
    old.write_text("malware")
    told = promoted.with_key("rollback", "churn@production")
    assert (told.code, "swapped model" in told.err) == (1, True)


def test_a_swapped_model_that_dvc_tracks(in_folder: House) -> None:
    """Git has the pointer only, so that `git show` would bring nothing back."""
    house = in_folder.policy("gates = []")
    digest = hashlib.md5(b"one", usedforsecurity=False).hexdigest()
    pointer = f"outs:\n- md5: {digest}\n  size: 3\n  hash: md5\n  path: churn.bin\n"
    house.put({".gitignore": "models/churn.bin\n", ".dvc/config": "",
               "models/churn.bin.dvc": pointer})  # fmt: skip
    house.model("one")
    assert house.promote("--first").code == 0
    kept = house.folder.parent / "registry/churn/versions/v1/files/models/churn.bin"
    kept.write_text("malware")
    told = " ".join(house.run("verify", "churn@production").err.split())
    pointed = f"git checkout {house.head()[:7]} -- models/churn.bin.dvc"
    assert f"({pointed}; dvc checkout models/churn.bin)" in told and "git show" not in told


def test_a_model_beside_the_proven_one(promoted: House) -> None:
    assert promoted.run("verify", "models/churn.bin").code == 0
    (promoted.folder / "models/churn.bin").write_text("other")
    told = promoted.run("verify", "models/churn.bin")
    assert (told.code, "is not what stands at any alias" in told.err) == (1, True)
    assert promoted.run("verify", str(_records(promoted) / "00000002.json")).code == 0
    assert promoted.run("verify", str(_records(promoted) / "00000001.json")).code == 1


def test_a_folder_is_proven_by_its_files_and_not_by_a_record_in_it(promoted: House) -> None:
    folder = promoted.folder.parent / "delivered"
    folder.mkdir()
    (folder / "churn.bin").write_bytes((promoted.folder / "models/churn.bin").read_bytes())
    assert promoted.run("verify", str(folder)).code == 0
    (folder / "churn.bin").write_text("other")
    record = (_records(promoted) / "00000002.json").read_bytes()
    (folder / "00000002.json").write_bytes(record)
    assert promoted.run("verify", str(folder)).code == 1


def test_the_key_in_an_envelope_is_not_trusted(promoted: House) -> None:
    """A stranger signs a record, and puts his key beside the signature."""
    path = _records(promoted) / "00000002.json"
    statement, _ = record.opened(path.read_bytes())
    eve = promoted.folder.parent / "eve"
    signed = record.signed(statement.predicate, statement.files, keys.secret(str(eve)))
    envelope = json.loads(signed)
    told = eve.with_suffix(".pub").read_text()
    envelope["signatures"][0] |= {"cert": told, "publicKey": told}
    path.write_text(json.dumps(envelope | {"publicKey": told}))
    _refused(promoted, "wrong key")


def test_an_alias_moved_by_somebody_else(promoted: House) -> None:
    alias = promoted.folder.parent / "registry/churn/aliases/production"
    promoted.model("three")
    assert promoted.promote().code == 0
    alias.write_text("v1\n")
    _refused(promoted, "production names v1, but the chain's last word is v3")
    told = promoted.run("admit", "churn@production")
    assert (told.code, "not recorded" in told.out) == (0, True), told.err
    assert promoted.run("verify", "churn@production").code == 1
    told = promoted.with_key("admit", "churn@production")
    assert told.code == 0, told.err
    assert promoted.run("verify", "churn@production").code == 0
    alias.write_text("v2\n")
    told = promoted.with_key("rollback", "churn@production", "v3")
    assert told.code == 0, told.err
    assert alias.read_text() == "v3\n"


def test_a_rewritten_tag(in_git: House) -> None:
    house = in_git
    house.policy("gates = []").model("one")
    assert house.promote("--first").code == 0
    house.model("malware")
    house.git("tag", "-f", "-a", "-m", "x", "churn@v0.0.1")
    for told in (house.run("verify", "churn@production"), house.promote()):
        assert (told.code, "rewritten tag" in told.err) == (1, True), told.err
    house.git("tag", "-f", "-a", "-m", "x", "churn#production#1", "churn@v0.0.1^{}")
    told = house.run("verify", "churn@production")
    assert (told.code, "rewritten tag" in told.err) == (1, True), told.err
    house.git("tag", "-f", "-a", "-m", "x", "churn@v0.0.1", "HEAD~1")
    told = house.run("verify", "churn@production")
    assert told.code == 1
    assert "churn@production names commit" in told.err


def test_a_tag_of_gto_is_admitted_only_by_the_gates(
    in_git: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = in_git
    gate = '[gates.quality]\nkind = "model"\nmetrics = "metrics.json"\nstages = ["promote"]\n'
    gate += '[[gates.quality.require]]\nvalue = "accuracy"\nmin = 0.8\n'
    house.policy(gates=gate).model("one", 0.9)
    assert house.promote("--first").code == 0
    house.model("two", 0.5)
    with monkeypatch.context() as later:  # tags are told apart by their seconds, ours ahead of now
        later.setenv("GIT_COMMITTER_DATE", f"{int(time.time()) + 60} +0000")
        house.git("tag", "-a", "-m", "x", "churn@v0.0.2")
        house.git("tag", "-a", "-m", "x", "churn#production#2")
    for name in ("churn@production", "churn#production#2", "churn@v0.0.2"):
        told = house.with_key("admit", name)
        assert told.code == 1, told.out + told.err
    assert house.with_key("admit", "churn@v0.0.1").code == 0
    assert house.with_key("admit", "churn@v7.7.7").code == 2
    assert house.with_key("rollback", "churn@production", "v0.0.1").code == 0
    assert house.run("verify", "churn@production").code == 0


def test_a_clock_that_goes_back_moves_the_alias_all_the_same(
    in_git: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GTO takes the newest tag by its seconds."""
    house = in_git.policy("gates = []").model("one")
    assert house.promote("--first").code == 0
    house.model("two")
    with monkeypatch.context() as patch:
        patch.setattr("mlgate.registries.git.time.time", lambda: 1_000_000_000.0)
        assert house.promote().code == 0
    proven = house.run("verify", "churn@production")
    assert (proven.code, "churn@production is v0.0.2" in proven.out) == (0, True), proven.err
