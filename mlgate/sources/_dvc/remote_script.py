"""Asks a DVC remote which objects it holds, or what lies at other URLs; run by the interpreter that
has the project's dvc.

Reads one JSON request on standard input, answers JSON lines ending in {"end": true}. It only asks:
no cache, link, lock, index or remote is written, and files only where the request says.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

FEW = 300
BUCKETS = ("s3", "gs", "gcs", "abfs", "az", "azure", "oss")


def main() -> None:
    out, sys.stdout = sys.stdout, sys.stderr
    request = json.loads(sys.stdin.readline())

    def say(message: dict[str, Any]) -> None:
        out.write(json.dumps(message) + "\n")

    try:
        answer(request, say)
    except Exception as error:
        say({"error": kind_of(error), "message": words(error)})
    say({"end": True})
    out.flush()
    os._exit(0)  # file systems keep threads of their own, which are of no interest any more


def answer(request: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    config = configured(request["dvc_dir"], request["config"])
    if "outside" in request:
        with ThreadPoolExecutor(max(1, min(request["jobs"], 64))) as pool:
            for at, said in enumerate(pool.map(lambda u: outside(config, *u), request["outside"])):
                say({"at": at, **said})
        return
    cls, settings, top = import_module("dvc.fs").get_cloud_fs(config, name=request["remote"])
    fs = cls(**settings)
    files = top
    if settings.get("worktree"):
        top = fs.join(top, ".dvc")
    probe(fs, top)
    jobs = max(1, min(request["jobs"], 64))
    paths = {path: fs.join(top, *path.split("/")) for path in request.get("objects", ())}
    with ThreadPoolExecutor(jobs) as pool:
        if "versions" in request:
            sizes = pool.map(lambda one: version(fs, files, *one), request["versions"])
            say({"versions": dict(enumerate(sizes))})
            return
        if len(paths) <= FEW:
            asked = pool.map(lambda path: (path, size(fs, paths[path])), paths)
            say({"sizes": dict(asked)})
        else:
            folders = sorted({path.rpartition("/")[0] for path in paths})
            for found in pool.map(lambda name: listed(fs, top, name), folders):
                say({"sizes": {k: v for k, v in found.items() if k in paths}})
        for path, content in pool.map(
            lambda p: (p, read(fs, top, p, request["largest"])), request["fetch"]
        ):
            say({"content": {path: content}})
        for _ in pool.map(lambda p: save(fs, top, p, request["save"][p]), request["save"]):
            say({})


def configured(dvc_dir: str, text: str) -> Any:
    """DVC's configuration, with `text` for the level that git keeps: that of the commit which is
    judged, whatever lies in the work tree."""
    local = import_module("dvc.fs").LocalFileSystem()

    class Judged:
        """The file system by which DVC reads that level, and nothing else."""

        def __getattr__(self, name: str) -> Any:
            return getattr(local, name)

        def open(self, _path: str, *_: Any, **__: Any) -> io.StringIO:
            return io.StringIO(text)

    make = import_module("dvc.config").Config
    try:
        return make(dvc_dir, local_dvc_dir=dvc_dir, fs=Judged())
    except TypeError:  # before DVC 3
        return make(dvc_dir, fs=Judged())


def probe(fs: Any, top: str) -> None:
    """Tell a bucket or folder that is not there from one that lacks objects."""
    if fs.protocol in BUCKETS or (isinstance(fs.protocol, tuple) and fs.protocol[0] in BUCKETS):
        bucket = str(top).strip("/").split("/")[0]
        try:
            fs.fs.ls(bucket, detail=False)
        except PermissionError:
            return  # listing may be forbidden where reading is not
        except FileNotFoundError:
            raise NoSuchPlace("there is no bucket or container " + bucket) from None


class NoSuchPlace(Exception):
    """The bucket or container does not exist."""


def size(fs: Any, path: str) -> int | None:
    try:
        return int(fs.fs.info(path)["size"])
    except (FileNotFoundError, NotADirectoryError):
        return None


def outside(config: Any, url: str, versions: list[list[str]]) -> dict[str, Any]:
    """The hash that DVC gives what lies at `url`, as `dvc status` asks for it, or which of its
    `versions` (relative path, version id) are there; or why that cannot be told."""
    try:
        more = {"version_aware": True} if versions else {}
        cls, settings, place = import_module("dvc.fs").get_cloud_fs(config, url=url, **more)
        fs = cls(**settings)
        probe(fs, place)
        if versions:
            return {"sizes": [version(fs, place, *one) for one in versions]}
        return {"hash": hashed(fs, place)}
    except Exception as error:
        return {"refused": kind_of(error), "message": words(error)}


def hashed(fs: Any, path: str) -> str | None:
    """By DVC's own reckoning: an etag or checksum of the store, else an md5; None: not there."""
    build = import_module("dvc_data.hashfile.build").build
    memory = import_module("dvc_objects.fs.memory").MemoryFileSystem()
    nowhere = import_module("dvc_data.hashfile.db").HashFileDB(memory, "/nowhere")
    try:
        _, _, found = build(nowhere, path, fs, fs.PARAM_CHECKSUM, dry_run=True)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return str(found.hash_info.value)


def version(fs: Any, top: str, path: str, version_id: str) -> int | None:
    place = fs.join(top, *path.split("/")) if path else top
    return size(fs, fs.version_path(place, version_id))


def listed(fs: Any, top: str, folder: str) -> dict[str, int | None]:
    try:
        found = fs.fs.find(fs.join(top, *folder.split("/")), detail=True)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {folder + "/" + path.rsplit("/", 1)[-1]: found[path].get("size") for path in found}


def read(fs: Any, top: str, path: str, largest: int) -> str | None:
    try:
        content = fs.fs.cat_file(fs.join(top, *path.split("/")), start=0, end=largest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return base64.b64encode(content).decode("ascii")


def save(fs: Any, top: str, path: str, target: str) -> None:
    try:
        fs.fs.get_file(fs.join(top, *path.split("/")), target)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.exists(target):
            os.unlink(target)


def chain(error: BaseException | None) -> list[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    return seen


def kind_of(error: BaseException) -> str:
    """What went wrong, in one word."""
    names = " ".join(base.__name__ for e in chain(error) for base in type(e).__mro__)
    text = " ".join(map(str, chain(error)))
    if isinstance(error, NoSuchPlace) or "NoSuchBucket" in text:
        return "no-place"
    if "ModuleNotFoundError" in names and "'dvc'" in text:
        return "no-dvc"
    if "RemoteMissingDepsError" in names or "ImportError" in names:
        return "no-plugin"
    if "NoCredentials" in names or "PartialCredentials" in names or "CredentialRetrieval" in names:
        return "no-credentials"
    if "DefaultCredentialsError" in names or "nable to locate credentials" in text:
        return "no-credentials"
    if "PermissionError" in names or "403" in text or "Forbidden" in text or "AccessDenied" in text:
        return "forbidden"
    if "RemoteNotFoundError" in names or "ConfigError" in names:
        return "config"
    if "Timeout" in names or "timed out" in text:
        return "time-out"
    return "unreachable"


def words(error: BaseException) -> str:
    return " ".join((str(error) or type(error).__name__).split())[:400]


if __name__ == "__main__":
    main()
