"""Which paths a run is narrowed to: those given, those staged, those pushed, those changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.errors import UsageError
from mlgate.core.text import shown
from mlgate.core.words import Stage

if TYPE_CHECKING:
    from mlgate.runner.session import Session


def narrow(session: Session) -> frozenset[str] | None:
    """The subject's paths that file-wise gates are asked about; None: all of them.

    Raises `UsageError` for a PATH that does not exist.
    """
    request = session.request
    if request.paths:
        return frozenset(_given(session))
    if not session.narrows:
        return None
    if session.stage is Stage.COMMIT:
        from mlgate.repo.changes import staged

        return frozenset(change.path for change in staged(session.repo))
    return session.touched


def _given(session: Session) -> set[str]:
    """The files that the command line's PATHs name, folders with all below them."""
    files = session.subject.files
    found: set[str] = set()
    folders = []
    for given in session.request.paths:
        absolute = os.path.normpath(os.path.join(session.request.start, given))
        path = os.path.relpath(absolute, session.repo.root).replace(os.sep, "/")
        if path in files:
            found.add(path)
        elif path == ".":
            return set(files)
        elif path.startswith("../") or not os.path.lexists(absolute):
            is_gate = any(gate.name == given for gate in session.policy.gates)
            raise UsageError(
                f"{shown(given)}: no such file in this repository",
                (
                    f"if you mean the gate: --gate {given}"
                    if is_gate
                    else "PATHs are relative to the folder you are in"
                ),
            )
        else:
            folders.append(path + "/")
    for folder in folders:
        below = {path for path in files if path.startswith(folder)}
        found |= below or _unseen(session, folder.rstrip("/"))
    return found


def _unseen(session: Session, path: str) -> set[str]:
    """Nothing, for what git was told of and that holds no content yet (`git add -N`).

    Raises `UsageError` for all else: who names a file is not told that nothing blocks.
    """
    where = session.subject.kind
    if session.repo.git("ls-files", "-z", "--", path):
        session.left_out += (f"{shown(path)} is not in the {where} yet, so it was not judged",)
        return set()
    raise UsageError(
        f"{shown(path)} is not in the {where}, which is what is judged",
        "git ignores it" if where == "work tree" else f"git add {shown(path)}",
    )
