"""`python -m benchmarks.data_version [--quick] [--folder DIR]`: data versions beside DVC's answers.

The projects are laid out as `dvc add` and `dvc push` leave them (the same bytes in the work tree,
the cache and a directory that is the remote, linked), since DVC itself takes minutes for that.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path

import mlgate
from benchmarks.measure import Case, medians, once
from benchmarks.rows import Row, faster, paced, relative
from mlgate.sources._dvc.manifests import manifest_hash
from mlgate.sources._dvc.objects import file_hash

_CONFIG = (
    "[core]\n    remote = r\n    analytics = false\n['remote \"r\"']\n    url = ../../remote\n"
)
_GRANULAR = ["data", "status", "--json", "--not-in-remote", "--granular"]


class Laid:
    """A git and DVC project with its remote beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.tops = (self.folder / ".dvc" / "cache", folder / "remote")
        self.folder.mkdir(parents=True)
        self._git("init", "-q", "-b", "main")
        self._put(".dvc/config", _CONFIG)
        self._put(".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
        self._put(".dvcignore", "")
        self._put("mlgate.toml", "[gates.data-version]\n")

    def environ(self) -> dict[str, str]:
        """Neither DVC nor mlgate remembers anything outside of this folder."""
        top = self.folder.parent
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
            "HOME": str(top / "home"),
            "VIRTUAL_ENV": sys.prefix,
            "LANG": "C.UTF-8",
            "MLGATE_CACHE_DIR": str(top / "store"),
            "DVC_SITE_CACHE_DIR": str(top / "site"),
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def add(self, name: str, *members: tuple[str, bytes]) -> None:
        """Track a file (one member without a name) or a directory."""
        hashes: dict[str, str] = {}
        for member, content in members:
            path = self.folder / name / member if member else self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            hashes[member] = md5(content).hexdigest()
            self._keep(path, hashes[member])
        size = sum(len(content) for _, content in members)
        if "" in hashes:
            self._point(name, hashes[""], size)
            return
        import json

        rows = [{"md5": hashes[m], "relpath": m} for m in sorted(hashes)]
        manifest = self.folder / ".dvc" / "manifest"
        manifest.write_text(json.dumps(rows))
        self._keep(manifest, manifest_hash(hashes))
        manifest.unlink()
        self._point(name, manifest_hash(hashes), size, f"  nfiles: {len(hashes)}\n")

    def add_large(self, name: str, size: int) -> None:
        """Track one large file, of which most is zeros."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)
        hash_ = file_hash(str(path), "md5")
        self._keep(path, hash_)
        self._point(name, hash_, size)

    def settle(self) -> None:
        """Commit everything."""
        self._git("add", "-A")
        self._git("commit", "-q", "-m", "As it is")

    def _keep(self, path: Path, name: str) -> None:
        for top in self.tops:
            target = top / "files" / "md5" / name[:2] / name[2:]
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(path, target)

    def _point(self, name: str, hash_: str, size: int, more: str = "") -> None:
        base = Path(name).name
        text = f"outs:\n- md5: {hash_}\n  size: {size}\n{more}  hash: md5\n  path: {base}\n"
        self._put(f"{name}.dvc", text)
        ignored = self.folder / Path(name).parent / ".gitignore"
        with ignored.open("a") as file:
            file.write(f"/{base}\n")

    def _put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def _git(self, *args: str) -> None:
        who = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
        subprocess.run(["git", *who, *args], cwd=self.folder, check=True)


def rows(folder: Path, quick: bool) -> Iterator[Row]:
    """Every budget of data versions."""
    compileall.compile_dir(Path(mlgate.__file__).parent, quiet=2)
    rounds = 1 if quick else 3
    small = Laid(folder / "small")
    for n in range(3):
        small.add(f"data/{n}.csv", ("", b"%d\n" % n * 1000))
    small.settle()
    yield from _beside(small, "3 files", 0.3, rounds + 2)
    many = Laid(folder / "many")
    count = 10_000 if quick else 100_000
    many.add("data/many", *((f"{n % 100}/{n}.txt", b"%d\n" % n * 30) for n in range(count)))
    many.settle()
    yield from _beside(many, f"{count:,} files in a directory", 1.5, rounds, least=12)
    large = Laid(folder / "large")
    large.add_large("data/large.bin", (1 if quick else 5) << 30)
    large.settle()
    yield from _first_hash(large)
    yield from _beside(large, "a file of 5 GB, unchanged", 0.3, rounds + 2)


def _case(project: Laid, *argv: str) -> Case:
    program = str(Path(sys.executable).parent / argv[0])
    place = program if os.path.exists(program) else f"/usr/bin/{argv[0]}"
    return Case([[place, *argv[1:]]], project.folder, project.environ, code=None)


def _beside(
    project: Laid, what: str, most: float, rounds: int, least: float | None = None
) -> Iterator[Row]:
    """A warm check, every object looked for in the remote, beside what DVC offers."""
    cases = {
        "mlgate": _case(project, "mlgate", "check"),
        "dvc status": _case(project, "dvc", "status"),
        "dvc data status --json": _case(project, "dvc", "data", "status", "--json"),
        "... --not-in-remote --granular": _case(project, "dvc", *_GRANULAR),
    }
    beside = list(cases)[1:]
    cases["click"] = _case(project, "python", "-c", "import click")
    for case in cases.values():
        once(case)
    _let_age()
    once(cases["mlgate"])
    found = medians(cases, rounds)
    ours, click = found["mlgate"].cpu, found["click"].cpu
    for name in beside:
        yield paced(f"warm, {what}", ours, name, found[name].cpu, most, click)
    if least is not None:
        name = beside[-1]
        yield faster("the same, repeated", ours, name, found[name].cpu, least)


def _first_hash(project: Laid) -> Iterator[Row]:
    script = "from mlgate.sources._dvc.objects import file_hash; file_hash('data/large.bin', 'md5')"
    python = Case([[sys.executable, "-c", script]], project.folder, project.environ)
    theirs = _case(project, "md5sum", "data/large.bin")
    found = medians({"ours": python, "md5sum": theirs}, 3)
    yield relative("the first hash", found["ours"].cpu, "md5sum", found["md5sum"].cpu, 1.15)


def _let_age() -> None:
    """Until files are older than the grain of the clock, by which signatures are believed."""
    import time

    time.sleep(2.5)


def main() -> int:
    """Measure, print, and exit with 1 where a budget is missed."""
    from benchmarks.__main__ import table

    parser = argparse.ArgumentParser(prog="python -m benchmarks.data_version")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller files")
    parser.add_argument("--folder", type=Path, help="work here, and leave everything there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlgate-bench-") as scratch:
        found = list(rows((asked.folder or Path(scratch)).resolve(), asked.quick))
    print(table(found))
    return 0 if all(row.met for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
