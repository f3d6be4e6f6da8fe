"""Does dvc.lock say what dvc.yaml, the parameters, the code and the outputs of this commit say?"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator

import msgspec

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates import _dv_params as params
from mlgate.gates._dv_ground import Ground, noted, quoted, stated
from mlgate.gates._dv_now import Now
from mlgate.gates._dv_work import named
from mlgate.sources._dvc.facts import Locked, Pipeline, Stage, StageOut
from mlgate.sources._dvc.resolving import resolve


def check(ground: Ground) -> Iterator[Finding]:
    """Every stage of every pipeline against its lock."""
    now = Now(ground)
    for path, written in ground.versions.pipelines.items():
        if written.problems and not written.stages:
            continue
        lock_path = posixpath.join(posixpath.dirname(path), "dvc.lock")
        if not _concerned(ground, path, lock_path, written):
            continue
        pipeline = _resolved(ground, written)
        if isinstance(pipeline, Finding):
            yield pipeline
            continue
        if pipeline is not written:
            for problem in pipeline.problems:
                yield stated(problem.rule, f"{shown(path)}: {problem.message}", path, problem.line)
        yield from _pipeline(ground, now, pipeline, lock_path)


def _concerned(ground: Ground, path: str, lock: str, pipeline: Pipeline) -> bool:
    """Whether the commit touches anything that the pipeline rests on."""
    if ground.ctx.changed is None or ground.ctx.stage != "commit":
        return True
    paths = [path, lock]
    for stage in pipeline.stages.values():
        written = [*stage.deps, *(f for f, _ in stage.params), *(o.written for o in stage.outs)]
        paths += [posixpath.normpath(posixpath.join(stage.wdir, one)) for one in written]
        if any("${" in one for one in written):
            return True
    owned = {o.out.path: o.file for o in ground.owned}
    paths += [owned[one] for one in paths if one in owned]
    return ground.touched(*paths)


def _resolved(ground: Ground, pipeline: Pipeline) -> Pipeline | Finding:
    """The pipeline as it is run; a note where templates could not be resolved."""
    if not pipeline.templated:
        return pipeline
    try:
        return resolve(ground.ctx, pipeline)
    except GateError as error:
        if ground.ctx.named or not isinstance(error, ToolMissing):
            ground.errors.append(error)
        return noted("not-resolved", error.message, pipeline.path, error.hint)


def _pipeline(ground: Ground, now: Now, pipeline: Pipeline, lock_path: str) -> Iterator[Finding]:
    lock = ground.versions.locks.get(lock_path)
    if lock is not None and lock.problems and not lock.stages:
        return
    known = lock.stages if lock else {}
    for name, stage in pipeline.stages.items():
        yield from _special(pipeline, stage)
        locked = known.get(name)
        if locked is None:
            yield from _never_run(pipeline, stage, lock is not None)
        else:
            yield from _stage(ground, now, pipeline, stage, locked, lock_path)
    for name in known:
        if name not in pipeline.stages and lock is not None:
            text = (
                f"{shown(lock_path)} has the stage {name!r}, which {shown(pipeline.path)} has not"
            )
            yield stated("orphan-lock", text, lock_path, known[name].line)


def _special(pipeline: Pipeline, stage: Stage) -> Iterator[Finding]:
    words = [w for w, on in (("frozen", stage.frozen), ("always run", stage.always_changed)) if on]
    if words:
        text = f"the stage {stage.name!r} is {' and '.join(words)}"
        yield noted("frozen", text, pipeline.path)


def _never_run(pipeline: Pipeline, stage: Stage, has_lock: bool) -> Iterator[Finding]:
    if not (stage.outs or stage.deps or stage.params):
        return
    what = "dvc.lock has no entry for it" if has_lock else "there is no dvc.lock"
    yield stated(
        "no-lock", f"the stage {stage.name!r} was never run: {what}", pipeline.path, stage.line,
        f"dvc repro {_address(pipeline.path, stage.name)}",
    )  # fmt: skip


def _stage(
    ground: Ground, now: Now, pipeline: Pipeline, stage: Stage, locked: Locked, lock_path: str
) -> Iterator[Finding]:
    reasons: list[str] = []
    if locked.cmd != stage.cmd:
        reasons.append("its command was changed")
    reasons += _declared(stage, locked)
    if not stage.frozen:
        reasons += _dependencies(now, locked)
        yield from _unknown(ground, now, locked, pipeline.path)
        reasons += params.changed(ground, stage, locked)
    again = f"dvc repro {_address(pipeline.path, stage.name)}"
    for reason in reasons:
        yield stated(
            "stale-lock", f"the stage {stage.name!r}: {reason}", pipeline.path, stage.line, again
        )
    yield from _outputs(ground, now, stage, locked, lock_path, again)


def _address(path: str, stage: str) -> str:
    folder = posixpath.dirname(path)
    return quoted(f"{folder}/dvc.yaml:{stage}" if folder else stage)


def _declared(stage: Stage, locked: Locked) -> Iterator[str]:
    """Dependencies and outputs that only one of the two files has."""
    pairs = (
        ("dependency", "dependencies", set(stage.deps), {dep.written for dep in locked.deps}),
        ("output", "outputs", {o.written for o in stage.outs}, {o.written for o in locked.outs}),
    )
    for one, many, wanted, have in pairs:
        wanted, have = set(map(posixpath.normpath, wanted)), set(map(posixpath.normpath, have))
        if added := sorted(wanted - have):
            yield f"{counted(len(added), one, many)} not in dvc.lock: {named(added)}"
        if gone := sorted(have - wanted):
            yield f"{counted(len(gone), one, many)} not in dvc.yaml any more: {named(gone)}"


def _dependencies(now: Now, locked: Locked) -> Iterator[str]:
    """Dependencies that are not what they were when the stage ran."""
    for dep in locked.deps:
        if dep.hash is None or dep.external:
            continue
        hash_ = now.hash_of(dep)
        if hash_ == "":
            yield f"its dependency {shown(dep.path)} is not there any more"
        elif hash_ is not None and hash_ != dep.hash:
            yield f"its dependency {shown(dep.path)} has changed since it ran"


def _unknown(ground: Ground, now: Now, locked: Locked, path: str) -> Iterator[Finding]:
    """Dependencies that somebody has to bring, and that nobody brought here."""
    for dep in locked.deps:
        here = dep.external or dep.hash is None or os.path.lexists(ground.full(dep.path))
        if not here and not ground.ctx.past and now.hash_of(dep) is None:
            text = f"whether {shown(dep.path)}, on which the stage {locked.name!r} depends, changed"
            yield noted("not-asked", f"{text}: it is not here, nor in git or DVC", path)


def _outputs(
    ground: Ground, now: Now, stage: Stage, locked: Locked, lock_path: str, again: str
) -> Iterator[Finding]:
    """Outputs that git keeps: there, and as the stage wrote them."""
    declared = {posixpath.normpath(out.written): out for out in stage.outs}
    for out in locked.outs:
        told = declared.get(posixpath.normpath(out.written), StageOut(written=out.written))
        if told.cache or out.external:
            continue
        held = _held_by_git(ground, out.path)
        what = {"metric": "metrics", "plot": "plots"}.get(told.kind, "output")
        if not held:
            text = f"the {what} {shown(out.path)} is in no version: DVC does not cache it, and"
            why = "git ignores it" if os.path.lexists(ground.full(out.path)) else "git has it not"
            yield stated("in-no-version", f"{text} {why}", lock_path, out.line,
                         f"git add -f -- {quoted(out.path)}")  # fmt: skip
            continue
        hash_ = now.hash_of(msgspec.structs.replace(out, kind="git"))
        if hash_ is not None and out.hash is not None and hash_ != out.hash:
            text = f"the {what} {shown(out.path)} is not what the stage {stage.name!r} wrote"
            yield stated("edited-output", text, out.path if held == "file" else lock_path,
                         None, again)  # fmt: skip


def _held_by_git(ground: Ground, path: str) -> str:
    """`file` or `folder` where git has it, else nothing."""
    files = ground.ctx.subject.files
    if path in files:
        return "file"
    return "folder" if any(name.startswith(path + "/") for name in files) else ""
