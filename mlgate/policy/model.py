"""The resolved policy: what must hold, after `extends`, projects and durations are worked out."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec import Struct, msgpack
from msgspec.structs import replace

from mlgate.core.words import Level
from mlgate.policy.keys import (
    EnvironmentPolicy,
    GateKeys,
    ModelPolicy,
    Protect,
    TablesPolicy,
    Waiver,
)

GATE_KEYS = frozenset(GateKeys.__struct_fields__)
"""The keys that every gate takes; all others are its kind's own."""


OWN = "policy"
"""The gate that protects the policy: its name and its kind."""


class PolicyFile(NamedTuple):
    """A file that a policy was read from; later ones override earlier ones."""

    label: str
    """How it is named in messages."""
    tables: dict[str, Any]
    """What it says, before `extends`."""
    content: bytes
    prefix: tuple[str, ...] = ()
    """The table that holds the policy: `("tool", "mlgate")` in `pyproject.toml`."""


class GatePolicy(Struct, frozen=True, kw_only=True):
    """A gate as the policy asks for it."""

    name: str
    kind: str
    options: dict[str, Any] = {}
    """The keys of its kind, as written; checked against the gate's `Options` by `validate`."""
    stages: tuple[str, ...] | None = None
    """None: the kind's own stages."""
    blocking: bool | None = None
    level: Level | None = None
    files: tuple[str, ...] = ()
    """Gitignore patterns relative to the repository's root, also in a project; so is `exclude`."""
    exclude: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    timeout: float | None = None
    """Seconds."""
    where: str = "both"
    """`ci`, `local` or `both`."""
    when: tuple[str, ...] = ()
    new_only: bool | None = None
    named: bool = True
    """False: merely detected, because the repository uses its tool."""
    evidence: str | None = None
    """What was seen, where it was detected."""

    def plain(self) -> dict[str, Any]:
        """The gate's table as the policy would say it, durations in seconds, defaults left out."""
        unset = GateKeys()
        common = {
            key: _plain(value)
            for key in GateKeys.__struct_fields__
            if key != "kind" and (value := getattr(self, key)) != getattr(unset, key)
        }
        return {"kind": self.kind, **common, **_plain(self.options)}


def _plain(value: Any) -> Any:
    """`value` as mappings, lists, numbers and strings; dates as text."""
    return msgpack.decode(msgpack.encode(value))


class Policy(Struct, frozen=True, kw_only=True):
    """What must hold for a repository, or for one project of it."""

    source: str | None
    """The policy's path; None where tools were adopted."""
    digest: str
    """Digest over every file that was read and over what they come to."""
    gates: tuple[GatePolicy, ...] = ()
    """In the policy's order."""
    exclude: tuple[str, ...] = ()
    new_only: bool | None = None
    base: str | None = None
    projects: tuple[str, ...] = ()
    environment: EnvironmentPolicy = EnvironmentPolicy()
    protect: Protect = Protect()
    waivers: tuple[Waiver, ...] = ()
    models: dict[str, ModelPolicy] = {}
    model_folders: dict[str, str] = {}
    """The folder of the project whose policy names a model; the root's own models are not in it."""
    tables: TablesPolicy = TablesPolicy()
    notes: tuple[str, ...] = ()
    """What the reader should know: what was overridden through `extends`."""
    files: tuple[PolicyFile, ...] = ()
    """What was read, in the order of overriding; for messages, and for projects that inherit."""

    @property
    def own(self) -> GatePolicy:
        """The gate that protects the policy, as it is where it is not named."""
        for gate in self.gates:
            if gate.kind == OWN:
                return gate
        return GatePolicy(name=OWN, kind=OWN, evidence="on wherever there is a policy")

    @property
    def keys(self) -> tuple[str, ...]:
        """The paths of all public keys that it trusts."""
        return (*self.protect.signers, *(key for m in self.models.values() for key in m.signers))

    def guarded(self) -> Policy:
        """The same with the gate that protects it, which is on without being named."""
        return self if self.own in self.gates else replace(self, gates=(*self.gates, self.own))

    def plain(self) -> dict[str, Any]:
        """All of it as plain mappings, lists, numbers and strings, without the policy's files."""
        kept = ("exclude", "new_only", "base", "projects", "environment", "protect", "waivers")
        plain = {key: _plain(getattr(self, key)) for key in (*kept, "models", "tables")}
        gates = {gate.name: gate.plain() for gate in self.gates}
        return {"source": self.source, "digest": self.digest, "gates": gates, **plain}
