"""The store: shared, killed, damaged, foreign, forbidden; losing it costs time, never a verdict."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlgate.store.store import Store, open_store, store_folder

ENV = "MLGATE_CACHE_DIR"
TODAY = 20_000


def opened(folder: Path) -> Store:
    return open_store({ENV: str(folder)})


def value_of(key: bytes) -> bytes:
    return key * 40


def rows(start: int, count: int) -> dict[bytes, bytes]:
    keys = [i.to_bytes(32, "big") for i in range(start, start + count)]
    return {key: value_of(key) for key in keys}


def the_file(folder: Path) -> Path:
    (found,) = folder.glob("store*.sqlite")
    return found


def filled(folder: Path, count: int = 400) -> dict[bytes, bytes]:
    store = opened(folder)
    known = rows(0, count)
    store.put("findings", known, TODAY)
    assert store.problem is None
    store.close()
    return known


def as_nobody(work: Callable[[], object]) -> object:
    """What `work` returns in a process that is not root, whom no file is forbidden to."""
    if os.geteuid() != 0:
        return work()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            told = json.dumps(work())
        except BaseException as error:
            told = json.dumps(f"{type(error).__name__}: {error}")
        os.write(write, told.encode())
        os._exit(0)
    os.close(write)
    with open(read, encoding="utf-8") as file:
        said = file.read()
    os.waitpid(child, 0)
    return json.loads(said)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other users can reach."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


# -- what it keeps ---------------------------------------------------------------------------------


def test_what_was_put_is_got_by_the_next(tmp_path: Path) -> None:
    known = filled(tmp_path, 1200)
    store = opened(tmp_path)
    asked = [*known, b"unknown" * 5]
    assert store.get("findings", asked, TODAY) == known
    assert store.get("memos", asked, TODAY) == {}
    store.put("findings", {next(iter(known)): b"newer"}, TODAY)
    assert store.get("findings", asked[:1], TODAY) == {asked[0]: b"newer"}
    store.close()
    assert store.get("findings", asked, TODAY) == {}


def test_it_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    filled(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert the_file(folder).stat().st_mode & 0o777 == 0o600
    folder.chmod(0o777)
    opened(folder).close()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_row_that_was_tampered_with_is_not_believed(tmp_path: Path) -> None:
    known = filled(tmp_path, 10)
    keys = list(known)
    with sqlite3.connect(the_file(tmp_path)) as db:
        db.execute("UPDATE findings SET value = X'90' WHERE key = ?", (keys[0],))
        db.execute("UPDATE findings SET mark = X'00' WHERE key = ?", (keys[1],))
        value, mark = db.execute(
            "SELECT value, mark FROM findings WHERE key = ?", (keys[2],)
        ).fetchone()
        db.execute("UPDATE findings SET value = ?, mark = ? WHERE key = ?", (value, mark, keys[3]))
        db.execute("UPDATE findings SET value = 'text' WHERE key = ?", (keys[4],))
        db.execute("UPDATE findings SET value = 7 WHERE key = ?", (keys[5],))
    db.close()
    store = opened(tmp_path)
    doubtful = {*keys[:2], *keys[3:6]}
    assert store.get("findings", keys, TODAY) == {
        k: v for k, v in known.items() if k not in doubtful
    }
    assert store.problem is None
    store.close()


def test_runs_are_bounded_and_apart(tmp_path: Path) -> None:
    store = opened(tmp_path)
    odd = os.fsdecode(b"/caf\xe9")
    for number in range(210):
        store.record_run(
            "/a", "merge", started=float(number), duration=0.5, exit_code=1, report=b"%d" % number
        )
    store.record_run(odd, "merge", started=1.0, duration=2.0, exit_code=0, report=b"odd")
    store.record_run("/a", "commit", started=1.0, duration=2.0, exit_code=0, report=b"c")
    assert store.runs("/a", "merge", 2) == [(209.0, 0.5, 1, b"209"), (208.0, 0.5, 1, b"208")]
    assert len(store.runs("/a", "merge", 1000)) == 200
    assert store.runs(odd, "merge", 9) == [(1.0, 2.0, 0, b"odd")]
    assert len(store.runs("/a", "commit", 9)) == 1
    assert store.runs("/b", "merge", 9) == []
    assert store.problem is None
    store.close()


def test_trimming_drops_what_was_longest_not_asked_for(tmp_path: Path) -> None:
    store = opened(tmp_path)
    old, new = rows(0, 2000), rows(5000, 2000)
    store.put("findings", old | new, TODAY - 50)
    store.put("memos", {b"m" * 32: b"m"}, TODAY)
    size = os.path.getsize(the_file(tmp_path)) + 10_000_000
    store.trim(size)
    assert len(store.get("findings", list(new), TODAY)) == 2000  # asked for today
    store.trim(100_000)
    assert store.get("findings", list(old), TODAY) == {}
    assert store.get("findings", list(new), TODAY) == new
    assert store.problem is None
    store.close()


# -- many at once, and ends at any moment ----------------------------------------------------------

WRITER = """
import sys
sys.path.insert(0, sys.argv[3])
from mlgate.store.store import open_store
from test_store import rows, TODAY
store = open_store({"MLGATE_CACHE_DIR": sys.argv[1]})
start = int(sys.argv[2])
print("ready", flush=True)
for number in range(100000 if start else 60):
    store.put("findings", rows(start + number * 20, 20), TODAY)
    store.record_run("/a", "merge", started=1.0, duration=1.0, exit_code=0, report=b"r" * 500)
print(store.problem, flush=True)
"""


def writer(folder: Path, start: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(start), str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_write_at_once(tmp_path: Path) -> None:
    """All begin without a store, so they make it at once, too."""
    together = [writer(tmp_path, 0) for _ in range(4)]
    said = [process.communicate(timeout=120)[0].split() for process in together]
    assert said == [["ready", "None"]] * 4
    store = opened(tmp_path)
    known = rows(0, 1200)
    assert store.get("findings", list(known), TODAY) == known
    assert len(store.runs("/a", "merge", 500)) == 200
    store.close()


def test_kill_at_any_moment_of_writing(tmp_path: Path) -> None:
    chance = random.Random(7)
    seen = 0
    for turn in range(1, 31):
        process = writer(tmp_path, turn * 10_000_000)
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(chance.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        store = opened(tmp_path)
        asked = rows(turn * 10_000_000, 2000)
        found = store.get("findings", list(asked), TODAY)
        assert all(value == asked[key] for key, value in found.items())
        assert len(found) % 20 == 0, "half a batch was stored"
        assert store.problem is None
        store.close()
        seen += bool(found)
    assert seen > 10
    with sqlite3.connect(the_file(tmp_path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


MAKER = """
import sys, os
from mlgate.store.store import open_store
os.makedirs(sys.argv[1] + "/0")
open_store({"MLGATE_CACHE_DIR": sys.argv[1] + "/0"}).close()
print("ready", flush=True)
for number in range(1, 100000):
    open_store({"MLGATE_CACHE_DIR": f"{sys.argv[1]}/{number}"}).close()
"""


def test_kill_at_any_moment_of_making_it(tmp_path: Path) -> None:
    chance = random.Random(8)
    for turn in range(30):
        folder = tmp_path / str(turn)
        process = subprocess.Popen(
            [sys.executable, "-c", MAKER, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(chance.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        last = max(folder.iterdir(), key=lambda one: int(one.name))
        known = filled(last, 5)
        store = opened(last)
        assert store.get("findings", list(known), TODAY) == known
        store.close()


def test_a_store_that_another_holds_locked_costs_no_answer(tmp_path: Path) -> None:
    known = filled(tmp_path, 5)
    other = sqlite3.connect(the_file(tmp_path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = opened(tmp_path)
    assert store.get("findings", list(known), TODAY) == known
    store.put("findings", rows(100, 1), TODAY)
    assert "locked" in (store.problem or "")
    other.close()
    store.close()


# -- damaged, foreign ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(25))
def test_bytes_that_flipped_are_never_an_answer(tmp_path: Path, seed: int) -> None:
    known = filled(tmp_path)
    path = the_file(tmp_path)
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 20, 2000))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)
    for _ in range(3):
        store = opened(tmp_path)
        found = store.get("findings", list(known), TODAY)
        assert all(known[key] == value for key, value in found.items())
        store.put("findings", known, TODAY)
        store.runs("/a", "merge", 1)
        store.record_run("/a", "merge", started=1.0, duration=1.0, exit_code=0, report=b"r")
        store.trim(10)
        store.close()


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "garbage":
        path.write_bytes(b"no database at all" * 1000)
    elif how == "leaf pages":  # the head is whole, so that opening it succeeds
        path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    elif how == "empty":
        path.write_bytes(b"")


@pytest.mark.parametrize("how", ["truncated", "garbage", "leaf pages", "empty"])
def test_a_damaged_store_is_replaced(tmp_path: Path, how: str) -> None:
    known = filled(tmp_path)
    damage(the_file(tmp_path), how)
    problems = []
    for _ in range(2):  # at the latest the second run has a store again
        store = opened(tmp_path)
        found = store.get("findings", list(known), TODAY)
        assert all(known[key] == value for key, value in found.items())
        store.put("findings", known, TODAY)
        problems.append(store.problem)
        store.close()
    store = opened(tmp_path)
    assert store.problem is None
    assert store.get("findings", list(known), TODAY) == known
    assert how == "empty" or any("damaged" in (problem or "") for problem in problems)
    store.close()


def test_what_belonged_to_a_damaged_store_does_not_get_into_the_new_one(tmp_path: Path) -> None:
    filled(tmp_path)
    path = the_file(tmp_path)
    path.write_bytes(b"garbage" * 1000)
    Path(f"{path}-wal").write_bytes(b"of the old one" * 1000)
    store = opened(tmp_path)
    store.put("findings", rows(0, 3), TODAY)
    assert store.get("findings", list(rows(0, 3)), TODAY) == rows(0, 3)
    assert "damaged" in (store.problem or "")
    store.close()


@pytest.mark.parametrize("application", [0, 0x12345678])
def test_a_foreign_database_is_left_untouched(tmp_path: Path, application: int) -> None:
    filled(tmp_path)
    path = the_file(tmp_path)
    path.unlink()
    with sqlite3.connect(path) as db:
        db.executescript(f"PRAGMA application_id = {application}; CREATE TABLE findings (x);")
    db.close()
    before = path.read_bytes()
    store = opened(tmp_path)
    store.put("findings", rows(0, 3), TODAY)
    assert store.get("findings", list(rows(0, 3)), TODAY) == {}
    assert "somebody else's" in (store.problem or "")
    store.close()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_another_version_has_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = filled(tmp_path, 5)
    from mlgate.store import store as module

    monkeypatch.setattr(module, "_SCHEMA", module._SCHEMA + 1)
    later = opened(tmp_path)
    assert later.get("findings", list(known), TODAY) == {} and later.problem is None
    later.close()
    monkeypatch.undo()
    store = opened(tmp_path)
    assert store.get("findings", list(known), TODAY) == known
    assert store.problem is None
    store.close()


# -- where there can be none -----------------------------------------------------------------------


def test_without_home() -> None:
    store = open_store({})
    assert "no HOME" in (store.problem or "")
    store.put("findings", rows(0, 1), TODAY)
    assert store.get("findings", list(rows(0, 1)), TODAY) == {}
    store.trim()
    store.close()


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/h"}, "/h/.cache/mlgate"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/mlgate"),
        ({"HOME": "/h", "XDG_CACHE_HOME": ""}, "/h/.cache/mlgate"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x", ENV: "/m"}, "/m"),
        ({"HOME": "relative"}, None),
        ({"HOME": ""}, None),
    ],
)
def test_where_it_lies(environ: dict[str, str], folder: str | None) -> None:
    assert store_folder(environ) == folder


def test_home_that_cannot_be_written_to(public: Path) -> None:
    public.chmod(0o555)

    def work() -> object:
        store = open_store({"HOME": str(public)})
        return store.problem

    assert "nothing is cached" in str(as_nobody(work))


def test_folder_on_a_read_only_place(public: Path) -> None:
    folder = public / "store"
    known = filled(folder, 3)
    the_file(folder).chmod(0o444)
    folder.chmod(0o555)
    if os.geteuid() == 0:
        for path in (folder, the_file(folder)):
            os.chown(path, 65534, 65534)

    def work() -> object:
        store = opened(folder)
        found = store.get("findings", list(known), TODAY)
        store.put("findings", rows(50, 1), TODAY)
        right = found in ({}, known)
        return [right, store.problem]

    right, problem = as_nobody(work)  # type: ignore[misc]
    assert right is True
    assert problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    os.chown(tmp_path / "store", 12345, 12345)
    store = opened(tmp_path / "store")
    assert "belongs to another user" in (store.problem or "")
    assert store.get("findings", list(rows(0, 3)), TODAY) == {}


@pytest.mark.parametrize("what", ["file", "folder"])
def test_something_else_in_its_place(tmp_path: Path, what: str) -> None:
    place = tmp_path / "store"
    if what == "file":
        place.write_text("in the way")
    else:
        filled(place)
        path = the_file(place)
        path.unlink()
        path.mkdir()
        (path / "kept").write_text("")
    store = opened(place)
    assert "nothing is cached" in (store.problem or "")
    store.put("findings", rows(0, 1), TODAY)
    store.close()


def test_disk_that_is_full(tmp_path: Path) -> None:
    """A file that may not grow stands for it: SQLite gets the same answer when it writes."""
    known = filled(tmp_path, 50)

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
        store = opened(tmp_path)
        for start in range(1000, 100_000, 1000):
            store.put("findings", rows(start, 1000), TODAY)
        assert store.problem, "all was written"
        assert store.get("findings", list(known), TODAY) == {}

    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    store = opened(tmp_path)
    assert store.get("findings", list(known), TODAY) == known
    assert store.problem is None
    store.close()


def test_kept_runs_stay_within_their_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("mlgate.store.store._KEPT_BYTES", 1_000)
    store = open_store({"MLGATE_CACHE_DIR": str(tmp_path)})
    for number in range(9):
        store.record_run(
            "/a", "merge", started=number, duration=1.0, exit_code=0, report=b"x" * 300
        )
    assert [row[0] for row in store.runs("/a", "merge", 9)] == [8.0, 7.0, 6.0]
