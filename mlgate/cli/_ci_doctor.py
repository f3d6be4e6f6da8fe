"""`mlgate ci doctor`: what the CI tells of the change, and where the verdict will be seen."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from mlgate.cli._doctor_here import base
from mlgate.cli._opened import opened
from mlgate.cli.doctor import Fact
from mlgate.core.errors import MlgateError
from mlgate.core.text import plain
from mlgate.repo.ci import CI, detect
from mlgate.repo.history import is_shallow


def facts(environ: Mapping[str, str]) -> Iterator[Fact]:
    """The CI, the change, the clone, the base, the surfaces."""
    ci = detect(environ)
    if ci is None:
        yield Fact("CI", "none is seen here", "run mlgate ci doctor as a step of a job")
        return
    yield Fact("CI", ci.name)
    yield Fact("change", _change(ci))
    try:
        with opened() as session:
            yield _depth(is_shallow(session.repo), ci)
            yield base(session)
    except MlgateError as error:
        yield Fact("stopped", error.message, error.hint, True)
    yield from _surfaces(ci, environ)


def _change(ci: CI) -> str:
    if not ci.is_pull_request:
        return f"push to {plain(ci.branch)}" if ci.branch else "push"
    number = f" {plain(ci.number)}" if ci.number else ""
    into = f" into {plain(ci.target)}" if ci.target else ""
    return f"{ci.event}{number}{into}{', from a fork: no secrets' if ci.fork else ''}"


def _depth(shallow: bool, ci: CI) -> Fact:
    if shallow:
        return Fact("clone", "shallow: --deepen has to fetch what is missing", ci.deepen)
    return Fact("clone", "the whole history")


def _surfaces(ci: CI, environ: Mapping[str, str]) -> Iterator[Fact]:
    """Where the verdict is seen besides the log."""
    if ci.name == "GitHub Actions":
        path = environ.get("GITHUB_STEP_SUMMARY", "")
        good = bool(path) and os.access(os.path.dirname(path) or ".", os.W_OK)
        yield Fact("annotations", "in the log and beside the change; no token is needed")
        if good:
            yield Fact("summary", "on the page of the run")
        else:
            yield Fact("summary", "GITHUB_STEP_SUMMARY is not set", "run it as a step of a job")
    elif ci.name == "Azure Pipelines":
        yield Fact("annotations", "issues of the run, and its summary")
    elif ci.name == "Buildkite":
        from shutil import which

        agent = which("buildkite-agent", path=environ.get("PATH"))
        mend = None if agent else "put buildkite-agent on the PATH of the job"
        yield Fact("annotation", "by buildkite-agent" if agent else "no buildkite-agent", mend)
    else:
        yield Fact("files", _ELSEWHERE.get(ci.name, "junit.xml, wherever this CI reads JUnit"))


_ELSEWHERE = {
    "GitLab CI": "junit.xml, codequality.json and metrics.txt, in the merge request",
    "Jenkins": "junit.xml, in the build's tests",
    "AWS CodeBuild": "junit.xml, in the report group",
}
