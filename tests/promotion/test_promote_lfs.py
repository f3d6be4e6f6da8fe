"""A model that Git LFS keeps goes out as its bytes, which is what the record proves."""

from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_house import House

_GATE = '[gates.artifact]\npath = "models/churn.bin"\nstages = ["promote"]\n'
_MODEL = pickle.dumps({"weights": [0.1, 0.2]})
_OID = hashlib.sha256(_MODEL).hexdigest()


def _kept_by_lfs(house: House) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{_OID}\nsize {len(_MODEL)}\n"
    house.policy(gates=_GATE).model(pointer)


def test_the_bytes_are_judged_recorded_and_handed_over(in_folder: House) -> None:
    _kept_by_lfs(in_folder)
    held = in_folder.folder / ".git/lfs/objects" / _OID[:2] / _OID[2:4] / _OID
    held.parent.mkdir(parents=True)
    held.write_bytes(_MODEL)
    done = in_folder.promote("--first")
    assert done.code == 0, done.out + done.err
    assert in_folder.run("verify", "churn@production").code == 0
    copies = (in_folder.folder.parent / "registry").rglob("churn.bin")
    assert [copy.read_bytes() for copy in copies] == [_MODEL]
    assert _OID in in_folder.run("history", "churn", "--format", "json").out


def test_a_pointer_alone_never_goes_out(in_folder: House) -> None:
    _kept_by_lfs(in_folder)
    done = in_folder.promote("--first")
    assert (done.code, "git lfs pull" in done.err + done.out) == (3, True), done.err
