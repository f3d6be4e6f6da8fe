"""What torch.save writes: a zip of one pickle and raw tensors, or several pickles and raw tensors.

Formats: `torch/serialization.py`, `_save` and `_legacy_save`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts.outcome import malformed
from mlgate.artifacts.values import DATA, Name, items_of, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_SIZES = {
    "BFloat16Storage": 2, "BoolStorage": 1, "ByteStorage": 1, "CharStorage": 1,
    "ComplexDoubleStorage": 16, "ComplexFloatStorage": 8, "DoubleStorage": 8, "FloatStorage": 4,
    "HalfStorage": 2, "IntStorage": 4, "LongStorage": 8, "QInt32Storage": 4, "QInt8Storage": 1,
    "QUInt8Storage": 1, "ShortStorage": 2, "UntypedStorage": 1,
}  # fmt: skip


class Storages:
    """The raw tensors that persistent ids ask for: key to bytes."""

    def __init__(self, legacy: bool) -> None:
        self.sizes: dict[str, int] = {}
        self._legacy = legacy
        self._fields = 6 if legacy else 5

    def __call__(self, asked: Any) -> Any:
        """A persistent id: `('storage', type, key, location, items[, view])`.

        The older form has `('module', class, source file, source)` too, which stands for the class:
        the loader compares the texts with the source that it finds, and warns.
        """
        fields = items_of(asked)
        if self._legacy and fields is not None and len(fields) == 4 and fields[0] == "module":
            if type(fields[1]) is not Name:
                raise malformed("the class of a module cannot be told")
            return fields[1]
        if fields is None or len(fields) != self._fields or fields[0] != "storage":
            raise malformed("it asks for an object by a persistent id that torch does not write")
        module, _, kind = name_of(fields[1]).partition(":")
        size, key, count = _SIZES.get(kind), fields[2], fields[4]
        if module not in ("torch", "torch.storage") or size is None:
            raise malformed("the type of a tensor's storage cannot be told")
        if type(key) is not str or type(count) is not int or count < 0:
            raise malformed("a tensor's storage has no key or no size")
        self.sizes[key] = max(self.sizes.get(key, 0), size * count)
        return DATA


def is_magic(value: Any) -> bool:
    """True for the value of the first pickle of torch's older form."""
    return type(value) is int and value == _MAGIC


def legacy(feed: Feed, scan: Scan, where: str) -> None:
    """Read on after the first of the pickles of torch's older form. Raises `Refused`."""
    from mlgate.artifacts import pickles

    scan.recognised("legacy torch")
    if pickles.machine(feed, scan, where).run() != _PROTOCOL:
        raise malformed("its torch protocol is not 1001")
    pickles.machine(feed, scan, where).run()
    storages = Storages(legacy=True)
    whole = pickles.machine(feed, scan, where)
    whole.persistent = storages
    whole.run()
    order = pickles.machine(feed, scan, where)
    order.run()
    keys = [text for text in order.memo if type(text) is str]
    if len(keys) != len(storages.sizes) or set(keys) != storages.sizes.keys():
        raise malformed("its raw tensors are not those that it asks for")
    for key in keys:
        count, size = int.from_bytes(feed.take(8), "little"), storages.sizes[key]
        if size and (not count or size % count):
            raise malformed(f"the tensor {key[:40]!r} has another size than is asked for")
        feed.skip(size)
    pickles.at_end(feed)


def scan_zip(names: list[str], opened: Callable[[str], Feed], sizes: dict[str, int], scan: Scan,
             where: str) -> set[str]:  # fmt: skip
    """Read the pickle of a torch zip and check its tensors; the names that are raw tensors."""
    from mlgate.artifacts import pickles

    scan.recognised("torch zip")
    folder = next(name for name in names if name.endswith("/data.pkl")).removesuffix("data.pkl")
    storages = Storages(legacy=False)
    reading = pickles.machine(
        opened(f"{folder}data.pkl"), scan, f"{where}/{folder}data.pkl".lstrip("/")
    )
    reading.persistent = storages
    reading.run()
    pickles.at_end(reading.feed)
    raw = {name for name in names if name.startswith(f"{folder}data/")}
    for key, size in storages.sizes.items():
        if sizes.get(f"{folder}data/{key}", -1) < size:
            raise malformed(f"the tensor {key[:40]!r} is missing or too small")
    return raw
