"""Monorepos: the policies of the folders that the root's policy names as projects."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from mlgate.core.errors import PolicyError
from mlgate.core.text import shown
from mlgate.policy.extend import chain, merged
from mlgate.policy.keys import ModelPolicy
from mlgate.policy.load import check_types, resolved
from mlgate.policy.match import under
from mlgate.policy.model import GatePolicy, Policy, PolicyFile
from mlgate.policy.problems import Problem, nearest, placed
from mlgate.policy.read import Read, find

_PATTERNS = ("files", "exclude", "when")
_ROOT_ALONE = ("projects", "models")


def load_projects(
    read: Read, root: Policy, files: Collection[str] | None = None
) -> tuple[tuple[str, Policy], ...]:
    """Each project's folder and policy, with gates named `churn/lint`.

    A project inherits the root's policy, but of its gates only those that are named after their
    kind: `[gates.lint]` is about all code, `[gates.train-data]` about one table of the root.
    All patterns are relative to the root afterwards. `files` are the snapshot's paths, by which a
    folder that is not there is found. Raises `PolicyError` with all problems.
    """
    folders = [posixpath.normpath(project) for project in root.projects]
    _check(root, folders, files)
    problems: list[str] = []
    projects = []
    for folder, name in zip(folders, project_names(folders), strict=True):
        try:
            projects.append((folder, _project(read, root, folder, name)))
        except PolicyError as error:
            problems += error.problems
    if problems:
        raise PolicyError(problems)
    return tuple(projects)


def outside(root: Policy, projects: Sequence[tuple[str, Policy]]) -> Policy:
    """The root's policy without the folders where a project has the same gate."""
    gates = []
    for gate in root.gates:
        taken = [
            under(folder, ["/**"])[0]
            for folder, policy in projects
            if any(own.name.rpartition("/")[2] == gate.name for own in policy.gates)
        ]
        gates.append(replace(gate, exclude=(*gate.exclude, *taken)))
    return replace(root, gates=tuple(gates))


def project_names(folders: Sequence[str]) -> list[str]:
    """The last part of each folder, with as many parts before it as tell them apart."""
    parts = [folder.split("/") for folder in folders]
    names = []
    for own in parts:
        length = 1
        while length < len(own) and [p[-length:] for p in parts].count(own[-length:]) > 1:
            length += 1
        names.append("-".join(own[-length:]))
    return names


def _check(root: Policy, folders: list[str], files: Collection[str] | None) -> None:
    found = []
    for number, folder in enumerate(folders):
        if folder in (".", "..") or folder.startswith(("/", "../")) or "\\" in folder:
            text = f"`{shown(folder)}` is no folder below the root"
        elif folder in folders[:number]:
            text = f"`{shown(folder)}` is named twice"
        elif files is not None and not any(path.startswith(f"{folder}/") for path in files):
            present = {posixpath.dirname(path) for path in files} - {""}
            text = f"there is no folder `{shown(folder)}`"
            text += f"; {nearest(folder, present)}" if len(present) < 1000 else ""
        else:
            continue
        found.append(Problem(("projects", number), text))
    if found:
        raise PolicyError(placed(found, root.files))


def _project(read: Read, root: Policy, folder: str, name: str) -> Policy:
    files = _inherited(root)
    if file := find(read, folder):
        own = chain(file, f"{folder}/" + ("pyproject.toml" if file.prefix else "mlgate.toml"), read)
        check_types(own)
        if nested := [p for f in own for p in placed(_nested(f), [f])]:
            raise PolicyError(nested)
        files += tuple(own_file._replace(tables=_rooted(own_file, folder)) for own_file in own)
    tables, notes = merged(files)
    policy = resolved(tables, files, notes)
    gates = tuple(_named(gate, name) for gate in policy.gates)
    models = {key: _asking(model, name) for key, model in policy.models.items()}
    return replace(policy, gates=gates, models=models)


def _nested(file: PolicyFile) -> Iterator[Problem]:
    if "projects" in file.tables:
        yield Problem(("projects",), "a project has no projects; name them in the root's policy")


def _inherited(root: Policy) -> tuple[PolicyFile, ...]:
    general = {gate.name for gate in root.gates if gate.name == gate.kind}

    def kept(tables: dict[str, Any]) -> dict[str, Any]:
        below = {key: value for key, value in tables.items() if key not in _ROOT_ALONE}
        gates = {k: v for k, v in tables.get("gates", {}).items() if k in general}
        return below | ({"gates": gates} if gates else {"gates": {}})

    return tuple(file._replace(tables=kept(file.tables)) for file in root.files)


def _rooted(file: PolicyFile, folder: str) -> dict[str, Any]:
    """The file's tables with all patterns and paths relative to the root."""

    def rooted(table: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
        return table | {key: list(under(folder, table[key])) for key in keys if key in table}

    tables = rooted(file.tables, ("exclude",))
    if "gates" in tables:
        tables["gates"] = {k: rooted(gate, _PATTERNS) for k, gate in tables["gates"].items()}
    if "waivers" in tables:
        tables["waivers"] = [
            waiver | ({"path": f"{folder}/{waiver['path']}"} if "path" in waiver else {})
            for waiver in tables["waivers"]
        ]
    return tables


def models(root: Policy, projects: Sequence[tuple[str, Policy]]) -> dict[str, ModelPolicy]:
    """The models of the root and of all projects; a name means one of them everywhere.

    Raises `PolicyError` where two have it.
    """
    found = dict(root.models)
    for folder, policy in projects:
        for name, model in policy.models.items():
            if name in found:
                text = f"another policy of the repository has a model `{name}`, too ({folder})"
                raise PolicyError(placed([Problem(("models", name), text)], policy.files))
            found[name] = model
    return found


def _asking(model: ModelPolicy, project: str) -> ModelPolicy:
    if model.gates is None:
        return model
    return replace(model, gates=tuple(f"{project}/{gate}" for gate in model.gates))


def _named(gate: GatePolicy, project: str) -> GatePolicy:
    needs = tuple(f"{project}/{need}" for need in gate.needs)
    return replace(gate, name=f"{project}/{gate.name}", needs=needs)
