"""One conformance suite for all sources: the right bytes, and nothing of theirs touched."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import pytest
from pointed import NEW, OLD, Place

from mlgate.core import parts
from mlgate.core.errors import GateError


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


CASES = [
    ("file", "", "plain.txt", NEW),
    ("file", "", "ignored.txt", b"ignored\n"),
    ("git", "base", "plain.txt", OLD),
    ("git", "subject", "plain.txt", NEW),
    ("git", "HEAD~1", "plain.txt", OLD),
    ("dvc", "base", "tracked.bin", OLD),
    ("dvc", "subject", "tracked.bin", NEW),
    ("dvc", "base", "folder/x", OLD),
    ("dvc", "HEAD", "folder/x", NEW),
]


@pytest.mark.parametrize(("source", "where", "path", "content"), CASES)
def test_the_right_bytes(place: Place, source: str, where: str, path: str, content: bytes) -> None:
    before = _tree(place.folder), _tree(place.remote)
    module = parts.load("sources", source)
    first = module.fetch(place.context(), where, path)
    assert Path(first.path).read_bytes() == content
    assert path in first.origin
    again = module.fetch(place.context(), where, path)
    assert (again.path, again.digest) == (first.path, first.digest)
    assert (_tree(place.folder), _tree(place.remote)) == before


@pytest.mark.parametrize(
    ("source", "where", "path"),
    [
        ("file", "", "nothing.txt"),
        ("file", "", "../outside.txt"),
        ("file", "", "/etc/passwd"),
        ("git", "base", "nothing.txt"),
        ("git", "no-such-ref", "plain.txt"),
        ("git", "--help", "plain.txt"),
        ("dvc", "base", "plain.txt"),
        ("dvc", "base", "folder"),
        ("dvc", "base", "folder/nothing"),
        ("dvc", "base", "tracked.bin/x"),
    ],
)
def test_what_is_not_there_is_an_error_with_its_mend(
    place: Place, source: str, where: str, path: str
) -> None:
    with pytest.raises(GateError) as raised:
        parts.load("sources", source).fetch(place.context(), where, path)
    assert raised.value.hint


def test_a_changed_work_tree_is_not_the_version(place: Place) -> None:
    place.put("tracked.bin", "edited since")
    found = parts.load("sources", "dvc").fetch(place.context(), "subject", "tracked.bin")
    assert Path(found.path).read_bytes() == NEW


def test_an_object_that_is_not_what_it_is_called_is_refused(place: Place) -> None:
    name = md5(NEW).hexdigest()
    (place.remote / "files" / "md5" / name[:2] / name[2:]).write_bytes(b"something else")
    with pytest.raises(GateError, match="is not the version"):
        parts.load("sources", "dvc").fetch(place.context(), "subject", "tracked.bin")


def _emptied(place: Place) -> None:
    import shutil

    shutil.rmtree(place.remote / "files")


def _unset(place: Place) -> None:
    place.put(".dvc/config", "")
    place.commit()


@pytest.mark.parametrize("spoil", [_emptied, _unset])
def test_a_version_that_is_nowhere(place: Place, spoil: Callable[[Place], None]) -> None:
    spoil(place)
    with pytest.raises(GateError, match=r"neither in the cache|no remote"):
        parts.load("sources", "dvc").fetch(place.context(), "HEAD", "tracked.bin")
