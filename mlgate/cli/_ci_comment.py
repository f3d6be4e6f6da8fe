"""The verdict as a comment on a pull request, written apart from the run that judged the change.

The run's artefact comes from the change and may hold anything: its report.json is read up to a
size, as text of a known shape, and written anew by the Markdown reporter. Which pull request it is,
GitHub says, never the artefact. https://docs.github.com/en/rest, version 2022-11-28.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from mlgate.core.errors import GateError, UsageError
from mlgate.core.patterns import later
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.text import shown
from mlgate.core.words import Stage
from mlgate.reporters import markdown

_ARCHIVE = 64 << 20
_REPORT = 16 << 20
_ANSWER = 16 << 20
_EVENT = 32 << 20
_PAGES = 20
_PATIENCE = 30.0
_NAME = later(r"mlgate(-[\w.-]{1,60})?")
_REPOSITORY = later(r"[\w.-]+/[\w.-]+")
_COMMIT = later(r"[0-9a-f]{40}([0-9a-f]{24})?")


class _Told(Struct, frozen=True):
    """The part of `mlgate/report/1` that a comment shows."""

    stage: Stage
    verdicts: tuple[Verdict, ...]
    commit: str | None = None
    base: str | None = None
    subject: str | None = None
    base_subject: str | None = None
    base_problem: str | None = None
    base_help: str | None = None
    policy: str | None = None
    duration: float = 0.0
    version: str = ""


class _GitHub(Struct, frozen=True):
    """One repository, asked with a token."""

    api: str
    repository: str
    token: str

    def ask(
        self, path: str, method: str = "GET", body: object = None, most: int = _ANSWER
    ) -> bytes:
        """The answer's bytes. Raises `GateError`."""
        from urllib.error import HTTPError, URLError
        from urllib.request import Request, urlopen

        url = f"{self.api}/repos/{self.repository}/{path}"
        content = msgspec.json.encode(body) if body else None
        asked = Request(url, content, method=method)  # noqa: S310 - the runner's own API
        asked.add_header("Accept", "application/vnd.github+json")
        asked.add_header("X-GitHub-Api-Version", "2022-11-28")
        # An archive is answered with a redirect to another host, which must not see the token.
        asked.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            answer = urlopen(asked, timeout=_PATIENCE)  # noqa: S310 - CI  # nosec B310 - CI
            with answer:
                got: bytes = answer.read(most + 1)
        except HTTPError as error:
            hint = (
                "permissions: actions: read and pull-requests: write" if error.code == 403 else None
            )
            raise GateError(f"GitHub answers {error.code} to {method} {path}", hint) from None
        except (URLError, OSError) as error:
            raise GateError(f"GitHub does not answer to {method} {path}: {error}") from None
        if len(got) > most:
            raise GateError(f"GitHub's answer to {path} is larger than {most >> 20} MiB")
        return got

    def read(self, path: str) -> Any:
        """The answer, decoded."""
        return msgspec.json.decode(self.ask(path))


def publish(environ: Mapping[str, str]) -> str:
    """Write or renew the comments of the run that the event tells of; what was done, in words."""
    run = _run(environ)
    github = _github(environ)
    number = _pull_request(github, run)
    if number is None:
        return "no open pull request has the commit that was judged"
    done = []
    for name, archive in _artefacts(github, int(run["id"])):
        marker = f"<!-- {name} -->\n"
        body = marker + markdown.render(_report(archive, name))
        done.append(_put(github, number, marker, body))
    return "\n".join(done) or "the run has left no report"


def _run(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        with open(environ.get("GITHUB_EVENT_PATH", ""), "rb") as file:
            run: dict[str, Any] = msgspec.json.decode(file.read(_EVENT))["workflow_run"]
    except (OSError, KeyError, TypeError, msgspec.DecodeError):
        raise UsageError(
            "this is no run of GitHub's event workflow_run",
            "mlgate ci init comment --provider github writes the workflow that calls this",
        ) from None
    return run


def _github(environ: Mapping[str, str]) -> _GitHub:
    repository = environ.get("GITHUB_REPOSITORY", "")
    token = environ.get("GITHUB_TOKEN", "")
    if not token or not _REPOSITORY.fullmatch(repository):
        raise UsageError(
            "GITHUB_TOKEN or GITHUB_REPOSITORY is not set",
            "give the step `env: GITHUB_TOKEN: ${{ github.token }}`",
        )
    return _GitHub(environ.get("GITHUB_API_URL", "https://api.github.com"), repository, token)


def _pull_request(github: _GitHub, run: dict[str, Any]) -> int | None:
    """The open pull request whose head is the commit that was judged; the event names none for
    changes from forks."""
    from urllib.parse import quote

    commit = str(run.get("head_sha"))
    owner = (run.get("head_repository") or {}).get("owner") or {}
    head = quote(f"{owner.get('login')}:{run.get('head_branch')}", safe="")
    for found in github.read(f"pulls?state=open&per_page=100&head={head}"):
        if _COMMIT.fullmatch(commit) and found["head"]["sha"] == commit:
            return int(found["number"])
    return None


def _artefacts(github: _GitHub, run: int) -> Iterator[tuple[str, bytes]]:
    """Name and archive of each of mlgate's."""
    listed = github.read(f"actions/runs/{run}/artifacts?per_page=100")["artifacts"]
    for one in sorted(listed, key=lambda one: str(one["name"])):
        if _NAME.fullmatch(str(one["name"])) and not one.get("expired"):
            path = f"actions/artifacts/{int(one['id'])}/zip"
            yield str(one["name"]), github.ask(path, most=_ARCHIVE)


def _report(archive: bytes, name: str) -> Report:
    """What the archive's report.json tells; nothing is unpacked."""
    import io
    import zipfile
    import zlib

    unreadable = (KeyError, OSError, RuntimeError, ValueError, EOFError)
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as file, file.open("report.json") as member:
            content = member.read(_REPORT + 1)
        if len(content) > _REPORT:
            raise GateError(f"the report of {shown(name)} is larger than {_REPORT >> 20} MiB")
        told = msgspec.json.decode(content, type=_Told)
    except (*unreadable, zipfile.BadZipFile, zlib.error):
        raise GateError(f"the artefact {shown(name)} holds no report that can be read") from None
    return Report(
        stage=told.stage,
        verdicts=told.verdicts,
        subject=Subject(label=told.subject or "the change", commit=told.commit),
        base=Subject(label=told.base_subject, commit=told.base) if told.base_subject else None,
        base_problem=told.base_problem,
        base_help=told.base_help,
        policy_source=told.policy,
        duration=told.duration,
        version=re.sub(r"[^\w.+-]", "", told.version)[:40],
    )


def _put(github: _GitHub, number: int, marker: str, body: str) -> str:
    """Renew the comment that begins with the marker, or write it."""
    for page in range(1, _PAGES + 1):
        there = github.read(f"issues/{number}/comments?per_page=100&page={page}")
        for one in there:
            ours = (one.get("user") or {}).get("type") == "Bot"
            if ours and str(one.get("body")).replace("\r\n", "\n").startswith(marker):
                github.ask(f"issues/comments/{int(one['id'])}", "PATCH", {"body": body})
                return f"renewed the comment on pull request {number}"
        if len(there) < 100:
            break
    github.ask(f"issues/{number}/comments", "POST", {"body": body})
    return f"commented on pull request {number}"
