"""Every number of a metric file, by its path: JSON, YAML, TOML and CSV."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from mlgate.core.errors import GateError
from mlgate.gates._model_place import Place

_LARGEST = 4 << 20
_DEEPEST = 20
DOT = "\x1f"
"""Stands for a dot inside a key, where names are told apart by their parts."""


class Numbers(dict[str, float]):
    """Every number of a file, by its path with dots."""

    def __init__(self, path: str, found: list[tuple[str, Any]]) -> None:
        named = [(name.replace(DOT, "."), value) for name, value in found]
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


def is_quoted(value: object) -> bool:
    """True for text that is a number in quotes."""
    return isinstance(value, str) and _number(value) is not None


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
            yield from _flat(inner, (*at, str(key).replace(".", DOT)), path)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flat(inner, (*at, str(number)), path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield ".".join(at), float(value)
    elif value is None or (isinstance(value, str) and value.lower() in ("nan", "inf", "-inf")):
        yield ".".join(at), float("nan")
    elif isinstance(value, str | bool):
        yield ".".join(at), value
