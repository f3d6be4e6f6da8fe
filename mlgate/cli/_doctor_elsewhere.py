"""`mlgate doctor`, the farther half: the hooks, and what CI installs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import mlgate
from mlgate.cli import _hooks
from mlgate.cli._pre_commit import FILE, calls, read
from mlgate.cli.doctor import Fact
from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.runner.session import Session

_PIN = re.compile(r"(?<![\w-])([A-Za-z][\w.-]*)(?:\[[\w,-]*\])?==([\w.]+)")
_CI = re.compile(
    r"\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.yml|azure-pipelines\.yml|bitbucket-pipelines\.yml"
    r"|\.circleci/config\.yml|Jenkinsfile|\.travis\.yml|\.ci/.+|tox\.ini|noxfile\.py|Makefile"
)
_LARGEST = 200_000


def hooks(session: Session) -> Iterator[Fact]:
    """Who calls mlgate at commit and push, in which version and with which tools."""
    where = _hooks.place(session.repo)
    config = read(session.repo.root)
    called = calls(config)
    for name, state in _hooks.states(where).items():
        yield _hook(name, state, bool(called), where)
    if where.shared_by:
        yield Fact("hooks", f"shared by {where.shared_by} core.hooksPath: {shown(where.folder)}")
    if called:
        yield Fact(
            FILE,
            "before it calls mlgate, pre-commit takes unstaged changes out of the tree and puts "
            "them back afterwards; that is its own doing, mlgate install does without",
        )
    for entry in called:
        yield from _entry(entry, session)


def _hook(name: str, state: str, called: bool, where: _hooks.Place) -> Fact:
    path = os.path.join(where.folder, name)
    if state == "installed":
        return Fact(name, f"mlgate's own, in {shown(where.folder)}")
    if state == "another's":
        runner = _runner(path)
        if runner and called:
            return Fact(name, f"{runner}'s, which calls mlgate")
        who = f"{runner}'s" if runner else "another program's"
        return Fact(name, f"{who}; mlgate is not called", "mlgate install keeps it and adds ours")
    if called:
        hint = f"pre-commit install --hook-type {name}"
        return Fact(
            name, f"not installed, although {FILE} calls mlgate", hint, name == "pre-commit"
        )
    return Fact(name, "not installed", "mlgate install")


def _runner(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
    except OSError:
        return None
    names = {b"prek": "prek", b"pre-commit.com": "pre-commit", b"lefthook": "lefthook"}
    return next((name for word, name in names.items() if word in head), None)


def _entry(entry: Mapping[str, Any], session: Session) -> Iterator[Fact]:
    """One repository of the pre-commit configuration that brings mlgate."""
    rev = str(entry.get("rev", ""))
    if rev and rev.lstrip("v") != mlgate.__version__:
        yield Fact(
            "hook's mlgate",
            f"{FILE} pins {rev}, this is {mlgate.__version__}",
            f"pre-commit autoupdate, or pip install mlgate=={rev.lstrip('v')}",
            True,
        )
    for hook in entry.get("hooks") or ():
        pins = hook.get("additional_dependencies") or () if isinstance(hook, dict) else ()
        for pin in pins:
            yield from _differs(str(pin), f"hook {hook.get('id')}", session)


def ci(session: Session) -> Iterator[Fact]:
    """Versions that CI installs and that differ from those found here."""
    files = [path for path in session.subject.files if _CI.fullmatch(path)]
    calling = []
    for path in sorted(files):
        try:
            content = session.subject.read(path)[:_LARGEST].decode("utf-8", "replace")
        except GateError as error:
            yield Fact("CI", error.message, error.hint)
            continue
        if re.search(r"\bmlgate\b", content):
            calling.append(path)
        for match in _PIN.finditer(content):
            yield from _differs(match[0], shown(path), session)
    if calling:
        yield Fact("CI", f"mlgate is called in {', '.join(map(shown, calling))}")
    else:
        yield Fact("CI", "no CI file calls mlgate", "add the line `mlgate check` to a job")


def _differs(pin: str, place: str, session: Session) -> Iterator[Fact]:
    """A fact where `name==version` is not the version of the same tool here."""
    match = _PIN.fullmatch(pin)
    if match is None:
        return
    name, there = match[1].lower().replace("_", "-"), match[2]
    here = session.workshop.versions.get(name)
    here = mlgate.__version__ if name == "mlgate" else here
    if here is not None and here != there:
        yield Fact(
            f"{name} elsewhere",
            f"{place} uses {there}, here it is {here}",
            f'pip install "{name}=={there}", or name the version once, in the policy',
            True,
        )
