"""GitLab's pipelines executed by gitlab-ci-local, in the checkout itself."""

from __future__ import annotations

import subprocess

from executors import TEMPLATES, on_path, package, run
from projects import Project


def pipeline(
    project: Project, environ: dict[str, str], *arguments: str, **variables: str
) -> tuple[int, str]:
    """Run the pipeline of the project's .gitlab-ci.yml; exit code and what was printed."""
    on_path("rsync")
    given = {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", **variables}
    return run(
        on_path("node"),
        package("gitlab-ci-local") / "dist" / "index.js",
        *("--force-shell-executor", "--no-shell-isolation", "--no-color"),
        *("--ignore-predefined-vars", ",".join(given)),
        *(f"--variable={name}={value}" for name, value in given.items()),
        *arguments,
        cwd=project.folder,
        env=environ,
    )


def merge_request(project: Project, source: str = "1") -> dict[str, str]:
    """What GitLab tells of a merge request into the main branch of project 1."""
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": known_or_not(project, "origin/main"),
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source,
    }


def known_or_not(project: Project, ref: str) -> str:
    """The commit; where the clone lacks it, one that is nowhere."""
    try:
        return project.git("rev-parse", "--verify", ref).strip()
    except subprocess.CalledProcessError:
        return "1" * 40


def include(project: Project, text: str, commit: bool = True) -> None:
    """Put the template beside a .gitlab-ci.yml with this text, and commit both."""
    (project.folder / ".git/info/exclude").write_text(".gitlab-ci-local/\nmlgate-out/\n")
    template = (TEMPLATES / "gitlab" / "mlgate.yml").read_text()
    project.put({".gitlab-ci.yml": text, ".gitlab/mlgate.yml": template})
    project.git("add", "-A")  # what git does not know cannot be included
    if commit:
        project.commit("use mlgate")
