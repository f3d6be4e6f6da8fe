"""What a record says of the model's bytes, its data versions and its tests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.policy.model import GatePolicy

_CHUNK = 1 << 20
_MOST = 500
_TESTED = ("predictions", "labels", "table", "metrics", "requests", "reference")
"""Options of gates that name what a model was tested on."""


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
        yield name, os.path.join(root, *name.split("/"))


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


def data_versions(ctx: Context) -> dict[str, str]:
    """Path to digest of every DVC output of the subject, at most 500 and then one for the rest."""
    from mlgate.sources._dvc.pointers import kind_of
    from mlgate.sources._dvc.versions import read_versions

    paths = [p for p, entry in ctx.subject.files.items() if entry.is_file and kind_of(p)]
    if not paths:
        return {}
    owned = sorted(
        (one.out.path, f"{one.out.algorithm}:{one.out.hash}")
        for one in read_versions(paths, ctx.subject.read).owned()
        if one.out.hash
    )
    rest = owned[_MOST:]
    found = dict(owned[:_MOST])
    if rest:
        found[f"and {len(rest)} more"] = "sha256:" + hashlib.sha256(repr(rest).encode()).hexdigest()
    return found


def tests(ctx: Context, gates: Iterable[GatePolicy]) -> dict[str, str]:
    """Path to digest of what the gates' options name: tables, predictions, labels."""
    wanted = {
        value
        for gate in gates
        for key in _TESTED
        if isinstance(value := gate.options.get(key), str)
    }
    versions = data_versions(ctx) if wanted else {}
    found = {}
    for path in sorted(wanted):
        entry = ctx.subject.files.get(path)
        beside = os.path.join(os.fspath(ctx.work), *path.split("/"))
        if entry is not None and entry.is_file:
            found[path] = f"git:{entry.id}"
        elif path in versions:
            found[path] = versions[path]
        elif os.path.isfile(beside):
            found[path] = f"sha256:{sha256(beside)}, not in the commit"
    return found
