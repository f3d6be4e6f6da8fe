"""Findings of an `artifact` gate on one file: what the scan refused, its digest, what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.core.finding import Finding, Location, Measurement
from mlgate.core.text import counted, plain, shown
from mlgate.core.words import Level, Result
from mlgate.gates import _artifact_where as where
from mlgate.gates._artifact_rules import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context


def of_file(place: where.Place, answer: dict[str, Any], allow: str) -> Iterator[Finding]:
    """What the scan of a file came to; `allow` mends what the policy can allow."""
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


def allow(ctx: Context, answers: list[dict[str, Any]]) -> str:
    """The line of the policy that would allow all that it can."""
    problems = [problem for answer in answers for problem in answer.get("problems", ())]
    found = sorted({name for problem in problems if (name := _allowed(problem))})
    names = ", ".join(f'"{one}"' for one in (*ctx.options.allow, *found))
    which = "it belongs" if len(found) == 1 else "all of them belong"
    return f"if {which} there, in [gates.{ctx.gate}]: allow = [{names}]"
