"""What one file may cost: the opcodes of the default limit, values of JSON, and memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlgate.artifacts.content import scan_file
from mlgate.artifacts.outcome import Limits

_SCAN = """
import sys
from mlgate.artifacts.content import scan_file
from mlgate.artifacts.outcome import Limits
found = scan_file(sys.argv[1], "model", Limits(), frozenset())
(peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
print(*(problem.message for problem in found.problems.values()))
"""
_MOST = Limits().opcodes
_STEP = 1 << 20


def scanned(path: Path) -> tuple[int, str]:
    """Peak megabytes of a process that scans the file, and what it says."""
    done = subprocess.run([sys.executable, "-c", _SCAN, path], capture_output=True, text=True)
    memory, told = done.stdout.splitlines()
    return int(memory), told


def written(path: Path, *parts: tuple[bytes, int]) -> Path:
    with path.open("wb") as file:
        for part, times in parts:
            for at in range(0, times, _STEP):
                file.write(part * min(_STEP, times - at))
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_large_json_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "m.json", (b'{"a":[', 1), (b"1,", 150_000_000), (b"1]}", 1))
    assert path.stat().st_size > 300_000_000
    memory, told = scanned(path)
    assert (memory < 150, told) == (True, "it holds more than 20,000,000 values")


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_json_of_many_numbers_takes_little_more_than_its_text(tmp_path: Path) -> None:
    path = written(tmp_path / "m.json", (b'{"a":[', 1), (b"0.125,", 9_000_000), (b"1]}", 1))
    memory, told = scanned(path)
    assert (memory < 300, told) == (True, "")


def test_ubjson_of_many_values_is_refused_in_time(tmp_path: Path) -> None:
    path = written(tmp_path / "m.ubj", (b"{L" + b"\0" * 7 + b"\1a[", 1), (b"U\1", 20_000_000))
    began = time.process_time()
    scan = scan_file(str(path), "m.ubj", Limits(), frozenset())
    (problem,) = scan.problems.values()
    assert (problem.rule, problem.message) == ("limit", "it holds more than 20,000,000 values")
    assert time.process_time() - began < 10


def test_opcodes_up_to_the_limit_and_one_more(tmp_path: Path) -> None:
    path = written(tmp_path / "m.pkl", (b"\x80\x02", 1), (b"N0", 1000), (b"N.", 1))
    for opcodes, told in ((2003, []), (2002, ["it has more than 2,002 opcodes"])):
        scan = scan_file(str(path), "m.pkl", Limits(opcodes=opcodes), frozenset())
        assert [problem.message for problem in scan.problems.values()] == told


def test_a_flood_is_refused_at_the_default_limit(tmp_path: Path) -> None:
    path = written(tmp_path / "m.pkl", (b"\x80\x02", 1), (b"N0", _MOST), (b"N.", 1))
    began = time.process_time()
    scan = scan_file(str(path), "m.pkl", Limits(), frozenset())
    (problem,) = scan.problems.values()
    assert (problem.rule, scan.opcodes) == ("limit", _MOST)
    assert time.process_time() - began < 60
