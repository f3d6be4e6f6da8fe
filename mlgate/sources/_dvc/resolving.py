"""Resolves templated pipelines by DVC's own rules; what came of it is remembered by content."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError, ToolMissing
from mlgate.repo import safe_yaml
from mlgate.sources._dvc.facts import Pipeline, Problem
from mlgate.sources._dvc.pipelines import from_document
from mlgate.sources._dvc.shapes import Reading

if TYPE_CHECKING:
    from mlgate.core.gate import Context

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "resolve_script.py")


def resolve(ctx: Context, pipeline: Pipeline) -> Pipeline:
    """`pipeline` with its stages as DVC would run them.

    Raises `ToolMissing` where the project's environment has no dvc, `GateError` where it fails.
    """
    files = _files(ctx, pipeline.path)
    answer = _known(ctx, files)
    if "error" in answer:
        problem = Problem("unreadable", str(answer["message"]))
        return msgspec.structs.replace(pipeline, stages={}, problems=(*pipeline.problems, problem))
    reading = Reading(pipeline.path, files[pipeline.path])
    found = from_document(reading, {"stages": answer["stages"]}, None)
    return msgspec.structs.replace(found, artifacts=pipeline.artifacts, templated=True)


def _files(ctx: Context, path: str) -> dict[str, bytes]:
    """The pipeline, and the files that its variables come from."""
    raw = ctx.subject.read(path)
    folder = posixpath.dirname(path)
    named = {posixpath.join(folder, "params.yaml")}
    try:
        document = safe_yaml.load(raw, core=True)
    except safe_yaml.Unreadable:
        document = None
    for wdir, variables in _variables(document):
        for item in variables if isinstance(variables, list) else ():
            if isinstance(item, str):
                written = item.partition(":")[0]
                named.add(posixpath.normpath(posixpath.join(folder, wdir, written)))
    files = {name: ctx.subject.read(name) for name in sorted(named) if name in ctx.subject.files}
    return {path: raw, **files}


def _variables(document: Any) -> list[tuple[str, Any]]:
    """The `vars` of the pipeline and of its stages, with the folder they are relative to."""
    if not isinstance(document, dict):
        return []
    found: list[tuple[str, Any]] = [("", document.get("vars"))]
    stages = document.get("stages")
    for stage in stages.values() if isinstance(stages, dict) else ():
        inner = stage.get("do", stage) if isinstance(stage, dict) else {}
        if isinstance(inner, dict):
            found.append((str(inner.get("wdir") or ""), inner.get("vars")))
    return found


def _known(ctx: Context, files: dict[str, bytes]) -> dict[str, Any]:
    digest = digest_of(b"resolved 1")
    for name, raw in files.items():
        digest.update(f"\0{name}\0{len(raw)}\0".encode("utf-8", "surrogateescape") + raw)
    key, today = digest.digest(), int(ctx.now.timestamp() // 86400)
    known = ctx.store.get("memos", [key], today).get(key) if ctx.store else None
    if known is not None:
        answer: dict[str, Any] = msgspec.json.decode(known)
        return answer
    answer = _asked(ctx, files)
    if ctx.store and answer.get("error") != "no-dvc":
        ctx.store.put("memos", {key: msgspec.json.encode(answer)}, today)
    return answer


def _asked(ctx: Context, files: dict[str, bytes]) -> dict[str, Any]:
    import tempfile

    environment = ctx.environment()
    folder = posixpath.dirname(next(iter(files)))
    request = {
        "folder": folder,
        "files": {name: raw.decode("utf-8", "replace") for name, raw in files.items()},
    }
    with tempfile.TemporaryDirectory() as scratch:
        ended = ctx.run(
            (*environment.run, environment.python), "-I", _SCRIPT, cwd=scratch,
            stdin=msgspec.json.encode(request) + b"\n", env={"DVC_NO_ANALYTICS": "1"}, project=True,
        )  # fmt: skip
    try:
        answer: dict[str, Any] = msgspec.json.decode(ended.stdout.splitlines()[0])
    except (msgspec.DecodeError, IndexError):
        raise GateError("dvc could not resolve the templates of dvc.yaml: no answer") from None
    if answer.get("error") == "no-dvc":
        raise ToolMissing(
            f"{next(iter(files))} is templated, and dvc, which resolves that, is not installed"
            " in the project's environment",
            "pip install dvc",
        )
    return answer
