"""`.npy` files: a header that is a literal, then numbers to the last byte, or a pickle.

Format: numpy's NEP 1, versions 1.0 to 3.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.artifacts import pickles
from mlgate.artifacts.arrays import count_of, size_of
from mlgate.artifacts.outcome import malformed

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

MAGIC = b"\x93NUMPY"
_LONGEST = 10_000
"""What numpy itself takes as a literal from a file that is not trusted."""


def scan_npy(feed: Feed, scan: Scan, where: str) -> None:
    """Check that the array is all there is. Raises `Refused`."""
    import ast

    major = feed.take(len(MAGIC) + 2)[-2]
    if major not in (1, 2, 3):
        raise malformed("it has no version of .npy that numpy writes")
    size = int.from_bytes(feed.take(2 if major == 1 else 4), "little")
    if size > _LONGEST:
        raise malformed("its .npy header is too long")
    try:
        header = ast.literal_eval(feed.take(size).decode("utf-8" if major == 3 else "latin-1"))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise malformed("its .npy header is no literal") from None
    if not isinstance(header, dict) or header.keys() != {"descr", "fortran_order", "shape"}:
        raise malformed("its .npy header has other keys")
    item = size_of(header["descr"])
    if item is None:
        scan.recognised("npy of objects")
        pickles.machine(feed, scan, where).run()
    else:
        scan.recognised("npy")
        feed.skip(item * count_of(header["shape"]))
    pickles.at_end(feed)
