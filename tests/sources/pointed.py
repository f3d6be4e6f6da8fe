"""A repository whose data is in DVC in two versions, and in none of work tree and cache."""

from __future__ import annotations

import json
import subprocess
from hashlib import md5
from pathlib import Path
from typing import Any

from mlgate import testing
from mlgate.core import parts
from mlgate.core.gate import Context

OLD, NEW = b"old\n", b"new\n"


class Place:
    """A repository in which each source has `x` in two versions: `base` and `subject`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.remote = folder / "remote"
        self.folder.mkdir()
        self.git("init", "-q", "-b", "main")
        self.put(".dvc/config", f"[core]\nremote = r\n['remote \"r\"']\nurl = {self.remote}\n")
        self.put(".gitignore", "/tracked.bin\n/folder\n/ignored.txt\n")
        self.version(OLD)
        self.base = self.commit()
        self.version(NEW)
        self.put("ignored.txt", "ignored\n")
        self.commit()

    def git(self, *args: str) -> str:
        return subprocess.run(
            ["git", *args], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    def put(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def pushed(self, content: bytes, tail: str = "") -> str:
        name = md5(content).hexdigest() + tail
        path = self.remote / "files" / "md5" / name[:2] / name[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return name

    def version(self, content: bytes) -> None:
        """`plain.txt` in git, `tracked.bin` and `folder/x` by pointers."""
        self.put("plain.txt", content)
        member = [{"md5": self.pushed(content), "relpath": "x"}]
        manifest = self.pushed(json.dumps(member).encode(), ".dir")
        for name, hash_ in (("tracked.bin", self.pushed(content)), ("folder", manifest)):
            self.put(f"{name}.dvc", f"outs:\n- md5: {hash_}\n  hash: md5\n  path: {name}\n")

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def table(self, name: str, *members: tuple[str, bytes]) -> None:
        """A pointer to a file (one member without a name) or a folder; its bytes are in the
        remote only."""
        if members[0][0] == "":
            hash_ = self.pushed(members[0][1])
        else:
            rows = [{"md5": self.pushed(content), "relpath": path} for path, content in members]
            hash_ = self.pushed(json.dumps(rows).encode(), ".dir")
        base = name.rpartition("/")[2]
        self.put(f"{name}.dvc", f"outs:\n- md5: {hash_}\n  hash: md5\n  path: {base}\n")

    def context(self, gate: str = "data-version", **more: Any) -> Context:
        from mlgate.repo import git, snapshots

        repo = git.find(str(self.folder), testing.os.environ)
        return testing.context(
            parts.load("gates", gate), self.folder, subject=snapshots.commit(repo, "HEAD"),
            base=snapshots.commit(repo, self.base), **more,
        )  # fmt: skip
