"""What picklescan says of the same files, where the policy asks for a second opinion."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location
from mlgate.core.text import plain, shown
from mlgate.core.words import Level, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context
    from mlgate.gates._artifact_where import Place


def findings(ctx: Context, places: list[Place]) -> Iterator[Finding]:
    """What it calls dangerous fails; what it cannot read or is unsure of is told."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_artifact_second_worker.py")
    request = {"files": [place.file for place in places], "memory": ctx.options.memory}
    answers = list(ctx.worker(script, request))
    if answers == [{"missing": True}]:
        raise GateError(
            "`second_opinion` asks for picklescan, which is not installed beside mlgate",
            "pip install picklescan, or take `second_opinion` out",
        )
    if len(answers) != len(places):
        raise GateError("picklescan did not answer for every file")
    for place, answer in zip(places, answers, strict=True):
        yield from _of_file(place, answer)


def _of_file(place: Place, answer: dict[str, list[str] | str]) -> Iterator[Finding]:
    for name in answer["dangerous"]:
        yield _finding(
            place, Result.FAIL, f"{shown(place.path)}: picklescan finds {name} dangerous"
        )
    unsure = ", ".join(answer["suspicious"])
    if answer["error"] or not answer["dangerous"]:
        said = answer["error"] or (f"is not sure of {unsure}" if unsure else "finds nothing")
        yield _finding(place, Result.PASS, f"{shown(place.path)}: picklescan {said}")


def _finding(place: Place, result: Result, message: str) -> Finding:
    return Finding(
        rule="artifact/second-opinion",
        result=result,
        level=Level.ERROR if result is Result.FAIL else Level.NOTE,
        message=plain(message),
        location=Location(path=place.path, text=""),
    )
