"""Reads `dvc.yaml`: its stages, and which outputs are neither cached nor pushed."""

from __future__ import annotations

import re
from typing import Any

from mlgate.sources._dvc.facts import Pipeline, Stage, StageOut
from mlgate.sources._dvc.pointers import command
from mlgate.sources._dvc.shapes import Reading

_TOP = frozenset(["stages", "vars", "params", "metrics", "plots", "artifacts", "datasets"])
_STAGE = frozenset(
    [
        "cmd",
        "wdir",
        "deps",
        "params",
        "vars",
        "frozen",
        "meta",
        "desc",
        "always_changed",
        "outs",
        "metrics",
        "plots",
        "matrix",
        "foreach",
        "do",
    ]
)
_TEMPLATE = re.compile(r"(?<!\\)\$\{[^}]*\}")
_SECTIONS = (("outs", "out"), ("metrics", "metric"), ("plots", "plot"))


def read_pipeline(path: str, raw: bytes) -> Pipeline:
    """What the `dvc.yaml` at `path` says; whatever is wrong with it is among its problems."""
    reading = Reading(path, raw)
    document = reading.document(required=False)
    if document is None:
        return Pipeline(path=path, problems=tuple(reading.problems))
    return from_document(reading, document, _TEMPLATE.search(raw.decode("utf-8", "replace")))


def from_document(reading: Reading, document: dict[str, Any], template: object) -> Pipeline:
    """The pipeline of a parsed document; `template` where its text holds `${...}`."""
    reading.unknown(document, _TOP, "the pipeline")
    stages = document.get("stages") or {}
    if not isinstance(stages, dict):
        reading.problem("schema", "`stages` is no mapping")
        stages = {}
    found = {}
    loops = False
    for name, stage in stages.items():
        if not isinstance(stage, dict):
            reading.problem("schema", f"the stage {name!r} is no mapping")
            continue
        loops = loops or "foreach" in stage or "matrix" in stage
        if isinstance(stage.get("do"), dict):
            stage = {**stage, **stage["do"]}
        found[str(name)] = _stage(reading, str(name), stage)
    return Pipeline(
        path=reading.path,
        stages=found,
        templated=bool(template) or loops,
        artifacts=_artifacts(reading, document.get("artifacts")),
        problems=tuple(reading.problems),
    )


def _stage(reading: Reading, name: str, stage: dict[str, Any]) -> Stage:
    line = reading.line_of(f"  {name}:")
    reading.unknown(stage, _STAGE, f"the stage {name!r}")
    if "cmd" not in stage:
        reading.problem("schema", f"the stage {name!r} has no `cmd`", line)
    wdir = stage.get("wdir")
    placed: str | None = reading.folder
    if isinstance(wdir, str) and "${" not in wdir:
        placed = reading.place(wdir, reading.folder, line)
    return Stage(
        name=name,
        cmd=command(stage.get("cmd")),
        wdir="" if placed in (None, ".") else str(placed),
        deps=_deps(reading, stage.get("deps"), name),
        params=_params(stage.get("params")),
        outs=_outs(reading, stage),
        frozen=reading.flag(stage, "frozen", False),
        always_changed=reading.flag(stage, "always_changed", False),
        line=line,
    )


def _deps(reading: Reading, value: Any, name: str) -> tuple[str, ...]:
    deps = value or []
    if isinstance(deps, list) and all(isinstance(dep, str) for dep in deps):
        return tuple(deps)
    reading.problem("schema", f"`deps` of the stage {name!r} is no list of paths")
    return ()


def _params(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Parameter files with their keys; plain keys belong to `params.yaml`."""
    found: dict[str, list[str]] = {}
    whole: set[str] = set()
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            for file, keys in item.items():
                found.setdefault(str(file), [])
                if isinstance(keys, list) and keys:
                    found[str(file)].extend(map(str, keys))
                else:
                    whole.add(str(file))
        else:
            found.setdefault("params.yaml", []).append(str(item))
    return tuple((file, () if file in whole else tuple(keys)) for file, keys in found.items())


def _outs(reading: Reading, stage: dict[str, Any]) -> tuple[StageOut, ...]:
    found = []
    for section, kind in _SECTIONS:
        value = stage.get(section) or []
        for item in value if isinstance(value, list) else [value]:
            pairs = item.items() if isinstance(item, dict) else [(item, {})]
            for written, flags in pairs:
                flags = flags if isinstance(flags, dict) else {}
                remote = flags.get("remote")
                found.append(
                    StageOut(
                        written=str(written),
                        kind=kind,
                        cache=reading.flag(flags, "cache", True),
                        push=reading.flag(flags, "push", True),
                        remote=remote if isinstance(remote, str) else None,
                    )
                )
    return tuple(found)


def _artifacts(reading: Reading, value: Any) -> dict[str, str]:
    found = {}
    for name, entry in value.items() if isinstance(value, dict) else ():
        if isinstance(entry, dict) and isinstance(entry.get("path"), str):
            found[str(name)] = entry["path"]
        else:
            reading.problem(
                "schema", f"the artifact {name!r} has no `path`", reading.line_of(str(name))
            )
    return found


def declared(pipeline: Pipeline | None, stage: str, written: str) -> StageOut | None:
    """How `dvc.yaml` declares an output of the lock; templates match whatever they may stand
    for."""
    if pipeline is None:
        return None
    group = stage if stage in pipeline.stages else stage.partition("@")[0]
    found = pipeline.stages.get(group)
    outs = found.outs if found else ()
    exact = next((out for out in outs if out.written == written), None)
    if exact or not pipeline.templated:
        return exact
    return next((out for out in outs if _stands_for(out.written, written)), None)


def _stands_for(template: str, written: str) -> bool:
    parts = [re.escape(part) for part in _TEMPLATE.split(template)]
    return len(parts) > 1 and re.fullmatch(".*".join(parts), written) is not None
