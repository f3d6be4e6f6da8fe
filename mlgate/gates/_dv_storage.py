"""Are the bytes of every version there: in the cache at commit, in the remote later?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates import _dv_versioned as versioned
from mlgate.gates._dv_ground import Ground, add_again, noted, quoted, stated, target
from mlgate.gates._dv_work import named
from mlgate.sources._dvc import manifests, objects
from mlgate.sources._dvc.asking import Unreachable
from mlgate.sources._dvc.remotes import Held, ask
from mlgate.sources._dvc.versions import Owned

if TYPE_CHECKING:
    from mlgate.sources._dvc.config import Config, Remote

Key = tuple[str, str]
_MANIFEST = 256 << 20
_KEPT = 32 << 20


def cache(ground: Ground) -> Iterator[Finding]:
    """At commit: does the cache hold what changed pointers name, as they name it?"""
    earlier = _hashes_of(ground.base.owned()) if ground.base else set()
    for owned in ground.owned:
        out = owned.out
        if not owned.in_remote or out.versioned or not ground.touched(owned.file):
            continue
        if not out.hash or (out.algorithm, out.hash) in earlier:
            continue
        folder = ground.config(owned.root).cache
        key = (out.algorithm, out.hash)
        try:
            size = objects.size(folder, key)
        except OSError as error:
            ground.errors.append(GateError(f"the cache {folder} cannot be read: {error.strerror}"))
            return
        if size is None:
            text = f"{shown(out.path)}: the cache has no object {out.hash}"
            mend = f"{add_again(owned)}   # from another clone: dvc fetch {target(owned)}"
            yield stated("not-in-cache", text, owned.file, out.line, mend)
        elif out.is_folder:
            yield from _folder_in_cache(owned, folder)
        elif out.size is not None and size != out.size:
            text = f"{shown(out.path)}: {out.size:,} bytes are recorded, its object has {size:,}"
            yield stated("size", text, owned.file, out.line, add_again(owned))


def _hashes_of(owned: Iterable[Owned]) -> set[Key]:
    return {(one.out.algorithm, one.out.hash) for one in owned if one.out.hash}


def _folder_in_cache(owned: Owned, folder: str) -> Iterator[Finding]:
    out = owned.out
    hash_ = str(out.hash)
    try:
        raw = objects.read(folder, out.algorithm, hash_, _MANIFEST)
        members = manifests.read_manifest(raw or b"", hash_)
    except (OSError, manifests.Broken) as error:
        text = f"{shown(out.path)}: the manifest {hash_} in the cache is damaged: {error}"
        yield stated("cache-damaged", text, owned.file, out.line, add_again(owned))
        return
    if out.nfiles is not None and out.nfiles != len(members):
        text = f"{shown(out.path)}: {counted(out.nfiles, 'file')} recorded, {len(members):,} there"
        yield stated("size", text, owned.file, out.line, add_again(owned))
    there = objects.sizes(folder, {out.algorithm: set(members.values())})[out.algorithm]
    gone = [name for name, md5 in members.items() if md5 not in there]
    if gone:
        text = f"{shown(out.path)}: the cache lacks {len(gone):,} of its files: {named(gone)}"
        yield stated("not-in-cache", text, owned.file, out.line, add_again(owned))
    total = 0 if gone else sum(map(there.__getitem__, members.values()))
    if not gone and out.size is not None and total != out.size:
        text = f"{shown(out.path)}: {out.size:,} bytes are recorded, its objects have {total:,}"
        yield stated("size", text, owned.file, out.line, add_again(owned))


class Remotes:
    """The remotes of all versions of a range, each asked about all of them at once."""

    def __init__(self, ground: Ground, history: Iterable[Owned]) -> None:
        self._ground = ground
        self.objects = 0
        """How many were looked for."""
        self.names: list[str] = []
        self._groups: dict[tuple[str, str | None], list[Owned]] = {}
        self.notes: list[Finding] = []
        self._wanted_remote = ground.ctx.options.remote
        for owned in (*ground.owned, *history):
            self._take(owned)

    def _take(self, owned: Owned) -> None:
        out = owned.out
        if out.external:
            return  # it lies elsewhere
        if owned.imported is not None and owned.imported.is_repository and out.hash:
            return  # its bytes are with that repository
        elif versioned.is_kept(owned) or (
            owned.in_remote and out.algorithm in ("md5", "md5-dos2unix")
        ):
            name = out.remote or self._wanted_remote
            self._groups.setdefault((owned.root, name), []).append(owned)
        elif out.cache and out.hash and not out.push:
            text = f"{shown(out.path)} is not pushed by its own wish (`push: false`)"
            self.notes.append(noted("not-asked", text, owned.file))

    def check(self) -> Iterator[Finding]:
        """Every object of every version: there, and of the right size."""
        for (root, name), group in self._groups.items():
            config = self._ground.config(root)
            remote = config.remote(name)
            if remote is None:
                yield from _no_remote(name, config.remotes, group)
                continue
            if not remote.is_versioned:
                group = [owned for owned in group if owned.out.hash]
            if not remote.is_folder and not self._ground.ctx.network:
                yield from self._without_network(remote, group)
                continue
            try:
                if remote.is_versioned:
                    yield from self._versions(config, remote, group)
                elif group:
                    yield from self._group(remote, group)
            except Unreachable as error:
                yield from self._ground.unreachable(error)
        yield from {note.message: note for note in self.notes}.values()

    def _without_network(self, remote: Remote, group: list[Owned]) -> Iterator[Finding]:
        count = counted(len(group), "version")
        if self._ground.ctx.named:
            self._ground.errors.append(
                Unreachable(
                    f"{count} were not looked for in the remote {remote.name}: --offline",
                    "run without --offline",
                )
            )
            return
        text = f"{count} not looked for in {remote.name} ({remote.url}): that needs the network"
        yield noted("not-asked", text, None, "name the gate in a policy: mlgate init")

    def _versions(self, config: Config, remote: Remote, group: list[Owned]) -> Iterator[Finding]:
        self.names.append(remote.name)
        self.objects += sum(len(owned.out.kept) for owned in group)
        yield from versioned.check(self._ground, config, remote, group)

    def _group(self, remote: Remote, group: list[Owned]) -> Iterator[Finding]:
        ctx, config = self._ground.ctx, self._ground.config(group[0].root)
        self.names.append(remote.name)
        tops = {_key(owned): owned for owned in group}
        folders = [key for key in tops if key[1].endswith(".dir")]
        known = {key: found for key in folders if (found := self._known(key, config.cache))}
        wanted: objects.Wanted = {}
        for key in tops:
            wanted.setdefault(key[0], set()).add(key[1])
        for key in known:
            wanted[key[0]].update(known[key].values())
        unknown = [key for key in folders if key not in known]
        self.objects += sum(map(len, wanted.values()))
        ctx.progress(0, self.objects)
        held = ask(ctx, config, remote, wanted, unknown, ctx.options.requests)
        late: objects.Wanted = {}
        for key, raw in held.contents.items():
            try:
                known[key] = manifests.read_manifest(raw, key[1])
            except manifests.Broken as error:
                yield _damaged(tops[key], remote, f"its manifest is damaged: {error}", [key])
                continue
            self._remember(key, raw)
            fresh = set(known[key].values()) - wanted[key[0]]
            late.setdefault(key[0], set()).update(fresh)
        if any(late.values()):
            more = ask(ctx, config, remote, late, (), ctx.options.requests)
            for algorithm, sizes in more.sizes.items():
                held.sizes[algorithm].update(sizes)
            self.objects += sum(map(len, late.values()))
        ctx.progress(self.objects, self.objects)
        for owned in {(_key(o), o.file, o.out.path): o for o in group}.values():
            yield from self._version(remote, owned, held, known)

    def _version(
        self, remote: Remote, owned: Owned, held: Held, known: dict[Key, dict[str, str]]
    ) -> Iterator[Finding]:
        out, key = owned.out, _key(owned)
        size = held.sizes[key[0]].get(key[1])
        if size is None:
            what = f"{shown(out.path)}{_when(owned)}"
            yield stated("not-in-remote", f"{what} is not in the remote {remote.name}",
                         _place(self._ground, owned), out.line, _push(owned, remote))  # fmt: skip
            return
        if not out.is_folder:
            expected = out.size if out.size is not None else self._cached_size(owned)
            # DVC 2 counted the bytes before it made line ends alike, so its sizes hold as well.
            if expected is not None and size != expected:
                text = f"its object there has {size:,} bytes, the data has {expected:,}"
                yield _damaged(owned, remote, text, [key])
        elif key in known:
            yield from self._members(remote, owned, held, known[key])

    def _members(
        self, remote: Remote, owned: Owned, held: Held, members: dict[str, str]
    ) -> Iterator[Finding]:
        out = owned.out
        sizes = held.sizes[out.algorithm]
        if not sizes.keys() >= set(members.values()):
            gone = [name for name, md5 in members.items() if md5 not in sizes]
            text = (
                f"{shown(out.path)}{_when(owned)}: {len(gone):,} of {counted(len(members), 'file')}"
                f" not in the remote {remote.name}: {named(gone)}"
            )
            yield stated("members-missing", text, _place(self._ground, owned), out.line,
                         _repair(owned, remote, [_key(owned)]))  # fmt: skip
            return
        if out.nfiles is not None and out.nfiles != len(members):
            text = (
                f"{shown(out.path)}: {counted(out.nfiles, 'file')} recorded, {len(members):,} there"
            )
            yield stated("size", text, _place(self._ground, owned), out.line, add_again(owned))
        total = sum(map(sizes.__getitem__, members.values()))
        if out.size is not None and total != out.size:
            bad = self._wrong(remote, members, sizes, out.algorithm)
            text = f"its files there have {total:,} bytes together, the data has {out.size:,}"
            if bad:
                text += f": {named(list(bad))}"
            yield _damaged(owned, remote, text, [(out.algorithm, h) for h in bad.values()]
                           or [_key(owned)])  # fmt: skip

    def _wrong(
        self, remote: Remote, members: dict[str, str], sizes: dict[str, int], algorithm: str
    ) -> dict[str, str]:
        """Members whose object is not what it should be: told by the cache, or by its own hash."""
        config = self._ground.config("")
        cached = objects.sizes(config.cache, {algorithm: set(members.values())})[algorithm]
        found = {}
        for name, md5 in members.items():
            size, right = sizes[md5], cached.get(md5)
            if right is None and remote.is_folder:
                path = os.path.join(remote.url, objects.place(algorithm, md5))
                if objects.file_hash(path, algorithm) != md5:
                    found[name] = md5
            elif right is not None and size != right:
                found[name] = md5
        return found

    def _cached_size(self, owned: Owned) -> int | None:
        return objects.size(self._ground.config(owned.root).cache, _key(owned))

    def _known(self, key: Key, cache: str) -> dict[str, str] | None:
        """The members of a manifest that the cache or our store has."""
        try:
            raw = objects.read(cache, *key, _MANIFEST)
            if raw:
                return manifests.read_manifest(raw, key[1])
        except (OSError, manifests.Broken):
            pass
        store, mark = self._ground.ctx.store, _mark(key)
        stored = store.get("memos", [mark], self._today).get(mark) if store else None
        try:
            return manifests.read_manifest(stored, key[1]) if stored else None
        except manifests.Broken:
            return None

    def _remember(self, key: Key, raw: bytes) -> None:
        store = self._ground.ctx.store
        if store and len(raw) <= _KEPT:
            store.put("memos", {_mark(key): raw}, self._today)

    @property
    def _today(self) -> int:
        return int(self._ground.ctx.now.timestamp() // 86400)


def _mark(key: Key) -> bytes:
    return digest_of(f"manifest {key[0]} {key[1]}".encode()).digest()


def _key(owned: Owned) -> Key:
    return owned.out.algorithm, str(owned.out.hash)


def _when(owned: Owned) -> str:
    return f" as of commit {owned.commit[:7]}" if owned.commit else ""


def _place(ground: Ground, owned: Owned) -> str | None:
    return owned.file if owned.file in ground.ctx.subject.files else None


def _push(owned: Owned, remote: Remote) -> str:
    if owned.commit:
        return f"dvc push -r {quoted(remote.name)} --all-commits"
    return f"dvc push -r {quoted(remote.name)} {target(owned)}"


def _repair(owned: Owned, remote: Remote, keys: list[Key]) -> str:
    """Remove what is wrong, then push: DVC does not send what it believes to be there."""
    places = [objects.place(*key) for key in keys[:3]]
    if remote.is_folder:
        paths = " ".join(quoted(os.path.join(remote.url, place)) for place in places)
        return f"rm {paths} && {_push(owned, remote)}"
    urls = " ".join(quoted(f"{remote.url.rstrip('/')}/{place}") for place in places)
    if remote.url.startswith("s3://"):
        return (
            " && ".join(f"aws s3 rm {url}" for url in urls.split()) + f" && {_push(owned, remote)}"
        )
    return f"delete {urls}, then: {_push(owned, remote)}"


def _damaged(owned: Owned, remote: Remote, text: str, keys: list[Key]) -> Finding:
    message = (
        f"{shown(owned.out.path)}{_when(owned)} is damaged in the remote {remote.name}: {text}"
    )
    path = None if owned.commit else owned.file
    help = _repair(owned, remote, keys)
    return stated("remote-damaged", message, path, owned.out.line, help)


def _no_remote(name: str | None, known: dict[str, Remote], group: list[Owned]) -> Iterator[Finding]:
    count = counted(len({_key(owned) for owned in group}), "version")
    if name:
        text = f"{count} of data belong in the remote {name!r}, which no configuration names"
        mend = f"dvc remote add {quoted(name)} URL"
    elif known:
        text = f"{count} of data, {counted(len(known), 'remote')}, but no default"
        mend = f"dvc remote default {quoted(min(known))}"
    else:
        text = f"{count} of data are on this machine alone: there is no remote"
        mend = "dvc remote add -d NAME URL && dvc push"
    yield stated("no-remote", text, group[0].file, None, mend)
