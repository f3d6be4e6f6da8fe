from __future__ import annotations

import json
import tomllib

import pytest
from jsonschema import Draft202012Validator

from mlgate.core import parts
from mlgate.policy.model import GATE_KEYS
from mlgate.policy.schema import schema

from .fakes import OPTIONS, SAMPLE, fake_load

SCHEMA = schema(list(OPTIONS), fake_load)


def complaints(text: str) -> list[str]:
    tables = json.loads(json.dumps(tomllib.loads(text), default=str))  # dates, as editors see them
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(tables)]


def test_is_a_schema_that_accepts_the_sample():
    Draft202012Validator.check_schema(SCHEMA)
    assert complaints(SAMPLE) == []


@pytest.mark.parametrize(
    "text",
    [
        "treshold = 1",
        "[gates.lint]\ntol = 'x'",
        "[gates.lint]\ntool = 'flak8'",
        "[gates.lint]\nkind = 'data'",
        "[gates.lint]\nstages = ['comit']",
        "[gates.lint]\ntimeout = '10x'",
        "[gates.own]",
        "[gates.own]\nkind = 'lnit'",
        "[gates.own]\nkind = 'data'",
        "[gates.own]\nkind = 'model'\ntask = 't'\npredictions = 'p'\nx = 1",
        "[gates.own]\nkind = 'data'\ntable = 't'\nrows = { mox = 1 }",
        "[[waivers]]\nrule = 'x/'\nreason = 'y'",
        "[tables]\nengine = 'pandas'",
    ],
)
def test_is_as_strict_as_we_are(text):
    assert complaints(text)


@pytest.mark.parametrize(
    "text",
    [
        "[gates.lint]\nkind = 'lint'\ntool = 'ruff'\ntimeout = 90",
        "[gates.lint]\nkind = 'data'\ntable = 't'",
        "[gates.own]\nkind = 'lint'\ntimeout = '1h30m'\nblocking = false",
    ],
)
def test_a_table_is_of_the_kind_it_says(text):
    assert complaints(text) == []


def test_tells_editors_what_each_key_is_for():
    assert SCHEMA["properties"]["exclude"]["description"].startswith("Paths that no gate sees")
    lint = SCHEMA["$defs"]["gate.lint"]
    assert lint["properties"]["tool"]["description"] == "The program that lints."
    assert lint["properties"]["needs"]["description"].startswith("Gates that must have passed")
    assert lint["description"] == "What lint is for."
    assert SCHEMA["$defs"]["Waiver"]["properties"]["max"]["description"] == "How many at most."


def test_does_not_speak_of_null_which_toml_lacks():
    assert "null" not in json.dumps(SCHEMA).replace("nulls", "")
    assert SCHEMA["$defs"]["gate.lint"]["properties"]["version"] == {"type": "string"}


def test_covers_every_gate_that_is_installed():
    whole = schema()
    Draft202012Validator.check_schema(whole)
    assert {f"gate.{kind}" for kind in parts.names("gates")} <= set(whole["$defs"])


@pytest.mark.parametrize("kind", parts.names("gates"))
def test_no_gate_calls_a_key_of_its_own_like_one_of_every_gate(kind):
    assert not GATE_KEYS & set(parts.load("gates", kind).Options.__struct_fields__)
