"""Signatures spare hashing only where they can be believed; hashes and manifests are DVC's own."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from mlgate.repo import safe_yaml
from mlgate.sources._dvc import manifests, objects, signatures
from mlgate.sources._dvc.facts import LEGACY, MD5
from mlgate.store.store import open_store


class _Ctx:
    """As much of a context as signatures ask for."""

    def __init__(self) -> None:
        from datetime import UTC, datetime

        self.store = open_store(os.environ)
        self.now = datetime.now(UTC)


def _known(strict: bool = False) -> tuple[signatures.Signatures, list[int]]:
    hashed: list[int] = []
    ctx: Any = _Ctx()
    return signatures.Signatures(ctx, strict, hashed.append), hashed


def _aged(path: Path) -> Path:
    """A file that was left alone for long; its ctime cannot be set, so wait for the grain."""
    os.utime(path, ns=(0, 10**18))
    return path


@pytest.fixture
def no_grain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "_GRAIN", 0)


def test_an_unchanged_file_is_hashed_once(tmp_path: Path, no_grain: None) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one")
    time.sleep(0.02)
    for expected in ([3], []):
        known, hashed = _known()
        assert known.file(str(path), MD5) == objects.bytes_hash(b"one", MD5)
        assert hashed == expected


def test_strict_hashes_every_time(tmp_path: Path, no_grain: None) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one")
    time.sleep(0.02)
    for _ in range(2):
        known, hashed = _known(strict=True)
        known.file(str(path), MD5)
        assert hashed == [3]


def test_a_young_file_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one")
    for _ in range(2):
        known, hashed = _known()
        known.file(str(path), MD5)
        assert hashed == [3]


def test_an_edit_that_restores_mtime_is_seen(tmp_path: Path, no_grain: None) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one")
    before = path.stat()
    time.sleep(0.02)
    _known()[0].file(str(path), MD5)
    with path.open("r+b") as file:
        file.write(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _known()[0].file(str(path), MD5) == objects.bytes_hash(b"two", MD5)


def test_of_a_directory_only_what_is_new_is_hashed(tmp_path: Path, no_grain: None) -> None:
    folder = tmp_path / "d"
    (folder / "deep").mkdir(parents=True)
    for name in ("a", "deep/b", "deep/c"):
        (folder / name).write_text(name)
    time.sleep(0.02)

    def listed() -> signatures.Folder:
        return signatures.listed(str(folder), lambda _: True, None)

    known, hashed = _known()
    hashes = known.folder(str(folder), listed(), MD5)
    assert len(hashed) == 3 and known.is_known(
        str(folder), listed(), MD5, manifests.manifest_hash(hashes)
    )
    (folder / "deep" / "c").write_text("other")
    time.sleep(0.02)
    known, hashed = _known()
    assert not known.is_known(str(folder), listed(), MD5, manifests.manifest_hash(hashes))
    known.folder(str(folder), listed(), MD5)
    assert hashed == [5]


@settings(deadline=None)
@given(st.binary(max_size=3000).map(lambda b: b.replace(b"\r", b"\r\n")))
def test_legacy_hashes_are_dvcs(content: bytes) -> None:
    from io import BytesIO

    hashing = pytest.importorskip("dvc_data.hashfile.hash")
    expected = hashing.fobj_md5(BytesIO(content), name=LEGACY)
    assert objects.bytes_hash(content, LEGACY) == expected


_TEXTS = st.text("abeEnoxyzNO0123456789 .+-_~#", min_size=1, max_size=8)
_NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0."), min_size=1, max_size=6),
    min_size=1, max_size=3,
).map("/".join)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(_NAMES, st.binary(max_size=8), max_size=8))
def test_manifest_hashes_are_dvcs(members: dict[str, bytes]) -> None:
    tree = pytest.importorskip("dvc_data.hashfile.tree").Tree
    info = pytest.importorskip("dvc_data.hashfile.hash_info").HashInfo
    hashes = {name: objects.bytes_hash(content, MD5) for name, content in members.items()}
    built = tree()
    for name, hash_ in hashes.items():
        built.add(tuple(name.split("/")), None, info("md5", hash_))
    built.digest()
    assert manifests.manifest_hash(hashes) == built.hash_info.value


@settings(max_examples=30, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
        lambda inner: st.lists(inner) | st.dictionaries(_TEXTS, inner),
        max_leaves=8,
    )
)
def test_parameters_are_read_as_dvc_reads_them(value: object) -> None:
    ruamel = pytest.importorskip("ruamel.yaml")
    from io import BytesIO

    out = BytesIO()
    ruamel.YAML(typ="safe", pure=True).dump({"value": value}, out)
    try:
        expected = ruamel.YAML(typ="safe", pure=True).load(out.getvalue())
    except ruamel.error.YAMLError:
        reject()  # it cannot read every key that it writes
    assert safe_yaml.load(out.getvalue(), core=True) == expected


_SCALARS = "on yes 010 1e-3 1_000 0x1F 0o17 ~ 1. .5 +1 12e3 -.inf null No 1:30 2020-01-01"


@pytest.mark.parametrize("text", _SCALARS.split())
def test_scalars_are_read_as_dvc_reads_them(text: str) -> None:
    ruamel = pytest.importorskip("ruamel.yaml")
    raw = f"value: {text}\n".encode()
    assert safe_yaml.load(raw, core=True) == ruamel.YAML(typ="safe").load(raw)
