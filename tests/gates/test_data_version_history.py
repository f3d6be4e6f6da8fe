"""A data version that only a commit in the middle of a change names is judged, too."""

from __future__ import annotations

import hashlib
import json

from projects import Ended, Project

POINTER = "outs:\n- md5: {md5}\n  size: 6\n  hash: md5\n  path: data.txt\n"


def versioned(project: Project) -> str:
    """A DVC project with one file in a remote beside it; returns the pointer's text."""
    md5 = hashlib.md5(b"1,2,3\n", usedforsecurity=False).hexdigest()
    remote = project.folder.parent / "remote" / "files" / "md5" / md5[:2]
    remote.mkdir(parents=True)
    (remote / md5[2:]).write_bytes(b"1,2,3\n")
    config = "[core]\n    remote = here\n['remote \"here\"']\n    url = ../../remote\n"
    project.put({".dvc/config": config, ".dvc/.gitignore": "/cache\n/tmp\n/config.local\n"})
    project.put({"mlgate.toml": "[gates.data-version]\n", ".gitignore": "/data.txt\n"})
    pointer = POINTER.format(md5=md5)
    project.put({"data.txt.dvc": pointer, "data.txt": "1,2,3\n"}).commit("data")
    return pointer


def judged(project: Project) -> tuple[Ended, set[str], str]:
    ended = project.run("check", "--base", "main~0", "--format", "json")
    found = [f for v in json.loads(ended.out)["verdicts"] for f in v["findings"]]
    failed = [f for f in found if f["result"] == "fail" and f["level"] != "note"]
    return ended, {f["rule"] for f in failed}, " ".join(f["message"] for f in failed)


def test_a_pointer_that_nobody_can_read_is_not_passed_over(project: Project) -> None:
    pointer = versioned(project)
    project.git("checkout", "-q", "-b", "topic")
    project.put({"note.md": "nothing\n"}).commit("whole")
    ended, _, _ = judged(project)
    assert ended.code == 0, ended
    project.put({"data.txt.dvc": "outs: [\n"}).commit("broken")
    broken = project.git("rev-parse", "--short=7", "HEAD").strip()
    project.put({"data.txt.dvc": pointer}).commit("mended")
    ended, rules, said = judged(project)
    assert ended.code == 1, ended
    assert rules == {"data-version/unreadable"}
    assert broken in said and "data.txt.dvc" in said


def test_a_version_that_was_never_pushed_is_found_in_the_middle(project: Project) -> None:
    pointer = versioned(project)
    project.git("checkout", "-q", "-b", "topic")
    project.put({"data.txt.dvc": POINTER.format(md5="ab" * 16)}).commit("unpushed")
    project.put({"data.txt.dvc": pointer}).commit("back")
    ended, rules, said = judged(project)
    assert ended.code == 1, ended
    assert any("remote" in rule or "missing" in rule for rule in rules), rules
    assert "data.txt" in said
