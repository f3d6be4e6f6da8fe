"""`git`: annotated tags as GTO writes them, and a chain of records under a ref of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import NamedTuple

from mlgate.core.errors import RepositoryError
from mlgate.core.patterns import later
from mlgate.core.text import plain
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
    moved,
    natural,
)
from mlgate.repo.git import Repository, decoded

_TAG = later(
    r"(?P<model>[^@#]+)(?:@(?P<version>v\d+\.\d+\.\d+[\w.+-]*)|#(?P<alias>[\w/-]+?))"
    r"(?P<gone>!?)(?:#(?P<counter>\d+))?"
)
_FORMAT = "%(refname)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)"
_LOOKS = 50
_NOBODY = "mlgate <mlgate@localhost>"
_RACE = later(
    r"stale info|fetch first|non-fast-forward|already exists|cannot lock|incorrect old value"
    r"|failed to update ref"
)
_WORDLESS = "exit code 1"
"""How a quiet fetch ends that reached the remote, and found a ref that would go back."""
_DECLINED = later(r"hook declined|pre-receive|protected|denied|deny updating")


class _Tag(NamedTuple):
    """A tag that says something about the model."""

    commit: str
    version: str | None
    alias: str | None
    gone: bool
    counter: int
    when: int


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
            self._fetch(model)
        chain, tips = self._chain(model), f"{self._tags}{model}"
        rows = self._at_rest(chain, f"{tips}@*", f"{tips}#*")
        if not rows and not self.reached:
            raise RegistryError(
                f"{model} was never fetched here from the remote {self._remote}",
                "leave out --offline",
            )
        token = rows.pop(chain, ("", "", 0))[0]
        tags = [tag for name, row in rows.items() if (tag := self._tag(model, name, row))]
        tags.sort(key=lambda tag: (tag.when, tag.counter))
        self._last = max((tag.when for tag in tags), default=0)
        self._counters = {}
        for tag in tags:
            if tag.alias is not None:
                self._counters[tag.alias] = max(tag.counter, self._counters.get(tag.alias, 0))
        versions = _versions(tags)
        return Held(
            versions=tuple(sorted(versions.values(), key=lambda v: natural(v.name))),
            aliases=_aliases(tags, versions),
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
        refs = {self._chain(model, here=False): self._commit(made, model, held, record)}
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

    # -- refs ------------------------------------------------------------------------------------

    @property
    def _tags(self) -> str:
        return self._fetched("refs/tags/") if self._remote else "refs/tags/"

    def _chain(self, model: str, here: bool = True) -> str:
        name = f"refs/mlgate/promotions/{model}/chain"
        return self._fetched(name) if here and self._remote else name

    def _fetched(self, ref: str) -> str:
        """Where a ref of the remote lies here, once it was fetched."""
        below = ref.removeprefix("refs/").removeprefix("mlgate/")
        return f"refs/mlgate/remote/{self._remote}/{below}"

    def _fetch(self, model: str) -> None:
        """Tags may have moved, which is said later; a chain that was seen here only grows."""
        ours, chain = self._tags, self._chain(model)
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
                    f"bring it back: git push -f {self._remote} "
                    f"{chain}:{self._chain(model, here=False)}; or, if that was meant, forget what "
                    f"was fetched: git update-ref -d {chain}",
                ) from None
            raise RegistryError(
                f"the registry cannot be reached: {error.message}",
                f"see that the remote answers: git ls-remote {self._remote}",
            ) from None

    def _at_rest(self, chain: str, *patterns: str) -> dict[str, tuple[str, str, int]]:
        """The refs, as no transaction had them half written: git shows a reader one after another.
        Writers move the chain last, so until then its lock is there."""
        for _ in range(_LOOKS):
            before = self._tip(chain)
            rows = self._refs(chain, *patterns)
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
            return self._refs(chain).get(chain, ("",))[0]

    def _refs(self, *patterns: str) -> dict[str, tuple[str, str, int]]:
        out = decoded(self._repo.git("for-each-ref", f"--format={_FORMAT}", *patterns))
        rows = [line.split("\0") for line in out.splitlines()]
        return {name: (id_, target, int(when or 0)) for name, id_, target, when in rows}

    def _tag(self, model: str, name: str, row: tuple[str, str, int]) -> _Tag | None:
        said = _TAG.fullmatch(name.removeprefix(self._tags))
        if said is None or said["model"] != model:
            return None
        counter = int(said["counter"] or 0)
        gone = bool(said["gone"])
        return _Tag(row[1] or row[0], said["version"], said["alias"], gone, counter, row[2])

    def _records(self, model: str, tip: str) -> Iterator[bytes]:
        names = self._files(tip)
        for number, name in enumerate(sorted(names), 1):
            if name != f"{number:08d}.json":
                raise RegistryError(
                    f"broken chain: record {number} of {model} is missing in {self._chain(model)}",
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
        if self._remote:
            self._push(model, refs, token)
        chain = self._chain(model, here=False)
        lines = ["start"]
        for ref, id_ in sorted(refs.items(), key=lambda row: row[0] == chain):  # see _at_rest
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
            if self._refs(chain).get(chain, ("",))[0] != token:
                raise moved(model) from None
            raise RegistryError(f"the tags cannot be written: {error.message}") from None

    def _push(self, model: str, refs: dict[str, str], token: str) -> None:
        chain = self._chain(model, here=False)
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


def _versions(tags: list[_Tag]) -> dict[str, Version]:
    """Those that were registered and not taken back since, by their commits' newest."""
    found: dict[str, Version] = {}
    for tag in tags:
        if tag.version is not None:
            found.pop(tag.version, None)
            if not tag.gone:
                found[tag.version] = Version(name=tag.version, commit=tag.commit)
    return found


def _aliases(tags: list[_Tag], versions: dict[str, Version]) -> dict[str, str]:
    """The newest assignment of each alias that was not taken back."""
    at = {version.commit: version.name for version in versions.values()}
    held: dict[str, list[str]] = {}
    for tag in tags:
        if tag.alias is None:
            continue
        commits = held.setdefault(tag.alias, [])
        commits[:] = [commit for commit in commits if commit != tag.commit]
        if not tag.gone:
            commits.append(tag.commit)
    return {
        alias: at.get(commits[-1], f"commit {commits[-1][:7]}")
        for alias, commits in held.items()
        if commits
    }


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
