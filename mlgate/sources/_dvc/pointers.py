"""Reads `.dvc` files and `dvc.lock`: which bytes each path of a commit stands for."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from mlgate.sources._dvc.facts import Import, Lock, Locked, Out, Pointer
from mlgate.sources._dvc.shapes import Reading

_TOP = frozenset(
    [
        "md5",
        "wdir",
        "deps",
        "outs",
        "locked",
        "frozen",
        "meta",
        "always_changed",
        "desc",
        "cmd",
        "params",
        "metrics",
        "plots",
    ]
)
_ENTRY = frozenset(
    [
        "path",
        "md5",
        "etag",
        "checksum",
        "hash",
        "size",
        "nfiles",
        "isexec",
        "version_id",
        "cloud",
        "files",
        "cache",
        "persist",
        "remote",
        "push",
        "desc",
        "type",
        "labels",
        "meta",
        "fs_config",
        "metric",
        "plot",
        "repo",
        "db",
        "dataset",
    ]
)
_STAGE = frozenset({"cmd", "deps", "params", "outs"})


def read_pointer(path: str, raw: bytes) -> Pointer:
    """What the `.dvc` file at `path` says; whatever is wrong with it is among its problems."""
    reading = Reading(path, raw)
    document = reading.document()
    if document is None:
        return Pointer(path=path, problems=tuple(reading.problems))
    reading.unknown(document, _TOP, "the pointer")
    wdir = _wdir(reading, document)
    outs = _entries(reading, document.get("outs"), wdir, "out")
    raw_deps = reading.mappings(document.get("deps"), "`deps`")
    deps = _entries(reading, document.get("deps"), wdir, "dep") if not _from_db(raw_deps) else ()
    if not outs and not deps and not reading.problems:
        reading.problem("schema", "it names neither outputs nor dependencies")
    return Pointer(
        path=path,
        outs=outs,
        deps=deps,
        imported=_imported(raw_deps, deps) if len(raw_deps) == 1 else None,
        frozen=reading.flag(document, "frozen", False),
        meta=(
            frozenset(map(str, meta))
            if isinstance(meta := document.get("meta"), dict)
            else frozenset()
        ),
        problems=tuple(reading.problems),
    )


def read_lock(path: str, raw: bytes, wdirs: Mapping[str, str] | None = None) -> Lock:
    """What the `dvc.lock` at `path` says; `wdirs` gives the folder of stages that have one of
    their own, relative to the root."""
    reading = Reading(path, raw)
    document = reading.document(required=False)
    if document is None:
        return Lock(path=path, problems=tuple(reading.problems))
    stages = document.get("stages") or {}
    if document and str(document.get("schema")) != "2.0":
        reading.problem(
            "schema", f"its schema is {document.get('schema')!r}, not '2.0'",
            reading.line_of("schema"), "dvc commit --force   # writes it anew with DVC 2 or later",
        )  # fmt: skip
        stages = {}
    reading.unknown(document, frozenset({"schema", "stages", "datasets"}), "the lock")
    if not isinstance(stages, dict):
        reading.problem("schema", "`stages` is no mapping")
        stages = {}
    found = {}
    for name, stage in stages.items():
        if not isinstance(stage, dict):
            reading.problem("schema", f"the stage {name!r} is no mapping")
            continue
        wdir = (wdirs or {}).get(str(name), reading.folder)
        found[str(name)] = _locked(reading, str(name), stage, wdir)
    return Lock(path=path, stages=found, problems=tuple(reading.problems))


def _locked(reading: Reading, name: str, stage: dict[str, Any], wdir: str) -> Locked:
    reading.unknown(stage, _STAGE, f"the stage {name!r}")
    params = stage.get("params") or {}
    good = isinstance(params, dict) and all(isinstance(v, dict) for v in params.values())
    if not good:
        reading.problem("schema", f"`params` of the stage {name!r} are no mapping of mappings")
    return Locked(
        name=name,
        cmd=command(stage.get("cmd")),
        deps=_entries(reading, stage.get("deps"), wdir, "dep"),
        params=(
            {str(f): {str(k): v for k, v in p.items()} for f, p in params.items()} if good else {}
        ),
        outs=_entries(reading, stage.get("outs"), wdir, "out"),
        line=reading.line_of(f"  {name}:"),
    )


def command(value: Any) -> str | tuple[str, ...]:
    """A stage's command: one, or several."""
    if isinstance(value, list):
        return tuple(map(str, value))
    return "" if value is None else str(value)


def _wdir(reading: Reading, document: dict[str, Any]) -> str:
    written = document.get("wdir")
    if written is None:
        return reading.folder
    if not isinstance(written, str):
        reading.problem("schema", "`wdir` is no path", reading.line_of("wdir"))
        return reading.folder
    line = reading.line_of("wdir")
    found = reading.place(written, reading.folder, line)
    return reading.folder if found is None else found.removeprefix(".")


def _entries(reading: Reading, value: Any, wdir: str, kind: str) -> tuple[Out, ...]:
    found = []
    for entry in reading.mappings(value, f"`{kind}s`"):
        reading.unknown(entry, _ENTRY, f"an entry of `{kind}s`")
        out = reading.entry(entry, wdir, kind)
        if out is not None:
            found.append(out)
    return tuple(found)


def _from_db(deps: list[dict[str, Any]]) -> bool:
    return any("db" in dep for dep in deps)


def _imported(deps: list[dict[str, Any]], read: tuple[Out, ...]) -> Import | None:
    """The source of an import: another repository, a URL, a database; None for a plain stage."""
    dep = deps[0]
    repo = dep.get("repo")
    if isinstance(repo, dict):
        pinned = repo.get("rev_lock")
        return Import(
            source=f"{repo.get('url', '')}: {dep.get('path', '')}",
            is_repository=True,
            pinned=str(pinned) if pinned else None,
            url=str(repo.get("url", "")),
            path=str(dep.get("path", "")),
        )
    if "db" in dep:
        return Import(source="a database", is_repository=True, pinned="query")
    if not read:
        return None
    marks = (dep.get(key) for key in ("etag", "checksum", "version_id", "md5", "files"))
    pinned = next((str(mark)[:80] for mark in marks if mark), None)
    return Import(source=read[0].written, is_repository=False, pinned=pinned)


def kind_of(path: str) -> str | None:
    """`pointer`, `pipeline` or `lock` by the file's name; None for every other file."""
    name = posixpath.basename(path)
    if name == "dvc.yaml":
        return "pipeline"
    if name == "dvc.lock":
        return "lock"
    return "pointer" if name.endswith(".dvc") and name != ".dvc" else None
