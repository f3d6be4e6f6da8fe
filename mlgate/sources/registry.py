"""`registry:MODEL@ALIAS`: a file as the commit of the version has it that the alias names."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from mlgate.core import parts
from mlgate.core.errors import GateError, MlgateError
from mlgate.core.text import shown
from mlgate.registries._registry import Place, Registry
from mlgate.repo import git as repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlgate.core.gate import Context, Environment
    from mlgate.sources._place import Source


class NoHolder(GateError):
    """An alias that names no version yet."""


def fetch(ctx: Context, where: str, path: str) -> Source:
    """The file `path` of the version that `where` (`churn@production`) names, from git or through
    DVC. Raises `GateError` where the alias holds nothing, or the version's commit is not known."""
    from mlgate.sources import dvc, git

    commit = commit_of(ctx, where)
    snapshot = git.snapshot_of(ctx, commit)
    found = None if path in snapshot.files else dvc.file_of(ctx, snapshot, path)
    return found or git.fetch(ctx, commit, path)


def commit_of(ctx: Context, where: str) -> str:
    """The commit of the version that the alias names."""
    model, _, alias = where.partition("@")
    held = _registry(ctx, model).read(model)
    name = held.aliases.get(alias)
    if name is None:
        known = ", ".join(sorted(held.aliases)) or "none yet"
        raise NoHolder(
            f"{shown(where)} holds nothing: aliases of {shown(model)} are {known}",
            f"mlgate promote {shown(model)} --to {shown(alias or 'production')} --first",
        )
    version = held.version(name)
    if version is None or version.commit is None:
        raise GateError(
            f"nobody wrote down from which commit {shown(model)} {shown(name)} was made",
            "in MLflow the tag mlgate.commit of the version names it",
        )
    return version.commit


def _registry(ctx: Context, model: str) -> Registry:
    terms = ((ctx.policies.get("base") or {}).get("models") or {}).get(model)
    if terms is None:
        raise GateError(
            f"the base's policy knows no model {shown(model)}",
            f"write [models.{shown(model)}] with `registry` and `path`, and merge it",
        )
    kind, _, rest = (terms["registry"] or "folder").partition(":")

    try:
        place = place_of(ctx, terms["remote"])
        found: Registry = parts.load("registries", kind).registry(place, rest)
    except GateError:
        raise
    except MlgateError as error:
        raise GateError(error.message, error.hint) from None
    return found


def place_of(ctx: Context, remote: str | None = None) -> Place:
    """Where a registry is asked from, in the project's environment if there is one."""

    return Place(
        repo=repository.find(os.fspath(ctx.work), os.environ),
        environ=os.environ,
        remote=remote,
        network=ctx.network,
        worker=partial(asked, ctx.environment, ctx.worker),
    )


def asked(
    environment: Callable[[], Environment],
    worker: Callable[..., Iterator[Any]],
    script: str,
    request: dict[str, Any],
    **more: Any,
) -> list[Any]:
    """The lines of a script that needs a package of the project's environment, or else of ours."""
    try:
        python: str | None = environment().python
    except GateError:
        python = None
    while True:
        lines = list(worker(script, request, python=python, project=True, again=True, **more))
        if python is None or not lines or lines[0].get("kind") != "missing":
            return lines
        python = None
