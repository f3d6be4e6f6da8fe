"""A change does not loosen what it is judged by: each attack, on real repositories."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest
from projects import Ended, Project

BAD = "x = 1   \n"
POLICY = "[gates.files]\n[gates.policy]\n"


@pytest.fixture
def branch(project: Project) -> Project:
    """A branch `topic` of a project whose `main` has a policy and nothing against it."""
    project.put({"mlgate.toml": POLICY, "a.py": "x = 1\n", "sub/b.py": "y = 1\n"}).commit()
    project.git("checkout", "-q", "-b", "topic")
    return project


def verdicts(ended: Ended) -> dict[str, dict[str, Any]]:
    return {v["gate"]: v for v in json.loads(ended.out)["verdicts"]}


def check(project: Project, *args: str, **environ: str) -> tuple[Ended, dict[str, dict[str, Any]]]:
    ended = project.run("check", "--format", "json", *args, **environ)
    assert ended.out.startswith("{"), ended
    return ended, verdicts(ended)


def altered(found: dict[str, dict[str, Any]]) -> list[str]:
    """The messages of what needs an approval."""
    return [
        f["message"]
        for f in found["policy"]["findings"]
        if f["rule"] == "policy/changed" and f["level"] != "note"
    ]


def notes(found: dict[str, dict[str, Any]]) -> list[str]:
    return [f["message"] for f in found["policy"]["findings"] if f["level"] == "note"]


# -- files leave the gates' sight ---------------------------------------------------


def test_a_file_that_is_moved_out_of_sight_is_named(project: Project) -> None:
    policy = 'exclude = ["vendor/"]\n[gates.files]\n[gates.policy]\n'
    text = "".join(f"n{n} = {n}\n" for n in range(20))
    project.put({"mlgate.toml": policy, "a.py": text, "b.py": text + "b = 1\n"}).commit()
    project.git("checkout", "-q", "-b", "topic")
    (project.folder / "vendor").mkdir()
    project.git("mv", "a.py", "vendor/a.py")
    project.git("mv", "b.py", "c.py")
    ended, found = check(project.commit())
    assert (ended.code, altered(found)) == (0, [])
    moved = "a.py is now vendor/a.py, where these do not look: files"
    assert notes(found) == [moved]


# -- nothing of the policy is touched -----------------------------------------------


def test_an_untouched_policy_passes(branch: Project) -> None:
    ended, found = check(branch.put({"a.py": "x = 2\n"}).commit())
    assert ended.code == 0
    assert list(found) == ["files", "policy"]
    assert found["policy"]["outcome"] == "passed"
    assert found["policy"]["judged"] == "the policy is the base's"


def test_it_is_on_without_being_named(project: Project) -> None:
    project.put({"mlgate.toml": "[gates.files]\n"}).commit()
    _, found = check(project)
    assert found["policy"]["outcome"] == "passed"
    for stage in ("commit", "push"):
        _, found = check(project, "--stage", stage)
        assert "policy" not in found


def test_without_a_policy_there_is_nothing_to_protect(project: Project) -> None:
    project.put({"a.py": "x = 1\n"}).commit()
    assert "policy" not in check(project)[1]


def test_the_first_policy_binds_at_once(project: Project) -> None:
    project.put({"a.py": BAD}).commit()
    project.git("checkout", "-q", "-b", "topic")
    waiver = '[[waivers]]\nrule = "files/"\nreason = "legacy"\nuntil = 2999-01-01\n'
    ended, found = check(project.put({"mlgate.toml": POLICY + waiver}).commit())
    assert ended.code == 0, found
    assert "the first policy" in found["policy"]["judged"]
    assert found["files"]["waived"] == 1


# -- attacks on the policy ----------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("[gates.policy]\n", 'gates.files: { kind = "files" } -> (removed)'),
        ("[gates.files]\nstages = []\n", "gates.files.stages: (unset) -> []"),
        ("[gates.files]\nblocking = false\n", "gates.files.blocking: (unset) -> false"),
        ('[gates.files]\nwhere = "ci"\n', 'gates.files.where: (unset) -> "ci"'),
        ('[gates.files]\nwhen = ["z"]\n', 'gates.files.when: (unset) -> ["z"]'),
        ('[gates.files]\nfiles = ["sub/"]\n', 'gates.files.files: (unset) -> ["sub/"]'),
        ('[gates.files]\nexclude = ["a.py"]\n', 'gates.files.exclude: (unset) -> ["a.py"]'),
        ('[gates.files]\nlevel = "error"\n', 'gates.files.level: (unset) -> "error"'),
        ('exclude = ["a.py"]\n[gates.files]\n', 'exclude: [] -> ["a.py"]'),
        (
            '[gates.files]\nkind = "command"\nrun = ["true"]\n',
            'gates.files.kind: "files" -> "command"',
        ),
    ],
)
def test_a_loosened_gate_is_judged_under_the_base(branch: Project, policy: str, said: str) -> None:
    ended, found = check(branch.put({"mlgate.toml": policy, "a.py": BAD}).commit())
    assert ended.code == 1
    assert said in altered(found)
    twin = found["files (base policy)"]
    assert twin["outcome"] == "failed"
    assert twin["blocks"] is True
    assert {f["policy"] for f in twin["findings"]} == {"base"}
    again, found = check(branch)
    assert (again.code, found["files (base policy)"]["cached"]) == (1, True)


def test_a_gate_is_judged_under_the_head_as_well(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    branch.put({"mlgate.toml": '[gates.files]\nexclude = ["a.py"]\n', "a.py": BAD}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    ended, found = check(branch.put({"mlgate.toml": "[gates.files]\n"}).commit())
    assert ended.code == 1
    assert found["files"]["outcome"] == "failed"
    assert found["files (base policy)"]["outcome"] == "passed"


@pytest.mark.parametrize("how", ["removed", "renamed", "moved"])
def test_a_policy_that_is_gone_still_binds(branch: Project, how: str) -> None:
    branch.git("mv", "mlgate.toml", "other.toml")
    if how == "removed":
        branch.git("rm", "-q", "-f", "other.toml")
    elif how == "moved":
        branch.put({"pyproject.toml": "[tool.mlgate.gates.policy]\n"})
    ended, found = check(branch.put({"a.py": BAD}).commit())
    assert ended.code == 1
    assert any("gates.files" in line and "(removed)" in line for line in altered(found))
    assert found["files (base policy)"]["outcome"] == "failed"


def test_a_policy_that_merely_moves_is_unaltered(branch: Project) -> None:
    branch.git("rm", "-q", "mlgate.toml")
    branch.put({"pyproject.toml": "[tool.mlgate.gates.files]\n[tool.mlgate.gates.policy]\n"})
    ended, found = check(branch.commit())
    assert ended.code == 0
    assert altered(found) == []


def test_a_policy_that_is_extended(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    branch.put({"mlgate.toml": 'extends = ["team/p.toml"]\n', "team/p.toml": POLICY}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    weaker = "[gates.files]\nblocking = false\n"
    ended, found = check(branch.put({"team/p.toml": weaker}).commit())
    assert ended.code == 1
    assert altered(found) == ["gates.files.blocking: (unset) -> false"]


def test_a_projects_policy(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    root = 'projects = ["sub"]\n[gates.files]\n'
    branch.put({"mlgate.toml": root, "sub/mlgate.toml": "[gates.files]\n"}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    weaker = "[gates.files]\nstages = []\n"
    ended, found = check(branch.put({"sub/mlgate.toml": weaker, "sub/b.py": BAD}).commit())
    assert ended.code == 1
    assert altered(found) == ['gates."sub/files".stages: (unset) -> []']
    assert found["sub/files (base policy)"]["outcome"] == "failed"
    assert found["files"]["outcome"] == "passed"


def test_the_protection_itself_is_not_switched_off(branch: Project) -> None:
    policy = "[gates.files]\n[gates.policy]\nstages = []\nblocking = false\n"
    ended, found = check(branch.put({"mlgate.toml": policy}).commit())
    assert ended.code == 1
    assert found["policy"]["blocks"] is True
    assert "gates.policy.stages: (unset) -> []" in altered(found)


def test_the_base_may_switch_it_off(project: Project) -> None:
    policy = "[gates.files]\n[gates.policy]\nblocking = false\n"
    project.put({"mlgate.toml": policy}).commit()
    project.git("checkout", "-q", "-b", "topic")
    ended, found = check(project.put({"mlgate.toml": "[gates.policy]\nblocking = false\n"}))
    assert ended.code == 0
    assert found["policy"]["outcome"] == "failed"
    assert found["policy"]["blocks"] is False


@pytest.mark.parametrize(
    "policy",
    [
        '[gates.files]\n[gates.policy]\nkind = "command"\nrun = ["true"]\n',
        '[gates.files]\n[gates.mine]\nkind = "policy"\n',
    ],
)
def test_its_name_is_kept_for_it(branch: Project, policy: str) -> None:
    ended = branch.put({"mlgate.toml": policy}).run("check")
    assert ended.code == 2
    assert "`policy`" in ended.err


def test_a_base_that_the_change_names_does_not_hide_it(branch: Project) -> None:
    branch.put({"mlgate.toml": 'base = "HEAD"\n[gates.policy]\n'})
    ended, found = check(branch.commit())
    assert ended.code == 1
    assert 'base: (unset) -> "HEAD"' in altered(found)
    assert any("gates.files" in line for line in altered(found))


def test_a_base_that_is_not_here_passes_nothing(branch: Project) -> None:
    ended, found = check(branch, "--base", "nowhere")
    assert ended.code == 3
    assert found["policy"]["outcome"] == "errored"
    assert "nowhere" in found["policy"]["reason"]


def test_a_symlinked_policy(branch: Project) -> None:
    branch.put({"elsewhere.toml": ""})
    (branch.folder / "mlgate.toml").unlink()
    (branch.folder / "mlgate.toml").symlink_to("elsewhere.toml")
    ended = branch.commit().run("check")
    assert ended.code == 2
    assert "regular file" in ended.err


def test_a_base_policy_that_cannot_be_read(project: Project) -> None:
    project.put({"mlgate.toml": "[gates.files]\nodd = 1\n"}).commit()
    project.git("checkout", "-q", "-b", "topic")
    ended, found = check(project.put({"mlgate.toml": "[gates.files]\n"}).commit())
    assert ended.code == 1
    assert "unreadable at the base" in altered(found)[0]


def test_added_gates_are_notes(branch: Project) -> None:
    ended, found = check(branch.put({"mlgate.toml": POLICY + "[gates.notebook]\n"}).commit())
    assert ended.code == 0
    assert [n for n in notes(found) if n.startswith("gates.notebook: ") and "added" in n]


def test_a_waiver_for_the_protection_itself(branch: Project) -> None:
    own = waiver().replace("files/", "policy/")
    ended, _ = check(branch.put({"mlgate.toml": "[gates.policy]\n" + own}).commit())
    assert ended.code == 1


def test_the_verdict_follows_the_base(branch: Project) -> None:
    branch.put({"mlgate.toml": "[gates.policy]\n", "a.py": BAD}).commit()
    assert check(branch)[0].code == 1
    branch.git("branch", "-f", "main", "topic")
    assert check(branch)[0].code == 0
    assert check(branch, "--base", "main~1")[0].code == 1


def test_in_a_ci(branch: Project) -> None:
    branch.put({"mlgate.toml": "[gates.policy]\n", "a.py": BAD}).commit()
    ci = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}
    ended, found = check(branch, **ci, GITHUB_BASE_REF="main", GITHUB_REF="refs/pull/1/merge")
    assert ended.code in (1, 3)
    assert found["policy"]["outcome"] != "passed"
    branch.git("update-ref", "refs/remotes/origin/main", "main")
    ended, found = check(branch, **ci, GITHUB_BASE_REF="main", GITHUB_REF="refs/pull/1/merge")
    assert ended.code == 1
    assert found["files (base policy)"]["outcome"] == "failed"


def test_at_promotion(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    branch.put({"mlgate.toml": '[gates.files]\nstages = ["promote"]\n'}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    branch.put({"mlgate.toml": "[gates.policy]\n", "a.py": BAD}).commit()
    ended, found = check(branch, "--stage", "promote")
    assert ended.code == 1
    assert found["policy"]["outcome"] == "failed"
    assert found["files (base policy)"]["outcome"] == "failed"


# -- what tools read ----------------------------------------------------------------

LINT = POLICY + '[gates.lint]\nargs = ["--max-line-length=80"]\n'


@pytest.fixture
def linted(branch: Project) -> Project:
    branch.git("checkout", "-q", "main")
    branch.put(
        {
            "mlgate.toml": LINT,
            "pyproject.toml": '[tool.poetry]\nname = "x"\n\n[tool.black]\nline-length = 80\n',
            ".flake8": "[flake8]\nextend-ignore = E203\n",
        }
    ).commit()
    branch.git("checkout", "-q", "-B", "topic")
    return branch


def test_a_tools_configuration_is_policy(linted: Project) -> None:
    linted.put({".flake8": "[flake8]\nextend-ignore = E203,F401\n", "a.py": "import os\n"})
    ended, found = check(linted.commit())
    assert ended.code == 1
    assert altered(found) == ['flake8.extend-ignore: "E203" -> "E203,F401"']
    assert found["lint"]["outcome"] == "passed"
    assert [f["rule"] for f in found["lint (base policy)"]["findings"]] == ["lint/F401"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({".flake8": None}, '{ extend-ignore = "E203" } -> (unset)'),
        ({"setup.cfg": "[flake8]\nignore = F\n"}, '-> { ignore = "F" }'),
        (
            {".flake8": "[flake8]\nextend-ignore = E203\n[flake8:local-plugins]\nextension =\n"},
            '"flake8:local-plugins": (unset) ->',
        ),
    ],
)
def test_configuration_that_is_added_or_removed(
    linted: Project, files: dict[str, str | None], said: str
) -> None:
    for name, content in files.items():
        if content is None:
            (linted.folder / name).unlink()
        else:
            linted.put({name: content})
    ended, found = check(linted.commit())
    assert ended.code == 1
    assert said in altered(found)[0]


def test_configuration_of_other_tools_is_none(linted: Project) -> None:
    text = '[tool.poetry]\nname = "y"\n\n[tool.black]\nline-length = 200\n'
    ended, found = check(linted.put({"pyproject.toml": text, "docs/.flake8": "[flake8]\n"}))
    assert ended.code == 0
    assert altered(found) == []


def test_pylints_init_hook_is_policy(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    branch.put({"mlgate.toml": '[gates.lint]\ntool = "pylint"\nblocking = false\n'}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    hook = "[MASTER]\ninit-hook=import sys\n"
    _, found = check(branch.put({".pylintrc": hook}).commit(), "--gate", "policy")
    assert altered(found) == ['MASTER: (unset) -> { init-hook = "import sys" }']


def test_an_allow_list_is_policy(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    branch.put({"mlgate.toml": "[gates.secrets]\n", ".secrets.baseline": "{}\n"}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    changed = branch.put({".secrets.baseline": '{"results": {}}\n'}).commit()
    ended, found = check(changed, "--gate", "policy")
    assert ended.code == 1
    assert altered(found)[0].startswith("content: ")


def test_a_gates_own_script_is_policy(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    policy = '[gates.own]\nkind = "command"\nrun = ["sh", "gate.sh"]\n'
    branch.put({"mlgate.toml": policy, "gate.sh": "exit 1\n"}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    ended, found = check(branch.put({"gate.sh": "exit 0\n"}).commit())
    assert ended.code == 1
    assert len(altered(found)) == 1
    assert found["own"]["outcome"] == "passed"
    assert found["own (base policy)"]["outcome"] == "failed"


# -- waivers ------------------------------------------------------------------------


def waiver(most: int = 1, until: str = "2999-01-01") -> str:
    return f'[[waivers]]\nrule = "files/"\nmax = {most}\nreason = "legacy"\nuntil = {until}\n'


def test_a_new_waiver_binds_once_it_is_on_the_base(branch: Project) -> None:
    branch.put({"mlgate.toml": POLICY + waiver(), "a.py": BAD}).commit()
    ended, found = check(branch)
    assert ended.code == 1
    assert found["files"]["outcome"] == "failed"
    assert found["policy"]["outcome"] == "passed"
    assert any("binds once it is on the base" in note for note in notes(found))
    ended, found = check(branch, "--stage", "commit", "--all")
    assert (ended.code, found["files"]["waived"]) == (0, 1)
    branch.git("checkout", "-q", "main")
    branch.git("merge", "-q", "topic")
    ended, found = check(branch)
    assert (ended.code, found["files"]["waived"]) == (0, 1)


@pytest.mark.parametrize(
    ("base", "head", "code"),
    [
        (waiver(), waiver(most=9), 1),  # a raised limit does not count yet
        (waiver(most=2), waiver(most=1), 1),  # a lowered one does
        (waiver(most=2), "", 1),
        (waiver(most=2), waiver(most=2), 0),
        (waiver(most=2), waiver(most=3, until="2999-02-01"), 0),
        (waiver(2, "2020-01-01"), waiver(2), 1),
    ],
)
def test_the_stricter_of_two_waivers(branch: Project, base: str, head: str, code: int) -> None:
    branch.git("checkout", "-q", "main")
    branch.put({"mlgate.toml": POLICY + base}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    text = {"mlgate.toml": POLICY + head, "a.py": BAD, "sub/b.py": BAD}
    assert check(branch.put(text).commit())[0].code == code


def test_an_expired_waiver_fails_and_says_so(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    branch.put({"mlgate.toml": POLICY + waiver(until="2020-01-01"), "a.py": BAD}).commit()
    ended, found = check(branch)
    assert ended.code == 1
    assert any("ended on 2020-01-01" in note for note in found["files"]["notes"])


def test_a_waiver_for_nothing_is_reported(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    _, found = check(branch.put({"mlgate.toml": POLICY + waiver()}).commit())
    assert any("matches nothing" in note for note in found["files"]["notes"])


# -- approval -----------------------------------------------------------------------

WEAKER = '[gates.policy]\n[protect]\nsigners = ["keys/lead.pub"]\n'


@pytest.fixture
def signed(branch: Project) -> Project:
    """A branch that removes a gate, where the base names a signer; the key lies beside it."""
    made = branch.run("keys", "new", str(branch.folder.parent / "lead"), "--no-password")
    assert made.code == 0, made
    branch.git("checkout", "-q", "main")
    public = (branch.folder.parent / "lead.pub").read_text()
    branch.put({"mlgate.toml": "[gates.files]\n" + WEAKER, "keys/lead.pub": public}).commit()
    branch.git("checkout", "-q", "-B", "topic")
    return branch.put({"mlgate.toml": WEAKER, "a.py": BAD}).commit()


def approve(project: Project, *args: str, key: str = "lead", **environ: str) -> Ended:
    path = str(project.folder.parent / key)
    return project.run("approve", "policy", "--key", path, *args, **environ)


def test_a_signed_approval(signed: Project) -> None:
    assert check(signed)[0].code == 1
    given = approve(signed, "--reason", "agreed")
    assert given.code == 0, given
    assert "gates.files" in given.out
    ended, found = check(signed)
    assert ended.code == 0
    assert "files (base policy)" not in found
    assert found["policy"]["waived"] == 1
    assert [n for n in found["policy"]["notes"] if "keys/lead.pub" in n and "agreed" in n]
    signed.git("update-ref", "-d", "refs/mlgate/approvals")
    assert check(signed)[0].code == 1


def test_an_approved_policy_binds_in_full(signed: Project) -> None:
    signed.put({"mlgate.toml": "[gates.files]\n" + WEAKER + waiver()}).commit()
    assert check(signed)[0].code == 1
    assert approve(signed).code == 0
    ended, found = check(signed)
    assert (ended.code, found["files"]["waived"]) == (0, 1)


def test_an_approval_in_a_file(signed: Project) -> None:
    out = signed.folder / "approval.json"
    given = approve(signed, "--output", str(out))
    name = given.out.split("counts as ")[1].strip()
    assert check(signed)[0].code == 1
    signed.put({name: out.read_bytes()})
    out.unlink()
    assert check(signed.commit())[0].code == 0


def test_an_approval_is_for_one_change_only(signed: Project) -> None:
    assert approve(signed).code == 0
    policy = 'exclude = ["secret/"]\n' + WEAKER
    ended, found = check(signed.put({"mlgate.toml": policy}).commit())
    assert ended.code == 1
    assert found["policy"]["waived"] == 0


def test_an_approval_is_not_replayed(signed: Project) -> None:
    assert approve(signed).code == 0
    assert check(signed)[0].code == 0
    signed.git("checkout", "-q", "main")
    signed.git("merge", "-q", "topic")
    signed.put({"mlgate.toml": "[gates.files]\n" + WEAKER, "a.py": "x = 1\n"}).commit("revert")
    signed.git("checkout", "-q", "-B", "again")
    ended, _ = check(signed.put({"mlgate.toml": WEAKER, "a.py": BAD}).commit())
    assert ended.code == 1


def test_a_key_that_the_base_does_not_name(signed: Project) -> None:
    signed.run("keys", "new", str(signed.folder.parent / "mine"), "--no-password")
    refused = approve(signed, key="mine")
    assert refused.code == 2
    assert "do not name this key" in refused.err
    assert check(signed)[0].code == 1


def test_a_signer_that_the_change_brings_along(signed: Project) -> None:
    signed.run("keys", "new", str(signed.folder.parent / "mine"), "--no-password")
    public = (signed.folder.parent / "mine.pub").read_text()
    ended, found = check(signed.put({"keys/lead.pub": public}).commit())
    assert ended.code == 1
    assert any(m.startswith("content: ") for m in altered(found))
    assert approve(signed, key="mine").code == 2


def test_a_forged_envelope_on_the_shelf(signed: Project) -> None:
    assert approve(signed).code == 0
    listed = signed.git("ls-tree", "refs/mlgate/approvals").split()
    envelope = json.loads(signed.git("cat-file", "blob", listed[2]))
    signed.git("update-ref", "-d", "refs/mlgate/approvals")
    envelope["signatures"][0]["sig"] = "A" * 86 + "=="
    ended, found = check(signed.put({f".mlgate/approvals/{listed[3]}": json.dumps(envelope)}))
    assert ended.code == 1
    assert any("by no key" in note for note in found["policy"]["notes"])


def sign_commit(project: Project, message: str, key: str = "ssh") -> None:
    path = str(project.folder.parent / key)
    signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={path}")
    project.git(*signing, "commit", "-q", "-S", "--allow-empty", "-m", message)


def ssh_key(project: Project, name: str = "ssh") -> str:
    """A key made by OpenSSH; its public half."""
    path = project.folder.parent / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


def test_a_signed_commit_approves_what_it_names(branch: Project) -> None:
    branch.git("checkout", "-q", "main")
    files = {"mlgate.toml": "[gates.files]\n" + WEAKER, "keys/lead.pub": ssh_key(branch)}
    branch.put(files).commit()
    branch.git("checkout", "-q", "-B", "topic")
    _, found = check(branch.put({"mlgate.toml": WEAKER, "a.py": BAD}).commit())
    digest = approvable(found)
    trailer = f"Mlgate-Approves: {digest}"
    branch.commit(f"Loosen\n\n{trailer}")
    ended, found = check(branch)
    assert ended.code == 1
    assert any("by no key" in note for note in found["policy"]["notes"])
    sign_commit(branch, "Work of the lead")
    assert check(branch)[0].code == 1
    ssh_key(branch, "mine")
    sign_commit(branch, f"Mine\n\n{trailer}", "mine")
    assert check(branch)[0].code == 1
    sign_commit(branch, f"Agreed\n\n{trailer}")
    ended, found = check(branch)
    assert ended.code == 0, found
    assert any("keys/lead.pub" in n and "Agreed" in n for n in found["policy"]["notes"])
    policy = 'exclude = ["secret/"]\n' + WEAKER
    assert check(branch.put({"mlgate.toml": policy}).commit())[0].code == 1


def approvable(found: dict[str, dict[str, Any]]) -> str:
    helps = [f["help"] for f in found["policy"]["findings"] if f["help"]]
    return str(helps[0].rpartition("MLGATE_APPROVED to ")[2])


def test_the_ci_variable_holds_digests(branch: Project) -> None:
    branch.put({"mlgate.toml": "[gates.policy]\n"}).commit()
    _, found = check(branch)
    wanted = approvable(found)
    ended, found = check(branch, MLGATE_APPROVED=f"{'0' * 64},{wanted}")
    assert ended.code == 0
    assert "approved by MLGATE_APPROVED" in found["policy"]["notes"]
    for value in ("1", "true", wanted[:12], "0" * 64, wanted.upper()):
        assert check(branch, MLGATE_APPROVED=value)[0].code == 1, value
    ended, found = check(branch, MLGATE_APPROVED="1")
    assert any("is no digest" in note for note in found["policy"]["notes"])


def test_the_digest_fits_on_a_line(branch: Project) -> None:
    """Whoever copies it from a terminal of 80 columns gets it whole."""
    branch.put({"mlgate.toml": "[gates.policy]\n"}).commit()
    told = branch.run("check", "--stage", "merge", "--base", "main", COLUMNS="80").out
    assert "MLGATE_APPROVED" in told
    assert [line for line in told.splitlines() if len(line) > 80] == []


def test_a_trailer_approves_nothing(branch: Project) -> None:
    branch.put({"mlgate.toml": "[gates.policy]\n"})
    branch.commit("Loosen\n\nApproved-by: The Lead <lead@example.org>\nMLGATE_APPROVED=1")
    assert check(branch)[0].code == 1


def test_without_cryptography_an_approval_is_no_pass(signed: Project, tmp_path: Any) -> None:
    assert approve(signed).code == 0
    hidden = tmp_path / "hidden" / "cryptography"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('hidden')\n")
    path = os.fspath(hidden.parent)
    signed.put({"a.py": "x = 1\n"}).commit()
    ended, found = check(signed, PYTHONPATH=path)
    assert ended.code == 3
    assert found["policy"]["outcome"] == "errored"
    assert "pip install 'mlgate[sign]'" in found["policy"]["help"]
    refused = approve(signed, PYTHONPATH=path)
    assert refused.code == 3
    assert "mlgate[sign]" in refused.err


def test_a_key_with_a_password(signed: Project) -> None:
    path = str(signed.folder.parent / "safe")
    assert signed.run("keys", "new", path, MLGATE_KEY_PASSWORD="horse").code == 0
    assert b"ENCRYPTED" in (signed.folder.parent / "safe").read_bytes()
    wrong = approve(signed, key="safe", MLGATE_KEY_PASSWORD="donkey")
    assert wrong.code == 2
    assert "not the password" in wrong.err


def test_nothing_to_approve(branch: Project) -> None:
    branch.run("keys", "new", str(branch.folder.parent / "lead"), "--no-password")
    ended = approve(branch)
    assert ended.code == 2
    assert "nothing to approve" in ended.err


def test_keys_are_listed(signed: Project) -> None:
    ended = signed.run("keys")
    assert ended.code == 0
    assert "keys/lead.pub" in ended.out
    assert "SHA256:" in ended.out
