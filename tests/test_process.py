"""Processes: their environment, their pipes, their end, and the end of all they started."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from waiting import eventually, is_running

from mlgate import process
from mlgate.core.errors import GateError

PYTHON = sys.executable


LEAVES_BEHIND = """
import os, sys, time
child = os.fork()
if child == 0:
    grandchild = os.fork()
    with open(f"{sys.argv[0] or 'pid'}.{'b' if grandchild else 'c'}", "w") as file:
        file.write(str(os.getpid()))
    time.sleep(60)
    os._exit(0)
while not all(os.path.exists(f"{sys.argv[0] or 'pid'}.{x}") for x in "bc"):
    time.sleep(0.01)
"""


def left_behind(folder: Path) -> list[int]:
    return [int((folder / f"-c.{x}").read_text()) for x in "bc"]


# -- streams ---------------------------------------------------------------------------------------


def test_large_outputs_on_both_pipes_at_once(tmp_path: Path) -> None:
    script = (
        "import os\nfor _ in range(300):\n os.write(1, b'o' * 10000)\n os.write(2, b'e' * 10000)"
    )
    done = process.run([PYTHON, "-c", script], cwd=tmp_path, env=dict(os.environ))
    assert done.stdout == b"o" * 3_000_000
    assert done.stderr == b"e" * 3_000_000
    assert done.returncode == 0 and done.duration > 0


def test_input_larger_than_the_pipe(tmp_path: Path) -> None:
    script = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])"
    given = os.urandom(2_000_000)
    done = process.run([PYTHON, "-c", script], cwd=tmp_path, env=dict(os.environ), stdin=given)
    assert done.stdout == given[::-1]


def test_input_that_nobody_reads(tmp_path: Path) -> None:
    done = process.run(
        [PYTHON, "-c", "print('ok')"], cwd=tmp_path, env=dict(os.environ), stdin=b"x" * 2_000_000
    )
    assert (done.returncode, done.text.strip()) == (0, "ok")


def test_without_input_standard_input_is_at_its_end(tmp_path: Path) -> None:
    done = process.run(
        [PYTHON, "-c", "import sys; print(len(sys.stdin.read()))"],
        cwd=tmp_path,
        env=dict(os.environ),
        timeout=20,
    )
    assert done.text.strip() == "0"


# -- what cannot start -----------------------------------------------------------------------------


def test_missing_program_is_named(tmp_path: Path) -> None:
    missing = "cannot start /no/such/program: No such file"
    with pytest.raises(GateError, match=missing) as raised:
        process.run(["/no/such/program"], cwd=tmp_path, env={})
    assert raised.value.hint == "install it, or name it by its path"


def test_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"the folder .*gone is not there"):
        process.run([PYTHON, "-c", ""], cwd=tmp_path / "gone", env={})


def test_null_byte_in_an_argument(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="null byte"):
        process.run([PYTHON, "-c", "a\0b"], cwd=tmp_path, env={})


def test_more_arguments_than_the_system_takes(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="Argument list too long"):
        process.run([PYTHON, "-c", "", *["x" * 100_000] * 100], cwd=tmp_path, env={})


# -- how it ends -----------------------------------------------------------------------------------


def test_signal_death_is_a_negative_code(tmp_path: Path) -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    done = process.run([PYTHON, "-c", script], cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == -signal.SIGSEGV


def test_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    script = LEAVES_BEHIND + "time.sleep(60)"
    began = time.monotonic()
    with pytest.raises(GateError, match="did not end within 2 s") as raised:
        process.run([PYTHON, "-c", script], cwd=tmp_path, env=dict(os.environ), timeout=2)
    assert time.monotonic() - began < 10
    assert raised.value.hint
    assert eventually(lambda: not any(map(is_running, left_behind(tmp_path))))


def test_what_holds_the_pipes_after_the_end_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    done = process.run(
        [PYTHON, "-c", LEAVES_BEHIND + "print('done', flush=True); os._exit(5)"],
        cwd=tmp_path,
        env=dict(os.environ),
        timeout=30,
    )
    assert (done.returncode, done.text.strip()) == (5, "done")
    assert time.monotonic() - began < 15
    assert eventually(lambda: not any(map(is_running, left_behind(tmp_path))))


def test_what_was_left_behind_quietly_is_ended_too(tmp_path: Path) -> None:
    quiet = LEAVES_BEHIND.replace(
        "time.sleep(60)", "[os.close(n) for n in (0, 1, 2)]; time.sleep(60)"
    )
    done = process.run([PYTHON, "-c", quiet], cwd=tmp_path, env=dict(os.environ), timeout=30)
    assert done.returncode == 0
    assert eventually(lambda: not any(map(is_running, left_behind(tmp_path))))


def test_end_all_ends_what_other_threads_wait_for(tmp_path: Path) -> None:
    codes: list[int] = []

    def wait() -> None:
        script = LEAVES_BEHIND + "time.sleep(60)"
        done = process.run([PYTHON, "-c", script], cwd=tmp_path, env=dict(os.environ))
        codes.append(done.returncode)

    thread = threading.Thread(target=wait)
    thread.start()
    assert eventually(lambda: all((tmp_path / f"-c.{x}").exists() for x in "bc"))
    time.sleep(0.1)
    process.end_all()
    thread.join(10)
    assert codes == [-signal.SIGKILL]
    assert eventually(lambda: not any(map(is_running, left_behind(tmp_path))))


def test_the_number_of_a_reaped_child_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = process.start([PYTHON, "-c", ""], cwd=tmp_path, env=dict(os.environ))
    child.communicate()
    killed: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda pid, number: killed.append(pid))
    process.end_group(child)
    process.end_all()
    assert child.pid not in killed


def test_children_that_ended_are_forgotten(tmp_path: Path) -> None:
    for _ in range(5):
        process.start([PYTHON, "-c", ""], cwd=tmp_path, env=dict(os.environ)).communicate()
    last = process.start([PYTHON, "-c", ""], cwd=tmp_path, env=dict(os.environ))
    assert process._alive == {last}
    last.communicate()


# -- environments ----------------------------------------------------------------------------------

FOREIGN = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "LC_ALL": "C.UTF-8",
    "https_proxy": "http://proxy",
    "GIT_DIR": "/elsewhere",
    "GIT_INDEX_FILE": "/elsewhere/index",
    "MLGATE_CACHE_DIR": "/cache",
    "PYTHONPATH": "/evil",
    "PYTHONSTARTUP": "/evil.py",
    "LD_PRELOAD": "/evil.so",
    "BLACK_CACHE_DIR": "/evil",
    "GITHUB_TOKEN": "t",
    "AWS_PROFILE": "p",
    "AWS_SECRET_ACCESS_KEY": "s",
    "DB_PASSWORD": "s",
    "OPENAI_API_KEY": "s",
    "SAFETY_API_KEY": "s",
    "SIGNING_IDENTITY": "s",
    "MY_SETTING": "1",
}


def test_tools_get_the_bare_minimum() -> None:
    kept = process.bare_environment(FOREIGN, ("MY_SETTING", "ABSENT"), {"EXTRA": "1"})
    assert set(kept) & set(FOREIGN) == {"PATH", "HOME", "LC_ALL", "MY_SETTING"}
    assert kept["EXTRA"] == "1" and "ABSENT" not in kept
    assert kept["PYTHONDONTWRITEBYTECODE"] == "1"


def test_names_that_merely_begin_like_allowed_ones_are_left_out() -> None:
    assert "PATHOLOGY" not in process.bare_environment({"PATHOLOGY": "1", "HOMER": "1"})


def test_project_code_gets_all_but_git_ours_and_credentials() -> None:
    kept = process.project_environment(FOREIGN, ("AWS_PROFILE",))
    assert set(kept) & set(FOREIGN) == {
        *("PATH", "HOME", "LC_ALL", "https_proxy", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD"),
        *("BLACK_CACHE_DIR", "AWS_PROFILE", "MY_SETTING"),
    }


def test_what_is_withheld_is_named() -> None:
    assert process.withheld_names(FOREIGN, ("DB_PASSWORD",)) == [
        *("AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "OPENAI_API_KEY"),
        *("SAFETY_API_KEY", "SIGNING_IDENTITY"),
    ]


def test_the_child_sees_no_more_than_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "t")
    script = "import os; print('GITHUB_TOKEN' in os.environ)"
    env = process.bare_environment(os.environ)
    assert process.run([PYTHON, "-c", script], cwd=tmp_path, env=env).text.strip() == "False"
