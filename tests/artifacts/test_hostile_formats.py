"""What formats without pickles bring along is found, and what their libraries write is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hostile_formats import field, lightgbm, onnx, samples, tree, ubj, xgboost

from mlgate.artifacts.content import scan_file
from mlgate.artifacts.outcome import Limits, Problem

SAMPLES = samples()


def problems(folder: Path, content: bytes, name: str, opcodes: int = 20_000_000) -> list[Problem]:
    path = folder / name
    path.write_bytes(content)
    found = scan_file(str(path), name, Limits(opcodes=opcodes), frozenset())
    return list(found.problems.values())


def named(sample: str) -> str:
    """As a loader would look for it."""
    if "YAML" in sample:
        return "model.yaml"
    return "config.json" if SAMPLES[sample][:1] in b"[{" else "model.bin"


@pytest.mark.parametrize("sample", SAMPLES)
def test_none_is_missed(tmp_path: Path, sample: str) -> None:
    assert problems(tmp_path, SAMPLES[sample], named(sample))


WRITTEN = {
    "x.json": json.dumps(xgboost()).encode(),
    "pruned.json": json.dumps(xgboost(split_indices=[0, 2147483647, 0])).encode(),
    "x.ubj": ubj(xgboost()),
    "l.txt": lightgbm(tree(), tree()),
    "stump.txt": lightgbm("Tree=0\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nleaf_value=0.5\n\n\n"),
    "categories.txt": lightgbm(
        tree(
            num_cat="1", decision_type="1 2", threshold="0 0.5", cat_boundaries="0 1",
            cat_threshold="5",
        )
    ),
    "o.onnx": onnx(graph=field(1, field(4, b"Add"))),
    "shards.json": b'{"weight_map": {"a": "model-00001-of-00002.safetensors"}}',
    "modules.json": b'[{"idx": 0, "name": "0", "path": "", '
    b'"type": "sentence_transformers.models.Transformer"}]',
    "notes.md": b"[link](x)\n\n!!python/object is a tag\n",
    "settings.toml": b"[a]\nb = 1\n",
    "env.yaml": b"name: a\ndependencies:\n- python=3.11\n- pip:\n  - numpy!=2.0\n",
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_no_false_alarm(tmp_path: Path, name: str) -> None:
    assert problems(tmp_path, WRITTEN[name], name) == []


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("packed: GGUF", "it is GGUF, whose chat template is a program"),
        ("keras: older form, as HDF5", "does not begin as h5py begins it"),
        ("onnx: TensorFlow's SavedModel", "a message where an ONNX model has a name"),
        ("torch: exported program", "a program (torch.export)"),
        ("torch: ExecuTorch", "a program for ExecuTorch"),
        ("json: modules of others", "ours.models:Transformer"),
        ("json: shards upwards", "../../evil.bin"),
        ("booster: xgboost ubj, child beyond the tree", "leads to a node that it has not"),
        ("booster: lightgbm, feature beyond the model", "a feature that the model has not"),
    ],
)
def test_it_is_told_what_it_is(tmp_path: Path, sample: str, words: str) -> None:
    found = problems(tmp_path, SAMPLES[sample], named(sample))
    assert any(words in problem.message for problem in found), found


def test_an_object_of_yaml_behind_much_text(tmp_path: Path) -> None:
    late = b"# text\n" * 200_000 + SAMPLES["keras: YAML of Keras"]
    assert [p.rule for p in problems(tmp_path, late, "m.yml")] == ["runs-code"]


@pytest.mark.parametrize("content", [json.dumps([0] * 2000), ubj([[] for _ in range(2000)])])
def test_values_count_as_opcodes_do(tmp_path: Path, content: str | bytes) -> None:
    raw = content.encode() if isinstance(content, str) else b"{" + b"i\x01a" + content + b"}"
    assert problems(tmp_path, raw, "m.json") == []
    assert [p.rule for p in problems(tmp_path, raw, "m.json", opcodes=1000)] == ["limit"]
