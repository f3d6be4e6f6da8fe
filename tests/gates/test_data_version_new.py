"""Only new findings count: what the base's pointers lack today is old, all else is not."""

from __future__ import annotations

import json
from typing import Any

from projects import Project
from test_data_version_history import POINTER, versioned

GONE, OTHER = "ab" * 16, "cd" * 16


def unpushed(project: Project, policy: str = "[gates.data-version]\n") -> None:
    """The base names a version that no remote has; the topic starts from there."""
    versioned(project)
    pointer = POINTER.format(md5=GONE).replace("data.txt", "lost.txt")
    project.put({"lost.txt.dvc": pointer, ".gitignore": "/data.txt\n/lost.txt\n"})
    project.put({"mlgate.toml": policy}).commit("lost")
    project.git("checkout", "-q", "-b", "topic")


def text(project: Project, name: str) -> str:
    return (project.folder / name).read_text(encoding="utf-8")


def judged(project: Project, new: bool = True) -> tuple[int, dict[str, list[str]], Any]:
    """The exit code, the failing rules with their files, and the verdict."""
    told = ("--new",) if new else ()
    ended = project.run("check", "--base", "main", "--stage", "merge", "--format", "json", *told)
    (verdict,) = [v for v in json.loads(ended.out)["verdicts"] if v["kind"] == "data-version"]
    found: dict[str, list[str]] = {}
    for f in verdict["findings"]:
        if f["result"] == "fail" and f["level"] != "note":
            at = f["location"]["path"] if f["location"] else ""
            found.setdefault(f["rule"].partition("/")[2], []).append(at)
    return ended.code, found, verdict


def test_what_the_base_lacked_is_old(project: Project) -> None:
    unpushed(project)
    project.put({"note.md": "nothing\n"}).commit("a note")
    code, found, _ = judged(project, new=False)
    assert (code, found) == (1, {"not-in-remote": ["lost.txt.dvc"]})
    code, found, verdict = judged(project)
    assert (code, found, verdict["hidden"]) == (0, {}, 1)


def test_the_policy_says_it_as_well(project: Project) -> None:
    unpushed(project, "[gates.data-version]\nnew_only = true\n")
    project.put({"note.md": "nothing\n"}).commit("a note")
    code, found, verdict = judged(project, new=False)
    assert (code, found, verdict["hidden"]) == (0, {}, 1)


def test_another_version_that_is_not_there_either_is_new(project: Project) -> None:
    """The line with the path is the same, and so is the message."""
    unpushed(project)
    project.put({"lost.txt.dvc": text(project, "lost.txt.dvc").replace(GONE, OTHER)}).commit(
        "other"
    )
    code, found, verdict = judged(project)
    assert (code, found, verdict["hidden"]) == (1, {"not-in-remote": ["lost.txt.dvc"]}, 0)


def test_a_version_that_is_lost_beside_an_old_one(project: Project) -> None:
    unpushed(project)
    project.put({"data.txt.dvc": POINTER.format(md5=OTHER)}).commit("other")
    (project.folder / "data.txt").unlink()
    code, found, verdict = judged(project)
    assert (code, found, verdict["hidden"]) == (1, {"not-in-remote": ["data.txt.dvc"]}, 1)


def test_a_pointer_that_gets_lines_before_it_stays_old(project: Project) -> None:
    unpushed(project)
    project.put({"lost.txt.dvc": "# why\n" + text(project, "lost.txt.dvc")}).commit("a comment")
    code, found, verdict = judged(project)
    assert (code, found, verdict["hidden"]) == (0, {}, 1)


def test_a_remote_that_the_change_names_is_asked_for_the_head_alone(project: Project) -> None:
    versioned(project)
    project.git("checkout", "-q", "-b", "topic")
    config = text(project, ".dvc/config").replace("../../remote", "../../empty")
    (project.folder.parent / "empty").mkdir()
    project.put({".dvc/config": config}).commit("moved")
    code, found, _ = judged(project)
    assert (code, found["not-in-remote"]) == (1, ["data.txt.dvc"])


def test_data_that_was_changed_and_not_added_is_never_old(project: Project) -> None:
    """The work tree is today's, whatever pointer stood at the base."""
    versioned(project)
    project.git("checkout", "-q", "-b", "topic")
    project.put({"note.md": "nothing\n"}).commit("a note")
    project.put({"data.txt": "1,2,4\n"})
    code, found, verdict = judged(project)
    assert (code, found, verdict["hidden"]) == (1, {"changed": ["data.txt.dvc"]}, 0)


def test_a_parameter_in_a_file_of_tools_is_the_bases_at_the_base(project: Project) -> None:
    versioned(project)
    stage = "stages:\n  s:\n    cmd: echo\n    params:\n    - pyproject.toml:\n      - lr\n"
    lock = "schema: '2.0'\n" + stage.replace("    - pyproject.toml:\n      - lr\n", "")
    lock = lock.replace("    params:\n", "    params:\n      pyproject.toml:\n        lr: 1\n")
    project.put({"dvc.yaml": stage, "dvc.lock": lock, "pyproject.toml": "lr = 1\n"}).commit("s")
    project.git("checkout", "-q", "-b", "topic")
    project.put({"pyproject.toml": "lr = 2\n"}).commit("faster")
    code, found, verdict = judged(project)
    assert (code, found, verdict["hidden"]) == (1, {"stale-lock": ["dvc.yaml"]}, 0)


def test_a_stage_that_was_stale_stays_so(project: Project) -> None:
    versioned(project)
    project.put({"dvc.yaml": "stages:\n  s:\n    cmd: echo\n    outs: [o.txt]\n"}).commit("s")
    project.git("checkout", "-q", "-b", "topic")
    project.put({"note.md": "nothing\n"}).commit("a note")
    code, found, verdict = judged(project)
    assert (code, found, verdict["hidden"]) == (0, {}, 1)


def test_a_remote_of_the_base_that_does_not_answer_makes_nothing_old(project: Project) -> None:
    unpushed(project)
    config = text(project, ".dvc/config")
    dead = config.replace("../../remote", "/nowhere/mounted/remote")
    project.git("checkout", "-q", "main")
    project.put({".dvc/config": dead}).commit("dead")
    project.git("checkout", "-q", "-B", "topic")
    project.put({".dvc/config": config}).commit("alive")
    code, _, verdict = judged(project)
    assert (code, verdict["outcome"], verdict["hidden"]) == (3, "errored", 0)
    assert "the base's version cannot be judged" in verdict["reason"]


def test_at_commit_it_says_what_was_judged(project: Project) -> None:
    unpushed(project)
    pointer = POINTER.format(md5=OTHER).replace("data.txt", "more.txt")
    project.put({"more.txt.dvc": pointer, ".gitignore": "/data.txt\n/lost.txt\n/more.txt\n"})
    project.git("add", "-A")

    def said(*told: str) -> str:
        ended = project.run("check", "--stage", "commit", "--format", "json", *told)
        (verdict,) = [v for v in json.loads(ended.out)["verdicts"] if v["kind"] == "data-version"]
        (passed,) = [f for f in verdict["findings"] if f["rule"] == "data-version/passed"]
        return str(passed["message"])

    assert said() == said("--all") == "3 data versions, the new ones looked for in the cache"
