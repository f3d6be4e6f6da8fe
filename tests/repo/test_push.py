from __future__ import annotations

import pytest

from mlgate.core.errors import UsageError
from mlgate.repo import push

NOTHING = "0" * 40


@pytest.fixture
def shared(project, make):
    """A project with a remote that has its first commit."""
    make("remote", "--bare")
    project.git("remote", "add", "origin", str(project.path.parent / "remote"))
    project.write("a.py")
    first = project.commit("first")
    project.git("push", "-q", "-u", "origin", "main")
    return project, first


def test_a_branch_that_moves_on(shared):
    project, first = shared
    second, third = project.commit("second"), project.commit("third")
    line = f"refs/heads/main {third} refs/heads/main {first}\n"
    assert push.from_lines(project.found(), line) == (
        push.Push(third, first, (second, third), "refs/heads/main"),
    )


def test_a_new_branch_starts_where_the_remote_ends(shared):
    project, first = shared
    project.git("checkout", "-q", "-b", "topic")
    second, third = project.commit("second"), project.commit("third")
    line = f"refs/heads/topic {third} refs/heads/topic {NOTHING}\n"
    for remote in ("origin", None, "https://elsewhere/x.git"):
        (found,) = push.from_lines(project.found(), line, remote)
        assert found == push.Push(third, first, (second, third), "refs/heads/topic")


def test_a_new_branch_without_new_commits(shared):
    project, first = shared
    (found,) = push.from_lines(project.found(), f"refs/heads/x {first} refs/heads/x {NOTHING}")
    assert (found.base, found.commits) == (first, ())


def test_the_first_push_of_all_has_no_base(project):
    project.write("a.py")
    head = project.commit()
    (found,) = push.from_lines(project.found(), f"HEAD {head} refs/heads/main {NOTHING}")
    assert found == push.Push(head, None, (head,), "refs/heads/main")


def test_a_remote_tip_that_was_never_fetched(shared):
    project, first = shared
    second = project.commit("second")
    (found,) = push.from_lines(project.found(), f"main {second} refs/heads/main {'ab' * 20}")
    assert (found.base, found.commits) == (first, (second,))


def test_deletions_are_nothing_and_several_refs_are_several(shared):
    project, first = shared
    second = project.commit("second")
    project.git("tag", "-a", "v1", "-m", "v1")
    tag = project.git("rev-parse", "v1").decode().strip()
    lines = (
        f"(delete) {NOTHING} refs/heads/old {first}\n"
        f"refs/heads/main {second} refs/heads/main {first}\n\n"
        f"refs/tags/v1 {tag} refs/tags/v1 {NOTHING}\n"
    )
    found = push.from_lines(project.found(), lines)
    assert [(one.tip, one.ref) for one in found] == [
        (second, "refs/heads/main"),
        (second, "refs/tags/v1"),
    ]


def test_a_forced_push_compares_with_what_is_replaced(shared):
    project, first = shared
    pushed = project.commit("pushed")
    project.git("push", "-q")
    project.git("reset", "-q", "--hard", first)
    other = project.commit("other")
    (found,) = push.from_lines(project.found(), f"main {other} refs/heads/main {pushed}")
    assert (found.base, found.commits) == (pushed, (other,))


@pytest.mark.parametrize("text", ["rubbish", "a b c d", f"main {NOTHING} x {NOTHING} {'g' * 40}"])
def test_other_lines_are_refused(project, text):
    with pytest.raises(UsageError, match="pre-push"):
        push.from_lines(project.found(), text)


def test_nothing_is_pushed(project):
    assert push.from_lines(project.found(), "") == ()
    assert push.from_environ(project.found(), {}) == ()


def test_what_pre_commit_tells(shared):
    project, first = shared
    second = project.commit("second")
    told = {"PRE_COMMIT_FROM_REF": first, "PRE_COMMIT_TO_REF": second}
    told |= {"PRE_COMMIT_REMOTE_BRANCH": "refs/heads/main", "PRE_COMMIT_REMOTE_NAME": "origin"}
    assert push.from_environ(project.found(), told) == (
        push.Push(second, first, (second,), "refs/heads/main"),
    )


def test_pre_commit_names_no_range_for_a_whole_history(project):
    project.write("a.py")
    head = project.commit()
    told = {"PRE_COMMIT_REMOTE_NAME": "origin", "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/main"}
    (found,) = push.from_environ(project.found(), told)
    assert (found.tip, found.base, found.commits) == (head, None, (head,))


def test_pre_commit_names_what_is_not_here(project):
    with pytest.raises(UsageError, match="no commit here"):
        push.from_environ(project.found(), {"PRE_COMMIT_TO_REF": "ab" * 20})
