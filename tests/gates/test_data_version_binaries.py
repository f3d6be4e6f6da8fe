"""Files that belong in DVC but are added to git: told by size, ending and first bytes."""

from __future__ import annotations

import io
import pickle
import shutil
import zipfile

import pytest
from projects import Project

LARGE = 100 << 10
POLICY = "[gates.data-version]\n"


def archive(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr(name, b"x")
    return stream.getvalue()


KINDS = {
    "Parquet": b"PAR1",
    "a NumPy array": b"\x93NUMPY",
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "a GGUF model": b"GGUF",
    "SQLite": b"SQLite format 3\0",
    "a torch model": archive("archive/data.pkl"),
    "NumPy arrays": archive("arr_0.npy"),
    "a pickle": pickle.dumps({"weights": [0.5] * 9}),
    "safetensors": (200).to_bytes(8, "little") + b'{"w":',
    "an ONNX model": b"\x08\x07\x12\x07pytorch\x1a",
}


@pytest.fixture
def tracked(project: Project) -> Project:
    """A DVC project with a policy, as its first commit."""
    project.put({"mlgate.toml": POLICY, ".dvc/config": "", "a.txt": "a\n"}).commit()
    return project


def told(project: Project, files: dict[str, bytes]) -> list[tuple[str, str]]:
    """Message and mend of what is said of binary files."""
    import json

    for name, content in files.items():
        path = project.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    project.git("add", "-A")
    ended = project.run("check", "--format", "json", "--gate", "data-version")
    (verdict,) = (v for v in json.loads(ended.out)["verdicts"] if v["gate"] == "data-version")
    found = [f for f in verdict["findings"] if f["rule"] == "data-version/binary-in-git"]
    return [(f["message"], f["help"]) for f in found]


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_holds_is_told_by_its_first_bytes(tracked: Project, kind: str) -> None:
    ((said, mend),) = told(tracked, {"some file": KINDS[kind].ljust(LARGE, b"\1")})
    assert f"some file has 0.1 MiB and holds {kind}: git keeps every version" == said
    assert mend == "git rm --cached -- 'some file' && dvc add 'some file'"


def test_an_ending_tells_too_and_a_fixture_is_small(tracked: Project) -> None:
    large, small = b"\1" * LARGE, b"\1" * 1000
    files = {"m.pkl": large, "t.pkl": small, "t.parquet": b"PAR1", "notes": large}
    ((said, _),) = told(tracked, files)
    assert said.startswith("m.pkl has 0.1 MiB and holds data or a model")


def test_whatever_is_large_is_named(tracked: Project) -> None:
    ((said, _),) = told(tracked, {"notes": b"\1" * (12 << 20)})
    assert said == "notes has 12.0 MiB: git keeps every version"


@pytest.mark.skipif(not shutil.which("dvc"), reason="dvc is not installed")
def test_the_mend_mends(tracked: Project) -> None:
    import subprocess

    shutil.rmtree(tracked.folder / ".dvc")
    subprocess.run(["dvc", "init", "-q", "-f"], cwd=tracked.folder, check=True)
    ((_, mend),) = told(tracked, {"m.npy": b"\x93NUMPY".ljust(LARGE, b"\1")})
    subprocess.run(mend, shell=True, cwd=tracked.folder, check=True)
    assert told(tracked, {}) == []


@pytest.mark.parametrize(
    ("attributes", "kept"),
    [
        ({".gitattributes": "*.npy filter=lfs diff=lfs merge=lfs -text\n"}, True),
        ({"data/.gitattributes": "*.npy filter=lfs\n"}, True),
        ({".gitattributes": "data/** filter=lfs\n"}, True),
        ({".gitattributes": "# *.npy filter=lfs\n*.pt filter=lfs\n"}, False),
        ({".gitattributes": "*.npy filter=lfs\n", "data/.gitattributes": "*.npy -filter\n"}, False),
        ({"other/.gitattributes": "*.npy filter=lfs\n"}, False),
    ],
)
def test_what_git_lfs_keeps_is_no_finding(
    tracked: Project, attributes: dict[str, str], kept: bool
) -> None:
    files = {name: text.encode() for name, text in attributes.items()}
    found = told(tracked, {**files, "data/x.npy": b"\x93NUMPY".ljust(LARGE, b"\1")})
    assert (found == []) is kept


def test_a_pointer_of_git_lfs_is_no_finding(tracked: Project) -> None:
    head = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n"
    assert told(tracked, {"x.npy": head, "y.npy": head + b"#" * LARGE}) == []
