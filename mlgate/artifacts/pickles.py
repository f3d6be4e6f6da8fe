"""One pickle where one is expected: nothing before it, nothing after it, in it or read askew."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mlgate.artifacts import arrays
from mlgate.artifacts.feed import of_bytes
from mlgate.artifacts.machine import Machine
from mlgate.artifacts.outcome import Refused, Scan, malformed

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed


def machine(feed: Feed, scan: Scan, where: str) -> Machine:
    """A machine that knows joblib's arrays."""
    made = Machine(feed, scan, where)
    made.built = arrays.built
    return made


def alone(feed: Feed, scan: Scan, where: str) -> None:
    """Read one pickle that must be all there is, or torch's older form. Raises `Refused`."""
    from mlgate.artifacts import torch_files

    reading = machine(feed, scan, where)
    if torch_files.is_magic(reading.run()):
        torch_files.legacy(feed, scan, where)
        return
    scan.recognised("pickle")
    at_end(feed)


def at_end(feed: Feed) -> None:
    """Refuse what follows the last byte that a loader reads."""
    if not feed.ended():
        raise Refused("trailing", "data follows its end")


def nested(outer: Machine) -> None:
    """A pickle inside a stream, which joblib writes for arrays of objects."""
    inner = machine(outer.feed, outer.scan, outer.where)
    inner.run()
    outer.frame_end = 0


def misread(outer: Machine, raw: bytes) -> None:
    """Refuse raw bytes that `pickle.load`, which takes them for opcodes, would make a name of."""
    trial = Machine(of_bytes(raw), Scan(outer.scan.limits), outer.where)
    trial.stack, trial.below = list(outer.stack), [list(items) for items in outer.below]
    trial.memo, trial.memoized, trial.protocol = list(outer.memo), outer.memoized, outer.protocol
    with contextlib.suppress(Refused):
        trial.run()
    if trial.reached:
        raise malformed("an array in it reads as opcodes")


def probe(feed: Feed, scan: Scan, where: str) -> tuple[Scan, Machine, Refused | None]:
    """Try bytes as a pickle, on an account of their own; the third is the refusal, or None."""
    apart = Scan(scan.limits, scan.allow)
    apart.opcodes = scan.opcodes
    trial = machine(feed, apart, where)
    refusal: Refused | None = None
    try:
        trial.run()
    except Refused as refused:
        refusal = refused
    scan.opcodes = apart.opcodes
    return apart, trial, refusal
