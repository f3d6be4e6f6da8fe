"""`mlgate check` as a process of its own, on real repositories."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from surroundings import clean_environ

if TYPE_CHECKING:
    from conftest import Project

GOOD = "x = 1\n"
BAD = "x = 1   \n"
POLICY = "[gates.files]\n"


@pytest.fixture
def repository(git, tmp_path):
    """Files by name, committed."""

    def make(**files):
        for name, content in {"mlgate.toml": POLICY, **files}.items():
            (tmp_path / name.replace("__", ".")).write_text(content)
        git("add", "-A")
        git("commit", "-q", "-m", "one")
        return tmp_path

    return make


@pytest.fixture
def store(tmp_path_factory):
    """The environment that keeps the store out of the way."""
    return {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}


def test_passing(repository, started, store):
    ran = started("check", cwd=repository(a__py=GOOD), **store)
    assert ran.code == 0, ran
    assert re.search(r"^✓ files  .*2 files", ran.out, re.M)
    assert "nothing blocks; 2 gates passed" in ran.out
    assert ran.err == ""


def test_failing(repository, started, store):
    ran = started("check", cwd=repository(a__py=BAD), **store)
    assert ran.code == 1
    assert "a.py:1" in ran.out
    assert "blocked by files" in ran.out


def test_a_path_narrows(repository, started, store):
    folder = repository(a__py=BAD, b__py=GOOD)
    assert started("check", "b.py", cwd=folder, **store).code == 0
    ran = started("check", "gone.py", cwd=folder, **store)
    assert ran.code == 2
    assert "gone.py" in ran.err


def test_outside_a_repository(started, tmp_path, store):
    ran = started("check", cwd=tmp_path, **store)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("error: not a git repository\n mend: ")


def test_a_policy_with_unknown_keys(repository, started, store):
    folder = repository(mlgate__toml="[gates.files]\nmax_sise = '1MB'\n")
    ran = started("check", cwd=folder, **store)
    assert ran.code == 2
    assert "mlgate.toml:2" in ran.err
    assert "Traceback" not in ran.err


def test_a_missing_base(repository, started, store):
    ran = started("check", "--base", "nowhere", cwd=repository(a__py=GOOD), **store)
    assert ran.code == 3
    assert "nowhere" in ran.out + ran.err


def test_json_alone_on_standard_output(repository, started, store):
    ran = started("check", "--format", "json", cwd=repository(a__py=BAD), **store)
    assert ran.code == 1
    report = json.loads(ran.out)
    assert report["exit_code"] == 1
    assert report["verdicts"][0]["findings"]


def test_a_format_in_a_file_beside_text(repository, started, store, tmp_path_factory):
    folder = repository(a__py=BAD)
    out = tmp_path_factory.mktemp("out")
    ran = started("check", "--format", f"json:{out}/r.json", cwd=folder, **store)
    assert json.loads((out / "r.json").read_text())["exit_code"] == 1
    assert "blocked by files" in ran.out
    assert os.listdir(out) == ["r.json"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (["jsn"], "did you mean 'json'?"),
        (["json", "text"], "--format json:FILE"),
        (["json:"], "names no file"),
        (["json:no/such/r.json"], "mkdir -p"),
    ],
)
def test_formats_that_cannot_be_written_are_told_before_any_work(mlgate, wanted, said):
    args = [arg for one in wanted for arg in ("--format", one)]
    ran = mlgate("check", *args)
    assert ran.code == 2
    assert said in ran.err


def test_the_whole_list_in_a_text_file(repository, started, store, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "all.txt"
    folder = repository(a__py=BAD * 40)
    ran = started("check", "--format", f"text:{out}", cwd=folder, **store)
    assert "and 15 more" in ran.out
    assert out.read_text().count("a.py:") == 40


def test_push_refs_come_from_standard_input(repository, git, store, tmp_path):
    folder = repository(a__py=BAD)
    head = git("rev-parse", "HEAD").strip()
    refs = f"refs/heads/main {head} refs/heads/main {'0' * 40}\n"
    ran = subprocess.run(
        [sys.executable, "-m", "mlgate", "check", "--stage", "push", "--push-refs", "-"],
        cwd=folder,
        env=clean_environ(**store),
        input=refs,
        capture_output=True,
        text=True,
    )
    assert ran.returncode in (0, 1), ran.stderr
    assert head[:7] in ran.stdout


def test_ascii_where_the_encoding_has_no_marks(repository, started, store):
    ran = started("check", cwd=repository(a__py=BAD), PYTHONIOENCODING="ascii", **store)
    assert ran.code == 1
    assert ran.out.isascii()


@pytest.mark.parametrize(
    ("environ", "colored"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_color(repository, started, store, environ, colored):
    ran = started("check", cwd=repository(a__py=GOOD), **store, **environ)
    verdict, *_, last = ran.out.splitlines()
    assert verdict.startswith("\x1b[") == colored, verdict
    assert ("\x1b[" in last) == colored


def on_terminal(args, folder, until=None, **environ):
    """Output and exit code of mlgate on a terminal; interrupted once `until` is on it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore it
        env = clean_environ(TERM="xterm-256color", COLUMNS="80", **environ)
        os.execve(sys.executable, [sys.executable, "-m", "mlgate", *args], env)
    said = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        said += chunk
        if until and until in said:
            time.sleep(0.3)
            os.kill(pid, signal.SIGINT)
            until = None
    _, status = os.waitpid(pid, 0)
    return said.decode(), os.waitstatus_to_exitcode(status)


SLOW = "[gates.slow]\nkind = 'command'\nrun = ['sleep', '{}']\n"


def test_long_work_is_watched_on_a_terminal(repository, store):
    said, code = on_terminal(["check"], repository(mlgate__toml=SLOW.format(1)), **store)
    assert code == 0, said
    drawn, _, rest = said.partition("\x1b[?25h")  # the cursor is shown again at the end
    assert "\x1b[?25l" in drawn
    assert re.search(r"slow\S*  .*[01] s", drawn)
    assert "nothing blocks; 2 gates passed" in rest


def test_a_pipe_is_never_watched(repository, started, store):
    ran = started("check", cwd=repository(mlgate__toml=SLOW.format(0.4)), **store)
    assert "\x1b" not in ran.out
    assert "nothing blocks" in ran.out


def test_control_c(repository, store):
    folder = repository(mlgate__toml=SLOW.format(30))
    said, code = on_terminal(["check"], folder, until=b"slow", **store)
    assert code == 130
    assert "interrupted" in said
    assert "Traceback" not in said


def test_a_warm_run_loads_nothing_heavy(repository, store):
    folder = repository(a__py=GOOD)
    code = (
        "import sys; from mlgate.cli import main\n"
        "try: main(['check'])\n"
        "except SystemExit as end: print('code', end.code)\n"
        "print(' '.join(sys.modules))"
    )

    def run():
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env=clean_environ(**store),
            capture_output=True,
            text=True,
        ).stdout.splitlines()

    run()
    *said, modules = run()
    assert "code 0" in said
    assert any("cached" in line for line in said)
    heavy = {"rich", "yaml", "pathspec", "packaging", "importlib.metadata", "asyncio"}
    assert not heavy & set(modules.split())


def test_project_that_is_none(project: Project) -> None:
    project.put({"mlgate.toml": "[gates.files]\n", "service/a.py": "x = 1\n"}).commit()
    said = project.run("check", "--project", "service")
    assert said.code == 2
    assert said.err.startswith("error: service is no project: the policy has none\n")
    own = {"service/mlgate.toml": "[gates.files]\n"}
    project.put({"mlgate.toml": 'projects = ["service"]\n', **own}).commit()
    said = project.run("check", "--project", "nonsense")
    assert said.code == 2
    assert "nonsense is no project of the policy" in said.err
    assert "service" in said.err
    assert project.run("check", "--project", "service").code == 0


def test_gate_that_is_none(project: Project) -> None:
    project.put({"mlgate.toml": "[gates.lint]\n"}).commit()
    said = project.run("check", "--gate", "lnit")
    assert (said.code, "lint" in said.err) == (2, True)


def test_lines_of_binary_files_are_not_shown(project: Project) -> None:
    project.put({"a.py": b"\x00\xff\xfe\x80" * 50, "b.py": "é = (\n".encode("latin-1")})
    said = project.put({"mlgate.toml": "[gates.lint]\n"}).commit().run("check")
    assert said.code == 1
    assert "a.py:1:1" in said.out
    assert "\ufffd\ufffd" not in said.out
    assert "= (" in said.out


def test_a_pipe_is_written_to_and_stays_one(repository, started, store, tmp_path_factory):
    """/dev/null is such a one: another file in its place would break the machine."""
    pipe = tmp_path_factory.mktemp("there") / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        started("check", "--format", f"json:{pipe}", cwd=repository(a__py=GOOD), **store)
        assert os.read(reader, 1) == b"{"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
