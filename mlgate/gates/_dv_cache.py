"""At commit: does the cache hold what changed pointers name, as they name it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates._dv_ground import Ground, add_again, stated, target
from mlgate.gates._dv_work import named
from mlgate.sources._dvc import manifests, objects
from mlgate.sources._dvc.objects import Key
from mlgate.sources._dvc.versions import Owned

_MANIFEST = 256 << 20


def check(ground: Ground) -> Iterator[Finding]:
    """Every object that the base does not name, files of directories included."""
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
