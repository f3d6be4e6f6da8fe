"""autopep8: finds it, and has it format files in place in a private folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from mlgate.core.finding import Finding
from mlgate.core.gate import Context, Environment, Tool
from mlgate.tools import _find
from mlgate.tools._ask import Ask, portions, refused
from mlgate.tools._syntax import unparsable

each = True
revision = 1
configs = ("pyproject.toml", "setup.cfg", "tox.ini", ".pep8", ".flake8")
sections = ("autopep8", "pep8", "pycodestyle", "flake8")
valued = (
    "--max-line-length", "--ignore", "--select", "--exclude", "-j", "--jobs",
    "--global-config", "-p", "--pep8-passes",
)  # fmt: skip


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """autopep8 2.0 or newer; the version of pycodestyle beside it decides its output, too."""
    return _find.find(
        "autopep8",
        distribution="autopep8",
        environments=environments,
        environ=environ,
        minimum=(2, 0),
        shared=False,
    )


def formatted(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """Format `ask.names` in place; what is no Python is a finding."""
    broken = list(unparsable(ask))
    yield from broken
    unread = {finding.location.path for finding in broken if finding.location}
    own = [f"--global-config={os.devnull}", *([] if ask.config else ["--ignore-local-config"])]
    for names in portions(name for name in ask.names if name not in unread):
        done = ctx.run(tool, *own, *ask.args, "--in-place", "--", *names, cwd=ask.folder)
        if done.returncode not in (0, 2) or "Traceback" in done.errors:
            raise refused(tool, done)
