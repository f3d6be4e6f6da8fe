"""Asks the service about rows of a table and compares with the batch predictions, in the worker."""

from __future__ import annotations

import datetime
import decimal
import math
import tempfile
from typing import Any

import msgspec

from mlgate.gates._service_answers import decoded, picked, same
from mlgate.gates._service_http import Client, Target, Unanswered
from mlgate.tables._connect import Database, columns, numbered
from mlgate.tables._protocol import Source
from mlgate.tables._sql import name as quoted

_MOST_EXAMPLES = 3
_HOPELESS = 10
"""Rows without an answer after which a service that is down is left alone."""


class Refused(Exception):
    """The rows cannot be put together."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def compared(target: Target, asked: dict[str, Any]) -> dict[str, Any]:
    """How many rows were asked about, how many differ or fail, and the first of them."""
    client = Client(target)
    differ, failed = 0, 0
    examples: list[str] = []
    done = 0
    for number, label, features, expected in _rows(asked):
        if failed >= _HOPELESS:
            break
        done += 1
        said = _differs(client, target, asked, features, expected)
        if said is None:
            continue
        differ += not said[1]
        failed += said[1]
        if len(examples) < _MOST_EXAMPLES:
            which = f"row {number:,}" if label is None else target.quoted(f"{asked['id']} {label}")
            examples.append(f"{which}: {said[0]}")
    client.close()
    return {"rows": done, "differ": differ, "failed": failed, "examples": examples}


def _differs(
    client: Client, target: Target, asked: dict[str, Any], features: dict[str, Any], expected: Any
) -> tuple[str, bool] | None:
    """What is wrong with the answer for one row, and whether there is none at all."""
    body = msgspec.json.encode(_filled(asked["body"], features))
    try:
        answer = client.ask("POST", asked["path"], body)
    except Unanswered as error:
        return str(error), True
    if answer.status != 200:
        said = target.quoted(answer.body.decode("utf-8", "replace"))
        return f"answers {answer.status}: {said}", True
    try:
        found = picked(decoded(answer.body), asked["answer"])
    except ValueError:
        return "answers with what is no JSON", True
    except LookupError:
        return f"the answer has no {asked['answer']}", True
    if same(found, expected, asked["tolerance"]):
        return None
    words = [target.quoted(msgspec.json.encode(one).decode()) for one in (found, expected)]
    return f"the service says {words[0]}, the batch {words[1]}", False


def _filled(template: Any, features: dict[str, Any]) -> Any:
    if template == "$row":
        return features
    if template == "$values":
        return list(features.values())
    if isinstance(template, dict):
        return {key: _filled(value, features) for key, value in template.items()}
    return [_filled(v, features) for v in template] if isinstance(template, list) else template


def _rows(asked: dict[str, Any]) -> list[tuple[int, Any, dict[str, Any], Any]]:
    """Number, id, features and batch prediction of evenly spread rows. Raises `Refused`."""
    table = msgspec.convert(asked["table"], Source)
    other = msgspec.convert(asked["predictions"], Source) if asked["predictions"] else None
    names = asked["names"]
    own = [*asked["features"], *filter(None, [asked["id"]])]
    with tempfile.TemporaryDirectory(prefix="mlgate-spill-") as spill:
        database = Database([*table.files, *(other.files if other else ())], "512MB", spill)
        try:
            _check_columns(database, table, names[0], own if other else
                           [*own, asked["prediction"]])  # fmt: skip
            if other:
                _check_columns(database, other, names[1], [asked["id"], asked["prediction"]])
            found = database.rows(_query(database, table, other, asked))
        finally:
            database.close()
    if not found:
        raise Refused(f"{names[0]} has no rows", "name the table that was predicted")
    width = len(asked["features"])
    numbers = [row[0] for row in found]
    if len(set(numbers)) < len(numbers) or any(not row[-1] for row in found):
        raise Refused(
            f"not every row of {names[0]} has exactly one prediction in {names[-1]}",
            "predict the same rows, and name a column that is unique as `id`",
        )
    return [
        (row[0], row[1], dict(zip(asked["features"], map(_plain, row[2 : 2 + width]), strict=True)),
         _plain(row[-2]))
        for row in found
    ]  # fmt: skip


def _check_columns(database: Database, table: Source, name: str, wanted: list[str]) -> None:
    from mlgate.core.parts import nearest

    there = [column.name for column in columns(database, table, table.files[0])]
    for one in wanted:
        if one not in there:
            raise Refused(f"{name} has no column {one!r}", nearest(one, there) or "correct it")


def _query(database: Database, table: Source, other: Source | None, asked: dict[str, Any]) -> str:
    """Of the table every so many rows, with what the batch predicts of them."""
    whole, most = numbered(database, table), int(asked["rows"])
    label = quoted(asked["id"]) if asked["id"] else "NULL"
    features = ", ".join(quoted(one) for one in asked["features"])
    prediction = quoted(asked["prediction"])
    extra = "" if other else f", {prediction} AS __said"
    step = f"(SELECT greatest(1, count(*) // {most}) FROM {whole})"
    chosen = (
        f"SELECT __row, {label} AS __id, {features}{extra} FROM {whole}"
        f" WHERE (__row - 1) % {step} = 0 ORDER BY __row LIMIT {most}"
    )
    if other is None:
        return f"SELECT *, true AS __found FROM ({chosen})"
    theirs = (
        f"SELECT {label} AS __key, {prediction} AS __said, true AS __found"
        f" FROM {numbered(database, other)}"
    )
    return (
        f"SELECT mine.*, __said, coalesce(__found, false) FROM ({chosen}) AS mine"
        f" LEFT JOIN ({theirs}) AS theirs ON __id = __key ORDER BY __row"
    )


def _plain(value: Any) -> Any:
    """A value of the engine as JSON says it; what is no number there is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return value
