"""The private folder in which a snapshot's bytes are laid out where they do not lie in the tree."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError, RepositoryError
from mlgate.repo import content
from mlgate.repo.git import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlgate.core.snapshot import Entry
    from mlgate.repo.git import Repository


class Layout:
    """One snapshot's private folder; grows as files are asked for, never changes what it holds."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._lock = threading.Lock()
        self._there: set[str] = set()
        self._folder = ""
        self._rounds = 0

    def add(
        self,
        stored: Mapping[str, Entry],
        attributes: Mapping[str, Entry],
        copied: Iterable[str] = (),
    ) -> str:
        """The folder, holding `stored` as git checks them out and `copied` from the work tree.

        `attributes` are the `.gitattributes` files that decide how they are checked out.
        """
        with self._lock:
            if not self._folder:
                from mlgate.scratch import private_folder

                self._folder = os.path.join(private_folder(), "tree")
                os.mkdir(self._folder, 0o700)
            missing = {p: e for p, e in stored.items() if p not in self._there}
            self._check_out({p: e for p, e in missing.items() if e.mode != "160000"}, attributes)
            for path, entry in missing.items():
                if entry.mode == "160000":  # an empty folder, as git itself leaves it
                    os.makedirs(os.path.join(self._folder, path), exist_ok=True)
            self._there.update(missing)
            for path in copied:
                if path not in self._there:
                    self._copy(path)
        return self._folder

    def _copy(self, path: str) -> None:
        target = os.path.join(self._folder, path)
        content.copy(self._repo.root, path, target)
        self._there.add(path)

    def _check_out(self, wanted: Mapping[str, Entry], attributes: Mapping[str, Entry]) -> None:
        """Let git write `wanted`, through an index of our own that holds nothing else."""
        if not wanted:
            return
        self._rounds += 1
        env = {
            "GIT_DIR": self._repo.git_dir,
            "GIT_WORK_TREE": self._folder,
            "GIT_INDEX_FILE": f"{self._folder}.index{self._rounds}",
        }
        lines = "".join(
            f"{entry.mode} {entry.id} 0\t{path}\0"
            for path, entry in {**attributes, **wanted}.items()
        )
        try:
            self._git(env, "update-index", "-z", "--index-info", stdin=lines)
            self._git(
                env,
                *("-c", "core.symlinks=true", "-c", "core.sparseCheckout=false"),
                *("checkout-index", "-q", "-f", "-z", "--stdin"),
                stdin="\0".join(wanted),
            )
        except RepositoryError as error:
            raise GateError(
                f"git cannot check out what is judged: {error.message}",
                "bring missing objects with: git fetch --refetch --no-filter origin",
            ) from None

    def _git(self, env: Mapping[str, str], *args: str, stdin: str) -> None:
        self._repo.start(*args, cwd=self._folder, env=env).read(encoded(stdin))
