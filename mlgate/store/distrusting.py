"""The store under `--no-cache`: earlier runs are not believed, what this one finds is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlgate.store.store import Store


class Distrusting:
    """Answers with what was put during this run; everything is stored for later ones."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._own: dict[tuple[str, bytes], bytes] = {}

    @property
    def problem(self) -> str | None:
        """Why there is no store, in words."""
        return self._store.problem

    def get(self, table: str, keys: Sequence[bytes], _today: int) -> dict[bytes, bytes]:
        """Values that were put under those keys during this run."""
        return {key: self._own[table, key] for key in keys if (table, key) in self._own}

    def put(self, table: str, rows: Mapping[bytes, bytes], today: int) -> None:
        """Store values under their keys."""
        self._own.update({(table, key): value for key, value in rows.items()})
        self._store.put(table, rows, today)
