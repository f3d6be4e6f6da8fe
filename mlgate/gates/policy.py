"""A change does not loosen unseen what it is judged by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from mlgate.core.digests import digest_of
from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Inputs, Rule
from mlgate.core.text import counted, shown
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _suppressions as suppressions

stages = frozenset({Stage.MERGE, Stage.PROMOTE})
needs_base = True
conceals = True
"""A line with `pragma: allowlist secret` holds what must not be shown."""

REVISION = 1
_LONGEST = 300

rules = {
    "changed": Rule(
        "The policy, an allow-list or a tool's configuration is not the base's.",
        "take it back, or have it approved: mlgate approve policy --key KEY",
        Level.ERROR,
    ),
    "suppression": Rule(
        "A comment hides findings without saying which, or why.",
        "name the rule and the reason in the comment: `# noqa: E501  a long address`",
    ),
    "moved": Rule("A file now lies where gates do not look that looked at it before."),
    "passed": Rule("What was compared with the base."),
}


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `policy` gate has no keys of its own; the base's common ones count."""


def inputs(ctx: Context) -> Inputs | None:
    """The changed sources; what the change does to the policy goes into the key."""
    facts = [
        REVISION,
        ctx.base.commit if ctx.base else None,
        ctx.policies["base"] is None,
        ctx.policies["alterations"],
        ctx.policies["moved"],
        ctx.policies.get("approvable"),
    ]
    also = digest_of(msgspec.json.encode(facts)).digest()
    return Inputs(paths=suppressions.changed(ctx), also=also)


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """Each alteration with its value before and after, and each new suppression."""
    yield from map(_altered(ctx), ctx.policies["alterations"])
    yield from map(_moved, ctx.policies["moved"])
    found = suppressions.new(ctx, paths) if ctx.base else []
    yield from map(_suppressing, found)
    yield Finding(rule="policy/passed", message=_summary(ctx, found), result=Result.PASS)


def _altered(ctx: Context) -> Any:
    help = (
        "have it approved: mlgate approve policy --key KEY, with a key of the base's [protect] "
        f"signers; or in the CI's settings set MLGATE_APPROVED to {ctx.policies.get('approvable')}"
    )

    def finding(one: dict[str, Any]) -> Finding:
        key = f"{one['key']}: " if one["key"] else ""
        remark = f" ({one['remark']})" if one["remark"] else ""
        return Finding(
            rule="policy/changed",
            message=f"{key}{_short(one['before'])} -> {_short(one['after'])}{remark}",
            level=Level.NOTE if one["remark"] else Level.ERROR,
            location=Location(path=one["place"]) if one["place"] else None,
            help=None if one["remark"] else help,
        )

    return finding


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _moved(one: tuple[str, str, list[str]]) -> Finding:
    old, new, gates = one
    return Finding(
        rule="policy/moved",
        message=f"{shown(old)} is now {shown(new)}, where these do not look: {', '.join(gates)}",
        level=Level.NOTE,
        location=Location(path=new),
    )


def _suppressing(one: suppressions.Suppression) -> Finding:
    fault = one.fault
    return Finding(
        rule="policy/suppression",
        message=(f"new `{one.text}` {fault}" if fault else f"new `{one.text}`: {one.reason}"),
        level=Level.WARNING if fault else Level.NOTE,
        location=Location(path=one.path, line=one.line, cell=one.cell),
        help=one.mend if fault else None,
    )


def _summary(ctx: Context, found: list[suppressions.Suppression]) -> str:
    if ctx.base is None:
        return "no base to compare with: the policy binds as it is"
    altered = len(ctx.policies["alterations"])
    said = "the policy is the base's"
    if ctx.policies["base"] is None:
        said = "the first policy here: the base has none, so this one binds as it is"
    elif altered:
        said = counted(altered, "alteration") + " of the policy"
    if not found:
        return said
    kinds = sorted({one.kind for one in found})
    each = ", ".join(f"{sum(one.kind == kind for one in found)} {kind}" for kind in kinds)
    return f"{said}; {counted(len(found), 'new suppression')} ({each})"
