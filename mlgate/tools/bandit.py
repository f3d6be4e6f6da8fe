"""bandit: finds it, and reads its findings and what it could not judge."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Completed, Context, Environment, Tool
from mlgate.core.words import Level
from mlgate.tools import _find
from mlgate.tools._ask import Ask, portions, refused
from mlgate.tools._codes import Asking, Code, asked
from mlgate.tools._config import option_values, read_ini, read_toml

each = True
revision = 1
configs = (".bandit", "pyproject.toml", "bandit.yaml", "bandit.yml")
sections = ("bandit",)
valued = (
    "-c", "--configfile", "-x", "--exclude", "-t", "--tests", "-s", "--skip", "-p", "--profile",
    "--ini", "-f", "--format", "-o", "--output", "-n", "--severity-level", "--confidence-level",
    "-b", "--baseline",
)  # fmt: skip
kept = ("-c",)
config_options = ("-c", "--configfile", "--ini")

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_bandit_script.py")

_PASSWORDS = frozenset({"B105", "B106", "B107"})
"""They quote the password that they found: neither it nor its line may be repeated."""

_LEVELS = {"LOW": Level.NOTE, "MEDIUM": Level.WARNING, "HIGH": Level.ERROR}
# bandit's own default excludes whatever has ".git" or ".egg" in its path, `.github/x.py` too.
_EXCLUDED = "/.git/,/.hg/,/.svn/,/__pycache__/,/.tox/,/.eggs/"
_INI = {"exclude": "-x", "tests": "-t", "skips": "-s", "configfile": "-c"}


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
    found = _find.find(
        "bandit",
        distribution="bandit",
        environments=environments,
        environ=environ,
        minimum=(1, 7, 7),
        plugins=("bandit.plugins", "bandit.blacklists", "bandit.formatters"),
    )
    return msgspec.structs.replace(found, entry=_SCRIPT) if found.entry else found


def security(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """What bandit says of `ask.names`; a file it could not parse is a finding.

    Raises `GateError` where it answers for fewer files than it was asked about.
    """
    left_out = excluded(ask)
    for names in portions(ask.names):
        args = (*_configured(ask), *ask.args, "-q", "-f", "json", "--", *names)
        done = ctx.run(tool, *args, cwd=ask.folder)
        output = _read(tool, done)
        told = [*output.metrics, *(skipped.filename for skipped in output.errors)]
        missing = set(names) - {name.removeprefix("./") for name in told}
        silent = sorted(name for name in missing if not left_out(name))
        if silent:
            raise refused(tool, done, f"says nothing of {silent[0]}")
        yield from (_unread(ask, skipped) for skipped in output.errors)
        yield from (
            _finding(ask, issue)
            for issue in output.results
            if not (issue.test_id == "B101" and is_test(issue.filename.removeprefix("./")))
        )


def excluded(ask: Ask) -> Callable[[str], bool]:
    """Whether bandit leaves a file out: a part of its path, or a glob, as bandit compares them."""
    from fnmatch import fnmatch

    named = [v for option in ("-x", "--exclude") for v in option_values(ask.args, option)]
    patterns = [p for text in (*named, _ini(ask).get("exclude", "")) for p in text.split(",") if p]
    patterns += [f"{pattern.rstrip('/')}/*" for pattern in patterns]
    patterns += [*_excluded_folders(ask), *(() if patterns else _EXCLUDED.split(","))]

    def leaves_out(name: str) -> bool:
        names = (name, f"./{name}")
        return any(p in n or fnmatch(n, p) for p in patterns for n in names)

    return leaves_out


def _configured(ask: Ask) -> tuple[str, ...]:
    """The arguments that say what the configuration says.

    Of a `.bandit` file only what decides findings is taken: it could also name an output file.
    """
    ini = _ini(ask)
    named = any(arg.startswith(("-x", "--exclude")) for arg in ask.args)
    default = () if named or ini.get("exclude") else ("-x", _EXCLUDED)
    if ini:
        given = [(flag, ini[key]) for key, flag in _INI.items() if ini.get(key)]
        return (*default, *(part for pair in given for part in pair))
    return (*default, "-c", ask.config) if ask.config else default


def _ini(ask: Ask) -> dict[str, str]:
    """The section of a `.bandit` file; empty where the configuration is of another kind."""
    if ask.config is None or not ask.config.endswith(".bandit"):
        return {}
    with open(ask.config, encoding="utf-8", errors="replace") as file:
        first = next((line for line in file if line.strip() and line[0] not in "#;"), "")
    return read_ini(ask.config).get("bandit", {}) if first.startswith("[") else {}


def _excluded_folders(ask: Ask) -> list[str]:
    if ask.config is None or _ini(ask):
        return []
    if ask.config.endswith(".toml"):
        found = read_toml(ask.config).get("tool", {}).get("bandit", {}).get("exclude_dirs", [])
    else:
        import yaml

        with open(ask.config, "rb") as file:
            try:
                found = (yaml.safe_load(file.read(1_000_000)) or {}).get("exclude_dirs", [])
            except (yaml.YAMLError, AttributeError, RecursionError):
                return []  # bandit says what is wrong with it
    return [str(folder) for folder in found]


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
    secret = issue.test_id in _PASSWORDS
    said = issue.issue_text.partition(":")[0] if secret else issue.issue_text
    return Finding(
        rule=f"{ask.kind}/{issue.test_id}",
        message=f"{said} (confidence {issue.issue_confidence.lower()})",
        level=_LEVELS.get(issue.issue_severity, Level.WARNING),
        location=Location(
            path=issue.filename.removeprefix("./"),
            line=issue.line_number or None,
            column=issue.col_offset + 1 if issue.col_offset >= 0 else None,
            end_line=max(issue.line_range) if len(issue.line_range) > 1 else None,
            text="" if secret else None,
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


def describe(asking: Asking, tool: Tool, code: str) -> Code | None:
    """What a test of bandit looks for."""
    if not re.fullmatch(r"B\d{3}", code):
        return None
    said = asked(asking, tool, code)
    return Code(
        means=said.get("means") or "the installed bandit does not know it",
        read=said.get("read") or "https://bandit.readthedocs.io/en/latest/plugins/index.html",
        level="as severe as bandit calls it: high error, medium warning, low note",
        mute=f"# nosec {code} - why",
    )
