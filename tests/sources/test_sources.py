"""One conformance suite for all sources: the right bytes, and nothing of theirs touched."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from mlgate import testing
from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.gate import Context

GATE = parts.load("gates", "data-version")
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

    def context(self, **more: Any) -> Context:
        from mlgate.repo import git, snapshots

        repo = git.find(str(self.folder), testing.os.environ)
        return testing.context(
            GATE, self.folder, subject=snapshots.commit(repo, "HEAD"),
            base=snapshots.commit(repo, self.base), **more,
        )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


CASES = [
    ("file", "", "plain.txt", NEW),
    ("file", "", "ignored.txt", b"ignored\n"),
    ("git", "base", "plain.txt", OLD),
    ("git", "subject", "plain.txt", NEW),
    ("git", "HEAD~1", "plain.txt", OLD),
    ("dvc", "base", "tracked.bin", OLD),
    ("dvc", "subject", "tracked.bin", NEW),
    ("dvc", "base", "folder/x", OLD),
    ("dvc", "HEAD", "folder/x", NEW),
]


@pytest.mark.parametrize(("source", "where", "path", "content"), CASES)
def test_the_right_bytes(place: Place, source: str, where: str, path: str, content: bytes) -> None:
    before = _tree(place.folder), _tree(place.remote)
    module = parts.load("sources", source)
    first = module.fetch(place.context(), where, path)
    assert Path(first.path).read_bytes() == content
    assert path in first.origin
    again = module.fetch(place.context(), where, path)
    assert (again.path, again.digest) == (first.path, first.digest)
    assert (_tree(place.folder), _tree(place.remote)) == before


@pytest.mark.parametrize(
    ("source", "where", "path"),
    [
        ("file", "", "nothing.txt"),
        ("file", "", "../outside.txt"),
        ("file", "", "/etc/passwd"),
        ("git", "base", "nothing.txt"),
        ("git", "no-such-ref", "plain.txt"),
        ("git", "--help", "plain.txt"),
        ("dvc", "base", "plain.txt"),
        ("dvc", "base", "folder"),
        ("dvc", "base", "folder/nothing"),
        ("dvc", "base", "tracked.bin/x"),
    ],
)
def test_what_is_not_there_is_an_error_with_its_mend(
    place: Place, source: str, where: str, path: str
) -> None:
    with pytest.raises(GateError) as raised:
        parts.load("sources", source).fetch(place.context(), where, path)
    assert raised.value.hint


def test_a_changed_work_tree_is_not_the_version(place: Place) -> None:
    place.put("tracked.bin", "edited since")
    found = parts.load("sources", "dvc").fetch(place.context(), "subject", "tracked.bin")
    assert Path(found.path).read_bytes() == NEW


def test_an_object_that_is_not_what_it_is_called_is_refused(place: Place) -> None:
    name = md5(NEW).hexdigest()
    (place.remote / "files" / "md5" / name[:2] / name[2:]).write_bytes(b"something else")
    with pytest.raises(GateError, match="is not the version"):
        parts.load("sources", "dvc").fetch(place.context(), "subject", "tracked.bin")


def _emptied(place: Place) -> None:
    import shutil

    shutil.rmtree(place.remote / "files")


def _unset(place: Place) -> None:
    place.put(".dvc/config", "")
    place.commit()


@pytest.mark.parametrize("spoil", [_emptied, _unset])
def test_a_version_that_is_nowhere(place: Place, spoil: Callable[[Place], None]) -> None:
    spoil(place)
    with pytest.raises(GateError, match=r"neither in the cache|no remote"):
        parts.load("sources", "dvc").fetch(place.context(), "HEAD", "tracked.bin")
