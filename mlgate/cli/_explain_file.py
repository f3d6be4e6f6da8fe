"""`mlgate explain FILE`: which gates see it, and why the others do not."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from mlgate.cli import _known
from mlgate.cli._table import table
from mlgate.core.text import counted, shown
from mlgate.core.words import Outcome
from mlgate.policy.check import validate
from mlgate.policy.match import matcher
from mlgate.policy.model import GatePolicy
from mlgate.repo.git import decoded
from mlgate.reporters._style import Style, columns, padded
from mlgate.runner import plan
from mlgate.runner.session import Session


def named(what: str, session: Session) -> str | None:
    """The path from the root, if there is or could be such a file."""
    absolute = os.path.normpath(os.path.join(session.request.start, what))
    path = os.path.relpath(absolute, session.repo.root).replace(os.sep, "/")
    if path in session.subject.files or os.path.lexists(absolute):
        return path
    return None


def lines(path: str, session: Session, style: Style) -> Iterator[str]:
    """Each gate's word on the file."""
    yield style.paint(shown(path), "bold")
    problem = _not_judged(path, session)
    if problem:
        yield f"  no gate sees it: {problem}"
        return
    options = validate(session.policy)
    rows = []
    for gate in session.policy.gates:
        if gate.kind == "policy":  # it looks at changes, not at files
            continue
        seen, why = _word(path, gate, session, options[gate.name])
        mark = style.mark(Outcome.PASSED if seen else Outcome.SKIPPED)
        rows.append((mark, gate.name, why))
    width = max((columns(name) for _, name, _ in rows), default=0)
    for mark, name, why in rows:
        first, *more = table([(padded(name, width), why)], style)
        yield f"  {mark} {first}"
        yield from (f"    {line}" for line in more)


def _not_judged(path: str, session: Session) -> str | None:
    """Why the file is no part of what is judged."""
    if path in session.subject.files:
        return None
    if path == ".." or path.startswith("../"):
        return "it lies outside the repository"
    if path == "." or os.path.isdir(os.path.join(session.repo.root, path)):
        inside = [
            name for name in session.subject.files if path == "." or name.startswith(path + "/")
        ]
        return f"it is a folder with {counted(len(inside), 'file')}; name one of them"
    # check-ignore refuses to take its argument literally, which is why it gets a leading folder.
    asked = ("check-ignore", "-v", "--", f"./{path}")
    loosely = {"GIT_LITERAL_PATHSPECS": "0"}
    rule = decoded(session.repo.start(*asked, ok=(0, 1), env=loosely).read())
    if rule:
        return f"git ignores it ({shown(rule.partition(chr(9))[0])})"
    return f"it is not in the {session.subject.label}"


def _word(
    path: str, gate: GatePolicy, session: Session, options: msgspec.Struct
) -> tuple[bool, str]:
    """Whether the gate sees the file, and why or why not."""
    for patterns, place in (
        (session.policy.exclude, "exclude"),
        (gate.exclude, "the gate's exclude"),
    ):
        for pattern in patterns:
            if matcher((pattern,))([path]):
                return False, f"{place} has {pattern!r}"
    if path not in session.files(gate):
        return False, f"its files are {', '.join(gate.files)}"
    job = plan.make_job(session, gate, options)
    if job.error:
        return False, f"the gate cannot tell: {job.error}"
    if job.skipped:
        return False, job.skipped
    if job.inputs is None or path not in job.inputs.paths:
        return False, "not a file of a kind that it looks at"
    return True, f"asked at {', '.join(_known.stages(gate))}"
