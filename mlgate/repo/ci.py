"""Which CI this is, and what it says about the change: pull request, target, the commit before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_EVENT_LIMIT = 32 << 20


class CI(Struct, frozen=True, kw_only=True):
    """What a CI tells about the run."""

    name: str
    """As its makers write it: `GitHub Actions`."""
    event: str
    """`pull request`, `merge queue` or `push`."""
    number: str | None = None
    """The pull or merge request's number."""
    fork: bool = False
    """True if the change comes from another repository, so that there are no secrets."""
    target: str | None = None
    """The branch that the change is to go into, without `refs/heads/`."""
    branch: str | None = None
    """The branch that was pushed to."""
    default_branch: str | None = None
    base: tuple[str, ...] = ()
    """Commits that the CI itself compares with, the best first."""
    before: str | None = None
    """At a push: the branch's commit before it; zeros or None if there was none."""
    deepen: str = "git fetch --unshallow origin"
    """How this CI is told to fetch the whole history."""

    @property
    def is_pull_request(self) -> bool:
        """True if there is a target that is not yet changed."""
        return self.event != "push"


def detect(environ: Mapping[str, str]) -> CI | None:
    """The CI that `environ` is the environment of; None outside of any that we know."""
    for sign, read in _KNOWN.items():
        if environ.get(sign) and environ[sign].lower() != "false":
            return read(environ)
    if environ.get("CI", "").lower() in ("true", "1"):
        return CI(name="an unknown CI", event="push")
    return None


def _short(ref: str | None) -> str | None:
    return ref.removeprefix("refs/heads/") if ref else None


def _github(environ: Mapping[str, str]) -> CI:
    event = _event(environ.get("GITHUB_EVENT_PATH"))
    kind = environ.get("GITHUB_EVENT_NAME", "")
    deepen = "set `fetch-depth: 0` at actions/checkout"
    default = _text(event, "repository", "default_branch")
    if kind.startswith("pull_request"):
        head = _text(event, "pull_request", "head", "repo", "full_name")
        base = _text(event, "pull_request", "base", "sha")
        return CI(
            name="GitHub Actions",
            event="pull request",
            number=_text(event, "number") or _text(event, "pull_request", "number"),
            fork=head != _text(event, "pull_request", "base", "repo", "full_name"),
            target=environ.get("GITHUB_BASE_REF") or _text(event, "pull_request", "base", "ref"),
            default_branch=default,
            base=(base,) if base else (),
            deepen=deepen,
        )
    if kind == "merge_group":
        base = _text(event, "merge_group", "base_sha")
        return CI(
            name="GitHub Actions",
            event="merge queue",
            target=_short(_text(event, "merge_group", "base_ref")),
            default_branch=default,
            base=(base,) if base else (),
            deepen=deepen,
        )
    return CI(
        name="GitHub Actions",
        event="push",
        branch=_short(environ.get("GITHUB_REF")),
        default_branch=default,
        before=_text(event, "before"),
        deepen=deepen,
    )


def _gitlab(environ: Mapping[str, str]) -> CI:
    target = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    given = (
        environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"),
        environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"),
    )
    source = environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
    return CI(
        name="GitLab CI",
        event="pull request" if target else "push",
        number=environ.get("CI_MERGE_REQUEST_IID"),
        fork=bool(source) and source != environ.get("CI_MERGE_REQUEST_PROJECT_ID"),
        target=target,
        branch=environ.get("CI_COMMIT_BRANCH"),
        default_branch=environ.get("CI_DEFAULT_BRANCH"),
        base=tuple(filter(None, given)),
        before=environ.get("CI_COMMIT_BEFORE_SHA"),
        deepen="set the variable `GIT_DEPTH: 0`",
    )


def _azure(environ: Mapping[str, str]) -> CI:
    target = _short(environ.get("SYSTEM_PULLREQUEST_TARGETBRANCH"))
    return CI(
        name="Azure Pipelines",
        event="pull request" if target else "push",
        number=environ.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER")
        or environ.get("SYSTEM_PULLREQUEST_PULLREQUESTID"),
        fork=environ.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() == "true",
        target=target,
        branch=_short(environ.get("BUILD_SOURCEBRANCH")),
        deepen="set `fetchDepth: 0` at the checkout step",
    )


def _jenkins(environ: Mapping[str, str]) -> CI:
    return CI(
        name="Jenkins",
        event="pull request" if environ.get("CHANGE_TARGET") else "push",
        number=environ.get("CHANGE_ID"),
        fork=bool(environ.get("CHANGE_FORK")),
        target=environ.get("CHANGE_TARGET"),
        branch=environ.get("BRANCH_NAME"),
        before=environ.get("GIT_PREVIOUS_SUCCESSFUL_COMMIT"),
        deepen="switch off shallow clone, and fetch the target branch as well",
    )


def _buildkite(environ: Mapping[str, str]) -> CI:
    number = environ.get("BUILDKITE_PULL_REQUEST", "false")
    repository = environ.get("BUILDKITE_PULL_REQUEST_REPO")
    return CI(
        name="Buildkite",
        event="push" if number == "false" else "pull request",
        number=None if number == "false" else number,
        fork=bool(repository) and repository != environ.get("BUILDKITE_REPO"),
        target=environ.get("BUILDKITE_PULL_REQUEST_BASE_BRANCH") or None,
        branch=environ.get("BUILDKITE_BRANCH"),
        default_branch=environ.get("BUILDKITE_PIPELINE_DEFAULT_BRANCH"),
        deepen="leave `--depth` out of BUILDKITE_GIT_CLONE_FLAGS",
    )


def _codebuild(environ: Mapping[str, str]) -> CI:
    trigger = environ.get("CODEBUILD_WEBHOOK_TRIGGER", "")
    target = _short(environ.get("CODEBUILD_WEBHOOK_BASE_REF"))
    is_request = trigger.startswith("pr/")
    return CI(
        name="AWS CodeBuild",
        event="pull request" if is_request else "push",
        number=trigger.removeprefix("pr/") if is_request else None,
        target=target if is_request else None,
        branch=_short(environ.get("CODEBUILD_WEBHOOK_HEAD_REF")),
        before=environ.get("CODEBUILD_WEBHOOK_PREV_COMMIT"),
        deepen="set the source's Git clone depth to Full",
    )


def _bitbucket(environ: Mapping[str, str]) -> CI:
    target = environ.get("BITBUCKET_PR_DESTINATION_BRANCH")
    commit = environ.get("BITBUCKET_PR_DESTINATION_COMMIT")
    return CI(
        name="Bitbucket Pipelines",
        event="pull request" if target else "push",
        number=environ.get("BITBUCKET_PR_ID"),
        target=target,
        branch=environ.get("BITBUCKET_BRANCH"),
        base=(commit,) if commit else (),
        deepen="set `clone: {depth: full}` for the step",
    )


def _circleci(environ: Mapping[str, str]) -> CI:
    return CI(
        name="CircleCI",
        event="push",  # it does not tell the target: the default branch is guessed
        number=environ.get("CIRCLE_PR_NUMBER"),
        fork=bool(environ.get("CIRCLE_PR_NUMBER")),
        branch=environ.get("CIRCLE_BRANCH"),
    )


_KNOWN: dict[str, Callable[[Mapping[str, str]], CI]] = {
    "GITHUB_ACTIONS": _github,
    "GITLAB_CI": _gitlab,
    "TF_BUILD": _azure,
    "BUILDKITE": _buildkite,
    "CODEBUILD_BUILD_ID": _codebuild,
    "BITBUCKET_BUILD_NUMBER": _bitbucket,
    "CIRCLECI": _circleci,
    "JENKINS_URL": _jenkins,
}


def _event(path: str | None) -> Any:
    """GitHub's event file; an empty one if it cannot be read."""
    if not path:
        return {}
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(_EVENT_LIMIT))
    except (OSError, msgspec.DecodeError, RecursionError):
        return {}


def _text(event: Any, *keys: str) -> str | None:
    for key in keys:
        event = event.get(key) if isinstance(event, dict) else None
    return str(event) if isinstance(event, str | int) else None
