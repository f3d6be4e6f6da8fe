"""Reads and edits `.pre-commit-config.yaml` as text, so that its layout and comments stay."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from typing import Any

from mlgate.core.errors import UsageError

FILE = ".pre-commit-config.yaml"
_LARGEST = 1_000_000

ENTRY = """\
- repo: local
  hooks:
    - id: mlgate
      name: mlgate
      entry: mlgate check --stage commit --
      language: system
      require_serial: true
      stages: [pre-commit]
    - id: mlgate-push
      name: mlgate push
      entry: mlgate check --stage push
      language: system
      pass_filenames: false
      always_run: true
      stages: [pre-push]
"""
"""What `mlgate init` adds; `system` because the project's environment has mlgate."""


def text(root: str) -> str | None:
    """The file's content; None where there is none. Raises `UsageError` where it is unreadable."""
    try:
        with open(os.path.join(root, FILE), encoding="utf-8", newline="") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{FILE} cannot be read: {error}", "mend or remove the file") from None
    if len(content) > _LARGEST:
        raise UsageError(f"{FILE} is larger than {_LARGEST:,} characters", "is it generated?")
    return content


def parsed(content: str) -> dict[str, Any]:
    """The configuration. Raises `UsageError` where it is no YAML mapping."""
    import yaml

    try:
        config = yaml.safe_load(content)
    except (yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise UsageError(f"{FILE} is not YAML: {said}", "correct the line named") from None
    if not isinstance(config, dict) or not isinstance(config.get("repos"), list):
        raise UsageError(f"{FILE} has no list `repos`", "pre-commit validate-config tells more")
    return config


def read(root: str) -> dict[str, Any]:
    """The configuration, empty where there is none that can be read."""
    try:
        content = text(root)
        return parsed(content) if content is not None else {}
    except UsageError:
        return {}


def entries(config: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each hook with the repository that it stands under."""
    for repo in config.get("repos") or ():
        hooks = repo.get("hooks") if isinstance(repo, dict) else None
        for hook in hooks if isinstance(hooks, list) else ():
            if isinstance(hook, dict):
                yield repo, hook


def calls(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The repositories of the configuration under which mlgate is called."""
    found: list[dict[str, Any]] = []
    for repo, hook in entries(config):
        if str(hook.get("id", "")).startswith("mlgate") and repo not in found:
            found.append(repo)
    return found


def with_entry(content: str) -> str:
    """`content` with our hooks as the last of `repos`. Raises `UsageError` where the list is not
    written in block style, so that a line cannot be added."""
    before = parsed(content)
    lines = content.splitlines(keepends=True)
    start = next((i for i, line in enumerate(lines) if line.startswith("repos:")), len(lines) - 1)
    end, indent = start + 1, ""
    for number, line in enumerate(lines[start + 1 :], start + 1):
        if line.strip() and not line.lstrip().startswith("#"):
            if re.match(r"[^\s-]", line):
                break
            if end == start + 1:
                indent = line[: len(line) - len(line.lstrip())]
            end = number + 1
    newline = "\r\n" if "\r\n" in content else "\n"
    added = [indent + line + newline for line in ENTRY.splitlines()]
    if lines[end - 1][-1:] != "\n":
        lines[end - 1] += newline
    after = "".join([*lines[:end], *added, *lines[end:]])
    wanted = {**before, "repos": [*before["repos"], *parsed("repos:\n" + ENTRY)["repos"]]}
    return _proven(after, wanted)


def without(content: str, ids: Collection[str]) -> str:
    """`content` without the hooks of these ids, and without repositories that are then empty.

    Raises `UsageError` where they are not written one below the other.
    """
    import yaml

    before = parsed(content)
    lines = content.splitlines(keepends=True)
    gone: set[int] = set()
    root = yaml.compose(content, Loader=yaml.SafeLoader)
    for repo in _value(root, "repos").value:
        hooks = _value(repo, "hooks").value if _value(repo, "hooks") is not None else []
        covered = [hook for hook in hooks if str(_value(hook, "id").value) in ids]
        for node in [repo] if covered and len(covered) == len(hooks) else covered:
            gone.update(range(node.start_mark.line, _last(node) + 1))
    wanted = []
    for repo in before["repos"]:
        kept = [hook for hook in repo.get("hooks", ()) if hook.get("id") not in ids]
        if kept or not repo.get("hooks"):
            wanted.append({**repo, "hooks": kept} if "hooks" in repo else repo)
    after = "".join(line for number, line in enumerate(lines) if number not in gone)
    if not wanted:
        after = re.sub(r"^repos:[ \t]*(?=\r?$|#)", "repos: []", after, flags=re.MULTILINE)
    return _proven(after, {**before, "repos": wanted})


def _value(node: Any, key: str) -> Any:
    """The node below `key` of a mapping node; None where there is none."""
    return next((value for name, value in node.value if name.value == key), None)


def _last(node: Any) -> int:
    """The last line that belongs to a node: comments and blank lines after it do not."""
    if node.id == "scalar" or node.flow_style or not node.value:
        end: int = node.end_mark.line
        return end - 1 if node.end_mark.column == 0 and end > node.start_mark.line else end
    child = node.value[-1]
    return _last(child[1] if isinstance(child, tuple) else child)


def _proven(after: str, wanted: dict[str, Any]) -> str:
    """`after`, if it says what is wanted and nothing else."""
    try:
        if parsed(after) == wanted:
            return after
    except UsageError:
        pass
    raise UsageError(
        f"{FILE} is laid out in a way that mlgate cannot edit safely", "edit it by hand"
    )
