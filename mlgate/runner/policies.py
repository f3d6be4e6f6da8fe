"""The policy of a snapshot, with the gates of its projects, each in its own folder."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from mlgate.core.errors import UsageError
from mlgate.policy.model import OWN, GatePolicy, Policy
from mlgate.runner import keys

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot
    from mlgate.policy.read import Read


class Resolved(NamedTuple):
    """A policy, and where each project's gates stand."""

    policy: Policy
    homes: dict[str, tuple[str, Policy]]
    """Gate to the project's folder and policy; the root's own gates are not in it."""


def resolve(read: Read, snapshot: Snapshot, project: str | None) -> Resolved | None:
    """The policy that `read` finds, None where there is none; of `project` alone if that is given,
    a folder. Raises `PolicyError`, and `UsageError` where there is no such project."""
    from mlgate.policy.load import load

    written = load(read)
    return None if written is None else with_projects(written, read, snapshot, project)


def with_projects(root: Policy, read: Read, snapshot: Snapshot, project: str | None) -> Resolved:
    """The root's policy with the gates of its projects."""
    if not root.projects:
        return Resolved(root, {})
    from mlgate.policy.projects import load_projects, models, outside

    projects = load_projects(read, root, snapshot.files)
    promoted = models(root, projects)
    homes = {gate.name: (folder, policy) for folder, policy in projects for gate in policy.gates}
    if project is not None:
        projects = tuple(one for one in projects if one[0] == project)
        if not projects:
            known = ", ".join(root.projects)
            raise UsageError(f"{project} is no project of the policy", f"projects: {known}")
    protecting = [gate for gate in root.gates if gate.kind == OWN]
    own = () if project is not None else _unprotecting(outside(root, projects).gates)
    gates = [gate for _, policy in projects for gate in _unprotecting(policy.gates)]
    digest = keys.digest(root.digest, [policy.digest for _, policy in projects]).hex()
    folders = {model: folder for folder, policy in projects for model in policy.models}
    whole = replace(
        root,
        gates=(*own, *protecting, *gates),
        models=promoted,
        model_folders=folders,
        digest=digest,
    )
    return Resolved(whole, homes)


def _unprotecting(gates: Collection[GatePolicy]) -> list[GatePolicy]:
    """A policy is protected as a whole, not project by project."""
    return [gate for gate in gates if gate.kind != OWN]
