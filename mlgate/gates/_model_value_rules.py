"""What each rule's `value` comes to in metric files: which numbers it means, on both sides."""

from __future__ import annotations

import fnmatch
import math

from mlgate.core.errors import GateError
from mlgate.gates._model_evidence import Measured
from mlgate.gates._model_numbers import DOT, Numbers, is_quoted, numbers
from mlgate.gates._model_options import Options
from mlgate.gates._model_place import Place
from mlgate.gates._model_rule import Rule

_LISTED = 8
_WILD = frozenset("*?]")


def read(
    options: Options, new: Place, old: Place | None
) -> tuple[list[Measured], dict[tuple[int, str | None], str]]:
    """What each rule's value comes to in both files, and the names of these numbers."""
    candidate = numbers(new)
    baseline = numbers(old) if old else None
    measured: list[Measured] = []
    names: dict[tuple[int, str | None], str] = {}
    for at, rule in enumerate(options.require):
        for name in _meant(rule, candidate, baseline, new, old):
            measured.append(_measured(at, rule, name, candidate, baseline))
            names[at, name] = name
    return measured, names


def _meant(
    rule: Rule,
    candidate: Numbers,
    baseline: Numbers | None,
    new: Place,
    old: Place | None,
) -> list[str]:
    """The numbers that a rule's `value` names, on both sides. Raises `GateError` where one side
    lacks one: what the baseline measured and the candidate does not is no pass."""
    pattern = rule.value or ""
    there = _named(candidate, pattern)
    before = _named(baseline, pattern) if baseline is not None else set()
    if not there:
        raise GateError(
            f"{new.path} has no number {pattern}; {_there(candidate)}",
            _instead(pattern, sorted(candidate), new.path),
        )
    if baseline is not None and old is not None and rule.compares:
        if before - there:
            raise _dropped(pattern, min(before - there), new, old)
        if there - before:
            raise _added(pattern, min(there - before), new, old, baseline)
    return sorted(there)


def _named(found: Numbers, pattern: str) -> set[str]:
    """The numbers that `pattern` means. Raises `GateError` where it means what is none."""
    for name, value in found.others.items():
        if _matches(name, pattern) and (not _WILD.intersection(pattern[-1:]) or is_quoted(value)):
            shown = name.replace(DOT, ".")
            raise GateError(
                f"{shown} of {found.path} is {value!r}, which is no number",
                "write it as a number: without quotes, and in YAML with a dot, as 1.0e-3",
            )
    return {name.replace(DOT, ".") for name in found.parted if _matches(name, pattern)}


def _dropped(pattern: str, name: str, new: Place, old: Place) -> GateError:
    """A number that the baseline has and the candidate does not."""
    return GateError(
        f"{new.path} has no number {name}, which {old.path} has and value = '{pattern}' means",
        f"write {name} into {new.path} too; where it was given up on purpose, name the numbers "
        f"that are left in a rule each, instead of {pattern}",
    )


def _added(
    pattern: str, name: str, new: Place, old: Place, baseline: dict[str, float]
) -> GateError:
    """A number that is new with the candidate."""
    return GateError(
        f"{old.path} has no number {name}, which {new.path} has: nothing to compare it with; "
        f"in the baseline {_there(baseline)}",
        f"where {name} is new, let its rule have `min` or `max` alone until a baseline holds it; "
        f"else write {name} into the baseline too, or correct value = '{pattern}'",
    )


def _there(found: dict[str, float]) -> str:
    """The numbers of a file."""
    listed = [f"{name} ({value:.4g})" for name, value in found.items()][:_LISTED]
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return f"there are {', '.join(listed)}{more}" if listed else "it holds no number at all"


def _instead(pattern: str, names: list[str], path: str) -> str:
    """The edit that names a number which is there: of the same last part, else spelled alike."""
    from difflib import get_close_matches

    last = pattern.rpartition(".")[2]
    alike = [name for name in names if name.casefold() == pattern.casefold()]
    alike += [name for name in names if name.rpartition(".")[2] == last]
    alike += get_close_matches(pattern, names, n=1, cutoff=0.6)
    if not alike:
        return f"write {pattern} into {path}, or correct `value` in the rule"
    return f'did you mean value = "{alike[0]}" in the rule? Else write {pattern} into {path}'


def _matches(name: str, pattern: str) -> bool:
    """By parts, of which a wildcard means one, whatever dots are in its key."""
    parts, wanted = name.split("."), pattern.split(".")
    return name.replace(DOT, ".") == pattern or (
        len(parts) == len(wanted)
        and all(
            fnmatch.fnmatchcase(part.replace(DOT, "."), one)
            for part, one in zip(parts, wanted, strict=True)
        )
    )


def _measured(
    at: int, rule: Rule, name: str, candidate: dict[str, float], baseline: dict[str, float] | None
) -> Measured:
    new = candidate[name]
    old = baseline[name] if baseline and rule.compares else None
    for value in (new, old):
        if value is not None and not math.isfinite(value):
            raise GateError(f"{name} is {value}, which is no number", "correct the evaluation")
    share = rule.n is not None and 0 <= new <= 1
    both = share and old is not None and 0 <= old <= 1
    return Measured(
        measure=at,
        slice=name,
        n=rule.n or 0,
        new=new,
        old=old,
        right=round(new * rule.n) if share and rule.n else None,
        right_old=round(old * rule.n) if both and old is not None and rule.n else None,
        of=rule.n if share else None,
    )
