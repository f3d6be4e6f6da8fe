"""black: finds it, and has it format files in place in a private folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Completed, Context, Environment, Tool
from mlgate.core.words import Level
from mlgate.tools import _find
from mlgate.tools._ask import Ask, portions, refused
from mlgate.tools._config import read_toml

each = True
revision = 1
configs = ("pyproject.toml",)
sections = ("black",)
valued = (
    "-l", "--line-length", "-t", "--target-version", "--exclude", "--extend-exclude",
    "--force-exclude", "--include", "--config", "-W", "--workers", "--required-version",
)  # fmt: skip
config_options = ("--config",)
_PLACE = re.compile(r"parse\b.*?:\s*(\d+):(\d+)")
_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_black_script.py")


class _Answer(msgspec.Struct):
    """One line of the script."""

    name: str = ""
    code: int = 0
    errors: str = ""
    fatal: str | None = None
    end: bool = False


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """black 24.1 or newer, in an environment that our script can import it from."""
    found = _find.find(
        "black",
        distribution="black",
        environments=environments,
        environ=environ,
        minimum=(24, 1),
    )
    return _scripted(found)


def _scripted(tool: Tool) -> Tool:
    """The same black, driven by our script: one call for all files, without its process pool,
    its cache and its asyncio, which cost more than they bring here."""
    if tool.environment is None:
        return tool
    python = (*tool.environment.run, tool.environment.python)
    entry = _SCRIPT if tool.entry else None
    return msgspec.structs.replace(
        tool, entry=entry, argv=(*python, "-I", "-B", "-X", "utf8", _SCRIPT)
    )


def formatted(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """Format `ask.names` in place; what could not be formatted is a finding.

    Raises `GateError` where black does not answer for every file.
    """
    if tool.environment is None:
        yield from _commanded(ctx, tool, ask)
        return
    for names in portions(ask.names):
        config = ask.config or os.devnull
        done = ctx.run(tool, config, *ask.args, "--", *names, cwd=ask.folder)
        try:
            answers = [msgspec.json.decode(line, type=_Answer) for line in done.stdout.splitlines()]
        except msgspec.MsgspecError:
            raise refused(tool, done, "printed what is no answer") from None
        if answers and answers[-1].fatal is not None:
            done = msgspec.structs.replace(done, stderr=(answers[-1].fatal or "").encode())
            raise refused(tool, done, "refused its configuration or arguments")
        if done.returncode or not answers or not answers[-1].end:
            raise refused(tool, done)
        if [answer.name for answer in answers[:-1]] != names:
            raise refused(tool, done, "did not answer for every file")
        for answer in answers[:-1]:
            yield from _unformatted(tool, ask, answer)


def _commanded(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """The same by a black of which we know only the command."""
    own = ("--config", ask.config or os.devnull, *_force_excluded(ask), *ask.args, "--quiet", "--")
    for names in portions(ask.names):
        done = ctx.run(tool, *own, *names, cwd=ask.folder)
        if done.returncode not in (0, 123):
            raise refused(tool, done)
        for name in names if done.returncode else ():
            alone = ctx.run(tool, *own, name, cwd=ask.folder)
            yield from _unformatted(tool, ask, _Answer(name, alone.returncode, alone.errors))


def _force_excluded(ask: Ask) -> tuple[str, ...]:
    """What is excluded for walks over folders is excluded for files that are named, too."""
    settings = read_toml(ask.config).get("tool", {}).get("black", {}) if ask.config else {}
    keys = ("exclude", "extend-exclude", "force-exclude")
    patterns = [f"(?x:{settings[key]}\n)" for key in keys if settings.get(key)]
    return ("--force-exclude", "|".join(patterns)) if patterns else ()


def _unformatted(tool: Tool, ask: Ask, answer: _Answer) -> Iterator[Finding]:
    if answer.code == 0:
        return
    if answer.code != 123 or "INTERNAL ERROR" in answer.errors:
        raise refused(tool, Completed(answer.code, b"", answer.errors.encode()))
    place = _PLACE.search(answer.errors)
    yield Finding(
        rule=f"{ask.kind}/syntax-error",
        message=f"black cannot parse it: {_reason(answer).strip()}",
        level=Level.ERROR,
        location=Location(
            path=answer.name,
            line=int(place[1]) if place else None,
            column=int(place[2]) + 1 if place else None,
        ),
        help="correct it; as it is, the file was not judged",
    )


def _reason(answer: _Answer) -> str:
    """Black's complaint in one line, without the file's name and the place."""
    lines = [line.strip() for line in answer.errors.splitlines() if line.strip(" ^")]
    first = re.sub(r"^error: cannot (format|parse):? ?", "", lines[0] if lines else "no reason")
    first = re.sub(r"\s*\d+:\d+:?\s*", " ", first.replace(f"{answer.name}:", "")).strip()
    return first or lines[-1]
