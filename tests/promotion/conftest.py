"""A project with a model, its signers, and a default branch whose policy says how it goes out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from projects import Ended, Project

from mlgate.signing import keys

_METRICS = '{{"accuracy": {0}}}'


class House(Project):
    """A project whose model can be promoted; `main` is its default branch."""

    def __init__(self, folder: Path, registry: str) -> None:
        super().__init__(folder)
        self.git("config", "user.name", "t")
        self.git("config", "user.email", "t@example.org")
        self.registry = registry
        for name in ("ci", "ann", "bob", "eve"):
            keys.make(str(folder.parent / name), name, None)
            if name != "eve":
                self.put({f"keys/{name}.pub": (folder.parent / f"{name}.pub").read_bytes()})

    def policy(self, more: str = "", gates: str = "") -> House:
        """Write the policy; `more` goes into `[models.churn]`."""
        own = "" if "signers" in more else 'signers = ["keys/ci.pub", "keys/ann.pub"]\n'
        self.put(
            {
                "mlgate.toml": "[models.churn]\n"
                f'registry = "{self.registry}"\npath = "models/churn.bin"\n{own}{more}\n{gates}'
            }
        )
        return self

    def model(self, content: str, accuracy: float = 0.9) -> House:
        """Commit a model with its metrics."""
        self.put({"models/churn.bin": content, "metrics.json": _METRICS.format(accuracy)})
        self.commit(content)
        return self

    def promote(self, *args: str, key: str | None = "ci", to: str = "production") -> Ended:
        signed = ("--key", str(self.folder.parent / key)) if key else ()
        return self.run("promote", "churn", *args, "--to", to, *signed)

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").strip()

    def with_key(self, *args: str, key: str = "ci") -> Ended:
        return self.run(*args, "--key", str(self.folder.parent / key))


@pytest.fixture(autouse=True)
def _no_git_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith(("GIT_", "MLGATE_KEY", "CI"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(params=["folder", "git"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """With each registry that needs nothing but a disk."""
    where = f"folder:{tmp_path / 'registry'}" if request.param == "folder" else "git"
    return House(tmp_path / "work", where)


@pytest.fixture
def in_folder(tmp_path: Path) -> House:
    return House(tmp_path / "work", f"folder:{tmp_path / 'registry'}")


@pytest.fixture
def in_git(tmp_path: Path) -> House:
    return House(tmp_path / "work", "git")
