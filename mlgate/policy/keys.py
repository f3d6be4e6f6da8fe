"""The keys that a policy file may hold, each with the type it must have.

The JSON Schema for editors is made from these structs too, hence the descriptions.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mlgate.core.duration import PATTERN, seconds
from mlgate.core.words import Level, Stage

Text = Annotated[str, Meta(pattern=r"\S")]
Seconds = Annotated[float, Meta(gt=0, le=14 * 86400)]
Duration = Annotated[str, Meta(pattern=PATTERN)]


class GateKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every gate takes besides the keys of its kind."""

    kind: Text | None = None
    """What kind of gate it is; the table's name unless given."""
    stages: tuple[Stage, ...] | None = None
    """When it is asked; the kind's own stages unless given. An empty list switches it off."""
    blocking: bool | None = None
    """Whether its failure counts against the exit code."""
    level: Level | None = None
    """The level from which on a finding fails; `warning` unless given."""
    files: tuple[Text, ...] = ()
    """The only paths it sees, in gitignore syntax."""
    exclude: tuple[Text, ...] = ()
    """Paths it never sees, in gitignore syntax."""
    needs: tuple[Text, ...] = ()
    """Gates that must have passed before this one is asked."""
    timeout: Seconds | Duration | None = None
    """How long it may take: seconds, or `90s`, `10m`, `1h30m`."""
    where: Literal["ci", "local", "both"] = "both"
    """Where it is asked."""
    when: tuple[Text, ...] = ()
    """Paths, in gitignore syntax, whose change makes it worth running."""
    new_only: bool | None = None
    """Whether only findings count that the base does not have."""

    def __post_init__(self) -> None:
        if self.timeout is not None and not 0 < seconds(self.timeout) <= 14 * 86400:
            raise ValueError("`timeout` must be more than nothing and at most 14 days")


class EnvironmentPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the project's own code is run; detected unless given."""

    run: tuple[Text, ...] = ()
    """A command put before every program, such as `["uv", "run", "--frozen"]`."""
    pass_env: tuple[Text, ...] = ()
    """Names of environment variables that are passed on, credentials among them."""
    python: Text | None = None
    """The interpreter of the project's environment."""


class Protect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may approve what the policy holds back."""

    signers: tuple[Text, ...] = ()
    """Public keys, as paths in the repository; the base's count."""


class Waiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Accepted findings, with a reason and an end."""

    rule: Text
    """The rule, or the beginning of its id: `security/B301`, `lint/`."""
    reason: Text
    """Why these findings are accepted."""
    until: date
    """The last day on which they are."""
    path: Text | None = None
    """The file in which; everywhere unless given."""
    max: Annotated[int, Meta(ge=1)] = 1
    """How many at most."""


class ModelPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that is promoted."""

    registry: Text | None = None
    """Where its versions and aliases live: `git`, `folder:PATH`, `mlflow:URI`."""
    path: Text | None = None
    """The model's file or folder in the repository."""
    gates: tuple[Text, ...] | None = None
    """Gates that must pass; all of stage `promote` unless given."""
    signers: tuple[Text, ...] = ()
    """Public keys whose signatures approve a promotion, as paths in the repository."""
    approvals: Annotated[int, Meta(ge=0)] = 0
    """How many different signers must approve."""
    on_promote: tuple[tuple[Text, ...], ...] = ()
    """Commands run after a promotion, each a list of its words."""
    remote: Text | None = None
    """The git remote that holds the registry; `origin` unless given."""


class Spark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Spark session that answers aggregates."""

    remote: Text | None = None
    """A Spark Connect address, `sc://host:15002`."""
    master: Text | None = None
    """A master URL, `local[*]` or `spark://host:7077`."""


class TablesPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What computes aggregates over tables."""

    engine: Literal["duckdb", "spark"] = "duckdb"
    """The engine that scans."""
    spark: Spark | None = None
    """The Spark session, where the engine is `spark`."""
    memory: Text | None = None
    """The most memory the embedded engine may use: `2GB`."""


class PolicyKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold for this repository."""

    extends: tuple[Text, ...] = ()
    """Policies that this one builds on: paths, or `package:NAME/FILE` of an installed package."""
    exclude: tuple[Text, ...] = ()
    """Paths that no gate sees, in gitignore syntax."""
    new_only: bool | None = None
    """Whether only findings count that the base does not have."""
    base: Text | None = None
    """The git revision that changes are compared with; detected unless given."""
    projects: tuple[Text, ...] = ()
    """Folders with policies of their own that inherit this one."""
    environment: EnvironmentPolicy = EnvironmentPolicy()
    """How the project's own code is run."""
    gates: dict[str, dict[str, Any]] = {}
    """What must hold: one table per gate."""
    models: dict[str, ModelPolicy] = {}
    """The models that are promoted."""
    tables: TablesPolicy = TablesPolicy()
    """What computes aggregates over tables."""
    protect: Protect = Protect()
    """Who may approve what the policy holds back."""
    waivers: tuple[Waiver, ...] = ()
    """Accepted findings."""
