"""Scans a file by what it holds, whatever it is called, down to the innermost member."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from mlgate.artifacts import compressed, hdf5, pickles, programs, second_readings, tars, zips
from mlgate.artifacts.feed import Feed, of_bytes, of_file
from mlgate.artifacts.numpy_files import MAGIC as NPY
from mlgate.artifacts.numpy_files import scan_npy
from mlgate.artifacts.opcodes import OPCODES
from mlgate.artifacts.outcome import Limits, Problem, Refused, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = 4096
_IN_MEMORY = 64 << 20
_ZIPS = frozenset({"zip", "torch zip", "skops"})
_JUDGED_BY_NONE = (
    (0, b"GGUF", "GGUF, whose chat template is a program"),
    (0, b"\x7fELF", "a compiled program"),
    (0, b"MZ", "a compiled program"),
    (4, b"TFL3", "a program for TensorFlow Lite"),
    (4, b"ET12", "a program for ExecuTorch"),
    (0, b"7z\xbc\xaf\x27\x1c", "packed with 7z"),
    (0, b"Rar!", "packed with RAR"),
    (0, b"\x28\xb5\x2f\xfd", "packed with Zstandard"),
)
"""By place and magic: what is refused by name."""
# None of them begins as a pickle that could come to a name: an unpickler stops in the magic.
_HARMLESS = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"PAR1": "parquet",
    b"ARROW1\0\0": "arrow",
    b"%PDF-": "pdf",
}
_TEXTS = """
cfg conf csv css gitignore gitattributes html ini ipynb json jsonl log md proto py rst toml tsv txt
xml yaml yml sh lock jinja template
""".split()  # noqa: SIM905


def scan_file(path: str, name: str, limits: Limits, allow: frozenset[str]) -> Scan:
    """What loading the file at `path` would do; `name` is what it is called. Never raises for what
    the file holds."""
    with open(path, "rb") as file:
        return scan_open(file, name, limits, allow)


def scan_open(file: BinaryIO, name: str, limits: Limits, allow: frozenset[str]) -> Scan:
    """The same of a file that is open already, from its first byte."""
    scan = Scan(limits, allow)
    file.seek(0)
    with _guarded(scan, ""):
        examine(scan, of_file(file), name, "", 0, file)
        second_readings.refuse(file, zips=not _ZIPS.isdisjoint(scan.formats))
    return scan


@contextlib.contextmanager
def _guarded(scan: Scan, where: str) -> Iterator[None]:
    """What refuses these bytes is a problem of theirs, and others are read on."""
    try:
        yield
    except Refused as refused:
        scan.state(Problem(refused.rule, refused.message, where))


def examine(
    scan: Scan, feed: Feed, name: str, where: str, depth: int, file: BinaryIO | None = None
) -> None:
    """Scan one stream; `file` where it can also be read from any place. Raises `Refused`."""
    if depth > scan.limits.depth:
        raise Refused("limit", f"archives lie in it deeper than {scan.limits.depth} levels")
    head = feed.peek(_HEAD)
    form = compressed.form_of(head)
    if head.startswith((zips.MAGIC, b"PK\x05\x06")):
        _zip(scan, file or _spooled(feed), where, depth)
    elif form is not None:
        scan.recognised(form)
        inner = compressed.unpacked(feed, form, scan)
        examine(scan, inner, name.removesuffix(".gz"), where, depth + 1)
        inner.skip_rest()
    elif tars.is_tar(head):
        _tar(scan, feed, where, depth)
    elif head.startswith(NPY):
        scan_npy(feed, scan, where)
    elif head.startswith(hdf5.MAGIC):
        hdf5.check(file or _spooled(feed), scan, where)
    else:
        _plain(scan, feed, head, name, where, file)


def _spooled(feed: Feed) -> BinaryIO:
    """A private file of what can only be read forward."""
    import tempfile

    spool = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - goes with its reader
    while part := feed.peek(1) and feed.take(len(feed.buffer) - feed.at):
        spool.write(part)
    return spool  # type: ignore[return-value]


def _zip(scan: Scan, file: BinaryIO, where: str, depth: int) -> None:
    archive = zips.Zip(file, scan)
    members = {m.name: m for m in archive.members if not m.name.endswith("/")}
    programs.refuse(members)
    raw: set[str] = set()
    if any(name.count("/") == 1 and name.endswith("/data.pkl") for name in members):
        from mlgate.artifacts import torch_files

        sizes = {name: m.size for name, m in members.items()}
        raw = torch_files.scan_zip(
            list(members), lambda name: archive.open(members[name]), sizes, scan, where
        )
    elif "schema.json" in members:
        from mlgate.artifacts import skops

        skops.check(archive.open(members["schema.json"]), set(members), scan, where)
    else:
        scan.recognised("zip")
    for name, member in members.items():
        inner = _within(where, name)
        with _guarded(scan, inner):
            _member(scan, archive.open(member), name, inner, depth, raw)


def _within(where: str, name: str) -> str:
    return f"{where}/{name}" if where else name


def _member(scan: Scan, feed: Feed, name: str, where: str, depth: int, raw: set[str]) -> None:
    """One member of an archive, to its end, so that its checksum is compared."""
    if programs.is_code(name):
        scan.state(Problem("code-inside", "it is code that lies beside the weights", where))
    if hdf5.called_so(name) and feed.peek(len(hdf5.MAGIC)) != hdf5.MAGIC:
        scan.state(Problem("malformed", "it is called HDF5 and does not begin as such", where))
    if name in raw:
        _hidden(scan, of_bytes(feed.peek(_HEAD)), where)
    elif not name.endswith("/data.pkl") or not raw:
        examine(scan, feed, name, where, depth + 1)
    feed.skip_rest()


def _tar(scan: Scan, feed: Feed, where: str, depth: int) -> None:
    _hidden(scan, of_bytes(feed.peek(_HEAD)), where)
    scan.recognised("tar")
    for name, part in tars.members(feed, scan):
        inner = _within(where, name)
        with _guarded(scan, inner):
            _member(scan, part, name, inner, depth, set())


def _hidden(scan: Scan, feed: Feed, where: str) -> None:
    """Refuse what is read as something else and is also a pickle that asks for names."""
    _, trial, _ = pickles.probe(feed, scan, where)
    if trial.called:
        raise Refused("malformed", "it also reads as a pickle that calls something")


def _plain(
    scan: Scan, feed: Feed, head: bytes, name: str, where: str, file: BinaryIO | None
) -> None:
    """What is neither packed nor an archive: a known format, a pickle, or text."""
    if not head:
        scan.recognised("empty")
    elif compressed.is_old_joblib(head):
        raise Refused("unreadable", "joblib packed it before version 0.10: have it written anew")
    elif form := next((form for magic, form in _HARMLESS.items() if head.startswith(magic)), None):
        scan.recognised(form)
    elif head[:1] == b"\x80":
        pickles.alone(feed, scan, where)
    else:
        _by_trial(scan, feed, head, name, where, file)


def _by_trial(
    scan: Scan, feed: Feed, head: bytes, name: str, where: str, file: BinaryIO | None
) -> None:
    """Old pickles have no magic: try, and judge by how far it came."""
    again = of_bytes(head)
    if file is not None:
        file.seek(0)
        again = of_file(file)
    trial, machine, refusal = pickles.probe(again, scan, where)
    text = _is_text(head)
    whole = refusal is None and again.ended()
    known_text = text and not whole and _ending(name) in _TEXTS
    unread = refusal is not None and refusal.rule == "limit"  # it may call what was not reached
    suspect = machine.called or unread or (machine.reached and not known_text)
    if suspect or (whole and not text):
        scan.recognised("pickle")
        for problem in trial.problems.values():
            scan.state(problem)
        for version in trial.sklearn:
            scan.saved_by(version)
        if refusal is not None:
            raise refusal
        pickles.at_end(again)
        return
    if file is not None:
        file.seek(0)
        feed = of_file(file)
    _known(scan, feed, head, name if text else None)


def _known(scan: Scan, feed: Feed, head: bytes, text: str | None) -> None:
    """A format that holds no code, checked to its end; `text` is the name of what reads as text.
    Raises `Refused`."""
    from mlgate.artifacts import boosters, onnx, safetensors, texts

    for form in (safetensors, onnx):
        if form.begins(head):
            form.check(feed, scan)
            return
    first = texts.first(feed) if text is not None else head
    if boosters.begins(first):
        boosters.check(feed, scan)
    elif text is not None and first[:1] == b"[" and _ending(text) == "json":
        boosters.json(feed, scan)
    elif text is None or not texts.ends_as_text(feed, yaml=_ending(text) in ("yaml", "yml")):
        _unknown(head)
    else:
        scan.recognised("text")


def _unknown(head: bytes) -> NoReturn:
    for at, magic, form in _JUDGED_BY_NONE:
        if head.startswith(magic, at):
            raise Refused("unknown-format", f"it is {form}: nothing can be said of it")
    starts = "as a pickle does" if head[0] in OPCODES else "with " + head[:8].hex(" ")
    raise Refused("unknown-format", f"its format is not known; it starts {starts}")


def _is_text(head: bytes) -> bool:
    """Whether `head` is UTF-8 without null bytes; its last character may be cut."""
    try:
        head[:-3].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(head) - 3:
            return False
    return b"\0" not in head


def _ending(name: str) -> str:
    last = name.rpartition("/")[2].lower()
    return last.rpartition(".")[2] if "." in last else "txt" if "license" in last else ""
