"""Fakes for the policy's tests: a repository of texts, and gates with options of their own."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from msgspec import Struct

from mlgate.core import parts
from mlgate.core.errors import PolicyError, UsageError
from mlgate.core.gate import Detected
from mlgate.policy.load import load
from mlgate.policy.model import Policy


class LintOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tool: Literal["flake8", "ruff", "pylint"] = "flake8"
    """The program that lints."""
    version: str | None = None
    args: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()


class Bounds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    min: float | None = None
    max: float | None = None


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: str | None = None
    nulls: Bounds | None = None
    between: tuple[float, float] | None = None


class DataOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    table: str
    """Where the rows are."""
    rows: Bounds | None = None
    fresh: dict[str, str] = {}
    unique: tuple[str | tuple[str, ...], ...] = ()
    columns: dict[str, Column] = {}


class Requirement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    metric: str
    min: float | None = None
    max_drop: float | None = None


class ModelOptions(Struct, frozen=True, kw_only=True):  # its author forgot to forbid
    task: str
    predictions: str
    baseline: str | None = None
    id: str | None = None
    label: str | None = None
    score: str | None = None
    slices: tuple[str | tuple[str, ...], ...] = ()
    require: tuple[Requirement, ...] = ()


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True):
    pass


OPTIONS: dict[str, type[Struct]] = {
    "lint": LintOptions,
    "data": DataOptions,
    "model": ModelOptions,
    "format": NoOptions,
    "security": NoOptions,
    "tests": NoOptions,
    "data-version": NoOptions,
}


def fake_load(folder: str, name: str) -> Any:
    assert folder == "gates"
    if name not in OPTIONS:
        raise UsageError(f"no gate is called {name!r}", parts.nearest(name, sorted(OPTIONS)))
    detected = {"lint": Detected(evidence="setup.cfg: [flake8]", options={"args": ["--jobs=1"]})}
    return SimpleNamespace(
        Options=OPTIONS[name],
        detect=lambda ctx: detected.get(name),
        __doc__=f"What {name} is for.\n\nMore.",
    )


def texts(**files: str | bytes) -> Callable[[str], bytes | None]:
    """A reader of `files`; `__` is a slash, and each name gets the suffix `.toml`."""
    held = {
        f"{name.replace('__', '/')}.toml": text.encode() if isinstance(text, str) else text
        for name, text in files.items()
    }
    return held.get


def policy(text: str, **files: str | bytes) -> Policy:
    found = load(texts(mlgate=text, **files))
    assert found is not None
    return found


def problems(call: Callable[[], object]) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        call()
    assert caught.value.exit_code == 2
    return caught.value.problems


SAMPLE = """\
extends = ["policies/team.toml"]        # a path or an installed package, never fetched
exclude = ["vendor/"]                   # gitignore syntax, also per gate
new_only = true                         # legacy findings do not block; also per gate
projects = ["models/churn", "models/fraud"]

[environment]                           # how project code is run
run = ["uv", "run", "--frozen"]
pass_env = ["AWS_PROFILE"]

[gates.format]                          # the table's name is the kind unless `kind` says otherwise
[gates.lint]
tool = "flake8"
plugins = ["Flake8-pyproject"]
[gates.security]
[gates.tests]
where = "ci"                            # ci, local, both
[gates.data-version]

[gates.train-data]
kind = "data"
table = "data/train.parquet"
rows = { min = 100_000 }
fresh = { column = "event_time", max_age = "7d" }
unique = ["customer_id", ["day", "store"]]      # a nested list is one composite key
[gates.train-data.columns.age]
type = "integer"
nulls = { max = 0.01 }
between = [0, 120]

[gates.churn]
kind = "model"
task = "binary"
predictions = "eval/predictions.parquet"
baseline = "base"
id = "customer_id"
label = "churned"
score = "p_churn"
slices = ["region", ["region", "plan"]]
[[gates.churn.require]]
metric = "roc_auc"
min = 0.85
max_drop = 0.01

[models.churn]                          # promotion
registry = "git"
path = "models/churn.skops"

[protect]
signers = ["keys/lead.pub"]

[[waivers]]
rule = "security/B301"
path = "legacy/loader.py"
max = 2
reason = "removed with the old loader"
until = 2027-01-31
"""
