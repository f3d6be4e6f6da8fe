from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlgate.core.errors import RepositoryError
from mlgate.repo import git, snapshots


def test_finds_root_and_head_from_a_subfolder(project):
    project.write("pkg/a.py")
    head = project.commit()
    repo = project.found(project.path / "pkg")
    assert repo.root == str(project.path)
    assert repo.git_dir == repo.common_dir == str(project.path / ".git")
    assert repo.head == head


def test_an_unborn_branch_has_no_head(project):
    assert project.found().head is None


def test_a_file_called_head_confuses_nobody(project):
    project.write("HEAD", "no")
    assert project.found().head is None
    head = project.commit()
    assert project.found().head == head


def test_a_linked_worktree_has_a_private_git_dir(project, tmp_path):
    project.write("a.py")
    project.commit()
    project.git("worktree", "add", "-q", str(tmp_path / "linked"))
    repo = project.found(tmp_path / "linked")
    assert repo.root == str(tmp_path / "linked")
    assert repo.git_dir == str(project.path / ".git/worktrees/linked")
    assert repo.common_dir == str(project.path / ".git")
    assert list(snapshots.index(repo).files) == ["a.py"]


def test_outside_a_repository(tmp_path, environ):
    with pytest.raises(RepositoryError, match="not a git repository") as caught:
        git.find(str(tmp_path), environ)
    assert caught.value.exit_code == 2
    assert "git init" in (caught.value.hint or "")


@pytest.mark.parametrize("inside", [".git", "."])
def test_a_bare_repository_or_the_git_directory_itself(make, inside):
    project = make("bare", "--bare") if inside == "." else make()
    with pytest.raises(RepositoryError, match="without a work tree"):
        project.found(project.path / inside)


def test_dubious_ownership_names_the_command(project):
    with pytest.raises(RepositoryError, match="owner") as caught:
        project.found(GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert (caught.value.hint or "").startswith("git config --global --add safe.directory ")


def test_missing_git(project, tmp_path):
    with pytest.raises(RepositoryError, match="cannot start git"):
        project.found(PATH=str(tmp_path))


def test_git_refuses_in_its_own_words(project):
    with pytest.raises(RepositoryError, match=r"git rev-parse: .*unknown revision"):
        project.found().git("rev-parse", "nothing-of-the-kind")


def test_the_index_of_git_commit_path_is_the_one_judged(project):
    project.write("a.py")
    project.commit()
    project.write("b.py")
    project.git("add", "b.py")
    os.replace(project.path / ".git/index", project.path / ".git/next-index-1")
    project.git("read-tree", "HEAD")
    repo = project.found(project.path, GIT_INDEX_FILE=".git/next-index-1")
    assert set(snapshots.index(repo).files) == {"a.py", "b.py"}
    assert set(snapshots.index(project.found()).files) == {"a.py"}


def test_a_hook_in_a_linked_worktree_with_git_dir_set(project, tmp_path):
    project.write("a.py")
    project.commit()
    linked = tmp_path / "linked"
    project.git("worktree", "add", "-q", str(linked))
    repo = project.found(linked, GIT_DIR=str(project.path / ".git/worktrees/linked"))
    assert repo.root == str(linked)
    assert list(snapshots.work_tree(repo).files) == ["a.py"]


def test_tracing_and_pathspec_settings_do_not_disturb(project, tmp_path):
    project.write("a*.py")
    project.write("ab.py")
    project.commit()
    repo = project.found(GIT_TRACE="1", GIT_GLOB_PATHSPECS="1")
    assert repo.git("ls-files", "--", "a*.py") == b"a*.py\n"


def test_git_lfs_is_never_started(project, tmp_path):
    ran = tmp_path / "ran"
    for step in ("clean", "smudge", "process"):
        project.git("config", f"filter.lfs.{step}", f"touch {ran}; cat")
    project.write(".gitattributes", "*.bin filter=lfs -text\n")
    project.git("add", ".gitattributes")
    project.write("a.bin", "changed")
    view = snapshots.work_tree(project.found())
    assert "a.bin" in view.files
    assert view.digest
    assert not Path(ran).exists()
