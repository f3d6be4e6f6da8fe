"""Takes a database's table, or what a query of it gives, into a Parquet file for one request."""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, Any, cast

import msgspec

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables._protocol import Request, Source
from mlgate.tables._sql import name, text
from mlgate.tables.table import is_name

if TYPE_CHECKING:
    from sqlite3 import Connection

_UNSTEADY = re.compile(
    r"\b(?:now|current_\w+|localtime|random\w*|changes|last_insert_rowid)\b", re.IGNORECASE
)
_AFFINITY = {("integer",): "BIGINT", ("real",): "DOUBLE", ("integer", "real"): "DOUBLE"}
_DECLARED = {
    "BOOLEAN": "BOOLEAN", "DATE": "DATE", "DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMP",
}  # fmt: skip
_LOGS = (".wal", "-wal", "-journal")


def extracted(request: Request) -> Request:
    """The request with every database in it replaced by a file that lies beside what is spilled."""
    return cast(Request, _replaced(request, request, {}))


def _replaced(value: Any, request: Request, made: dict[Source, Source]) -> Any:
    if isinstance(value, Source):
        if value.query is None:
            return value
        if value not in made:
            file = os.path.join(request.spill, f"database-{len(made)}.parquet")
            made[value] = _taken(value, file, request)
        return made[value]
    if isinstance(value, list):
        return [_replaced(one, request, made) for one in value]
    if isinstance(value, msgspec.Struct):
        fields = {f: getattr(value, f) for f in value.__struct_fields__}
        new = {f: _replaced(one, request, made) for f, one in fields.items()}
        return msgspec.structs.replace(value, **new) if new != fields else value
    return value


def _taken(source: Source, file: str, request: Request) -> Source:
    (database,) = source.files
    for log in _LOGS:
        if os.path.exists(database + log) and os.path.getsize(database + log):
            raise GateError(
                f"{shown(os.path.basename(database))} is being written to: {log} lies beside it",
                "close what has it open",
            )
    take = _from_duckdb if source.form == "duckdb" else _from_sqlite
    take(database, source.query or "", file, request)
    return Source((file,), "parquet")


def _selected(query: str) -> str:
    """A table's name as a query; a query as it is."""
    if not is_name(query):
        if _UNSTEADY.search(query):
            raise GateError(f"{shown(query)} depends on more than the database",
                            "name neither the clock nor chance in it")  # fmt: skip
        return f"(\n{query}\n)"
    return ".".join(map(name, query.split(".")))


def _from_duckdb(database: str, query: str, file: str, request: Request) -> None:
    import duckdb

    config: dict[str, Any] = {
        "memory_limit": request.memory,
        "temp_directory": request.spill,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=config) as connection:
        connection.execute(f"ATTACH {text(database)} AS base (READ_ONLY)")
        connection.execute("USE base")
        for statement in (
            f"SET allowed_paths = [{text(file)}]",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            connection.execute(statement)
        _one_select(query, connection)
        connection.execute(
            f"COPY (SELECT * FROM {_selected(query)}) TO {text(file)} (FORMAT parquet)"
        )


def _one_select(query: str, connection: Any) -> None:
    """Refuse what is more than one query, or closes our bracket."""
    if is_name(query):
        return
    import json

    asked = f"SELECT json_serialize_sql({text(query)})"
    tree = json.loads(connection.execute(asked).fetchone()[0])
    if tree.get("error") or len(tree["statements"]) != 1:
        raise GateError(f"{shown(query)} is not one query", "write a table's name or one SELECT")


def _from_sqlite(database: str, query: str, file: str, request: Request) -> None:
    """By Python's own SQLite, as JSON lines: the engine brings no reader of it."""
    import sqlite3
    from urllib.parse import quote

    import duckdb

    address = f"file:{quote(database)}?mode=ro&immutable=1"
    lines = os.path.join(request.spill, os.path.basename(file) + ".jsonl")
    try:
        connection = sqlite3.connect(address, uri=True)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            declared = _declared(connection, query)
            connection.set_authorizer(_reads_only)
            columns = _columns(connection, _selected(query), declared)
            _write(connection, _selected(query), columns, lines)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise GateError(f"SQLite: {shown(str(error))}", "correct the table or the query") from None
    types = ", ".join(f"{text(column)}: {text(kind)}" for column, kind in columns.items())
    with duckdb.connect(":memory:", config={"memory_limit": request.memory}) as engine:
        read = f"read_json({text(lines)}, format='newline_delimited', columns={{{types}}})"
        engine.execute(f"COPY (SELECT * FROM {read}) TO {text(file)} (FORMAT parquet)")
    os.unlink(lines)


def _reads_only(action: int, *_: object) -> int:
    import sqlite3

    reading = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION,
               sqlite3.SQLITE_RECURSIVE)  # fmt: skip
    return sqlite3.SQLITE_OK if action in reading else sqlite3.SQLITE_DENY


def _declared(connection: Connection, query: str) -> dict[str, str]:
    """The types that a table's columns were declared with; of a query none are known."""
    if not is_name(query):
        return {}
    rows = connection.execute(f"PRAGMA table_info({name(query.rpartition('.')[2])})")
    return {row[1]: row[2].upper() for row in rows}


def _columns(connection: Connection, selected: str, declared: dict[str, str]) -> dict[str, str]:
    """Each column with the type that all of its values have; SQLite minds none itself."""
    names = [one[0] for one in connection.execute(f"SELECT * FROM {selected} LIMIT 0").description]
    found = {}
    for column in names:
        held = connection.execute(f"SELECT DISTINCT typeof({name(column)}) FROM {selected}")
        kinds = tuple(sorted(row[0] for row in held if row[0] != "null"))
        if "blob" in kinds:
            raise GateError(f"{shown(column)} holds binary values", "leave it out by a query")
        found[column] = _type(declared.get(column, ""), kinds)
    return found


def _type(declared: str, kinds: tuple[str, ...]) -> str:
    wanted = _DECLARED.get(declared)
    if wanted is not None and kinds in ((), ("integer",) if wanted == "BOOLEAN" else ("text",)):
        return wanted
    if not kinds:
        whole = "INT" in declared
        return "BIGINT" if whole else "DOUBLE" if declared in ("REAL", "DOUBLE") else "VARCHAR"
    return _AFFINITY.get(kinds, "VARCHAR")


def _write(connection: Connection, selected: str, columns: dict[str, str], lines: str) -> None:
    encoder = msgspec.json.Encoder()
    names = list(columns)
    with open(lines, "wb") as stream:
        for row in connection.execute(f"SELECT * FROM {selected}"):
            if math.inf in row or -math.inf in row:
                raise GateError("a value is infinite", "leave it out by a query")
            stream.write(encoder.encode(dict(zip(names, row, strict=True))) + b"\n")
