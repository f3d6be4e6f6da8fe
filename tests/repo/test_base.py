from __future__ import annotations

import json

import pytest

from mlgate.core.errors import BaseNotFound
from mlgate.core.words import Stage
from mlgate.repo import base, ci

NOTHING = "0" * 40


def resolve(project, stage=Stage.MERGE, named=None, **environ):
    return base.resolve(project.found(), stage, named, environ, ci.detect(environ))


@pytest.fixture
def remote(make):
    """A remote whose main has three commits."""
    remote = make("remote")
    for number in range(3):
        remote.write("a.py", str(number))
        remote.commit(str(number))
    return remote


@pytest.fixture
def clone(remote, project):
    """A clone with a branch `topic` of one commit."""

    def made(*options):
        remote.git("clone", "-q", *options, f"file://{remote.path}", str(project.path / "clone"))
        project.path = project.path / "clone"
        return project

    return made


def tip(project, rev="HEAD"):
    return project.git("rev-parse", rev).decode().strip()


def topic(project):
    project.git("checkout", "-q", "-b", "topic")
    project.write("b.py")
    return project.commit("topic")


def github(tmp_path, name, event, **environ):
    path = tmp_path / "event.json"
    path.write_text(event if isinstance(event, str) else json.dumps(event))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(path),
        **environ,
    }


def pull_request(sha, fork=False):
    return {
        "number": 7,
        "pull_request": {
            "base": {"sha": sha, "ref": "main", "repo": {"full_name": "a/b"}},
            "head": {"repo": None if fork else {"full_name": "a/b"}},
        },
    }


# --- without a CI


def test_at_commit_it_is_head(project):
    assert resolve(project, Stage.COMMIT) is None
    project.write("a.py")
    head = project.commit()
    assert resolve(project, Stage.COMMIT) == base.Base(head, "HEAD")


def test_at_merge_it_is_where_the_branch_left_the_default_one(clone):
    project = clone()
    fork_point = tip(project)
    topic(project)
    assert resolve(project) == base.Base(fork_point, "merge base with origin/main")
    project.git("push", "-q", "-u", "origin", "topic")
    assert resolve(project).commit == fork_point, "its own remote branch is not where it goes"


def test_the_default_branch_is_the_remotes_whatever_its_name(remote, clone):
    remote.git("branch", "-m", "main", "trunk")
    project = clone()
    fork_point = tip(project)
    topic(project)
    project.git("branch", "main", "HEAD")
    assert resolve(project) == base.Base(fork_point, "merge base with origin/trunk")


def test_an_upstream_of_another_name_is_where_it_goes(remote, clone):
    remote.git("checkout", "-q", "-b", "develop")
    remote.write("d.py")
    develop = remote.commit()
    remote.git("checkout", "-q", "main")
    project = clone()
    project.git("checkout", "-q", "-b", "topic", "--track", "origin/develop")
    project.commit("more")
    assert resolve(project) == base.Base(develop, "merge base with origin/develop")


def test_on_main_it_is_what_was_pushed(clone):
    project = clone()
    pushed = tip(project)
    project.commit("not pushed")
    assert resolve(project) == base.Base(pushed, "merge base with origin/main")


def test_without_a_remote(project):
    assert resolve(project) is None
    project.write("a.py")
    head = project.commit()
    assert resolve(project).commit == head
    topic(project)
    assert resolve(project) == base.Base(head, "merge base with main")


def test_where_nothing_can_be_guessed(project):
    project.git("checkout", "-q", "-b", "odd")
    project.write("a.py")
    project.commit()
    assert resolve(project) is None
    assert resolve(project, Stage.PROMOTE) is None
    assert resolve(project, Stage.MONITOR) is None


def test_an_unrelated_default_branch_is_no_guess_but_an_error_when_named(project):
    project.write("a.py")
    project.commit()
    project.git("checkout", "-q", "--orphan", "pages")
    project.commit("pages")
    assert resolve(project) is None
    with pytest.raises(BaseNotFound, match="no commit in common") as caught:
        resolve(project, named="main")
    assert "unrelated" in caught.value.hint
    assert caught.value.exit_code == 3


def test_named(clone):
    project = clone()
    fork_point = tip(project)
    head = topic(project)
    for name in ("main", "origin/main", fork_point):
        assert resolve(project, named=name).commit == fork_point
    assert resolve(project, named="HEAD~2").commit == tip(project, "HEAD~2")
    assert resolve(project, Stage.PROMOTE, named="topic").commit == head
    project.git("branch", "-D", "main")
    assert resolve(project, named="main").commit == fork_point


@pytest.mark.parametrize("name", ["nowhere", "--all", "a b", "ab" * 20])
def test_a_named_base_that_is_not_here(project, name):
    project.write("a.py")
    project.commit()
    with pytest.raises(BaseNotFound, match="named by --base is not here") as caught:
        resolve(project, named=name)
    command = {
        "nowhere": "git fetch origin +refs/heads/nowhere:refs/remotes/origin/nowhere",
        "ab" * 20: "git fetch origin " + "ab" * 20,
    }.get(name, "--base REF")
    assert caught.value.hint.endswith(command)


def test_a_linked_worktree_has_its_own_branch(clone, tmp_path):
    project = clone()
    fork_point = tip(project)
    project.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    project.path = tmp_path / "side"
    project.commit("on the side")
    assert resolve(project).commit == fork_point


def test_at_push_it_is_the_remotes_tip(clone):
    project = clone()
    pushed = tip(project)
    project.commit("next")
    assert resolve(project, Stage.PUSH) == base.Base(pushed, "tip of origin/main")
    before = tip(project, "HEAD~2")
    assert resolve(project, Stage.PUSH, PRE_COMMIT_FROM_REF=before).commit == before
    topic(project)
    assert resolve(project, Stage.PUSH, PRE_COMMIT_FROM_REF=NOTHING).commit == pushed


def test_at_promote_it_is_the_default_branchs_tip(clone):
    project = clone()
    main = tip(project)
    topic(project)
    assert resolve(project, Stage.PROMOTE) == base.Base(main, "tip of origin/main")


# --- in a CI


def test_github_pull_request(clone, tmp_path):
    project = clone()
    fork_point = tip(project)
    topic(project)
    environ = github(tmp_path, "pull_request", pull_request(fork_point), GITHUB_BASE_REF="main")
    assert resolve(project, **environ).commit == fork_point
    project.git("update-ref", "-d", "refs/remotes/origin/main")
    assert resolve(project, **environ).commit == fork_point, "from the event, without the branch"


def test_github_shallow_pull_request_fails_closed_with_the_command(clone, tmp_path, remote):
    project = clone("--depth=1")
    environ = github(
        tmp_path, "pull_request", pull_request(tip(remote, "HEAD~1")), GITHUB_BASE_REF="other"
    )
    with pytest.raises(BaseNotFound, match="this clone is shallow") as caught:
        resolve(project, **environ)
    assert "fetch-depth: 0" in caught.value.hint
    command = caught.value.hint.partition(";")[0]
    import shlex

    project.git(*shlex.split(command)[1:])
    assert resolve(project, **environ).commit == tip(remote, "HEAD~1"), "the hint does mend it"


def test_a_shallow_clone_of_a_topic_has_no_merge_base(remote, clone, tmp_path):
    remote.git("checkout", "-q", "-b", "topic", "HEAD~1")
    for number in range(3):
        remote.commit(str(number))
    project = clone("--depth=1", "--branch=topic", "--no-single-branch")
    environ = github(tmp_path, "pull_request", pull_request(""), GITHUB_BASE_REF="main")
    with pytest.raises(BaseNotFound, match=r"no commit in common.*shallow"):
        resolve(project, **environ)


def test_github_merge_queue(clone, tmp_path):
    project = clone()
    fork_point = tip(project)
    topic(project)
    event = {"merge_group": {"base_sha": fork_point, "base_ref": "refs/heads/main"}}
    assert resolve(project, **github(tmp_path, "merge_group", event)).commit == fork_point


def push_event(before, branch="main"):
    return {"before": before, "repository": {"default_branch": "main"}}


def test_github_push_to_main_is_the_commit_before(clone, tmp_path):
    project = clone()
    before = tip(project, "HEAD~2")
    environ = github(tmp_path, "push", push_event(before), GITHUB_REF="refs/heads/main")
    assert resolve(project, **environ).commit == before


def test_github_push_of_a_new_branch_is_the_merge_base(clone, tmp_path):
    project = clone()
    fork_point = tip(project)
    topic(project)
    environ = github(tmp_path, "push", push_event(NOTHING), GITHUB_REF="refs/heads/topic")
    assert resolve(project, **environ) == base.Base(fork_point, "merge base with origin/main")


def test_github_push_after_which_the_commit_before_is_gone(clone, tmp_path):
    project = clone()
    environ = github(tmp_path, "push", push_event("ab" * 20), GITHUB_REF="refs/heads/main")
    with pytest.raises(BaseNotFound, match="abababa, is not here") as caught:
        resolve(project, **environ)
    assert caught.value.hint.endswith("git fetch origin " + "ab" * 20)


def test_the_first_push_of_all_has_no_base(project, tmp_path):
    project.write("a.py")
    project.commit()
    project.commit()
    environ = github(tmp_path, "push", push_event(NOTHING), GITHUB_REF="refs/heads/main")
    assert resolve(project, **environ) is None


def test_on_main_in_a_ci_that_tells_nothing_it_is_the_parent(clone):
    project = clone()
    wanted = base.Base(tip(project, "HEAD~1"), "the commit before HEAD")
    assert resolve(project, CIRCLECI="true", CIRCLE_BRANCH="main") == wanted
    assert resolve(project, CI="true") == wanted
    project.git("checkout", "-q", "--detach")
    assert resolve(project, CI="true") == wanted


def test_on_main_in_a_shallow_ci_it_fails_closed(clone):
    project = clone("--depth=1")
    with pytest.raises(BaseNotFound, match="commit before HEAD"):
        resolve(project, TF_BUILD="True", BUILD_SOURCEBRANCH="refs/heads/main")


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}, "GitLab CI"),
        (
            {"TF_BUILD": "True", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"},
            "Azure Pipelines",
        ),
        ({"JENKINS_URL": "http://j", "CHANGE_TARGET": "main", "CHANGE_ID": "3"}, "Jenkins"),
        (
            {
                "BUILDKITE": "true",
                "BUILDKITE_PULL_REQUEST": "3",
                "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
            },
            "Buildkite",
        ),
        (
            {
                "CODEBUILD_BUILD_ID": "x",
                "CODEBUILD_WEBHOOK_TRIGGER": "pr/3",
                "CODEBUILD_WEBHOOK_BASE_REF": "refs/heads/main",
            },
            "AWS CodeBuild",
        ),
        (
            {"BITBUCKET_BUILD_NUMBER": "3", "BITBUCKET_PR_DESTINATION_BRANCH": "main"},
            "Bitbucket Pipelines",
        ),
    ],
)
def test_the_target_that_other_cis_tell(clone, told, name):
    project = clone()
    fork_point = tip(project)
    topic(project)
    found = ci.detect(told)
    assert (found.name, found.event, found.target) == (name, "pull request", "main")
    assert resolve(project, **told).commit == fork_point
    project.git("update-ref", "-d", "refs/remotes/origin/main")
    project.git("branch", "-D", "main")
    with pytest.raises(BaseNotFound, match="target of this pull request, main, is not here"):
        resolve(project, **told)


def test_gitlab_names_commits_and_jenkins_the_last_good_one(clone):
    project = clone()
    before = tip(project, "HEAD~2")
    told = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "not-fetched"}
    assert resolve(project, CI_MERGE_REQUEST_DIFF_BASE_SHA=before, **told).commit == before
    jenkins = {"JENKINS_URL": "http://j", "BRANCH_NAME": "main"}
    assert resolve(project, GIT_PREVIOUS_SUCCESSFUL_COMMIT=before, **jenkins).commit == before


def test_forks(tmp_path):
    assert ci.detect(github(tmp_path, "pull_request", pull_request("", fork=True))).fork
    assert not ci.detect(github(tmp_path, "pull_request", pull_request(""))).fork
    assert ci.detect({"TF_BUILD": "True", "SYSTEM_PULLREQUEST_ISFORK": "True"}).fork
    assert ci.detect(
        {
            "GITLAB_CI": "true",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2",
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
        }
    ).fork


@pytest.mark.parametrize("event", ["", "[]", "{", '{"pull_request": 3}', "[" * 100_000])
def test_an_event_that_cannot_be_read_tells_nothing(tmp_path, event):
    found = ci.detect(github(tmp_path, "pull_request", event, GITHUB_BASE_REF="main"))
    assert (found.target, found.base) == ("main", ())


def test_outside_of_a_ci():
    assert ci.detect({}) is None
    assert ci.detect({"CI": "false", "GITHUB_ACTIONS": "false"}) is None
