"""What a CI shows of itself: annotations in the log, and the verdict on the page of the run.

All of it comes on top of the verdict and never changes it: what cannot be shown is a note.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import click

from mlgate.core.errors import GateError
from mlgate.core.report import Report
from mlgate.core.text import plain
from mlgate.core.words import Outcome
from mlgate.repo.ci import CI

_STEP_SUMMARY = 1024 * 1024
"""Bytes that GitHub takes of a step's summary; it drops a longer one as a whole."""
_SPARE = 64 * 1024
_LEAST = 2 * 1024
_PATIENCE = 30.0
_Environ = Mapping[str, str]


def show(ci: CI, report: Report, environ: _Environ, speak: bool) -> None:
    """Show `report` where `ci` shows what it is told. Standard output, where a CI reads commands,
    is used only if `speak`."""
    surface = _SURFACES.get(ci.name)
    if surface is None:
        return
    try:
        surface(report, environ, speak)
    except BrokenPipeError:
        raise
    except Exception as error:  # not even a defect of ours may stand in the verdict's way
        said = getattr(error, "strerror", None) or error
        click.echo(plain(f" note: not shown on the page of the run: {said}"), err=True)


def _github(report: Report, environ: _Environ, speak: bool) -> None:
    if speak:
        from mlgate.reporters import github

        click.echo(github.render(report), nl=False)
    path = environ.get("GITHUB_STEP_SUMMARY")
    if path:
        _append_summary(report, path)


def _append_summary(report: Report, path: str) -> None:
    """Other commands of the step write to the same file, so it is only ever added to."""
    from mlgate.reporters import markdown

    used = os.path.getsize(path) if os.path.exists(path) else 0
    room = _STEP_SUMMARY - _SPARE - used
    if room < _LEAST:
        raise GateError("the step's summary is full")
    with open(path, "a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(markdown.render(report, room, most=500) + "\n")


def _azure(report: Report, environ: _Environ, speak: bool) -> None:
    if not speak:
        return  # Azure learns of a summary from standard output, too
    from mlgate.reporters import azure, markdown

    click.echo(azure.render(report), nl=False)
    folder = environ.get("AGENT_TEMPDIRECTORY")
    if not folder:
        return
    from tempfile import mkstemp

    descriptor, path = mkstemp(prefix="mlgate-", suffix=".md", dir=folder)
    with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(markdown.render(report))
    click.echo(f"##vso[task.uploadsummary]{os.path.abspath(path)}")


def _buildkite(report: Report, environ: _Environ, _: bool) -> None:
    """Buildkite's agent puts the annotation on the page; it says little of its own."""
    from shutil import which

    from mlgate.process import bare_environment, run
    from mlgate.reporters import buildkite

    agent = which("buildkite-agent", path=environ.get("PATH"))
    if agent is None:
        raise GateError("buildkite-agent is not on PATH")
    argv = (agent, "annotate", "--context", _context(report, environ), "--style", _style(report))
    names = [name for name in environ if name.startswith("BUILDKITE")]
    done = run(
        argv,
        cwd=os.getcwd(),
        env=bare_environment(environ, names),
        stdin=buildkite.render(report).encode("utf-8", "backslashreplace"),
        timeout=_PATIENCE,
    )
    if done.returncode:
        raise GateError(f"buildkite-agent annotate ended with {done.returncode}")


def _context(report: Report, environ: _Environ) -> str:
    """The same for the same question asked again, so that a retry replaces its annotation; another
    for other steps, parallel jobs and gates."""
    from mlgate.core.digests import digest_of

    names = ("BUILDKITE_STEP_KEY", "BUILDKITE_STEP_ID", "BUILDKITE_PARALLEL_JOB")
    asked = [report.stage, *(environ.get(name, "") for name in names)]
    asked += [verdict.gate for verdict in report.verdicts]
    return f"mlgate-{digest_of(chr(0).join(asked).encode('utf-8', 'replace')).hexdigest()[:12]}"


def _style(report: Report) -> str:
    if report.exit_code:
        return "error"
    fine = (Outcome.PASSED, Outcome.SKIPPED)
    return "success" if all(v.outcome in fine for v in report.verdicts) else "warning"


_SURFACES: dict[str, Callable[[Report, _Environ, bool], None]] = {
    "GitHub Actions": _github,
    "Azure Pipelines": _azure,
    "Buildkite": _buildkite,
}
