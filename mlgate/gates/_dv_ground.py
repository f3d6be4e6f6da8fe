"""What all checks of `data-version` stand on: versions, configuration, findings."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location
from mlgate.core.text import shown
from mlgate.core.words import Level, Result
from mlgate.gates._dv_rules import rules
from mlgate.repo import ci
from mlgate.sources._dvc import shapes
from mlgate.sources._dvc.config import Config, read_config
from mlgate.sources._dvc.pointers import kind_of
from mlgate.sources._dvc.signatures import Signatures
from mlgate.sources._dvc.versions import Owned, Versions, read_versions

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.repo.ci import CI

LARGEST = shapes.LARGEST


class Ground:
    """Made once a check."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.work = os.fspath(ctx.work)
        self.errors: list[GateError] = []
        """What could not be done; the gate has errored with the first of them at its end."""
        self.progressed = 0
        self.signatures = Signatures(ctx, ctx.options.signature == "strict", self._hashed)
        self._configs: dict[str, Config] = {}
        self.unread: list[Finding] = []

    def _hashed(self, size: int) -> None:
        self.progressed += size
        self.ctx.progress(self.progressed >> 20, 0)

    @cached_property
    def versions(self) -> Versions:
        """What the subject names."""
        ctx = self.ctx
        paths = [path for path in ctx.files if kind_of(path)]
        self.unread = list(_not_fit(ctx.subject, paths))
        unfit = {f.location.path for f in self.unread if f.location}
        fit = [path for path in paths if path not in unfit]
        projects = [p for p in ctx.subject.files if p.endswith((".dvc/config", ".dvc/.gitignore"))]
        return read_versions([*fit, *projects], ctx.subject.read)

    @cached_property
    def owned(self) -> tuple[Owned, ...]:
        """Every output of the subject."""
        return tuple(self.versions.owned())

    @cached_property
    def hashes(self) -> dict[tuple[str, int | None], str]:
        """For each place in one of DVC's files, which versions it names."""
        found: dict[tuple[str, int | None], str] = {}
        for owned in self.owned:
            place = owned.file, owned.out.line
            found[place] = f"{found.get(place, '')} {owned.out.algorithm}:{owned.out.hash}"
        return found

    @cached_property
    def base(self) -> Versions | None:
        """What the base names."""
        base = self.ctx.base
        if base is None:
            return None
        paths = [p for p, entry in base.files.items() if kind_of(p) and entry.is_file]
        projects = [p for p in base.files if p.endswith((".dvc/config", ".dvc/.gitignore"))]
        if self._same_as_base(paths):
            return self.versions
        return read_versions([*paths, *projects], base.read)

    def _same_as_base(self, paths: Iterable[str]) -> bool:
        """True if the change touches none of DVC's files."""
        ctx = self.ctx
        if ctx.base is None:
            return False
        mine = {p: ctx.subject.files[p] for p in ctx.files if kind_of(p)}
        return mine == {p: ctx.base.files[p] for p in paths}

    @cached_property
    def change(self) -> CI | None:
        """What the CI says of this run; None elsewhere."""
        return ci.detect(os.environ)

    def unreachable(self, error: GateError) -> Iterator[Finding]:
        """An error, or for forks, where the policy says so, a question that stays open."""
        is_fork = self.change is not None and self.change.fork
        if self.ctx.options.unreachable == "inconclusive" and is_fork:
            yield stated("unreachable", error.message, help=error.hint, result=Result.OPEN,
                         level=Level.WARNING)  # fmt: skip
        else:
            self.errors.append(error)

    def config(self, root: str) -> Config:
        """The configuration of the DVC project in the folder `root`."""
        if root not in self._configs:
            path = posixpath.join(root, ".dvc/config")
            files = self.ctx.subject.files
            raw = self.ctx.subject.read(path) if path in files and files[path].is_file else None
            self._configs[root] = read_config(
                os.path.join(self.work, *root.split("/")) if root else self.work, raw, os.environ
            )
        return self._configs[root]

    def full(self, path: str) -> str:
        """A path of the subject in the work tree."""
        return os.path.join(self.work, *path.split("/"))

    def touched(self, *paths: str) -> bool:
        """True unless this is a commit that stages none of `paths`, nor anything below."""
        changed = self.ctx.changed
        if changed is None or self.ctx.stage != "commit":
            return True
        return any(
            path in changed or any(one.startswith(path + "/") for one in changed) for path in paths
        )


def _not_fit(subject: Snapshot, paths: list[str]) -> Iterable[Finding]:
    """Pointers that are links, or far too large to be any."""
    regular = []
    for path in paths:
        if subject.files[path].is_file:
            regular.append(path)
        else:
            yield stated("schema", f"{shown(path)} is a link, which DVC does not write", path)
    if not regular:
        return
    root = os.fspath(subject.root(regular))
    for path in regular:
        size = os.lstat(os.path.join(root, *path.split("/"))).st_size
        if size > LARGEST:
            text = f"{shown(path)} has {size >> 20:,} MiB, which no file of DVC's has"
            yield stated("unreadable", text, path)


def stated(
    rule: str,
    message: str,
    path: str | None = None,
    line: int | None = None,
    help: str | None = None,
    *,
    level: Level | None = None,
    result: Result = Result.FAIL,
) -> Finding:
    """A finding of this gate."""
    return Finding(
        rule=f"data-version/{rule}",
        message=message,
        level=level or rules[rule].level,
        result=result,
        location=Location(path=path, line=line) if path is not None else None,
        help=help if help is not None else rules[rule].mend.replace("FILE", shown(path or "FILE")),
    )


def noted(rule: str, message: str, path: str | None = None, help: str | None = None) -> Finding:
    """A fact that fails nothing."""
    return stated(rule, message, path, help=help or "", level=Level.NOTE, result=Result.PASS)


def not_asked(what: str, path: str | None = None) -> Finding:
    """A question that the policy does not want to be asked."""
    return noted("not-asked", f"{what}: retrievable = false", path, "take it out of the policy")


def quoted(*words: str) -> str:
    """Paths as they are typed in a shell."""
    import shlex

    return " ".join(shlex.quote(shown(word)) for word in words)


def target(owned: Owned) -> str:
    """What dvc is told to work on: the pointer, or the stage of a lock."""
    if owned.stage is None:
        return quoted(owned.file)
    folder = posixpath.dirname(owned.file)
    return quoted(f"{folder}/dvc.yaml:{owned.stage}" if folder else owned.stage)


def add_again(owned: Owned) -> str:
    """The command that records the data as it is now."""
    if owned.stage is not None:
        return f"dvc commit {target(owned)}"
    if owned.imported is not None:
        return f"dvc update {quoted(owned.file)}"
    return f"dvc add {quoted(owned.out.path)}"
