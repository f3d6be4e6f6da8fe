from __future__ import annotations

import random

import pytest

from mlgate.repo import snapshots
from mlgate.repo.changes import Change, changed, staged

LONG = "".join(f"line {number}\n" for number in range(40))


@pytest.fixture
def base(project):
    for name in ("kept.py", "edited.py", "gone.py"):
        project.write(name, name)
    project.write("old name.py", LONG)
    return project.commit()


def edit(project):
    project.write("edited.py", "other")
    project.write("-new\n.py", "new")
    (project.path / "gone.py").unlink()
    (project.path / "old name.py").rename(project.path / "moved.py")
    project.write("moved.py", LONG + "and one more\n")


WANTED = (
    Change("added", "-new\n.py", None),
    Change("modified", "edited.py", "edited.py"),
    Change("deleted", "gone.py", "gone.py"),
    Change("renamed", "moved.py", "old name.py"),
)


def test_the_same_changes_in_commit_index_and_work_tree(project, base):
    edit(project)
    project.git("add", "-A")
    repo = project.found()
    old = snapshots.commit(repo, base)
    assert staged(repo) == WANTED
    assert changed(repo, old, snapshots.index(repo)) == WANTED
    assert changed(repo, old, snapshots.work_tree(repo)) == WANTED
    head = project.commit()
    repo = project.found()
    assert changed(repo, old, snapshots.commit(repo, head)) == WANTED
    assert changed(repo, old, snapshots.work_tree(repo)) == WANTED
    assert staged(repo) == ()


def test_without_renames(project, base):
    edit(project)
    project.git("add", "-A")
    repo = project.found()
    wanted = {("added", "moved.py"), ("deleted", "old name.py")}
    for found in (
        staged(repo, renames=False),
        changed(repo, snapshots.commit(repo, base), snapshots.work_tree(repo), renames=False),
    ):
        assert wanted <= {(change.status, change.path) for change in found}
        assert all(change.status != "renamed" for change in found)


def test_an_untracked_file_with_a_deleted_ones_content_is_its_new_name(project, base):
    (project.path / "old name.py").rename(project.path / "moved.py")
    repo = project.found()
    found = changed(repo, snapshots.commit(repo, base), snapshots.work_tree(repo))
    assert found == (Change("renamed", "moved.py", "old name.py"),)


def test_unstaged_edits_are_no_staged_changes(project, base):
    project.write("edited.py", "not staged")
    project.write("new.py")
    project.git("add", "-N", "new.py")
    repo = project.found()
    assert staged(repo) == ()
    assert len(changed(repo, snapshots.commit(repo, base), snapshots.work_tree(repo))) == 2


def test_modes_and_kinds_are_changes(project, base):
    (project.path / "kept.py").chmod(0o755)
    (project.path / "edited.py").unlink()
    (project.path / "edited.py").symlink_to("kept.py")
    project.git("add", "-A")
    repo = project.found()
    assert [(c.status, c.path) for c in staged(repo)] == [
        ("modified", "edited.py"),
        ("modified", "kept.py"),
    ]


def test_on_an_unborn_branch_everything_is_added(project):
    project.write("a.py")
    project.git("add", "a.py")
    repo = project.found()
    assert staged(repo) == (Change("added", "a.py", None),)
    assert changed(repo, None, snapshots.work_tree(repo)) == (Change("added", "a.py", None),)


@pytest.mark.parametrize("seed", range(6))
def test_a_change_is_a_difference_between_two_file_lists(project, seed):
    rng = random.Random(seed)
    names = [f"{folder}{number}.py" for folder in ("", "pkg/") for number in range(8)]
    for name in rng.sample(names, 10):
        project.write(name, rng.choice("abc") * 50)
    base = project.commit()
    for name in rng.sample(names, 8):
        if rng.random() < 0.5:
            (project.path / name).unlink(missing_ok=True)
        else:
            project.write(name, rng.choice("abc") * 50)
    if rng.random() < 0.5:
        project.git("add", "-A")
    repo = project.found()
    old = snapshots.commit(repo, base)
    for new in (snapshots.index(repo), snapshots.work_tree(repo)):
        found = changed(repo, old, new)
        touched = {c.path for c in found} | {c.old_path for c in found} - {None}
        paths = {*old.files, *new.files}
        assert touched == {p for p in paths if old.files.get(p) != new.files.get(p)}
        for change in found:
            assert (change.path in new.files) == (change.status != "deleted")
