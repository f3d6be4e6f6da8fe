"""The facts that DVC's files state: outputs, dependencies, stages, and what is wrong with them."""

from __future__ import annotations

from msgspec import Struct

POINTER = ".dvc"
PIPELINE = "dvc.yaml"
LOCK = "dvc.lock"

LEGACY = "md5-dos2unix"
"""What DVC 2 hashed by: line ends of text files count as LF. Entries without `hash:` mean this."""
MD5 = "md5"


class Problem(Struct, frozen=True):
    """What is wrong with one of DVC's files, by the rule that says so."""

    rule: str
    message: str
    line: int | None = None
    help: str | None = None


class Kept(Struct, frozen=True):
    """One file as a remote of the cloud's own versions keeps it."""

    name: str
    """Relative to the output; empty for the output itself."""
    remote: str
    """Empty for the place itself that an import was taken from."""
    version: str | None
    size: int | None


class Out(Struct, frozen=True, kw_only=True):
    """One version of one output (or dependency): where it lies and which bytes it has."""

    path: str
    """Relative to the repository's root."""
    written: str
    """As the file writes it."""
    hash: str | None = None
    """Hex digits, of a directory with `.dir` behind; None where none was recorded yet."""
    algorithm: str = MD5
    size: int | None = None
    nfiles: int | None = None
    cache: bool = True
    push: bool = True
    remote: str | None = None
    """The remote that this output names for itself."""
    versioned: bool = False
    """A remote of the cloud's own versions holds it, found by version id, not by hash."""
    kept: tuple[Kept, ...] = ()
    """Of versioned outputs: every file, with what was recorded when it was pushed."""
    external: bool = False
    """It lies outside of the repository: a URL, an absolute path, or one that begins with `..`."""
    kind: str = "out"
    """`out`, `metric`, `plot` or `dep`."""
    line: int | None = None

    @property
    def is_folder(self) -> bool:
        """True if the hash is that of a manifest."""
        return self.hash is not None and self.hash.endswith(".dir")


class Import(Struct, frozen=True, kw_only=True):
    """Where the data of a pointer was imported from."""

    source: str
    """A URL, or `repository: path`."""
    is_repository: bool
    pinned: str | None
    """The commit, etag, checksum or version that was recorded."""
    url: str = ""
    """Of a repository: where it is cloned from."""
    path: str = ""
    """Of a repository: what was imported."""


class Pointer(Struct, frozen=True, kw_only=True):
    """A `.dvc` file."""

    path: str
    outs: tuple[Out, ...] = ()
    deps: tuple[Out, ...] = ()
    imported: Import | None = None
    frozen: bool = False
    meta: frozenset[str] = frozenset()
    """The keys of its `meta`."""
    problems: tuple[Problem, ...] = ()


class Locked(Struct, frozen=True, kw_only=True):
    """One stage of a `dvc.lock`; paths in `deps` and `outs` are relative to the root."""

    name: str
    cmd: str | tuple[str, ...]
    deps: tuple[Out, ...] = ()
    params: dict[str, dict[str, object]] = {}
    outs: tuple[Out, ...] = ()
    line: int | None = None


class Lock(Struct, frozen=True, kw_only=True):
    """A `dvc.lock`."""

    path: str
    stages: dict[str, Locked] = {}
    problems: tuple[Problem, ...] = ()


class StageOut(Struct, frozen=True, kw_only=True):
    """An output as `dvc.yaml` declares it."""

    written: str
    kind: str = "out"
    cache: bool = True
    push: bool = True
    remote: str | None = None


class Stage(Struct, frozen=True, kw_only=True):
    """One stage of a `dvc.yaml`."""

    name: str
    cmd: str | tuple[str, ...]
    wdir: str
    """Relative to the repository's root."""
    deps: tuple[str, ...] = ()
    """As written, relative to `wdir`."""
    params: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """File as written, and the keys of it; no keys: all of it."""
    outs: tuple[StageOut, ...] = ()
    frozen: bool = False
    always_changed: bool = False
    line: int | None = None


class Pipeline(Struct, frozen=True, kw_only=True):
    """A `dvc.yaml`."""

    path: str
    stages: dict[str, Stage] = {}
    templated: bool = False
    """It holds `${...}`, `foreach` or `matrix`, so that `stages` are not what is run."""
    artifacts: dict[str, str] = {}
    """Name to path as written."""
    problems: tuple[Problem, ...] = ()
