"""What a run of pytest comes to: findings, or an error where the tests were not really judged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location, Measurement
from mlgate.core.text import counted, plain
from mlgate.core.words import Level, Result
from mlgate.gates import _project_code as project_code
from mlgate.gates._tests_ready import install_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Completed, Context
    from mlgate.tools.pytest import Case, Session

_MOST_FINDINGS = 1000
_MISSING = re.compile(
    r"ModuleNotFoundError: No module named '([\w.]+)'"
    r"|PackageNotFoundError: No package metadata was found for ([\w.-]+)"
)


def outcomes(ctx: Context, session: Session, ended: Completed) -> Iterator[Finding]:
    """Findings for what the tests came to. Raises `GateError` where they were not judged."""
    broken = [case for case in session.cases if case.outcome in ("failed", "error")]
    _require_modules(ctx, broken, ended)
    if not broken:
        _require_judged(session, ended)
    yield from (_failure(case) for case in broken[:_MOST_FINDINGS])
    if session.exit == 1 and not broken:
        said = project_code.tail(ended.stdout, ended.stderr)
        message = f"pytest ended with exit code 1 although no test failed\n{said}"
        yield Finding(rule="tests/exit", level=Level.ERROR, message=message)
    yield _tally(ctx, session, failed=bool(broken))
    yield from _coverage(ctx, session)
    if broken and ctx.withheld:
        yield _withheld(ctx.withheld)


def _require_modules(ctx: Context, broken: list[Case], ended: Completed) -> None:
    """Nothing could be imported for want of a distribution: the environment is at fault."""
    said = [case.message for case in broken if case.outcome == "error"]
    if len(said) < len(broken) or (not broken and ended.returncode == 0):
        return
    named = [_named(text) for text in said or [ended.errors + ended.text]]
    missing = {name for names in named for name in names}
    own = {part for path in ctx.subject.files for part in path.removesuffix(".py").split("/")}
    if not all(named) or missing & own:
        return
    environment = ctx.environment()
    raise GateError(
        f"the {environment.origin} ({environment.prefix}) lacks {', '.join(sorted(missing))}",
        f"{install_all(ctx, environment)}; or name how the project's code is run:"
        ' [environment] run = ["uv", "run", "--frozen"]',
    )


def _named(text: str) -> set[str]:
    """The distributions and top-level modules that a traceback misses."""
    return {package or module.partition(".")[0] for module, package in _MISSING.findall(text)}


def _require_judged(session: Session, ended: Completed) -> None:
    """Nothing failed: see that this is because everything ran."""
    said = project_code.tail(ended.stdout, ended.stderr)
    if session.exit == 5 or (session.exit in (0, 1) and not session.collected):
        raise GateError(f"no tests were collected\n{said}", "see `paths`, `args` and addopts")
    if session.exit not in (0, 1):
        why = {2: "was interrupted", 3: "broke down", 4: "could not begin"}
        what = why.get(session.exit, f"ended with exit code {session.exit}")
        raise GateError(f"pytest {what}\n{said}", "run pytest by hand to see more")
    if ended.returncode != session.exit:
        raise GateError(
            f"pytest came to exit code {session.exit}, yet the process ended with "
            f"{ended.returncode}: something ended it from within",
            "look for os._exit in tests, plug-ins and conftest.py",
        )
    ran = {case.id for case in session.cases}
    if len(ran) < session.collected:
        raise GateError(
            f"of {counted(session.collected, 'collected test')} only {len(ran)} ran",
            "look for --collect-only or --setup-plan in addopts, and for pytest.exit in the tests",
        )
    if all(case.outcome == "skipped" for case in session.cases):
        raise GateError(
            f"all of {counted(len(ran), 'test')} were skipped, so nothing was judged",
            "pytest -rs says why each was skipped",
        )


def _failure(case: Case) -> Finding:
    message = project_code.brief(case.message) or case.outcome
    return Finding(
        rule="tests/failed" if case.outcome == "failed" else "tests/error",
        level=Level.ERROR,
        message=f"{plain(case.id)[:300]}: {message}",
        location=None if case.file.startswith("..") else Location(path=case.file, line=case.line),
        help=f"pytest '{plain(case.id)[:300]}'",
    )


def _tally(ctx: Context, session: Session, *, failed: bool) -> Finding:
    """What was judged, and whether it was enough."""
    tally: dict[str, int] = {}
    for case in session.cases:
        tally[case.outcome] = tally.get(case.outcome, 0) + 1
    if session.deselected:
        tally["deselected"] = session.deselected
    order = ("failed", "error", "passed", "xpassed", "xfailed", "skipped", "deselected")
    words = ", ".join(f"{tally[name]:,} {name}" for name in order if name in tally)
    ran = sum(tally.get(name, 0) for name in order[:5])
    few = ran < ctx.options.min_tests and not failed
    return Finding(
        rule="tests/too-few" if few else "tests/passed",
        result=Result.FAIL if few else Result.PASS,
        level=Level.ERROR if few else Level.NOTE,
        message=f"{words} (pytest {session.version})",
        measurement=Measurement(
            name="tests",
            value=tally.get("passed", 0),
            n=len(session.cases),
            at_least=ctx.options.min_tests,
        ),
    )


def _coverage(ctx: Context, session: Session) -> Iterator[Finding]:
    wanted = ctx.options.coverage
    if wanted is None:
        return
    if session.coverage is None:
        raise GateError(
            "the tests left no coverage data", "see coverage's `source`, and [run] in its settings"
        )
    enough = session.coverage >= wanted.min
    yield Finding(
        rule="tests/coverage",
        result=Result.PASS if enough else Result.FAIL,
        level=Level.NOTE if enough else Level.ERROR,
        message=f"{session.coverage:.1f} % of the code is covered, {wanted.min:g} % is asked for",
        measurement=Measurement(
            name="coverage", value=session.coverage, at_least=wanted.min, unit="%"
        ),
    )


def _withheld(names: tuple[str, ...]) -> Finding:
    shown = [plain(name) for name in names[:5]]
    quoted = ", ".join(f'"{name}"' for name in shown)
    return Finding(
        rule="tests/withheld",
        level=Level.NOTE,
        message=f"kept from the tests, as they look like credentials: {', '.join(shown)}",
        help=f"[environment] pass_env = [{quoted}]",
    )
