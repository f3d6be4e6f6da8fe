"""The repositories that are judged: real files from scikit-learn, and many small ones."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

from benchmarks.place import Place

LARGEST = 18_000
_HOOK = """\
    - id: {id}
      name: {id}
      entry: {entry}
      language: system
      types: [python]
"""


class Corpus:
    """A repository in which black, flake8 and bandit are content, committed."""

    def __init__(self, place: Place, name: str) -> None:
        self.place = place
        self.folder = place.folder / name
        self.skipped = ""
        """The bandit tests that are off, as `-s` takes them; empty for none."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        who = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
        return self.run("git", *who, *args)

    def run(self, *argv: str) -> str:
        done = subprocess.run(
            argv, cwd=self.folder, env=self.place.environ(), capture_output=True, text=True
        )
        return done.stdout + done.stderr

    @property
    def python(self) -> list[str]:
        """Its Python files."""
        return self.git("ls-files", "--", "*.py").split()

    def tools(self, *names: str) -> list[list[str]]:
        """The three tools, as one calls them by hand on these files; none: on everything."""
        skip = ["-s", self.skipped] if self.skipped else []
        where = list(names) or ["."]
        bandit = where if names else ["-r", "."]
        return [
            [self.place.program("black"), "--check", "-q", *where],
            [self.place.program("flake8"), *where],
            [self.place.program("bandit"), "-q", *skip, *bandit],
        ]

    def settle(self) -> None:
        """Write configuration that silences what the files hold, and commit everything."""
        self.git("add", "-A")
        self.run(self.place.program("black"), "-q", ".")
        self._silence()
        self._configure()
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "As it is")

    def _silence(self) -> None:
        flake8 = self.run(self.place.program("flake8"), "--select=E,F,W,C", ".")
        codes = sorted(set(re.findall(r": ([A-Z]\d+) ", flake8)) | {"E203", "E501", "W503", "W504"})
        text = f"[flake8]\nmax-line-length = 88\nignore = {','.join(codes)}\n"
        (self.folder / ".flake8").write_text(text)
        bandit = self.run(self.place.program("bandit"), "-q", "-r", ".", "-f", "custom",
                          "--msg-template", "{test_id}")  # fmt: skip
        self.skipped = ",".join(sorted(set(re.findall(r"^B\d+", bandit, re.MULTILINE))))

    def _configure(self) -> None:
        args = f'args = ["-s", "{self.skipped}"]\n' if self.skipped else ""
        (self.folder / "mlgate.toml").write_text(
            f"[gates.format]\n\n[gates.lint]\n\n[gates.security]\n{args}"
        )
        skip = f" -s {self.skipped}" if self.skipped else ""
        entries = {"black": "black --check -q", "flake8": "flake8", "bandit": f"bandit -q{skip}"}
        hooks = "".join(_HOOK.format(id=id, entry=entry) for id, entry in entries.items())
        (self.folder / ".pre-commit-config.yaml").write_text(
            f"repos:\n- repo: local\n  hooks:\n{hooks}"
        )
        (self.folder / "notes.txt").write_text("nothing\n")


def _drop_flagged(corpus: Corpus) -> None:
    """Take out the files of which mlgate's own rules have something to say: no other tool does."""
    out = corpus.run(corpus.place.program("mlgate"), "check", "--format", "json")
    if not out.startswith("{"):
        raise SystemExit(f"mlgate check came to nothing:\n{out}")
    report = json.loads(out)
    findings = [f for v in report["verdicts"] for f in v["findings"] if f["location"]]
    flagged = sorted({finding["location"]["path"] for finding in findings})
    for path in flagged:
        corpus.git("rm", "-q", "--", path)
    corpus.git("commit", "-q", "--allow-empty", "-m", f"Drop {len(flagged)} files with findings")


def real(place: Place, most: int) -> Corpus:
    """Up to `most` of scikit-learn's own files of at most 18 kB, formatted with black."""
    corpus = Corpus(place, "real")
    source = place.sklearn()
    found = sorted(p for p in source.rglob("*.py") if 0 < p.stat().st_size <= LARGEST)
    for path in found[:: max(1, len(found) // most)][:most]:
        target = corpus.folder / "sklearn" / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    corpus.settle()
    _drop_flagged(corpus)
    return corpus


def small(place: Place, python: int, others: int = 0) -> Corpus:
    """`python` files of three lines, and `others` of one that no gate looks at."""
    corpus = Corpus(place, f"small-{python + others}")
    for number in range(python + others):
        suffix = "py" if number < python else "txt"
        path = corpus.folder / f"part{number % 100:02}" / f"f{number}.{suffix}"
        os.makedirs(path.parent, exist_ok=True)
        text = f'"""Part {number}."""\n\nNUMBER = {number}\n' if suffix == "py" else f"{number}\n"
        path.write_text(text)
    corpus.settle()
    return corpus
