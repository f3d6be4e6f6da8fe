"""Drift against a profile that was saved: what is believed, and that no reference is read."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from tabled import Desk, parquet

from mlgate.cli import _data_save
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result, Stage
from mlgate.gates import drift as gate
from mlgate.tables import saved as profiles
from mlgate.tables._where import in_work_tree
from mlgate.testing import FolderSnapshot

ROW = """i AS id, (i * 7919) % 1000 * 0.37 + {} AS amount, i % 50 AS age, 'p' || i % 4 AS plan,
    CASE WHEN i % 50 = 0 THEN NULL ELSE i % 7 END AS n FROM range(20000) t(i)"""


@pytest.fixture
def base(desk: Desk) -> Desk:
    """The base, which holds a pointer and a profile and no data."""
    made = desk.elsewhere("base")
    file = parquet(made.folder / "t.parquet", f"SELECT {ROW.format(0)}")
    md5 = hashlib.md5(file.read_bytes()).hexdigest()
    save(made, f"md5:{md5}")
    pointer(made, md5)
    file.unlink()
    return made


def save(desk: Desk, digest: str) -> None:
    table = in_work_tree(str(desk.folder), "t.parquet")
    found = _data_save.measured(desk, table, digest)
    (desk.folder / "t.parquet.profile.json").write_bytes(profiles.written(found))


def pointer(desk: Desk, md5: str) -> None:
    (desk.folder / "t.parquet.dvc").write_text(
        f"outs:\n- md5: {md5}\n  size: 9\n  hash: md5\n  path: t.parquet\n"
    )


def stated(desk: Desk, base: Desk | None, **options: Any) -> list[Finding]:
    more: dict[str, Any] = {"stage": options.pop("stage", Stage.MERGE)}
    given = {"table": "t.parquet", "ignore": ["id"], **options}
    return desk.check(gate, "drift", given, base=base and FolderSnapshot(base.folder), **more)


def failed(found: list[Finding]) -> list[str]:
    return [f.rule for f in found if f.result is not Result.PASS]


def test_what_was_saved_can_be_read(base: Desk) -> None:
    raw = (base.folder / "t.parquet.profile.json").read_bytes()
    saved = profiles.read("t", raw)
    assert profiles.written(saved) == raw
    assert len(raw.splitlines()) > 10
    for odd in (b"", b"{}", raw.replace(b"profile/1", b"profile/9"), b"[" * 100_000):
        with pytest.raises(GateError, match="no profile"):
            profiles.read("t", odd)


def test_drift_is_found_without_the_reference(desk: Desk, base: Desk) -> None:
    parquet(desk.folder / "t.parquet", f"SELECT {ROW.format(0)}")
    found = stated(desk, base)
    assert failed(found) == []
    assert "drift/reference" in {f.rule for f in found}
    parquet(desk.folder / "t.parquet", f"SELECT {ROW.format(40)}")
    assert failed(stated(desk, base)) == ["drift/ks"]


def test_the_answer_is_that_of_the_data(desk: Desk, base: Desk) -> None:
    parquet(desk.folder / "t.parquet", f"SELECT {ROW.format(3)}")
    there = parquet(desk.folder / "then.parquet", f"SELECT {ROW.format(0)}")
    assert there.exists()
    by_data = {f.measurement.name: f.measurement.value
               for f in stated(desk, None, against="then.parquet") if f.measurement}  # fmt: skip
    by_profile = {f.measurement.name: f.measurement.value
                  for f in stated(desk, base) if f.measurement}  # fmt: skip
    assert by_data.keys() == by_profile.keys()
    for name, value in by_data.items():
        assert by_profile[name] == pytest.approx(value, abs=0.002)


def test_a_profile_of_other_data_is_not_believed(desk: Desk, base: Desk) -> None:
    parquet(desk.folder / "t.parquet", f"SELECT {ROW.format(0)}")
    pointer(base, "0" * 32)
    with pytest.raises(GateError, match="of another content"):
        stated(desk, base, against="t.parquet.profile.json")
    with pytest.raises(GateError, match="the base holds no"):
        stated(desk, base)


def test_at_merge_the_change_does_not_bring_its_own(desk: Desk, base: Desk) -> None:
    file = parquet(desk.folder / "t.parquet", f"SELECT {ROW.format(0)}")
    blob = FolderSnapshot(desk.folder).files["t.parquet"].id
    save(desk, f"blob:{blob}")
    (base.folder / "t.parquet.profile.json").unlink()
    with pytest.raises(GateError, match="which alone is believed"):
        stated(desk, base, against="t.parquet.profile.json")
    found = stated(desk, None, against="t.parquet.profile.json", stage=Stage.MONITOR)
    assert failed(found) == [] and file.exists()
