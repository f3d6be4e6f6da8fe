"""Finds the repository and asks git questions, one process each, several at once where wanted."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping

from mlgate import process
from mlgate.core.errors import GateError, RepositoryError
from mlgate.core.patterns import later

# git-lfs is never started: its smudging asks the network, its cleaning writes into .git/lfs.
_WITHOUT_LFS = (
    *("-c", "filter.lfs.clean=", "-c", "filter.lfs.smudge="),
    *("-c", "filter.lfs.process=", "-c", "filter.lfs.required=false"),
)
_OURS = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # the same, for git before 2.44
    "GIT_LFS_SKIP_SMUDGE": "1",
}
_OFFLINE = ("GIT_NO_LAZY_FETCH", "GIT_ALLOW_PROTOCOL")
_UNWANTED = later(r"GIT_(TRACE.*|ICASE_PATHSPECS|GLOB_PATHSPECS|NOGLOB_PATHSPECS|PREFIX)")


class Asked:
    """A git command on its way; `read` waits for what it says."""

    def __init__(
        self, args: tuple[str, ...], cwd: str, env: Mapping[str, str], ok: tuple[int, ...] = (0,)
    ) -> None:
        self._args = args
        self._ok = ok
        self._lock = threading.Lock()
        self._said: bytes | None = None
        try:
            self._child = process.start(("git", *_WITHOUT_LFS, *args), cwd=cwd, env=env)
        except GateError as error:
            raise RepositoryError(error.message, "install git 2.31 or newer") from None

    def read(self, stdin: bytes = b"") -> bytes:
        """Standard output, however often asked. Raises `RepositoryError` in git's own words."""
        with self._lock:
            if self._said is None:
                self._said = self._wait(stdin)
            return self._said

    def _wait(self, stdin: bytes) -> bytes:
        try:
            out, err = self._child.communicate(stdin)
        except BaseException:
            process.end_group(self._child)
            raise
        if self._child.returncode not in self._ok:
            raise _refusal(self._args, os.fsdecode(err), self._child.returncode)
        return out


def decoded(raw: bytes) -> str:
    """Git's bytes as snapshots hold them: UTF-8, other bytes surrogate-escaped."""
    return raw.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The bytes that `decoded` came from."""
    return text.encode("utf-8", "surrogateescape")


class Repository:
    """A work tree and its git directory; every question to git goes through it."""

    def __init__(
        self,
        root: str,
        git_dir: str,
        common_dir: str,
        object_format: str,
        head: str | None,
        environ: Mapping[str, str],
    ) -> None:
        self.root = root
        self.git_dir = git_dir
        """Absolute; the private one of a linked worktree."""
        self.common_dir = common_dir
        self.object_format = object_format
        """`sha1` or `sha256`."""
        self.head = head
        """The full id of HEAD's commit; None on an unborn branch."""
        self.environ = environ

    @property
    def index_file(self) -> str:
        """The index that git uses: a temporary one under `git commit PATH`."""
        return self.environ.get("GIT_INDEX_FILE") or os.path.join(self.git_dir, "index")

    @property
    def journal(self) -> str:
        """Where `mlgate fix` writes down what it is about to do; gone when it is done."""
        return os.path.join(self.git_dir, "mlgate", "journal")

    def git(self, *args: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> bytes:
        """Standard output of one git command. Raises `RepositoryError` unless it ends in `ok`."""
        return self.start(*args, ok=ok).read(stdin)

    def start(
        self,
        *args: str,
        ok: tuple[int, ...] = (0,),
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        network: bool = False,
    ) -> Asked:
        """Start one git command without waiting for it; `env` is added to its environment.

        Only with `network` may it ask a remote, also for objects that a partial clone lacks.
        """
        full = {**self.environ, **(env or {})}
        if network:
            full = {k: v for k, v in full.items() if k not in _OFFLINE}
        return Asked(args, cwd or self.root, full, ok)


def find(start: str, environ: Mapping[str, str]) -> Repository:
    """The repository that the folder `start` belongs to.

    Raises `RepositoryError` where there is none, it is bare, or git does not trust its owner.
    """
    env = {k: v for k, v in environ.items() if not _UNWANTED.fullmatch(k)} | _OURS
    asked = Asked(
        (
            *("rev-parse", "--path-format=absolute", "--show-toplevel", "--absolute-git-dir"),
            *("--git-common-dir", "--show-object-format", "--revs-only", "HEAD"),
        ),
        start,
        env,
    )
    lines = os.fsdecode(asked.read()).splitlines()
    if len(lines) not in (4, 5):
        raise RepositoryError(
            f"git does not say where the repository around {start} lies",
            "mlgate needs git 2.31 or newer, and a folder name without line breaks",
        )
    root, git_dir, common_dir, object_format = lines[:4]
    head = lines[4] if len(lines) == 5 else None
    return Repository(
        root, git_dir, common_dir, object_format, head, _anchored(env, start, root, git_dir)
    )


def _anchored(env: dict[str, str], start: str, root: str, git_dir: str) -> dict[str, str]:
    """`env` with the paths that git took relative to `start` made absolute."""
    if env.get("GIT_DIR") or env.get("GIT_WORK_TREE"):
        env |= {"GIT_DIR": git_dir, "GIT_WORK_TREE": root}
    if env.get("GIT_INDEX_FILE"):
        env["GIT_INDEX_FILE"] = os.path.join(os.path.abspath(start), env["GIT_INDEX_FILE"])
    return env


def _refusal(args: tuple[str, ...], words: str, code: int) -> RepositoryError:
    """Git's own words, with the command that mends what they complain about."""
    trust = re.search(r"git config --global --add safe\.directory .*", words)
    if trust:
        return RepositoryError("git does not trust the owner of this repository", trust[0].strip())
    if "not a git repository" in words:
        return RepositoryError(
            "not a git repository", "run mlgate inside one, or make one with: git init"
        )
    if "must be run in a work tree" in words:
        return RepositoryError(
            "this is a git directory without a work tree",
            "run mlgate in a checkout: git worktree add ../checkout",
        )
    said = " ".join(words.replace("fatal: ", "").split()) or f"exit code {code}"
    return RepositoryError(f"git {args[0]}: {said}")
