"""Numbers from metric files: JSON, YAML and TOML, nested, by path and wildcard."""

from __future__ import annotations

import fnmatch
import math
import os
from collections.abc import Iterator
from typing import Any

from mlgate.core.errors import GateError
from mlgate.gates._model_evidence import Measured
from mlgate.gates._model_options import Options
from mlgate.gates._model_place import Place
from mlgate.gates._model_rule import Rule

_LARGEST = 4 << 20
_DEEPEST = 20
_LISTED = 8
_DOT = "\x1f"
"""Stands for a dot inside a key, where names are told apart by their parts."""


def read(
    options: Options, new: Place, old: Place | None
) -> tuple[list[Measured], int, dict[tuple[int, str | None], str]]:
    """What each rule's value comes to in both files, how many numbers were judged, their names."""
    candidate = numbers(new)
    baseline = numbers(old) if old else None
    measured: list[Measured] = []
    names: dict[tuple[int, str | None], str] = {}
    for at, rule in enumerate(options.require):
        for name in _meant(rule, candidate, baseline, new, old):
            measured.append(_measured(at, rule, name, candidate, baseline))
            names[at, name] = name
    return measured, len(measured), names


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
        if _matches(name, pattern) and (not _WILD.intersection(pattern[-1:]) or _like(value)):
            shown = name.replace(_DOT, ".")
            raise GateError(
                f"{shown} of {found.path} is {value!r}, which is no number",
                "write it as a number: without quotes, and in YAML with a dot, as 1.0e-3",
            )
    return {name.replace(_DOT, ".") for name in found.parted if _matches(name, pattern)}


_WILD = frozenset("*?]")


def _like(value: object) -> bool:
    """True for text that is a number in quotes."""
    return isinstance(value, str) and _number(value) is not None


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
    alike = [name for name in names if name.rpartition(".")[2] == last]
    alike += get_close_matches(pattern, names, n=1, cutoff=0.6)
    if not alike:
        return f"write {pattern} into {path}, or correct `value` in the rule"
    return f'did you mean value = "{alike[0]}" in the rule? Else write {pattern} into {path}'


def _matches(name: str, pattern: str) -> bool:
    """By parts, of which a wildcard means one, whatever dots are in its key."""
    parts, wanted = name.split("."), pattern.split(".")
    return name.replace(_DOT, ".") == pattern or (
        len(parts) == len(wanted)
        and all(
            fnmatch.fnmatchcase(part.replace(_DOT, "."), one)
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


class Numbers(dict[str, float]):
    """Every number of a file, by its path with dots."""

    def __init__(self, path: str, found: list[tuple[str, Any]]) -> None:
        named = [(name.replace(_DOT, "."), value) for name, value in found]
        super().__init__((name, value) for name, value in named if isinstance(value, float))
        self.path = path
        self.parted = [name for name, value in found if isinstance(value, float)]
        """Their names, in which dots of keys are told from others."""
        self.others = {name: value for name, value in found if not isinstance(value, float)}
        """Text, and true or false, likewise."""
        if len(self) < len(self.parted):
            names = [name for name, value in named if isinstance(value, float)]
            raise ValueError(f"{max(names, key=names.count)} stands there twice")


def numbers(place: Place) -> Numbers:
    """Every number of a file."""
    if os.path.getsize(place.file) > _LARGEST:
        raise GateError(f"{place.path} is larger than {_LARGEST >> 20} MiB", "name a smaller file")
    with open(place.file, "rb") as file:
        raw = file.read()
    try:
        found = _parsed(raw, place.suffix, place.path)
        return Numbers(place.path, list(_flat(found, (), place.path)))
    except (ValueError, RecursionError) as error:  # every parser's complaint is a ValueError
        line = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise GateError(f"{place.path} cannot be read: {line}", "correct the file") from None


def _parsed(raw: bytes, suffix: str, path: str) -> Any:
    if suffix == ".json":
        import json

        return json.loads(raw, object_pairs_hook=_once)
    if suffix == ".toml":
        import tomllib

        return tomllib.loads(raw.decode())
    if suffix in (".yaml", ".yml"):
        import yaml

        if (
            b"&" in raw
            and b"*" in raw
            and any(isinstance(event, yaml.AliasEvent) for event in _events(raw))
        ):
            raise ValueError("aliases are not read in metric files")
        try:
            _check_keys(yaml.compose(raw, Loader=yaml.SafeLoader))
            return yaml.safe_load(raw)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from None
    if suffix in (".csv", ".tsv"):
        return _delimited(raw.decode("utf-8-sig"), "\t" if suffix == ".tsv" else ",")
    raise GateError(
        f"{path}: {suffix or 'a file without a suffix'} is no form of metrics that is read",
        "write .json, .yaml, .toml or .csv",
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises `ValueError` for a name that stands there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{max(names, key=names.count)} stands there twice")
    return found


def _check_keys(node: Any) -> None:
    """The same of YAML, which is parsed without aliases."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        _once([(str(key.value), None) for key, _ in node.value])
        for _, value in node.value:
            _check_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_keys(value)


def _delimited(text: str, delimiter: str) -> dict[str, Any]:
    """One row: its columns by name. More rows: the columns of each by the row's first column,
    which holds its name, as `macro.f1`; with two columns `metric,value` just `f1`."""
    import csv
    import io

    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row
        ]
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if len(rows) < 2 or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("it is no table with a head and rows of equal length")
    head, *rest = rows
    _once([(name, None) for name in head])
    if len(rest) == 1 and _number(rest[0][0]) is not None:
        return {name: _number(cell) for name, cell in zip(head, rest[0], strict=True)}
    _once([(row[0], None) for row in rest])
    if len(head) == 2:
        return {row[0]: _number(row[1]) for row in rest}
    return {
        row[0]: {name: _number(cell) for name, cell in zip(head[1:], row[1:], strict=True)}
        for row in rest
    }


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _events(raw: bytes) -> Iterator[Any]:
    import yaml

    try:
        yield from yaml.parse(raw, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _flat(value: Any, at: tuple[str, ...], path: str) -> Iterator[tuple[str, Any]]:
    """What stands where: numbers, text, and true or false; nothing is NaN."""
    if len(at) > _DEEPEST:
        raise GateError(f"{path} is nested more than {_DEEPEST} deep", "write it flatter")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, (*at, str(key).replace(".", _DOT)), path)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flat(inner, (*at, str(number)), path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield ".".join(at), float(value)
    elif value is None or (isinstance(value, str) and value.lower() in ("nan", "inf", "-inf")):
        yield ".".join(at), float("nan")
    elif isinstance(value, str | bool):
        yield ".".join(at), value
