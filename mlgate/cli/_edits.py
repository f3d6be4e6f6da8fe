"""Turns what a gate would mend into replacements: of work-tree files, or of what is staged."""

from __future__ import annotations

import os
from collections.abc import Iterator

from mlgate.core.errors import RepositoryError, UsageError
from mlgate.core.gate import Edit
from mlgate.core.text import plain, shown
from mlgate.repo import staging
from mlgate.repo.git import Repository, decoded
from mlgate.repo.journal import Replacement
from mlgate.repo.staging import Restaged


class Half(UsageError):
    """A file that cannot be mended without mixing what is staged with what is not; `edit` is what
    would have been written."""

    def __init__(self, edit: Edit, why: str, hint: str) -> None:
        super().__init__(f"{shown(edit.path)} {why}", hint)
        self.edit = edit


def half_staged(repo: Repository) -> frozenset[str]:
    """Paths that differ between HEAD and the index, and again between the index and the tree."""
    asked = ("diff", "--name-only", "-z", "--no-ext-diff", "--ignore-submodules")
    staged, loose = (
        set(decoded(repo.git(*asked, *more)).split("\0")) for more in (("--cached",), ())
    )
    return frozenset(staged & loose - {""})


def in_work_tree(repo: Repository, edits: list[Edit]) -> Iterator[Replacement | Half]:
    """Each edit as the replacement of a file; of a half-staged one only the reason why not."""
    half = half_staged(repo) if edits else frozenset()
    for edit in edits:
        if edit.path in half:
            yield Half(
                edit,
                "has staged and unstaged changes",
                "mlgate fix --staged mends what is staged; or apply this by hand:",
            )
        else:
            yield Replacement(edit.path, edit.before, edit.after)


def in_index(repo: Repository, edits: list[Edit]) -> Iterator[Replacement | Half]:
    """Each edit of a staged file as its new blob, carried over into the work tree as well."""
    there = staging.entries(repo, [edit.path for edit in edits])
    for edit in edits:
        before = _read(repo.root, edit.path)
        after = edit.after if before in (None, edit.before) else _merged(repo, edit, before or b"")
        if after is None:
            yield Half(
                edit,
                "has unstaged changes in the same lines",
                "stage or stash them, and run mlgate fix --staged again; or apply this by hand:",
            )
            continue
        mode, old = there[edit.path]
        new = staging.store(repo, edit.path, edit.after)
        yield Replacement(edit.path, before, after, Restaged(edit.path, mode, old, new))


def _read(root: str, path: str) -> bytes | None:
    """The bytes in the work tree; None where there is no plain file."""
    from mlgate.repo import content

    full = os.path.join(root, *path.split("/"))
    if content.Links(root).above(path) or os.path.islink(full) or not os.path.isfile(full):
        return None
    with open(full, "rb") as file:
        return file.read()


def _merged(repo: Repository, edit: Edit, ours: bytes) -> bytes | None:
    """The work tree's content with the edit in it; None where they contradict one another."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="mlgate-") as folder:
        names = [os.path.join(folder, name) for name in ("ours", "before", "after")]
        for name, data in zip(names, (ours, edit.before, edit.after), strict=True):
            with open(name, "wb") as file:
                file.write(data)
        try:
            merged = repo.git("merge-file", "-p", "-q", *names)
        except RepositoryError:
            return None
    return merged if _sound(edit.path, merged) else None


def _sound(path: str, merged: bytes) -> bool:
    """False for a notebook that lines put together did not leave one."""
    if not path.endswith(".ipynb"):
        return True
    import json

    try:
        json.loads(merged)
    except (ValueError, RecursionError):
        return False
    return True


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
