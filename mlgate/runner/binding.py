"""What of the policy binds a change: the base's, found without the change's own word on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import BaseNotFound
from mlgate.core.words import Stage
from mlgate.policy.model import OWN
from mlgate.repo import snapshots

if TYPE_CHECKING:
    from mlgate.repo.base import Base
    from mlgate.repo.changes import Change
    from mlgate.repo.stored import Stored
    from mlgate.runner.protection import Protection
    from mlgate.runner.session import Session

STAGES = (Stage.MERGE, Stage.PROMOTE)
"""Where the policy is protected."""


class Binding:
    """Asked for where the base's policy may bind as well."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def base(self) -> Stored | None:
        """The content whose policy binds the change: the base's, found without what the change
        itself says about where its base lies."""
        session = self._session
        trusted = self._trusted
        if trusted is None or (session.base and trusted.commit == session.base.commit):
            return session.base_snapshot
        return snapshots.commit(session.repo, trusted.commit)

    @cached_property
    def _trusted(self) -> Base | None:
        session = self._session
        if session.request.base or not session.policy.base:
            return session.base
        try:
            return session.resolved(None) or session.base
        except BaseNotFound:
            found = session.deepened(None)
            if found is None:
                raise
            return found

    @cached_property
    def problem(self) -> BaseNotFound | None:
        """Why the policy cannot be compared with the base's."""
        session = self._session
        try:
            _ = self._trusted
        except BaseNotFound as problem:
            return problem
        return session.base_problem

    @property
    def elsewhere(self) -> str | None:
        """The base whose policy binds, where the policy itself names another to compare with."""
        return None if self.problem or self.base is None else self.base.commit

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """How the subject differs from the content whose policy binds."""
        session = self._session
        base = self.base
        if base is None or (session.base and base.commit == session.base.commit):
            return session.changes if base else ()
        from mlgate.repo.changes import changed

        return changed(session.repo, base, session.subject)

    def protect(self, options: Mapping[str, msgspec.Struct]) -> Protection | None:
        """Settle what binds where the change alters the policy; None where nothing is protected at
        this stage. `options` are those of the head's gates."""
        session = self._session
        if session.stage not in STAGES or self.problem:
            return None
        if session.request.version is not None:  # judged by the base's policy and by no other
            return None
        from mlgate.runner.protection import Protection

        session.protection = Protection(session, options)
        session.protected = session.protection.record
        session.homes |= session.protection.homes()
        return session.protection

    def _moved(self) -> Iterator[tuple[str, str, list[str]]]:
        """Old path, new path, and the gates that look at the one and not at the other."""
        session = self._session
        for change in self.changes:
            if change.status != "renamed" or change.old_path is None:
                continue
            pair = (change.old_path, change.path)
            blind = [
                gate.name
                for gate in session.policy.gates
                if gate.kind != OWN and session.within(gate, pair) == pair[:1]
            ]
            if blind:
                yield *pair, blind

    @cached_property
    def policies(self) -> Mapping[str, Any]:
        """Head's and base's resolved policies as plain mappings, and how they differ; no base's
        where it has none."""
        session = self._session
        head = session.policy.plain()
        protection = session.protection
        if protection is None:
            return {"head": head, "base": head, "alterations": [], "moved": []}
        base = protection.base
        return {
            "head": head,
            "base": base.policy.plain() if base else None,
            "alterations": msgspec.to_builtins(protection.alterations),
            "moved": list(self._moved()),
            "approvable": session.approval.digest if session.protected else None,
        }
