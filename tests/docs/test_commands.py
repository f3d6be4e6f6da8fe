"""Each command line that a document or a `--help` shows is one that the program takes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from test_examples import DOCUMENTS, ROOT

from mlgate.cli._group import group
from mlgate.core.errors import MlgateError

_FENCED = re.compile(r"^[ ]*```\w*\n(.*?)^[ ]*```$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"(?:^|[;&|(]|\brun:|-|\$)[ ]*(mlgate [^\n]+)$", re.MULTILINE)
_IN_THE_TEXT = re.compile(r"`(mlgate [^`]+)`")
_LISTED = re.compile(r"\[\"mlgate\"(?:, \"[^\"]*\")*\]")
_SHELL = frozenset(";|&<>()")
_FOLLOWS = "the rest of the command is elsewhere"

_FILES = (
    "new.csv",
    "old.csv",
    "new.json",
    "old.json",
    "new.parquet",
    "old.parquet",
    "out/kept",
    "report.json",
)

SHOWN = [*DOCUMENTS, ROOT / "mlgate/demo/project/README.md", *ROOT.glob("ci-templates/**/*.md")]


def typed(text: str) -> Iterator[list[str]]:
    """The words of the commands in the blocks of a document, and of those in lists of words."""
    for block in _FENCED.findall(text):
        yield from map(words, _TYPED.findall(block))
    for found in _LISTED.findall(text):
        yield json.loads(found)


def named(text: str) -> Iterator[list[str]]:
    """The words of the commands in the sentences of a document."""
    for found in _IN_THE_TEXT.findall(_FENCED.sub("", text)):
        yield words(" ".join(found.split()))


def words(line: str) -> list[str]:
    """The words of the first command of a line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="".join(_SHELL))
    lexer.whitespace_split = True
    found = list(lexer)
    ends = (at for at, word in enumerate(found) if set(word) <= _SHELL)
    return found[: next(ends, len(found))]


def parse(line: list[str]) -> None:
    """Let click read a command and all that follows it, without running it."""
    context = group.make_context("mlgate", line[1:])
    command: click.Command = group
    while isinstance(command, click.Group) and (rest := _rest(context)):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
        context = command.make_context(name, rest, parent=context)


def _rest(context: click.Context) -> list[str]:
    return [*context._protected_args, *context.args]


def refusal(line: list[str]) -> str:
    """Why the program does not take a command; empty where it does."""
    try:
        parse(line)
    except click.MissingParameter:
        return _FOLLOWS
    except (click.ClickException, MlgateError) as error:
        return str(error)
    return ""


@pytest.fixture(autouse=True)
def _files_that_the_examples_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_are_shown_are_taken(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for line in typed(text):
        assert refusal(line) == "", shlex.join(line)
    for line in named(text):
        assert refusal(line) in ("", _FOLLOWS), shlex.join(line)


def commands(
    command: click.Command = group, above: tuple[str, ...] = ("mlgate",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command with the words that call it."""
    yield above, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*above, name))


@pytest.mark.parametrize("command", [pytest.param(c, id=" ".join(n)) for n, c in commands()])
def test_examples_of_the_help_are_taken(command: click.Command) -> None:
    for line in re.findall(r"^  (mlgate .+?)(?:  .*)?$", command.epilog or "", re.MULTILINE):
        assert refusal(words(line)) == "", line


def test_no_document_is_read_as_one_without_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert ["mlgate", "model", "plan", "--margin", "0.01"] in list(typed(text))
    assert ["mlgate", "ci", "init"] in list(named(text))
    monitor = (ROOT / "docs" / "monitor.md").read_text(encoding="utf-8")
    assert list(typed(monitor)).count(["mlgate", "check", "--stage", "monitor"]) == 3


@pytest.mark.parametrize(
    "line",
    [
        "mlgate chekc",
        "mlgate check --stgae merge",
        "mlgate check --stage deploy",
        "mlgate model compare gone.csv old.csv --id id --prediction pred",
        "mlgate report --format markdwon",
        "mlgate history churn --format xml",
        "mlgate rollback churn@production a b",
    ],
)
def test_a_command_that_is_none_is_refused(line: str) -> None:
    assert refusal(words(line)) not in ("", _FOLLOWS)
