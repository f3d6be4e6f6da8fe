"""Bad input gets a clear message and the right exit code: never a traceback, never a bare pass."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from projects import Ended, Project

CODE = "[gates.format]\n[gates.lint]\n[gates.security]\n[gates.files]\n"


def outcome(ended: Ended, gate: str) -> tuple[str, str | None]:
    verdicts = {v["gate"]: v for v in json.loads(ended.out)["verdicts"]}
    return verdicts[gate]["outcome"], verdicts[gate]["reason"]


def rules(ended: Ended, gate: str) -> set[str]:
    verdicts = {v["gate"]: v for v in json.loads(ended.out)["verdicts"]}
    return {f["rule"] for f in verdicts[gate]["findings"] if f["result"] == "fail"}


def stand_in(folder: Path, name: str, script: str) -> str:
    """A program called `name` that runs `script`; returns the policy's `command` for it."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, time\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return json.dumps([str(path)])


VERSION = "if '--version' in sys.argv: print('flake8 7.0.0'); sys.exit(0)\n"


# -- exit 2 ----------------------------------------------------------------------------------------


def test_not_a_repository(tmp_path: Path, project: Project) -> None:
    ended = project.run("check", cwd=tmp_path)
    assert ended.code == 2
    assert "not a git repository" in ended.err and "git init" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("[gates.lint]\ntimeout = []\n", "timeout"),
        ("[gates.lint]\nlevle = 'error'\n", "did you mean `level`"),
        ("[gates.lnt]\n", "did you mean"),
        ("[gates.lint]\n[gates.lint]\n", "twice"),
        ("[gates.lint\n", "mlgate.toml:1"),
        ("gates = 3\n", "gates"),
        ("[gates.lint]\nneeds = ['nothing']\n", "nothing"),
        ("\xff\xfe", "mlgate.toml"),
    ],
)
def test_policy_that_says_nothing_sensible(project: Project, policy: str, told: str) -> None:
    project.put({"mlgate.toml": policy.encode("latin-1"), "a.py": "x = 1\n"}).commit()
    ended = project.run("check")
    assert ended.code == 2, ended
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_unknown_gate_and_missing_path(project: Project) -> None:
    project.put({"mlgate.toml": CODE, "a.py": "x = 1\n"}).commit()
    assert project.run("check", "--gate", "lnit").code == 2
    ended = project.run("check", "nowhere.py")
    assert ended.code == 2 and "nowhere.py" in ended.err


# -- exit 3 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (VERSION + "sys.stderr.write('Segmentation of nothing'); sys.exit(70)", "flake8"),
        (VERSION + "print('<html>rubbish</html>'); sys.exit(1)", "flake8"),
        (VERSION + "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "flake8"),
        (VERSION + "time.sleep(60)", "did not end"),
        ("sys.exit(1)", "--version"),
    ],
    ids=["crash", "rubbish", "killed", "hangs", "no version"],
)
def test_tool_that_misbehaves_has_errored(
    project: Project, tmp_path: Path, script: str, told: str
) -> None:
    command = stand_in(tmp_path, "flake8", script)
    policy = f"[gates.lint]\ncommand = {command}\ntimeout = 5\n"
    project.put({"mlgate.toml": policy, "a.py": "x = 1\n"}).commit()
    ended = project.run("check", "--format", "json")
    assert ended.code == 3, ended
    came, reason = outcome(ended, "lint")
    assert came == "errored" and told in (reason or ""), reason
    assert "Traceback" not in ended.err


def test_tool_missing_has_errored_where_the_policy_names_it(project: Project) -> None:
    policy = '[gates.lint]\nplugins = ["flake8-no-such-plugin"]\n'
    project.put({"mlgate.toml": policy, "a.py": "x = 1\n"}).commit()
    ended = project.run("check", "--format", "json")
    assert ended.code == 3, ended
    came, reason = outcome(ended, "lint")
    assert came == "errored" and "flake8-no-such-plugin" in (reason or "")


def test_tool_of_another_version_than_the_policy_names(project: Project) -> None:
    project.put({"mlgate.toml": '[gates.lint]\nversion = "3.9.2"\n', "a.py": "x = 1\n"}).commit()
    ended = project.run("check", "--format", "json")
    came, reason = outcome(ended, "lint")
    assert (ended.code, came) == (3, "errored") and "3.9.2" in (reason or "")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(project: Project) -> None:
    project.put({"mlgate.toml": "[gates.lint]\n", "a.py": "x = 1\n"}).commit()
    (project.folder / "a.py").chmod(0)
    ended = project.run("check")
    assert ended.code == 3 and "a.py" in ended.out + ended.err


# -- exit 1 ----------------------------------------------------------------------------------------


def test_syntax_error_is_a_finding_of_every_code_gate(project: Project) -> None:
    project.put({"mlgate.toml": CODE, "a.py": "def f(:\n"}).commit()
    ended = project.run("check", "--format", "json")
    assert ended.code == 1
    for gate in ("format", "lint", "security"):
        assert outcome(ended, gate)[0] == "failed", gate


def test_broken_notebook(project: Project) -> None:
    policy = "[gates.notebook]\n[gates.lint]\n"
    project.put({"mlgate.toml": policy, "a.ipynb": '{"cells": [', "b.py": "x = 1\n"}).commit()
    ended = project.run("check", "--format", "json")
    assert ended.code == 1
    assert outcome(ended, "notebook")[0] == "failed"


def test_symlinks_out_of_the_root_and_in_a_loop(project: Project, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("x = 1\n")
    (project.folder / "out.py").symlink_to("../secret.py")
    (project.folder / "a").symlink_to("b")
    (project.folder / "b").symlink_to("a")
    project.put({"mlgate.toml": CODE}).commit()
    ended = project.run("check", "--format", "json")
    assert ended.code == 1
    places = {
        f["location"]["path"]
        for v in json.loads(ended.out)["verdicts"]
        if v["gate"] == "files"
        for f in v["findings"]
        if "symlink" in f["rule"]
    }
    assert {"out.py", "a", "b"} <= places


# -- no cache, odd files ---------------------------------------------------------------------------


def test_without_home_the_verdict_is_the_same_and_a_note_says_so(project: Project) -> None:
    project.put({"mlgate.toml": CODE, "a.py": "import os\n"}).commit()
    usual = project.run("check", "--format", "json")
    bare = project.run(
        "check", "--format", "json", HOME=None, MLGATE_CACHE_DIR=None, XDG_CACHE_HOME=None
    )
    assert bare.code == usual.code == 1
    assert rules(bare, "lint") == rules(usual, "lint") == {"lint/F401"}
    assert any("cache" in note for note in json.loads(bare.out)["notes"])


def test_store_on_a_read_only_place(project: Project, tmp_path: Path) -> None:
    project.put({"mlgate.toml": CODE, "a.py": "import os\n"}).commit()
    (tmp_path / "file").write_text("in the way")
    ended = project.run("check", "--format", "json", MLGATE_CACHE_DIR=str(tmp_path / "file" / "x"))
    assert ended.code == 1 and rules(ended, "lint") == {"lint/F401"}
    assert any("cache" in note for note in json.loads(ended.out)["notes"])


def test_generated_file_of_50_megabytes_is_judged_or_named(project: Project) -> None:
    project.put({"mlgate.toml": CODE, "a.py": "x = 1\n"})
    project.put({"big.py": "DATA = [\n" + "    1234567890,\n" * 3_300_000 + "]\n"}).commit()
    ended = project.run("check", "--format", "json")
    assert ended.code == 1
    for gate in ("format", "lint", "security"):
        verdict = next(v for v in json.loads(ended.out)["verdicts"] if v["gate"] == gate)
        assert verdict["outcome"] == "failed"
        assert any("big.py" in f["message"] for f in verdict["findings"]), gate


def test_binary_named_like_python(project: Project) -> None:
    project.put({"mlgate.toml": CODE, "a.py": bytes(range(256)) * 40}).commit()
    ended = project.run("check", "--format", "json")
    assert ended.code == 1, ended
    assert outcome(ended, "lint")[0] == "failed"
    assert "Traceback" not in ended.err


def test_names_that_look_like_options_or_hold_odd_bytes(project: Project) -> None:
    odd = [b"--config=x.py", b"sp ace.py", b"new\nline.py", b"caf\xe9.py", "日本.py".encode()]
    for name in odd:
        (Path(os.fsdecode(os.fsencode(project.folder) + b"/" + name))).write_bytes(b"import os\n")
    project.put({"mlgate.toml": CODE}).commit()
    ended = project.run("check", "--format", "json")
    assert ended.code == 1, ended
    lint = next(v for v in json.loads(ended.out)["verdicts"] if v["gate"] == "lint")
    places = {f["location"]["path"] for f in lint["findings"] if f["rule"] == "lint/F401"}
    assert len(places) == len(odd), places
    assert all("\n" not in place for place in places)


def test_nothing_to_judge_is_no_bare_pass(project: Project) -> None:
    project.put({"mlgate.toml": "[gates.lint]\n", "readme.md": "# x\n"}).commit()
    ended = project.run("check")
    assert ended.code == 0
    assert "passed" not in ended.out.split("lint")[0]
    assert "nothing" in ended.out.lower() or "no files" in ended.out
