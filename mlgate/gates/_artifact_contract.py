"""Compares the input and output contract of a model with the baseline's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UnsetType

from mlgate.artifacts import contracts
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location
from mlgate.core.text import plain, shown
from mlgate.core.words import Level, Result
from mlgate.gates import _committed as committed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.gates._artifact_options import Contract

_MEGABYTES = 4
_SMALLER = "name the schema itself"
_MOST = 20


def baseline(ctx: Context) -> Snapshot | None:
    """The base, or at promote what the alias holds."""
    return ctx.base if isinstance(ctx.baseline, UnsetType) else ctx.baseline


def findings(ctx: Context) -> Iterator[Finding]:
    """Whether what was sent before may still be sent, and nothing new comes back."""
    for contract in ctx.options.contracts:
        new = committed.content(ctx.subject, contract.path, _MEGABYTES, _SMALLER)
        if ctx.base_error is not None and isinstance(ctx.baseline, UnsetType):
            raise ctx.base_error
        held = baseline(ctx)
        old = None
        if held is not None:
            old = committed.content_if_there(held, contract.path, _MEGABYTES, _SMALLER)
        if old is None:
            message = f"{shown(contract.path)} has no earlier version to be compared with"
            yield _finding(contract.path, Result.PASS, message)
            continue
        yield from _compared(contract, new, old)


def _compared(contract: Contract, new: bytes, old: bytes) -> Iterator[Finding]:
    try:
        found = list(dict.fromkeys(_gaps(contract, new, old)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        said = f"{shown(contract.path)} cannot be compared: {type(error).__name__}: {error}"
        raise GateError(plain(said), "see whether it is the schema that `contracts` says") from None
    for gap in found[:_MOST]:
        yield _finding(contract.path, Result.FAIL, f"{shown(contract.path)}: {gap}")
    if len(found) > _MOST:
        more = f"{shown(contract.path)}: {len(found) - _MOST:,} further differences"
        yield _finding(contract.path, Result.FAIL, more)
    if not found:
        message = f"{shown(contract.path)} takes and gives what it did before"
        yield _finding(contract.path, Result.PASS, message)


def _gaps(contract: Contract, new: bytes, old: bytes) -> Iterator[str]:
    """Inputs must still take what they took; outputs must give nothing that they did not."""
    if contract.of == "signature":
        mine, theirs = _signature(new), _signature(old)
        for gap in contracts.signature_gaps(mine.get("inputs"), theirs.get("inputs")):
            yield f"input {gap}"
        for gap in contracts.signature_gaps(theirs.get("outputs"), mine.get("outputs")):
            yield f"output, as callers know it: {gap}"
        return
    import msgspec

    one, other = msgspec.json.decode(new), msgspec.json.decode(old)
    compare = contracts.avro_gaps if contract.path.endswith(".avsc") else contracts.gaps
    wide, narrow = (one, other) if contract.of == "input" else (other, one)
    for gap in compare(wide, narrow):
        yield gap if contract.of == "input" else f"as callers know it: {gap}"


def _signature(content: bytes) -> dict[str, Any]:
    """The signature of MLflow's `MLmodel` file."""
    from mlgate.repo import safe_yaml

    found = safe_yaml.load(content)
    signature = found.get("signature") if isinstance(found, dict) else None
    if not isinstance(signature, dict):
        raise ValueError("it has no signature")
    return signature


def _finding(path: str, result: Result, message: str) -> Finding:
    return Finding(
        rule="artifact/contract",
        result=result,
        level=Level.NOTE if result is Result.PASS else Level.ERROR,
        message=plain(message),
        location=Location(path=path, text=""),
        help=(
            "keep what callers rely on, or have them change first"
            if result is Result.FAIL
            else None
        ),
    )
