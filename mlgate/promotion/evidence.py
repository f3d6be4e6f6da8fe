"""What a record says of the model's bytes, its data versions and its tests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import counted, shown
from mlgate.sources._lfs import behind

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.report import Report
    from mlgate.policy.model import GatePolicy

_CHUNK = 1 << 20
_MOST = 500
_BESIDE = "not in the commit"


class Bytes(Struct, frozen=True, kw_only=True):
    """The model's files at a commit."""

    places: dict[str, str]
    """Path to where those bytes lie."""
    digests: dict[str, str]
    """Path to SHA-256."""


def model(ctx: Context, path: str) -> Bytes:
    """The files at `path` in the subject, DVC outputs among them. Raises `GateError` where there
    are none: what is in no commit cannot be proven."""
    places = dict(_tracked(ctx, path)) | dict(_by_dvc(ctx, path))
    if not places:
        raise GateError(
            f"{shown(path)} is not in the {ctx.subject.label}, nor does DVC track it there",
            f"commit it, or let DVC track it: dvc add {shown(path)}; and commit what that writes",
        )
    return Bytes(places=places, digests={name: sha256(at) for name, at in places.items()})


def same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether they are the same files under the same names, wherever each of them lies."""
    return _below(one) == _below(other)


def _below(files: Mapping[str, str]) -> dict[str, str]:
    """Digests by the paths below the folder that all files share."""
    top = os.path.commonpath(files) if files else ""
    return {os.path.relpath(name, top) if top else name: files[name] for name in files}


def _tracked(ctx: Context, path: str) -> Iterable[tuple[str, str]]:
    names = [p for p in ctx.subject.files if p == path or p.startswith(path.rstrip("/") + "/")]
    for name in names:
        if not ctx.subject.files[name].is_file:
            raise GateError(
                f"{shown(name)} of the model is a link or a submodule", "commit the file itself"
            )
    if not names:
        return
    root = os.fspath(ctx.subject.root(names))
    for name in names:
        yield name, behind(ctx, name, os.path.join(root, *name.split("/")))


def _by_dvc(ctx: Context, path: str) -> Iterable[tuple[str, str]]:
    if not any(name.endswith((".dvc", "dvc.lock")) for name in ctx.subject.files):
        return
    from mlgate.sources import dvc

    for name in dvc.files(ctx, "subject", path):
        yield name, dvc.fetch(ctx, "subject", name).path


def sha256(path: str) -> str:
    """Of the file's bytes. Raises `GateError` where it cannot be read."""
    total = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)
    except OSError as error:
        raise GateError(f"{shown(path)} cannot be read: {error.strerror or error}") from None
    return total.hexdigest()


class Grounds(Struct, frozen=True, kw_only=True):
    """What a version was judged on, beside its own bytes."""

    versions: dict[str, str]
    """Path to digest of every DVC output of the subject: 500, and one for all others."""
    tests: dict[str, str]
    """Path, or `mlflow:...` and the like, to digest of what the gates' options name: tables,
    predictions, requests, schemas."""

    @property
    def dirty(self) -> bool:
        """Whether anything of it lies beside the commit only."""
        return any(digest.endswith(_BESIDE) for digest in self.tests.values())


def grounds(ctx: Context, gates: Iterable[GatePolicy], report: Report | None = None) -> Grounds:
    """The data versions of the subject, and what `gates` were asked about; what a gate of `report`
    made for that counts instead of what lies under its name."""
    versions = _owned(ctx)
    from mlgate.promotion import elsewhere

    found = _evaluated(report)
    for gate in gates:
        for word in sorted(set(_words(gate.options)) - found.keys()):
            file = word.removeprefix("file:")
            digest = _tested(ctx, versions, file) or elsewhere.digest(ctx, gate.options, word)
            if digest is not None:
                found[word] = digest
    return Grounds(versions=_cut(versions), tests=dict(sorted(found.items())))


def _evaluated(report: Report | None) -> dict[str, str]:
    """The digests of predictions that model gates made themselves, by the path they go under."""
    told = _read(report, "model/evaluated")
    return {path: f"{message.partition(' ')[0]}, evaluated" for path, message in told}


def _read(report: Report | None, rule: str) -> Iterator[tuple[str, str]]:
    """The files of which gates state a digest by that rule, and what they say."""
    for verdict in report.verdicts if report else ():
        for finding in verdict.findings:
            if finding.rule == rule and finding.location is not None:
                yield finding.location.path, finding.message


def contradiction(report: Report | None, digests: Mapping[str, str]) -> str | None:
    """The first file of which an `artifact` gate read other bytes than a record would name."""
    read = _read(report, "artifact/digest")
    own = {shown(path): f"sha256:{digest}" for path, digest in digests.items()}
    return next((path for path, told in read if own.get(path, told) != told), None)


def _owned(ctx: Context) -> dict[str, str]:
    from mlgate.sources._dvc.pointers import kind_of
    from mlgate.sources._dvc.versions import read_versions

    paths = [p for p, entry in ctx.subject.files.items() if entry.is_file and kind_of(p)]
    if not paths:
        return {}
    owned = read_versions(paths, ctx.subject.read).owned()
    return {one.out.path: f"{one.out.algorithm}:{one.out.hash}" for one in owned if one.out.hash}


def _cut(versions: dict[str, str]) -> dict[str, str]:
    rows = sorted(versions.items())
    rest = rows[_MOST:]
    if not rest:
        return dict(rows)
    digest = hashlib.sha256(repr(rest).encode()).hexdigest()
    return dict(rows[:_MOST]) | {f"and {len(rest)} more": f"sha256:{digest}"}


def _words(value: object) -> Iterator[str]:
    """Every text in a gate's options: what names no file falls out later."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _words(one)


def _tested(ctx: Context, versions: dict[str, str], path: str) -> str | None:
    """The digest of a file, a folder or a pattern, wherever it lies; None where nothing does."""
    entry = ctx.subject.files.get(path)
    if entry is not None and entry.is_file:
        return f"git:{entry.id}"
    for place in _upwards(path.rstrip("/")):
        if place in versions:
            return versions[place] + ("" if place == path else f" of {place}")
    within = _within(ctx, path)
    if within:
        digest = hashlib.sha256(repr(within).encode()).hexdigest()
        return f"sha256:{digest} of {counted(len(within), 'file')}"
    if os.path.isabs(path) or not {"", ".", ".."}.isdisjoint(path.rstrip("/").split("/")):
        return None
    beside = os.path.join(os.fspath(ctx.work), *path.split("/"))
    if os.path.isfile(beside):
        return f"sha256:{sha256(beside)}, {_BESIDE}"
    rows = [(os.path.relpath(file, beside), sha256(file)) for file in _files(beside)]
    if not rows:
        return None
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    return f"sha256:{digest} of {counted(len(rows), 'file')}, {_BESIDE}"


def _files(folder: str) -> list[str]:
    """Those in a folder that no commit holds, by name."""
    found = (os.path.join(here, name) for here, _, names in os.walk(folder) for name in names)
    return sorted(file for file in found if os.path.isfile(file))


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _within(ctx: Context, path: str) -> list[tuple[str, str]]:
    """Path and blob of the tracked files that lie in a folder, or that a pattern means."""
    from fnmatch import fnmatchcase

    files = ctx.subject.files
    if "*" in path:
        return sorted((name, files[name].id) for name in files if fnmatchcase(name, path))
    below = path.rstrip("/") + "/"
    return sorted((name, files[name].id) for name in files if name.startswith(below))
