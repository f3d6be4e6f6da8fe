"""Compares an answer with what was declared: status, a subset of the JSON, a JSON Schema."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from mlgate.gates._service_http import Answer, Target


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the worker gets it, with the answer that it must get."""

    path: str
    method: str
    body: str | None = None
    status: int = 200
    expect: Any = None
    expects: bool = False
    tolerance: float = 0.0
    schema: Any = None
    schema_name: str = ""
    """Empty where there is none: `null` is the content of a file, too."""


def wrong(wanted: Wanted, answer: Answer, target: Target) -> str | None:
    """How the answer differs from what was declared; None where it does not."""
    if answer.status != wanted.status:
        said = target.quoted(answer.body.decode("utf-8", "replace"))
        return f"answers {answer.status}, not {wanted.status}" + (f": {said}" if said else "")
    if not wanted.expects and not wanted.schema_name:
        return None
    try:
        found = decoded(answer.body)
    except ValueError:
        said = target.quoted(answer.body.decode("utf-8", "replace"))
        return f"answers with what is no JSON: {said or 'nothing'}"
    if wanted.expects:
        differs = difference(found, wanted.expect, wanted.tolerance, target)
        if differs is not None:
            return differs
    return None if not wanted.schema_name else _against(wanted.schema, found, target)


def decoded(body: bytes) -> Any:
    """JSON as it is defined: without NaN, in UTF-8. Raises `ValueError`."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def difference(
    found: Any, expected: Any, tolerance: float, target: Target, at: str = "$"
) -> str | None:
    """Where `found` is not what was expected; objects may hold more than that."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return f"{at} is {_shown(found, target)}, not an object"
        for key, value in expected.items():
            if key not in found:
                return f"{at}.{key} is missing"
            if differs := difference(found[key], value, tolerance, target, f"{at}.{key}"):
                return differs
        return None
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return f"{at} is {_shown(found, target)}, not a list of {len(expected):,}"
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            if differs := difference(one, other, tolerance, target, f"{at}[{number}]"):
                return differs
        return None
    if same(found, expected, tolerance):
        return None
    margin = f" ± {tolerance:g}" if tolerance and _is_number(expected) else ""
    return f"{at} is {_shown(found, target)}, not {_shown(expected, target)}{margin}"


def same(found: Any, expected: Any, tolerance: float) -> bool:
    """True for equal values, numbers within the tolerance; nothing is equal to NaN."""
    if _is_number(expected) and _is_number(found):
        if found == expected:
            return True
        margin = tolerance * max(1.0, abs(expected))
        return math.isfinite(found) and math.isfinite(expected) and abs(found - expected) <= margin
    return type(found) is type(expected) and bool(found == expected)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any, target: Target) -> str:
    return target.quoted(msgspec.json.encode(value).decode())


def picked(found: Any, where: str) -> Any:
    """What stands at `a.0.b` in the answer. Raises `LookupError`."""
    for step in where.split(".") if where else ():
        if isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, dict) and step in found:
            found = found[step]
        else:
            raise LookupError(step)
    return found


def _against(schema: Any, found: Any, target: Target) -> str | None:
    validator = _validator(msgspec.json.encode(schema))
    error = next(iter(validator.iter_errors(found)), None)
    if error is None:
        return None
    steps = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in error.absolute_path)
    return f"${steps} does not meet the schema: {target.quoted(error.message, 160)}"


_VALIDATORS: dict[bytes, Any] = {}


def _validator(schema: bytes) -> Any:
    """A validator that asks nobody for the schemas to which this one refers."""
    if schema not in _VALIDATORS:
        from jsonschema.validators import validator_for  # type: ignore[import-untyped]
        from referencing import Registry

        parsed = msgspec.json.decode(schema)
        kind = validator_for(parsed)
        _VALIDATORS[schema] = kind(parsed, registry=Registry())
    return _VALIDATORS[schema]


def check_schema(schema: Any) -> str | None:
    """What is wrong with a schema itself, if anything is."""
    if not isinstance(schema, dict | bool):
        return "it is neither an object nor a boolean"
    from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped]
    from jsonschema.validators import validator_for

    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        return str(error.message)
    return None
