"""The ground of a run: the repository, what is judged in it, and what that is compared with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from mlgate.core.errors import BaseNotFound, GateError
from mlgate.core.report import Subject
from mlgate.core.words import Stage
from mlgate.repo import base as bases
from mlgate.repo import ci as cis
from mlgate.repo import git, snapshots
from mlgate.repo.stored import Stored
from mlgate.repo.work_tree import WorkTree
from mlgate.runner.request import Request

if TYPE_CHECKING:
    from mlgate.repo.changes import Change
    from mlgate.repo.line_map import LineMap
    from mlgate.repo.push import Push

Judged = WorkTree | Stored


class Ground:
    """What git alone knows; what costs something is found when asked for."""

    base: bases.Base | None = None
    base_problem: BaseNotFound | None = None
    """Why there is no base, where one is named."""

    def __init__(self, request: Request, environ: Mapping[str, str]) -> None:
        self.request = request
        self.environ = environ
        self.stage = request.stage
        self.repo = git.find(request.start, environ)
        self.ci = cis.detect(environ)
        self.pushes = self._pushes()
        self.subject: Judged = self._subject()

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

    def compare(self, named: str | None) -> None:
        """Find the base, which the request names, or else the policy: `named`."""
        named = self.request.base or named
        if self.pushes and not named:
            before = self.pushes[0].base
            self.base = bases.Base(before, "the remote's tip") if before else None
            return
        try:
            self.base = self.resolved(named)
        except BaseNotFound as problem:
            self.base = self.deepened(named)
            self.base_problem = None if self.base else problem

    def resolved(self, named: str | None) -> bases.Base | None:
        """The base that is `named`, or that the stage has. Raises `BaseNotFound`."""
        if self.request.version is not None and not named:
            return self._usual  # asked for twice: for the policy, and for the base
        return bases.resolve(self.repo, self.stage, named, self.environ, self.ci)

    @cached_property
    def _usual(self) -> bases.Base | None:
        return bases.resolve(self.repo, self.stage, None, self.environ, self.ci)

    def deepened(self, named: str | None) -> bases.Base | None:
        """The base, once enough history was fetched, where `--deepen` allows that."""
        if not self.request.deepen or self.request.offline:
            return None
        from mlgate.repo import deepen

        told = (self.ci.target, *self.ci.base, self.ci.before) if self.ci else ()
        names = [named] if named else [name for name in told if name and name.strip("0")]
        for _ in deepen.steps(self.repo, names):
            with contextlib.suppress(BaseNotFound):
                return self.resolved(named)
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
    def tip(self) -> Stored | None:
        """The content whose policy binds a version: the tip of the default branch."""
        found = self.resolved(self.request.base)
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

    @property
    def work(self) -> str:
        """The repository's folder."""
        return self.repo.root

    def tracked(self, folder: str) -> bool:
        """True if the repository holds files below `folder`."""
        start = folder.rstrip("/") + "/"
        return any(path.startswith(start) for path in self.subject.files)

    def described(self) -> Subject:
        """The subject, in words and ids."""
        return Subject(label=self.subject.label, commit=self.subject.commit)

    @property
    def narrows(self) -> bool:
        """True if file-wise gates are asked about some paths only."""
        request = self.request
        if request.paths:
            return True
        by_stage = self.stage in (Stage.COMMIT, Stage.PUSH)
        return not request.everything and (by_stage or request.changed)

    @property
    def narrows_by_base(self) -> bool:
        """True if the base decides which paths those are."""
        return self.narrows and not self.request.paths and self.stage is not Stage.COMMIT

    @property
    def project(self) -> str | None:
        """The folder of the only project that is asked about, relative to the root."""
        if self.request.project is None:
            return None
        absolute = os.path.join(self.request.start, self.request.project)
        return os.path.relpath(absolute, self.repo.root).replace(os.sep, "/")
