"""Writes harmless samples of what formats without pickles bring along: code, other files, bytes
that readers read apart.

The classes are those of public advisories (Keras CVE-2024-3660, -2025-1550, -2025-8747, -2025-9905,
-2025-49655, -2025-12058; safetensors' audit; ONNX CVE-2022-25882, -2024-27318; torch
CVE-2025-32434) and of the loaders' own sources.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from typing import Any

from hostile_files import HDF5, PAYLOAD

PICKLE = b"\x80\x02N."
TAR_SOURCE = b"print('inert')\n"


def varint(value: int) -> bytes:
    """A protobuf number."""
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number: int, value: int | bytes) -> bytes:
    """A protobuf field: a number, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def zipped(**members: Any) -> bytes:
    """A zip archive; in names `__` is a slash, values that are no bytes are JSON."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), raw)
    return out.getvalue()


def tarred(**members: bytes) -> bytes:
    """The same as a tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def tensors(header: str | bytes, size: int, length: int | None = None) -> bytes:
    """safetensors with that header, and that many bytes of tensors."""
    raw = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(raw) if length is None else length) + raw + bytes(size)


def described(dtype: str, shape: str, start: Any, end: Any) -> str:
    return f'{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{start},{end}]}}'


def _safetensors() -> dict[str, bytes]:
    byte = described("U8", "[1]", 0, 1)
    return {
        "header longer than the file": tensors(f'{{"a":{byte}}}', 1, 90_000_000),
        "header length that overflows": tensors(f'{{"a":{byte}}}', 1, (1 << 64) - 8),
        "header length with a sign": tensors(f'{{"a":{byte}}}', 1, 1 << 63),
        "header cut short": tensors(f'{{"a":{byte}}}', 1, 20),
        "key twice": tensors(f'{{"a":{byte},"a":{byte}}}', 1),
        "key twice, escaped": tensors(f'{{"a":{byte},"\\u0061":{byte}}}', 1),
        "offsets that overflow": tensors(
            f'{{"a":{described("U8", "[1]", (1 << 64) - 1, 1 << 64)}}}', 1
        ),
        "shape that overflows": tensors(
            f'{{"a":{described("U8", "[4294967296,4294967297]", 0, 1)}}}', 1
        ),
        "shape that overflows to nothing": tensors(
            f'{{"a":{described("F64", "[2305843009213693952,8]", 0, 0)}}}', 0
        ),
        "offsets as fractions": tensors(f'{{"a":{described("U8", "[1]", 0, 1.0)}}}', 1),
        "offsets as booleans": tensors(f'{{"a":{described("U8", "[1]", "false", "true")}}}', 1),
        "overlap": tensors(
            f'{{"a":{described("U8", "[2]", 0, 2)},"b":{described("U8", "[2]", 1, 3)}}}', 3
        ),
        "empty tensor inside another": tensors(
            f'{{"a":{described("U8", "[4]", 0, 4)},"b":{described("U8", "[0]", 2, 2)}}}', 4
        ),
        "hole that hides bytes": tensors(f'{{"a":{described("U8", "[1]", 0, 1)}}}', 99),
        "pickle behind": tensors(f'{{"a":{byte}}}', 1) + PAYLOAD,
        "metadata twice": tensors('{"__metadata__":{},"__metadata__":{"a":"b"}}', 0),
        "nested deep": tensors('{"a":' * 5000 + "1" + "}" * 5000, 0),
    }


def onnx(*more: bytes, graph: bytes = b"") -> bytes:
    return field(1, 8) + field(2, b"test") + field(7, graph) + b"".join(more)


def _weights(location: bytes) -> bytes:
    entry = field(1, b"location") + field(2, location)
    return field(5, field(8, b"w") + field(13, entry) + field(14, 1))


def _onnx() -> dict[str, bytes]:
    meta = field(2, field(1, b"\x22\x05serve") + field(2, field(1, field(2, b"ReadFile"))))
    return {
        "data upwards": onnx(graph=_weights(b"../../../etc/passwd")),
        "data at an absolute path": onnx(graph=_weights(b"/etc/passwd")),
        "data beside": onnx(graph=_weights(b"model.onnx.data")),
        "data in a sparse tensor": onnx(graph=field(15, field(1, field(13, b"")))),
        "data in a training graph": onnx(field(20, field(1, _weights(b"x")))),
        "data in a function": onnx(field(25, field(7, field(5, field(5, field(14, 1)))))),
        "operator of others": onnx(graph=field(1, field(7, b"ai.onnx.contrib"))),
        "operator by a longer name": onnx(graph=field(1, field(7, b"x" * 70_000))),
        "operator of others, number written long": field(1, 8)
        + field(2, b"t")
        + b"\xba\x80\x00"
        + varint(23)
        + field(1, field(7, b"com.example.more"))
        + field(14, b""),
        "field of another number in 32 bits": onnx(varint((1 << 35) | (7 << 3) | 2) + b"\x00"),
        "graph first": field(7, b"") + field(1, 8),
        "no graph": field(1, 8) + field(2, b"test"),
        "fields that it has not": onnx(field(200, b"layers")),
        "TensorFlow's SavedModel": field(1, 1) + meta,
        "TensorFlow's SavedModel, another version": field(1, 8) + meta,
        "Core ML": field(1, 4) + field(2, field(1, field(1, b"x") + field(3, b"\x0a\x01a"))),
        "cut": onnx(graph=field(1, field(4, b"Add")))[:-1],
    }


def layer(name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": name, "module": "keras.layers", "config": config}


def _model(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "module": "keras", "config": {"layers": list(layers)}}


def _keras() -> dict[str, bytes]:
    def saved(config: Any) -> bytes:
        raw = config if isinstance(config, bytes) else json.dumps(config).encode()
        return zipped(config_dot_json=raw, metadata_dot_json={"keras_version": "3"})

    inner = _model(layer("Dense"), layer("Lambda"))
    return {
        "Lambda": saved(_model(layer("Lambda", function="4wEAAA=="))),
        "Lambda, escaped": saved(
            json.dumps(_model(layer("Lambda"))).replace("La", "\\u004ca").encode()
        ),
        "Lambda in a wrapper": saved(_model(layer("TimeDistributed", layer=layer("Lambda")))),
        "Lambda in a model in a model": saved(_model(inner)),
        "Lambda of the older form": saved(
            {"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": {}}]}
        ),
        "Lambda in UTF-16": saved(json.dumps(inner).encode("utf-16")),
        "Lambda behind a mark of order": saved(b"\xef\xbb\xbf" + json.dumps(inner).encode()),
        "Lambda behind white space": saved(b" \n" * 3000 + json.dumps(inner).encode()),
        "Lambda in a list": json.dumps([inner]).encode(),
        "layer of pickled torch": saved(_model(layer("TorchModuleWrapper", module="x"))),
        "layer of a SavedModel": saved(_model(layer("TFSMLayer", filepath="../x"))),
        "layer of JAX": saved(_model(layer("JaxLayer", call_fn="x"))),
        "function of Keras as a class": saved(
            _model({"class_name": "get_file", "module": "keras.utils", "config": {}})
        ),
        "settings of Keras": saved(
            _model(
                {
                    "class_name": "function",
                    "module": "keras.config",
                    "config": "enable_unsafe_deserialization",
                }
            )
        ),
        "vocabulary in another file": saved(
            _model(layer("StringLookup", vocabulary="/etc/passwd"))
        ),
        "module of others": saved(
            _model({"class_name": "call", "module": "subprocess", "config": {}})
        ),
        "older form, as HDF5": HDF5 + bytes(64) + b'{"class_name": "Lambda"}',
        "weights that are HDF5 with links": zipped(
            config_dot_json=_model(), model_dot_weights_dot_h5=HDF5 + b"\x01" * 99
        ),
        "weights that are a pickle": zipped(
            config_dot_json=_model(), model_dot_weights_dot_h5=PAYLOAD
        ),
        "YAML of Keras": b"backend: x\nclass_name: !!python/object/apply:os.system [inert]\n",
    }


def _torch() -> dict[str, bytes]:
    state = {"m__version": b"3\n", "m__byteorder": b"little"}
    return {
        "TorchScript": zipped(
            m__data_dot_pkl=PICKLE, m__code____torch__=b"def forward(self): pass", **state
        ),
        "TorchScript, letters of another case": zipped(
            m__DATA_dot_PKL=PICKLE, m__CODE__x_dot_PY=TAR_SOURCE, **state
        ),
        "TorchScript, constants only": zipped(
            m__constants_dot_pkl=PICKLE, m__code__x_dot_py=TAR_SOURCE, **state
        ),
        "pickle under another case": zipped(m__DATA_dot_PKL=PAYLOAD, **state),
        "pickle beside, as text": zipped(
            m__data_dot_pkl=PICKLE, m__pickle_module_info_dot_txt=PAYLOAD, **state
        ),
        "pickle in the version": zipped(m__data_dot_pkl=PICKLE, m__version=PAYLOAD),
        "two pickles that it loads": zipped(m__data_dot_pkl=PICKLE, n__data_dot_pkl=PAYLOAD),
        "bytecode of mobile": zipped(m__data_dot_pkl=PICKLE, m__bytecode_dot_pkl=PAYLOAD, **state),
        "exported program": zipped(
            m__archive_format=b"pt2", m__models__model_dot_json={"graph_module": {}}
        ),
        "exported program, older": zipped(
            version=b"1", serialized_exported_program_dot_json={"a": 1}
        ),
        "compiled code in it": zipped(
            m__archive_format=b"pt2", m__data__aotinductor__model__a_dot_so=b"\x7fELF" + bytes(99)
        ),
        "source of compiled code": zipped(m__data__aotinductor__model__a_dot_cpp=b"int main() {}"),
        "ExecuTorch": b"\x1c\0\0\0ET12" + bytes(99),
        "torch.package": zipped(m___dot_data__extern_modules=b"os\n", m__a_dot_py=TAR_SOURCE),
        "TorchServe": zipped(
            MAR_INF__MANIFEST_dot_json={"model": {"handler": "h.py"}}, h_dot_py=TAR_SOURCE
        ),
        "SageMaker": tarred(code__inference_dot_py=TAR_SOURCE, model_dot_txt=b"1"),
    }


def _described() -> dict[str, bytes]:
    types = [{"idx": 0, "name": "0", "path": "", "type": "ours.models.Transformer"}]
    return {
        "shards upwards": json.dumps({"weight_map": {"a": "../../evil.bin"}}).encode(),
        "shards at an absolute path": json.dumps({"weight_map": {"a": "/tmp/evil.bin"}}).encode(),
        "shards of another drive": json.dumps({"weight_map": {"a": "C:\\evil.bin"}}).encode(),
        "remote code": json.dumps({"auto_map": {"AutoModel": "other/repo--m.Model"}}).encode(),
        "pipeline of others": json.dumps({"_class_name": ["pipeline_x", "Pipe"]}).encode(),
        "modules of others": json.dumps(types).encode(),
        "key twice": b'{"auto_map": {"AutoModel": "m.Model"}, "auto_map": {}}',
    }


def _packed() -> dict[str, bytes]:
    return {
        "GGUF": b"GGUF\x03\0\0\0" + bytes(64),
        "TFLite": b"\x1c\0\0\0TFL3" + bytes(64),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(64),
        "rar": b"Rar!\x1a\x07\x01\x00" + bytes(64),
        "zstd": b"\x28\xb5\x2f\xfd" + bytes(64),
        "library": b"\x7fELF" + bytes(64),
        "zip, a folder with bytes": _folder_with_bytes(),
    }


def _folder_with_bytes() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", b"text")
        archive.writestr(zipfile.ZipInfo("hidden/"), PAYLOAD)
    return out.getvalue()


def tree(**changed: str) -> str:
    """LightGBM's text of one tree."""
    lines = {
        "num_leaves": "3",
        "num_cat": "0",
        "split_feature": "0 1",
        "split_gain": "1 1",
        "threshold": "0.5 0.25",
        "decision_type": "2 2",
        "left_child": "1 -1",
        "right_child": "-2 -3",
        "leaf_value": "0.1 0.2 0.3",
        **changed,
    }
    return "Tree=0\n" + "".join(f"{name}={value}\n" for name, value in lines.items()) + "\n\n"


def lightgbm(*trees: str, sizes: str | None = None) -> bytes:
    told = " ".join(str(len(one)) for one in trees) if sizes is None else sizes
    head = f"tree\nversion=v4\nnum_class=1\nmax_feature_idx=1\ntree_sizes={told}\n\n"
    return (head + "".join(trees) + "end of trees\n\nparameters:\nend of parameters\n").encode()


def xgboost(**changed: Any) -> dict[str, Any]:
    """XGBoost's JSON of one tree."""
    one = {
        "base_weights": [0.0, 1.0, 2.0],
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "default_left": [0, 0, 0],
        "id": 0,
        "left_children": [1, -1, -1],
        "loss_changes": [1.0, 0.0, 0.0],
        "parents": [2147483647, 0, 0],
        "right_children": [2, -1, -1],
        "split_conditions": [0.5, 1.0, 2.0],
        "split_indices": [0, 0, 0],
        "split_type": [0, 0, 0],
        "sum_hessian": [3.0, 1.0, 2.0],
        "tree_param": {
            "num_deleted": "0",
            "num_feature": "2",
            "num_nodes": "3",
            "size_leaf_vector": "1",
        },
        **changed,
    }
    model = {"gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "1"},
             "iteration_indptr": [0, 1], "tree_info": [0], "trees": [one]}  # fmt: skip
    booster = {"model": model, "name": "gbtree"}
    return {"learner": {"gradient_booster": booster}, "version": [3, 0, 0]}


def ubj(value: Any) -> bytes:
    """UBJSON as XGBoost writes it."""
    match value:
        case dict():
            return b"{" + b"".join(_key(k) + ubj(v) for k, v in value.items()) + b"}"
        case str():
            return b"SL" + struct.pack(">q", len(value)) + value.encode()
        case int():
            return b"L" + struct.pack(">q", value)
        case float():
            return b"d" + struct.pack(">f", value)
        case list() if value and all(type(one) is int for one in value):
            return b"[$l#L" + struct.pack(f">q{len(value)}i", len(value), *value)
        case list() if value and all(type(one) is float for one in value):
            return b"[$d#L" + struct.pack(f">q{len(value)}f", len(value), *value)
        case _:
            return b"[#L" + struct.pack(">q", len(value)) + b"".join(map(ubj, value))


def _key(name: str) -> bytes:
    return b"L" + struct.pack(">q", len(name)) + name.encode()


CROOKED: dict[str, dict[str, Any]] = {
    "child beyond the tree": {"left_children": [1_000_000, -1, -1]},
    "child of another sign": {"right_children": [-7, -1, -1]},
    "too few children": {"left_children": [1]},
    "feature beyond the model": {"split_indices": [99, 0, 0]},
    "feature of another sign": {"split_indices": [-4, 0, 0]},
    "more nodes than are there": {"tree_param": {"num_nodes": "900", "num_feature": "2"}},
    "node that is its own child": {"left_children": [0, -1, -1]},
    "categories beyond their list": {
        "categories_nodes": [0],
        "categories_segments": [5],
        "categories_sizes": [9],
    },
}
CROOKED_TEXT = {
    "child beyond the tree": {"left_child": "99 -1"},
    "leaf beyond the tree": {"right_child": "-2 -99"},
    "node that is its own child": {"left_child": "0 -1"},
    "too few leaves": {"leaf_value": "0.1"},
    "too few splits": {"split_feature": "0"},
    "feature beyond the model": {"split_feature": "0 77"},
    "no number of leaves": {"num_leaves": "many"},
    "leaves below zero": {"num_leaves": "-3"},
}


def _boosters() -> dict[str, bytes]:
    whole = ubj(xgboost())
    return {
        **{
            f"xgboost, {what}": json.dumps(xgboost(**how)).encode() for what, how in CROOKED.items()
        },
        **{f"xgboost ubj, {what}": ubj(xgboost(**how)) for what, how in CROOKED.items()},
        **{f"lightgbm, {what}": lightgbm(tree(**how)) for what, how in CROOKED_TEXT.items()},
        "lightgbm, tree missing": lightgbm(tree(), sizes="10 10"),
        "lightgbm, cut": lightgbm(tree())[:-60],
        "xgboost ubj, cut": whole[:-4],
        "xgboost ubj, data behind": whole + PAYLOAD,
        "xgboost ubj, key twice": whole[:-1] + _key("version") + b"Z}",
        "xgboost ubj, length below zero": b"{" + b"L" + struct.pack(">q", -1) + b"}",
        "xgboost ubj, length that overflows": b"{" + b"L" + struct.pack(">q", (1 << 63) - 1) + b"}",
    }


def samples() -> dict[str, bytes]:
    """Every sample by format and by what it tries."""
    kinds = {
        "safetensors": _safetensors(),
        "onnx": _onnx(),
        "keras": _keras(),
        "torch": _torch(),
        "json": _described(),
        "packed": _packed(),
        "booster": _boosters(),
    }
    return {f"{kind}: {what}": raw for kind, made in kinds.items() for what, raw in made.items()}
