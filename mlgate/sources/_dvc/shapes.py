"""Takes apart parsed YAML that may be of any shape, and keeps what is wrong with it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from mlgate.repo import safe_yaml
from mlgate.sources._dvc.facts import LEGACY, MD5, Kept, Out, Problem

LARGEST = 32 << 20
"""No pointer, lock or pipeline is larger; DVC itself would take minutes over one."""
_MARKS = re.compile(rb"^(?:<{7}|>{7}|={7})(?: |$|\r)", re.MULTILINE)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|ssh:|remote://")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_HEX = re.compile(r"[0-9a-f]{32}(?:\.dir)?")
_CLOUD_HASHES = ("etag", "checksum")


class Reading:
    """One of DVC's files being read: its text, and the problems found so far."""

    def __init__(self, path: str, raw: bytes) -> None:
        self.path = path
        self.folder = posixpath.dirname(path)
        self.problems: list[Problem] = []
        self._raw = raw
        self._lines: list[str] | None = None

    def document(self, required: bool = True) -> dict[str, Any] | None:
        """The mapping that the file holds; None where it cannot be read, or is no mapping."""
        marks = _MARKS.search(self._raw[:LARGEST])
        if marks:
            line = self._raw.count(b"\n", 0, marks.start()) + 1
            self.problem("conflict", "the marks of a merge conflict are still in it", line)
            return None
        try:
            document = safe_yaml.load(self._raw, core=True, largest=LARGEST)
        except safe_yaml.Unreadable as error:
            self.problem("unreadable", str(error), error.line)
            return None
        if document is None and not required:
            return {}
        if not isinstance(document, dict):
            self.problem("unreadable", "it holds no mapping")
            return None
        return document

    def problem(
        self, rule: str, message: str, line: int | None = None, help: str | None = None
    ) -> None:
        self.problems.append(Problem(rule, message, line, help))

    def line_of(self, text: str, after: int = 0) -> int | None:
        """The first line behind line `after` that holds `text`."""
        if self._lines is None:
            self._lines = self._raw.decode("utf-8", "replace").splitlines()
        for number in range(after, len(self._lines)):
            if text in self._lines[number]:
                return number + 1
        return None

    def unknown(self, mapping: dict[str, Any], known: frozenset[str], what: str) -> None:
        """State the keys that DVC would refuse."""
        for key in mapping:
            if key not in known:
                self.problem(
                    "schema", f"{what} has the key {key!r}, which DVC does not know",
                    self.line_of(f"{key}:"),
                )  # fmt: skip

    def mappings(self, value: Any, what: str) -> list[dict[str, Any]]:
        """The mappings of a list; anything else is a problem."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem("schema", f"{what} is no list")
            return []
        found = [item for item in value if isinstance(item, dict)]
        if len(found) < len(value):
            self.problem("schema", f"{what} holds an entry that is no mapping")
        return found

    def flag(self, entry: dict[str, Any], key: str, default: bool) -> bool:
        """A key that is true or false."""
        value = entry.get(key, default)
        if isinstance(value, bool):
            return value
        self.problem("schema", f"`{key}` is neither true nor false", self.line_of(f"{key}:"))
        return default

    def count(self, entry: dict[str, Any], key: str) -> int | None:
        """A key that holds a whole number from 0 on."""
        value = entry.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.problem("schema", f"`{key}` is no whole number", self.line_of(f"{key}:"))
        return None

    def place(self, written: str, wdir: str, line: int | None) -> str | None:
        """`written`, relative to the root; None, and a problem, where it may not lie there."""
        if outside(written, wdir) or "\0" in written:
            self.problem("outside", f"{written!r} lies outside of the repository", line)
            return None
        path = posixpath.normpath(posixpath.join(wdir, written))
        if path == ".git" or path.startswith(".git/") or "/.git/" in f"/{path}/":
            self.problem("outside", f"{written!r} lies in git's own folder", line)
            return None
        return path

    def entry(self, entry: dict[str, Any], wdir: str, kind: str) -> Out | None:
        """An output or a dependency with its hash; None where it says nothing that can be used."""
        written = entry.get("path")
        if not isinstance(written, str) or not written:
            self.problem("schema", f"an entry of `{kind}s` has no `path`")
            return None
        line = self.line_of(f"path: {written}") or self.line_of(written)
        far = outside(written, wdir)
        path = far or self.place(written, wdir, line)
        if path is None:
            return None
        algorithm, hash_ = self._hash(entry, written, kind, line)
        remote = entry.get("remote")
        return Out(
            path=path,
            written=written,
            hash=hash_,
            algorithm=algorithm,
            size=self.count(entry, "size"),
            nfiles=self.count(entry, "nfiles"),
            cache=self.flag(entry, "cache", True),
            push=self.flag(entry, "push", True),
            remote=remote if isinstance(remote, str) else None,
            versioned="files" in entry or "cloud" in entry or "version_id" in entry,
            kept=tuple(self._kept(entry)),
            external=far is not None,
            kind=kind,
            line=line,
        )

    def _kept(self, entry: dict[str, Any]) -> Iterator[Kept]:
        """The files of which a cloud keeps versions."""
        if not entry.keys() & {"files", "cloud", "version_id"}:
            return
        for file in self.mappings(entry["files"], "`files`") if "files" in entry else [entry]:
            cloud = file.get("cloud")
            for remote, there in cloud.items() if isinstance(cloud, dict) else [("", file)]:
                version = there.get("version_id") if isinstance(there, dict) else None
                yield Kept(
                    name=str(file.get("relpath", "")) if file is not entry else "",
                    remote=str(remote).lower(),
                    version=None if version in (None, "null") else str(version),
                    size=self.count(file, "size"),
                )

    def _hash(
        self, entry: dict[str, Any], written: str, kind: str, line: int | None
    ) -> tuple[str, str | None]:
        """Algorithm and value."""
        named = entry.get("hash")
        if named is not None and not isinstance(named, str):
            self.problem("schema", "`hash` names no algorithm", line)
            named = None
        for key in _CLOUD_HASHES:
            if entry.get(key) is not None:
                return key, str(entry[key])
        value = entry.get(named if named and named in entry else "md5")
        if value is None or value == "":
            return named or MD5, None
        value = str(value).lower()
        if named in (None, MD5, LEGACY) and not _HEX.fullmatch(value) and kind != "dep":
            self.problem(
                "hash", f"{written}: {value[:60]!r} is no md5 (32 hex digits, `.dir`)", line
            )
            return named or LEGACY, None
        return named or LEGACY, value


def outside(written: str, wdir: str) -> str | None:
    """Where a path leads that leaves the repository: a URL, an absolute path, or one with `..`
    relative to the root; None for what lies inside."""
    if _URL.match(written) or _DRIVE.match(written):
        return written
    path = posixpath.normpath(posixpath.join(wdir, written))
    return path if path == ".." or path.startswith(("../", "/")) else None
