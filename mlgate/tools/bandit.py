"""bandit: finds it, and reads its findings and what it could not judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Completed, Context, Environment, Rule, Tool
from mlgate.core.words import Level
from mlgate.tools import _find
from mlgate.tools._ask import Ask, portions, refused
from mlgate.tools._config import read_ini

each = True
revision = 1
configs = (".bandit", "pyproject.toml", "bandit.yaml", "bandit.yml")
sections = ("bandit",)
config_options = ("-c", "--configfile", "--ini")

_LEVELS = {"LOW": Level.NOTE, "MEDIUM": Level.WARNING, "HIGH": Level.ERROR}
# bandit's own default excludes whatever has ".git" or ".egg" in its path, `.github/x.py` too.
_EXCLUDED = "/.git/,/.hg/,/.svn/,/__pycache__/,/.tox/,/.eggs/"
_INI = {"exclude": "-x", "tests": "-t", "skips": "-s", "configfile": "-c"}
_EXCLUDING = ("-x", "--exclude")


class _Issue(msgspec.Struct):
    filename: str
    line_number: int
    test_id: str
    issue_severity: str
    issue_confidence: str
    issue_text: str
    line_range: list[int] = []
    col_offset: int = -1
    more_info: str = ""


class _Skipped(msgspec.Struct):
    filename: str
    reason: str


class _Output(msgspec.Struct):
    results: list[_Issue]
    errors: list[_Skipped]
    metrics: dict[str, Any]


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """bandit 1.7.7 or newer, with every distribution that adds tests to it."""
    return _find.find(
        "bandit",
        distribution="bandit",
        environments=environments,
        environ=environ,
        minimum=(1, 7, 7),
        plugins=("bandit.plugins", "bandit.blacklists", "bandit.formatters"),
    )


def security(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """What bandit says of `ask.names`; a file it could not parse is a finding.

    Raises `GateError` where it answers for fewer files than it was asked about.
    """
    configured, excludes = _configured(ask)
    for names in portions(ask.names):
        done = ctx.run(
            tool, *configured, *ask.args, "-q", "-f", "json", "--", *names, cwd=ask.folder
        )
        output = _read(tool, done)
        told = [*output.metrics, *(skipped.filename for skipped in output.errors)]
        missing = set(names) - {name.removeprefix("./") for name in told}
        if missing and not excludes:
            raise refused(tool, done, f"says nothing of {min(missing)}")
        yield from (_unread(ask, skipped) for skipped in output.errors)
        yield from (
            _finding(ask, issue)
            for issue in output.results
            if not (issue.test_id == "B101" and is_test(issue.filename))
        )


def _configured(ask: Ask) -> tuple[tuple[str, ...], bool]:
    """The arguments that say what the configuration says, and whether it excludes files.

    Of a `.bandit` file only what decides findings is taken: it could also name an output file.
    """
    excludes = any(arg.startswith(_EXCLUDING) for arg in ask.args)
    if ask.config is None:
        return (() if excludes else ("-x", _EXCLUDED)), excludes
    with open(ask.config, encoding="utf-8", errors="replace") as file:
        content = file.read()
    if not ask.config.endswith(".bandit") or "\n[bandit]" not in "\n" + content:
        excludes = excludes or "exclude_dirs" in content
        return (*(() if excludes else ("-x", _EXCLUDED)), "-c", ask.config), excludes
    ini = read_ini(ask.config)["bandit"]
    flags = [part for key, flag in _INI.items() if ini.get(key) for part in (flag, ini[key])]
    excludes = excludes or bool(ini.get("exclude"))
    return (*(() if excludes else ("-x", _EXCLUDED)), *flags), excludes


def _read(tool: Tool, done: Completed) -> _Output:
    if done.returncode not in (0, 1):
        raise refused(tool, done)
    try:
        return msgspec.json.decode(done.stdout, type=_Output)
    except msgspec.MsgspecError:
        raise refused(tool, done, "printed what is no JSON report") from None


def _unread(ask: Ask, skipped: _Skipped) -> Finding:
    return Finding(
        rule=f"{ask.kind}/not-judged",
        message=f"bandit did not judge this file: {skipped.reason}",
        level=Level.ERROR,
        location=Location(path=skipped.filename.removeprefix("./")),
        help="correct the file, or exclude it from this gate in the policy",
    )


def _finding(ask: Ask, issue: _Issue) -> Finding:
    return Finding(
        rule=f"{ask.kind}/{issue.test_id}",
        message=f"{issue.issue_text} (confidence {issue.issue_confidence.lower()})",
        level=_LEVELS.get(issue.issue_severity, Level.WARNING),
        location=Location(
            path=issue.filename.removeprefix("./"),
            line=issue.line_number or None,
            column=issue.col_offset + 1 if issue.col_offset >= 0 else None,
            end_line=max(issue.line_range) if len(issue.line_range) > 1 else None,
        ),
        help=issue.more_info or None,
    )


def is_test(path: str) -> bool:
    """True for a file in which an assert is a test."""
    *folders, name = path.split("/")
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name == "conftest.py"
        or not {"test", "tests"}.isdisjoint(folders)
    )


def describe(code: str) -> Rule | None:
    """Where a test of bandit is explained."""
    if code.startswith("B") and code[1:].isdigit():
        return Rule(f"bandit {code}", "https://bandit.readthedocs.io/en/latest/plugins/index.html")
    return None
