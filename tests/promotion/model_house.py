"""A project with a model, its signers, and a default branch whose policy says how it goes out."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

import pytest
from projects import Ended, Project

from mlgate.cli import main
from mlgate.signing import keys

IN_FOLDER = "folder:../registry"
_METRICS = '{{"accuracy": {0}}}'


class House(Project):
    """A project whose model can be promoted; `main` is its default branch.

    The keys lie beside it, and so does the registry of those that have one in a folder.
    """

    def __init__(self, folder: Path, registry: str) -> None:
        if folder.exists():
            self.folder = folder
        else:
            super().__init__(folder)
            self._furnish()
        self.registry = registry

    def _furnish(self) -> None:
        for name in ("ci", "ann", "bob", "eve"):
            keys.make(str(self.folder.parent / name), name, None)
            if name != "eve":
                self.put({f"keys/{name}.pub": (self.folder.parent / f"{name}.pub").read_bytes()})

    def copied(self, to: Path) -> House:
        """The same, with all that lies beside it, in the new folder `to`."""
        shutil.copytree(self.folder.parent, to, symlinks=True)
        return House(to / self.folder.name, self.registry)

    def run(self, *args: str, cwd: Path | None = None, **environ: str | None) -> Ended:
        """`mlgate ARGS` in this process, which saves the start of one; `Project.run` is the real
        program."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
            for name, value in environ.items():
                patch.delenv(name, raising=False)
                if value is not None:
                    patch.setenv(name, value)
            patch.setattr("mlgate.cli._heed_signals", lambda: None)
            stack.enter_context(contextlib.chdir(cwd or self.folder))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(err))
            ended = stack.enter_context(pytest.raises(SystemExit))
            main(list(args))
        said = [stream.buffer.getvalue().decode() for stream in _flushed(out, err)]  # type: ignore[attr-defined]
        return Ended(int(ended.value.code or 0), *said)

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

    def forget(self) -> House:
        """As in a clone that never saw a chain."""
        for ref in self.git("for-each-ref", "--format=%(refname)", "refs/mlgate/seen").split():
            self.git("update-ref", "-d", ref)
        return self

    def with_key(self, *args: str, key: str = "ci") -> Ended:
        return self.run(*args, "--key", str(self.folder.parent / key))


def twice(house: House) -> None:
    """Two versions go out, one after the other."""
    house.policy("gates = []").model("one")
    assert house.promote("--first").code == 0
    house.model("two")
    assert house.promote().code == 0


def _flushed(*streams: io.TextIOWrapper) -> tuple[io.TextIOWrapper, ...]:
    for stream in streams:
        stream.flush()
    return streams
