"""Whether every data version is complete, consistent and retrievable.

With `new_only` a finding is old where the base's pointer names the same version and it fails by the
same rule, as the remote of today has it. What the work tree shows is always new.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Detected, Inputs
from mlgate.core.text import counted
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _dv_binaries as binaries
from mlgate.gates import _dv_cache as cache
from mlgate.gates import _dv_change as change
from mlgate.gates import _dv_external as external
from mlgate.gates import _dv_imports as imports
from mlgate.gates import _dv_pipelines as pipelines
from mlgate.gates import _dv_pointers as pointers
from mlgate.gates import _dv_setup as setup
from mlgate.gates import _dv_storage as storage
from mlgate.gates import _dv_summary as summary
from mlgate.gates import _dv_work as work
from mlgate.gates._dv_ground import Ground
from mlgate.gates._dv_history import owned_by_range
from mlgate.gates._dv_rules import rules
from mlgate.sources._dvc.pointers import kind_of

__all__ = ["Options", "check", "detect", "identifies", "inputs", "rules", "stages"]

identifies = True
"""A line that stands where it stood may belong to another version, of which nothing is known."""

stages = frozenset({Stage.COMMIT, Stage.PUSH, Stage.MERGE, Stage.PROMOTE})

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kKMG]?)i?B?")
_UNITS = {"": 1, "k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_PROJECT = (".dvc/config", ".dvc/.gitignore")


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked, where, and how hard."""

    remote: str | None = None
    """The remote that must hold everything; DVC's default unless given."""
    retrievable: bool = True
    """Whether versions are looked for where they can be had: remotes, sources of imports, external
    data. With `false` what stands in the repository is judged, and no more."""
    signature: Literal["stat", "strict"] = "stat"
    """`strict` hashes data anew on every run: for file systems whose inodes or clocks lie."""
    unreachable: Literal["error", "inconclusive"] = "error"
    """What a remote that does not answer means for changes from forks, which have no credentials;
    for all others it is an error."""
    max_size: Annotated[str, Meta(pattern=r"^\d+(\.\d+)? ?[kKMG]?i?B?$")] = "5 MB"
    """From this size on a file that is added to git is a finding; 1 kB is 1,024 bytes."""
    requests: Annotated[int, Meta(ge=1, le=64)] = 16
    """How many questions a remote is asked at once."""
    meta: tuple[str, ...] = ()
    """Keys that the `meta` of every `.dvc` file must have, such as `licence` or `personal-data`."""
    skip: tuple[str, ...] = ()
    """Rules that are off."""

    def __post_init__(self) -> None:
        for rule in self.skip:
            if rule not in rules:
                from mlgate.core.parts import nearest

                raise ValueError(f"no rule {rule!r}; {nearest(rule, list(rules))}")

    @property
    def limit(self) -> int:
        """`max_size` in bytes."""
        match = _SIZE.fullmatch(self.max_size)
        return int(float(match[1]) * _UNITS[match[2]]) if match else 0


def inputs(ctx: Context) -> Inputs | None:
    """DVC's files, and at commit only where something staged concerns them. Never stored: what
    lies in the work tree and in the remote is no part of the snapshot."""
    paths = tuple(path for path in ctx.files if kind_of(path))
    if not paths and not ctx.named and not any(path.endswith(_PROJECT) for path in ctx.files):
        return None
    if ctx.stage == Stage.COMMIT and ctx.changed is not None and not ctx.changed:
        return None
    return Inputs(paths=paths, also=None)


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding]:
    """The facts, cheap ones first; what could not be asked is raised when all else is said."""
    ground = Ground(ctx)
    for finding in _all(ground):
        if finding.rule.partition("/")[2] not in ctx.options.skip:
            yield _placed(ctx, _identified(ground, finding))
    if ground.errors:
        raise ground.errors[0]


def _all(ground: Ground) -> Iterator[Finding]:
    yield from pointers.check(ground)
    yield from setup.check(ground)
    yield from pipelines.check(ground)
    yield from work.check(ground)
    yield from binaries.check(ground)
    if ground.ctx.stage == Stage.COMMIT:
        yield from cache.check(ground)
        yield _judged(ground, "the new ones looked for in the cache" if ground.owned else "")
        return
    yield from summary.check(ground)
    yield from change.check(ground)
    earlier, unknown = owned_by_range(ground)
    yield from unknown
    remotes = storage.Remotes(ground, earlier)
    yield from remotes.check()
    yield from imports.check(ground)
    yield from external.check(ground)
    where = f"{counted(remotes.objects, 'object')} looked for in {', '.join(remotes.names)}"
    yield _judged(ground, where if remotes.names else "")


def _judged(ground: Ground, where: str) -> Finding:
    count = len({owned.out.path for owned in ground.owned})
    text = counted(count, "data version") + (f", {where}" if where else "")
    return Finding(rule="data-version/passed", result=Result.PASS, level=Level.NOTE, message=text)


def _identified(ground: Ground, finding: Finding) -> Finding:
    """With the version that it is about, or with the content of the file that git has: another one
    is another finding, though it reads the same."""
    at: Location | None = finding.location
    if at is None:
        return finding
    entry = ground.ctx.subject.files.get(at.path)
    about = ground.hashes.get((at.path, at.line), "")
    if entry is not None and not kind_of(at.path) and not at.path.endswith(_PROJECT):
        about = entry.id
    return msgspec.structs.replace(finding, fingerprint=f"{finding.message}\0{about}")


def _placed(ctx: Context, finding: Finding) -> Finding:
    """A finding about a file that the subject does not have has no place in it."""
    at: Location | None = finding.location
    if at is None or at.path in ctx.subject.files:
        return finding
    return msgspec.structs.replace(finding, location=None)


def detect(ctx: Context) -> Detected | None:
    """On wherever there is a DVC project."""
    files = ctx.subject.files
    found = [p for p in files if p.endswith(_PROJECT)]
    tracked = sum(1 for path in files if kind_of(path))
    if not found or not tracked:
        return None
    return Detected(
        evidence=f"{min(found)}, {counted(tracked, 'DVC file')}",
        fallback={"retrievable": False},
        comments=(
            'signature = "strict"  # hash data anew on every run',
            'unreachable = "inconclusive"  # for forks, which have no credentials for the remote',
            'max_size = "5 MB"  # from here on a file belongs in DVC, not in git',
        ),
    )
