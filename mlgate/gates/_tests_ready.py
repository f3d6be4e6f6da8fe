"""Whether the tests can run at all where the project's code runs, told without running them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.text import shown
from mlgate.gates import _project_code as project_code
from mlgate.tools import _find
from mlgate.tools import pytest as pytest_tool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlgate.core.gate import Context, Environment

_NAMED = 5
_WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_importable_worker.py")


def require_pytest(ctx: Context, environment: Environment, wanted: str | None = None) -> None:
    """See that pytest is installed where the project's code runs, if that can be looked up."""
    if not environment.prefix:
        return
    try:
        tool = pytest_tool.find([environment], {})
    except ToolMissing as missing:
        raise ToolMissing(
            f"{missing.message} in the {environment.origin} ({environment.prefix})",
            project_code.install_line(ctx, environment, "pytest"),
        ) from None
    if wanted and not _find.satisfies(tool.version, wanted):
        raise GateError(
            f"the policy names pytest {wanted}, found is {tool.version}",
            project_code.install_line(ctx, environment, _find.requirement("pytest", wanted)),
        )


def require_modules(ctx: Context, tests: Iterable[str]) -> None:
    """See that what the test files import at once is installed. Raises `GateError`."""
    import json

    from mlgate.gates._tests_imports import needed

    names = needed(ctx.subject, tests, ctx.project)
    environment = ctx.environment()
    ended = ctx.run(
        [*project_code.python_of(environment), "-I", "-B", _WORKER],
        cwd=ctx.work,
        stdin=json.dumps(names).encode() + b"\n",
        project=True,
    )
    if ended.returncode:
        raise GateError(f"{environment.python} does not run: {project_code.tail(ended.stderr)}")
    lacking = json.loads(ended.stdout)
    if lacking:
        raise GateError(
            f"the {environment.origin} ({environment.prefix}) lacks {_listed(lacking)}",
            install_all(ctx, environment),
        )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(map(shown, names[:_NAMED])) + more


def install_all(ctx: Context, environment: Environment) -> str:
    """The command that installs what the project says it needs."""
    files = ctx.subject.files
    for lock, command in _LOCKED.items():
        if lock in files:
            return command
    pip = f"{' '.join(project_code.python_of(environment))} -m pip install"
    if "requirements.txt" in files:
        return f"{pip} -r requirements.txt"
    if "setup.py" in files or "pyproject.toml" in files:
        return f"{pip} -e ."
    return f"{pip} PACKAGE, for each of them"


_LOCKED = {
    "uv.lock": "uv sync",
    "poetry.lock": "poetry install",
    "pdm.lock": "pdm install",
    "Pipfile.lock": "pipenv sync --dev",
    "pixi.lock": "pixi install",
    "environment.yml": "conda env update --file environment.yml",
}
