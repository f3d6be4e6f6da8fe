"""Tags as GTO writes them (https://mlem.ai/doc/gto): what they say of versions and aliases."""

from __future__ import annotations

from typing import NamedTuple

from mlgate.core.patterns import later
from mlgate.registries._registry import Version

_TAG = later(
    r"(?P<model>[^@#]+)(?:@(?P<version>v\d+\.\d+\.\d+[\w.+-]*)|#(?P<alias>[\w/-]+?))"
    r"(?P<gone>!?)(?:#(?P<counter>\d+))?"
)


class Tag(NamedTuple):
    """A tag that says something about the model."""

    commit: str
    version: str | None
    alias: str | None
    gone: bool
    counter: int
    when: int


def read(model: str, name: str, commit: str, when: int) -> Tag | None:
    """What the tag `name`, made at `when`, says of the model; None if nothing."""
    said = _TAG.fullmatch(name)
    if said is None or said["model"] != model:
        return None
    counter = int(said["counter"] or 0)
    return Tag(commit, said["version"], said["alias"], bool(said["gone"]), counter, when)


def versions(tags: list[Tag]) -> dict[str, Version]:
    """Those that were registered and not taken back since, by their commits' newest."""
    found: dict[str, Version] = {}
    for tag in tags:
        if tag.version is not None:
            found.pop(tag.version, None)
            if not tag.gone:
                found[tag.version] = Version(name=tag.version, commit=tag.commit)
    return found


def aliases(tags: list[Tag], registered: dict[str, Version]) -> dict[str, str]:
    """The newest assignment of each alias that was not taken back."""
    at = {version.commit: version.name for version in registered.values()}
    held: dict[str, list[str]] = {}
    for tag in tags:
        if tag.alias is None:
            continue
        commits = held.setdefault(tag.alias, [])
        commits[:] = [commit for commit in commits if commit != tag.commit]
        if not tag.gone:
            commits.append(tag.commit)
    return {
        alias: at.get(commits[-1], f"commit {commits[-1][:7]}")
        for alias, commits in held.items()
        if commits
    }
