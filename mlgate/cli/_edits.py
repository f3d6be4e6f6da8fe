"""Writes what a gate would mend: whole files, atomically, and only where nobody else is at work."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from mlgate.core.errors import UsageError
from mlgate.core.gate import Edit
from mlgate.core.text import plain, shown
from mlgate.repo.git import Repository, decoded


class Half(UsageError):
    """A file with staged and unstaged changes; `edit` is what would have been written."""

    def __init__(self, edit: Edit) -> None:
        super().__init__(
            f"{shown(edit.path)} has staged and unstaged changes",
            "stage or stash the rest of it, and run mlgate fix again; or apply this by hand:",
        )
        self.edit = edit


def half_staged(repo: Repository) -> frozenset[str]:
    """Paths that differ between HEAD and the index, and again between the index and the tree."""
    asked = ("diff", "--name-only", "-z", "--no-ext-diff", "--ignore-submodules")
    staged, loose = (
        set(decoded(repo.git(*asked, *more)).split("\0")) for more in (("--cached",), ())
    )
    return frozenset(staged & loose - {""})


def write(root: str, edit: Edit) -> None:
    """Replace one file's content, its mode kept.

    Raises `UsageError` where the file is no longer what the gate saw, or no plain file in the
    repository, or cannot be written; it is then untouched.
    """
    path = os.path.join(root, *edit.path.split("/"))
    folder, name = os.path.split(path)
    inside = os.path.realpath(folder)
    if inside != os.path.realpath(root) and not inside.startswith(os.path.realpath(root) + os.sep):
        raise UsageError(f"{shown(edit.path)} lies outside the repository", "remove the link to it")
    part = os.path.join(folder, f".{name}.{os.getpid()}.mlgate")
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode) or _content(path) != edit.before:
            raise UsageError(
                f"{shown(edit.path)} changed while it was looked at", "run mlgate fix again"
            )
        with open(part, "xb") as file:
            file.write(edit.after)
        os.chmod(part, stat.S_IMODE(mode))
        os.replace(part, path)
    except OSError as error:
        raise UsageError(
            f"{shown(edit.path)} cannot be written: {error.strerror}", "mend its permissions"
        ) from None
    finally:
        if os.path.lexists(part):
            os.unlink(part)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def difference(edit: Edit) -> str:
    """The edit as a unified diff."""
    return "".join(_difference(edit))


def _difference(edit: Edit) -> Iterator[str]:
    from difflib import unified_diff

    name = shown(edit.path)
    before, after = (
        text.decode("utf-8", "surrogateescape").splitlines(keepends=True)
        for text in (edit.before, edit.after)
    )
    for line in unified_diff(before, after, f"a/{name}", f"b/{name}"):
        whole = line.endswith("\n")
        yield plain(line.rstrip("\n")) + ("\n" if whole else "\n\\ No newline at end of file\n")
