"""Writes one harmless sample of every known way around a scan: their payload prints a word.

The classes are those of the public advisories against picklescan and modelscan and of the
loaders' own sources; nothing here is taken from an exploit.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from typing import Any

HDF5 = b"\x89HDF\r\n\x1a\n"
PAYLOAD = b"cbuiltins\nprint\n(S'inert'\ntR."


def calls(module: str, name: str, args: bytes = b"(S'inert'\ntR") -> bytes:
    """Protocol 0: look `name` up and call it."""
    return f"c{module}\n{name}\n".encode() + args + b"."


def stacked(module: str, name: str) -> bytes:
    """Protocol 4: the name from the stack."""
    text = b"".join(b"\x8c" + bytes([len(t)]) + t.encode() for t in (module, name))
    return b"\x80\x04" + text + b"\x93\x8c\x05inert\x85R."


def zipped(members: dict[str, bytes], **how: Any) -> bytes:
    """A zip archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", **how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def tarred(name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A tar archive of one member."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.size, member.type = len(content), kind
        archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def npy(content: bytes, descr: str = "|O", shape: str = "(1,)") -> bytes:
    """A `.npy` file."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


GADGETS = """
builtins.eval builtins.exec builtins.compile builtins.__import__ builtins.getattr builtins.open
builtins.print os.system posix.system nt.system subprocess.Popen subprocess.check_output pip.main
pip._internal.main timeit.timeit ensurepip._run_pip uuid._get_command_stdout imaplib.IMAP4_stream
_pyrepl.pager.pipe_pager pkgutil.resolve_name importlib.import_module runpy._run_code
code.InteractiveInterpreter cProfile.run profile.run pdb.run bdb.Bdb operator.methodcaller
operator.attrgetter functools.partial functools.reduce builtins.map logging.FileHandler
logging.config.dictConfig shutil.rmtree socket.create_connection webbrowser.open ctypes.CDLL
marshal.loads types.FunctionType types.CodeType pickle.loads _pickle.loads dill.loads
cloudpickle.loads cloudpickle.cloudpickle._make_function joblib.load joblib.numpy_pickle.load
numpy.load numpy.loadtxt numpy.f2py.crackfortran.myeval numpy.testing._private.utils.runstring
numpy.__builtins__ pandas.read_pickle pandas.core.computation.eval.eval torch.load torch.jit.load
torch.storage._load_from_bytes torch.hub.load torch.utils.bottleneck.__main__.run_autograd_prof
torch._inductor.codecache.compile_file sklearn.datasets._base.load_files
sklearn.externals._arff.load asyncio.unix_events._UnixSubprocessTransport
lib2to3.pgen2.grammar.Grammar.loads distutils.spawn.spawn doctest.debug_script trace.Trace.run
idlelib.pyshell.ModifiedInterpreter http.client.HTTPSConnection vendor_unheard_of.model.Net
ssl.get_server_certificate aiohttp.ClientSession sys.exit zipimport.zipimporter site.addsitedir
venv.create smtplib.SMTP telnetlib.Telnet picklescan.scanner.scan_file_path builtins.setattr
builtins.type.__subclasses__
""".split()  # noqa: SIM905


def by_name() -> dict[str, bytes]:
    """Class 1: whatever can run something, in old and new spelling."""
    made = {}
    for gadget in GADGETS:
        module, _, name = gadget.rpartition(".")
        made[f"{gadget}, protocol 0"] = calls(module, name)
        made[f"{gadget}, protocol 4"] = stacked(module, name)
    return made


def by_opcode() -> dict[str, bytes]:
    """Classes 4, 5, 6, 8, 9, 10: what the opcodes themselves allow."""
    named = b"\x8c\x08builtins\x94\x8c\x05print\x94"
    return {
        "INST": b"(S'inert'\nibuiltins\nprint\n.",
        "OBJ": b"(cbuiltins\nprint\nS'inert'\no.",
        "NEWOBJ": b"\x80\x02cbuiltins\nprint\n)\x81.",
        "NEWOBJ_EX": b"\x80\x04cbuiltins\nprint\n)}\x92.",
        "names through the memo": b"\x80\x04" + named + b"00h\x00h\x01\x93)R.",
        "memo overwritten": b"\x80\x04\x8c\x04list\x94\x8c\x08builtinsq\x00\x8c\x05print\x93)R.",
        "memo numbers with gaps": b"\x80\x04\x8c\x08builtinsr\x10\x00\x00\x00000j\x10\x00\x00\x00\x8c\x05print\x93)R.",  # noqa: E501
        "DUP": b"\x80\x04\x8c\x08builtins\x8c\x05print\x93)2\x30R.",
        "POP before": b"\x80\x04K\x01\x30\x8c\x08builtins\x8c\x05print\x93)R.",
        "MARK and POP_MARK": b"\x80\x04(K\x01K\x021\x8c\x08builtins\x8c\x05print\x93)R.",
        "name out of a tuple": b"\x80\x04\x8c\x08builtins(\x8c\x05printt\x93)R.",
        "Python 2 name": calls("__builtin__", "apply"),
        "dotted name": stacked("builtins", "print.__call__"),
        "dotted module of an allowed one": stacked("numpy", "__builtins__.get"),
        "prefix of an allowed name": stacked("numpy.dtype.x", "y"),
        "allowed name of another module": stacked("sklearn", "svm._classes.SVC"),
        "name with a space": stacked("builtins ", "print"),
        "full-width name": stacked("builtins", "ｐrint"),
        "extension registry": b"\x80\x02\x82\x01.",
        "extension registry, wide": b"\x80\x02\x84\x01\x00\x00\x00.",
        "persistent id": b"\x80\x02Pinert\n.",
        "persistent id, binary": b"\x80\x02X\x05\x00\x00\x00inertQ.",
        "buffer from outside": b"\x80\x05\x97.",
        "call of a call": b"cbuiltins\nlist\n)R)R.",
        "call of text": b"\x80\x02X\x05\x00\x00\x00inert)R.",
        "state of a class": b"\x80\x02cnumpy\ndtype\n}X\x01\x00\x00\x00xK\x01sb.",
        "items of a class": b"\x80\x02ccollections\nOrderedDict\nX\x01\x00\x00\x00xK\x01s.",
        "call of what is only referred to": b"cnumpy\nlog\n(K\x01tR.",
        "class made at run time": b"cbuiltins\ntype\n(S'x'\n)(dtR.",
        "codec by name": b"c_codecs\nencode\n(Vx\nVrot13\ntR.",
        "bytes of any size": b"cbuiltins\nbytearray\n(I99999999999\ntR.",
        "array of any size": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I99999999999\ntS'b'\ntR.",  # noqa: E501
        "bytes of any size, from a range": b"cbuiltins\nbytearray\n(cbuiltins\nrange\n(I99999999999\ntRtR.",  # noqa: E501 - a stream in one piece
        "list of any length": b"cbuiltins\nlist\n(cbuiltins\nrange\n(I99999999999\ntRtR.",
        "void of any size": b"cnumpy\nvoid\n(I99999999999\ntR.",
        "fraction of any size": b"cfractions\nFraction\n(S'1e999999999'\ntR.",
        "call through copyreg": b"ccopyreg\n__newobj__\n(cbuiltins\nbytearray\nI99999999999\ntR.",
        "call through copyreg, of a name": b"ccopyreg\n__newobj__\n(cnumpy\nndarray\nI99999\ntR.",
        "call through copyreg, of text": b"ccopyreg\n__newobj__\n(S'a'\ntR.",
        "base of any size": b"ccopyreg\n_reconstructor\n(cbuiltins\nobject\ncbuiltins\nbytearray\nI99999999999\ntR.",  # noqa: E501 - a stream in one piece
        "call through torch": b"ctorch._tensor\n_rebuild_from_type_v2\n(cnumpy\nlog\ncnumpy\nndarray\n(K\x01ttR.",  # noqa: E501 - a stream in one piece
        "call through torch, guarded": b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n(S'a'\nt}tR.",  # noqa: E501 - a stream in one piece
        "call through numpy": b"cnumpy.random._pickle\n__bit_generator_ctor\n(cnumpy\nndarray\ntR.",
        "call through pandas": b"cpandas.core.indexes.base\n_new_Index\n(cnumpy\nndarray\n}tR.",
        "booster of a file": b"cxgboost.core\nBooster\n(NNS'/etc/passwd'\ntR.",
        "booster of a file, lightgbm": b"clightgbm.basic\nBooster\n(NNS'/etc/passwd'\ntR.",
        "whole pickle of a name": b"cours.features\nimported\n.",
        "broken after the call": PAYLOAD[:-1],
        "broken after the call, binary": stacked("builtins", "print")[:-1] + b"\xff\xff",
        "broken before the STOP": b"\x80\x04\x95\xff\xff\x00\x00\x00\x00\x00\x00N.",
        "STOP with values left": b"\x80\x04NN.",
        "second PROTO": b"\x80\x04\x80\x02N.",
        "protocol of the future": b"\x80\x06N.",
        "second pickle": pickle.dumps({"a": 1}) + PAYLOAD,
        "data after the pickle": pickle.dumps({"a": 1}) + b"\0" * 40,
        "spaces before": b"N0" + PAYLOAD,
        "frame inside a frame": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x95\x02\0\0\0\0\0\0\0N.",
        "number in hexadecimal": b"I0x1\n0" + PAYLOAD,
        "long number in binary": b"L0b1L\n0" + PAYLOAD,
        "memo far ahead": b"I1\np9999999\n0" + PAYLOAD,
        "marks nested deep": b"(" * 30_000 + b"1" * 30_000 + PAYLOAD,
        "negative length": b"\x80\x02T\xff\xff\xff\xff.",
        "odd items": b"\x80\x02}(K\x01u.",
        "name of the fork-scanner": calls("picklescan.scanner", "_safe_globals"),
    }  # fmt: skip


def by_wrapping() -> dict[str, bytes]:
    """Classes 2, 3, 7: other names, archives that readers read apart, one thing inside another."""
    plain = zipped({"model.pkl": PAYLOAD})
    crc, flag, name = bytearray(plain), bytearray(plain), bytearray(plain)
    at = plain.index(b"PK\x01\x02")
    crc[at + 16] ^= 1
    flag[at + 8] |= 1
    name[at + 46 : at + 55] = b"model.txt"
    deflated = zipped({"a.npy": npy(PAYLOAD)}, compression=zipfile.ZIP_DEFLATED)
    return {
        "zip": plain,
        "zip, deflated": deflated,
        "zip, other checksum": bytes(crc),
        "zip, flag of encryption": bytes(flag),
        "zip, other name in the directory": bytes(name),
        "zip, data before": b"#!x\n" + plain,
        "zip, data after": plain + b"\0",
        "zip after a pickle": PAYLOAD + plain,
        "zip, rare method": zipped({"m.pkl": PAYLOAD}, compression=zipfile.ZIP_BZIP2),
        "zip, path upwards": zipped({"../m.txt": b"a"}),
        "zip, absolute path": zipped({"/m.txt": b"a"}),
        "zip, two of a name": zipped({"a.txt": b"a", "A.TXT": b"b"}),
        "zip in a zip": zipped({"inner.bin": plain}),
        "zip in a gzip": gzip.compress(plain),
        "torch zip": zipped({"m/data.pkl": PAYLOAD, "m/version": b"3\n"}),
        "torch zip, tensor missing": zipped({"m/data.pkl": TENSOR, "m/version": b"3\n"}),
        "torch zip, pickle among tensors": zipped({"m/data.pkl": b"\x80\x02N.", "m/data/0": PAYLOAD}),  # noqa: E501
        "torch zip, second pickle": zipped({"m/data.pkl": b"\x80\x02N.", "m/other.pkl": PAYLOAD}),
        "torch zip, TorchScript": zipped({"m/data.pkl": b"\x80\x02N.", "m/code/a.py": b"1"}),
        "torch.package": zipped({"m/.data/extern_modules": b"os\n", "m/a.py": b"1"}),
        "zip behind a picture": b"\x89PNG\r\n\x1a\n" + bytes(99) + plain,
        "zip behind text": b"# text\n" * 900 + plain,
        "zip behind a table": b"PAR1" + bytes(99) + plain + b"PAR1",
        "zip in the bytes of a pickle": b"\x80\x04B" + struct.pack("<I", len(plain)) + plain + b".",
        "zip in a tensor": _tensor(plain),
        "zip64 in a tensor": _tensor(b"PK\x06\x07PK\x05\x06" + b"\xff" * 16 + b"\0\0"),
        "HDF5 behind text": b"#" * 8192 + HDF5,
        "HDF5 in a tensor": _tensor(HDF5 * 1024),
        "legacy torch": LEGACY + PAYLOAD,
        "legacy torch, in the last": LEGACY + b"\x80\x02N." + PAYLOAD,
        "legacy torch, module": LEGACY + b"\x80\x02N.(Vmodule\nV1\nVa.py\nVx\ntQ.",
        "legacy torch, module's class": LEGACY
        + b"\x80\x02N.(Vmodule\ncbuiltins\nprint\nVa.py\nVx\ntQ(S'inert'\ntR.",
        "layer of a size": calls(
            "torch.nn.modules.linear", "Linear", b"(I1000000\nI1000000\ntR"
        ),
        "layers of a number": calls("torch.nn.modules.rnn", "LSTM", b"(tR"),
        "number of many digits": b"I" + b"9" * 5000 + b"\n0" + PAYLOAD,
        "long number of many digits": b"L" + b"0" * 5000 + b"1L\n0" + PAYLOAD,
        "memo at a number of many digits": b"Np" + b"0" * 5000 + b"\n0" + PAYLOAD,
        "memo's number of many digits": b"Np0\n0g" + b"0" * 5000 + b"\n0" + PAYLOAD,
        "npy of objects": npy(PAYLOAD),
        "npy, trailing pickle": npy(b"\0" * 8, "<f8") + PAYLOAD,
        "npy, header that is no literal": npy(b"", "|O', 'x': print('inert'), 'y': '"),
        "tar": tarred("a", PAYLOAD),
        "tar, link": tarred("a", b"", tarfile.SYMTYPE),
        "tar, path upwards": tarred("../a", b"text"),
        "tar.gz": gzip.compress(tarred("a", PAYLOAD)),
        "zlib": zlib.compress(PAYLOAD),
        "gzip": gzip.compress(PAYLOAD),
        "gzip, two members": gzip.compress(pickle.dumps(1)) + gzip.compress(PAYLOAD),
        "gzip, data after": gzip.compress(pickle.dumps(1)) + PAYLOAD,
        "gzip, damaged": gzip.compress(pickle.dumps(1))[:-4] + b"\0\0\0\0",
        "bz2": bz2.compress(PAYLOAD),
        "xz": lzma.compress(PAYLOAD),
        "lzma": lzma.compress(PAYLOAD, lzma.FORMAT_ALONE),
        "twice compressed": bz2.compress(gzip.compress(PAYLOAD)),
        "unknown format": b"\x00\x01\x02model",
        "joblib of files elsewhere": b"\x80\x02cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81.",
        "array that is opcodes": WRAPPER + PAYLOAD[:16].ljust(16, b"\0") + b".",
        "dtype that denies its objects": DENIED,
    }  # fmt: skip


def _text(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


def _dtype(code: str, flags: int) -> bytes:
    return (b"cnumpy\ndtype\n" + _text(code) + b"\x89\x88\x87R(K\x03" + _text("|") + b"NNN"
            + b"J\xff\xff\xff\xff" * 2 + b"K" + bytes([flags]) + b"tb")  # fmt: skip


DENIED = b"\x80\x04" + _dtype("O8", 0) + b"."
WRAPPER = (
    b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}("
    + _text("subclass") + b"cnumpy\nndarray\n" + _text("shape") + b"K\x10\x85" + _text("order")
    + _text("C") + _text("dtype") + _dtype("u1", 0) + _text("allow_mmap") + b"\x89ub"
)  # fmt: skip
TENSOR = (
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK\x00K\x04\x85K\x01\x85\x89}tR."
)
LEGACY = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2)


def _tensor(content: bytes) -> bytes:
    """safetensors of one tensor."""
    size = len(content)
    header = f'{{"a":{{"dtype":"U8","shape":[{size}],"data_offsets":[0,{size}]}}}}'.encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + content


def old_joblib(content: bytes) -> bytes:
    """What joblib wrote before 0.10, of text alone: zlib stores a block whose length is text."""
    size, said = 0x4020, b"x\x01\x01" + struct.pack("<HH", 0x4020, 0x4020 ^ 0xFFFF)
    bodies = (content.ljust(size, bytes([pad])) for pad in range(65, 91))
    told = ((body, zlib.adler32(body).to_bytes(4, "big")) for body in bodies)
    body, checksum = next(one for one in told if 0 not in one[1])
    return b"ZF" + hex(size).encode().ljust(19) + said + body + checksum


def by_container() -> dict[str, bytes]:
    """Containers in containers, each in a form that some loader opens by itself."""
    structured = npy(PAYLOAD).replace(b"'|O'", b"[('a','O')]")
    wrapped = WRAPPER.replace(_dtype("u1", 0), _dtype("O8", 63)) + PAYLOAD + b"."
    packers = {
        "zlib": zlib.compress,
        "gzip": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
    }
    window = zlib.compressobj(9, zlib.DEFLATED, 9)
    plain, text = zipped({"m.pkl": PAYLOAD}), zipped({"m.txt": b"text"})
    inert = b"\x80\x02N."
    return {
        "tar.gz in a zip": zipped({"inner.dat": gzip.compress(tarred("m", PAYLOAD))}),
        "tar.xz in a tar": tarred("inner", lzma.compress(tarred("m", PAYLOAD))),
        "tar, hard link": tarred("a", b"", tarfile.LNKTYPE),
        "tar, device": tarred("a", b"", tarfile.CHRTYPE),
        "tar, pipe": tarred("a", b"", tarfile.FIFOTYPE),
        "tar, sparse": tarred("a", b"", tarfile.GNUTYPE_SPARSE),
        "tar, type that readers take for a file": tarred("a", PAYLOAD, b"Z"),
        "tar, second archive behind its end": tarred("a", b"text") + tarred("b", PAYLOAD),
        "npz, no ending": zipped({"arr_0": npy(PAYLOAD)}),
        "npz, pickle behind the array": zipped({"a.npy": npy(pickle.dumps([1])) + npy(PAYLOAD)}),
        "npy, objects in a field": structured[:8] + _longer(structured[8:]),
        **{f"joblib, {name}": pack(wrapped) for name, pack in packers.items()},
        "joblib before 0.10": b"ZF" + hex(99).encode().ljust(19) + zlib.compress(PAYLOAD),
        "joblib before 0.10, all text": old_joblib(PAYLOAD),
        "zlib, small window": window.compress(PAYLOAD) + window.flush(),
        "zlib, pickle behind a pickle": zlib.compress(inert + PAYLOAD),
        "torch zip, no folder": zipped({"data.pkl": PAYLOAD, "version": b"3"}),
        "torch zip, other letters": zipped({"m/DATA.PKL": PAYLOAD, "m/version": b"3"}),
        "torch zip, two of them": zipped({"a/data.pkl": inert, "b/data.pkl": PAYLOAD}),
        "torch zip, constants": zipped({"a/data.pkl": inert, "a/constants.pkl": PAYLOAD}),
        "zip, two archives": text + plain,
        "zip, two archives, other order": plain + text,
        "zip, empty before a pickle": b"PK\x05\x06" + bytes(18) + PAYLOAD,
        "zip, empty behind a pickle": PAYLOAD + b"PK\x05\x06" + bytes(18),
        "zip, archive in its comment": _commented(plain),
        "zip, program": zipped({"__main__.py": b"print('inert')"}),
        "zip, program for Windows": zipped({"run.PYW": b"print('inert')"}),
        "names put into the memo by number": b"Vbuiltins\np9\n0Vprint\np4\n0g9\ng4\n\x93)R.",
        "names with escapes": b"V\\u0062uiltins\nVprint\n\x93(S'i'\ntR.",
        "name that a class makes": b"\x80\x04cbuiltins\nstr\n\x8c\x02os\x85R\x8c\x05abort\x93.",
        "text by a codec's name": b"cbuiltins\nstr\n(cbuiltins\nbytes\n)RS'idna'\ntR.",
        "bytes by a codec's name": b"cbuiltins\nbytes\n(S'x'\nS'idna'\ntR.",
        "extension that the stream enters": calls("copyreg", "add_extension") + b"\x82\x01.",
        "object of a class of os": b"ccopyreg\n_reconstructor\n(cos\n_wrap_close\nNNtR.",
        "factory that is a gadget": b"ccollections\ndefaultdict\n(cbuiltins\nprint\ntR.",
        "bytecode": b"\xa7\r\r\n" + bytes(12) + b"\xe3",
    }


def _longer(header: bytes) -> bytes:
    """A header of `.npy` with its length set right."""
    end = header.index(b"\n") + 1
    return struct.pack("<H", end - 2) + header[2:]


def _commented(content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("a.txt", "text")
        archive.comment = content
    return written.getvalue()


def samples() -> dict[str, bytes]:
    """Every sample by what it tries."""
    return by_name() | by_opcode() | by_wrapping() | by_container()
