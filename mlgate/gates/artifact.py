"""A model file is safe to load, fits its target, and keeps the contract of the one before it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location, Measurement
from mlgate.core.gate import Inputs, Rule
from mlgate.core.text import counted, plain, shown
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _artifact_pins as pins
from mlgate.gates import _artifact_where as where
from mlgate.gates._artifact_options import Contract, Predict, Size, Text, bytes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context, Detected

stages = frozenset({Stage.MERGE, Stage.PROMOTE})
REVISION = 3

_ANEW = "do not load it; have it written anew by somebody you trust, best as safetensors or skops"
rules = {
    "unknown-name": Rule(
        "Loading the file imports something that is not known to be harmless.",
        "look at what it is, and if it belongs there, allow it in the policy",
        Level.ERROR,
    ),
    "runs-code": Rule("Loading the file reaches what can run code.", _ANEW, Level.ERROR),
    "call": Rule("Loading the file calls something as no library does.", _ANEW, Level.ERROR),
    "code-inside": Rule("The file holds code beside its weights.", _ANEW, Level.ERROR),
    "malformed": Rule("The file can be read in more than one way, or in none.", _ANEW, Level.ERROR),
    "trailing": Rule("Data follows the file's end.", _ANEW, Level.ERROR),
    "limit": Rule("Reading the file costs more than it may.", _ANEW, Level.ERROR),
    "unknown-format": Rule(
        "The format is not known, so that nothing can be said of it.",
        "exclude it if it is no part of the model (`exclude`)",
        Level.ERROR,
    ),
    "unreadable": Rule("The file is packed in a way that cannot be read here.", level=Level.ERROR),
    "external-data": Rule("Weights lie in other files.", "save the model as one file", Level.ERROR),
    "custom-operator": Rule(
        "The model needs operators that are code of others.",
        "allow their domain in the policy if it is yours",
        Level.ERROR,
    ),
    "size": Rule("The model is no larger than its target holds.", level=Level.ERROR),
    "load": Rule("The model is loaded in the time that its target allows.", level=Level.ERROR),
    "memory": Rule("The model takes no more memory than its target has.", level=Level.ERROR),
    "latency": Rule("The model answers in time, and the evidence shows it.", level=Level.ERROR),
    "requirement": Rule("What the model needs is what its target has.", level=Level.ERROR),
    "other-version": Rule(
        "A scikit-learn model was saved by the scikit-learn that the repository pins.",
        "save it anew with the pinned one, or pin the one that saved it",
        Level.WARNING,
    ),
    "contract": Rule(
        "The model takes what the baseline takes, and gives what the baseline gives.",
        level=Level.ERROR,
    ),
    "second-opinion": Rule("What another scanner says of the file.", _ANEW, Level.ERROR),
    "not-in-commit": Rule("The file is not in the commit.", level=Level.NOTE),
    "digest": Rule("The SHA-256 of the bytes that were read.", level=Level.NOTE),
    "read": Rule("What was read.", level=Level.NOTE),
}

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
    places = where.locate(ctx)
    script = os.path.join(os.path.dirname(__file__), "_artifact_worker.py")
    answers = list(ctx.worker(script, _request(ctx, places)))
    if len(answers) != len(places):
        raise GateError("the scan did not answer for every file")
    allow = _allow(ctx, answers)
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
        yield from _of_file(place, answer, allow)
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


def _of_file(place: where.Place, answer: dict[str, Any], allow: str) -> Iterator[Finding]:
    location = Location(path=place.path, text="")
    if place.identity is not None and not place.identity.startswith("md5:"):
        yield Finding(
            rule="artifact/not-in-commit",
            level=Level.NOTE,
            message=f"judged is {place.origin}",
            location=location,
        )
    for problem in answer["problems"]:
        yield _refusal(place, problem, allow)
    yield Finding(
        rule="artifact/digest",
        result=Result.PASS,
        level=Level.NOTE,
        message=f"sha256:{answer['sha256']}",
        location=location,
        measurement=Measurement(name="bytes", value=float(answer["size"]), unit="B"),
    )
    if not answer["problems"]:
        opcodes = f"; {counted(answer['opcodes'], 'opcode')}" if answer["opcodes"] else ""
        by = ", ".join(answer["sklearn"])
        saved = f"; saved by scikit-learn {by}" if by else ""
        forms = ", ".join(answer["formats"])
        yield Finding(
            rule="artifact/read",
            result=Result.PASS,
            level=Level.NOTE,
            message=f"{shown(place.path)} is harmless: {forms}{opcodes}{saved}",
            location=location,
        )


def _refusal(place: where.Place, problem: dict[str, Any], allow: str) -> Finding:
    rule, inner = problem["rule"], problem["where"]
    within = f"{shown(inner)}: " if inner else ""
    return Finding(
        rule=f"artifact/{rule}",
        level=Level.ERROR,
        message=plain(f"{within}{problem['message']}").replace("\n", " "),
        location=Location(path=place.path, text=""),
        help=allow if _allowed(problem) else rules[rule].mend or None,
    )


def _allowed(problem: dict[str, Any]) -> str | None:
    """The name by which the policy can allow it; None where it cannot."""
    if problem["rule"] not in ("unknown-name", "custom-operator") or problem["name"] is None:
        return None
    return shown(problem["name"])


def _allow(ctx: Context, answers: list[dict[str, Any]]) -> str:
    """The line of the policy that would allow all that it can."""
    problems = [problem for answer in answers for problem in answer.get("problems", ())]
    found = sorted({name for problem in problems if (name := _allowed(problem))})
    names = ", ".join(f'"{one}"' for one in (*ctx.options.allow, *found))
    which = "it belongs" if len(found) == 1 else "all of them belong"
    return f"if {which} there, in [gates.{ctx.gate}]: allow = [{names}]"


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
