"""Pytest in the project's environment, judged by exit code, report and counts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.gate import Detected, Inputs, Rule
from mlgate.core.text import counted
from mlgate.core.words import Level, Stage
from mlgate.gates import _project_code as project_code
from mlgate.gates._tests_outcome import outcomes
from mlgate.gates._tests_ready import require_modules, require_pytest
from mlgate.tools import _find
from mlgate.tools import pytest as pytest_tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.finding import Figure, Finding
    from mlgate.core.gate import Completed, Context, Environment
    from mlgate.tools.pytest import Session

stages = frozenset({Stage.PUSH, Stage.MERGE})

rules = {
    "failed": Rule("A test fails.", "correct the code or the test that is named", Level.ERROR),
    "error": Rule(
        "A test, or the file that holds it, broke before it could be judged.",
        "run pytest on the file that is named",
        Level.ERROR,
    ),
    "exit": Rule(
        "pytest ended with an exit code of failure although no test failed.",
        "see the end of its output: mostly a plug-in's own threshold",
        Level.ERROR,
    ),
    "too-few": Rule(
        "Fewer tests ran than `min_tests` asks for.",
        "find out which are no longer collected, or lower `min_tests`",
        Level.ERROR,
    ),
    "coverage": Rule(
        "The tests cover less of the code than `coverage.min` asks for.",
        "test what is not covered, or lower `coverage.min`",
        Level.ERROR,
    ),
    "passed": Rule("What was judged: the tests that ran, and those that did not."),
    "wrote": Rule(
        "The tests wrote into the tree.", "let them write to pytest's `tmp_path`", Level.NOTE
    ),
    "withheld": Rule(
        "Variables that look like credentials were kept from the tests.",
        'name those that they need: [environment] pass_env = ["..."]',
        Level.NOTE,
    ),
}

_CONFIGURATION = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_SECTIONS = {
    "pyproject.toml": b"[tool.pytest",
    "tox.ini": b"[pytest]",
    "setup.cfg": b"[tool:pytest]",
}


class Coverage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the code the tests must reach."""

    min: Annotated[float, Meta(ge=0, le=100)]
    """Percent."""
    source: tuple[str, ...] = ()
    """Packages or folders to measure; what coverage is configured for unless given."""


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a `tests` gate."""

    tool: Literal["pytest"] = "pytest"
    """What runs the tests."""
    version: str | None = None
    """The version the tool must have."""
    paths: tuple[str, ...] = ()
    """What pytest is asked to run; its own configuration decides unless given."""
    args: tuple[str, ...] = ()
    """Further arguments for pytest."""
    env: dict[str, str] = {}
    """Environment variables for the tests."""
    min_tests: Annotated[int, Meta(ge=1)] = 1
    """How many tests must have run (skipped ones do not count)."""
    coverage: Coverage | None = None
    """How much of the code the tests must reach."""


def inputs(ctx: Context) -> Inputs | None:
    """The whole snapshot; never stored, since tests depend on more than files."""
    return Inputs(paths=tuple(ctx.subject.files), also=None, judged="the test suite")


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Run the tests once and state what failed, what ran, and what was left behind."""
    import tempfile

    environment = ctx.environment()
    require_pytest(ctx, environment, ctx.options.version)
    root = str(ctx.subject.root(paths))
    with tempfile.TemporaryDirectory() as sealed, tempfile.TemporaryDirectory() as scratch:
        before = project_code.listing(root, environment)
        session, ended = _run(ctx, environment, root, sealed, scratch)
        after = project_code.listing(root, environment)
    yield from outcomes(ctx, session, ended)
    yield from project_code.written("tests", before, after)


def _run(
    ctx: Context, environment: Environment, root: str, sealed: str, scratch: str
) -> tuple[Session, Completed]:
    """Run pytest under the recorder. Raises `GateError` where what it says does not add up."""
    import json
    import secrets

    key = secrets.token_bytes(32)
    report = os.path.join(sealed, "junit.xml")
    meter = _meter(ctx, environment)
    request = {
        "report": report,
        "key": key.hex(),
        "top": root,
        "work": None if os.path.samefile(root, ctx.work) else str(ctx.work),
        "args": _arguments(ctx, scratch, meter),
        "coverage": meter,
        "source": list(ctx.options.coverage.source) if ctx.options.coverage else [],
    }
    ended = ctx.run(
        project_code.python_of(environment),
        pytest_tool.LAUNCHER,
        cwd=os.path.join(root, ctx.project),
        stdin=json.dumps(request).encode() + b"\n",
        env=_variables(ctx, environment, scratch),
        project=True,
    )
    try:
        session = pytest_tool.read_report(report, key)
    except GateError as error:
        said = project_code.tail(ended.stdout, ended.stderr)
        reason = f"{error.message} (exit code {ended.returncode})"
        raise GateError(f"{reason}\n{said}".strip(), error.hint) from None
    if session.unusable == "shadowed":
        raise GateError(
            "a file of the repository stands in for pytest", "rename pytest.py or pytest/"
        )
    if session.unusable:
        hint = project_code.install_line(ctx, environment, "pytest")
        raise ToolMissing("pytest is not installed in the project's environment", hint)
    if session.elsewhere:
        raise GateError(
            f"the tests imported {session.elsewhere} from the work tree, which is not what is"
            f" judged ({ctx.subject.label})",
            "commit or stash what is not committed, or install the project without --editable",
        )
    return session, ended


def _arguments(ctx: Context, scratch: str, meter: str | None) -> list[str]:
    """pytest's arguments; the last ones win, so ours stand behind the policy's."""
    options: Options = ctx.options
    arguments = [*options.args]
    if meter == "pytest-cov":
        sources = options.coverage.source if options.coverage else ()
        if sources:
            arguments += [f"--cov={source}" for source in sources]
        elif not _mentions_cov(ctx):
            arguments.append("--cov")
    basetemp = os.path.join(scratch, "tmp")
    return [*arguments, "-p", "no:cacheprovider", f"--basetemp={basetemp}", *options.paths]


def _mentions_cov(ctx: Context) -> bool:
    """True if the project itself says what pytest-cov shall measure."""
    found = [path for path in _CONFIGURATION if path in ctx.subject.files]
    configured = any(b"--cov" in ctx.subject.read(path) for path in found)
    return configured or any(argument.startswith("--cov") for argument in ctx.options.args)


def _meter(ctx: Context, environment: Environment) -> str | None:
    """What measures coverage: `pytest-cov`, `coverage`, or None where it is not asked for."""
    if ctx.options.coverage is None:
        return None
    installed = _find.installed(environment)
    for name in ("pytest-cov", "coverage"):
        if name in installed:
            return name
    raise ToolMissing(
        "`coverage` is asked for, but neither pytest-cov nor coverage is installed",
        project_code.install_line(ctx, environment, "pytest-cov"),
    )


def _variables(ctx: Context, environment: Environment, scratch: str) -> dict[str, str]:
    """What keeps the tests' traces out of the tree, and the caller's shell out of the verdict."""
    return {
        **project_code.activated(environment, os.environ.get("PATH", os.defpath)),
        "PYTEST_ADDOPTS": "",
        "COVERAGE_FILE": os.path.join(scratch, "coverage"),
        "HYPOTHESIS_STORAGE_DIRECTORY": os.path.join(scratch, "hypothesis"),
        **ctx.options.env,
    }


def detect(ctx: Context) -> Detected | None:
    """On where there are tests that pytest would find, run as the repository configures it."""
    files = ctx.subject.files
    tests = [path for path in files if _is_test(path)]
    if not tests:
        return None
    configured = next((path for path in _CONFIGURATION if _configures(ctx, path)), None)
    if configured:
        return Detected(evidence=f"{configured} configures pytest")
    tops = sorted({path.partition("/")[0] for path in tests if "/" in path})
    folders = [top for top in tops if top in ("test", "tests")]
    everything = all(path.partition("/")[0] in folders for path in tests)
    return Detected(
        evidence=f"{counted(len(tests), 'test file')}, as {min(tests)}",
        options={"paths": folders} if folders and everything else {},
    )


def hindrance(ctx: Context) -> GateError | None:
    """What keeps the tests from running here, as far as can be told without running them."""
    try:
        require_pytest(ctx, ctx.environment())
        require_modules(ctx, _surely_asked(ctx))
    except GateError as error:
        return error
    return None


def _surely_asked(ctx: Context) -> list[str]:
    """The test files that pytest will collect, wherever else it may be told to look."""
    tests = [path for path in ctx.subject.files if _is_test(path)]
    return [path for path in tests if path.startswith(("test/", "tests/"))] or tests


def _is_test(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def _configures(ctx: Context, path: str) -> bool:
    if path not in ctx.subject.files or not ctx.subject.files[path].is_file:
        return False
    return _SECTIONS.get(path, b"") in ctx.subject.read(path)
