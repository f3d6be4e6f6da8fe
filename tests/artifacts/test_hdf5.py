"""Weights that are HDF5 pass where all of them lie in the file; code and other files are found."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hdf5_file import (
    ARRAY,
    FLOAT,
    FLOATS,
    NOWHERE,
    ROOT,
    TREE,
    VALUES,
    entry,
    hdf5,
    layout,
    message,
    space,
)
from hostile_formats import zipped
from mlflow_place import environment

from mlgate.artifacts.content import scan_file
from mlgate.artifacts.outcome import Limits, Problem

TYPE = message(3, FLOAT)
LAMBDA = b'{"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda"}]}}'


def problems(folder: Path, content: bytes, name: str = "m.weights.h5") -> list[Problem]:
    path = folder / name
    path.write_bytes(content)
    return list(scan_file(str(path), name, Limits(), frozenset()).problems.values())


@pytest.mark.parametrize(
    "content",
    [
        hdf5(),
        hdf5({b"model_config": b'{"class_name": "Dense", "module": "keras.layers"}'}),
        hdf5({b"backend": b"jax", b"notes": b"{Lambda"}),
        hdf5(array=(space(), TYPE, layout(VALUES, 4))),
        hdf5(array=(space(0), TYPE, layout(NOWHERE, 0))),
    ],
)
def test_what_lies_in_the_file_is_harmless(tmp_path: Path, content: bytes) -> None:
    assert problems(tmp_path, content) == []
    inside = zipped(config_dot_json={}, model_dot_weights_dot_h5=content)
    assert problems(tmp_path, inside, "m.keras") == []


def external(kind: int, flags: int = 0) -> bytes:
    return hdf5(array=(*FLOATS, message(kind, bytes(16), flags)))


WRONG = {
    "a Lambda layer": (hdf5({b"model_config": LAMBDA}), "code-inside"),
    "a Lambda layer, named as C reads it": (hdf5({b"model_config\0x": LAMBDA}), "code-inside"),
    "a loss of others": (
        hdf5({b"training_config": b'{"class_name": "function", "module": "os", "config": "x"}'}),
        "unknown-name",
    ),
    "a description that is damaged": (hdf5({b"model_config": b"{"}), "malformed"),
    "a link by path": (hdf5(leaf=(entry(8, NOWHERE, 2),)), "external-data"),
    "links of the newer kind": (external(6), "external-data"),
    "groups of the newer kind": (external(2), "external-data"),
    "values in another file": (external(7), "external-data"),
    "several files": (hdf5(driver=96), "external-data"),
    "packed": (external(0xB), "malformed"),
    "a message that nobody knows": (external(0x17), "malformed"),
    "a message that lies elsewhere": (external(5, flags=2), "malformed"),
    "said twice": (hdf5(array=(*FLOATS, space(8))), "malformed"),
    "no shape": (hdf5(array=FLOATS[1:]), "malformed"),
    "a virtual array": (
        hdf5(array=(*FLOATS[:2], message(8, bytes([4, 3]) + bytes(16)))), "malformed",
    ),
    "chunks": (hdf5(array=(*FLOATS[:2], message(8, bytes([3, 2]) + bytes(16)))), "malformed"),
    "a shape without values": (
        hdf5(array=(space(1 << 40), TYPE, layout(NOWHERE, 4 << 40))), "malformed",
    ),
    "values outside": (hdf5(array=(space(2000), TYPE, layout(VALUES, 8000))), "malformed"),
    "fewer values": (hdf5(array=(space(5), TYPE, layout(VALUES, 16))), "malformed"),
    "a shape beyond memory": (
        hdf5(array=(space(1 << 40, 1 << 40), TYPE, layout(VALUES, 16))), "malformed",
    ),
    "references": (
        hdf5(array=(space(2), message(3, b"\x17\0\0\0\x08\0\0\0"), layout(VALUES, 16))),
        "malformed",
    ),
    "values that lie in names": (hdf5(array=(space(4), TYPE, layout(TREE, 16))), "malformed"),
    "a group in itself": (hdf5(leaf=(entry(8, ROOT),)), "malformed"),
    "two names of one array": (hdf5(leaf=(entry(8, ARRAY), entry(15, ARRAY))), "malformed"),
    "one name twice": (hdf5(leaf=(entry(8, ARRAY), entry(8, ARRAY))), "malformed"),
    "a name outside": (hdf5(leaf=(entry(99, ARRAY),)), "malformed"),
    "a name that is a path": (hdf5(names=bytes(8) + b"../x\0"), "malformed"),
    "two lists of names": (hdf5(root=(TREE, 0)), "malformed"),
    "an array outside": (hdf5(leaf=(entry(8, 1 << 60),)), "malformed"),
    "a newer form": (hdf5(superblock=bytes([2, 8, 8, 0, 0, 8, 8, 0])), "unknown-format"),
    "offsets of four bytes": (hdf5(superblock=bytes([0, 0, 0, 0, 0, 4, 8, 0])), "malformed"),
    "bytes behind": (hdf5() + b"x", "malformed"),
    "cut": (hdf5()[:4500], "malformed"),
    "only its first bytes": (hdf5()[:60], "malformed"),
}  # fmt: skip


@pytest.mark.parametrize("sample", WRONG)
def test_none_is_missed(tmp_path: Path, sample: str) -> None:
    content, rule = WRONG[sample]
    assert [one.rule for one in problems(tmp_path, content)] == [rule]


def test_weights_in_an_archive_are_what_they_are_called(tmp_path: Path) -> None:
    behind = b"{}".ljust(512) + hdf5()  # h5py finds it there
    for content in (b"{}", behind):
        inside = zipped(config_dot_json={}, model_dot_weights_dot_h5=content)
        assert "malformed" in {one.rule for one in problems(tmp_path, inside, "m.keras")}


def test_every_byte_of_the_structure_may_be_wrong(tmp_path: Path) -> None:
    """Whatever is written there, the scan comes to an end that is no crash."""
    content = hdf5({b"model_config": b"{}"})
    for at in (n for n, byte in enumerate(content) if byte and n >= 8):
        for other in (0, 1, 0xFF):
            problems(tmp_path, content[:at] + bytes([other]) + content[at + 1 :])


BY_KERAS = """
import os
os.environ["KERAS_BACKEND"] = "jax"
import h5py, keras, numpy as np
L = keras.layers
def model(*made): return keras.Sequential([L.Input((4,)), *made])
good = model(L.Normalization(), L.Dense(8, activation="relu"), L.BatchNormalization(), L.Dense(1))
good.compile("adam", "mse"); good.fit(np.ones((4, 4)), np.ones(4), verbose=0)
good.save("good.keras"); good.save("good.h5"); good.save_weights("good.weights.h5")
start = keras.Input((8,))
words = L.LSTM(8)(L.Embedding(50, 4)(start))
keras.Model(start, words).save("good_words.keras")
deep = model(*(L.Dense(4) for _ in range(60)))
deep.save("good_deep.h5"); deep.save("good_deep.keras")
code = model(L.Lambda(lambda x: x * 2)); code.save("bad.keras"); code.save("bad.h5")
with h5py.File("good_many.h5", "w") as f:
    for n in range(2000): f[f"g{n % 7}/a{n}"] = np.full(3, n, "f2")
    f["flag"] = np.array([True]); f.attrs["names"] = ["a"] * 500; f.attrs["none"] = h5py.Empty("f4")
with h5py.File("bad_link.h5", "w") as f: f["x"] = h5py.ExternalLink("/etc/other.h5", "/x")
with h5py.File("bad_path.h5", "w") as f: f["x"] = h5py.SoftLink("/y")
with h5py.File("bad_outside.h5", "w") as f:
    f.create_dataset("x", (10,), "f4", external=[("/etc/passwd", 0, 40)])
with h5py.File("bad_virtual.h5", "w") as f:
    seen = h5py.VirtualLayout((4,), "f4"); seen[:] = h5py.VirtualSource("/etc/x.h5", "d", (4,))
    f.create_virtual_dataset("x", seen)
with h5py.File("bad_shape.h5", "w") as f: f.create_dataset("x", (10**9,), "f4")
with h5py.File("bad_chunks.h5", "w") as f:
    f.create_dataset("x", (10**9,), "f4", chunks=(1000,), compression="gzip")
with h5py.File("ours.h5") as f:
    assert list(f["kernel"][:]) == [1, 2, 3, 4] and f.attrs["backend"] == "jax", dict(f.attrs)
"""


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_saved_by_keras(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    python = environment(tmp_path_factory, "keras>=3.10", "jax", "h5py") / "bin/python"
    made = tmp_path / "made"
    made.mkdir()
    (made / "ours.h5").write_bytes(hdf5({b"backend": b"jax"}))
    subprocess.run([python, "-W", "ignore", "-c", BY_KERAS], cwd=made, check=True)
    files = sorted(path for path in made.iterdir() if path.name.startswith(("good", "bad")))
    assert len(files) == 15
    for path in files:
        found = scan_file(str(path), path.name, Limits(), frozenset()).problems
        assert bool(found) == path.name.startswith("bad"), (path.name, found)
