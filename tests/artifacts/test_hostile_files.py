"""No known way around a scan is missed, whatever the file is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile_files import GADGETS, PAYLOAD, calls, samples, stacked

from mlgate.artifacts.content import scan_file
from mlgate.artifacts.outcome import Limits, Scan

NAMES = ("model.pkl", "model.csv", "README.md", "weights")


def scanned(folder: Path, content: bytes, name: str = "model.pkl", *allow: str) -> Scan:
    path = folder / name
    path.write_bytes(content)
    return scan_file(str(path), name, Limits(), frozenset(allow))


@pytest.mark.parametrize("name", NAMES)
def test_none_is_missed(tmp_path: Path, name: str) -> None:
    missed = [
        tried
        for tried, content in samples().items()
        if not scanned(tmp_path, content, name).problems
    ]
    assert missed == []


def test_there_are_many() -> None:
    assert len(samples()) > 2 * len(GADGETS) + 80


def test_what_runs_code_is_told_from_what_is_unknown(tmp_path: Path) -> None:
    rules = {
        content: [p.rule for p in scanned(tmp_path, content).problems.values()]
        for content in (calls("os", "system"), stacked("vendor.net", "Net"))
    }
    assert list(rules.values()) == [["runs-code"], ["unknown-name"]]


def test_an_allowed_name_is_exactly_that(tmp_path: Path) -> None:
    sample = stacked("ours.features", "Cleaner")
    assert not scanned(tmp_path, sample, "m", "ours.features:Cleaner").problems
    for other in ("ours:features.Cleaner", "ours.features:Clean", "ours.features:Cleaner.x"):
        assert scanned(tmp_path, sample, "m", other).problems


def test_all_names_are_told_not_the_first_only(tmp_path: Path) -> None:
    sample = b"\x80\x04(cours.a\nA\ncours.b\nB\ncos\nsystem\nt."
    names = {p.name for p in scanned(tmp_path, sample).problems.values()}
    assert names == {"ours.a:A", "ours.b:B", "os:system"}


def test_the_member_is_named(tmp_path: Path) -> None:
    problem = next(iter(scanned(tmp_path, samples()["zip in a zip"]).problems.values()))
    assert problem.where == "inner.bin/model.pkl"


@pytest.mark.parametrize(
    "text",
    ["certifi\nclick\nnumpy==2.0\n", "# A model\n\nIt is good.\n", "N.B. text\n", ".\n", "",
     "model: 1\n", '{"a": [1, 2]}', "I1\n.", "The MIT License\n(c) somebody\n"],
)  # fmt: skip
def test_text_is_text(tmp_path: Path, text: str) -> None:
    assert not scanned(tmp_path, text.encode(), "notes.txt").problems


def test_text_that_calls_is_a_pickle(tmp_path: Path) -> None:
    assert scanned(tmp_path, PAYLOAD + b"\nand more text\n", "notes.txt").problems
