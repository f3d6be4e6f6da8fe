"""Formats without pickles: what reaches beyond the file, what overlaps, what is code."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mlgate.artifacts.content import scan_file
from mlgate.artifacts.outcome import Limits


def rules(folder: Path, content: bytes, name: str = "model", *allow: str) -> list[str]:
    path = folder / name
    path.write_bytes(content)
    return [
        p.rule for p in scan_file(str(path), name, Limits(), frozenset(allow)).problems.values()
    ]


def zipped(**members: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            text = content if isinstance(content, bytes) else json.dumps(content).encode()
            archive.writestr(name.replace("_json", ".json"), text)
    return out.getvalue()


# --- skops ---------------------------------------------------------------------------------------


def node(loader: str, module: Any, name: Any, **more: Any) -> dict[str, Any]:
    return {"__loader__": loader, "__module__": module, "__class__": name, **more}


def text(value: Any) -> dict[str, Any]:
    return node("JsonNode", "builtins", "str", content=json.dumps(value))


def generator(name: Any) -> dict[str, Any]:
    told = name if isinstance(name, dict) else text(name)
    state = node("DictNode", "builtins", "dict", content={"bit_generator": told})
    return node("RandomGeneratorNode", "numpy.random._generator", "Generator",
                content={"bit_generator": state})  # fmt: skip


TREE = node("ObjectNode", "sklearn.tree._classes", "DecisionTreeClassifier")
SINH = {"module_path": "numpy", "function": "sinh"}
SKOPS = {
    "a plain object": (TREE, []),
    "a numpy function": (node("FunctionNode", "numpy", "sinh"), []),
    "an old function": (node("FunctionNode", "numpy", "ufunc", content=SINH), []),
    "a generator": (generator("PCG64"), []),
    "a function that runs code": (node("FunctionNode", "os", "system"), ["runs-code"]),
    "behind the content of older versions": (
        node("FunctionNode", "os", "system", content=SINH),
        ["runs-code"],
    ),
    "in the content of older versions": (
        node("FunctionNode", "numpy", "ufunc", content={"module_path": "os", "function": "system"}),
        ["runs-code"],
    ),
    "a type": (node("TypeNode", "subprocess", "Popen"), ["runs-code"]),
    "the type of functions": (node("ObjectNode", "types", "FunctionType"), ["runs-code"]),
    "functions as a type": (node("ObjectNode", "builtins", "function"), ["runs-code"]),
    "a type that is called": (
        node("ConstructorFromReduceNode", "builtins", "type", content=text([])),
        ["call"],
    ),
    "a method": (
        node(
            "MethodNode",
            "sklearn.tree._classes",
            "DecisionTreeClassifier",
            content={"func": "__reduce__", "obj": TREE},
        ),
        ["unknown-name"],
    ),
    "an operator under another name": (
        node("OperatorFuncNode", "numpy", "methodcaller", attrs=text(["x"])),
        ["runs-code"],
    ),
    "a function that is called": (
        node("ConstructorFromReduceNode", "numpy", "sinh", content=text([1])),
        ["call"],
    ),
    "a partial": (node("PartialNode", "functools", "partial", content={}), ["runs-code"]),
    "any function of numpy.random": (generator("seed"), ["malformed"]),
    "a name in another form": (
        generator(node("ListNode", "builtins", "list", content=[])),
        ["malformed"],
    ),
    "a loader of others": (node("EvalNode", "builtins", "str"), ["malformed"]),
    "no name": (node("ObjectNode", None, None), ["malformed"]),
    "a member that is not there": (
        node("NdArrayNode", "numpy", "ndarray", type="numpy", file="x.npy"),
        ["malformed"],
    ),
}


@pytest.mark.parametrize("sample", SKOPS)
def test_skops_names_are_judged_as_they_are_used(tmp_path: Path, sample: str) -> None:
    schema, expected = SKOPS[sample]
    assert rules(tmp_path, zipped(schema_json=schema)) == expected
    nested = node("ListNode", "builtins", "list", content=[text(1), schema])
    assert rules(tmp_path, zipped(schema_json=nested)) == expected


# --- ONNX ----------------------------------------------------------------------------------------


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return bytes([number << 3, value]) if number < 16 else struct.pack("<H", 0) + b""
    tag = number << 3 | 2
    head = bytes([tag]) if tag < 128 else bytes([tag & 127 | 128, tag >> 7])
    size = len(value)
    return head + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + value


def onnx(graph: bytes = b"", *more: bytes) -> bytes:
    return field(1, 8) + field(2, b"test") + field(7, graph) + b"".join(more)


EXTERNAL = field(8, b"w") + field(13, field(1, b"location") + field(2, b"../../etc/passwd"))
FOREIGN = field(4, b"Run") + field(7, b"com.example")
ONNX = {
    "a plain graph": (onnx(field(1, field(4, b"Add"))), []),
    "external data": (onnx(field(5, EXTERNAL)), ["external-data"]),
    "marked external only": (onnx(field(5, field(14, 1))), ["external-data"]),
    "external in an attribute": (
        onnx(field(1, field(4, b"Constant") + field(5, field(5, EXTERNAL)))),
        ["external-data"],
    ),
    "external in a branch": (
        onnx(field(1, field(4, b"If") + field(5, field(6, field(5, EXTERNAL))))),
        ["external-data"],
    ),
    "a custom operator": (onnx(field(1, FOREIGN)), ["custom-operator"]),
    "in a branch": (onnx(field(1, field(5, field(6, field(1, FOREIGN))))), ["custom-operator"]),
    "in a function": (onnx(b"", field(25, field(7, FOREIGN))), ["custom-operator"]),
    "imported": (onnx(b"", field(8, field(1, b"com.example"))), ["custom-operator"]),
    "cut": (onnx(field(1, field(4, b"Add")))[:-2], ["malformed"]),
    "a field longer than its message": (onnx(b"\x0a\x7f\x01"), ["malformed"]),
}


@pytest.mark.parametrize("sample", ONNX)
def test_onnx_reaches_nothing_beyond_the_file(tmp_path: Path, sample: str) -> None:
    content, expected = ONNX[sample]
    assert rules(tmp_path, content) == expected


def test_a_domain_of_ones_own_can_be_allowed(tmp_path: Path) -> None:
    assert rules(tmp_path, onnx(field(1, FOREIGN)), "m", "onnx:com.example") == []


# --- safetensors ---------------------------------------------------------------------------------


def tensors(spans: dict[str, tuple[int, int]], size: int, **more: Any) -> bytes:
    header = {
        name: {"dtype": "U8", "shape": [end - start], "data_offsets": [start, end]}
        for name, (start, end) in spans.items()
    }
    head = json.dumps({**header, **more}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(size)


SAFETENSORS = {
    "side by side": (tensors({"a": (0, 4), "b": (4, 8)}, 8), []),
    "in another order": (tensors({"b": (4, 8), "a": (0, 4)}, 8), []),
    "overlapping": (tensors({"a": (0, 6), "b": (4, 8)}, 8), ["malformed"]),
    "the same bytes twice": (tensors({"a": (0, 8), "b": (0, 8)}, 8), ["malformed"]),
    "with a gap": (tensors({"a": (0, 4), "b": (5, 8)}, 8), ["malformed"]),
    "not from the start": (tensors({"a": (2, 8)}, 8), ["malformed"]),
    "backwards": (tensors({"a": (8, 0)}, 8), ["malformed"]),
    "beyond the end": (tensors({"a": (0, 9)}, 8), ["malformed"]),
    "with bytes behind": (tensors({"a": (0, 4)}, 8), ["malformed"]),
    "of another shape": (
        tensors({}, 8, a={"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}),
        ["malformed"],
    ),
    "of a type that is none": (
        tensors({}, 8, a={"dtype": "Q8", "shape": [8], "data_offsets": [0, 8]}),
        ["malformed"],
    ),
    "of a negative side": (
        tensors({}, 8, a={"dtype": "U8", "shape": [-1, -8], "data_offsets": [0, 8]}),
        ["malformed"],
    ),
    "with metadata that are no text": (tensors({}, 0, __metadata__={"a": 1}), ["malformed"]),
    "named twice": (
        b"\x56\0\0\0\0\0\0\0"
        + b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1]'
        b',"data_offsets":[0,1]}}'.ljust(0x56)[:0x56] + b"\0",
        ["malformed"],
    ),
}


@pytest.mark.parametrize("sample", SAFETENSORS)
def test_every_byte_belongs_to_one_tensor(tmp_path: Path, sample: str) -> None:
    content, expected = SAFETENSORS[sample]
    assert rules(tmp_path, content) == expected


# --- code that JSON declares ---------------------------------------------------------------------


def layers(*made: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "module": "keras", "config": {"layers": list(made)}}


DENSE = {
    "class_name": "Dense",
    "module": "keras.layers",
    "config": {"activation": {"class_name": "function", "module": "keras.activations",
                              "config": "relu"}},
}  # fmt: skip
DECLARED = {
    "a configuration": ({"model_type": "bert", "architectures": ["BertModel"]}, []),
    "layers of Keras": (layers(DENSE), []),
    "remote code": ({"auto_map": {"AutoModel": "modeling_x.Model"}}, ["code-inside"]),
    "a pipeline of others": ({"custom_pipelines": {"x": {"impl": "x.X"}}}, ["code-inside"]),
    "a Lambda layer": (
        layers(DENSE, {"class_name": "Lambda", "module": "keras.layers", "config": {}}),
        ["code-inside"],
    ),
    "a lambda as a function": (
        layers({**DENSE, "config": {"activation": {"class_name": "__lambda__", "config": {}}}}),
        ["code-inside"],
    ),
    "a function of another module": (
        layers({"class_name": "function", "module": "os", "config": "system"}),
        ["unknown-name"],
    ),
    "a function of Keras that fetches": (
        layers({"class_name": "function", "module": "keras.utils", "config": "get_file"}),
        ["unknown-name"],
    ),
    "a class of others": (
        layers({"class_name": "Layer", "module": "ours.layers", "config": {}}),
        ["unknown-name"],
    ),
}


@pytest.mark.parametrize("sample", DECLARED)
def test_code_that_a_description_declares(tmp_path: Path, sample: str) -> None:
    described, expected = DECLARED[sample]
    assert rules(tmp_path, json.dumps(described).encode(), "config.json") == expected
    assert rules(tmp_path, zipped(config_json=described, metadata_json={}), "m.keras") == expected


def test_a_layer_of_ones_own_can_be_allowed(tmp_path: Path) -> None:
    described = json.dumps(DECLARED["a class of others"][0]).encode()
    assert rules(tmp_path, described, "config.json", "ours.layers:Layer") == []
