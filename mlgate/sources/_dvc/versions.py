"""All data versions that one snapshot names: its pointers, pipelines and locks, put together."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct

from mlgate.sources._dvc.facts import Import, Lock, Out, Pipeline, Pointer
from mlgate.sources._dvc.pipelines import declared, read_pipeline
from mlgate.sources._dvc.pointers import kind_of, read_lock, read_pointer


class Owned(Struct, frozen=True, kw_only=True):
    """An output, and the file that names its version."""

    out: Out
    file: str
    """The `.dvc` file, or the `dvc.lock`."""
    stage: str | None = None
    imported: Import | None = None
    root: str = ""
    """The folder of the DVC project, relative to the repository's root."""
    commit: str | None = None
    """The first commit of the range that names it; None: the subject does."""

    @property
    def in_remote(self) -> bool:
        """True if a remote must hold it: what is imported from a repository is there instead, and
        what lies outside of this one is nowhere else."""
        out, elsewhere = self.out, self.imported is not None and self.imported.is_repository
        return out.cache and out.push and bool(out.hash) and not (elsewhere or out.external)


class Versions(Struct, frozen=True):
    """What one snapshot names."""

    pointers: dict[str, Pointer]
    pipelines: dict[str, Pipeline]
    locks: dict[str, Lock]
    roots: tuple[str, ...]

    def owned(self) -> Iterator[Owned]:
        """Every output, as its pipeline declares it."""
        for path, pointer in self.pointers.items():
            root = root_of(path, self.roots)
            for out in pointer.outs:
                yield Owned(out=out, file=path, imported=pointer.imported, root=root)
        for path, lock in self.locks.items():
            yield from owned_by_lock(lock, self.pipeline_of(path), root_of(path, self.roots))

    def pipeline_of(self, lock: str) -> Pipeline | None:
        """The pipeline that a lock belongs to."""
        return self.pipelines.get(posixpath.join(posixpath.dirname(lock), "dvc.yaml"))


def owned_by_lock(lock: Lock, pipeline: Pipeline | None, root: str) -> Iterator[Owned]:
    """The outputs of a lock with what `dvc.yaml` says of them."""
    for name, stage in lock.stages.items():
        for out in stage.outs:
            told = declared(pipeline, name, out.written)
            if told is not None:
                out = msgspec.structs.replace(
                    out, cache=told.cache, push=told.push, remote=told.remote, kind=told.kind
                )
            yield Owned(out=out, file=lock.path, stage=name, root=root)


def read_versions(paths: Iterable[str], read: Callable[[str], bytes]) -> Versions:
    """The pointers, pipelines and locks among `paths`."""
    paths = tuple(paths)
    kinds = {path: kind for path in paths if (kind := kind_of(path))}
    pipelines = {p: read_pipeline(p, read(p)) for p, kind in kinds.items() if kind == "pipeline"}
    locks = {}
    for path, kind in kinds.items():
        if kind == "lock":
            pipeline = pipelines.get(posixpath.join(posixpath.dirname(path), "dvc.yaml"))
            locks[path] = lock_of(path, read(path), pipeline)
    pointers = {p: read_pointer(p, read(p)) for p, kind in kinds.items() if kind == "pointer"}
    return Versions(pointers, pipelines, locks, roots_of(paths))


def lock_of(path: str, raw: bytes, pipeline: Pipeline | None) -> Lock:
    """The lock at `path`, its paths relative to the folders of its pipeline's stages."""
    return read_lock(path, raw, _Folders(pipeline) if pipeline else None)


class _Folders(Mapping[str, str]):
    """Stage to folder; generated stages (`train@a`) have that of their template."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._stages = pipeline.stages

    def __getitem__(self, name: str) -> str:
        group = name if name in self._stages else name.partition("@")[0]
        return self._stages[group].wdir

    def __iter__(self) -> Iterator[str]:
        return iter(self._stages)

    def __len__(self) -> int:
        return len(self._stages)


def roots_of(paths: Iterable[str]) -> tuple[str, ...]:
    """The folders that are DVC projects, the longest first."""
    ends = ("/.dvc/config", "/.dvc/.gitignore")
    found = {path.rpartition("/.dvc/")[0] for path in paths if path.endswith(ends)}
    top = {"" for path in paths if path in (".dvc/config", ".dvc/.gitignore")}
    return tuple(sorted(found | top, key=len, reverse=True))


def root_of(path: str, roots: Iterable[str]) -> str:
    """The DVC project that a file belongs to."""
    return next((root for root in roots if not root or path.startswith(root + "/")), "")
