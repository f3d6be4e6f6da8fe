"""A model that can go out, and clones of its project as the runners of a CI make them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from projects import Ended, Project

from mlgate.signing import keys

_POLICY = """\
[models.churn]
registry = "git"
path = "models/churn.bin"
signers = ["keys/ci.pub"]

[gates.quality]
kind = "model"
metrics = "metrics.json"
stages = ["promote"]
[[gates.quality.require]]
value = "accuracy"
min = 0.8
"""


class Released:
    """The project, its key, and what its repository says of `churn@production`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.origin = folder / "origin.git"
        self.own = Project(folder / "own")
        if not self.origin.exists():
            self._furnish(folder)

    def _furnish(self, folder: Path) -> None:
        self.own.git("init", "-q", "--bare", "-b", "main", str(self.origin))
        self.own.git("remote", "add", "origin", "../origin.git")
        self.own.write(mlgate_DOT_toml=_POLICY)
        keys.make(str(folder / "ci"), "ci", None)
        self.own.put({"keys/ci.pub": (folder / "ci.pub").read_bytes()})
        self.model("one")
        told = self.own.run("promote", "churn", "--to", "production", "--first", **self.secret())
        assert told.code == 0, told.err

    def secret(self) -> dict[str, str]:
        """The key itself, as a CI keeps it."""
        return {"MLGATE_KEY": (self._folder / "ci").read_text()}

    def model(self, content: str, accuracy: float = 0.9) -> None:
        """Commit and push another model."""
        self.own.put(
            {"models/churn.bin": content, "metrics.json": f'{{"accuracy": {accuracy}}}'}
        ).commit(content)
        self.own.git("push", "-q", "origin", "main")

    def tagged(self, name: str) -> str:
        """Push a tag as GTO would, which is newer than all before it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GIT_COMMITTER_DATE", f"{int(time.time()) + 60} +0000")
            self.own.git("tag", "-a", "-m", "x", name)
        self.own.git("push", "-q", "origin", name)
        return name

    def cloned(self, ref: str = "") -> Project:
        """A clone without a default branch of its own; of a tag it has the commit alone."""
        clone = Project(self._folder / f"clone-{len(list(self._folder.iterdir()))}")
        clone.git("remote", "add", "origin", str(self.origin))
        clone.git("fetch", "-q", "--tags", "origin")
        if ref:
            clone.git("checkout", "-q", "--detach", ref)
        else:
            clone.git("checkout", "-q", "-B", "main", "--track", "origin/main")
        return clone

    def verified(self) -> Ended:
        """What `mlgate verify` says in a clone that is new."""
        return self.cloned().run("verify", "churn@production")
