"""A table, a metrics file or a model that git has only a pointer of is judged in that version."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
from pointed import Place

from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.runner.workshop import Workshop
from mlgate.sources import _tables

CSV = b"id,x\n1,2\n2,3\n"
MORE = b"id,x\n1,2\n2,3\n3,4\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """The base has two rows in `data/t.csv`, HEAD three."""
    made = Place(tmp_path)
    made.table("data/t.csv", ("", CSV))
    made.table("parts", ("day=1/a.csv", CSV), ("day=2/b.csv", MORE), ("notes.txt", b"no table\n"))
    made.base = made.commit()
    made.table("data/t.csv", ("", MORE))
    made.commit()
    return made


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_it_is_taken_from_the_remote_into_our_own_store(place: Place) -> None:
    before = _tree(place.folder), _tree(place.remote)
    ctx = place.context()
    found = _tables.locate(ctx, "data/t.csv")
    (part,) = found.parts
    assert Path(part.file).read_bytes() == MORE
    assert part.file.startswith(os.environ["MLGATE_CACHE_DIR"])
    assert (found.origin, part.digest and part.digest[:4]) == ("data version", "md5:")
    assert ctx.base is not None
    old = _tables.at(ctx, ctx.base, "data/t.csv")
    assert old is not None and Path(old.parts[0].file).read_bytes() == CSV
    assert (_tree(place.folder), _tree(place.remote)) == before


def test_the_work_tree_is_read_only_where_it_is_that_version(place: Place) -> None:
    place.put("data/t.csv", b"id,x\n9,9\n")
    assert Path(_tables.locate(place.context(), "data/t.csv").parts[0].file).read_bytes() == MORE
    place.put("data/t.csv", MORE)
    (part,) = _tables.locate(place.context(), "data/t.csv").parts
    assert part.file == str(place.folder / "data/t.csv")


def test_once_fetched_it_outlives_its_remote(place: Place) -> None:
    _tables.locate(place.context(), "data/t.csv")
    for path in (place.remote / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    assert Path(_tables.locate(place.context(), "data/t.csv").parts[0].file).read_bytes() == MORE
    with pytest.raises(GateError, match="neither in the cache nor in r") as caught:
        _tables.locate(place.context(), "parts")
    assert "dvc push" in str(caught.value.hint)


def test_a_folder_that_is_not_mounted_is_said(place: Place) -> None:
    """Nothing was lost: nobody has to push again."""
    place.remote.rename(place.remote.with_name("elsewhere"))
    with pytest.raises(GateError, match=r"whose folder .* is not there") as caught:
        _tables.locate(place.context(), "data/t.csv")
    assert str(caught.value.hint).startswith("mount it or correct its URL")


@pytest.mark.parametrize("path", ["parts", "parts/**/*.csv", "par*/day=*/*.csv"])
def test_members_keep_the_names_by_which_partitions_are_told(place: Place, path: str) -> None:
    found = _tables.locate(place.context(), path)
    assert [part.name for part in found.parts] == ["parts/day=1/a.csv", "parts/day=2/b.csv"]
    assert found.partitioned
    assert [part.file.endswith(part.name) for part in found.parts] == [True, True]
    assert [Path(part.file).read_bytes() for part in found.parts] == [CSV, MORE]


def test_compressed_files_keep_their_ending(place: Place) -> None:
    place.table("z.csv.gz", ("", gzip.compress(CSV)))
    place.commit()
    (part,) = _tables.locate(place.context(), "z.csv.gz").parts
    assert part.file.endswith("z.csv.gz") and gzip.decompress(Path(part.file).read_bytes()) == CSV


def test_what_no_pointer_names_is_taken_from_the_work_tree(place: Place) -> None:
    place.put("loose.csv", CSV)
    assert _tables.locate(place.context(), "loose.csv").origin == "work tree"
    with pytest.raises(GateError, match="there is no table"):
        _tables.locate(place.context(), "data/other.csv")


def test_without_the_network_other_remotes_are_not_asked(place: Place) -> None:
    config = "[core]\nremote = r\n['remote \"r\"']\nurl = s3://bucket/top\n"
    place.put(".dvc/config", config)
    place.commit()
    with pytest.raises(GateError, match="needs the network"):
        _tables.locate(place.context(network=False), "data/t.csv")


def _asked(place: Place, gate: str, options: dict[str, Any]) -> list[Finding]:
    worker = Workshop(str(place.folder), dict(os.environ), jobs=1).worker
    ctx = place.context(gate, options=options, worker=worker, network=False)
    found = parts.load("gates", gate).check(ctx, ())
    return [one for one in found if isinstance(one, Finding)]


def test_a_data_gate_judges_the_version_and_compares_it_with_the_bases(place: Place) -> None:
    rows = {"min": 3, "max_change": 0.1}
    found = _asked(place, "data", {"table": "data/t.csv", "rows": rows})
    said = {f.rule: f for f in found if f.result is Result.FAIL}
    assert set(said) == {"data/rows"}
    assert not [f for f in found if f.rule == "data/origin"]
    assert any("2" in f.message and "3" in f.message for f in said.values()), said


def test_a_drift_gate_has_its_reference_behind_the_bases_pointer(place: Place) -> None:
    place.table("data/t.csv", ("", CSV))
    place.commit()
    (same,) = _asked(place, "drift", {"table": "data/t.csv", "against": "base"})
    assert same.rule == "drift/same"


@pytest.mark.parametrize("baseline", ["base", "dvc:HEAD~1", "git:HEAD~1"])
def test_a_model_gate_reads_metrics_on_both_sides_by_pointer(place: Place, baseline: str) -> None:
    place.table("metrics.json", ("", b'{"f1": 0.9}'))
    place.base = place.commit()
    place.table("metrics.json", ("", b'{"f1": 0.7}'))
    place.commit()
    rule = {"value": "f1", "max_drop": 0.05, "better": "higher"}
    options = {"metrics": "metrics.json", "baseline": baseline, "require": [rule]}
    found = _asked(place, "model", options)
    assert [f.rule for f in found if f.result is Result.FAIL] == ["model/max-drop"]
    assert not [f for f in found if f.rule == "model/not-in-commit"]
