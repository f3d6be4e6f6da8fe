"""What is missing, unreadable, forged or down: named, with its mend, and nothing is promoted."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from mlgate.core.words import Outcome
from mlgate.promotion import record
from mlgate.runner.approvals import FOLDER
from mlgate.signing import dsse, keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Copies
    from model_house import House
    from projects import Ended

IN_FOLDER = "folder:../registry"
_APPROVED = 'signers = ["keys/ci.pub", "keys/ann.pub", "keys/bob.pub"]\napprovals = 1\ngates = []'


def _once(house: House) -> None:
    house.policy("gates = []").model("one")
    assert house.promote("--first").code == 0


@pytest.fixture(params=[IN_FOLDER, "git"], ids=["folder", "git"])
def once(request: pytest.FixtureRequest, copies: Copies) -> House:
    """One version, promoted."""
    return copies(request.param, _once)


@pytest.fixture
def once_in_folder(copies: Copies) -> House:
    return copies(IN_FOLDER, _once)


@pytest.fixture
def once_in_git(copies: Copies) -> House:
    return copies("git", _once)


def _acts(house: House) -> list[dict[str, Any]]:
    told = house.run("history", "churn", "--format", "json")
    return [one["statement"]["predicate"] for one in json.loads(told.out)]


def _refused(told: Ended, code: int, words: str) -> None:
    assert (told.code, words in told.err) == (code, True), told.out + told.err
    assert "mend:" in told.err


# --- what is not there ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("verify", "churn@staging"), 1, "churn@staging holds nothing"),
        (("rollback", "churn@staging"), 2, "has no version to go back to"),
        (("rollback", "churn@production", "v9"), 2, "has no version v9"),
        (("admit", "churn@staging"), 2, "has no alias or version staging"),
        (("admit", "churn"), 2, "names no alias and no tag"),
        (("verify", "churn"), 2, "neither a file nor MODEL@ALIAS"),
        (("verify", "churn@"), 2, "is no name for an alias"),
        (("verify", "fraud@production"), 2, "knows no model 'fraud'"),
        (("approve", "churn", "v9", "--key", "../ann"), 2, "has no version v9"),
    ],
)
def test_what_is_not_there_is_named(
    once: House, args: tuple[str, ...], code: int, words: str
) -> None:
    keyed = ("--key", str(once.folder.parent / "ci")) if args[0] in ("rollback", "admit") else ()
    _refused(once.run(*args, *keyed), code, words)
    assert len(_acts(once)) == 1


def test_an_alias_is_rolled_back_only_to_what_was_proven_for_it(once: House) -> None:
    once.model("two")
    assert once.promote("--first", to="staging").code == 0
    version = _acts(once)[-1]["version"]
    told = once.with_key("rollback", "churn@production", version)
    _refused(told, 1, "was never proven for production")


def test_the_first_of_an_alias_is_said_to_be_so(once: House) -> None:
    """The hint asks for the version that was asked for."""
    version = _acts(once)[-1]["version"]
    for asked, kept in ((), "churn"), ((version,), f"churn {version}"):
        told = once.promote(*asked, to="staging")
        _refused(told, 2, "holds no version yet")
        assert f"mlgate promote {kept} --to staging --first" in told.err


def test_a_version_whose_commit_nobody_wrote_down(once_in_folder: House) -> None:
    house = once_in_folder
    (house.folder.parent / "registry/churn/versions/v1/version.json").write_text('{"name": "v1"}')
    _refused(house.promote("v1", "--first", to="staging"), 3, "nobody wrote down from which commit")
    assert len(_acts(house)) == 1


def test_a_version_whose_commit_is_not_in_this_clone(once_in_folder: House) -> None:
    house = once_in_folder
    lost = {"name": "v1", "commit": "a" * 40}
    path = house.folder.parent / "registry/churn/versions/v1/version.json"
    path.write_text(json.dumps(lost))
    _refused(house.promote("v1", "--first", to="staging"), 3, "is not in this clone")


def test_a_registry_that_cannot_be_used(once_in_folder: House) -> None:
    house = once_in_folder
    registry = house.folder.parent / "registry"
    shutil.rmtree(registry)
    registry.write_text("a file")
    house.model("two")
    for told in (house.promote(), house.run("verify", "churn@production")):
        _refused(told, 3, "cannot be used")


# --- keys ----------------------------------------------------------------------------------------


def _encrypted(house: House) -> str:
    keys.make(str(house.folder.parent / "locked"), "locked", b"secret")
    return "locked"


def _garbage(house: House) -> str:
    (house.folder.parent / "garbage").write_bytes(b"\x00\xff no key")
    return "garbage"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (lambda house: "nowhere", "cannot be read"),
        (lambda house: ".", "cannot be read"),
        (lambda house: "ci.pub", "is no"),
        (_garbage, "is no"),
        (_encrypted, "password"),
    ],
    ids=["missing", "folder", "public", "garbage", "locked"],
)
def test_a_key_that_cannot_be_used(
    once: House, key: Callable[[House], str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLGATE_KEY_PASSWORD", "wrong")
    once.model("two")
    told = once.promote(key=key(once))
    assert (told.code, words in told.err) == (2, True), told.out + told.err
    assert len(_acts(once)) == 1


@pytest.mark.parametrize(
    ("named", "content", "words"),
    [("keys/gone.pub", None, "which the tip"), ("keys/bad.pub", "no key at all", "keys/bad.pub")],
)
def test_a_signer_who_cannot_be_read(
    in_folder: House, named: str, content: str | None, words: str
) -> None:
    house = in_folder
    if content is not None:
        house.put({named: content})
    house.policy(f'signers = ["keys/ci.pub", "{named}"]\ngates = []').model("one")
    told = house.promote("--first")
    assert told.code == 3, told.out + told.err
    assert named in told.err


def test_nobody_may_sign(in_folder: House) -> None:
    in_folder.policy("signers = []\ngates = []").model("one")
    _refused(in_folder.promote("--first"), 3, "the policy names no signers")


# --- approvals -----------------------------------------------------------------------------------


def test_an_approval_is_of_this_very_model_and_policy(house: House) -> None:
    house.policy(_APPROVED).model("one")
    assert house.with_key("approve", "churn", key="ann").code == 0
    house.model("two")
    _refused(house.promote("--first"), 1, "1 approval of churn asked for, none here")
    house.git("reset", "-q", "--hard", "HEAD~1")
    house.policy(
        _APPROVED.replace("approvals = 1", "approvals = 1\non_promote = [['true']]")
    ).commit()
    _refused(house.promote("--first"), 1, "none here for these very bytes and this policy")


def test_an_approval_brings_a_version_to_an_alias_once(house: House) -> None:
    """A version that was rolled back is not brought out again by what let it out before."""
    house.policy("gates = []").model("one")
    assert house.promote("--first").code == 0
    house.policy(_APPROVED).model("two")
    assert house.with_key("approve", "churn", key="ann").code == 0
    done = house.promote()
    assert done.code == 0, done.out + done.err
    assert house.with_key("rollback", "churn@production").code == 0
    _refused(house.promote(), 1, "what record 2 was approved by is spent")
    assert house.with_key("approve", "churn", "--reason", "mended", key="ann").code == 0
    again = house.promote()
    assert again.code == 0, again.out + again.err


def test_what_stands_there_is_admitted_by_what_it_was_approved_by(house: House) -> None:
    """A pipeline asks `admit` before every deployment, whoever moved the alias."""
    house.policy(_APPROVED).model("one")
    for content, first in (("one", ("--first",)), ("two", ())):
        if not first:
            house.model(content)
        assert house.with_key("approve", "churn", key="ann").code == 0
        assert house.promote(*first).code == 0
        told = house.run("admit", "churn@production")
        assert told.code == 0, told.err
    assert house.with_key("rollback", "churn@production").code == 0
    assert house.run("admit", "churn@production").code == 0
    _refused(house.promote(), 1, "what record 2 was approved by is spent")


@pytest.fixture
def awaited(in_folder: House) -> House:
    """A registered version, which an approval may let out."""
    house = in_folder.policy("gates = []").model("one")
    assert house.promote("--first", to="staging").code == 0
    house.policy(_APPROVED).commit()
    return house


def _approval(house: House) -> tuple[str, bytes]:
    """The name that an approval of v1 must have, and the approval."""
    told = house.with_key("approve", "churn", "v1", "--output", "../approval", key="ann")
    name = told.out.split()[-1]
    assert (told.code, name.startswith(FOLDER)) == (0, True), told.out + told.err
    return name, (house.folder.parent / "approval").read_bytes()


def test_an_approval_may_be_committed(awaited: House) -> None:
    """To the default branch, where it is reviewed."""
    name, content = _approval(awaited)
    _refused(awaited.promote("v1", "--first"), 1, "none here")
    awaited.put({name: content}).commit()
    told = awaited.promote("v1", "--first")
    assert told.code == 0, told.out + told.err


def test_a_forged_approval_counts_for_nothing(awaited: House) -> None:
    """One by a key that is no signer's, and one that was signed for something else, each under the
    name of a true one."""
    name, content = _approval(awaited)
    true = json.loads(content)
    statement = base64.b64decode(true["payload"])
    eve, ann = (keys.secret(str(awaited.folder.parent / who)) for who in ("eve", "ann"))
    other = statement.replace(b"promote churn", b"promote fraud")
    assert other != statement
    forged = (
        dsse.sign(statement, true["payloadType"], eve),
        dsse.sign(other, true["payloadType"], ann),
        b"no envelope",
    )
    for one in forged:
        awaited.put({name: one}).commit()
        _refused(awaited.promote("v1", "--first"), 1, "none here")
    awaited.put({name: dsse.sign(statement, true["payloadType"], ann)}).commit()
    assert awaited.promote("v1", "--first").code == 0


# --- rehearsals ----------------------------------------------------------------------------------

_GATE = """
[gates.quality]
kind = "model"
metrics = "metrics.json"
stages = ["promote"]
[[gates.quality.require]]
value = "accuracy"
min = 0.8
"""


def test_a_rehearsal_is_judged_and_runs_nothing(house: House) -> None:
    marker = house.folder.parent / "deployed"
    told_to = f'on_promote = [["touch", "{marker}"]]'
    house.policy(f"approvals = 1\n{told_to}", _GATE).model("one", 0.9)
    told = house.promote("--first", "--dry-run", key=None)
    assert told.code == 0, told.err
    assert "1 approval of churn asked for" in told.out
    house.model("two", 0.5)
    refused = house.promote("--first", "--dry-run", key=None)
    assert (refused.code, "do not let it through" in refused.err) == (1, True)
    assert (_acts(house), marker.exists()) == ([], False)


# --- deployments ---------------------------------------------------------------------------------


def test_what_was_not_deployed_is_deployed_by_the_next_run(house: House) -> None:
    beside = house.folder.parent
    first = f'["sh", "-c", "echo first >> {beside}/log"]'
    second = f'["sh", "-c", "test -e {beside}/fixed && echo second >> {beside}/log"]'
    house.policy(f"gates = []\non_promote = [{first}, {second}]").model("one")
    assert house.promote("--first").code == 1
    rehearsed = house.promote("--dry-run", key=None)
    assert "1 command of on_promote left to run" in rehearsed.out
    (beside / "fixed").touch()
    again = house.promote()
    assert again.code == 0, again.out + again.err
    assert (beside / "log").read_text() == "first\nsecond\n"
    codes = [one["command"]["exit_code"] for one in _acts(house) if one["action"] == "command"]
    assert codes == [0, 1, 0]
    assert "nothing to do" in house.promote(key=None).out


# --- git -----------------------------------------------------------------------------------------

_CHAIN = "refs/mlgate/promotions/churn/chain"


def _rewritten(house: House, number: int, content: bytes | None) -> None:
    """Put another record into the chain's ref, or take it out."""
    name = f"{number:08d}.json"
    lines = [line for line in house.git("ls-tree", _CHAIN).splitlines() if name not in line]
    if content is not None:
        path = house.folder.parent / "record"
        path.write_bytes(content)
        blob = house.git("hash-object", "-w", str(path)).strip()
        lines.append(f"100644 blob {blob}\t{name}")
    listing = "".join(f"{line}\n" for line in lines)
    made = subprocess.run(
        ["git", "mktree"], cwd=house.folder, input=listing, capture_output=True, text=True
    )
    commit = house.git("commit-tree", "-m", "x", made.stdout.strip()).strip()
    house.git("update-ref", _CHAIN, commit)


def test_a_chain_in_git_that_was_rewritten(once_in_git: House) -> None:
    house = once_in_git
    house.model("two")
    assert house.promote().code == 0
    good = house.git("rev-parse", _CHAIN).strip()
    raw = house.git("cat-file", "blob", f"{_CHAIN}:00000001.json").encode()
    envelope = json.loads(raw)
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"]["reason"] = "nothing to see"
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    changed = json.dumps(envelope).encode()
    for number, content, code, words in (
        (1, changed, 1, "broken chain: record 2 of churn does not follow"),
        (2, changed, 1, "broken chain: what stands as record 2 of churn was made as record 1"),
        (1, None, 3, "broken chain: record 1 of churn is missing"),
        (2, None, 1, "somebody moved it past mlgate"),
        (2, b"{}", 1, "tampered record: number 2"),
    ):
        _rewritten(house, number, content)
        for told in (house.run("verify", "churn@production"), house.promote("v0.0.1")):
            _refused(told, code, words)
        house.git("update-ref", _CHAIN, good)
    assert house.run("verify", "churn@production").code == 0
    house.git("update-ref", "-d", _CHAIN)
    _refused(house.run("verify", "churn@production"), 1, "no record says who moved it there")


def test_a_tag_that_was_taken_away_or_set_back_by_gto(once_in_git: House) -> None:
    """Record and tag are written at once: what differs, somebody did."""
    house = once_in_git
    house.model("two")
    assert house.promote().code == 0
    house.git("tag", "-d", "churn#production#2")
    house.model("three")
    _refused(house.promote(), 1, "names v0.0.1, but the chain's last word is v0.0.2")
    told = house.with_key("rollback", "churn@production", "v0.0.2")
    assert told.code == 0, told.err
    assert house.run("verify", "churn@production").code == 0


@pytest.fixture
def with_remote(once_in_git: House) -> House:
    """What was promoted once, with a remote that then is the registry."""
    bare = str(once_in_git.folder.parent / "origin.git")
    once_in_git.git("init", "-q", "--bare", "-b", "main", bare)
    once_in_git.git("remote", "add", "origin", bare)
    once_in_git.git("push", "-q", "-u", "origin", "main", "--tags", f"{_CHAIN}:{_CHAIN}")
    once_in_git.model("two")
    return once_in_git


def test_the_push_is_one_or_none(with_remote: House) -> None:
    """A remote that takes the record, but not the tag, takes neither."""
    bare = with_remote.folder.parent / "origin.git"
    hook = bare / "hooks/update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) echo "no tags today"; exit 1;; esac\n')
    hook.chmod(0o755)
    before = with_remote.git("ls-remote", "origin", "refs/tags/*", "refs/mlgate/*")
    told = with_remote.promote()
    assert (told.code, "could not be pushed" in told.err) == (3, True), told.out + told.err
    assert with_remote.git("ls-remote", "origin", "refs/tags/*", "refs/mlgate/*") == before
    hook.unlink()
    assert with_remote.promote().code == 0
    assert with_remote.run("verify", "churn@production").code == 0


def test_a_remote_that_forgets_records_is_named_by_whoever_saw_them(with_remote: House) -> None:
    """Chain and tags set back together would look right to a clone that comes new."""
    house, bare = with_remote, str(with_remote.folder.parent / "origin.git")
    assert house.promote().code == 0
    house.git("-C", bare, "update-ref", _CHAIN, f"{_CHAIN}~1")
    house.git("-C", bare, "tag", "-d", "churn#production#2")
    house.git("-C", bare, "tag", "-d", "churn@v0.0.2")
    for told in (house.run("verify", "churn@production"), house.promote()):
        _refused(told, 3, "no longer holds the chain of churn that was fetched here before")
    mend = told.err.partition("bring it back: git ")[2].partition(";")[0]
    house.git(*mend.split())
    _refused(house.run("verify", "churn@production"), 1, "has no version v0.0.2 of churn any more")


def test_the_policy_names_the_remote(with_remote: House) -> None:
    house = with_remote
    house.git("remote", "rename", "origin", "upstream")
    house.policy('gates = []\nremote = "upstream"').commit()
    house.git("push", "-q", "upstream", "main")
    told = house.promote()
    assert told.code == 0, told.err
    assert "churn#production#2" in house.git("ls-remote", "upstream")
    house.policy('gates = []\nremote = "elsewhere"').commit()
    house.git("push", "-q", "upstream", "main")
    told = house.promote("v0.0.1")
    assert (told.code, "no git remote 'elsewhere'" in told.err) == (3, True), told.err


# --- a record that gates do not stand behind ----------------------------------------------------


def test_a_signer_cannot_vouch_for_what_failed(once_in_folder: House) -> None:
    house = once_in_folder
    path = house.folder.parent / "registry/churn/history/00000001.json"
    statement, _ = record.opened(path.read_bytes())
    failed = record.Judged(gate="quality", kind="model", outcome=Outcome.FAILED, blocks=True)
    act = replace(statement.predicate, gates=(failed,))
    ci = keys.secret(str(house.folder.parent / "ci"))
    path.write_bytes(record.signed(act, statement.files, ci))
    house.forget()  # who saw the record before names the change itself
    _refused(house.run("verify", "churn@production"), 1, "was made although quality did not pass")
