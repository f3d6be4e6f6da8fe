"""Counts the uses of test sets on a git ref of their own, by compare-and-set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from mlgate.core.errors import UsageError
from mlgate.core.text import counted
from mlgate.gates._model_reuse import FETCH, REF, Use, counts_already, told
from mlgate.repo import git, shelf

_TRIES = 5


def record(report: bytes, start: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Write down every use that is not on record yet. Raises `UsageError`."""
    repo = git.find(start, environ)
    uses = list(_uses(report))
    if not uses:
        yield "nothing to record: in that report no gate with reuse = { test_set = ... } judged"
        return
    for use in uses:
        if counts_already(use, shelf.listing(repo, REF)):
            which = "what this model is by itself" if use.alone else "this pair"
            yield f"test set {use.test_set}: {which} is on record"
            continue
        _put(repo, use)
        yield f"test set {use.test_set}: recorded {use.candidate[:12]} against {use.baseline[:12]}"
    yield f"share it: git push origin {REF}"
    yield f"where git refuses, for another was sooner: {FETCH}, and record again"


def _put(repo: git.Repository, use: Use) -> None:
    """Another process may move the ref between the look and the step: then look again."""
    for left in reversed(range(_TRIES)):
        try:
            shelf.put(repo, REF, use.name, msgspec.json.encode(use) + b"\n")
        except UsageError:
            if not left:
                raise
        else:
            return


def _uses(report: bytes) -> Iterator[Use]:
    try:
        found: Any = msgspec.json.decode(report)
        if found["schema"] != "mlgate/report/1":
            raise KeyError("schema")
        findings = [one for verdict in found["verdicts"] for one in verdict["findings"]]
    except (msgspec.DecodeError, KeyError, TypeError, RecursionError):
        hint = "write one with mlgate check --format json:report.json"
        raise UsageError("that is no JSON report of mlgate", hint) from None
    for one in findings:
        use = told(one["message"]) if one["rule"] == "model/reuse" else None
        if use is not None:
            yield use


def listed(start: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Every test set with the number of its uses."""
    names = shelf.listing(git.find(start, environ), REF)
    if not names:
        yield f"no uses are on record here; where they are elsewhere: {FETCH}"
    for name, number in sorted(Counter(name.split(".")[0] for name in names).items()):
        yield f"{unquote(name)}: {counted(number, 'use')}"
