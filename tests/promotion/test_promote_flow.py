"""Promote, roll back, look back: on real repositories."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from projects import Project

if TYPE_CHECKING:
    from model_house import House

_GATE = """
[gates.quality]
kind = "model"
metrics = "metrics.json"
stages = ["promote"]
[[gates.quality.require]]
value = "accuracy"
min = 0.8
max_drop = 0.01
"""


def _acts(house: House) -> list[dict[str, Any]]:
    told = house.run("history", "churn", "--format", "json")
    return [one["statement"]["predicate"] for one in json.loads(told.out)]


def test_the_real_program_does_the_same(in_folder: House) -> None:
    """All other tests run it in their own process."""
    house = in_folder.policy("gates = []").model("one")
    key = str(house.folder.parent / "ci")
    asked = ("promote", "churn", "--to", "production", "--key", key)
    told = Project.run(house, *asked)
    assert (told.code, "holds no version yet" in told.err) == (2, True)
    told = Project.run(house, *asked, "--first")
    assert (told.code, "churn v1 is production" in told.out) == (0, True), told.err
    assert Project.run(house, "verify", "churn@production").code == 0


def test_from_the_first_version_to_a_rollback(house: House) -> None:
    house.policy("gates = []").model("one")
    first = house.promote("--first", "--reason", "launch")
    assert first.code == 0, first.err
    house.model("two")
    done = house.promote()
    assert (done.code, "is production, which was v" in done.out) == (0, True), done.err
    again = house.promote()
    assert (again.code, "already" in again.out) == (0, True)
    back = house.with_key("rollback", "churn@production")
    assert back.code == 0, back.err
    proven = house.run("verify", "churn@production")
    assert (proven.code, "as it was proven" in proven.out) == (0, True), proven.err
    acts = _acts(house)
    assert [one["action"] for one in acts] == ["promote", "promote", "rollback"]
    assert acts[2]["version"] == acts[0]["version"] == acts[1]["holder"]
    assert acts[0]["reason"] == "launch"
    nothing = house.with_key("rollback", "churn@production")
    assert (nothing.code, "no version to go back to" in nothing.err) == (2, True)


def test_a_narrow_terminal_is_wide_enough(in_git: House) -> None:
    house = in_git
    words = "complaints of customers in the north, of which ticket 4711 tells more than fits here"
    long = f'["sh", "-c", "echo {words}; true"]'
    house.policy(f"gates = []\non_promote = [{long}]").model("one")
    done = house.promote("--first", "--reason", words)
    assert done.code == 0, done.err
    for asked in (("history", "churn"), ("verify", "churn@production"), ("keys",)):
        told = house.run(*asked, COLUMNS="80")
        assert max(map(len, told.out.splitlines())) <= 80, told.out
    history = house.run("history", "churn", COLUMNS="80").out
    assert words in " ".join(history.split())


def test_the_first_one_must_be_said(house: House) -> None:
    house.policy("gates = []").model("one")
    told = house.promote()
    assert told.code == 2
    assert "mend: for its first one: mlgate promote churn --to production --first" in told.err
    assert house.promote("--first").code == 0
    house.model("two")
    assert "leave out --first" in house.promote("--first").err


def test_gates_compare_with_what_the_alias_holds(house: House) -> None:
    """The default branch has long gone on: it is not what the version is compared with."""
    house.policy(gates=_GATE).model("one", 0.90)
    assert house.promote("--first").code == 0
    house.model("two", 0.85)
    worse = house.promote()
    assert worse.code == 1
    assert "production" not in worse.out
    house.model("three", 0.895)
    good = house.promote()
    assert good.code == 0, good.out + good.err
    first, second = _acts(house)
    (gate,) = second["gates"]
    assert (gate["gate"], gate["outcome"]) == ("quality", "passed")
    assert gate["measurements"]
    assert second["tests"]["metrics.json"].startswith("git:")
    assert second["holder_commit"] == first["commit"]


def test_a_version_is_judged_by_the_default_branch(house: House) -> None:
    """A branch that loosens its own gate gains nothing."""
    house.policy(gates=_GATE).model("one", 0.90)
    assert house.promote("--first").code == 0
    house.git("checkout", "-q", "-b", "loose")
    house.policy(gates=_GATE.replace("0.8", "0.1").replace("0.01", "0.9")).model("two", 0.3)
    assert house.promote().code == 1
    house.policy("gates = []").commit()
    assert house.promote().code == 1
    assert len(_acts(house)) == 1


def test_nothing_judged_is_no_promotion(house: House) -> None:
    house.policy().model("one")
    told = house.promote("--first")
    assert told.code == 1
    assert "nothing was judged" in told.err
    assert "gates = []" in told.err


def test_a_gate_that_errs_lets_nothing_through(house: House) -> None:
    house.policy('gates = ["quality"]', _GATE).model("one")
    house.git("rm", "-q", "metrics.json")
    house.commit()
    (house.folder / "metrics.json").unlink(missing_ok=True)
    told = house.promote("--first")
    assert told.code == 3, told.err
    assert _acts(house) == []
    assert house.run("verify", "churn@production").code == 1


def test_a_rehearsal_writes_nothing(house: House) -> None:
    house.policy(gates=_GATE).model("one")
    refs = house.git("for-each-ref")
    told = house.promote("--first", "--dry-run", key=None)
    assert (told.code, "would be production" in told.out) == (0, True), told.err
    assert house.git("for-each-ref") == refs
    assert _acts(house) == []


def test_without_a_key_there_is_no_promotion(house: House) -> None:
    house.policy("gates = []").model("one")
    told = house.promote("--first", key=None)
    assert (told.code, "there is no key" in told.err) == (2, True)
    told = house.promote("--first", key="nowhere")
    assert (told.code, "cannot be read" in told.err) == (2, True)
    told = house.promote("--first", key="eve")
    assert (told.code, "is no signer of the policy" in told.err) == (2, True)
    assert _acts(house) == []


def test_the_key_comes_from_the_environment(in_folder: House) -> None:
    house = in_folder
    house.policy("gates = []").model("one")
    path = house.folder.parent / "ci"
    asked = ("promote", "churn", "--first", "--to")
    assert house.run(*asked, "a", MLGATE_KEY=str(path)).code == 0
    assert house.run(*asked, "b", MLGATE_KEY=path.read_text()).code == 0
    assert house.run(*asked, "c", MLGATE_KEY_COMMAND=f"cat '{path}'").code == 0
    told = house.run(*asked, "d", MLGATE_KEY_COMMAND="false")
    assert (told.code, "exit code 1" in told.err) == (2, True)


def test_an_unknown_version_or_model(house: House) -> None:
    house.policy("gates = []").model("one")
    assert house.promote("--first").code == 0
    assert "has no version v9" in house.promote("v9").err
    told = house.run("promote", "chrun", "--to", "production")
    assert (told.code, "did you mean 'churn'?" in told.err) == (2, True)


def test_an_older_version_can_be_named(house: House) -> None:
    house.policy("gates = []").model("one")
    house.promote("--first")
    old = _acts(house)[0]["version"]
    house.model("two")
    house.promote()
    told = house.promote(old)
    assert told.code == 0, told.err
    assert [one["version"] for one in _acts(house)][-1] == old


def test_what_is_in_no_commit_cannot_be_proven(house: House) -> None:
    house.policy("gates = []").put({".gitignore": "models/\n"}).commit()
    house.put({"models/churn.bin": "untracked"})
    told = house.promote("--first")
    assert (told.code, "is not in the commit" in told.err) == (3, True)


def test_a_model_that_dvc_tracks(house: House) -> None:
    import hashlib

    content = b"weights of a large model"
    digest = hashlib.md5(content).hexdigest()
    pointer = f"outs:\n- md5: {digest}\n  size: {len(content)}\n  hash: md5\n  path: churn.bin\n"
    house.policy("gates = []")
    house.put({".gitignore": "models/churn.bin\n", ".dvc/config": ""})
    house.put({"models/churn.bin.dvc": pointer})
    house.commit()
    assert "is in no cache here, and no remote is set" in house.promote("--first").err
    house.put({"models/churn.bin": content})
    told = house.promote("--first")
    assert told.code == 0, told.err
    assert _acts(house)[0]["versions"] == {"models/churn.bin": f"md5:{digest}"}
    statement = json.loads(house.run("history", "churn", "--format", "json").out)[0]["statement"]
    assert statement["subject"][0]["digest"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_commands_run_after_a_promotion_and_are_recorded(house: House) -> None:
    out = house.folder.parent / "deployed"
    good = f'["sh", "-c", "echo $MLGATE_MODEL $MLGATE_VERSION $MLGATE_ALIAS $MLGATE_KEY >> {out}"]'
    house.policy(f'gates = []\non_promote = [{good}, ["sh", "-c", "exit 7"], {good}]').model("one")
    told = house.promote("--first")
    assert told.code == 1
    assert "mlgate rollback churn@production" in told.out
    acts = _acts(house)
    assert [one["action"] for one in acts] == ["promote", "command", "command"]
    assert acts[2]["command"]["exit_code"] == 7
    assert out.read_text().split() == ["churn", acts[0]["version"], "production"]
    assert house.run("verify", "churn@production").code == 0


def test_a_command_that_is_not_there(in_folder: House) -> None:
    house = in_folder
    house.policy('gates = []\non_promote = [["no-such-program"]]').model("one")
    told = house.promote("--first")
    assert (told.code, "cannot start" in told.out) == (1, True)


def test_two_persons_are_two_keys(house: House) -> None:
    signers = 'signers = ["keys/ci.pub", "keys/ann.pub", "keys/bob.pub"]\n'
    house.policy(f"{signers}approvals = 2\ngates = []").model("one")
    told = house.promote("--first")
    assert (told.code, "2 approvals of churn asked for, none here" in told.err) == (1, True)
    assert house.with_key("approve", "churn", key="ann").code == 0
    assert house.with_key("approve", "churn", "--reason", "twice", key="ann").code == 0
    assert "1 here" in house.promote("--first").err
    assert "no signer" in house.with_key("approve", "churn", key="eve").err
    assert house.with_key("approve", "churn", "--to", "staging", key="bob").code == 0
    assert "1 here" in house.promote("--first").err
    assert house.with_key("approve", "churn", "--to", "production", key="bob").code == 0
    told = house.promote("--first")
    assert told.code == 0, told.err
    who = sorted(one["who"].partition(" ")[0] for one in _acts(house)[0]["approvals"])
    assert who == ["keys/ann.pub", "keys/bob.pub"]
    house.model("two")
    assert "none here" in house.promote().err


def test_a_remote_holds_the_registry_of_all_clones(in_git: House, tmp_path: Any) -> None:
    house = in_git
    house.policy("gates = []").model("one")
    house.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"))
    house.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    house.git("push", "-q", "-u", "origin", "main")
    assert house.promote("--first").code == 0
    house.git("clone", "-q", str(tmp_path / "origin.git"), str(tmp_path / "other"))
    told = house.run("verify", "churn@production", cwd=tmp_path / "other")
    assert told.code == 0, told.err
    house.model("two")
    told = house.promote()
    assert told.code == 0, told.err
    os.rename(tmp_path / "origin.git", tmp_path / "gone.git")
    house.model("three")
    told = house.promote()
    assert (told.code, "cannot be reached" in told.err) == (3, True)


def test_offline_the_remote_is_not_asked(in_git: House, tmp_path: Any) -> None:
    house = in_git
    house.policy("gates = []").model("one")
    house.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"))
    house.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    house.git("push", "-q", "-u", "origin", "main")
    assert house.promote("--first").code == 0
    os.rename(tmp_path / "origin.git", tmp_path / "gone.git")
    assert house.run("verify", "churn@production").code == 3
    told = house.run("verify", "churn@production", "--offline")
    assert told.code == 0, told.err
    assert "asked: git, remote origin as last fetched" in told.out
    house.model("two")
    told = house.promote("--offline")
    assert (told.code, "needs the network" in told.err) == (3, True)
    os.rename(tmp_path / "gone.git", tmp_path / "origin.git")
    told = house.run("verify", "churn@production")
    assert (told.code, "asked: git, remote origin\n" in told.out) == (0, True)
    other = tmp_path / "other"
    house.git("clone", "-q", str(tmp_path / "origin.git"), str(other))
    told = house.run("verify", "churn@production", "--offline", cwd=other)
    assert (told.code, "was never fetched here" in told.err) == (3, True), told.err


def test_a_registry_that_git_does_not_keep_is_told(in_folder: House) -> None:
    house = in_folder
    house.registry = "folder:.mlgate/registry"
    house.policy("gates = []").model("one")
    told = house.promote("--first")
    assert (told.code, "git neither holds nor ignores it" in told.out) == (0, True), told.err
    house.put({".gitignore": ".mlgate/registry/\n"}).model("two")
    told = house.promote()
    assert (told.code, "git neither holds" in told.out) == (0, False), told.err


def test_keys_lists_who_may_sign_for_a_model(in_folder: House) -> None:
    house = in_folder.policy('signers = ["keys/ci.pub", "keys/gone.pub"]')
    house.commit()
    told = house.run("keys", COLUMNS="200")
    assert told.code == 0, told.err
    _, ci, gone, *_ = told.out.splitlines()
    assert ci.startswith("keys/ci.pub") and ci.endswith("churn")
    assert gone.startswith("keys/gone.pub") and "churn: " in gone
    house.put({"mlgate.toml": '[protect]\nsigners = ["keys/ann.pub"]\n[models.churn]\n'})
    house.commit()
    assert house.run("keys", COLUMNS="200").out.splitlines()[1].endswith("the policy, churn")


def test_without_a_default_branch_there_is_no_policy(house: House) -> None:
    house.policy("gates = []").model("one")
    house.git("branch", "-q", "-m", "elsewhere")
    told = house.promote("--first")
    assert told.code == 3
    assert "no default branch" in told.err


@pytest.mark.parametrize("alias", ["../x", "a b", "", "x/y"])
def test_an_alias_is_a_name(in_folder: House, alias: str) -> None:
    in_folder.policy("gates = []").model("one")
    assert "no name for an alias" in in_folder.promote("--first", to=alias).err
