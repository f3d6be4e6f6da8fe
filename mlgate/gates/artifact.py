"""A model file is safe to load, fits its target, and keeps the contract of the one before it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Measurement
from mlgate.core.gate import Inputs
from mlgate.core.text import counted, shown
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _artifact_pins as pins
from mlgate.gates import _artifact_where as where
from mlgate.gates._artifact_options import Contract, Predict, Size, Text, bytes_of
from mlgate.gates._artifact_rules import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context, Detected

__all__ = ["Options", "check", "detect", "inputs", "rules", "stages"]

stages = frozenset({Stage.MERGE, Stage.PROMOTE})
REVISION = 3

Allowed = Annotated[str, Meta(pattern=r"^[\w.-]+:[\w.]+$")]


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of an `artifact` gate."""

    path: Text
    """The model: a file, a folder, or a pattern (`*`, `**`)."""
    allow: tuple[Allowed, ...] = ()
    """Names that a pickle may ask for besides the known ones, exactly as a finding writes them:
    `"ours.features:Cleaner"`; for ONNX the domains of operators: `"onnx:com.example"`."""
    max_size: Size | None = None
    """The most that all files together may take: `"500MB"`."""
    opcodes: Annotated[int, Meta(ge=1000)] = 20_000_000
    """How many pickle opcodes one file may have."""
    memory: Annotated[int, Meta(ge=64)] = 1024
    """How many megabytes reading one file may take."""
    seconds: Annotated[float, Meta(gt=0)] = 120.0
    """How long reading one file may take."""
    second_opinion: Literal["picklescan"] | None = None
    """Have picklescan, installed beside mlgate, read them too: what it calls dangerous fails."""
    predict: Predict | None = None
    """A command that loads the model and answers, and what its target allows it."""
    requirements: Text | None = None
    """The requirements file of the model."""
    constraints: Text | None = None
    """The constraints file of its target, which must meet them."""
    contracts: tuple[Contract, ...] = ()
    """Schemas that must stay compatible with the baseline's."""

    def __post_init__(self) -> None:
        if bool(self.requirements) != bool(self.constraints):
            raise ValueError("`requirements` and `constraints` need each other")


def inputs(ctx: Context) -> Inputs | None:
    """The files, by content wherever they lie."""
    places = where.locate(ctx)
    also = digest_of(msgspec.json.encode([REVISION, ctx.options]))
    for place in places:
        also.update(f"{place.path}\0{place.identity}\0".encode("utf-8", "surrogateescape"))
    also.update(pins.identity(ctx))
    options = ctx.options
    beside = options.predict or options.requirements or options.contracts or options.second_opinion
    return Inputs(
        paths=tuple(place.path for place in places if place.identity is None),
        also=None if beside else also.digest(),
        beyond=any(place.identity for place in places),
        judged=counted(len(places), "file"),
    )


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding]:
    """Scan every file in a child with limits, and state what it comes to."""
    from mlgate.gates import _artifact_scanned as scanned

    places = where.locate(ctx)
    script = os.path.join(os.path.dirname(__file__), "_artifact_worker.py")
    answers = list(ctx.worker(script, _request(ctx, places)))
    if len(answers) != len(places):
        raise GateError("the scan did not answer for every file")
    allow = scanned.allow(ctx, answers)
    total = 0
    harmless = True
    for place, answer in zip(places, answers, strict=True):
        if "unreadable" in answer:
            raise GateError(f"{shown(place.path)} cannot be read: {answer['unreadable']}")
        if place.sha256 not in (None, answer["sha256"]):
            raise GateError(
                f"what Git LFS keeps of {shown(place.path)} is not what its pointer names",
                f"git lfs fsck; git lfs pull --include {shown(place.path)}",
            )
        total += answer["size"]
        harmless = harmless and not answer["problems"]
        yield from scanned.of_file(place, answer, allow)
    yield from pins.findings(ctx, places, answers)
    if ctx.options.second_opinion:
        from mlgate.gates import _artifact_second as second

        yield from second.findings(ctx, places)
    yield from _size(ctx, total)
    yield from _target(ctx, places, harmless)


def detect(ctx: Context) -> Detected | None:
    """Model files in the repository."""
    from mlgate.gates import _artifact_adopt

    return _artifact_adopt.detected(ctx)


def _target(ctx: Context, places: list[where.Place], harmless: bool) -> Iterator[Finding]:
    """What is asked about the model beyond its safety; only what is safe is run."""
    if ctx.options.requirements:
        from mlgate.gates import _artifact_requirements as requirements

        yield from requirements.findings(ctx)
    if ctx.options.contracts:
        from mlgate.gates import _artifact_contract as contract

        yield from contract.findings(ctx)
    if ctx.options.predict and harmless:
        from mlgate.gates import _artifact_fit as fit

        yield from fit.findings(ctx, places)


def _request(ctx: Context, places: list[where.Place]) -> dict[str, Any]:
    return {
        "files": [{"file": place.file, "name": place.path} for place in places],
        "allow": ctx.options.allow,
        "limits": {"opcodes": ctx.options.opcodes},
        "memory": ctx.options.memory,
        "seconds": ctx.options.seconds,
    }


def _size(ctx: Context, total: int) -> Iterator[Finding]:
    if ctx.options.max_size is None:
        return
    most = bytes_of(ctx.options.max_size)
    fits = total <= most
    yield Finding(
        rule="artifact/size",
        result=Result.PASS if fits else Result.FAIL,
        level=Level.ERROR,
        message=f"the model takes {total / 1e6:,.1f} MB; {ctx.options.max_size} are allowed",
        measurement=Measurement(name="size", value=float(total), at_most=most, unit="B"),
    )
