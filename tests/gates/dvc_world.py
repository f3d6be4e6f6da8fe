"""Real DVC projects for tests: built once by the real dvc, copied for each scenario."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

from projects import mlgate

# Several commands in one interpreter: importing dvc takes longer than most of them.
_COMMANDS = """
import json, os, sys, tempfile
from dvc.cli import main
told = os.dup(1)
results = []
for folder, argv in json.load(sys.stdin):
    os.chdir(folder)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            code = main(argv)
        except SystemExit as error:
            code = error.code
        sys.stdout.flush(), sys.stderr.flush()
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
    results.append([code, *said])
os.write(told, b"\\n" + json.dumps(results).encode())
"""
TRAIN = """import json, pathlib
rows = pathlib.Path("data/table.csv").read_text().splitlines()
pathlib.Path("model.bin").write_text("model of %d rows" % len(rows))
pathlib.Path("metrics.json").write_text(json.dumps({"rows": len(rows)}))
"""
PIPELINE = """stages:
  train:
    cmd: python train.py
    deps: [train.py, data/table.csv]
    params: [lr, layers.0]
    outs: [model.bin]
    metrics:
      - metrics.json:
          cache: false
"""


class Said(NamedTuple):
    """A dvc command that ended."""

    code: int
    out: str
    err: str


class World:
    """A folder with a git and DVC project, and beside it a directory that is its remote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.remote = folder / "remote"
        self.environ: dict[str, str] = {}

    def environment(self) -> dict[str, str]:
        """Nothing of DVC outside of this folder is read or written."""
        return {
            **os.environ,
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.folder / "site"),
            "DVC_GLOBAL_CONFIG_DIR": str(self.folder / "global"),
            "DVC_SYSTEM_CONFIG_DIR": str(self.folder / "system"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            **self.environ,
        }

    def dvc(self, *commands: str, cwd: Path | None = None, ok: bool = True) -> list[Said]:
        """Run dvc commands, each given as one text, in one interpreter."""
        asked = [[str(cwd or self.project), command.split()] for command in commands]
        said = _driven(asked, self.environment())
        if ok:
            failed = [(c, s) for c, s in zip(commands, said, strict=True) if s.code]
            assert not failed, failed
        return said

    def git(self, *args: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *args], cwd=cwd or self.project, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def put(self, files: Mapping[str, str | bytes]) -> World:
        for name, content in files.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def read(self, name: str) -> str:
        return (self.project / name).read_text()

    def edit(self, name: str, old: str, new: str) -> World:
        text = self.read(name)
        assert old in text, (old, text)
        return self.put({name: text.replace(old, new)})

    def object(self, content: bytes) -> Path:
        """Where the remote keeps a file with these bytes."""
        name = md5(content).hexdigest()
        return self.remote / "files" / "md5" / name[:2] / name[2:]

    def check(
        self, stage: str = "merge", *args: str, kind: str = "data-version", **environ: str
    ) -> dict[str, Any]:
        """The gate's verdict in `mlgate check`, with its exit code."""
        asked = ("check", "--stage", stage, "--format", "json", *args)
        done = mlgate(asked, self.project, {**self.environment(), **environ})
        assert done.out, done.err
        report = json.loads(done.out)
        verdict: dict[str, Any] = next(v for v in report["verdicts"] if v["kind"] == kind)
        return {**verdict, "exit_code": done.code}

    def copy(self, folder: Path) -> World:
        """An equal world elsewhere; git's and DVC's links are none, so nothing is shared."""
        shutil.copytree(self.folder, folder, symlinks=True)
        other = World(folder)
        other.environ = dict(self.environ)
        return other

    def forget_data(self) -> World:
        """As in a fresh clone in CI: no data, no cache."""
        for path in ("data/table.csv", "data/images", "model.bin", ".dvc/cache"):
            full = self.project / path
            shutil.rmtree(full) if full.is_dir() else full.unlink(missing_ok=True)
        return self


def _driven(asked: list[Any], environ: Mapping[str, str]) -> list[Said]:
    done = subprocess.run(
        [sys.executable, "-c", _COMMANDS],
        input=json.dumps(asked),
        env=environ,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return [Said(*row) for row in json.loads(done.stdout.splitlines()[-1])]


def dvc_of_many(worlds: list[World], command: str) -> list[Said]:
    """What one command says in each world, asked in one interpreter."""
    asked = [[str(world.project), command.split()] for world in worlds]
    return _driven(asked, worlds[0].environment())


def failing(verdict: Mapping[str, Any]) -> set[str]:
    """The rules of the findings that fail."""
    return {
        finding["rule"].partition("/")[2]
        for finding in verdict["findings"]
        if finding["result"] == "fail" and finding["level"] != "note"
    }


def noted(verdict: Mapping[str, Any]) -> set[str]:
    """The rules of the findings that fail nothing."""
    return {f["rule"].partition("/")[2] for f in verdict["findings"]} - failing(verdict)


def build(folder: Path) -> World:
    """A project with a file, a directory and a pipeline, all pushed; the policy names the gate."""
    world = World(folder)
    world.project.mkdir(parents=True)
    world.git("init", "-q", "-b", "main")
    world.put(
        {
            "data/table.csv": "id,y\n1,0\n2,1\n",
            "data/images/a.txt": "first\n",
            "data/images/deep/b.txt": "second\n",
            "train.py": TRAIN,
            "params.yaml": "lr: 1e-3\nlayers: [8, 4]\nmode: on\n",
            "dvc.yaml": PIPELINE,
            "mlgate.toml": "[gates.data-version]\n",
        }
    )
    world.dvc(
        "init -q",
        "remote add -d shared ../remote",
        "config core.autostage false",
        "add -q data/table.csv data/images",
        "repro -q",
        "push -q",
    )
    world.commit("a project")
    return world


def listing(*folders: Path) -> dict[str, tuple[int, int, int, int, str]]:
    """Everything below `folders`, with mode, size, times and content."""
    found = {}
    for path in _below(folders):
        status = path.lstat()
        content = md5(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (
            status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, content,
        )  # fmt: skip
    return found


def _below(folders: tuple[Path, ...]) -> Iterator[Path]:
    for folder in folders:
        yield folder
        yield from sorted(folder.rglob("*"))


def dvc_says(world: World) -> str:
    """DVC's own answers, as the table in the docs writes them."""
    status, cloud, data = world.dvc(
        "status -q", "status -c -q", "data status --json --not-in-remote", ok=False
    )
    try:
        answer = json.loads(data.out)
        keys = sorted(k for k, v in answer.items() if v and k != "git")
        told = ", ".join(keys) if keys else "clean"
    except ValueError:
        told = f"exit {data.code}"
    return f"{status.code} / {cloud.code} / {told}"
