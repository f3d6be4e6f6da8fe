"""The OSV matcher against the schema's own rules, and against databases that cannot be trusted."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from mlgate.core.errors import GateError
from mlgate.tools import osv
from mlgate.tools._advisories import Advisory, Audit, Pin, merged, require_complete, rounds
from mlgate.tools._osv_files import digest

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MONTH = 30 * 86400.0


def entry(*events: dict[str, str], versions: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    package = {"name": more.pop("name", "A.b_C"), "ecosystem": more.pop("ecosystem", "PyPI")}
    kind = more.pop("type", "ECOSYSTEM")
    ranges = [{"type": kind, "events": list(events)}] if events else []
    return {"package": package, "ranges": ranges, "versions": list(versions)}


def record(*affected: dict[str, Any], **more: Any) -> dict[str, Any]:
    fields = {"id": "GHSA-1", "modified": "2026-05-30T00:00:00Z", "affected": list(affected)}
    return fields | more


def write(folder: Path, *records: dict[str, Any]) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for number, item in enumerate(records):
        (folder / f"{number:03}.json").write_text(json.dumps(item))
    return str(folder)


def audit(folder: Path, version: str, *records: dict[str, Any]) -> tuple[Advisory, ...]:
    return osv.audit(write(folder, *records), [Pin("a-b-c", version)], NOW, MONTH).advisories


SINCE_0 = {"introduced": "0"}


@pytest.mark.parametrize(
    ("affected", "version", "hit"),
    [
        (entry(SINCE_0, {"fixed": "1.5"}), "1.4", True),
        (entry(SINCE_0, {"fixed": "1.5"}), "1.5", False),
        (entry(SINCE_0, {"fixed": "1.5"}), "1.5rc1", True),
        (entry(SINCE_0, {"fixed": "1.10"}), "1.9", True),
        (entry(SINCE_0, {"fixed": "2"}), "1!0.1", False),
        (entry(SINCE_0), "99", True),
        (entry({"introduced": "1.0"}, {"fixed": "1.5"}), "0.9", False),
        (entry({"introduced": "1.0"}, {"fixed": "1.5"}), "1.0", True),
        (entry({"introduced": "1.0"}, {"last_affected": "1.5"}), "1.5", True),
        (entry({"introduced": "1.0"}, {"last_affected": "1.5"}), "1.5+cpu", True),
        (entry({"introduced": "1.0"}, {"last_affected": "1.5"}), "1.5.post1", False),
        # two spans, events out of order
        (entry({"introduced": "2"}, {"fixed": "1.5"}, SINCE_0, {"fixed": "2.5"}), "1.7", False),
        (entry({"introduced": "2"}, {"fixed": "1.5"}, SINCE_0, {"fixed": "2.5"}), "2.1", True),
        (entry(versions=("1.0", "1.2")), "1.2.0", True),
        (entry(versions=("1.0", "1.2")), "1.2+cu118", True),
        (entry(versions=("1.0", "weird-old")), "1.1", False),
        (entry(SINCE_0, {"fixed": "1.0"}, versions=("3.0",)), "3.0", True),
        (entry(SINCE_0, name="other"), "1.0", False),
        (entry(SINCE_0, ecosystem="npm"), "1.0", False),
        (entry(SINCE_0, ecosystem="PyPI:private"), "1.0", True),
    ],
)
def test_ranges_and_versions(
    tmp_path: Path, affected: dict[str, Any], version: str, hit: bool
) -> None:
    anchor = record(entry(SINCE_0, name="anchor"), id="GHSA-2")
    assert [a.id for a in audit(tmp_path, version, record(affected), anchor)] == (
        ["GHSA-1"] if hit else []
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=6, unique=True), st.integers(0, 31))
def test_spans_agree_with_intervals(bounds: list[int], at: int) -> None:
    """Alternate introduced and fixed, in any order: affected in the half-open spans between."""
    events = [
        osv.Event(introduced=str(b)) if i % 2 == 0 else osv.Event(fixed=str(b))
        for i, b in enumerate(sorted(bounds))
    ]
    expected = sum(b <= at for b in bounds) % 2 == 1
    shuffled = osv.Range("ECOSYSTEM", tuple(reversed(events)))
    assert osv._inside(shuffled, Version(str(at))) is expected


def test_withdrawn_records_do_not_count(tmp_path: Path) -> None:
    withdrawn = record(entry(SINCE_0), withdrawn="2026-01-01T00:00:00Z")
    assert audit(tmp_path, "1.0", withdrawn) == ()


def test_what_cannot_be_decided_is_uncertain(tmp_path: Path) -> None:
    git = record(entry(SINCE_0, type="GIT"), id="GHSA-git")
    odd = record(entry(SINCE_0, {"fixed": "1.0-beta-x"}), id="GHSA-odd")
    found = audit(tmp_path, "1.0", git, odd)
    assert [(a.id, a.certain) for a in found] == [("GHSA-git", False), ("GHSA-odd", False)]


def test_aliases_are_one_advisory(tmp_path: Path) -> None:
    records = [
        record(entry(SINCE_0), id="PYSEC-1", aliases=["CVE-1"], summary="s"),
        record(
            entry(SINCE_0, {"fixed": "2.0"}),
            aliases=["CVE-1"],
            database_specific={"severity": "HIGH"},
        ),
    ]
    (found,) = audit(tmp_path, "1.0", *records)
    assert (found.id, found.aliases) == ("GHSA-1", ("CVE-1", "PYSEC-1"))
    assert (found.fixed, found.summary, found.severity) == (("2.0",), "s", "high")


def test_merging_joins_chains_but_not_pins() -> None:
    pin, other = Pin("a", "1"), Pin("b", "1")
    chain = [
        Advisory(id="X-1", pin=pin, aliases=("X-2",)),
        Advisory(id="X-3", pin=pin, aliases=("X-4",)),
        Advisory(id="X-5", pin=pin, aliases=("X-2", "X-4")),
        Advisory(id="X-1", pin=other),
    ]
    found = merged(chain)
    assert [(a.pin.name, a.id) for a in found] == [("a", "X-1"), ("b", "X-1")]
    assert set(found[0].aliases) == {"X-2", "X-3", "X-4", "X-5"}


def test_fixed_versions_are_those_above(tmp_path: Path) -> None:
    spans = entry(
        SINCE_0, {"fixed": "1.5"}, {"introduced": "2"}, {"fixed": "2.10"}, {"fixed": "2.9"}
    )
    (found,) = audit(tmp_path, "2.1", record(spans))
    assert found.fixed == ("2.9", "2.10")


# Databases that cannot be trusted


GOOD = record(entry(SINCE_0))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (record(), "no record for PyPI"),
        (record(entry(SINCE_0, ecosystem="npm")), "no record for PyPI"),
        (GOOD | {"modified": "2026-04-01T00:00:00Z"}, "stale"),
        (GOOD | {"modified": "2027-01-01T00:00:00Z"}, "future"),
        (GOOD | {"modified": "yesterday"}, "no date"),
        (GOOD | {"schema_version": "2.0.0"}, "schema 2.0.0"),
        (GOOD | {"affected": 3}, "no OSV record"),
        ({"modified": "2026-05-30T00:00:00Z"}, "no OSV record"),
    ],
)
def test_bad_records_have_errored(tmp_path: Path, item: dict[str, Any], words: str) -> None:
    with pytest.raises(GateError, match=words):
        audit(tmp_path, "1.0", item)


def test_the_newest_record_tells_the_age_whatever_its_zone(tmp_path: Path) -> None:
    old = GOOD | {"modified": "2020-01-01T00:00:00Z"}
    new = GOOD | {"id": "GHSA-2", "modified": "2026-05-31T23:00:00.123456789-02:00"}
    audit(tmp_path, "1.0", new, old)


def test_missing_and_broken_databases_have_errored(tmp_path: Path) -> None:
    pins = [Pin("a", "1")]
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.zip").write_bytes(b"PK nonsense")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.json").write_text("<html>")
    for name in ("nowhere", "empty", "bad.zip", "text"):
        with pytest.raises(GateError):
            osv.audit(str(tmp_path / name), pins, NOW, MONTH)


def test_a_truncated_or_changed_zip_has_errored(tmp_path: Path) -> None:
    whole = tmp_path / "all.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a.json", json.dumps(GOOD) + " " * 5000)
    assert osv.audit(str(whole), [Pin("a-b-c", "1")], NOW, MONTH).advisories
    content = whole.read_bytes()
    for name, broken in (("cut", content[:-100]), ("bent", content.replace(b"GHSA", b"GHSB"))):
        (tmp_path / name).write_bytes(broken)
        with pytest.raises(GateError):
            osv.audit(str(tmp_path / name), [Pin("a-b-c", "1")], NOW, MONTH)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b" " * ((16 << 20) + 1))
    with pytest.raises(GateError, match="larger than 16 MiB"):
        osv.audit(str(path), [Pin("a", "1")], NOW, MONTH)


def test_a_record_nested_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"id": ' + "[" * 100_000)
    with pytest.raises(GateError):
        osv.audit(str(tmp_path), [Pin("a", "1")], NOW, MONTH)


def test_the_digest_tells_names_from_contents(tmp_path: Path) -> None:
    for folder, name, text in (("a", "12.json", "3"), ("b", "1.json", "23"), ("c", "12.json", "3")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    assert digest(str(tmp_path / "a")) == digest(str(tmp_path / "c"))
    assert digest(str(tmp_path / "a")) != digest(str(tmp_path / "b"))


# The proof that all was judged


def proof(*audited: str, canary_found: bool = True) -> None:
    canary = Pin("canary", "1")
    advisories = (Advisory(id="X", pin=canary),) if canary_found else ()
    names = frozenset(Pin(*name.split("==")) for name in audited)
    audit = Audit(audited=names, advisories=advisories, against="probe")
    require_complete([Pin("a", "1.0"), canary], canary, audit)


def test_every_pin_must_be_judged() -> None:
    proof("A==1.0.0", "canary==1")
    for audited in (["canary==1"], ["a==1.1", "canary==1"], ["a==1.0"]):
        with pytest.raises(GateError, match="not audited"):
            proof(*audited)
    with pytest.raises(GateError, match="empty, or answers without knowing"):
        proof("a==1.0", "canary==1", canary_found=False)


def test_an_advisory_about_a_pin_not_asked_for_is_not_overlooked() -> None:
    canary = Pin("canary", "1")
    advisories = (Advisory(id="X", pin=canary), Advisory(id="Y", pin=Pin("other", "1")))
    audit = Audit(audited=frozenset({canary}), advisories=advisories, against="probe")
    with pytest.raises(GateError, match="speaks of other==1"):
        require_complete([canary], canary, audit)


def test_rounds_name_each_distribution_once() -> None:
    pins = [Pin("a", "1"), Pin("a", "2"), Pin("b", "1")]
    assert rounds(pins) == [[Pin("a", "1"), Pin("b", "1")], [Pin("a", "2")]]
