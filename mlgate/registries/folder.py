"""`folder:PATH`: a directory with versions, aliases and history, on a shared disk or not."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from mlgate.core.patterns import later
from mlgate.core.text import shown
from mlgate.registries._registry import (
    LARGEST,
    Held,
    Move,
    New,
    Place,
    RegistryError,
    Version,
    checked,
    moved,
    moved_past,
    natural,
)

USUAL = ".mlgate/registry"
_RECORD = later(r"\d{8}\.json")
_CHUNK = 1 << 20
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class _Written(Struct, frozen=True, omit_defaults=True):
    """`version.json`."""

    name: str
    commit: str | None = None


def registry(place: Place, rest: str) -> Folder:
    """The registry in the folder `rest`, relative to the repository's root."""
    path = os.path.join(place.repo.root, os.path.expanduser(rest or USUAL))
    return Folder(os.path.normpath(path))


class Folder:
    """`MODEL/versions/vN/` with the model's own bytes, `MODEL/aliases/`, `MODEL/history/`."""

    registers = True
    atomic = False
    reached = True

    def __init__(self, root: str) -> None:
        self.root = self.folder = root
        self.label = f"folder:{root}"

    def read(self, model: str) -> Held:
        """What lies there."""
        with _named(self.root):
            records = tuple(self._records(model))
            return Held(
                versions=tuple(self._versions(model)),
                aliases=dict(self._aliases(model)),
                records=records,
                token=str(len(records)),
            )

    def next_version(self, held: Held) -> str:
        """`v1`, `v2`, ..."""
        numbers = [v.name[1:] for v in held.versions if v.name[1:].isdigit()]
        return f"v{max(map(int, numbers), default=0) + 1}"

    def append(
        self, model: str, held: Held, record: bytes, *, new: New | None, move: Move | None
    ) -> None:
        """A record is a file of the next number, which exactly one writer can make."""
        with _named(self.root):
            folder = self._made(model, "history")
            path = os.path.join(folder, f"{int(held.token) + 1:08d}.json")
            if move is not None and not os.path.exists(path):
                self._unmoved(model, held.aliases.get(move.alias), move)
            if new is not None:
                self._register(model, new)
            partial = _written(folder, record)
            try:
                os.link(partial, path)
            except FileExistsError:
                raise moved(model) from None
            finally:
                os.unlink(partial)
            _flush(folder)
        if move is not None:
            self.point(model, move)

    def point(self, model: str, move: Move) -> None:
        """An alias is a small file that is replaced at once."""
        with _named(self.root):
            folder = self._made(model, "aliases")
            partial = _written(folder, f"{move.version}\n".encode())
            os.replace(partial, os.path.join(folder, checked(move.alias, "alias")))

    def digests(self, model: str, version: str) -> dict[str, str] | None:
        """Of the bytes that lie in the version's folder."""
        root = os.path.join(self._folder(model, "versions"), version, "files")
        found = {}
        with _named(self.root):
            for folder, _, names in os.walk(root):
                for name in names:
                    path = os.path.join(folder, name)
                    found[os.path.relpath(path, root).replace(os.sep, "/")] = _sha256(path)
        return found

    # -- what lies where -------------------------------------------------------------------------

    def _folder(self, model: str, part: str) -> str:
        return os.path.join(self.root, checked(model), part)

    def _made(self, model: str, part: str) -> str:
        folder = self._folder(model, part)
        os.makedirs(folder, exist_ok=True)
        return folder

    def _records(self, model: str) -> Iterator[bytes]:
        folder = self._folder(model, "history")
        names = sorted(name for name in _listed(folder) if _RECORD.fullmatch(name))
        for number, name in enumerate(names, 1):
            if name != f"{number:08d}.json":
                raise RegistryError(
                    f"broken chain: record {number} of {model} is missing in {shown(folder)}",
                    "bring it back from a copy: nothing behind it can be trusted",
                )
            yield _content(os.path.join(folder, name))

    def _versions(self, model: str) -> Iterator[Version]:
        folder = self._folder(model, "versions")
        for name in sorted(_listed(folder), key=natural):
            if name.startswith("."):
                continue
            path = os.path.join(folder, name, "version.json")
            try:
                said = msgspec.json.decode(_content(path), type=_Written)
            except msgspec.DecodeError:
                raise RegistryError(
                    f"{shown(path)} cannot be understood", "bring it back from a copy"
                ) from None
            yield Version(name=name, commit=said.commit)

    def _unmoved(self, model: str, before: str | None, move: Move) -> None:
        """Raises `Moved` where the alias is no longer what it was when it was looked at."""
        now = dict(self._aliases(model)).get(move.alias)
        if now != before:
            raise moved_past(model, move, before, now)

    def _aliases(self, model: str) -> Iterator[tuple[str, str]]:
        folder = self._folder(model, "aliases")
        for name in sorted(_listed(folder)):
            if not name.startswith("."):
                content = _content(os.path.join(folder, name))
                yield name, content.decode("utf-8", "replace").strip()

    def _register(self, model: str, new: New) -> None:
        """The version's folder, complete or not there at all."""
        import shutil

        folder = self._made(model, "versions")
        target = os.path.join(folder, new.version.name)
        partial = os.path.join(folder, f".partial-{os.getpid()}-{os.urandom(4).hex()}")
        try:
            os.mkdir(partial)
            for path, lies in new.files.items():
                copy = os.path.join(partial, "files", *path.split("/"))
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                shutil.copyfile(lies, copy)
                if _sha256(copy) != new.digests[path]:
                    raise _swapped(path)
            said = _Written(new.version.name, new.version.commit)
            with open(os.path.join(partial, "version.json"), "wb") as file:
                file.write(msgspec.json.encode(said) + b"\n")
            os.rename(partial, target)
        except OSError:
            if os.path.isdir(target):
                raise moved(model) from None
            raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _swapped(path: str) -> RegistryError:
    return RegistryError(
        f"swapped model: {shown(path)} was changed after it was judged",
        "see who writes there, and promote again",
    )


def _written(folder: str, content: bytes) -> str:
    """A new file in `folder`, on the disk with all its bytes."""
    import tempfile

    descriptor, path = tempfile.mkstemp(dir=folder, prefix=".partial-")
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), 0o644)
    return path


def _flush(folder: str) -> None:
    """A new name is safe once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def _content(path: str) -> bytes:
    with open(os.open(path, _FLAGS), "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise RegistryError(f"{shown(path)} is too large for a record", "bring it back from a copy")
    return content


def _sha256(path: str) -> str:
    total = hashlib.sha256()
    with open(os.open(path, _FLAGS), "rb") as file:
        while chunk := file.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()


@contextlib.contextmanager
def _named(root: str) -> Iterator[None]:
    """Turns what the system says of a file into an error that a user can act on."""
    try:
        yield
    except OSError as error:
        where = shown(os.fsdecode(error.filename)) if error.filename else shown(root)
        raise RegistryError(
            f"the registry {shown(root)} cannot be used: {where}: {error.strerror or error}",
            "see that the folder is there, that you may write to it, and that it is not full",
        ) from None
