"""Tells whether git converts text between work tree and store: line endings, filters, encodings."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from mlgate.core.digests import digest_of
from mlgate.core.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterable

from mlgate.repo.git import Repository

# Over-estimating costs time only: the exact way is then taken.
_CLEANING_CONFIG = later(rb"autocrlf(?!\s*[=\n]\s*(?:false|no|off|0))", re.IGNORECASE)
_SMUDGING_CONFIG = later(
    rb"autocrlf(?!\s*[=\n]\s*(?:false|no|off|0|input))|\beol\s*[=\n]\s*crlf", re.IGNORECASE
)
_CLEANING = later(rb"\b(?:text|eol|crlf|ident|filter|working-tree-encoding)\b")
_SMUDGING = later(rb"\beol=crlf|\bcrlf\b|\bident\b|\bworking-tree-encoding\b|\bfilter=(?!lfs\b)")
_ELSEWHERE = (
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
)


class Settings(NamedTuple):
    """What git's configuration says, outside the tree."""

    digest: bytes
    config: bytes
    attributes: bytes


class Conversion(NamedTuple):
    """What happens to bytes on their way in and out."""

    cleans: bool
    """A file's blob may differ from the file's bytes."""
    smudges: bool
    """A file that is checked out may differ from its blob."""


def settings(repo: Repository) -> Settings:
    """The configuration and attribute files that apply to this repository."""
    env = repo.environ
    home = env.get("HOME", "")
    xdg = env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    config = _joined(
        "/etc/gitconfig",
        os.path.join(xdg, "git", "config"),
        os.path.join(home, ".gitconfig"),
        os.path.join(repo.common_dir, "config"),
        os.path.join(repo.git_dir, "config.worktree"),
    )
    attributes = _joined(
        "/etc/gitattributes",
        os.path.join(xdg, "git", "attributes"),
        os.path.join(repo.common_dir, "info", "attributes"),
    )
    if b"[include" in config or any(name in env for name in _ELSEWHERE):
        config = repo.git("config", "--list", "-z")
    if b"attributesfile" in config.lower():
        named = repo.git("config", "--type=path", "--get", "core.attributesFile", ok=(0, 1))
        attributes += _joined(os.fsdecode(named).rstrip("\n"))
    digest = digest_of(b"%d\0%s%s" % (len(config), config, attributes)).digest()
    return Settings(digest, config, attributes)


def conversion(outside: Settings, in_tree: Iterable[bytes]) -> Conversion:
    """What the settings and the tree's own `.gitattributes` files ask for."""
    attributes = b"\n".join((outside.attributes, *in_tree))
    smudges = (
        os.name == "nt"
        or bool(_SMUDGING_CONFIG.search(outside.config))
        or bool(_SMUDGING.search(attributes))
    )
    cleans = (
        smudges
        or bool(_CLEANING_CONFIG.search(outside.config))
        or bool(_CLEANING.search(attributes))
    )
    return Conversion(cleans, smudges)


def modes_count(outside: Settings) -> bool:
    """False where the file system does not know executable files (`core.fileMode = false`)."""
    return not re.search(rb"filemode\s*[=\n]\s*(?:false|no|off|0)", outside.config, re.IGNORECASE)


def _joined(*paths: str) -> bytes:
    parts = []
    for path in paths:
        try:
            with open(path, "rb") as file:
                parts.append(file.read())
        except OSError:
            continue
    return b"\n".join(parts)
