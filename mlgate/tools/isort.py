"""isort: finds it, and has it order imports in place in a private folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from mlgate.core.finding import Finding
from mlgate.core.gate import Context, Environment, Tool
from mlgate.tools import _find
from mlgate.tools._ask import Ask, portions, refused
from mlgate.tools._syntax import unparsable

each = True
tree = ("formatted",)
revision = 1
configs = (".isort.cfg", "pyproject.toml", "setup.cfg", "tox.ini", ".editorconfig")
sections = ("isort",)
valued = (
    "--profile", "-l", "--line-length", "--sp", "--settings-path", "--settings-file", "--src",
    "-p", "--project", "-m", "--multi-line", "-s", "--skip", "--skip-glob", "--sg",
)  # fmt: skip
config_options = ("--settings-file", "--settings-path", "--sp", "--settings")


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """isort 5.0 or newer."""
    return _find.find(
        "isort",
        distribution="isort",
        environments=environments,
        environ=environ,
        minimum=(5, 0),
        shared=False,
    )


def formatted(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """Order the imports of `ask.names` in place; what is no Python is a finding."""
    broken = list(unparsable(ask))
    yield from broken
    unread = {finding.location.path for finding in broken if finding.location}
    settings = f"--settings-file={ask.config or os.devnull}"
    for names in portions(name for name in ask.names if name not in unread):
        done = ctx.run(
            tool, settings, *ask.args, "--quiet", "--filter-files", "--", *names, cwd=ask.folder
        )
        if done.returncode or "Traceback" in done.errors or "Unable to parse" in done.errors:
            raise refused(tool, done)
