"""`git`: annotated tags as GTO writes them, and a chain of records under a ref of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from mlgate.core.errors import RepositoryError
from mlgate.core.patterns import later
from mlgate.core.text import plain
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
_NOBODY = {
    f"GIT_COMMITTER_{part}": value
    for part, value in (("NAME", "mlgate"), ("EMAIL", "mlgate@localhost"))
}
_REFUSED = later(r"stale info|fetch first|non-fast-forward|already exists|cannot lock|rejected")


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
    return Tags(place.repo, wanted)


class Tags:
    """`MODEL@v1.0.0` registers, `MODEL#ALIAS#N` assigns (https://mlem.ai/doc/gto)."""

    registers = True
    atomic = True

    def __init__(self, repo: Repository, remote: str | None) -> None:
        self._repo = repo
        self._remote = remote
        self.label = f"git, remote {remote}" if remote else "git, this repository"
        self._last = 0
        self._counters: dict[str, int] = {}
        """The highest number that an alias's tags have, whoever made them."""

    def read(self, model: str) -> Held:
        """What the remote holds, once it was fetched into refs of our own."""
        checked(model)
        if self._remote:
            self._fetch(model)
        chain, tips = self._chain(model), f"{self._tags}{model}"
        rows = self._refs(chain, f"{tips}@*", f"{tips}#*")
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
        number = len(held.records) + 1
        refs = {self._chain(model, here=False): self._commit(model, held, record, number)}
        if new is not None:
            refs |= self._made(f"{model}@{new.version.name}", new.version.commit or "", number)
        if move is not None:
            version = new.version if new is not None else held.version(move.version)
            commit = version.commit if version else None
            refs |= self._assigned(model, move.alias, commit or "", number)
        self._publish(model, refs, held.token)

    def point(self, model: str, move: Move) -> None:
        """A tag of its own, so that GTO, too, sees what the chain says."""
        held = self.read(model)
        version = held.version(move.version)
        commit = version.commit if version else None
        refs = self._assigned(model, move.alias, commit or "", len(held.records))
        self._publish(model, refs, held.token)

    def digests(self, model: str, version: str) -> dict[str, str] | None:
        """Tags keep no files: the commit does."""
        return None

    # -- refs ------------------------------------------------------------------------------------

    @property
    def _tags(self) -> str:
        return f"refs/mlgate/remote/{self._remote}/tags/" if self._remote else "refs/tags/"

    def _chain(self, model: str, here: bool = True) -> str:
        base = f"refs/mlgate/remote/{self._remote}" if here and self._remote else "refs/mlgate"
        return f"{base}/promotions/{model}/chain"

    def _fetch(self, model: str) -> None:
        ours = self._tags
        try:
            self._repo.start(
                *("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head"),
                *("--no-recurse-submodules", "--no-auto-maintenance", str(self._remote)),
                f"+refs/mlgate/promotions/{model}/*:{self._chain(model).rpartition('/')[0]}/*",
                f"+refs/tags/{model}@*:{ours}{model}@*",
                f"+refs/tags/{model}#*:{ours}{model}#*",
                network=True,
            ).read()
        except RepositoryError as error:
            raise RegistryError(
                f"the registry cannot be reached: {error.message}",
                f"see that the remote answers: git ls-remote {self._remote}",
            ) from None

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
        listed = decoded(self._repo.git("ls-tree", "-z", "--full-tree", tip)).split("\0")[:-1]
        names = {}
        for line in listed:
            head, _, name = line.partition("\t")
            names[name] = head.split()[2]
        for number, name in enumerate(sorted(names), 1):
            if name != f"{number:08d}.json":
                raise RegistryError(
                    f"broken chain: record {number} of {model} is missing in {self._chain(model)}",
                    "bring the ref back from another clone: git push REMOTE refs/mlgate/...",
                )
        ids = [names[name] for name in sorted(names)]
        yield from _blobs(self._repo, ids)

    # -- objects ---------------------------------------------------------------------------------

    def _commit(self, model: str, held: Held, record: bytes, number: int) -> str:
        repo = self._repo
        blob = repo.git("hash-object", "-w", "--stdin", stdin=record).decode("ascii").strip()
        rows = f"100644 blob {blob}\t{number:08d}.json\0".encode()
        if held.token:
            rows = repo.git("ls-tree", "-z", "--full-tree", held.token) + rows
        tree = repo.git("mktree", "-z", stdin=rows).decode("ascii").strip()
        parent = ("-p", held.token) if held.token else ()
        who = _NOBODY | {k.replace("COMMITTER", "AUTHOR"): v for k, v in _NOBODY.items()}
        made = repo.start(
            *("commit-tree", "--no-gpg-sign", "-m", f"Record {number} of {model}", *parent, tree),
            env=who,
        )
        return made.read().decode("ascii").strip()

    def _made(self, name: str, commit: str, number: int) -> dict[str, str]:
        """An annotated tag, not yet under its ref. GTO orders them by their seconds, so none is
        given a second that another has."""
        self._last = max(int(time.time()), self._last + 1)
        text = (
            f"object {commit}\ntype commit\ntag {name}\n"
            f"tagger mlgate <mlgate@localhost> {self._last} +0000\n\n"
            f"{name}, by record {number} of its chain\n"
        )
        try:
            made = self._repo.git("mktag", stdin=text.encode())
        except RepositoryError as error:
            raise RegistryError(
                f"the tag {name} cannot be made: {error.message}", "git fetch --tags"
            ) from None
        return {f"refs/tags/{name}": made.decode("ascii").strip()}

    def _assigned(self, model: str, alias: str, commit: str, number: int) -> dict[str, str]:
        count = max(number, self._counters.get(alias, 0) + 1)
        return self._made(f"{model}#{checked(alias, 'alias')}#{count}", commit, number)

    def _publish(self, model: str, refs: dict[str, str], token: str) -> None:
        if self._remote:
            self._push(model, refs, token)
        chain = self._chain(model, here=False)
        lines = ["start"]
        for ref, id_ in refs.items():
            if self._remote:
                lines.append(f"update {ref} {id_}")
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
            if _REFUSED.search(error.message) and "pre-receive" not in error.message:
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


def _blobs(repo: Repository, ids: list[str]) -> Iterator[bytes]:
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
