"""Runs `mlgate` in forked children and kills them: python killed.py FOLDER (points|moments) N ARGS.

`points` kills at each call that changes a file, before and after it; `moments` at N random times.
Prints how often it killed, or what it found amiss.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from mlgate.cli import main
from mlgate.repo import journal, staging  # noqa: F401 - imported before any fork
from mlgate.runner import run, schedule  # noqa: F401

CALLS = ("replace", "link", "unlink", "fsync", "chmod")


def child(folder: Path, args: list[str], kill_at: int | None, after: bool) -> int:
    """`mlgate ARGS` in a fork; kills itself at the call number `kill_at`."""
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    os.chdir(folder)
    sink = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(sink, descriptor)
    if kill_at is not None:
        arm(kill_at, after)
    try:
        main(args)
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(99)


def arm(kill_at: int, after: bool) -> None:
    seen = 0

    def wrapped(call):
        def run_it(*args, **more):
            nonlocal seen
            seen += 1
            if seen == kill_at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*args, **more)
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return run_it

    for name in CALLS:
        setattr(os, name, wrapped(getattr(os, name)))


def ended(pid: int) -> int:
    return os.waitpid(pid, 0)[1]


def contents(folder: Path) -> dict[str, bytes]:
    """Files of the work tree, and `:PATH` for what is staged."""
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
    listed = subprocess.run(
        ["git", "ls-files", "-s", "-z"], cwd=folder, capture_output=True, check=True
    ).stdout
    for line in listed.split(b"\0")[:-1]:
        head, _, name = line.partition(b"\t")
        found[":" + os.fsdecode(name)] = head
    return found


class Trials:
    def __init__(self, folder: Path, args: list[str]) -> None:
        self.template = folder.with_name("template")
        self.folder = folder
        self.args = args
        shutil.copytree(folder, self.template, symlinks=True)
        self.before = contents(folder)
        started = time.monotonic()
        self.expected = ended(child(folder, args, None, False))
        self.duration = time.monotonic() - started
        self.after = contents(folder)
        self.killed = 0

    def reset(self) -> None:
        until = time.monotonic() + 10
        while self.folder.exists():  # a git that outlived its killed parent may still write
            shutil.rmtree(self.folder, ignore_errors=time.monotonic() < until)
        shutil.copytree(self.template, self.folder, symlinks=True)

    def judge(self, status: int, what: str) -> bool:
        """Hold the state against what is allowed, now and after the next run."""
        killed = os.WIFSIGNALED(status)
        self.killed += killed
        now = contents(self.folder)
        if self.args[0] == "check":
            assert now == self.before, f"{what}: check changed something"
            return killed
        assert now.keys() == self.before.keys(), f"{what}: {now.keys() ^ self.before.keys()}"
        for name, content in now.items():
            assert content in (self.before[name], self.after[name]), f"{what}: {name} is neither"
        if not (self.folder / ".git" / "mlgate" / "journal").exists():
            assert now in (self.before, self.after), f"{what}: half done, and no journal"
            if now == self.before and not (self.folder / ".git" / "mlgate").exists():
                return killed  # nothing had begun
        assert ended(child(self.folder, self.args, None, False)) == self.expected, what
        assert contents(self.folder) == self.after, f"{what}: not completed"
        left = sorted(p.name for p in (self.folder / ".git" / "mlgate").iterdir())
        assert [n for n in left if not n.endswith((".part", "draft"))] == ["lock"], left
        assert not (self.folder / ".git" / "index.lock").exists(), what
        return killed

    def points(self) -> None:
        for after in (False, True):
            number, killed = 1, True
            while killed:
                self.reset()
                status = ended(child(self.folder, self.args, number, after))
                killed = self.judge(status, f"call {number}, {'after' if after else 'before'} it")
                number += 1

    def moments(self, wanted: int) -> None:
        """Until so many kills came before the end; one that comes too late is no trial."""
        chance = random.Random(7)
        for number in range(4 * wanted):
            if self.killed == wanted:
                return
            self.reset()
            pid = child(self.folder, self.args, None, False)
            wait = chance.uniform(0, self.duration)
            time.sleep(wait)
            os.kill(pid, signal.SIGKILL)
            self.judge(ended(pid), f"moment {number}, {wait * 1000:.1f} ms")


if __name__ == "__main__":
    trials = Trials(Path(sys.argv[1]), sys.argv[4:])
    trials.points() if sys.argv[2] == "points" else trials.moments(int(sys.argv[3]))
    print(trials.killed)
