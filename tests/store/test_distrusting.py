"""The store under `--no-cache`."""

from __future__ import annotations

import os

from mlgate.store.distrusting import Distrusting
from mlgate.store.store import open_store


def test_only_what_this_run_found_is_believed() -> None:
    store = open_store(os.environ)
    store.put("memos", {b"old": b"1", b"both": b"2"}, 1)
    distrusting = Distrusting(store)
    distrusting.put("memos", {b"new": b"3", b"both": b"4"}, 1)
    keys = [b"old", b"new", b"both"]
    assert distrusting.get("memos", keys, 1) == {b"new": b"3", b"both": b"4"}
    assert distrusting.get("aggregates", keys, 1) == {}
    assert store.get("memos", keys, 1) == {b"old": b"1", b"new": b"3", b"both": b"4"}
    assert distrusting.problem is None
    store.close()
