"""Which changes of a schema its callers notice; JSON Schema beside a validator as the oracle."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mlgate.artifacts.contracts import avro_gaps, gaps, signature_gaps

OLD: dict[str, Any] = {
    "type": "object",
    "required": ["age"],
    "properties": {
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "plan": {"enum": ["a", "b"]},
    },
}


def changed(**properties: Any) -> dict[str, Any]:
    return {**OLD, "properties": {**OLD["properties"], **properties}}


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD, []),
        ({**OLD, "description": "words"}, []),
        (changed(age={"type": "number"}), []),
        (changed(plan={"enum": ["a", "b", "c"]}), []),
        ({**OLD, "required": []}, []),
        (changed(age={"type": "integer", "minimum": 18, "maximum": 120}),
         ["$.age: `minimum` is 18, it was 0"]),
        (changed(age={"type": "integer", "minimum": 0, "maximum": 99}),
         ["$.age: `maximum` is 99, it was 120"]),
        (changed(age={"type": "string"}),
         ["$.age may no longer be integer"]),
        (changed(plan={"enum": ["a"]}), ['$.plan may no longer be "b"']),
        ({**OLD, "required": ["age", "plan"]}, ["$.plan must be there now"]),
        (changed(new={"type": "string"}),
         ["$.new may no longer be array or boolean or integer or null or number or object"]),
        ({**OLD, "additionalProperties": False}, ["$.* is refused whatever it holds"]),
        (changed(plan={"enum": ["a", "b"], "pattern": "x"}),
         ["$.plan: `pattern` is new or differs"]),
        (False, ["$ is refused whatever it holds"]),
    ],
)  # fmt: skip
def test_what_an_input_no_longer_takes(new: Any, expected: list[str]) -> None:
    assert list(gaps(new, OLD)) == expected


SCALARS = st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["", "a", "bb"])
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["integer", "number", "string", "boolean", ["null", "integer"]]),
        "minimum": st.integers(-1, 2),
        "maximum": st.integers(-1, 2),
        "maxLength": st.integers(0, 2),
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "const": SCALARS,
    },
)
SCHEMAS = st.recursive(
    st.booleans() | LEAVES,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array"]),
            "properties": st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
            "required": st.lists(st.sampled_from("xy"), unique=True),
            "additionalProperties": inner,
            "items": inner,
            "maxItems": st.integers(0, 2),
        },
    ),
    max_leaves=4,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None)
@given(wide=SCHEMAS, narrow=SCHEMAS, values=st.lists(VALUES, min_size=5, max_size=12))
def test_no_gap_is_a_proof(wide: Any, narrow: Any, values: list[Any]) -> None:
    if list(gaps(wide, narrow)):
        return
    before, after = Draft202012Validator(narrow), Draft202012Validator(wide)
    for value in values:
        if before.is_valid(value):
            assert after.is_valid(value), (wide, narrow, value)


def columns(*found: tuple[str, str] | dict[str, Any]) -> str:
    return json.dumps([one if isinstance(one, dict) else {"name": one[0], "type": one[1]}
                       for one in found])  # fmt: skip


def tensor(dtype: str, shape: list[int]) -> str:
    return json.dumps([{"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}}])


BEFORE = columns(("age", "long"), ("x", "float"))


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (BEFORE, BEFORE, []),
        (columns(("age", "long")), BEFORE, []),
        (columns(("age", "long"), ("x", "double")), BEFORE, []),
        (columns(("age", "integer"), ("x", "float")), BEFORE, ["age is integer, it was long"]),
        (columns(("age", "long"), ("y", "long")), BEFORE, ["y must be there now"]),
        (columns(("age", "long"), {"name": "y", "type": "long", "required": False}), BEFORE, []),
        (tensor("float32", [-1, 3]), tensor("float32", [-1, 3]), []),
        (tensor("float64", [-1, -1]), tensor("float32", [-1, 3]), []),
        (tensor("float32", [-1, 4]), tensor("float32", [-1, 3]),
         ["column 0 has the shape [-1, 4], it was [-1, 3]"]),
        (tensor("float32", [-1, 3]), tensor("float64", [-1, 3]),
         ["column 0 is of float32, it was of float64"]),
        (None, BEFORE, []),
        (BEFORE, None, ["it had no signature"]),
    ],
)  # fmt: skip
def test_signatures_of_mlflow(new: str | None, old: str | None, expected: list[str]) -> None:
    assert list(signature_gaps(new, old)) == expected


def record(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "Row", "fields": list(fields)}


AGE = {"name": "age", "type": "int"}


@pytest.mark.parametrize(
    ("reader", "writer", "expected"),
    [
        (record(AGE), record(AGE), []),
        (record(), record(AGE), []),
        (record({"name": "age", "type": "double"}), record(AGE), []),
        (record({"name": "age", "type": ["null", "int"]}), record(AGE), []),
        (record({"name": "years", "aliases": ["age"], "type": "int"}), record(AGE), []),
        (record(AGE, {"name": "x", "type": "int", "default": 0}), record(AGE), []),
        (record(AGE, {"name": "x", "type": "int"}), record(AGE), ["$.x must be there now"]),
        (record(AGE), record({"name": "age", "type": "long"}), ["$.age is int, it was long"]),
        (record(AGE), record({"name": "age", "type": ["null", "int"]}),
         ["$.age is int, it was null"]),
        ({"type": "enum", "name": "E", "symbols": ["A"]},
         {"type": "enum", "name": "E", "symbols": ["A", "B"]}, ["$ may no longer be B"]),
        ({"type": "array", "items": "int"}, {"type": "array", "items": "string"},
         ["$[] is int, it was string"]),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4}, {"type": "bytes"},
         ["$: `logicalType` is decimal, it was None", "$: `precision` is 4, it was None"]),
    ],
)  # fmt: skip
def test_avro(reader: Any, writer: Any, expected: list[str]) -> None:
    assert list(avro_gaps(reader, writer)) == expected
