"""Rules of the `files` gate on names and links: decided from the whole set of paths."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

from mlgate.core.errors import GateError
from mlgate.core.snapshot import Entry
from mlgate.core.text import shown
from mlgate.gates._files_file import Found, blob_id

_LINK = "120000"
_HOPS = 40


def case_conflicts(paths: Iterable[str]) -> dict[str, Found]:
    """Path to finding, for files and folders whose names fold to the same name."""
    paths = list(paths)
    folded = _folded(paths)
    folders = {path.rpartition("/")[0] for path in paths}
    if len(set(folded)) == len(paths) and len(set(_folded(folders))) == len(folders):
        return {}
    groups: dict[str, dict[str, list[str]]] = {}
    for path in paths:
        for name in _prefixes(path):
            groups.setdefault(_folded([name])[0], {}).setdefault(name, []).append(path)
    found: dict[str, Found] = {}
    for names in groups.values():
        for name, others in ((n, [o for o in names if o != n]) for n in names if len(names) > 1):
            message = f"{shown(name)} is the same as {shown(others[0])} where case does not count"
            for path in names[name]:
                found.setdefault(path, Found("case-conflict", None, message))
    return found


def _prefixes(path: str) -> Iterator[str]:
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)
    yield path


def _folded(paths: Iterable[str]) -> list[str]:
    """The paths as a file system that ignores case and Unicode form compares them."""
    joined = "\0".join(paths)
    if joined.isascii():
        return joined.lower().split("\0")
    import unicodedata

    folded = unicodedata.normalize("NFC", joined).casefold()
    return unicodedata.normalize("NFC", folded).split("\0")


def link_problems(root: str, files: Mapping[str, Entry], links: Iterable[str]) -> dict[str, Found]:
    """Link to finding, for links that leave the repository, dangle, or go round in a circle.

    Decided from the names of the snapshot: nothing is followed on disk.
    """
    targets: dict[str, str] = {}

    def target(link: str) -> str:
        if link not in targets:
            targets[link] = _target(root, link)
        return targets[link]

    known = set(files)
    known.update(prefix for path in files for prefix in _prefixes(path))
    found = {}
    for link in links:
        problem = _resolve(link, files, known, target)
        if problem:
            rule, message = problem
            found[link] = Found(rule, None, f"{message}: {shown(target(link))}")
    return found


def _target(root: str, link: str) -> str:
    try:
        return os.readlink(os.path.join(root, link)).replace("\\", "/")
    except OSError as error:
        if os.path.isfile(os.path.join(root, link)):  # a checkout without symbolic links
            with open(os.path.join(root, link), encoding="utf-8", errors="surrogateescape") as file:
                return file.read(4096)
        raise GateError(f"{shown(link)} cannot be read: {error.strerror}") from None


def _resolve(
    link: str, files: Mapping[str, Entry], known: set[str], target: Callable[[str], str]
) -> tuple[str, str] | None:
    """The rule that the link breaks, and how."""
    current, rest, hops = "", link.split("/"), 0
    while rest:
        part = rest.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            if not current:
                return "symlink-outside", "the link leaves the repository"
            current = posixpath.dirname(current)
            continue
        current = f"{current}/{part}" if current else part
        if current in files and files[current].mode == _LINK:
            hops += 1
            if hops > _HOPS:
                return "broken-symlink", "the link goes round in a circle"
            aim = target(current)
            if aim.startswith("/") or aim[1:2] == ":":
                return "symlink-outside", "the link is absolute"
            current, rest = posixpath.dirname(current), [*aim.split("/"), *rest]
        elif current not in known:
            return "broken-symlink", "the link's target is not in the repository"
    return None


def destroyed_link(
    base: Mapping[str, Entry], path: str, entry: Entry, raw: bytes
) -> Iterator[Found]:
    """A plain file in the place of the base's link, holding that link's target as its text."""
    was = base.get(path)
    if was is None or was.mode != _LINK or len(raw) > 4096:
        return
    if was.id in (entry.id, blob_id(raw.rstrip(b"\r\n"), was.id)):
        yield Found("destroyed-symlink", None, "was a symbolic link, now holds its target as text")


def like_a_link(raw: bytes) -> bool:
    """True for bytes that may be what was left of a link: its target, in one line."""
    return bool(raw) and b"\n" not in raw and b"\0" not in raw
