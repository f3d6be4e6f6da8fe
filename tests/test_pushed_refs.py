"""What a push of several refs, or of none, comes to."""

from __future__ import annotations

import json
import subprocess
import sys

from projects import Ended, Project

ZERO = "0" * 40


def pushed(project: Project, lines: str) -> Ended:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mlgate", "check", "--stage", "push", "--push-refs", "-"),
            *("--format", "json"),
        ],
        cwd=project.folder,
        input=lines.encode(),
        capture_output=True,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def tip(project: Project, rev: str) -> str:
    return project.git("rev-parse", rev).strip()


def test_every_pushed_commit_is_judged(project: Project) -> None:
    project.put({"mlgate.toml": "[gates.lint]\n", "a.py": "x = 1\n"}).commit()
    project.git("checkout", "-q", "-b", "other")
    project.put({"b.py": "import os\n"}).commit()
    project.git("checkout", "-q", "main")
    main, other = tip(project, "main"), tip(project, "other")
    clean = f"refs/heads/main {main} refs/heads/main {ZERO}\n"
    faulty = f"refs/heads/other {other} refs/heads/other {ZERO}\n"
    assert pushed(project, clean).code == 0
    both = pushed(project, clean + faulty)
    assert both.code == 1, both
    outcomes = {v["gate"]: v["outcome"] for v in json.loads(both.out)["verdicts"]}
    assert outcomes == {"lint (main)": "passed", "lint (other)": "failed"}
    # The same commit under another name is no second commit.
    twice = pushed(project, clean + f"refs/heads/main {main} refs/heads/copy {ZERO}\n")
    assert [v["gate"] for v in json.loads(twice.out)["verdicts"]] == ["lint"]


def test_deleting_a_branch_judges_nothing_and_says_so(project: Project) -> None:
    project.put({"mlgate.toml": "[gates.lint]\n", "b.py": "import os\n"}).commit()
    ended = pushed(project, f"(delete) {ZERO} refs/heads/old {tip(project, 'main')}\n")
    assert ended.code == 0, ended
    report = json.loads(ended.out)
    assert report["verdicts"] == []
    assert any("nothing is pushed" in note for note in report["notes"])
