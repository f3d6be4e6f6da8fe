"""A repository's native git hooks: where they lie, whose they are, putting in and taking out."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping

from msgspec import Struct

from mlgate.core.errors import UsageError
from mlgate.repo.git import Repository

NAMES = ("pre-commit", "pre-push")
EARLIER = ".before-mlgate"
_OURS = b"Written by `mlgate install`"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Place(Struct, frozen=True, kw_only=True):
    """The folder in which git looks for this repository's hooks."""

    folder: str
    shared_by: str | None = None
    """The configuration (`global`, `system`) that gives it to other repositories too."""
    tracked: bool = False
    """True inside the work tree, where hooks are files like others."""


def place(repo: Repository) -> Place:
    """Where git looks for hooks: `core.hooksPath`, or the common directory of all worktrees."""
    asked = repo.git("rev-parse", "--path-format=absolute", "--git-path", "hooks")
    folder = os.fsdecode(asked).rstrip("\n")
    said = repo.git("config", "--show-scope", "--get", "core.hooksPath", ok=(0, 1))
    scope = os.fsdecode(said).split("\t", 1)[0] if said else ""
    inside = os.path.realpath(folder).startswith(os.path.realpath(repo.root) + os.sep)
    in_git = os.path.realpath(folder).startswith(os.path.realpath(repo.common_dir) + os.sep)
    return Place(
        folder=folder,
        shared_by=scope if scope in ("global", "system") else None,
        tracked=inside and not in_git,
    )


def is_ours(path: str) -> bool:
    """True if the hook at `path` was written by `mlgate install`."""
    try:
        with open(path, "rb") as file:
            return _OURS in file.read(4096)
    except OSError:
        return False


def states(where: Place) -> Mapping[str, str]:
    """Each of our hooks' names with `installed`, `another's` or `none`."""
    found = {}
    for name in NAMES:
        path = os.path.join(where.folder, name)
        if is_ours(path):
            found[name] = "installed"
        else:
            found[name] = "another's" if os.path.lexists(path) else "none"
    return found


def put_in(where: Place, name: str) -> str:
    """Write one hook, keep what is there to be called first, and say what was done.

    Raises `UsageError` where two earlier hooks claim the place, or nothing can be written.
    """
    path = os.path.join(where.folder, name)
    earlier = path + EARLIER
    fresh = _content(name)
    if is_ours(path):
        if _read(path) == fresh:
            return "is installed already"
        _write(path, fresh)
        return "renewed"
    if not os.path.lexists(path):
        _write(path, fresh)
        if os.path.lexists(earlier):
            return f"installed; calls {name}{EARLIER} first"
        return "installed"
    if os.path.lexists(earlier):
        raise UsageError(
            f"{path} is not mlgate's, and {name}{EARLIER} beside it is an earlier hook too",
            f"keep one of them: remove {path}, or {earlier}",
        )
    os.rename(path, earlier)
    _write(path, fresh)
    return f"installed; the hook that was there is now {name}{EARLIER} and is called first"


def take_out(where: Place, name: str) -> str:
    """Remove one hook, put back what was there before, and say what was done."""
    path = os.path.join(where.folder, name)
    if not is_ours(path):
        return "is not mlgate's: left alone" if os.path.lexists(path) else "is not installed"
    if os.path.lexists(path + EARLIER):
        os.replace(path + EARLIER, path)
        return "removed; the hook that was there before is back"
    os.unlink(path)
    return "removed"


def _content(name: str) -> bytes:
    """The hook as the package brings it, with the interpreter and package in use filled in."""
    for folder in (os.path.join(_PACKAGE, "hooks"), os.path.join(_PACKAGE, os.pardir, "hooks")):
        source = os.path.join(folder, name)
        if os.path.exists(source):
            break
    text = os.fsdecode(_read(source))
    text = text.replace("python=''", f"python={shlex.quote(sys.executable)}", 1)
    return os.fsencode(text.replace("package=''", f"package={shlex.quote(_PACKAGE)}", 1))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, content: bytes) -> None:
    part = f"{path}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(part, "wb") as file:
            file.write(content)
        os.chmod(part, 0o755)  # noqa: S103 - git runs only hooks that are executable
        os.replace(part, path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "correct the folder's permissions"
        ) from None
