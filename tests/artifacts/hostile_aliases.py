"""Writes harmless samples that show a scan one array and joblib or numpy another, in which opcodes
or addresses lie: by two names for one dict, by states that are set twice, by sizes told twice."""

from __future__ import annotations

WRAPPER = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n"
NEW = WRAPPER + b")\x81"
PAYLOAD = b"cbuiltins\nprint\n(S'inert'\ntR"
PADDING = b"\x01\xff"
HIDDEN = PADDING + (PAYLOAD + b"0").ljust(64, b"N")
"""64 bytes behind their padding: of an array, or opcodes where the array is shorter."""
_BLOB = (b"N" * 250 + PAYLOAD).ljust(300, b"N")
SHIFTED = b"\xff".ljust(64, b"N") + b"0B" + len(_BLOB).to_bytes(4, "little") + _BLOB
"""64 bytes of an array and a blob; who takes the first for the length of a padding comes out within
the blob."""
TYPE = b"cbuiltins\ntype\n(ccollections\nOrderedDict\n)RtR"


def text(word: str) -> bytes:
    """A short text."""
    return b"\x8c" + bytes([len(word)]) + word.encode()


def dtype(
    code: bytes, *, fields: bytes = b"N", inner: bytes = b"N", flags: int = 0, size: int = -1
) -> bytes:
    """A dtype with its state; `code` is its first argument, as opcodes."""
    made = b"cnumpy\ndtype\n" + code + b"\x89\x88\x87R"
    return made + state_of(fields, inner, flags, size)


def state_of(fields: bytes = b"N", inner: bytes = b"N", flags: int = 0, size: int = -1) -> bytes:
    """The state of a dtype, and that it is set."""
    told = b"J" + size.to_bytes(4, "little", signed=True)
    names = b"N" if fields == b"N" else text("a") + b"\x85"
    last = told + b"J\xff\xff\xff\xff" + b"K" + bytes([flags]) + b"tb"
    return b"(K\x03" + text("|") + inner + names + fields + last


def shape(count: int) -> bytes:
    return text("shape") + b"K" + bytes([count]) + b"\x85"


BYTE = dtype(text("u1"))
REST = text("subclass") + b"cnumpy\nndarray\n" + text("order") + text("C") + text("dtype") + BYTE
ALIGNED = text("numpy_array_alignment_bytes") + b"K\x10"
WHOLE = REST + ALIGNED
ARRAY = b"}(" + WHOLE + shape(64) + b"u"
"""The state of an array of 64 bytes, which a scan passes over."""
UNPADDED = b"}(" + REST + shape(64) + b"u"
PLAIN = dtype(text("V8"), fields=b"}" + text("a") + dtype(text("f8")) + b"K\x00\x86s", size=8)
OBJECT = dtype(text("O8"), flags=63)


def _field(kind: bytes) -> bytes:
    return text("a") + kind + b"K\x00\x86s"


def _arrays() -> dict[str, bytes]:
    """What joblib reads is shorter than what the scan passes over."""
    key = b"cbuiltins\nstr\n" + text("shape") + b"\x85R"
    aligned = b"cbuiltins\nstr\n" + ALIGNED[:-2] + b"\x85RK\x10"
    many = b"".join(text(f"k{n}") + b"N" for n in range(30))
    none = shape(0)
    return {
        "shape altered in a copy": NEW + ARRAY + b"2" + none + b"s0b" + HIDDEN,
        "shape altered by the memo": NEW + ARRAY + b"\x94" + none + b"s0h\x00b" + HIDDEN,
        "shape altered in the memo": NEW + ARRAY + b"\x94h\x00" + none + b"s0b" + HIDDEN,
        "shape altered among many": NEW + ARRAY + b"(" + none + many + b"ub" + HIDDEN,
        "shape by a name made at run time": NEW + ARRAY + key + b"K\x00\x85sb" + HIDDEN,
        "shape with an escape": NEW + ARRAY + b"S'sh\\x61pe'\nK\x00\x85sb" + HIDDEN,
        "padding told before": NEW + b"}" + aligned + b"s(" + UNPADDED[2:] + b"b" + SHIFTED,
        "padding told through the memo": NEW
        + (b"}\x94h\x00" + ALIGNED + b"s0(" + UNPADDED[2:] + b"b" + SHIFTED),
        "state set twice": NEW
        + (b"\x94}(" + WHOLE + none + b"ub" + PADDING + b"0h\x00" + UNPADDED + b"b" + SHIFTED),
        "padding from its making": WRAPPER
        + (b"(cnumpy\nndarray\nK\x01\x85" + text("C") + BYTE + b"tR" + UNPADDED + b"b" + SHIFTED),
        "array by copyreg": b"ccopyreg\n_reconstructor\n("
        + (WRAPPER + b"cbuiltins\nobject\nNtR" + ARRAY + b"b"),
        "array by copyreg, protocol 2": b"ccopyreg\n__newobj__\n(" + WRAPPER + b"tR" + ARRAY + b"b",
        "type of two sizes": NEW
        + (ARRAY.replace(BYTE, dtype(text("V64"), size=1)).replace(shape(64), shape(1)) + b"b")
        + HIDDEN[:3]
        + HIDDEN[2:],
    }


def _types() -> dict[str, bytes]:
    """What numpy takes for addresses is bytes of the stream."""
    field, objects = b"}" + _field(dtype(text("f8"))), _field(OBJECT)
    void = b"cnumpy\ndtype\n" + text("V8") + b"\x89\x88\x87R"
    return {
        "fields altered in a copy": dtype(text("V8"), fields=field + b"2" + objects + b"0", size=8),
        "fields altered by the memo": b"}\x940h\x00" + objects + b"0"
        + dtype(text("V8"), fields=b"h\x00", size=8),
        "fields altered before": b"}\x94" + _field(dtype(text("f8"))) + b"\x94h\x00" + objects
        + b"00" + dtype(text("V8"), fields=b"h\x01", size=8),
        "fields altered behind": dtype(text("V8"), fields=b"}\x94" + field[1:], size=8) + b"h\x00"
        + objects + b"0",
        "fields of a type to come": void + b"\x940"
        + dtype(text("V8"), fields=b"}" + _field(b"h\x00"), size=8),
        "items of a type to come": void + b"\x940"
        + dtype(text("V8"), inner=b"h\x00K\x01\x85\x86", size=8),
        "type whose state is set twice": dtype(text("V8"), size=8) + state_of(flags=63, size=8),
        "type of a type": dtype(OBJECT),
        "type of a class": dtype(b"cbuiltins\nobject\n"),
        "type of a word": dtype(text("object")),
        "type by copyreg": b"ccopyreg\n__newobj__\n(cnumpy\ndtype\n" + text("O8") + b"tR",
        "type with keywords": b"cnumpy\ndtype\n" + text("V8") + b"\x85}\x92",
        "type with a field that is none": dtype(text("V16"), size=16, fields=b"}("
        + text("a") + dtype(text("f8")) + b"K\x00\x86" + text("b") + b"K\x01K\x08\x86u"),
    }  # fmt: skip


def _classes() -> dict[str, bytes]:
    return {
        "class altered": TYPE + b"N}" + text("x") + b"K\x01s\x86b",
        "class altered by its items": TYPE + text("x") + b"K\x01s",
        "list altered behind its use": b"]\x94\x85h\x00K\x01a0",
        "number of four bytes, negative": b"\x8b\xff\xff\xff\xff",
        "name that is a number": b"K\x01" + text("print") + b"\x93",
        "name that is bytes": b"C\x08builtins" + text("print") + b"\x93",
        "module by the extension registry": b"\x83\x01\x00" + text("print") + b"\x93",
        "buffer made read-only": b"N\x98",
        "partial as a factory": b"ccollections\ndefaultdict\n(cfunctools\npartial\ntR",
    }


def samples() -> dict[str, bytes]:
    """Every sample by what it tries, as a whole pickle."""
    bodies = _arrays() | _types() | _classes()
    return {tried: b"\x80\x05" + body + b"." for tried, body in bodies.items()}
