"""flake8: finds it with its plug-ins, and reads its findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mlgate.core.errors import ToolMissing
from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Completed, Context, Environment, Tool
from mlgate.core.words import Level
from mlgate.tools import _find
from mlgate.tools._ask import Ask, portions, refused
from mlgate.tools._codes import Asking, Code, asked
from mlgate.tools._config import option_values, read_ini, read_toml

each = True
revision = 2
configs = (".flake8", "setup.cfg", "tox.ini", "pyproject.toml")
sections = ("flake8",)
valued = (
    "--max-line-length", "--max-complexity", "--select", "--ignore", "--extend-ignore",
    "--extend-select", "--exclude", "--extend-exclude", "--per-file-ignores", "--config", "-j",
    "--jobs", "--format", "--output-file", "--max-doc-length", "--filename",
)  # fmt: skip
config_options = ("--config",)
plugged = (b"local-plugins", b"local_plugins")

# Separators that no file name or message holds, so that both may hold anything else.
_RECORD, _FIELD = "\x1e", "\x1f"
_FORMAT = _RECORD + _FIELD.join(f"%({part})s" for part in ("path", "row", "col", "code", "text"))
_GONE = re.compile(r"(FileNotFound|Permission|IsADirectory|OS|IO)Error")


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """flake8 6.0 or newer, with every distribution that adds checks to it."""
    return _find.find(
        "flake8",
        distribution="flake8",
        environments=environments,
        environ=environ,
        minimum=(6, 0),
        plugins=("flake8.extension", "flake8.report"),
    )


def lint(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """What flake8 says of `ask.names`, under the project's configuration and plug-ins."""
    for names in portions(ask.names):
        done = ctx.run(
            tool,
            *_configured(tool, ask.config),
            *ask.args,
            *_excluded(ask),
            "--jobs=1",
            f"--format={_FORMAT}",
            "--output-file=",
            "--no-show-source",
            "--color=never",
            "--count",  # printed last: it tells an end from an `exit 0` of a plug-in
            "--",
            *names,
            cwd=ask.folder,
        )
        yield from _findings(tool, ask, done)


def _configured(tool: Tool, config: str | None) -> tuple[str, ...]:
    if config is None:
        return ("--isolated",)
    if config.endswith("pyproject.toml"):
        there = _find.installed(tool.environment) if tool.environment else {"flake8-pyproject": ()}
        if "flake8-pyproject" not in there:
            raise ToolMissing(
                "flake8 reads [tool.flake8] of pyproject.toml only with Flake8-pyproject,"
                " which is not installed",
                "pip install Flake8-pyproject",
            )
        return ("--isolated", f"--toml-config={config}")
    return (f"--config={config}",)


def _excluded(ask: Ask) -> tuple[str, ...]:
    """What is excluded for walks over folders, excluded for files that are named, too: flake8
    compares a pattern with the names of folders only while it walks."""
    options = ("--exclude", "--extend-exclude")
    given = [value for option in options for value in option_values(ask.args, option)]
    patterns = [p for p in re.split(r"[,\s]+", " ".join([*given, *_configured_excludes(ask)])) if p]
    wide = [w for p in patterns for w in (p, f"{p.rstrip('/')}/*", f"*/{p.strip('./')}/*")]
    inside = [w for w in wide if not w.startswith("*/") or "/" not in w[2:-2]]
    return (f"--extend-exclude={','.join(inside)}",) if inside else ()


def _configured_excludes(ask: Ask) -> list[str]:
    if ask.config is None:
        return []
    keys = ("exclude", "extend-exclude", "extend_exclude")
    if ask.config.endswith(".toml"):
        values = read_toml(ask.config).get("tool", {}).get("flake8", {})
    else:
        values = read_ini(ask.config).get("flake8", {})
    found = [values[key] for key in keys if key in values]
    return [v if isinstance(v, str) else " ".join(map(str, v)) for v in found]


def _findings(tool: Tool, ask: Ask, done: Completed) -> Iterator[Finding]:
    head, *records = done.text.split(_RECORD)
    broken = "Traceback (most recent call last):" in done.errors
    *_, last = done.text.splitlines() or [""]
    if done.returncode not in (0, 1) or broken or (done.returncode == 1 and not records):
        raise refused(tool, done)
    if head.strip() and not head.strip().isdigit():
        raise refused(tool, done, "printed what is no finding")
    if not last.isdigit():
        raise refused(tool, done, "ended before it had judged: a plug-in may have ended it")
    for record in records:
        fields = record.split(_FIELD)
        if len(fields) != 5 or not (fields[1].isdigit() and fields[2].isdigit()):
            raise refused(tool, done, "printed what is no finding")
        path, row, column, code, text = fields
        text = text.splitlines()[0] if text else code
        if code == "E902" and _GONE.match(text):
            raise refused(tool, done, f"could not read {path}: {text}")
        yield Finding(
            rule=f"{ask.kind}/{code}",
            message=text,
            level=_level(code),
            location=Location(
                path=path.removeprefix("./"), line=int(row) or None, column=int(column) or None
            ),
        )


def describe(asking: Asking, tool: Tool, code: str) -> Code | None:
    """What a code means, by the package that it is of."""
    if not re.fullmatch(r"[A-Z]{1,3}\d+", code):
        return None
    said = asked(asking, tool, code)
    means = ": ".join(filter(None, (said.get("source", ""), said.get("means", ""))))
    read = "https://flake8.pycqa.org/en/latest/user/error-codes.html"
    if re.fullmatch(r"[EW]\d{3}", code):
        read = f"https://www.flake8rules.com/rules/{code}.html"
    return Code(
        means=means or "neither flake8 nor a plug-in that is installed knows it",
        read=read,
        level=_level(code).value,
        mute=f"# noqa: {code} - why",
    )


def _level(code: str) -> Level:
    """What breaks a program, or a name in it, is an error."""
    return Level.ERROR if code.startswith(("E9", "F8", "F7")) else Level.WARNING
