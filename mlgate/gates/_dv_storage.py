"""Are the bytes of every version in the remote, whole?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mlgate.core.digests import digest_of
from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates import _dv_versioned as versioned
from mlgate.gates._dv_ground import Ground, add_again, not_asked, noted, stated
from mlgate.gates._dv_repairs import damaged, key_of, no_remote, place_of, push, repair, when
from mlgate.gates._dv_work import named
from mlgate.sources._dvc import manifests, objects
from mlgate.sources._dvc.asking import Unreachable
from mlgate.sources._dvc.objects import Key
from mlgate.sources._dvc.remotes import Held, ask

if TYPE_CHECKING:
    from mlgate.sources._dvc.config import Config, Remote
    from mlgate.sources._dvc.versions import Owned

_MANIFEST = 256 << 20
_KEPT = 32 << 20


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
                yield from no_remote(name, config.remotes, group)
                continue
            if not remote.is_versioned:
                group = [owned for owned in group if owned.out.hash]
            if not self._ground.ctx.options.retrievable:
                count = counted(len(group), "version")
                yield not_asked(f"{count} not looked for in {remote.name} ({remote.url})")
                continue
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
        tops = {key_of(owned): owned for owned in group}
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
                yield damaged(
                    self._ground, tops[key], remote, f"its manifest is damaged: {error}", [key]
                )
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
        for owned in {(key_of(o), o.file, o.out.path): o for o in group}.values():
            yield from self._version(remote, owned, held, known)

    def _version(
        self, remote: Remote, owned: Owned, held: Held, known: dict[Key, dict[str, str]]
    ) -> Iterator[Finding]:
        ground, out, key = self._ground, owned.out, key_of(owned)
        size = held.sizes[key[0]].get(key[1])
        if size is None:
            what = f"{shown(out.path)}{when(owned)}"
            text, mend = f"{what} is not in the remote {remote.name}", push(ground, owned, remote)
            yield stated("not-in-remote", text, place_of(ground, owned), out.line, mend)
            return
        if not out.is_folder:
            expected = out.size if out.size is not None else self._cached_size(owned)
            # DVC 2 counted the bytes before it made line ends alike, so its sizes hold as well.
            if expected is not None and size != expected:
                text = f"its object there has {size:,} bytes, the data has {expected:,}"
                yield damaged(self._ground, owned, remote, text, [key])
        elif key in known:
            yield from self._members(remote, owned, held, known[key])

    def _members(
        self, remote: Remote, owned: Owned, held: Held, members: dict[str, str]
    ) -> Iterator[Finding]:
        out = owned.out
        sizes = held.sizes[out.algorithm]
        if not sizes.keys() >= set(members.values()):
            gone = [name for name, md5 in members.items() if md5 not in sizes]
            lost = [(out.algorithm, members[name]) for name in gone]
            text = (
                f"{shown(out.path)}{when(owned)}: {len(gone):,} of {counted(len(members), 'file')}"
                f" not in the remote {remote.name}: {named(gone)}"
            )
            yield stated("members-missing", text, place_of(self._ground, owned), out.line,
                         repair(self._ground, owned, remote, [], lost))  # fmt: skip
            return
        if out.nfiles is not None and out.nfiles != len(members):
            text = (
                f"{shown(out.path)}: {counted(out.nfiles, 'file')} recorded, {len(members):,} there"
            )
            yield stated("size", text, place_of(self._ground, owned), out.line, add_again(owned))
        total = sum(map(sizes.__getitem__, members.values()))
        if out.size is not None and total != out.size:
            bad = self._wrong(remote, owned, members, sizes)
            text = f"its files there have {total:,} bytes together, the data has {out.size:,}"
            if bad:
                text += f": {named(list(bad))}"
            spoiled = [(out.algorithm, hash_) for hash_ in bad.values()]
            yield damaged(self._ground, owned, remote, text, spoiled)

    def _wrong(
        self, remote: Remote, owned: Owned, members: dict[str, str], sizes: dict[str, int]
    ) -> dict[str, str]:
        """Members whose object is not what it should be: told by the cache, or by its own hash."""
        config, algorithm = self._ground.config(owned.root), owned.out.algorithm
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
        return objects.size(self._ground.config(owned.root).cache, key_of(owned))

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
