"""What an approval of open findings is about: these findings and numbers, on this content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from mlgate.core.finding import Finding
from mlgate.core.gate import Inputs
from mlgate.core.snapshot import Entry
from mlgate.core.words import Result, State


def waits(finding: Finding) -> bool:
    """True for what the evidence does not decide, and its rule leaves to people."""
    undecided = finding.result is Result.OPEN and finding.state is State.NEW
    return undecided and finding.undecided == "approve"


def subject_of(
    findings: Iterable[Finding], inputs: Inputs | None, files: Mapping[str, Entry]
) -> str | None:
    """SHA-256 over what waits and over the files that were judged; None where nothing waits.

    It is the same on every machine that finds the same, so that an approval holds in the CI.
    """
    said = [
        (f.rule, f.message, f.location, f.measurement, f.fingerprint) for f in findings if waits(f)
    ]
    if not said:
        return None
    read = [(path, *files[path]) for path in (inputs.paths if inputs else ()) if path in files]
    return hashlib.sha256(msgspec.json.encode([said, read])).hexdigest()
