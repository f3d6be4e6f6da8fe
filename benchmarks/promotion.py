"""A promotion without gates beside 1,500 tags, in this repository and into a remote.

python -m benchmarks.promotion
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import mlgate
from benchmarks.measure import Case, medians, once
from benchmarks.rows import Row, paced

TAGS = 1500
_BUDGET = 0.4
_ROUNDS = 7
_PROGRAM = str(Path(sys.executable).parent / "mlgate")
_POLICY = """[models.churn]
registry = "git"
path = "models/churn.bin"
gates = []
signers = ["ci.pub"]
"""


class Laid:
    """A repository whose model has 750 versions and as many assignments of aliases behind it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self._number = 0
        (self.folder / "models").mkdir(parents=True)
        self._git("init", "-q", "-b", "main")
        keys = (_PROGRAM, "keys", "new", str(folder / "ci"), "--no-password")
        subprocess.run(keys, check=True, stdout=subprocess.DEVNULL)
        shutil.copy(folder / "ci.pub", self.folder / "ci.pub")
        (self.folder / "mlgate.toml").write_text(_POLICY)
        (self.folder / "models/churn.bin").write_text("weights")
        self._git("add", "-A")
        self._git("commit", "-qm", "first")
        subprocess.run(
            ["git", "fast-import", "--quiet"], cwd=self.folder, input=_tags(), check=True
        )
        once(self.promotion("--first"))

    def promotion(self, *more: str) -> Case:
        """The next version, promoted."""
        key = str(self.folder.parent / "ci")
        argv = [_PROGRAM, "promote", "churn", "--to", "live", "--key", key, *more]
        return Case([argv], self.folder, self.environ, before=self._train)

    def publish(self) -> None:
        """Give all of it a remote, which from then on is the registry."""
        bare = str(self.folder.parent / "origin.git")
        self._git("init", "-q", "--bare", bare)
        self._git("remote", "add", "origin", bare)
        self._git("push", "-q", "origin", "main", "refs/tags/*", "refs/mlgate/*:refs/mlgate/*")

    def environ(self) -> Mapping[str, str]:
        """The variables of every measured process."""
        kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
        return kept | {"GIT_CONFIG_GLOBAL": os.devnull}

    def _train(self) -> None:
        self._number += 1
        (self.folder / "models/churn.bin").write_text(f"weights {self._number}")
        self._git("commit", "-qam", f"model {self._number}")

    def _git(self, *args: str) -> None:
        who = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
        subprocess.run(["git", *who, *args], cwd=self.folder, check=True)


def rows(folder: Path) -> Iterator[Row]:
    """The budget, with the registry in the repository itself, and in a remote."""
    compileall.compile_dir(Path(mlgate.__file__).parent, quiet=2)
    laid = Laid(folder)
    yield _row(laid, f"promotion, {TAGS:,} tags")
    laid.publish()
    once(laid.promotion())
    yield _row(laid, "the same, into a remote")


def _row(laid: Laid, what: str) -> Row:
    listing = ["/usr/bin/git", "for-each-ref", "refs/tags"]
    click = [sys.executable, "-c", "import click"]
    cases = {
        "mlgate": laid.promotion(),
        "git": Case([listing], laid.folder, laid.environ),
        "click": Case([click], laid.folder, laid.environ),
    }
    found = medians(cases, _ROUNDS)
    ours, theirs, pace = (found[name].cpu for name in cases)
    return paced(what, ours, "git for-each-ref", theirs, _BUDGET, pace)


def _tags() -> bytes:
    """Versions, each of a commit of its own as GTO wants them, and as many assignments."""
    lines = []
    for n in range(TAGS // 2):
        who = f"t <t@example.org> {1_600_000_000 + 2 * n} +0000\ndata 1\nx\n"
        lines.append(f"commit refs/heads/past\nmark :{n + 1}\ncommitter {who}")
        lines.append(f"tag churn@v1.{n}.0\nfrom :{n + 1}\ntagger {who}")
    for n in range(TAGS // 2):
        who = f"t <t@example.org> {1_600_000_001 + 2 * n} +0000\ndata 1\nx\n"
        lines.append(f"tag churn#old{n % 9}#{n + 1}\nfrom :{n + 1}\ntagger {who}")
    return "".join(lines).encode()


def main() -> int:
    """Measure, print, and exit with 1 where a budget is missed."""
    from benchmarks.__main__ import table

    with tempfile.TemporaryDirectory(prefix="mlgate-bench-") as scratch:
        found = list(rows(Path(scratch)))
    print(table(found))
    return 0 if all(row.met for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
