"""Promotions whose evidence does not decide: blocked, warned of, or left to people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from model_house import House
    from projects import Ended

_GATE = """
[gates.quality]
kind = "model"
metrics = "metrics.json"
model = "models/churn.bin"
stages = ["promote"]
[[gates.quality.require]]
value = "accuracy"
n = 200
max_drop = 0.01
inconclusive = "{0}"
to = ["production"]

[protect]
signers = ["keys/bob.pub"]
"""


def undecided(house: House, way: str, more: str = "") -> House:
    """One version at production, and at HEAD another of which 200 rows cannot tell."""
    house.policy(more, gates=_GATE.format(way)).model("one", 0.9)
    first = house.promote("--first")
    assert first.code == 0, first.err
    return house.model("two", 0.9)


def last(house: House) -> dict[str, Any]:
    told = house.run("history", "churn", "--format", "json")
    return dict(json.loads(told.out)[-1]["statement"]["predicate"])


def approve(house: House, *args: str, key: str = "bob") -> Ended:
    return house.with_key("approve", "churn", *args, key=key)


def test_it_blocks(in_git: House) -> None:
    refused = undecided(in_git, "block").promote()
    assert refused.code == 1
    assert "not decided, which blocks: quality" in refused.out


@pytest.mark.parametrize("more", ["", 'gates = ["quality"]'])
def test_what_the_rule_only_warns_of_goes_out(in_git: House, more: str) -> None:
    """The rule says so itself; a gate that was not asked at all is another matter."""
    house = undecided(in_git, "warn", more)
    done = house.promote()
    assert done.code == 0, done.out + done.err
    assert [(g["outcome"], g["blocks"]) for g in last(house)["gates"]] == [("inconclusive", False)]
    proven = house.run("verify", "churn@production")
    assert proven.code == 0, proven.err
    assert "1 gate not decided" in proven.out


def test_a_gate_that_never_blocks_lets_nothing_out(in_git: House) -> None:
    house = in_git
    gate = _GATE.format("block").replace("stages", "blocking = false\nstages")
    house.policy(gates=gate).model("one", 0.9)
    assert house.promote("--first").code == 0, "its first one passes, for there is no baseline"
    refused = house.model("two", 0.9).promote()
    assert (refused.code, "nothing was judged" in refused.err) == (1, True)


@pytest.mark.parametrize("version", ["", "v0.0.2"])
def test_people_approve_what_is_open_by_the_command_that_is_printed(
    in_git: House, version: str
) -> None:
    house = undecided(in_git, "approve")
    if version:  # registered by a promotion elsewhere
        assert house.promote("--first", to="staging").code == 0
        house.put({"notes": "later"}).commit()
    asked = [version] if version else []
    refused = house.promote(*asked)
    assert refused.code == 1
    said = " ".join(refused.out.split())
    named = " ".join(["churn", *asked])
    assert f"mlgate approve {named} --to production --gate quality --key KEY" in said
    told = ("--to", "production", "--gate", "quality")
    no_signer = approve(house, *asked, *told, key="ci")
    assert (no_signer.code, "do not name this key" in no_signer.err) == (2, True)
    given = approve(house, *asked, *told)
    assert given.code == 0, given.err
    assert "accuracy kept" in given.out
    done = house.promote(*asked)
    assert done.code == 0, done.out + done.err
    (gate,) = last(house)["gates"]
    assert (gate["outcome"], gate["waived"]) == ("passed", 1)
    assert any("keys/bob.pub" in note for note in gate["notes"])
    nothing = approve(house, *asked, *told)
    assert (nothing.code, "Traceback" in nothing.err) == (2, False)


def test_it_is_no_approval_of_another_model_with_the_same_numbers(in_git: House) -> None:
    house = undecided(in_git, "approve")
    assert approve(house, "--to", "production", "--gate", "quality").code == 0
    house.model("three", 0.9)
    refused = house.promote()
    assert refused.code == 1
    assert "waits for an approval" in " ".join(refused.out.split())


def test_a_gate_of_a_promotion_needs_an_alias(in_git: House) -> None:
    house = undecided(in_git, "approve")
    refused = approve(house, "--gate", "quality")
    assert (refused.code, "--to ALIAS" in refused.err) == (2, True)
    unknown = approve(house, "--to", "production", "--gate", "qualiti")
    assert (unknown.code, "quality" in unknown.err, "Traceback" in unknown.err) == (2, True, False)


def test_a_holder_that_a_shallow_clone_lacks_is_named_with_what_brings_it(in_folder: House) -> None:
    house = undecided(in_folder, "warn")
    was = house.git("rev-parse", "HEAD~1").strip()
    clone = house.folder.parent / "shallow"
    house.git("clone", "-q", "--depth", "1", f"file://{house.folder}", str(clone))
    refused = house.run(
        "promote",
        "churn",
        "--to",
        "production",
        "--key",
        str(house.folder.parent / "ci"),
        cwd=clone,
    )
    assert refused.code == 3
    assert f"the commit {was[:12]} of churn is not in this clone" in refused.err
    assert f"git fetch origin {was}" in refused.err
