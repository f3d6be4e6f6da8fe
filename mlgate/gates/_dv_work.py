"""Is the data that lies in the work tree the version that the commit names?"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping

from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates._dv_ground import Ground, add_again, noted, stated
from mlgate.sources._dvc import manifests, objects
from mlgate.sources._dvc.signatures import listed
from mlgate.sources._dvc.versions import Owned, lock_of

_NAMED = 5
_MANIFEST = 256 << 20


def check(ground: Ground) -> Iterator[Finding]:
    """Compare what is present; what is absent is no finding here."""
    if ground.ctx.past:
        return
    for owned in ground.owned:
        out = owned.out
        if out.hash is None or out.versioned or not out.cache or out.external:
            continue
        if out.algorithm not in ("md5", "md5-dos2unix"):
            continue
        if not ground.touched(owned.file, out.path):
            continue
        try:
            yield from _compared(ground, owned)
        except OSError as error:
            text = f"{shown(error.filename or out.path)} cannot be read: {error.strerror or error}"
            yield stated("changed", text, owned.file, out.line, f"ls -l {shown(out.path)}")


def _compared(ground: Ground, owned: Owned) -> Iterator[Finding]:
    out, full = owned.out, ground.full(owned.out.path)
    try:
        status = os.stat(full)
    except (FileNotFoundError, NotADirectoryError):
        return
    if out.is_folder != stat.S_ISDIR(status.st_mode):
        now = "a directory" if stat.S_ISDIR(status.st_mode) else "a file"
        yield _changed(ground, owned, f"{shown(out.path)} is {now} now")
    elif out.is_folder:
        yield from _folder(ground, owned, full)
    elif stat.S_ISREG(status.st_mode):
        yield from _file(ground, owned, full, status.st_size)


def _file(ground: Ground, owned: Owned, full: str, size: int) -> Iterator[Finding]:
    """By its hash: a size alone may be what the pointer has wrong."""
    out = owned.out
    odd = out.size is not None and out.algorithm == "md5" and size != out.size
    text = f": {size:,} bytes, {out.size:,} are recorded" if odd else ""
    if ground.signatures.file(full, out.algorithm) != out.hash:
        yield _changed(ground, owned, f"{shown(out.path)} was changed{text}")
    elif odd:
        message = f"{shown(out.path)} is as recorded but for its size{text}"
        yield stated("size", message, owned.file, out.line, add_again(owned))


def _changed(ground: Ground, owned: Owned, message: str) -> Finding:
    if _repro_wrote_it(ground, owned):
        text = f"{message}, as the dvc.lock of the work tree says: dvc repro ran here"
        return noted("changed", text, owned.file)
    return stated("changed", message, owned.file, owned.out.line, add_again(owned))


def _repro_wrote_it(ground: Ground, owned: Owned) -> bool:
    """True where the work tree's own lock, not the commit's, has the hash of what lies there."""
    if owned.stage is None or owned.out.is_folder:
        return False
    path = ground.full(owned.file)
    try:
        with open(path, "rb") as file:
            raw = file.read(1 << 25)
    except OSError:
        return False
    lock = lock_of(owned.file, raw, ground.versions.pipeline_of(owned.file))
    stage = lock.stages.get(owned.stage)
    now = [out for out in stage.outs if out.path == owned.out.path] if stage else []
    if not now or now[0].hash in (None, owned.out.hash):
        return False
    return ground.signatures.file(ground.full(owned.out.path), now[0].algorithm) == now[0].hash


def _folder(ground: Ground, owned: Owned, full: str) -> Iterator[Finding]:
    out = owned.out
    folder = listed(full, _inside(ground, owned), ignorer(ground, out.path))
    for name in folder.odd:
        text = f"{shown(f'{out.path}/{name}')} is no regular file of this data"
        yield stated("odd-member", text, owned.file, out.line)
    if ground.signatures.is_known(full, folder, out.algorithm, str(out.hash)):
        return
    hashes = ground.signatures.folder(full, folder, out.algorithm)
    if manifests.manifest_hash(hashes) == out.hash:
        return
    yield _changed(ground, owned, f"{shown(out.path)} was changed: {_how(ground, owned, hashes)}")


def _inside(ground: Ground, owned: Owned) -> Callable[[str], bool]:
    """Whether a linked member is data: in the cache, or in the repository."""
    homes = (os.path.realpath(ground.config(owned.root).cache), os.path.realpath(ground.work))
    return lambda path: os.path.realpath(path).startswith(tuple(home + os.sep for home in homes))


def _how(ground: Ground, owned: Owned, hashes: Mapping[str, str]) -> str:
    """Which members were added, removed, modified."""
    try:
        raw = objects.read(
            ground.config(owned.root).cache, owned.out.algorithm, str(owned.out.hash), _MANIFEST
        )
        recorded = manifests.read_manifest(raw, str(owned.out.hash)) if raw else None
    except (OSError, manifests.Broken):
        recorded = None
    if recorded is None:
        return f"{counted(len(hashes), 'file')} there are not those that are recorded"
    added = [name for name in hashes if name not in recorded]
    removed = [name for name in recorded if name not in hashes]
    modified = [name for name, hash_ in hashes.items() if recorded.get(name, hash_) != hash_]
    parts = [("added", added), ("removed", removed), ("modified", modified)]
    return "; ".join(f"{named(names)} {what}" for what, names in parts if names)


def named(names: list[str]) -> str:
    """The first of many names, and how many more there are."""
    names = sorted(names)
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(map(shown, names[:_NAMED])) + more


def ignorer(ground: Ground, top: str) -> Callable[[str, bool], bool] | None:
    """What `.dvcignore` files hide below the directory `top`; None where they hide nothing."""
    patterns: list[str] = []
    for path, entry in ground.ctx.subject.files.items():
        if path.rpartition("/")[2] != ".dvcignore" or not entry.is_file:
            continue
        folder = path.rpartition("/")[0]
        if folder and not (f"{top}/").startswith(f"{folder}/"):
            continue
        raw = ground.ctx.subject.read(path).decode("utf-8", "surrogateescape")
        patterns += [_anchored(folder, line) for line in raw.splitlines() if _counts(line)]
    if not patterns:
        return None
    import pathspec

    spec = pathspec.GitIgnoreSpec.from_lines(patterns)
    return lambda name, is_folder: spec.match_file(f"{top}/{name}" + ("/" if is_folder else ""))


def _counts(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _anchored(folder: str, line: str) -> str:
    """A pattern of the .dvcignore in `folder`, relative to the root."""
    if not folder:
        return line
    sign, body = ("!", line[1:]) if line.startswith("!") else ("", line)
    inner = body.rstrip().rstrip("/")
    start = f"/{folder}/" if "/" in inner else f"/{folder}/**/"
    return sign + start + body.lstrip("/")
