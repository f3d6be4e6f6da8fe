"""How a remote is asked: a bounded number of requests at once, listings where objects are many."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from mlgate.sources._dvc import remote_script


class Slow:
    """A file system that remembers how many asked at once, and what was listed."""

    protocol = "memory"

    def __init__(self) -> None:
        self.fs = self
        self.most = self.now = self.asked = 0
        self.listings: list[str] = []
        self._lock = threading.Lock()

    def join(self, *parts: str) -> str:
        return "/".join(parts)

    def info(self, path: str) -> dict[str, int]:
        with self._lock:
            self.now += 1
            self.asked += 1
            self.most = max(self.most, self.now)
        time.sleep(0.01)
        with self._lock:
            self.now -= 1
        return {"size": len(path)}

    def find(self, path: str, detail: bool = True) -> dict[str, dict[str, int]]:
        self.listings.append(path)
        return {f"{path}/x{n}": {"size": n} for n in range(3)}


def answered(monkeypatch: pytest.MonkeyPatch, fs: Slow, objects: list[str]) -> dict[str, Any]:
    class Module:
        @staticmethod
        def get_cloud_fs(*_: Any, **__: Any) -> tuple[Any, dict[str, Any], str]:
            return (lambda **_: fs), {}, "top"

    monkeypatch.setattr(remote_script, "import_module", lambda _: Module)
    monkeypatch.setattr(remote_script, "configured", lambda *_: None)
    lines: list[dict[str, Any]] = []
    request = {"dvc_dir": "", "config": "", "remote": "r", "jobs": 3, "largest": 9,
               "objects": objects, "fetch": [], "save": {}}  # fmt: skip
    remote_script.answer(request, lines.append)
    return {path: size for line in lines for path, size in line.get("sizes", {}).items()}


def test_few_objects_are_asked_for_one_by_one_and_so_many_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fs, objects = Slow(), [f"files/md5/{n:02x}/rest" for n in range(20)]
    assert answered(monkeypatch, fs, objects).keys() == set(objects)
    assert (fs.asked, fs.most, fs.listings) == (20, 3, [])


def test_many_objects_are_listed_by_their_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    number = remote_script.FEW + 1
    fs, objects = Slow(), [f"files/md5/{n % 8:02x}/x{n}" for n in range(number)]
    found = answered(monkeypatch, fs, objects)
    assert fs.asked == 0
    assert sorted(fs.listings) == [f"top/files/md5/{n:02x}" for n in range(8)]
    assert set(found) <= set(objects)
    assert found["files/md5/01/x1"] == 1
