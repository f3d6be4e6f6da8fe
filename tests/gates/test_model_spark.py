"""The model gate reads folders of parts, through DuckDB or through Spark, to the same report."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.gates import _model_worker, model

SPARK = {"head": {"tables": {"engine": "spark", "spark": {"master": "local[2]"}}}}
BINARY = {
    "id": "id", "prediction": "prediction", "score": "score",
    "require": [
        {"metric": "accuracy", "max_drop": 0.02}, {"metric": "roc_auc", "max_drop": 0.01},
        {"metric": "log_loss", "max": 0.6}, {"metric": "f1", "min": 0.5, "max_drop": 0.05},
    ],
}  # fmt: skip
CLASSES = {"id": "id", "label": "kind", "prediction": "guess", "task": "multiclass"}
NUMBERS = {"id": "id", "label": "target", "prediction": "estimate", "task": "regression"}
F1 = {"metric": "f1", "average": "macro", "max_drop": 0.05}
ERROR = {"metric": "mean_absolute_error", "max_drop": 0.05}
R2 = {"metric": "r2", "min": 0.5}
POLICIES: dict[str, dict[str, Any]] = {
    "binary with scores": BINARY,
    "multiclass": {**CLASSES, "require": [{"metric": "accuracy", "max_drop": 0.02}, F1]},
    "regression": {**NUMBERS, "require": [ERROR, R2]},
    "slices": {**BINARY, "slices": ["region", "member", "day", ["region", "member"],
                                    {"column": "age", "ranges": [30, 50]}]},
    "clusters and weights": {**BINARY, "cluster": "user",
                             "require": [{"metric": "accuracy", "max_drop": 0.02}]},
    "weights": {**NUMBERS, "weight": "weight", "require": [ERROR]},
    "scores of rows": {"task": "score", "id": "id",
                       "require": [{"metric": "mean", "column": "score", "max_drop": 0.01}]},
    "lists of classes": {"task": "multilabel", "id": "id", "label": "tags", "prediction": "told",
                         "require": [{"metric": "f1", "average": "macro", "max_drop": 0.1}]},
    "paired by row": {**BINARY, "id": {"row": True}},
    "text ids": {**BINARY, "id": "name"},
    "two ids": {**BINARY, "id": ["user", "nth"]},
    "labels of their own": {**BINARY, "label": "truth", "labels": "labels"},
    "no such column": {**BINARY, "score": "scores"},
    "duplicate ids": {**BINARY, "id": "user"},
    "ids with gaps": {**BINARY, "id": "sometimes"},
    "text ids with gaps": {**BINARY, "id": "seldom"},
    "text where numbers are needed": {**BINARY, "score": "region"},
    "not a number": {**BINARY, "score": "broken"},
    "beyond probability": {**BINARY, "score": "age"},
    "nulls": {**BINARY, "score": "sometimes"},
    "a decimal": {**BINARY, "score": "exact"},
}  # fmt: skip
ROWS = """
    SELECT i AS id, 'row ' || i AS name, i // 4 AS user, i % 4 AS nth,
        CASE WHEN i % 3 = 0 THEN 1 ELSE 0 END AS label,
        CASE WHEN hash(i, {seed}) % 10 < 1 THEN 1 - label ELSE label END AS prediction,
        0.02 + 0.96 * (0.3 * label + 0.7 * (hash(i, {seed} + 1) % 1000) / 1000.0)::double AS score,
        score::decimal(9, 6) AS exact,
        CASE WHEN i = 77 THEN 'nan'::double ELSE score END AS broken,
        ['cat', 'dog', 'é'][1 + i % 3] AS kind,
        CASE WHEN hash(i, {seed}) % 8 < 1 THEN 'dog' ELSE kind END AS guess,
        (i % 100) / 7.0::double AS target,
        target + (hash(i, {seed}) % 100) / 50.0::double AS estimate,
        CASE WHEN i % 5 = 0 THEN NULL WHEN i % 5 < 3 THEN 'north' ELSE 'it''s' END AS region,
        i % 2 = 0 AS member, 20 + i % 60 AS age, 1 + i % 3 AS weight,
        DATE '2026-01-01' + (i % 3)::integer AS day,
        CASE WHEN i <> 9 THEN i END AS sometimes, CASE WHEN i <> 9 THEN 'x' || i END AS seldom,
        CASE WHEN i % 2 = 0 THEN ['a', 'b'] ELSE ['b']::varchar[] END AS tags,
        CASE WHEN hash(i, {seed}) % 9 < 1 THEN ['a']::varchar[] ELSE tags END AS told
    FROM range(1200) t(i)
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


class House:
    """Candidate and baseline in three parts each, and what the gate says of them."""

    def __init__(self, folder: Path) -> None:
        self.head, self.base = folder / "head", folder / "base"
        self.form = "parquet"
        self.worker: Any = inside

    def write(self, form: str = "parquet") -> None:
        self.form = form
        rows = ROWS.replace("'nan'::double", "NULL") if form == "jsonl" else ROWS  # it has no NaN
        for folder, seed in ((self.head, 1), (self.base, 5)):
            order = "hash(id, 3)" if folder is self.base else "id"
            self._parts(folder / "predictions", rows.format(seed=seed), order)
        truth = f"SELECT id, label AS truth FROM ({ROWS.format(seed=1)})"
        self._parts(self.head / "labels", truth, "hash(id, 9)")

    def _parts(self, folder: Path, query: str, order: str) -> None:
        folder.mkdir(parents=True)
        whole = f"SELECT *, row_number() OVER (ORDER BY {order}) AS spot FROM ({query})"
        how = {"parquet": "parquet", "csv": "csv, header", "jsonl": "json"}[self.form]
        with duckdb.connect() as connection:
            # The second part is the largest: Spark reads it first.
            for number, (first, end) in enumerate(((0, 100), (100, 1000), (1000, 9999))):
                part = (
                    f"SELECT * EXCLUDE (spot) FROM ({whole}) WHERE spot > {first} AND spot <= {end}"
                )
                file = folder / f"part-{number}.{self.form}"
                connection.execute(f"COPY ({part} ORDER BY spot) TO '{file}' (FORMAT {how})")

    def report(self, options: dict[str, Any], policies: dict[str, Any]) -> list[Any]:
        """Findings and figures as JSON, or the error."""
        ctx = testing.context(
            model, self.head, kind="model", options={"predictions": "predictions", **options},
            base=testing.FolderSnapshot(self.base), worker=self.worker, policies=policies,
        )  # fmt: skip
        try:
            found = list(model.check(ctx, ()))
        except GateError as error:
            return [error.message, error.hint]
        return [msgspec.json.decode(msgspec.json.encode(one)) for one in found]


def inside(_script: str, request: object, **_: Any) -> Iterator[Any]:
    """The worker in this process, so that a Spark session is started once."""
    asked = msgspec.json.decode(msgspec.json.encode(request))
    for line in _model_worker.answers(asked):
        yield msgspec.json.decode(msgspec.json.encode(line))


def test_a_folder_is_read_as_one_table(house: House) -> None:
    house.write()
    found = house.report(BINARY, {})
    numbers = [one["measurement"]["n"] for one in found if one.get("measurement")]
    assert numbers and set(numbers) == {1200}


def test_the_engine_is_part_of_what_is_known(house: House) -> None:
    """A verdict that one engine came to is not the other's."""
    house.write()
    options = {"predictions": "predictions", **BINARY}
    base = testing.FolderSnapshot(house.base)
    known = set()
    for policies in ({}, SPARK):
        ctx = testing.context(
            model, house.head, kind="model", options=options, base=base, policies=policies
        )
        inputs = model.inputs(ctx)
        assert inputs is not None
        known.add(inputs.also)
    assert len(known) == 2


def test_a_changed_part_is_other_predictions(house: House) -> None:
    house.write()
    options = {"predictions": "predictions", **BINARY}

    def known() -> bytes | None:
        ctx = testing.context(
            model,
            house.head,
            kind="model",
            options=options,
            base=testing.FolderSnapshot(house.base),
        )
        found = model.inputs(ctx)
        return found.also if found else None

    before = known()
    part = house.head / "predictions" / "part-2.parquet"
    part.write_bytes((house.head / "predictions" / "part-0.parquet").read_bytes())
    assert known() != before


def test_parts_that_are_written_in_several_ways_are_refused(house: House) -> None:
    house.write()
    folder = house.head / "predictions"
    (folder / "part-3.csv").write_text("id\n1\n")
    assert "mixes" in house.report(BINARY, {})[0]
    (folder / "part-3.csv").unlink()
    (folder / "part-0.parquet").rename(folder / "part-0.pq")
    assert "mixes .parquet and .pq" in house.report(BINARY, {})[0]


def test_what_a_folder_holds_beside_tables_is_no_part(house: House) -> None:
    house.write()
    (house.head / "predictions" / "_SUCCESS").write_text("")
    assert len(house.report(BINARY, {})) > 1


def test_a_missing_spark_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never another engine that answers."""
    house.write()
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    message, hint = house.report(BINARY, SPARK)
    assert message.startswith("predictions is read by Spark, and pyspark")
    assert hint == "pip install 'mlgate[spark]'"


def test_a_document_of_json_is_read_without_spark(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    house.head.mkdir()
    house.base.mkdir()
    for folder in (house.head, house.base):
        rows = [{"id": n, "label": n % 2, "prediction": n % 2, "score": n % 2} for n in range(40)]
        (folder / "p.json").write_text(json.dumps(rows))
    options = {**BINARY, "predictions": "p.json"}
    found = house.report(options, SPARK)
    assert found == house.report(options, {}) and len(found) > 2


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_reports_are_the_same(house: House) -> None:
    pytest.importorskip("pyspark")
    house.write()
    for name, options in POLICIES.items():
        embedded, spark = house.report(options, {}), house.report(options, SPARK)
        assert embedded == spark, name
        assert embedded, name


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_reports_on_text_are_the_same(house: House, form: str) -> None:
    pytest.importorskip("pyspark")
    house.write(form)
    for name in ("binary with scores", "multiclass", "regression", "text ids", "paired by row",
                 "ids with gaps", "no such column", "duplicate ids"):  # fmt: skip
        embedded, spark = (house.report(POLICIES[name], given) for given in ({}, SPARK))
        assert embedded == spark, name


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_a_name_that_spark_takes_for_a_pattern_is_not_given_to_it(house: House) -> None:
    """It would read another file."""
    pytest.importorskip("pyspark")
    house.write()
    for folder in (house.head, house.base):
        for name, part in (("p[1]", 0), ("p1", 1)):
            read = (house.head / "predictions" / f"part-{part}.parquet").read_bytes()
            (folder / f"{name}.parquet").write_bytes(read)
    options = {**BINARY, "predictions": "p[1].parquet"}
    found = house.report(options, SPARK)
    assert found == house.report(options, {}) and len(found) > 2
