"""Whether one schema takes all that another one allows: JSON Schema, MLflow signatures, Avro.

`gaps(wide, narrow)` lists what `narrow` allows and `wide` may refuse. What cannot be told counts as
a gap: the answer "none" is a proof, the list is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_SAID = frozenset("""
    $schema $id $comment title description default examples deprecated readOnly writeOnly
    """.split())  # noqa: SIM905
_KNOWN = frozenset("""
    type enum const properties required additionalProperties items minimum exclusiveMinimum
    minLength minItems maximum exclusiveMaximum maxLength maxItems
    """.split())  # noqa: SIM905
_AT_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_AT_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_DEEPEST = 64


def gaps(wide: Any, narrow: Any, at: str = "$", depth: int = 0) -> Iterator[str]:
    """What a JSON Schema `wide` may refuse of what `narrow` allows."""
    narrow = {} if narrow is True else narrow
    if wide is True or wide == {} or narrow is False or _same(wide, narrow):
        return
    if depth > _DEEPEST:
        yield f"{at} nests too deep to be compared"
        return
    if not isinstance(wide, dict) or not isinstance(narrow, dict):
        yield f"{at} is refused whatever it holds"
        return
    yield from _odd(wide, narrow, at)
    types = set(_types(narrow)) - _covered(wide)
    if types:
        yield f"{at} may no longer be {' or '.join(sorted(types))}"
    yield from _choices(wide, narrow, at)
    yield from _bounds(wide, narrow, at)
    yield from _properties(wide, narrow, at, depth)
    if "items" in wide and "array" in _types(narrow):
        yield from gaps(wide["items"], narrow.get("items", True), f"{at}[]", depth + 1)


def _same(one: Any, other: Any) -> bool:
    """True for equal JSON, in which 1 is not true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _odd(wide: dict[str, Any], narrow: dict[str, Any], at: str) -> Iterator[str]:
    """Restrictions that are compared for equality only."""
    for key in sorted(wide.keys() - _SAID - _KNOWN - {*_AT_LEAST, *_AT_MOST}):
        if key not in narrow or not _same(wide[key], narrow[key]):
            yield f"{at}: `{key}` is new or differs"


def _types(schema: dict[str, Any]) -> tuple[str, ...]:
    told = schema.get("type", _TYPES)
    return (told,) if isinstance(told, str) else tuple(told)


def _covered(schema: dict[str, Any]) -> set[str]:
    types = set(_types(schema))
    return types | {"integer"} if "number" in types else types


def _choices(wide: dict[str, Any], narrow: dict[str, Any], at: str) -> Iterator[str]:
    allowed, used = _values(wide), _values(narrow)
    if allowed is None:
        return
    if used is None:
        yield f"{at} may now be one of {len(allowed):,} values only"
        return
    lost = [value for value in used if not any(_same(value, one) for one in allowed)]
    if lost:
        yield f"{at} may no longer be {', '.join(json.dumps(v)[:40] for v in lost[:3])}"


def _values(schema: dict[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found = schema.get("enum")
    return found if isinstance(found, list) else None


def _bounds(wide: dict[str, Any], narrow: dict[str, Any], at: str) -> Iterator[str]:
    for key in (*_AT_LEAST, *_AT_MOST):
        if key not in wide:
            continue
        mine, theirs = wide[key], narrow.get(key)
        if theirs is None or (mine > theirs if key in _AT_LEAST else mine < theirs):
            was = "not bounded" if theirs is None else theirs
            yield f"{at}: `{key}` is {mine}, it was {was}"


def _properties(wide: dict[str, Any], narrow: dict[str, Any], at: str, depth: int) -> Iterator[str]:
    if "object" not in _types(narrow):
        return
    for name in sorted(set(wide.get("required", ())) - set(narrow.get("required", ()))):
        yield f"{at}.{name} must be there now"
    mine, theirs = wide.get("properties", {}), narrow.get("properties", {})
    rest, other = wide.get("additionalProperties", True), narrow.get("additionalProperties", True)
    for name in sorted(mine.keys() | theirs.keys()):
        allowed = theirs.get(name, other)
        yield from gaps(mine.get(name, rest), allowed, f"{at}.{name}", depth + 1)
    yield from gaps(rest, other, f"{at}.*", depth + 1)


# --- MLflow --------------------------------------------------------------------------------------

_WIDER = {
    "integer": {"integer", "long", "double"}, "float": {"float", "double"},
    "int32": {"int32", "int64", "float64"}, "float32": {"float32", "float64"},
}  # fmt: skip
"""What MLflow's enforcement of a signature casts without loss."""


def signature_gaps(wide: str | None, narrow: str | None) -> Iterator[str]:
    """The same for the `inputs` or `outputs` of two MLflow signatures. Raises `ValueError`."""
    if wide is None:
        return
    if narrow is None:
        yield "it had no signature"
        return
    mine, theirs = json.loads(wide), json.loads(narrow)
    given = {_called(column, place): column for place, column in enumerate(theirs)}
    for place, column in enumerate(mine):
        name = _called(column, place)
        if name not in given:
            if column.get("required", True):
                yield f"{name} must be there now"
            continue
        yield from _column(name, column, given[name])


def _called(column: dict[str, Any], place: int) -> str:
    return str(column.get("name", f"column {place}"))


def _column(name: str, mine: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    if mine.get("required", True) and not theirs.get("required", True):
        yield f"{name} must be there now"
    one, other = mine.get("type"), theirs.get("type")
    if one == other == "tensor":
        yield from _tensor(name, mine["tensor-spec"], theirs["tensor-spec"])
    elif one != other and one not in _WIDER.get(str(other), ()):
        yield f"{name} is {one}, it was {other}"
    elif one == other:
        apart = [{k: v for k, v in c.items() if k != "required"} for c in (mine, theirs)]
        if apart[0] != apart[1]:
            yield f"{name} has another structure"


def _tensor(name: str, mine: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    one, other = mine["dtype"], theirs["dtype"]
    if one != other and one not in _WIDER.get(other, ()):
        yield f"{name} is of {one}, it was of {other}"
    sides = zip(mine["shape"], theirs["shape"], strict=False)
    fits = len(mine["shape"]) == len(theirs["shape"]) and all(a in (-1, b) for a, b in sides)
    if not fits:
        yield f"{name} has the shape {mine['shape']}, it was {theirs['shape']}"


# --- Avro ----------------------------------------------------------------------------------------

_PROMOTED = {
    "int": {"int", "long", "float", "double"}, "long": {"long", "float", "double"},
    "float": {"float", "double"}, "string": {"string", "bytes"}, "bytes": {"bytes", "string"},
}  # fmt: skip


def avro_gaps(reader: Any, writer: Any, at: str = "$", depth: int = 0) -> Iterator[str]:
    """What an Avro schema `reader` cannot read of what `writer` writes (Avro 1.11, schema
    resolution); named types are compared where they are defined."""
    if reader == writer or depth > _DEEPEST:
        return
    if isinstance(writer, list):
        for branch in writer:
            yield from avro_gaps(reader, branch, at, depth + 1)
        return
    if isinstance(reader, list):
        if not any(not list(avro_gaps(branch, writer, at, depth + 1)) for branch in reader):
            yield f"{at} may no longer be {_avro_type(writer)}"
        return
    mine, theirs = _avro_type(reader), _avro_type(writer)
    if mine != theirs:
        if mine not in _PROMOTED.get(theirs, ()):
            yield f"{at} is {mine}, it was {theirs}"
        return
    if isinstance(reader, dict) and isinstance(writer, dict):
        for key in ("logicalType", "precision", "scale"):
            if reader.get(key) != writer.get(key):
                yield f"{at}: `{key}` is {reader.get(key)}, it was {writer.get(key)}"
        yield from _avro_inside(reader, writer, at, depth)


def _avro_type(schema: Any) -> str:
    told = schema.get("type") if isinstance(schema, dict) else schema
    return told if isinstance(told, str) else "something unknown"


def _avro_inside(
    reader: dict[str, Any], writer: dict[str, Any], at: str, depth: int
) -> Iterator[str]:
    match reader.get("type"):
        case "record":
            written = {field["name"]: field for field in writer.get("fields", ())}
            for field in reader.get("fields", ()):
                names = [field["name"], *field.get("aliases", ())]
                found = next((written[name] for name in names if name in written), None)
                here = f"{at}.{field['name']}"
                if found is not None:
                    yield from avro_gaps(field["type"], found["type"], here, depth + 1)
                elif "default" not in field:
                    yield f"{here} must be there now"
        case "enum":
            lost = set(writer.get("symbols", ())) - set(reader.get("symbols", ()))
            if lost and "default" not in reader:
                yield f"{at} may no longer be {', '.join(sorted(lost)[:3])}"
        case "array":
            yield from avro_gaps(reader.get("items"), writer.get("items"), f"{at}[]", depth + 1)
        case "map":
            yield from avro_gaps(reader.get("values"), writer.get("values"), f"{at}.*", depth + 1)
        case "fixed":
            if reader.get("size") != writer.get("size"):
                yield f"{at} has another size"
