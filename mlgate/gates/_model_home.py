"""Where the project's own metrics lie: in the base, so that a change does not judge itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.gates._model_metrics import is_custom

if TYPE_CHECKING:
    from mlgate.core.gate import Context

_FOLDERS = ("", "src/")


def names(ctx: Context) -> list[str]:
    """The metrics of the project's own that are asked for."""
    found = {rule.metric for rule in ctx.options.require if rule.metric and is_custom(rule.metric)}
    return sorted(found)


def identity(ctx: Context) -> str:
    """What decides how they compute."""
    if not names(ctx) or ctx.base is None:
        return ""
    return " ".join(f"{path} {ctx.base.files[path].id}" for path in _code(ctx))


def home(ctx: Context) -> str:
    """The folder from which they are imported; empty where there are none. Raises `GateError` where
    the base has not got one of them."""
    wanted = names(ctx)
    if not wanted:
        return ""
    if ctx.base_error is not None and ctx.base is None:
        raise ctx.base_error
    folders = [_folder(ctx, name) for name in wanted]
    if len(set(folders)) > 1:
        raise GateError(f"{' and '.join(wanted)} lie in different folders", "move them together")
    root = os.fspath(ctx.base.root(_code(ctx))) if ctx.base else ""
    return os.path.join(root, *folders[0].split("/"))


def _folder(ctx: Context, name: str) -> str:
    path = name.partition(":")[0].replace(".", "/")
    files = ctx.base.files if ctx.base else {}
    for folder in _FOLDERS:
        if f"{folder}{path}.py" in files or f"{folder}{path}/__init__.py" in files:
            return folder
    raise GateError(
        f"the metric {name} is not in the base, from which metrics are run",
        "merge it first, then ask for it in a change of its own",
    )


def _code(ctx: Context) -> list[str]:
    files = ctx.base.files if ctx.base else {}
    return sorted(path for path in files if path.endswith(".py"))
