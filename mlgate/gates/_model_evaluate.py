"""Predictions that mlgate has made itself: the project's command on a model, once for each model,
data and code."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mlgate.core.digests import digest_of
from mlgate.core.duration import seconds
from mlgate.core.errors import GateError
from mlgate.core.text import plain, shown
from mlgate.gates import _model_pieces as pieces
from mlgate.gates import _project_code as project_code
from mlgate.gates._model_place import Place, digest
from mlgate.scratch import private_folder, remove
from mlgate.tools import _find

if TYPE_CHECKING:
    from mlgate.core.gate import Completed, Context
    from mlgate.core.snapshot import Snapshot

_REVISION = 1
_TURNS: dict[str, threading.Lock] = {}
"""By what is evaluated."""


class Record(Struct, frozen=True):
    """What an evaluation came to."""

    digest: str
    """Of the predictions, under which our own store keeps them."""


class Evaluation(Struct, frozen=True, kw_only=True):
    """Predictions that are made when they are needed."""

    path: str
    """As messages name them."""
    suffix: str
    identity: str
    """The digest of model, code, data, command and environment."""
    model: Snapshot
    """Which has the model."""
    version: str
    tracked: bool


def planned(ctx: Context, model: Snapshot, name: str) -> Evaluation | None:
    """The evaluation of the model that a snapshot has, on the subject's code and data; None where
    it has no model. Raises `GateError` where an input is nowhere."""
    options = ctx.options
    key = digest_of(msgspec.json.encode([_REVISION, options.evaluate, options.model]))
    tracked = _add(key, ctx, ctx.subject, options.evaluate.inputs)
    if options.model is not None:
        of_model = pieces.known(model, options.model)
        if not of_model and (model is not ctx.subject or not pieces.beside(ctx, options.model)):
            return None
        tracked &= _add(key, ctx, model, (options.model,))
    version = model.commit or ""
    if any("{version}" in word for word in options.evaluate.run):
        key.update(version.encode())
    key.update(_find.listing_digest(ctx.environment()))
    suffix = os.path.splitext(options.predictions)[1].lower()
    return Evaluation(
        path=f"{name} (evaluated)",
        suffix=suffix,
        identity=f"evaluated {key.hexdigest()}",
        model=model,
        version=version,
        tracked=tracked,
    )


def _add(key: Any, ctx: Context, snapshot: Snapshot, paths: tuple[str, ...]) -> bool:
    """Add what decides the bytes at `paths`; False if some of it is in no commit."""
    tracked = True
    for path in paths:
        found = pieces.known(snapshot, path)
        if not found:
            full = pieces.beside(ctx, path)
            if full is None:
                raise GateError(
                    f"{shown(path)} of `evaluate` is neither in what is judged nor in the "
                    "work tree",
                    "correct `inputs`, or bring the data: dvc pull",
                )
            found, tracked = [f"{path} {digest(full)}"], False
        key.update("\0".join([path, *found, ""]).encode("utf-8", "surrogateescape"))
    return tracked


def made(ctx: Context, one: Evaluation) -> Place:
    """The predictions, made unless a record of the same model, data and code is kept; of gates that
    ask at once, one makes them."""
    with _TURNS.setdefault(one.identity, threading.Lock()):
        file = _known(ctx, one) or _new(ctx, one)
    return Place(
        path=one.path, file=file, suffix=one.suffix, identity=one.identity, tracked=one.tracked
    )


def _known(ctx: Context, one: Evaluation) -> str | None:
    """The predictions of an earlier evaluation."""
    key = _key(one)
    kept = ctx.store.get("memos", [key], _day(ctx)).get(key) if ctx.store else None
    return _kept(kept) if kept else None


def _new(ctx: Context, one: Evaluation) -> str:
    """Predictions that are made now, and kept."""
    folder = private_folder()
    try:
        fresh = _run(ctx, one, folder)
        found = digest(fresh)
        file = _keep(fresh, found)
    finally:
        remove(folder)
    if ctx.store:
        ctx.store.put("memos", {_key(one): msgspec.json.encode(Record(found))}, _day(ctx))
    return file


def _key(one: Evaluation) -> bytes:
    return bytes.fromhex(one.identity.split()[1])


def _day(ctx: Context) -> int:
    return int(ctx.now.timestamp() // 86400)


def _keep(fresh: str, name: str) -> str:
    """Put a file into our own store, in place of what is there under its name."""
    import shutil
    import tempfile

    from mlgate.sources import _place

    try:
        descriptor, partial = tempfile.mkstemp(dir=_place.scratch(), prefix=".partial-")
        os.close(descriptor)
        shutil.copyfile(fresh, partial)
        return _place.adopted(partial, name)
    except OSError as error:
        raise GateError(f"the predictions cannot be kept: {error.strerror or error}") from None


def _kept(raw: bytes) -> str | None:
    """The kept predictions, where they are still what was recorded."""
    from mlgate.sources import _place

    record = msgspec.json.decode(raw, type=Record)
    file = _place.stored(record.digest)
    return file if os.path.isfile(file) and digest(file) == record.digest else None


def _run(ctx: Context, one: Evaluation, folder: str) -> str:
    """Run the command in a folder that holds its inputs and nothing else; the predictions' path."""
    evaluate = ctx.options.evaluate
    ground, beside = os.path.join(folder, "project"), os.path.join(folder, "model")
    out = os.path.join(folder, f"predictions{one.suffix}")
    for path in (ground, beside):
        os.makedirs(path)
    for path in evaluate.inputs:
        pieces.lay(ctx, ctx.subject, path, ground)
    model = ""
    if ctx.options.model is not None:
        pieces.lay(ctx, one.model, ctx.options.model, beside)
        model = os.path.join(beside, *ctx.options.model.rstrip("/").split("/"))
    words = {"{model}": model, "{version}": one.version, "{predictions}": out}
    ended = _ended(ctx, [_filled(word, words) for word in evaluate.run], ground)
    if ended.returncode or not os.path.isfile(out):
        said = project_code.tail(ended.stdout, ended.stderr)
        why = f"exit code {ended.returncode}" if ended.returncode else "no predictions"
        raise GateError(
            f"evaluating {one.path.removesuffix(' (evaluated)')} ended with {why}\n{said}".strip(),
            "run the command by hand; what it reads must be among `inputs`",
        )
    return out


def _filled(word: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        word = word.replace(name, value)
    return word


def _ended(ctx: Context, argv: list[str], ground: str) -> Completed:
    environment = ctx.environment()
    limit = seconds(ctx.options.evaluate.timeout)
    began = time.monotonic()
    try:
        return ctx.run(
            (*environment.run, argv[0]),
            *argv[1:],
            cwd=os.path.join(ground, ctx.project),
            env=project_code.activated(environment, os.environ.get("PATH", os.defpath)),
            project=True,
            timeout=limit,
        )
    except GateError as error:
        # A gate that has less time left than that ends it sooner, and names its own `timeout`.
        spent = time.monotonic() - began >= limit
        hint = "raise `evaluate.timeout`, or give it less to do" if spent else error.hint
        raise GateError(f"evaluate: {plain(error.message)}", hint) from None
