"""A registry that is brought to an older state: what lies elsewhere tells, and nothing else can."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from model_house import IN_FOLDER

if TYPE_CHECKING:
    from model_house import House


def _cut(house: House) -> Path:
    """Take the newest record out, and bring the alias to where the rest has it. Gives a copy of
    what was taken out, which lies elsewhere."""
    kept = house.folder.parent / "kept.json"
    registry = house.folder.parent / "registry/churn"
    shutil.move(registry / "history/00000002.json", kept)
    (registry / "aliases/production").write_text("v1\n")
    return kept


def test_a_chain_cut_back_is_named_where_its_end_was_seen(promoted: House) -> None:
    _cut(promoted)
    told_by = [promoted.run("verify", "churn@production"), promoted.run("history", "churn")]
    told_by += [promoted.promote(), promoted.with_key("rollback", "churn@production")]
    for told in told_by:
        assert (told.code, told.out) == (1, ""), told.out
        assert "no longer holds a record of churn that was seen here" in told.err
        assert "git update-ref -d refs/mlgate/seen/churn/" in told.err


def test_a_registry_begun_anew_is_named_too(promoted: House) -> None:
    shutil.rmtree(promoted.folder.parent / "registry")
    told = promoted.promote("--first")
    assert (told.code, "cut back, or begun anew" in told.err) == (1, True)
    assert promoted.forget().promote("--first").code == 0


def test_verifying_is_seeing(promoted: House) -> None:
    """A machine that only ever verifies, before it deploys."""
    assert promoted.forget().run("verify", "churn@production").code == 0
    _cut(promoted)
    assert promoted.run("verify", "churn@production").code == 1


def test_what_was_seen_is_no_promise_of_more(promoted: House) -> None:
    """Others append; an older record that was seen is still there."""
    other = promoted.copied(promoted.folder.parent.parent / "elsewhere")
    other.model("three")
    assert other.promote().code == 0
    shutil.rmtree(promoted.folder.parent / "registry")
    shutil.copytree(other.folder.parent / "registry", promoted.folder.parent / "registry")
    promoted.git("fetch", "-q", str(other.folder), "main")
    assert promoted.run("verify", "churn@production").code == 0


def test_a_record_that_was_kept_tells_of_the_cut(promoted: House) -> None:
    kept = _cut(promoted.forget())
    told = promoted.run("verify", str(kept))
    assert (told.code, "is record 2 of churn, signed by ci" in told.err) == (1, True), told.err


def test_a_stranger_that_never_saw_it_is_told_of_a_version_without_a_record(
    promoted: House,
) -> None:
    """All of the rest verifies: this is what docs/security.md owns to."""
    _cut(promoted.forget())
    told = promoted.run("verify", "churn@production")
    assert (told.code, "no record names v2" in told.out) == (0, True), told.out


def test_another_registry_is_another_chain(promoted: House) -> None:
    promoted.registry = "folder:../other"
    promoted.policy("gates = []").commit()
    assert promoted.promote("--first").code == 0
    assert promoted.run("verify", "churn@production").code == 0
    promoted.registry = IN_FOLDER
    promoted.policy("gates = []").commit()
    _cut(promoted)
    assert "cut back" in promoted.run("verify", "churn@production").err
