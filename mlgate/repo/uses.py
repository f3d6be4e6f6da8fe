"""What a repository already uses: the tools its hooks, configuration and CI name, and how."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.repo import _commands, _hooks, safe_yaml

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot

_SIZE = 1 << 20


class Use(Struct, frozen=True, kw_only=True):
    """One place that speaks for a tool."""

    tool: str
    where: str
    """`.pre-commit-config.yaml`, `pyproject.toml [tool.black]`, `Makefile:12`."""
    args: tuple[str, ...] = ()
    version: str | None = None
    excludes: tuple[str, ...] = ()
    """Regular expressions on paths, as pre-commit knows them."""
    plugins: tuple[str, ...] = ()
    """Requirements installed beside the tool."""
    files: str | None = None
    """A regular expression on paths that the hook is limited to."""
    hook_id: str | None = None
    stage: str | None = None
    """`commit`, `push` or `manual` for a hook, `ci` for a CI's script, None for configuration."""


class Found(NamedTuple):
    """What was found, and what could not be read."""

    uses: tuple[Use, ...]
    notes: tuple[str, ...]


def uses(snapshot: Snapshot) -> tuple[Use, ...]:
    """Every place in the snapshot that speaks for a tool."""
    return look(snapshot).uses


def look(snapshot: Snapshot) -> Found:
    """As `uses`, with a note for every file that could not be read; never raises for one."""
    found: list[Use] = []
    notes: list[str] = []
    for path, reader in _readers(snapshot):
        try:
            raw = snapshot.read(path)
            if len(raw) > _SIZE:
                raise safe_yaml.Unreadable(f"larger than {_SIZE >> 10} KiB")
            found.extend(reader(path, raw))
        except (GateError, safe_yaml.Unreadable) as error:
            notes.append(f"{shown(path)} is not read: {error}")
    return Found(tuple(found), tuple(notes))


_Reader = Callable[[str, bytes], Iterator[Use]]


def _readers(snapshot: Snapshot) -> Iterator[tuple[str, _Reader]]:
    files = snapshot.files
    for path, reader in _BY_NAME.items():
        if path in files and files[path].is_file:
            yield path, reader
    for path in sorted(files):
        if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path) and files[path].is_file:
            yield path, _workflow


def _pre_commit(path: str, raw: bytes) -> Iterator[Use]:
    for hook in _hooks.pre_commit(safe_yaml.load(raw)):
        yield Use(
            tool=hook.tool,
            where=path,
            args=hook.args,
            version=hook.version,
            excludes=hook.excludes,
            plugins=hook.plugins,
            files=hook.files,
            hook_id=hook.id,
            stage=hook.stage,
        )


def _lefthook(path: str, raw: bytes) -> Iterator[Use]:
    stages = {"pre-commit": "commit", "pre-push": "push"}
    for name, script, hook in _hooks.lefthook(safe_yaml.load(raw)):
        for command in _commands.commands(script):
            args = tuple(word for word in command.args if not word.startswith("{"))
            yield Use(
                tool=command.tool,
                where=path,
                args=args,
                version=command.version,
                hook_id=name,
                stage=stages.get(hook, "manual"),
            )


def _toml(path: str, raw: bytes) -> Iterator[Use]:
    import tomllib

    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise safe_yaml.Unreadable(f"not valid TOML: {error}") from None
    tables = document.get("tool")
    for name in tables if isinstance(tables, dict) else ():
        if name in _commands.TOOLS:
            yield Use(tool=name, where=f"{path} [tool.{name}]")


def _ini(path: str, raw: bytes) -> Iterator[Use]:
    import configparser

    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(raw.decode("utf-8"))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise safe_yaml.Unreadable(f"not valid INI: {str(error).partition(chr(10))[0]}") from None
    for section in parser.sections():
        name = section.removeprefix("tool:")
        if name in _commands.TOOLS:
            yield Use(tool=name, where=f"{path} [{section}]")
        script = parser.get(section, "commands", fallback="") or ""
        if section.startswith("testenv"):
            for command in _commands.commands(script):
                yield _use(command, f"{path} [{section}]")


def _makefile(path: str, raw: bytes) -> Iterator[Use]:
    text = raw.decode("utf-8", "replace")
    recipes = re.sub(r"^(?!\t).*$", _unless_continued(text), text, flags=re.MULTILINE)
    for command in _commands.commands(recipes):
        yield _use(command, f"{path}:{command.line}")


def _unless_continued(text: str) -> Callable[[re.Match[str]], str]:
    """Blanks a line that is no recipe, unless a backslash before it makes it part of one."""

    def blanked(line: re.Match[str]) -> str:
        return line[0] if text.endswith("\\\n", 0, line.start()) else ""

    return blanked


def _noxfile(path: str, raw: bytes) -> Iterator[Use]:
    """A cheap look: `session.run` with literal arguments. Nothing is executed."""
    text = raw.decode("utf-8", "replace")
    for call in re.finditer(r"\bsession\.run(?:_always)?\(([^()]{0,2000})", text):
        words = re.findall(r"""["']([^"'\n]*)["']""", call[1])
        line = text.count("\n", 0, call.start()) + 1
        for command in _commands.recognised(words, line):
            yield _use(command, f"{path}:{line}")


_ACTIONS = {
    "psf/black": "black",
    "astral-sh/ruff-action": "ruff",
    "chartboost/ruff-action": "ruff",
    "py-actions/flake8": "flake8",
    "pycqa/bandit-action": "bandit",
    "pypa/gh-action-pip-audit": "pip-audit",
    "jakebailey/pyright-action": "pyright",
}


def _workflow(path: str, raw: bytes) -> Iterator[Use]:
    for step in _hooks.steps(safe_yaml.load(raw)):
        action = _hooks.text(step.get("uses")).partition("@")[0].lower()
        if action in _ACTIONS:
            yield Use(tool=_ACTIONS[action], where=path, stage="ci")
        if isinstance(step.get("run"), str):
            for command in _commands.commands(step["run"]):
                yield _use(command, path, "ci")


def _gitlab(path: str, raw: bytes) -> Iterator[Use]:
    for script in _hooks.scripts(safe_yaml.load(raw)):
        for command in _commands.commands(script):
            yield _use(command, path, "ci")


def _use(command: _commands.Command, where: str, stage: str | None = None) -> Use:
    return Use(
        tool=command.tool, where=where, args=command.args, version=command.version, stage=stage
    )


def _itself(tool: str) -> _Reader:
    """A file whose mere presence is the tool's configuration."""

    def reader(path: str, raw: bytes) -> Iterator[Use]:
        del raw
        yield Use(tool=tool, where=path)

    return reader


_BY_NAME: dict[str, _Reader] = {
    ".pre-commit-config.yaml": _pre_commit,
    "lefthook.yml": _lefthook,
    "lefthook.yaml": _lefthook,
    ".lefthook.yml": _lefthook,
    "pyproject.toml": _toml,
    "setup.cfg": _ini,
    "tox.ini": _ini,
    ".flake8": _itself("flake8"),
    ".bandit": _itself("bandit"),
    ".pylintrc": _itself("pylint"),
    "mypy.ini": _itself("mypy"),
    ".mypy.ini": _itself("mypy"),
    "pytest.ini": _itself("pytest"),
    "ruff.toml": _itself("ruff"),
    ".ruff.toml": _itself("ruff"),
    ".isort.cfg": _itself("isort"),
    "pyrightconfig.json": _itself("pyright"),
    ".coveragerc": _itself("coverage"),
    ".secrets.baseline": _itself("detect-secrets"),
    "Makefile": _makefile,
    "noxfile.py": _noxfile,
    ".gitlab-ci.yml": _gitlab,
}
