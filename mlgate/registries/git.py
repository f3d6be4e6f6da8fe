"""`git`: annotated tags as GTO writes them, and a chain of records under a ref of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator

from mlgate.core.errors import RepositoryError
from mlgate.core.text import plain
from mlgate.registries import _git_tags as git_tags
from mlgate.registries._git_refs import Refs, Rows, written
from mlgate.registries._objects import Objects
from mlgate.registries._registry import (
    LARGEST,
    Held,
    Move,
    New,
    Place,
    RegistryError,
    Version,
    checked,
    natural,
)
from mlgate.repo.git import Repository, decoded

_NOBODY = "mlgate <mlgate@localhost>"


def registry(place: Place, rest: str) -> Tags:
    """The registry in the repository's remote, or in the repository itself where it has none."""
    if rest:
        raise RegistryError(
            f'registry = "git:{plain(rest)}" names too much', 'write registry = "git"'
        )
    remotes = decoded(place.repo.git("remote")).split()
    wanted = place.remote or "origin"
    if wanted not in remotes:
        if place.remote:
            raise RegistryError(
                f"there is no git remote {plain(wanted)!r}", f"git remote add {plain(wanted)} URL"
            )
        return Tags(place.repo, None)
    return Tags(place.repo, wanted, network=place.network)


class Tags:
    """`MODEL@v1.0.0` registers, `MODEL#ALIAS#N` assigns (https://mlem.ai/doc/gto)."""

    registers = True
    atomic = True
    folder = None

    def __init__(self, repo: Repository, remote: str | None, *, network: bool = True) -> None:
        self._repo = repo
        self._remote = remote
        self._refs = Refs(repo, remote)
        self.reached = network or remote is None
        place = f"remote {remote}" if remote else "this repository"
        self.label = f"git, {place}" + ("" if self.reached else " as last fetched")
        self._last = 0
        self._counters: dict[str, int] = {}
        """The highest number that an alias's tags have, whoever made them."""
        self._listed: tuple[str, dict[str, str]] = ("", {})
        """A tip of the chain, and the blobs of its records by name."""

    def read(self, model: str) -> Held:
        """What the remote holds, once it was fetched into refs of our own; without the network,
        what it held when that was last done."""
        checked(model)
        if self._remote and self.reached:
            self._refs.fetch(model)
        rows = self._refs.at_rest(model)
        if not rows and not self.reached:
            raise RegistryError(
                f"{model} was never fetched here from the remote {self._remote}",
                "leave out --offline",
            )
        token = rows.pop(self._refs.chain(model), ("", "", 0))[0]
        tags = self._tags(model, rows)
        self._last = max((tag.when for tag in tags), default=0)
        self._counters = {}
        for tag in tags:
            if tag.alias is not None:
                self._counters[tag.alias] = max(tag.counter, self._counters.get(tag.alias, 0))
        versions = git_tags.versions(tags)
        return Held(
            versions=tuple(sorted(versions.values(), key=lambda v: natural(v.name))),
            aliases=git_tags.aliases(tags, versions),
            records=tuple(self._records(model, token)) if token else (),
            token=token,
        )

    def next_version(self, held: Held) -> str:
        """One more than the last: `v0.0.1`, `v1.2.4`."""
        plain_ones = [v.name for v in held.versions if v.name[1:].replace(".", "").isdigit()]
        if not plain_ones:
            return "v0.0.1"
        major, minor, patch = max(map(natural, plain_ones))[1::2]
        return f"v{major[0]}.{minor[0]}.{patch[0] + 1}"

    def append(
        self, model: str, held: Held, record: bytes, *, new: New | None, move: Move | None
    ) -> None:
        """The record and its tags become refs in one transaction, or one atomic push."""
        number, made = len(held.records) + 1, Objects(self._repo.object_format)
        refs = {written(model): self._commit(made, model, held, record)}
        if new is not None:
            commit = new.version.commit or ""
            refs |= self._tagged(made, f"{model}@{new.version.name}", commit, number)
        if move is not None:
            version = new.version if new is not None else held.version(move.version)
            refs |= self._assigned(made, model, move.alias, version, number)
        self._publish(model, made, refs, held.token)

    def point(self, model: str, move: Move) -> None:
        """A tag of its own, so that GTO, too, sees what the chain says."""
        held, made = self.read(model), Objects(self._repo.object_format)
        version = held.version(move.version)
        refs = self._assigned(made, model, move.alias, version, len(held.records))
        self._publish(model, made, refs, held.token)

    def digests(self, model: str, version: str) -> dict[str, str] | None:
        """Tags keep no files: the commit does."""
        return None

    # -- what is there ---------------------------------------------------------------------------

    def _tags(self, model: str, rows: Rows) -> list[git_tags.Tag]:
        """What the tags say, the oldest first."""
        start = len(self._refs.tags)
        read = (
            git_tags.read(model, name[start:], target or id_, when)
            for name, (id_, target, when) in rows.items()
        )
        return sorted((tag for tag in read if tag), key=lambda tag: (tag.when, tag.counter))

    def _records(self, model: str, tip: str) -> Iterator[bytes]:
        names = self._files(tip)
        for number, name in enumerate(sorted(names), 1):
            if name != f"{number:08d}.json":
                raise RegistryError(
                    f"broken chain: record {number} of {model} is missing in "
                    f"{self._refs.chain(model)}",
                    "bring the ref back from another clone: git push REMOTE refs/mlgate/...",
                )
        yield from _contents(self._repo, [names[name] for name in sorted(names)])

    def _files(self, tip: str) -> dict[str, str]:
        if self._listed[0] != tip:
            out = decoded(self._repo.git("ls-tree", "-z", "--full-tree", tip))
            rows = [line.partition("\t") for line in out.split("\0")[:-1]]
            self._listed = tip, {name: head.split()[2] for head, _, name in rows}
        return self._listed[1]

    # -- objects ---------------------------------------------------------------------------------

    def _commit(self, made: Objects, model: str, held: Held, record: bytes) -> str:
        name = f"{len(held.records) + 1:08d}.json"
        known = self._files(held.token) if held.token else {}
        tree = made.tree(known | {name: made.add("blob", record)})
        who = f"{_NOBODY} {int(time.time())} +0000"
        return made.commit(
            tree, held.token or None, who, f"Record {len(held.records) + 1} of {model}"
        )

    def _tagged(self, made: Objects, name: str, commit: str, number: int) -> dict[str, str]:
        """An annotated tag. GTO orders them by their seconds, so none is given a second that
        another has."""
        self._last = max(int(time.time()), self._last + 1)
        who, text = f"{_NOBODY} {self._last} +0000", f"{name}, by record {number} of its chain"
        return {f"refs/tags/{name}": made.tag(name, commit, who, text)}

    def _assigned(
        self, made: Objects, model: str, alias: str, version: Version | None, number: int
    ) -> dict[str, str]:
        count = max(number, self._counters.get(alias, 0) + 1)
        name = f"{model}#{checked(alias, 'alias')}#{count}"
        return self._tagged(made, name, version.commit or "" if version else "", number)

    def _publish(self, model: str, made: Objects, refs: dict[str, str], token: str) -> None:
        try:
            made.write(self._repo)
        except RepositoryError as error:
            raise RegistryError(
                f"the record and its tags cannot be written: {error.message}",
                f"git fetch --tags {self._remote or ''}".rstrip(),
            ) from None
        self._refs.publish(model, refs, token)


def _contents(repo: Repository, ids: list[str]) -> Iterator[bytes]:
    """The contents of blobs, by one process."""
    out = repo.git("cat-file", "--batch", stdin="".join(f"{i}\n" for i in ids).encode())
    at = 0
    for _ in ids:
        end = out.index(b"\n", at)
        size = int(out[at:end].split()[-1])
        if size > LARGEST:
            raise RegistryError("a record is too large to be one of ours")
        yield out[end + 1 : end + 1 + size]
        at = end + 2 + size
