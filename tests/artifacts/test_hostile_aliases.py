"""A scan sees the arrays that a loader sees, or it refuses the file."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hostile_aliases import ARRAY, BYTE, NEW, OBJECT, PADDING, PLAIN, samples

from mlgate.artifacts.content import scan_file
from mlgate.artifacts.outcome import Limits, Scan


def _scanned(folder: Path, content: bytes) -> Scan:
    path = folder / "model.bin"
    path.write_bytes(content)
    return scan_file(str(path), "model.bin", Limits(), frozenset())


@pytest.mark.parametrize("sample", sorted(samples()))
def test_none_is_missed(tmp_path: Path, sample: str) -> None:
    assert _scanned(tmp_path, samples()[sample]).problems


@pytest.mark.parametrize("plain", [BYTE, OBJECT, PLAIN, NEW + ARRAY + b"b" + PADDING + bytes(64)])
def test_the_parts_of_the_samples_are_harmless(tmp_path: Path, plain: bytes) -> None:
    """So that each is refused for what it tries."""
    assert not _scanned(tmp_path, b"\x80\x05" + plain + b".").problems


def test_joblib_would_have_read_what_is_hidden(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The samples are no theory; the payload prints a word."""
    joblib = pytest.importorskip("joblib")
    path = tmp_path / "model.joblib"
    for tried in (*(name for name in samples() if name.startswith(("shape", "padding"))),
                  "state set twice", "type of two sizes"):  # fmt: skip
        path.write_bytes(samples()[tried])
        with contextlib.suppress(Exception):
            joblib.load(path)
        assert capsys.readouterr().out == "inert\n", tried
