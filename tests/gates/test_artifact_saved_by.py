"""Whether a scikit-learn model was saved by what the repository pins, on what the library saves."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path

import joblib
import pytest
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlgate import testing
from mlgate.core.finding import Finding
from mlgate.core.words import Level, Result
from mlgate.gates import artifact as gate
from mlgate.runner.workshop import Workshop

ROWS, LABELS = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
NOW = sklearn.__version__
OLD = "0.9.2" if len(NOW) == 5 else "0.99.2"
FOREST = RandomForestClassifier(3).fit(ROWS, LABELS)
PIPELINE = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABELS)


def joblibs(value: object, compress: int = 0) -> bytes:
    written = io.BytesIO()
    joblib.dump(value, written, compress=compress)
    return written.getvalue()


def by(saved: bytes, version: str) -> bytes:
    """The same stream as another release of the library would have written it."""
    assert len(version) == len(NOW)
    return saved.replace(NOW.encode(), version.encode())


def skops(version: str) -> bytes:
    """An estimator as skops 0.16 writes it."""
    noted = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}
    state = {
        "__class__": "dict", "__module__": "builtins", "__loader__": "DictNode",
        "content": {"_sklearn_version": {**noted, "content": json.dumps(version)}},
        "key_types": {**noted, "content": "[]"},
    }  # fmt: skip
    schema = {
        "__class__": "StandardScaler", "__module__": "sklearn.preprocessing._data",
        "__loader__": "ObjectNode", "content": state, "protocol": 2, "_skops_version": "0.16.0",
    }  # fmt: skip
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
    return written.getvalue()


class Repository:
    """A folder with a model and what pins libraries."""

    def __init__(self, folder: Path, workshop: Workshop) -> None:
        self.folder, self.workshop = folder, workshop

    def stated(self, written: dict[str, bytes | str], path: str = "m.pkl") -> list[Finding]:
        found = testing.check(gate, self.folder, written, kind="artifact", options={"path": path},
                              worker=self.workshop.worker)  # fmt: skip
        return [finding for finding in found if isinstance(finding, Finding)]

    def other(self, written: dict[str, bytes | str], path: str = "m.pkl") -> list[str]:
        found = self.stated(written, path)
        return [f.message for f in found if f.rule == "artifact/other-version"]


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    workshop = Workshop(str(tmp_path), dict(os.environ), jobs=1)
    yield Repository(tmp_path, workshop)
    workshop.close()


def test_a_model_of_another_release_is_found(repository: Repository) -> None:
    listed = f"numpy\nscikit-learn=={NOW}  # newest\n"
    saved = by(pickle.dumps(FOREST), OLD)
    found = repository.stated({"m.pkl": saved, "requirements.txt": listed})
    [other] = [f for f in found if f.rule == "artifact/other-version"]
    assert (other.result, other.level) == (Result.FAIL, Level.WARNING)
    assert other.message == (
        f"it was saved by scikit-learn {OLD}, and requirements.txt:2 has {NOW}: "
        "loading it may fail, or it may answer otherwise"
    )
    assert f"scikit-learn=={OLD}" in (other.help or "") and other.location is not None
    assert other.location.path == "m.pkl"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [FOREST, PIPELINE], ids=["forest", "pipeline"])
def test_every_protocol_tells_the_release(
    repository: Repository, protocol: int, value: object
) -> None:
    saved = by(pickle.dumps(value, protocol), OLD)
    assert len(repository.other({"m.pkl": saved, "requirements.txt": f"scikit-learn=={NOW}"})) == 1


@pytest.mark.parametrize(
    "saved",
    [by(joblibs(FOREST), OLD), gzip.compress(by(pickle.dumps(FOREST), OLD)), skops(OLD)],
    ids=["joblib", "gzip", "skops"],
)
def test_so_do_the_other_formats(repository: Repository, saved: bytes) -> None:
    assert len(repository.other({"m.pkl": saved, "requirements.txt": f"scikit-learn=={NOW}"})) == 1


def test_packed_by_joblib_it_is_told_too(repository: Repository) -> None:
    written = {"m.pkl": joblibs(PIPELINE, 3), "requirements.txt": f"scikit-learn=={OLD}"}
    assert NOW in repository.other(written)[0]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements-dev.txt", "Scikit_Learn === {} ; python_version > '3'"),
        ("requirements.txt", "scikit-learn~={} --hash=sha256:00"),
        ("constraints.txt", "scikit-learn=={}"),
        ("environment.yml", "dependencies:\n  - conda-forge::scikit-learn={}=py311\n"),
        ("conda.yaml", "dependencies:\n  - pip:\n    - scikit-learn=={}\n"),
        ("uv.lock", '[[package]]\nname = "scikit-learn"\nversion = "{}"\n'),
        ("Pipfile.lock", '{{"default": {{"scikit-learn": {{"version": "=={}"}}}}}}'),
        ("pyproject.toml", '[project]\nname = "x"\ndependencies = ["scikit-learn=={}"]\n'),
    ],
)
def test_every_pin_counts(repository: Repository, path: str, text: str) -> None:
    saved = pickle.dumps(FOREST)
    assert len(repository.other({"m.pkl": saved, path: text.format("0.22.1")})) == 1
    assert repository.other({"m.pkl": saved, path: text.format(NOW)}) == []


@pytest.mark.parametrize("asked", ["", "scikit-learn", "scikit-learn>=0.1,<0.4", "sklearn==0.0",
                                   "scikit-learn~=0.4", "scikit-learn==0.*"])  # fmt: skip
def test_without_a_pin_nothing_is_said(repository: Repository, asked: str) -> None:
    found = repository.stated({"m.pkl": pickle.dumps(FOREST), "requirements.txt": asked})
    assert [f.rule for f in found] == ["artifact/digest", "artifact/read"]
    assert found[1].message.endswith(f"; saved by scikit-learn {NOW}")


def test_the_last_number_of_a_release_does_not_count(repository: Repository) -> None:
    near = ".".join([*NOW.split(".")[:2], "99"])
    assert repository.other({"m.pkl": pickle.dumps(FOREST), "requirements.txt":
                             f"scikit-learn=={near}"}) == []  # fmt: skip


def test_one_of_several_pins_is_enough(repository: Repository) -> None:
    written = {"m.pkl": pickle.dumps(FOREST), "requirements.txt": "scikit-learn==0.22"}
    assert repository.other({**written, "constraints.txt": f"scikit-learn=={NOW}"}) == []


def test_the_pin_nearest_above_the_model_is_asked(repository: Repository) -> None:
    written = {
        "a/models/m.pkl": pickle.dumps(FOREST),
        "a/requirements.txt": "scikit-learn==0.22.1",
        "requirements.txt": f"scikit-learn=={NOW}",
    }
    assert "a/requirements.txt:1 has 0.22.1" in repository.other(written, "a/models/m.pkl")[0]


def test_what_an_unreadable_list_says_is_left_out(repository: Repository) -> None:
    written = {"m.pkl": pickle.dumps(FOREST), "uv.lock": "scikit-learn = [", "requirements.txt":
               "scikit-learn ==\n"}  # fmt: skip
    assert repository.other(written) == []


def test_a_model_that_lies_of_its_release_harms_nobody(repository: Repository) -> None:
    for told in ("\x1b[31m1.2", "x" * 400, "1.2\n::error::", 7):
        saved = pickle.dumps({"a": 1, "_sklearn_version": told})
        found = repository.stated({"m.pkl": saved, "requirements.txt": "scikit-learn==1.1"})
        assert [f.rule for f in found] == ["artifact/digest", "artifact/read"], told


def test_a_new_pin_asks_anew(repository: Repository) -> None:
    digests = set()
    (repository.folder / "m.pkl").write_bytes(pickle.dumps(FOREST))
    for version in ("1.1", "1.2"):
        (repository.folder / "requirements.txt").write_text(f"scikit-learn=={version}")
        asked = gate.inputs(testing.context(gate, repository.folder, options={"path": "m.pkl"}))
        assert asked is not None
        digests.add(asked.also)
    assert len(digests) == 2
