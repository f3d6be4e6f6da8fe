"""Rules of the `files` gate on what a file holds: keys, debuggers, shebangs, size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.core.snapshot import Entry
from mlgate.core.text import shown
from mlgate.gates._files_file import File, Found, blob_id

if TYPE_CHECKING:
    import ast

_KEY_WORDS = (b"PRIVATE KEY", b"PuTTY-User-Key-File", b"OpenVPN Static key")
# A header with something below it; the header alone, in quotes, is code that looks for keys.
_KEY = re.compile(
    rb"-----? ?BEGIN (?P<kind>[A-Za-z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V1)"
    rb" ?-----?[ \t]*(?:\r?\n|\\+[nr]|[A-Za-z0-9+/]{8})"
    rb"|PuTTY-User-Key-File-\d: *\S"
)
_DEBUGGERS = frozenset(
    {"bpdb", "ipdb", "pdb", "pdbr", "pudb", "pydevd_pycharm", "q", "rdb", "rpdb", "wdb"}
)
_WORDS = (b"pdb", b"breakpoint", b"pudb", b"rdb", b"wdb", b"pydevd_", b"import q", b"from q")
_CANDIDATE = re.compile(
    rb"\bbreakpoint\b|\b(?:bpdb|ipdb|pdb|pdbr|pudb|pydevd_pycharm|rdb|rpdb|wdb)\b"
    rb"|\b(?:import|from)[ \t]+q\b"
)
_DATA = re.compile(
    r"\.(csv|tsv|parquet|feather|arrow|jsonl|npy|npz|h5|hdf5|zip|gz|tar|xlsx?|avro|orc|db|sqlite"
    r"|pkl|pickle|joblib|pt|pth|ckpt|onnx|safetensors|skops|keras|pb|tflite|bin|gguf|model|ubj"
    r"|png|jpe?g|wav|mp[34])$",
    re.IGNORECASE,
)


def private_key(file: File) -> Iterator[Found]:
    """Private keys in PEM, OpenSSH, PGP, PuTTY and OpenVPN form; their text is never repeated."""
    if not any(word in file.raw for word in _KEY_WORDS):
        return
    for match in _KEY.finditer(file.raw):
        kind = (match["kind"] or b"PuTTY private key").decode("ascii").strip().lower()
        name = kind.replace(" block", "").replace("rsa", "RSA").replace("pgp", "PGP")
        yield Found("private-key", file.line_at(match.start()), f"the file holds a key: {name}")


def shebang(file: File) -> Iterator[Found]:
    """Executable text that says not what runs it, and scripts that may not run."""
    starts = file.raw.startswith(b"#!") and not file.raw.startswith(b"#![")
    executable = file.mode == "100755"
    if executable and not starts and not file.binary:
        yield Found("executable-without-shebang", 1, "executable, but without a shebang")
    elif starts and not executable:
        yield Found("shebang-not-executable", 1, "has a shebang, but is not executable")


def debug_statement(file: File) -> Iterator[Found]:
    """Calls of breakpoint() and imports of debuggers; code that does not parse is lint's."""
    if file.suffix not in (".py", ".pyi") or not any(word in file.raw for word in _WORDS):
        return
    if not _CANDIDATE.search(file.raw):
        return
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(file.raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    stops = [(getattr(n, "lineno", 0), name) for n in ast.walk(tree) if (name := _debugger(n))]
    for line, name in sorted(stops):
        yield Found("debug-statement", line, f"{name} is still there")


def _debugger(node: ast.AST) -> str | None:
    """What stops the program at `node`, if it does."""
    import ast

    modules: list[str] = []
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level:
        modules = [node.module or ""]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return "breakpoint()" if node.func.id == "breakpoint" else None
    tops = [module.partition(".")[0] for module in modules]
    return next((f"import of {top}" for top in tops if top in _DEBUGGERS), None)


def large_file(path: str, size: int, limit: int) -> Iterator[Found]:
    """A file of more than `limit` bytes, with the command that moves data out of git."""
    if size <= limit:
        return
    mend = None
    if _DATA.search(path):
        from shlex import quote

        name = quote(shown(path))
        mend = f"git rm --cached -- {name} && dvc add {name}"
    yield Found("large-file", None, f"{_size(size)}, more than {_size(limit)}", mend)


def is_lfs(raw: bytes, entry: Entry) -> bool:
    """True if git stores a pointer of Git LFS for these bytes, not the bytes themselves."""
    import hashlib

    oid = hashlib.sha256(raw).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(raw)}\n"
    return blob_id(pointer.encode(), entry.id) == entry.id


def _size(count: int) -> str:
    return f"{count / 1024:,.0f} kB" if count < 1 << 20 else f"{count / (1 << 20):,.1f} MB"
