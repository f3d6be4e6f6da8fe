"""What one run knows before any gate is asked: repository, subject, base, policy, store."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate import process
from mlgate.core.errors import BaseNotFound, GateError, UsageError
from mlgate.core.report import Subject
from mlgate.core.words import Stage
from mlgate.policy.keys import EnvironmentPolicy
from mlgate.policy.match import matcher
from mlgate.policy.model import GatePolicy, Policy
from mlgate.repo import base as bases
from mlgate.repo import ci as cis
from mlgate.repo import git, snapshots
from mlgate.repo.stored import Stored
from mlgate.repo.work_tree import WorkTree
from mlgate.runner import keys
from mlgate.runner.narrowing import narrow
from mlgate.runner.request import Observer, Request, Silence
from mlgate.runner.workshop import Workshop
from mlgate.store.store import Store, open_store

if TYPE_CHECKING:
    from datetime import datetime

    from mlgate.repo.changes import Change
    from mlgate.repo.line_map import LineMap
    from mlgate.repo.push import Push
    from mlgate.runner.approvals import Standing
    from mlgate.runner.memo import Protected
    from mlgate.runner.protection import Protection
    from mlgate.signing.approvals import Approvable
    from mlgate.store.distrusting import Distrusting


_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


Judged = WorkTree | Stored


class Session:
    """Opened by `open_session`, closed by `close`; what costs something is found when asked for."""

    def __init__(
        self, request: Request, environ: Mapping[str, str], observer: Observer | None = None
    ) -> None:
        self.request = request
        self.environ = environ
        self.observer: Observer = observer or Silence()
        self.stage = request.stage
        self.began = time.monotonic()
        self.repo = git.find(request.start, environ)
        self.ci = cis.detect(environ)
        self.pushes = self._pushes()
        self.subject: Judged = self._subject()
        self.store: Store = open_store(environ)
        self.identity = keys.code_identity()
        self._chosen: dict[tuple[tuple[str, ...], ...], tuple[str, ...]] = {}
        self.homes: dict[str, tuple[str, Policy]] = {}
        """Gate to folder and policy of the project that it stands in."""
        self.protection: Protection | None = None
        self.protected: Protected | None = None
        """What binds because the change alters the policy: see `protect`, or from the store."""
        self.left_out: tuple[str, ...] = ()
        """What to say of PATHs that hold nothing to judge."""
        self.open: dict[str, Approvable] = {}
        """What an approval of a gate's open findings is about, by gate."""
        self.policy, self.adopted = self._policy()
        self.base_problem: BaseNotFound | None = None
        self.base = self._base()

    # -- what is judged, and beside what ---------------------------------------------------------

    def _pushes(self) -> tuple[Push, ...]:
        if self.stage is not Stage.PUSH:
            return ()
        from mlgate.repo import push

        if self.request.push_refs is not None:
            return push.from_lines(self.repo, os.fsdecode(self.request.push_refs))
        return push.from_environ(self.repo, self.environ)

    def _subject(self) -> Judged:
        if self.stage is Stage.COMMIT:
            return snapshots.index(self.repo)
        if self.pushes:
            return snapshots.commit(self.repo, self.pushes[0].tip)
        if self.request.version is not None:
            return snapshots.commit(self.repo, self.request.version)
        if self.stage in (Stage.PUSH, Stage.PROMOTE) or (
            self.stage is Stage.MERGE and self.ci is not None
        ):
            return snapshots.commit(self.repo, "HEAD")
        return snapshots.work_tree(self.repo)

    def _base(self) -> bases.Base | None:
        named = self.request.base or self.policy.base
        if self.pushes and not named:
            before = self.pushes[0].base
            return bases.Base(before, "the remote's tip") if before else None
        try:
            return self._resolved(named)
        except BaseNotFound as problem:
            found = self._deepened(named)
            self.base_problem = None if found else problem
            return found

    def _resolved(self, named: str | None) -> bases.Base | None:
        if self.request.version is not None and not named:
            return self._tip_found  # asked for twice: for the policy, and for the base
        return bases.resolve(self.repo, self.stage, named, self.environ, self.ci)

    @cached_property
    def _tip_found(self) -> bases.Base | None:
        return bases.resolve(self.repo, self.stage, None, self.environ, self.ci)

    def _deepened(self, named: str | None) -> bases.Base | None:
        """The base, once enough history was fetched, where `--deepen` allows that."""
        if not self.request.deepen or self.request.offline:
            return None
        from mlgate.repo import deepen

        told = (self.ci.target, *self.ci.base, self.ci.before) if self.ci else ()
        names = [named] if named else [name for name in told if name and name.strip("0")]
        for _ in deepen.steps(self.repo, names):
            with contextlib.suppress(BaseNotFound):
                return self._resolved(named)
        return None

    @property
    def base_error(self) -> GateError | None:
        """What a gate says that needs the base, where that is named and cannot be found."""
        problem = self.base_problem
        return GateError(problem.message, problem.hint) if problem else None

    @cached_property
    def base_snapshot(self) -> Stored | None:
        """The content that the subject is compared with."""
        return snapshots.commit(self.repo, self.base.commit) if self.base else None

    @cached_property
    def commits(self) -> tuple[str, ...]:
        """The commits of all that is pushed, or of the change, oldest first."""
        if self.pushes:
            return tuple(dict.fromkeys(id for push in self.pushes for id in push.commits))
        if self.base is None or self.subject.commit is None:
            return ()
        from mlgate.repo import history

        return history.commits(self.repo, self.base.commit, self.subject.commit)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """How the subject differs from the base; all is added where there is none."""
        from mlgate.repo.changes import changed

        return changed(self.repo, self.base_snapshot, self.subject)

    @cached_property
    def touched(self) -> frozenset[str]:
        """The subject's paths that differ from the base's, and those that it deletes."""
        return frozenset(change.path for change in self.changes)

    @cached_property
    def narrowed(self) -> frozenset[str] | None:
        """The paths to which file-wise gates are narrowed; None: all."""
        return narrow(self)

    @property
    def nothing_to_judge(self) -> str:
        """What to say of a gate that has no files."""
        if self.narrowed is not None:
            return "none of the changed files concerns it"
        return "the repository has no files for it"

    # -- the policy ------------------------------------------------------------------------------

    def _policy(self) -> tuple[Policy, bool]:
        written = self._written()
        if written is not None:
            whole = self._with_projects(written) if written.projects else written
            return (whole if self.request.version else whole.guarded()), False
        from mlgate.runner.adoption import adopted

        return adopted(self), True

    def _written(self) -> Policy | None:
        """The policy as it is written; from the store where its one file was read before."""
        names = ("mlgate.toml", "pyproject.toml")
        read = {name: self._read_policy(name) for name in names}
        if all(content is None for content in read.values()):
            return None
        key = keys.digest("policy", self.identity, *read.values())
        known = self.recall("memos", [key]).get(key)
        if known is not None:
            return msgspec.msgpack.decode(known, type=Policy)
        from mlgate.policy.load import load

        policy = load(lambda path: read[path] if path in read else self._read_policy(path))
        if policy is not None and len(policy.files) == 1 and not policy.projects:
            self.remember("memos", {key: msgspec.msgpack.encode(policy)})
        return policy

    def _with_projects(self, root: Policy) -> Policy:
        from mlgate.runner.policies import with_projects

        found = with_projects(root, self._read_policy, self.subject, self.project)
        self.homes |= found.homes
        return found.policy

    @property
    def project(self) -> str | None:
        """The folder of the only project that is asked about."""
        wanted = self.request.project
        return None if wanted is None else self._within(wanted)

    def _within(self, folder: str) -> str:
        """A folder of the command line, relative to the root."""
        absolute = os.path.join(self.request.start, folder)
        return os.path.relpath(absolute, self.repo.root).replace(os.sep, "/")

    def _read_policy(self, path: str) -> bytes | None:
        """A file of the subject; the root's from the work tree at once, without listing what else
        there is. Where a version is promoted, a file of the base."""
        if self.request.version is not None:
            return self._read_base(path)
        if self.subject.kind == "work tree" and "/" not in path:
            try:
                descriptor = os.open(os.path.join(self.repo.root, path), os.O_RDONLY | _NO_LINKS)
                with open(descriptor, "rb") as file:
                    return file.read()
            except FileNotFoundError:
                return None
            except OSError:  # a link or a folder: refused in the words of the snapshot's reader
                pass
        entry = self.subject.files.get(path)
        if entry is None or entry.is_file:
            return None if entry is None else self.subject.read(path)
        from mlgate.policy.read import reader

        return reader(self.subject)(path)

    def _read_base(self, path: str) -> bytes | None:
        """A file of the tip whose policy says what a version must meet."""
        if self.tip is None:
            raise BaseNotFound(
                "there is no default branch whose policy a promotion could go by",
                "git fetch origin && git remote set-head origin --auto",
            )
        from mlgate.policy.read import reader

        return reader(self.tip)(path)

    @cached_property
    def tip(self) -> Stored | None:
        """The content whose policy binds a version: the tip of the default branch."""
        found = self._resolved(self.request.base)
        if found and found.commit == self.subject.commit and isinstance(self.subject, Stored):
            return self.subject
        return snapshots.commit(self.repo, found.commit) if found else None

    @cached_property
    def baseline(self) -> Stored | msgspec.UnsetType | None:
        """What the alias holds, where a version is promoted."""
        if self.request.version is None:
            return msgspec.UNSET
        holder = self.request.holder
        return snapshots.commit(self.repo, holder) if holder else None

    @property
    def network(self) -> bool:
        """Naming a gate whose purpose is the network is the consent to use it."""
        return not (self.request.offline or self.adopted)

    @cached_property
    def policy_base(self) -> Stored | None:
        """The content whose policy binds the change: the base's, found without what the change
        itself says about where its base lies."""
        trusted = self._trusted_base
        if trusted is None or (self.base and trusted.commit == self.base.commit):
            return self.base_snapshot
        return snapshots.commit(self.repo, trusted.commit)

    @cached_property
    def _trusted_base(self) -> bases.Base | None:
        if self.request.base or not self.policy.base:
            return self.base
        try:
            return self._resolved(None) or self.base
        except BaseNotFound:
            found = self._deepened(None)
            if found is None:
                raise
            return found

    @cached_property
    def policy_base_problem(self) -> BaseNotFound | None:
        """Why the policy cannot be compared with the base's."""
        try:
            _ = self._trusted_base
        except BaseNotFound as problem:
            return problem
        return self.base_problem

    @cached_property
    def policy_changes(self) -> tuple[Change, ...]:
        """How the subject differs from the content whose policy binds."""
        base = self.policy_base
        if base is None or (self.base and base.commit == self.base.commit):
            return self.changes if base else ()
        from mlgate.repo.changes import changed

        return changed(self.repo, base, self.subject)

    def protect(self, options: Mapping[str, msgspec.Struct]) -> Protection | None:
        """Settle what binds where the change alters the policy; None where nothing is protected at
        this stage. `options` are those of the head's gates."""
        if self.stage not in (Stage.MERGE, Stage.PROMOTE) or self.policy_base_problem:
            return None
        if self.request.version is not None:  # judged by the base's policy and by no other
            return None
        from mlgate.runner.protection import Protection

        self.protection = Protection(self, options)
        self.protected = self.protection.record
        self.homes |= self.protection.homes()
        return self.protection

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

    @cached_property
    def policies(self) -> Mapping[str, Any]:
        """Head's and base's resolved policies as plain mappings, and how they differ; no base's
        where it has none."""
        head = self.policy.plain()
        protection = self.protection
        if protection is None:
            return {"head": head, "base": head, "alterations": []}
        base = protection.base
        return {
            "head": head,
            "base": base.policy.plain() if base else None,
            "alterations": msgspec.to_builtins(protection.alterations),
            "approvable": self.approval.digest if self.protected else None,
        }

    @cached_property
    def line_maps(self) -> Mapping[str, LineMap]:
        """For each changed file the map to its lines at the base."""
        from mlgate.repo.line_map import line_maps

        if self.base is None:
            return {}
        sources = {
            change.path: change.old_path
            for change in self.changes
            if change.old_path and change.status != "deleted"
        }
        return line_maps(self.repo, self.base.commit, self.subject, sources)

    def policy_of(self, gate: GatePolicy) -> Policy:
        """The policy that the gate stands in: the root's, or a project's."""
        return self.homes.get(gate.name, ("", self.policy))[1]

    def project_of(self, gate: GatePolicy) -> str:
        """The folder of the project that the gate belongs to; empty for the root's."""
        return self.homes.get(gate.name, ("", self.policy))[0]

    # -- files -----------------------------------------------------------------------------------

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

    # -- surroundings ----------------------------------------------------------------------------

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

    def tracked(self, folder: str) -> bool:
        """True if the repository holds files below `folder`."""
        start = folder.rstrip("/") + "/"
        return any(path.startswith(start) for path in self.subject.files)

    @cached_property
    def now(self) -> datetime:
        """The moment of this run, in UTC."""
        from datetime import UTC, datetime

        return datetime.now(UTC)

    @cached_property
    def day(self) -> int:
        """Today as a number, for the store's housekeeping."""
        return int(time.time() // 86400)

    @property
    def work(self) -> str:
        """The repository's folder."""
        return self.repo.root

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
            self._elsewhere(),
        )

    def _elsewhere(self) -> str | None:
        """The base whose policy binds, where the policy itself names another to compare with."""
        if not self.policy.base or self.policy_base_problem or self.policy_base is None:
            return None
        return self.policy_base.commit

    def described(self) -> Subject:
        """The subject, in words and ids."""
        return Subject(label=self.subject.label, commit=self.subject.commit)

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
    known = [gate.name for gate in session.policy.gates]
    for name in request.gates:
        if not any(_means(gate, name) for gate in session.policy.gates):
            from mlgate.core.parts import nearest

            raise UsageError(
                f"no gate of the policy is called {name!r}",
                nearest(name, known) if known else "mlgate gates lists them",
            )
    return session


def _means(gate: GatePolicy, name: str) -> bool:
    return name in (gate.name, gate.kind)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
