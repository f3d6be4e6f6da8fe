"""One private SQLite file that makes repeated work free; losing it costs time, never a verdict.

Rows are addressed by the digest of everything that decides their value, and carry a digest of the
value itself, so that a row that was damaged or put there by somebody else is not believed.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mlgate.core.digests import blake2b

if TYPE_CHECKING:
    import sqlite3

_APPLICATION = 0x6D6C6774  # "mlgt"
_SCHEMA = 2
_TABLES = """
CREATE TABLE findings (key BLOB PRIMARY KEY, value BLOB NOT NULL, mark BLOB NOT NULL,
                       day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE memos (key BLOB PRIMARY KEY, value BLOB NOT NULL, mark BLOB NOT NULL,
                    day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE signatures (key BLOB PRIMARY KEY, value BLOB NOT NULL, mark BLOB NOT NULL,
                         day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE aggregates (key BLOB PRIMARY KEY, value BLOB NOT NULL, mark BLOB NOT NULL,
                         day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (id INTEGER PRIMARY KEY, repository TEXT NOT NULL, stage TEXT NOT NULL,
                   started REAL NOT NULL, duration REAL NOT NULL, exit_code INTEGER NOT NULL,
                   report BLOB NOT NULL);
CREATE INDEX runs_of ON runs (repository, stage, started);
"""
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_CHUNK = 500
_LARGEST = 512 << 20
_KEPT_RUNS = 200
_KEPT_BYTES = 64 << 20


class Store:
    """The open store. `problem` says in words why there is none; every call then answers empty."""

    def __init__(
        self, connection: sqlite3.Connection | None, problem: str | None = None, path: str = ""
    ) -> None:
        self._connection = connection
        self._path = path
        self._lock = threading.Lock()
        self.problem = problem

    def get(self, table: str, keys: Sequence[bytes], today: int) -> dict[bytes, bytes]:
        """Values of those `keys` that `table` (any but `runs`) holds; `today` as
        a day number, by which rows that nobody asked for are dropped some time."""
        found: dict[bytes, bytes] = {}
        stale: list[bytes] = []
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT key, value, mark, day FROM {table} WHERE key IN ({marks})"
            for key, value, mark, day in self._all(query, chunk):
                if isinstance(value, bytes) and _mark(key, value) == mark:
                    found[key] = value
                    if day != today:
                        stale.append(key)
        if stale:
            self._change(
                f"UPDATE {table} SET day = {int(today)} WHERE key = ?", [(key,) for key in stale]
            )
        return found

    def put(self, table: str, rows: Mapping[bytes, bytes], today: int) -> None:
        """Store values under their keys, all or none."""
        self._change(
            f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?)",
            [(key, value, _mark(key, value), today) for key, value in rows.items()],
        )

    def record_run(
        self,
        repository: str,
        stage: str,
        *,
        started: float,
        duration: float,
        exit_code: int,
        report: bytes,
    ) -> None:
        """Keep a run; of this repository and stage the oldest go beyond 200, or 64 MiB."""
        repository = _storable(repository)
        row = (repository, stage, started, duration, exit_code, report)
        self._change(
            "INSERT INTO runs (repository, stage, started, duration, exit_code, report)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [row],
        )
        self._change(
            "DELETE FROM runs WHERE repository = ? AND stage = ? AND id NOT IN (SELECT id FROM runs"
            f" WHERE repository = ? AND stage = ? ORDER BY id DESC LIMIT {_KEPT_RUNS})",
            [(repository, stage, repository, stage)],
        )
        self._change(
            "DELETE FROM runs WHERE id IN (SELECT id FROM (SELECT id, sum(length(report))"
            " OVER (ORDER BY id DESC) AS whole FROM runs WHERE repository = ? AND stage = ?)"
            f" WHERE whole > {_KEPT_BYTES})",
            [(repository, stage)],
        )

    def runs(
        self, repository: str, stage: str, limit: int
    ) -> list[tuple[float, float, int, bytes]]:
        """The newest runs first: (started, duration, exit code, report)."""
        query = (
            "SELECT started, duration, exit_code, report FROM runs"
            " WHERE repository = ? AND stage = ? ORDER BY id DESC LIMIT ?"
        )
        return list(self._all(query, (_storable(repository), stage, limit)))

    def trim(self, largest: int = _LARGEST) -> None:
        """Drop the rows that were longest not asked for while the file is over `largest` bytes."""
        pages = self._all("PRAGMA page_count", ()), self._all("PRAGMA page_size", ())
        if not (pages[0] and pages[1]) or pages[0][0][0] * pages[1][0][0] <= largest:
            return
        for table in ("findings", "memos", "signatures", "aggregates"):
            days = [row[0] for row in self._all(f"SELECT day FROM {table} ORDER BY day", ())]
            if days:
                middle = days[(len(days) - 1) // 2]
                self._change(f"DELETE FROM {table} WHERE day <= ?", [(middle,)])
        self._change("VACUUM", [()])

    def close(self) -> None:
        """Close the file; calls after this answer empty."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _all(self, query: str, values: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg]
        import sqlite3

        with self._lock:
            if self._connection is None:
                return []
            try:
                return self._connection.execute(query, values).fetchall()
            except (sqlite3.Error, UnicodeError) as error:
                self._give_up(error)
                return []

    def _change(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        import sqlite3

        with self._lock:
            if self._connection is None:
                return
            try:
                if statement == "VACUUM":
                    self._connection.execute(statement)
                    return
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(statement, rows)
                self._connection.execute("COMMIT")
            except (sqlite3.Error, UnicodeError) as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self.problem = f"the store cannot be used ({error}); working without it"
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if _tells_damage(error):
            _put_aside(self._path)
            self.problem = f"the store is damaged ({error}); the next run begins a new one"


def open_store(environ: Mapping[str, str]) -> Store:
    """The user's store, made if need be; one that says its `problem` where there can be none."""
    folder = store_folder(environ)
    if folder is None:
        return Store(None, "no HOME and no MLGATE_CACHE_DIR, so nothing is cached")
    try:
        _private(folder)
    except OSError as error:
        return Store(None, f"nothing is cached: {folder}: {error.strerror or error}")
    path = os.path.join(folder, f"store-{_SCHEMA}.sqlite")
    return _open(path) or _open_anew(path)


def store_folder(environ: Mapping[str, str]) -> str | None:
    """Where the store lies: `MLGATE_CACHE_DIR`, else the user's cache folder."""
    own = environ.get("MLGATE_CACHE_DIR")
    if own:
        return os.path.abspath(own)
    cache = environ.get("XDG_CACHE_HOME") or (
        os.path.join(environ["HOME"], ".cache") if environ.get("HOME") else None
    )
    return os.path.join(cache, "mlgate") if cache and os.path.isabs(cache) else None


def _private(folder: str) -> None:
    """Make `folder` ours alone. Raises `OSError` where it belongs to somebody else."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.stat(folder)
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise PermissionError(13, "belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o022:
        os.chmod(folder, 0o700)


def _open(path: str) -> Store | None:
    """The store at `path`; None where the file is damaged and a new one should be made."""
    import sqlite3

    connection = None
    try:
        connection = sqlite3.connect(
            path, timeout=5, isolation_level=None, check_same_thread=False, cached_statements=16
        )
        if not _is_ours(connection):
            if not _is_empty(connection):
                connection.close()
                return Store(None, f"nothing is cached: {path} is somebody else's database")
            _create(connection, path)
        connection.execute("PRAGMA synchronous = NORMAL")
        return Store(connection, path=path)
    except (sqlite3.Error, UnicodeError, OSError) as error:
        if connection is not None:
            connection.close()
        if _tells_damage(error):
            return None
        return Store(None, f"nothing is cached: {path}: {error}")


def _tells_damage(error: Exception) -> bool:
    """True for a damaged file; its bytes may stand in SQLite's message, and be no UTF-8."""
    name: str = getattr(error, "sqlite_errorname", "")
    return isinstance(error, UnicodeError) or name.startswith(_DAMAGE)


def _is_ours(connection: sqlite3.Connection) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return bool(application == _APPLICATION)


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def _create(connection: sqlite3.Connection, path: str) -> None:
    """Make the tables and name the file ours, all or nothing: a kill may come at any moment, and
    whoever comes second at the same moment finds them made."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if _is_empty(connection):
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute("COMMIT")
    os.chmod(path, 0o600)


def _open_anew(path: str) -> Store:
    """Put the damaged file aside and begin again."""
    if not _put_aside(path):
        return Store(None, f"nothing is cached: {path} is damaged and cannot be put aside")
    store = _open(path) or Store(None, f"nothing is cached: {path} is damaged")
    store.problem = store.problem or f"the store was damaged; a new one was begun at {path}"
    return store


def _put_aside(path: str) -> bool:
    """Move a damaged file away; first what belongs to it, lest a new one be mixed with it."""
    try:
        for tail in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path + tail)
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, path + ".damaged")
    except OSError:
        return False
    return True


def _storable(path: str) -> str:
    """A folder's name, as SQLite takes it also where it is no UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode()


def _mark(key: bytes, value: bytes) -> bytes:
    return blake2b(value, key=key[:32], digest_size=8).digest()
