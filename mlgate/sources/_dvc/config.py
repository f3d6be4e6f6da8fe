"""Reads DVC's configuration: which remote is the default, where remotes and the cache lie."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

from msgspec import Struct

_SECTION = re.compile(r"\[\s*(['\"]?)(.+?)\1\s*\]")
_NAMED = re.compile(r"remote\s+\"(.+)\"")
_SCHEME = re.compile(r"\w+://")
_SECRET = re.compile(
    r"password|secret|token|_key$|access_key|account_key|connection_string|sas", re.I
)
_PATHS = {"keyfile", "credentialpath", "configpath", "cert_path", "key_path", "url", "dir"}


class Remote(Struct, frozen=True, kw_only=True):
    """A remote of the configuration."""

    name: str
    url: str
    """A URL, or the absolute path of a directory."""
    settings: dict[str, str] = {}
    level: str = "repo"
    """Where its URL is set: `system`, `global`, `repo` or `local`."""

    @property
    def is_folder(self) -> bool:
        """True for a directory of this machine."""
        return not _SCHEME.match(self.url)

    @property
    def is_versioned(self) -> bool:
        """True where objects lie under their own names, found by the cloud's version ids."""
        flags = (self.settings.get("version_aware", ""), self.settings.get("worktree", ""))
        return any(flag.lower() in ("true", "1", "yes", "on") for flag in flags)


class Config(Struct, frozen=True, kw_only=True):
    """What DVC's four levels of configuration come to."""

    root: str
    """The folder that holds `.dvc`."""
    default: str | None
    remotes: dict[str, Remote]
    cache: str
    """The absolute path of the cache."""
    secrets: tuple[str, ...] = ()
    """Settings of the versioned level that look like credentials: `remote.option`."""
    versioned: bytes = b""
    """The text of the versioned level, as it is judged."""

    def remote(self, name: str | None) -> Remote | None:
        """The remote called `name`, or the default."""
        wanted = name or self.default
        return self.remotes.get(wanted.lower()) if wanted else None


def read_config(root: str, repo_level: bytes | None, environ: Mapping[str, str]) -> Config:
    """The configuration for the DVC project in the folder `root`.

    `repo_level` is the `.dvc/config` that is judged; the other levels are those of this machine.
    """
    dvc = os.path.join(root, ".dvc")
    default: str | None = None
    cache = os.path.join(dvc, "cache")
    remotes: dict[str, tuple[dict[str, str], str]] = {}
    secrets = []
    for level, folder, raw in _levels(dvc, repo_level, environ):
        for section, entries in _sections(raw).items():
            resolved = {k: _resolved(folder, k, v) for k, v in entries.items()}
            name = _NAMED.fullmatch(section)
            if name:
                known, set_at = remotes.get(name[1].lower(), ({}, level))
                at = level if "url" in resolved else set_at
                remotes[name[1].lower()] = ({**known, **resolved}, at)
                if level == "repo":
                    secrets += [f"{name[1]}.{k}" for k in entries if _SECRET.search(k)]
                    secrets += [f"{name[1]}.url"] * bool(_has_password(entries.get("url", "")))
            elif section == "core":
                default = resolved.get("remote", default)
            elif section == "cache":
                cache = resolved.get("dir", cache)
    return Config(
        root=root,
        default=default or None,
        remotes={
            name: Remote(name=name, url=_followed(settings["url"], remotes), settings=settings,
                         level=level)
            for name, (settings, level) in remotes.items() if settings.get("url")
        },
        cache=cache,
        secrets=tuple(secrets),
        versioned=repo_level or b"",
    )  # fmt: skip


def _levels(
    dvc: str, repo_level: bytes | None, environ: Mapping[str, str]
) -> list[tuple[str, str, bytes]]:
    """Level, the folder that its paths are relative to, and its text; the last one wins."""
    system = environ.get("DVC_SYSTEM_CONFIG_DIR") or _system_folder(environ)
    own = environ.get("DVC_GLOBAL_CONFIG_DIR") or _user_folder(environ)
    return [
        ("system", system, _text(os.path.join(system, "config"))),
        ("global", own, _text(os.path.join(own, "config"))),
        ("repo", dvc, repo_level or b""),
        ("local", dvc, _text(os.path.join(dvc, "config.local"))),
    ]


def _system_folder(environ: Mapping[str, str]) -> str:
    if sys.platform == "darwin":
        return "/Library/Application Support/dvc"
    return os.path.join(environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")[0], "dvc")


def _user_folder(environ: Mapping[str, str]) -> str:
    home = environ.get("HOME", "/nonexistent")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Application Support", "dvc")
    return os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "dvc")


def _text(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 20)
    except OSError:
        return b""


def _sections(raw: bytes) -> dict[str, dict[str, str]]:
    """Section to its entries, both in lower case; what is neither is left out."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        line = line.strip()
        section = _SECTION.match(line)
        if section:
            current = found.setdefault(section[2].strip(), {})
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            current[key.strip().lower()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if value[:1] in "'\"" and value.find(value[:1], 1) > 0:
        return value[1 : value.find(value[0], 1)]
    return value.partition(" #")[0].strip()


def _resolved(folder: str, key: str, value: str) -> str:
    if key not in _PATHS or _SCHEME.match(value) or not value:
        return value
    expanded = os.path.expanduser(value)
    return os.path.normpath(os.path.join(folder, expanded))


def _followed(url: str, remotes: Mapping[str, tuple[dict[str, str], str]]) -> str:
    """`remote://name/path` in full."""
    for _ in range(10):
        if not url.startswith("remote://"):
            return url
        name, _, rest = url.removeprefix("remote://").partition("/")
        settings, _ = remotes.get(name.lower(), ({}, ""))
        if not settings.get("url"):
            return url
        url = settings["url"].rstrip("/") + ("/" + rest if rest else "")
    return url


def _has_password(url: str) -> bool:
    return re.match(r"\w+://[^/@:]+:[^/@]+@", url) is not None
