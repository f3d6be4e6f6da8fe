"""`mlgate doctor`, the nearer half: this machine, this repository, its gates' tools."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping

import mlgate
from mlgate import process
from mlgate.cli import _known
from mlgate.cli.doctor import Fact
from mlgate.core.errors import GateError
from mlgate.core.text import counted, shown
from mlgate.policy.check import validate
from mlgate.runner.session import Session
from mlgate.store.store import store_folder


def machine(environ: Mapping[str, str]) -> Iterator[Fact]:
    """mlgate, its interpreter, git."""
    yield Fact("mlgate", f"{mlgate.__version__} in {shown(sys.prefix)}")
    yield Fact("python", f"{platform.python_version()} on {platform.system()}")
    try:
        told = process.run(
            ["git", "--version"], cwd=os.getcwd(), env=process.bare_environment(environ)
        )
        yield Fact("git", told.text.strip().removeprefix("git version "))
    except GateError as error:
        yield Fact("git", error.message, "install git 2.31 or newer", True)


def repository(session: Session) -> Iterator[Fact]:
    """The repository, what is judged and beside what, the store, the environment, the tools."""
    yield Fact("repository", shown(session.repo.root))
    yield _policy(session)
    yield Fact("subject", session.described().label)
    yield base(session)
    yield _store(session)
    yield _environment(session)
    yield from _tools(session)


def _policy(session: Session) -> Fact:
    gates = counted(len(session.policy.gates), "gate")
    if session.adopted:
        return Fact(
            "policy", f"none; {gates} adopted from the repository", "mlgate init writes one"
        )
    return Fact("policy", f"{shown(session.policy.source or '')} with {gates}")


def base(session: Session) -> Fact:
    """What the subject is compared with, and why."""
    problem = session.base_problem
    if problem is not None:
        return Fact("base", problem.message, problem.hint, True)
    if session.base is None:
        return Fact("base", "none: there is nothing to compare with yet")
    return Fact("base", f"{session.base.why} ({(session.base.commit or '')[:7]})")


def _store(session: Session) -> Fact:
    if session.store.problem:
        return Fact("store", session.store.problem, "checks stay right, and are slower", True)
    return Fact("store", f"open, in {shown(store_folder(os.environ) or '')}")


def _environment(session: Session) -> Fact:
    try:
        found = session.workshop.environment()
    except GateError as error:
        return Fact("project", error.message, error.hint, True)
    run = f", run by {' '.join(found.run)}" if found.run else ""
    return Fact("project", f"{shown(found.python)}{run} ({found.origin})")


def _tools(session: Session) -> Iterator[Fact]:
    """Each gate's tool once, with the gates that use it."""
    options = validate(session.policy)
    told: dict[tuple[str, str | None, bool], list[str]] = {}
    for gate in session.policy.gates:
        found, mend = _known.tool(session, options[gate.name])
        wanted = getattr(options[gate.name], "version", None)
        bad = mend is not None and gate.named
        if found and not mend and wanted and not _satisfied(found, str(wanted)):
            found += f", but {'the policy' if gate.named else 'the repository'} names {wanted}"
            mend = f'pip install "{found.split()[0]}{_pin(str(wanted))}"'
            bad = gate.named
        if found:
            told.setdefault((found, mend, bad), []).append(gate.name)
    for (found, mend, bad), gates in told.items():
        yield Fact(f"tool of {', '.join(gates)}", found, mend, bad)


def _satisfied(found: str, wanted: str) -> bool:
    """True if `black 24.1.0 (...)` is what `24.1`, `24.1.0` or `>=24,<25` asks for."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    version = found.split()[1].rstrip(",")
    try:
        return SpecifierSet(_pin(wanted)).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True


def _pin(wanted: str) -> str:
    """`24.1` -> `==24.1.*`; a specifier as it is."""
    if wanted[:1] in "<>=!~":
        return wanted
    return f"=={wanted}" if wanted.count(".") >= 2 else f"=={wanted}.*"
