"""What one run knows before any gate is asked: repository, subject, base, policy, store."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from mlgate import process
from mlgate.policy.keys import EnvironmentPolicy
from mlgate.policy.match import matcher
from mlgate.policy.model import GatePolicy, Policy
from mlgate.runner import keys, written
from mlgate.runner.ground import Ground
from mlgate.runner.request import Observer, Request, Silence
from mlgate.runner.workshop import Workshop
from mlgate.store.store import Store, open_store

if TYPE_CHECKING:
    from datetime import datetime

    from mlgate.runner.approvals import Standing
    from mlgate.runner.binding import Binding
    from mlgate.runner.memo import Protected
    from mlgate.runner.protection import Protection
    from mlgate.signing.approvals import Approvable
    from mlgate.store.distrusting import Distrusting


class Session(Ground):
    """Opened by `open_session`, closed by `close`; what costs something is found when asked for."""

    def __init__(
        self, request: Request, environ: Mapping[str, str], observer: Observer | None = None
    ) -> None:
        self.began = time.monotonic()
        super().__init__(request, environ)
        self.observer: Observer = observer or Silence()
        self.store: Store = open_store(environ)
        self.identity = keys.code_identity()
        self._chosen: dict[tuple[tuple[str, ...], ...], tuple[str, ...]] = {}
        self.homes: dict[str, tuple[str, Policy]] = {}
        """Gate to folder and policy of the project that it stands in."""
        self.protection: Protection | None = None
        self.protected: Protected | None = None
        """What binds because the change alters the policy: see `Binding`, or from the store."""
        self.left_out: tuple[str, ...] = ()
        """What to say of PATHs that hold nothing to judge."""
        self.open: dict[str, Approvable] = {}
        """What an approval of a gate's open findings is about, by gate."""
        self.policy, self.adopted = written.policy(self)
        self.compare(self.policy.base)

    @cached_property
    def narrowed(self) -> frozenset[str] | None:
        """The paths to which file-wise gates are narrowed; None: all of them."""
        if not self.narrows:
            return None
        from mlgate.runner.narrowing import narrow

        return narrow(self)

    @property
    def nothing_to_judge(self) -> str:
        """What to say of a gate that has no files."""
        if self.narrowed is not None:
            return "none of the changed files concerns it"
        return "the repository has no files for it"

    @property
    def network(self) -> bool:
        """Naming a gate whose purpose is the network is the consent to use it."""
        return not (self.request.offline or self.adopted)

    @cached_property
    def binding(self) -> Binding:
        """What of the base's policy binds the change."""
        from mlgate.runner.binding import Binding

        return Binding(self)

    @property
    def gates(self) -> tuple[GatePolicy, ...]:
        """The head's gates, with the base's word on the gate that protects the policy."""
        if self.protected is None:
            return self.policy.gates
        own = self.protected.own
        gates = [gate for gate in self.policy.gates if gate.kind != own.kind]
        return (*gates, own)

    @property
    def twins(self) -> tuple[GatePolicy, ...]:
        """The base's gates that are judged beside the head's, while nobody approved the change."""
        if self.protected is None or self.approval.given is not None:
            return ()
        return self.protected.twins

    @cached_property
    def approval(self) -> Standing:
        """Whether somebody outside the change approved what it does to the policy."""
        from mlgate.runner.approvals import approvable, standing

        return standing(self, approvable(self))

    def policy_of(self, gate: GatePolicy) -> Policy:
        """The policy that the gate stands in: the root's, or a project's."""
        return self.homes.get(gate.name, ("", self.policy))[1]

    def project_of(self, gate: GatePolicy) -> str:
        """The folder of the project that the gate belongs to; empty for the root's."""
        return self.homes.get(gate.name, ("", self.policy))[0]

    def files(self, gate: GatePolicy) -> tuple[str, ...]:
        """The subject's files that a gate may look at."""
        return self.within(gate, self.subject.files)

    def within(self, gate: GatePolicy, paths: Iterable[str]) -> tuple[str, ...]:
        """Those of `paths` that a gate may look at."""
        unwanted = (*self.policy_of(gate).exclude, *gate.exclude)
        chosen = self.select(paths, gate.files, unwanted)
        folder = self.project_of(gate)
        return tuple(p for p in chosen if p.startswith(folder + "/")) if folder else chosen

    def select(
        self, paths: Iterable[str], wanted: tuple[str, ...], unwanted: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Those of `paths` that `wanted` (empty: all) matches and `unwanted` does not."""
        whole = paths is self.subject.files
        if whole and (wanted, unwanted) in self._chosen:
            return self._chosen[wanted, unwanted]
        chosen = matcher(wanted)(paths) if wanted else set(paths)
        if unwanted:
            chosen -= matcher(unwanted)(chosen)
        result = tuple(sorted(chosen))
        if whole:
            self._chosen[wanted, unwanted] = result
        return result

    @cached_property
    def workshop(self) -> Workshop:
        """What the gates share."""
        return self._workshop(self.policy.environment)

    @cached_property
    def base_workshop(self) -> Workshop:
        """What the base's gates share that are judged beside the head's: where the change alters
        how the project's code is run, it is run as the base says."""
        base = self.protection.base if self.protection else None
        if base is None or base.policy.environment == self.policy.environment:
            return self.workshop
        return self._workshop(base.policy.environment)

    def _workshop(self, environment: EnvironmentPolicy) -> Workshop:
        return Workshop(
            self.repo.root,
            self.environ,
            jobs=self.request.jobs or _cores(),
            run_prefix=environment.run,
            pass_env=environment.pass_env,
            python=environment.python,
            tracked=self.tracked,
        )

    @property
    def workshops(self) -> tuple[Workshop, ...]:
        """Those that were opened."""
        opened = [self.__dict__.get(name) for name in ("workshop", "base_workshop")]
        return tuple(dict.fromkeys(shop for shop in opened if shop is not None))

    @cached_property
    def now(self) -> datetime:
        """The moment of this run, in UTC."""
        from datetime import UTC, datetime

        return datetime.now(UTC)

    @cached_property
    def day(self) -> int:
        """Today as a number, for the store's housekeeping."""
        return int(time.time() // 86400)

    @cached_property
    def believed(self) -> Store | Distrusting:
        """The store as gates have it."""
        if self.request.cache:
            return self.store
        from mlgate.store.distrusting import Distrusting

        return Distrusting(self.store)

    def recall(self, table: str, wanted: Sequence[bytes]) -> dict[bytes, bytes]:
        """What the store knows; nothing under `--no-cache`."""
        return self.store.get(table, wanted, self.day) if self.request.cache else {}

    def remember(self, table: str, rows: Mapping[bytes, bytes]) -> None:
        """Store rows, also under `--no-cache`, which only refuses to believe old ones."""
        if rows:
            self.store.put(table, rows, self.day)

    def key(self) -> bytes:
        """Digest of all that decides the run's findings, known before anything is parsed."""
        request = msgspec.structs.replace(
            self.request, jobs=None, cache=True, push_refs=None, deepen=False
        )
        return keys.digest(
            self.identity,
            msgspec.to_builtins(request),
            self.policy.digest,
            self.subject.digest,
            self.base.commit if self.base else None,
            self.base_problem is not None,
            self.ci is not None,
            self.workshop.listing(),
            self.binding.elsewhere if self.policy.base else None,
        )

    def close(self) -> None:
        """End what still runs and let go of the store."""
        for workshop in self.workshops:
            workshop.close()
        self.store.close()


def open_session(
    request: Request, environ: Mapping[str, str], observer: Observer | None = None
) -> Session:
    """The session of a run.

    Raises `RepositoryError`, `PolicyError`, or `UsageError` where the command line asks for what
    is not there.
    """
    try:
        session = Session(request, environ, observer)
    except BaseException:
        process.end_all()  # what was asked of git ahead, and that nobody will read
        raise
    if request.gates or request.project is not None:
        from mlgate.runner.asked import refuse_unknown

        refuse_unknown(session)
    return session


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
