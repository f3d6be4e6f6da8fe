"""The refs of a model's chain and tags: fetched, read at rest, and moved all or none."""

from __future__ import annotations

import os
import time

from mlgate.core.errors import RepositoryError
from mlgate.core.patterns import later
from mlgate.registries._registry import RegistryError, moved
from mlgate.repo.git import Repository, decoded

Rows = dict[str, tuple[str, str, int]]
"""By name: a ref's object, what that tag points to, and when it was made, in seconds."""

_FORMAT = "%(refname)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)"
_LOOKS = 50
_RACE = later(
    r"stale info|fetch first|non-fast-forward|already exists|cannot lock|incorrect old value"
    r"|failed to update ref"
)
_WORDLESS = "exit code 1"
"""How a quiet fetch ends that reached the remote, and found a ref that would go back."""
_DECLINED = later(r"hook declined|pre-receive|protected|denied|deny updating")


class Refs:
    """Those of a remote, copied below refs/mlgate/remote, or the repository's own."""

    def __init__(self, repo: Repository, remote: str | None) -> None:
        self._repo = repo
        self._remote = remote

    @property
    def tags(self) -> str:
        """Where tags are read."""
        return self._fetched("refs/tags/") if self._remote else "refs/tags/"

    def chain(self, model: str) -> str:
        """Where the chain's newest record is read."""
        return self._fetched(written(model)) if self._remote else written(model)

    def _fetched(self, ref: str) -> str:
        """Where a ref of the remote lies here, once it was fetched."""
        below = ref.removeprefix("refs/").removeprefix("mlgate/")
        return f"refs/mlgate/remote/{self._remote}/{below}"

    def fetch(self, model: str) -> None:
        """Tags may have moved, which is said later; a chain that was seen here only grows."""
        ours, chain = self.tags, self.chain(model)
        try:
            self._repo.start(
                *("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head"),
                *("--no-recurse-submodules", "--no-auto-maintenance", str(self._remote)),
                f"refs/mlgate/promotions/{model}/*:{chain.rpartition('/')[0]}/*",
                f"+refs/tags/{model}@*:{ours}{model}@*",
                f"+refs/tags/{model}#*:{ours}{model}#*",
                network=True,
            ).read()
        except RepositoryError as error:
            if error.message.endswith(_WORDLESS):
                raise RegistryError(
                    f"broken chain: the remote {self._remote} no longer holds the chain of {model} "
                    "that was fetched here before: somebody rewrote it",
                    f"bring it back: git push -f {self._remote} {chain}:{written(model)}; or, if "
                    f"that was meant, forget what was fetched: git update-ref -d {chain}",
                ) from None
            raise RegistryError(
                f"the registry cannot be reached: {error.message}",
                f"see that the remote answers: git ls-remote {self._remote}",
            ) from None

    def at_rest(self, model: str) -> Rows:
        """The chain and the model's tags, as no transaction had them half written: git shows a
        reader one after another. Writers move the chain last, so until then its lock is there."""
        chain, tips = self.chain(model), f"{self.tags}{model}"
        for _ in range(_LOOKS):
            before = self._tip(chain)
            rows = self._rows(chain, f"{tips}@*", f"{tips}#*")
            same = before == rows.get(chain, ("",))[0] == self._tip(chain)
            if same and not os.path.exists(os.path.join(self._repo.common_dir, f"{chain}.lock")):
                break
            time.sleep(0.01)
        return rows

    def _tip(self, chain: str) -> str:
        try:
            with open(os.path.join(self._repo.common_dir, chain), encoding="ascii") as file:
                return file.read().strip()
        except OSError:  # packed, or there is none
            return self._rows(chain).get(chain, ("",))[0]

    def _rows(self, *patterns: str) -> Rows:
        out = decoded(self._repo.git("for-each-ref", f"--format={_FORMAT}", *patterns))
        rows = [line.split("\0") for line in out.splitlines()]
        return {name: (id_, target, int(when or 0)) for name, id_, target, when in rows}

    def publish(self, model: str, refs: dict[str, str], token: str) -> None:
        """Move the chain on from `token`, and make the tags; nothing where it is not there now.

        Raises `Moved` if somebody was faster, `RegistryError` if it cannot be.
        """
        chain = written(model)
        if self._remote:
            self._push(model, refs, token)
        lines = ["start"]
        for ref, id_ in sorted(refs.items(), key=lambda row: row[0] == chain):  # see at_rest
            if self._remote:
                lines += [f"update {ref} {id_}", f"update {self._fetched(ref)} {id_}"]
            elif ref == chain:
                lines.append(f"update {ref} {id_} {token or '0' * len(id_)}")
            else:
                lines.append(f"create {ref} {id_}")
        script = "\n".join([*lines, "prepare", "commit", ""])
        try:
            self._repo.git("update-ref", "--stdin", stdin=script.encode())
        except RepositoryError as error:
            if self._remote:  # it is in the registry; only this clone does not show it yet
                return
            if self._rows(chain).get(chain, ("",))[0] != token:
                raise moved(model) from None
            raise RegistryError(f"the tags cannot be written: {error.message}") from None

    def _push(self, model: str, refs: dict[str, str], token: str) -> None:
        chain = written(model)
        leases = [f"--force-with-lease={ref}:{token if ref == chain else ''}" for ref in refs]
        specs = [f"{id_}:{ref}" for ref, id_ in refs.items()]
        try:
            self._repo.start(
                *("push", "--quiet", "--atomic", "--no-verify", "--no-follow-tags"),
                *("--recurse-submodules=no", *leases, str(self._remote), *specs),
                network=True,
            ).read()
        except RepositoryError as error:
            if _RACE.search(error.message) and not _DECLINED.search(error.message):
                raise moved(model) from None
            raise RegistryError(
                f"the promotion could not be pushed: {error.message}",
                f"see that you may push tags and refs/mlgate/* to {self._remote}",
            ) from None


def written(model: str) -> str:
    """The ref of the chain, in the registry itself."""
    return f"refs/mlgate/promotions/{model}/chain"
