"""Worker interpreters: tools answer as in processes of their own, and none harms another."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from projects import bare
from waiting import eventually, is_running

from mlgate import process
from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.gate import Completed, Environment, Tool
from mlgate.runner.pool import Pool
from mlgate.tools import _find

HERE = Environment(origin="beside mlgate", prefix=sys.prefix, python=sys.executable)


@pytest.fixture
def make_pool(tmp_path: Path) -> Iterator[Callable[..., Pool]]:
    pools: list[Pool] = []

    def make(limit: int = 1) -> Pool:
        scratch = tmp_path / f"scratch{len(pools)}"
        scratch.mkdir()
        pools.append(Pool(limit, process.bare_environment(os.environ), str(scratch)))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def pool(make_pool: Callable[..., Pool]) -> Pool:
    return make_pool()


def script(folder: Path, body: str, name: str = "tool") -> Tool:
    """A tool whose `main` is `body`; as a process of its own it does the same."""
    path = folder / f"{name}.py"
    lines = "\n".join("    " + line for line in body.splitlines())
    ending = 'if __name__ == "__main__":\n    sys.exit(main())\n'
    path.write_text(f"import os, sys, time\ndef main():\n{lines}\n{ending}")
    argv = (sys.executable, "-I", "-B", "-X", "utf8", str(path))
    return Tool(name=name, version="1", argv=argv, entry=str(path), environment=HERE)


def call(pool: Pool, tool: Tool, *args: str, **more: object) -> Completed:
    given = {"cwd": os.sep, "stdin": b"", "timeout": 60.0} | more
    return pool.call(tool, args, **given)  # type: ignore[arg-type]


def apart(tool: Tool, *args: str, cwd: str = os.sep, stdin: bytes = b"") -> Completed:
    env = process.bare_environment(os.environ)
    return process.run([*tool.argv, *args], cwd=cwd, env=env, stdin=stdin)


def workers(pool: Pool) -> int:
    """How many interpreters it has started so far."""
    return pool._started


# -- real tools ------------------------------------------------------------------------------------

BLACK = Tool(
    name="black",
    version="1",
    argv=(sys.executable, "-m", "black"),
    entry="black:patched_main",
    environment=HERE,
)
SOURCES = {
    "a.py": "import os, sys\nx = {  'a':1 }\nassert x\n",
    "b.py": "import pickle\ndef f( x ):\n  return pickle.loads(x)\n",
    "broken.py": "def f(:\n",
    "café.py": "y = eval( input() )\nz: int = 'a'\n",
    "sub/c.py": "import subprocess\nsubprocess.call('ls', shell=True)\n",
}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    for name, text in SOURCES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    odd = os.fsencode(folder) + b"/od\xe9d.py"
    Path(os.fsdecode(odd)).write_bytes(b"import os\n")
    return folder


def real(name: str) -> Tool:
    found = parts.load("tools", name).find([_find.own_environment()], dict(os.environ))
    assert isinstance(found, Tool) and found.entry
    return found


def test_real_tools_say_the_same_in_one_interpreter_as_apart(pool: Pool, sources: Path) -> None:
    odd = os.fsdecode(b"od\xe9d.py")
    batches = [["a.py", "b.py"], ["broken.py", "café.py"], ["sub/c.py"], ["a.py"]]
    flake8, bandit = real("flake8"), real("bandit")
    asked: list[tuple[Tool, list[str]]] = []
    for batch in [*batches, *batches[:2]]:
        asked.append((BLACK, ["--diff", "-q", "-W", "1", "--no-cache", "--", *batch]))
        asked.append((flake8, ["--isolated", "-j1", "--", *batch]))
        asked.append(
            (bandit, ["-q", "-f", "custom", "--msg-template", "{relpath}:{line}", *batch, odd])
        )
        asked.append((BLACK, ["--check", "-W", "1", "--no-cache", "--", odd]))
        asked.append((bandit, ["-f", "txt", "--exit-zero", "no/such.py"]))
    known: dict[tuple[str, ...], Completed] = {}
    for tool, args in asked:
        here = call(pool, tool, *args, cwd=str(sources))
        key = (tool.name, *args)
        if key not in known:
            known[key] = apart(tool, *args, cwd=str(sources))
        there = known[key]
        told = (here.returncode, _timeless(here.stdout))
        assert told == (there.returncode, _timeless(there.stdout)), key
        if tool is not bandit:  # it names its process's start on standard error
            assert here.stderr == there.stderr, key
        assert here.stderr.count(b"\n") == there.stderr.count(b"\n"), key
    assert workers(pool) == 1
    assert any(done.stdout for done in known.values())
    assert any(done.returncode for done in known.values())


def _timeless(said: bytes) -> list[bytes]:
    """Lines without the moments that black's diffs and bandit's reports name."""
    return [
        line.split(b"\t")[0] for line in said.splitlines() if not line.startswith(b"Run started")
    ]


def test_real_tools_with_more_paths_than_a_pipe_holds(pool: Pool, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    names = [f"a_rather_long_name_for_a_module_number_{i}.py" for i in range(2000)]
    assert sum(map(len, names)) > 1 << 16
    for name in names:
        (folder / name).write_text("x = 1\n" if name != names[-1] else "import os\n")
    done = call(pool, real("flake8"), "--isolated", "-j1", "--", *names, cwd=str(folder))
    assert done.returncode == 1
    assert done.text.count("\n") == 1 and names[-1] in done.text
    assert workers(pool) == 1


def test_names_of_the_repository_are_not_imported(pool: Pool, sources: Path) -> None:
    mark = sources / "imported"
    for name in ("sitecustomize.py", "usercustomize.py", "black/__init__.py", "json.py"):
        path = sources / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"open({str(mark)!r}, 'a').write({name!r})\n")
    (sources / "pyproject.toml").write_text("")
    done = call(pool, BLACK, "--check", "-q", "-W", "1", "a.py", cwd=str(sources))
    assert done.returncode == 1
    assert call(pool, real("flake8"), "-j1", "a.py", cwd=str(sources)).returncode == 1
    assert not mark.exists()
    assert workers(pool) == 1


def test_no_bytecode_is_written(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "imported_module.py").write_text("")
    tool = script(tmp_path, f"sys.path.insert(0, {str(tmp_path)!r})\nimport imported_module")
    assert call(pool, tool).returncode == 0
    assert not (tmp_path / "__pycache__").exists()


# -- how a main may end ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "print('out'); return 3",
        "return None",
        "return 'a word'",
        "return True",
        "sys.exit()",
        "sys.exit(0)",
        "sys.exit(7)",
        "sys.exit(256)",
        "sys.exit(-1)",
        "sys.exit('a word')",
        "sys.exit(('a', 'tuple'))",
        "sys.exit(2.5)",
        "print('closed'); sys.stdout.close(); return 4",
        "sys.stdout.buffer.write(b'\\xff\\x00bytes'); return 0",
        "print('sur\\udce9rogate'); return 0",
        "os.write(1, b'direct'); os.write(2, b'error'); return 0",
        "sys.stdout.write(sys.stdin.read().upper()); return 0",
        "print(sys.argv[1:], os.getcwd()); return 0",
        "print(repr(sys.stdin.buffer.read(3)), sys.stdout.name); return 0",
    ],
)
def test_endings_are_those_of_a_process(pool: Pool, tmp_path: Path, body: str) -> None:
    tool = script(tmp_path, body)
    args = ["a", "--b", os.fsdecode(b"caf\xe9"), "new\nline"]
    here = call(pool, tool, *args, cwd=str(tmp_path), stdin=b"given\n")
    there = apart(tool, *args, cwd=str(tmp_path), stdin=b"given\n")
    name = b"1" if b"<stdout>" in there.stdout else b"<stdout>"  # an open descriptor has no name
    assert here.returncode == there.returncode
    assert here.stdout.replace(name, b"<stdout>") == there.stdout
    assert here.stderr == there.stderr
    assert workers(pool) == 1


@pytest.mark.parametrize("body", ["raise ValueError('broken')", "os._exit(9)", "1 / 0"])
def test_crashes_are_run_again_apart(pool: Pool, tmp_path: Path, body: str) -> None:
    tool = script(tmp_path, f"open('calls', 'a').write('x')\n{body}")
    here = call(pool, tool, cwd=str(tmp_path))
    assert (tmp_path / "calls").read_text() == "xx"
    there = apart(tool, cwd=str(tmp_path))
    assert (here.returncode, here.stderr) == (there.returncode, there.stderr)
    good = script(tmp_path, "print('still here')", "good")
    assert call(pool, good).text == "still here\n"
    assert workers(pool) == 2


def test_death_by_a_signal_is_run_again_apart(pool: Pool, tmp_path: Path) -> None:
    tool = script(tmp_path, "os.kill(os.getpid(), 9)")
    assert call(pool, tool).returncode == -signal.SIGKILL


def test_a_crash_in_the_worker_only_gives_the_answer_of_the_process(
    pool: Pool, tmp_path: Path
) -> None:
    tool = script(tmp_path, "if __name__ != '__main__': os._exit(0)\nprint('apart'); return 5")
    done = call(pool, tool)
    assert (done.returncode, done.text) == (5, "apart\n")


def test_a_missing_entry_is_told_by_the_process(pool: Pool) -> None:
    argv = (sys.executable, "-c", "import sys; sys.exit('no such module')")
    tool = Tool(name="t", version="1", argv=argv, entry="no_such:main", environment=HERE)
    assert call(pool, tool).errors == "no such module\n"


def test_megabytes_of_output(pool: Pool, tmp_path: Path) -> None:
    body = "for _ in range(400):\n    print('o' * 10000)\n    print('e' * 10000, file=sys.stderr)"
    done = call(pool, script(tmp_path, body))
    assert len(done.stdout) == len(done.stderr) == 4_000_400


def test_input_of_megabytes(pool: Pool, tmp_path: Path) -> None:
    given = os.urandom(3_000_000)
    tool = script(tmp_path, "sys.stdout.buffer.write(sys.stdin.buffer.read())")
    assert call(pool, tool, stdin=given).stdout == given
    assert call(pool, tool).stdout == b""


def test_output_that_the_disk_does_not_take_is_asked_for_again(pool: Pool, tmp_path: Path) -> None:
    body = (
        "if __name__ != '__main__':\n    os.dup2(os.open('/dev/full', os.O_WRONLY), 1)\nprint('x')"
    )
    done = call(pool, script(tmp_path, body))
    assert done.text == "x\n"


def test_output_that_is_gone_is_asked_for_again(pool: Pool, tmp_path: Path) -> None:
    body = "if __name__ != '__main__':\n    os.unlink(os.readlink('/proc/self/fd/1'))\nprint('x')"
    assert call(pool, script(tmp_path, body)).text == "x\n"


# -- what a main leaves behind ---------------------------------------------------------------------


def test_what_one_tool_changes_the_next_does_not_see(pool: Pool, tmp_path: Path) -> None:
    spoil = """
import logging
logging.basicConfig(level=logging.DEBUG)
logging.getLogger().addHandler(logging.StreamHandler())
os.chdir("/")
os.environ["SPOILT"] = "1"
del os.environ["PATH"]
sys.path.insert(0, "/spoilt")
sys.argv.append("spoilt")
sys.stdout = None if len(sys.argv) > 90 else sys.stdout
"""
    look = """
import logging
logging.warning("once")
print(os.getcwd(), os.environ.get("SPOILT"), "PATH" in os.environ, "/spoilt" in sys.path)
print(sys.argv[1:], logging.getLogger().level)
"""
    tool = script(tmp_path, look, "look")
    before = call(pool, tool, cwd=str(tmp_path))
    call(pool, script(tmp_path, spoil, "spoil"))
    after = call(pool, tool, cwd=str(tmp_path))
    assert (after.stdout, after.stderr) == (before.stdout, before.stderr)
    assert after.text.splitlines() == [f"{tmp_path} None True False", "[] 30"]
    assert after.errors == "WARNING:root:once\n"
    assert workers(pool) == 1


FORKS = """
pid = os.fork()
if pid == 0:
    time.sleep(60)
    os._exit(0)
print(pid)
"""


def test_a_sleeping_grandchild_neither_delays_nor_survives(
    make_pool: Callable[..., Pool], tmp_path: Path
) -> None:
    pool = make_pool()
    began = time.monotonic()
    done = call(pool, script(tmp_path, FORKS))
    assert time.monotonic() - began < 10
    assert call(pool, script(tmp_path, "print('next')", "next")).text == "next\n"
    assert workers(pool) == 1
    pool.close()
    assert eventually(lambda: not is_running(int(done.text)))


def test_a_worker_that_dies_leaving_a_child_with_its_pipe_is_noticed(
    pool: Pool, tmp_path: Path
) -> None:
    body = (
        f"if __name__ == '__main__': return 5\n{FORKS}open('pid', 'w').write(str(pid))\nos._exit(1)"
    )
    began = time.monotonic()
    assert call(pool, script(tmp_path, body), cwd=str(tmp_path)).returncode == 5
    assert time.monotonic() - began < 10
    assert eventually(lambda: not is_running(int((tmp_path / "pid").read_text())))


def test_what_an_interpreter_says_at_its_start_is_no_answer(pool: Pool, tmp_path: Path) -> None:
    home = bare(tmp_path / "noisy")
    (packages,) = home.glob("lib/python3*/site-packages")
    (packages / "noise.pth").write_text(
        "import os; os.write(1, b'{\"code\": 0}\\nno newline'); os.write(2, b'warning')\n"
    )
    noisy = Environment(origin="here", prefix=str(home), python=str(home / "bin" / "python"))
    tool = script(tmp_path, "print('heard'); return 6")
    import msgspec

    done = call(pool, msgspec.structs.replace(tool, environment=noisy))
    assert (done.returncode, done.text) == (6, "heard\n")
    assert workers(pool) == 1


# -- time, many at once, the end -------------------------------------------------------------------


def test_time_limit_ends_the_worker_and_what_it_started(pool: Pool, tmp_path: Path) -> None:
    body = f"{FORKS}open('pid', 'w').write(str(pid))\ntime.sleep(60)"
    began = time.monotonic()
    with pytest.raises(GateError, match="tool did not end within 1 s") as raised:
        call(pool, script(tmp_path, body), cwd=str(tmp_path), timeout=1.0)
    assert time.monotonic() - began < 10 and raised.value.hint
    assert eventually(lambda: not is_running(int((tmp_path / "pid").read_text())))
    assert call(pool, script(tmp_path, "print('next')", "next")).text == "next\n"


def test_the_time_limit_counts_what_the_worker_took_already(pool: Pool, tmp_path: Path) -> None:
    tool = script(
        tmp_path, "time.sleep(2)\nos._exit(1) if __name__ != '__main__' else time.sleep(60)"
    )
    began = time.monotonic()
    with pytest.raises(GateError, match="did not end"):
        call(pool, tool, timeout=4.0)
    assert time.monotonic() - began < 5.5


def test_others_go_on_beside_one_that_hangs(make_pool: Callable[..., Pool], tmp_path: Path) -> None:
    pool = make_pool(2)
    hung: list[BaseException] = []

    def hang() -> None:
        try:
            call(pool, script(tmp_path, "time.sleep(60)", "hang"), timeout=3.0)
        except GateError as error:
            hung.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    quick = script(tmp_path, "print('quick')", "quick")
    said = [call(pool, quick).text for _ in range(20)]
    assert thread.is_alive()
    assert said == ["quick\n"] * 20
    thread.join(20)
    assert len(hung) == 1


def test_an_interpreter_that_is_missing_is_an_error_each_time(pool: Pool, tmp_path: Path) -> None:
    nowhere = Environment(origin="here", prefix="/nowhere", python="/nowhere/bin/python")
    tool = Tool(name="t", version="1", argv=("t",), entry="a:b", environment=nowhere)
    for _ in range(3):
        with pytest.raises(GateError, match="/nowhere/bin/python"):
            call(pool, tool)


def test_many_threads_and_two_interpreters_share_a_pool(pool: Pool, tmp_path: Path) -> None:
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    other = Environment(origin="here", prefix=sys.prefix, python=str(link))
    tools = []
    for number, place in enumerate((HERE, other)):
        body = f"time.sleep(0.02); print({number}, sys.argv[1])"
        tool = script(tmp_path, body, f"t{number}")
        tools.append(Tool(name="t", version="1", argv=("t",), entry=tool.entry, environment=place))
    said: list[str] = []

    def work(number: int) -> None:
        said.extend(call(pool, tools[(number + r) % 2], f"{number}.{r}").text for r in range(5))

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert sorted(said) == sorted(f"{(n + r) % 2} {n}.{r}\n" for n in range(8) for r in range(5))
    assert workers(pool) == 2


def test_closing_ends_those_at_work_and_starts_nothing_anew(pool: Pool, tmp_path: Path) -> None:
    tool = script(tmp_path, "open('starts', 'a').write('x')\ntime.sleep(60)")
    errors: list[GateError] = []

    def work() -> None:
        try:
            call(pool, tool, cwd=str(tmp_path))
        except GateError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]  # one works, two wait for it
    for thread in threads:
        thread.start()
    assert eventually((tmp_path / "starts").exists)
    pool.close()
    for thread in threads:
        thread.join(10)
    assert [error.message for error in errors] == ["the run was ended before the gate was"] * 3
    assert (tmp_path / "starts").read_text() == "x"
    with pytest.raises(GateError, match="was ended"):
        call(pool, tool)
