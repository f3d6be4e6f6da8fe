from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from surroundings import clean_environ

HOOKS = Path(__file__).parents[2] / "hooks"
NAMES = ("pre-commit", "pre-push")


def hook(folder: Path, name: str) -> Path:
    return folder / ".git" / "hooks" / name


def foreign(path: Path, body: str = "echo earlier hook; cat >/dev/null") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def witness(tmp_path):
    """A stand-in for mlgate's interpreter that writes down how it was called."""
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        f'echo "$@" > {tmp_path}/called\n'
        f'case "$*" in *push-refs*) cat > {tmp_path}/refs;; esac\n'
        f"exit $(cat {tmp_path}/code 2>/dev/null || echo 0)\n"
    )
    python.chmod(0o755)
    return python


@pytest.fixture
def installed(git, mlgate, witness, tmp_path, monkeypatch):
    """A repository whose hooks call the witness."""
    monkeypatch.setattr(sys, "executable", str(witness))
    (tmp_path / ".git" / "info" / "exclude").write_text("*\n")
    assert mlgate("install").code == 0
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_the_hooks_are_sound_shell(name):
    subprocess.run(["sh", "-n", str(HOOKS / name)], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", str(HOOKS / name)], check=True)


def test_puts_in_both_hooks(git, mlgate, tmp_path):
    ran = mlgate("install")
    assert ran.code == 0
    for name in NAMES:
        assert f"{name:<10}  installed" in ran.out
        assert os.access(hook(tmp_path, name), os.X_OK)
        assert f"python={sys.executable}" in hook(tmp_path, name).read_text()


def test_twice_is_once(git, mlgate, tmp_path):
    mlgate("install")
    before = hook(tmp_path, "pre-commit").read_bytes()
    assert "is installed already" in mlgate("install").out
    assert hook(tmp_path, "pre-commit").read_bytes() == before
    assert not list(hook(tmp_path, "x").parent.glob("*.before-mlgate"))


def test_another_interpreter_is_renewed(git, mlgate, tmp_path, monkeypatch):
    mlgate("install")
    monkeypatch.setattr(sys, "executable", "/elsewhere/it's python")
    assert "renewed" in mlgate("install").out
    subprocess.run(["sh", "-n", str(hook(tmp_path, "pre-commit"))], check=True)


def test_an_earlier_hook_is_kept_and_comes_back(git, mlgate, tmp_path):
    foreign(hook(tmp_path, "pre-commit"))
    before = hook(tmp_path, "pre-commit").read_bytes()
    assert "called first" in mlgate("install").out
    kept = hook(tmp_path, "pre-commit.before-mlgate")
    assert kept.read_bytes() == before
    assert "is back" in mlgate("install", "--uninstall").out
    assert hook(tmp_path, "pre-commit").read_bytes() == before
    assert not kept.exists()


def test_two_earlier_hooks_are_not_sorted_out_silently(git, mlgate, tmp_path):
    foreign(hook(tmp_path, "pre-commit"))
    foreign(hook(tmp_path, "pre-commit.before-mlgate"))
    ran = mlgate("install")
    assert ran.code == 2
    assert "keep one of them" in ran.err


def test_uninstalling_leaves_foreign_hooks_alone(git, mlgate, tmp_path):
    foreign(hook(tmp_path, "pre-commit"))
    out = mlgate("install", "--uninstall").out
    assert "is not mlgate's: left alone" in out
    assert "pre-push    is not installed" in out
    assert hook(tmp_path, "pre-commit").exists()


def test_core_hooks_path_is_honoured(git, mlgate, tmp_path):
    git("config", "core.hooksPath", ".githooks")
    ran = mlgate("install")
    assert (tmp_path / ".githooks" / "pre-commit").exists()
    assert not hook(tmp_path, "pre-commit").exists()
    assert "do not commit them" in ran.out


def test_a_global_hooks_path_needs_a_word(git, mlgate, tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\thooksPath = {shared}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    ran = mlgate("install")
    assert ran.code == 2
    assert "all your repositories" in ran.err
    assert not shared.exists()
    assert mlgate("install", "--shared").code == 0
    assert (shared / "pre-push").exists()


def test_a_worktree_shares_the_hooks_of_its_repository(git, mlgate, tmp_path, monkeypatch):
    git("commit", "-q", "--allow-empty", "-m", "first")
    git("worktree", "add", "-q", str(tmp_path / "other"))
    monkeypatch.chdir(tmp_path / "other")
    assert mlgate("install").code == 0
    assert hook(tmp_path, "pre-commit").exists()


def test_outside_a_repository(mlgate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = mlgate("install")
    assert ran.code == 2
    assert "not a git repository" in ran.err


def test_pre_commit_beside_it_is_told(git, mlgate, tmp_path):
    (tmp_path / ".pre-commit-config.yaml").write_text("repos:\n- repo: https://x/mlgate\n")
    said = mlgate("install").out
    assert "judged twice" in said
    assert "mlgate install --uninstall, or remove mlgate's hooks there" in said


def test_a_commit_asks_for_the_commit_stage(installed, git):
    git("commit", "-q", "--allow-empty", "-m", "one")
    assert (installed / "called").read_text() == "-P -m mlgate check --stage commit\n"


def test_a_failing_gate_stops_the_commit(installed, git):
    (installed / "code").write_text("1")
    git("commit", "-q", "--allow-empty", "-m", "one", check=False)
    assert git("log", "--oneline", check=False) == ""


def test_a_push_hands_over_its_refs(installed, git):
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("init", "-q", "--bare", "remote.git")
    git("push", "-q", "remote.git", "main")
    called = (installed / "called").read_text()
    assert called == "-P -m mlgate check --stage push --push-refs -\n"
    head = git("rev-parse", "HEAD").strip()
    assert (
        installed / "refs"
    ).read_text() == f"refs/heads/main {head} refs/heads/main {'0' * 40}\n"


def test_a_failing_gate_stops_the_push(installed, git):
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("init", "-q", "--bare", "remote.git")
    (installed / "code").write_text("3")
    git("push", "-q", "remote.git", "main", check=False)
    assert git("log", "--oneline", cwd=installed / "remote.git", check=False) == ""


def test_the_earlier_hook_gets_the_refs_too_and_can_refuse(installed, git):
    foreign(hook(installed, "pre-push.before-mlgate"), "cat > earlier; exit 1")
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("init", "-q", "--bare", "remote.git")
    git("push", "-q", "remote.git", "main", check=False)
    assert (installed / "earlier").read_text().startswith("refs/heads/main ")
    assert "push" not in (installed / "called").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_hook_without_mlgate_says_so_and_blocks(name, tmp_path):
    script = tmp_path / name
    script.write_text((HOOKS / name).read_text().replace("python=''", "python='/gone/python'"))
    script.chmod(0o755)
    ran = subprocess.run(
        [str(script)],
        env=clean_environ(PATH="/usr/bin:/bin"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 3
    assert "/gone/python no longer has it" in ran.stderr
    assert "mend: " in ran.stderr
