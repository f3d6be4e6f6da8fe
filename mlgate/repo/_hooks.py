"""Finds hooks and scripts in parsed YAML of any shape: pre-commit, lefthook, GitHub, GitLab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mlgate.repo import _commands

_MANY = 1_000
_REPOSITORIES = {
    "psf/black": "black",
    "psf/black-pre-commit-mirror": "black",
    "ambv/black": "black",
    "pycqa/flake8": "flake8",
    "pycqa/bandit": "bandit",
    "pycqa/isort": "isort",
    "timothycrosley/isort": "isort",
    "pycqa/pylint": "pylint",
    "pylint-dev/pylint": "pylint",
    "astral-sh/ruff-pre-commit": "ruff",
    "charliermarsh/ruff-pre-commit": "ruff",
    "astral-sh/ty-pre-commit": "ty",
    "hhatto/autopep8": "autopep8",
    "robertcraigie/pyright-python": "pyright",
    "yelp/detect-secrets": "detect-secrets",
    "pypa/pip-audit": "pip-audit",
    "pyupio/safety": "safety",
    "lucas-c/pre-commit-hooks-safety": "safety",
    "google/osv-scanner": "osv-scanner",
    "kynan/nbstripout": "nbstripout",
    "nbqa-dev/nbqa": "nbqa",
    "iterative/dvc": "dvc",
    "treeverse/dvc": "dvc",
    "pre-commit/pre-commit-hooks": "pre-commit-hooks",
}
_STAGES = {"commit": "commit", "pre-commit": "commit", "push": "push", "pre-push": "push"}


class Hook(NamedTuple):
    """A pre-commit hook that runs a known tool."""

    id: str
    tool: str
    args: tuple[str, ...]
    version: str | None
    excludes: tuple[str, ...]
    plugins: tuple[str, ...]
    files: str | None
    stage: str


def pre_commit(document: Any) -> Iterator[Hook]:
    """The hooks of a pre-commit configuration."""
    top = _mapping(document)
    default = _strings(top.get("default_stages"))
    for repo in _mappings(top.get("repos")):
        source = text(repo.get("repo"))
        for hook in _mappings(repo.get("hooks")):
            tool, args = _tool(source, hook)
            if not tool:
                continue
            stages = _strings(hook.get("stages")) or default or ("pre-commit",)
            kinds = _of_kinds(_strings(hook.get("exclude_types")))
            excludes = (top.get("exclude"), hook.get("exclude"), kinds)
            yield Hook(
                id=text(hook.get("id")),
                tool=tool,
                args=(*args, *_strings(hook.get("args"))),
                version=None if source == "local" else _version(repo.get("rev")),
                excludes=tuple(e for e in excludes if isinstance(e, str) and e not in ("", "^$")),
                plugins=_strings(hook.get("additional_dependencies")),
                files=hook["files"] if isinstance(hook.get("files"), str) else None,
                stage=next((_STAGES[stage] for stage in stages if stage in _STAGES), "manual"),
            )


_ENDINGS = {
    "image": "bmp|gif|ico|jpe?g|png|svg|tiff?|webp", "javascript": "js", "jupyter": "ipynb",
    "markdown": "md|markdown", "plain-text": "txt", "python": "py", "shell": "sh", "yaml": "ya?ml",
}  # fmt: skip
"""What `identify` calls kinds of files; all others are called as they end."""


def _of_kinds(kinds: tuple[str, ...]) -> str | None:
    """A pattern for files of these kinds; None for none."""
    known = (_ENDINGS.get(kind, re.escape(kind)) for kind in kinds)
    return rf"\.({'|'.join(known)})$" if kinds else None


def _tool(source: str, hook: dict[Any, Any]) -> tuple[str | None, tuple[str, ...]]:
    name = re.sub(r"^(?:https?://|git@|ssh://git@)[^/:]+[/:]|\.git$|/$", "", source.lower())
    known = _REPOSITORIES.get(name)
    if name.startswith("pre-commit/mirrors-"):
        mirrored = name.removeprefix("pre-commit/mirrors-")
        known = mirrored if mirrored in _commands.TOOLS else None
    if known or source != "local":
        return known, ()
    for command in _commands.commands(text(hook.get("entry"))):
        return command.tool, command.args
    return None, ()


def _version(rev: Any) -> str | None:
    found = re.fullmatch(r"v?(\d+(?:\.\w+)*)", text(rev))
    return found[1] if found else None


def lefthook(document: Any) -> Iterator[tuple[str, str, str]]:
    """Name, script and git hook of every lefthook command or job."""
    for hook, body in _mapping(document).items():
        commands = _mapping(_mapping(body).get("commands"))
        for name, command in commands.items():
            yield text(name), text(_mapping(command).get("run")), text(hook)
        for job in _mappings(_mapping(body).get("jobs")):
            yield text(job.get("name")), text(job.get("run")), text(hook)


def steps(document: Any) -> Iterator[dict[Any, Any]]:
    """The steps of all jobs of a GitHub workflow."""
    for job in list(_mapping(_mapping(document).get("jobs")).values())[:_MANY]:
        yield from _mappings(_mapping(job).get("steps"))


def scripts(document: Any) -> Iterator[str]:
    """The script lines of all jobs of a GitLab pipeline."""
    for job in list(_mapping(document).values())[:_MANY]:
        for key in ("before_script", "script", "after_script"):
            found = _mapping(job).get(key)
            lines = [found] if isinstance(found, str) else found
            yield from (line for line in _sequence(lines) if isinstance(line, str))


def text(value: Any) -> str:
    """A scalar as text, anything else as nothing: aliases can make a small list endless."""
    return str(value) if isinstance(value, str | int | float) else ""


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> list[Any]:
    return value[:_MANY] if isinstance(value, list) else []


def _mappings(value: Any) -> list[dict[Any, Any]]:
    return [item for item in _sequence(value) if isinstance(item, dict)]


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(text, _sequence(value))))
