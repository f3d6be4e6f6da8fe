"""Real GTO reads our tags; a real MLflow, in a file and behind a server, keeps a chain."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from mlflow_place import MLFLOW, Client, Store, environment, served
from model_house import House
from projects import Ended

from mlgate.cli import _promotion
from mlgate.promotion import promote

if TYPE_CHECKING:
    from pytest import TempPathFactory

_QUALITY = """
[gates.quality]
kind = "model"
metrics = "metrics.json"
stages = ["promote"]
[[gates.quality.require]]
value = "accuracy"
min = 0.8
"""

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: TempPathFactory) -> Iterator[Store]:
    env = environment(tmp_path_factory, MLFLOW)
    client = Client(env)
    yield Store(client, tmp_path_factory.mktemp("store"))
    client.close()


class Trained(NamedTuple):
    """A house whose versions training makes in MLflow."""

    house: House
    store: Store
    uri: str
    artifacts: Path
    local: bool

    def version(self, content: str, commit: bool = True) -> str:
        """Commit a model, and register it."""
        self.house.model(content)
        where = {"artifacts": self.artifacts.as_uri()} if self.local else {}
        about = {"content": content, "commit": self.house.head() if commit else "", **where}
        return str(self.store.client.ask("train", self.uri, model="churn", **about)["version"])

    def moved(self, version: str) -> None:
        """Somebody moves the alias in the user interface."""
        about = {"model": "churn", "alias": "production", "version": version}
        self.store.client.ask("move", self.uri, **about)

    def run(self, *args: str, key: bool = True) -> Ended:
        signed = ("--key", str(self.house.folder.parent / "ci")) if key else ()
        return self.house.run(*args, *signed, VIRTUAL_ENV=str(self.store.client.env))

    def promote(self, version: str, *more: str) -> Ended:
        return self.run("promote", "churn", version, "--to", "production", *more)


_ON_SQLITE = pytest.mark.parametrize("trained", ["sqlite"], indirect=True)
"""For what is mlgate's own: that a server answers alike is shown by the chain and conformance."""


@pytest.fixture(params=["sqlite", "server"])
def trained(request: pytest.FixtureRequest, store: Store, tmp_path: Path) -> Iterator[Trained]:
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    uri, local = store.copied(tmp_path), request.param == "sqlite"
    if local:
        house = House(tmp_path / "house/work", f"mlflow:{uri}")
        yield Trained(house, store, uri, artifacts, local)
        return
    with served(store.client.env, uri, artifacts) as url:
        house = House(tmp_path / "house/work", f"mlflow:{url}")
        yield Trained(house, store, url, artifacts, local)


def test_mlflow_keeps_the_chain(trained: Trained) -> None:
    trained.house.policy("gates = []")
    one, two, three = (trained.version(name) for name in ("one", "two", "three"))
    assert trained.promote(one, "--first").code == 0
    done = trained.promote(two)
    assert (done.code, "churn 2 is production, which was 1" in done.out) == (0, True), done.err

    trained.moved(one)  # as an interruption between record and alias would leave it
    done = trained.promote(three)
    assert (done.code, "somebody moved it back; mended" in done.out) == (0, True), done.err
    trained.moved(one)
    told = trained.run("verify", "churn@production", key=False)
    assert (told.code, "somebody moved it past mlgate" in told.err) == (1, True)
    told = trained.promote(two)
    assert (told.code, "somebody moved it past mlgate" in told.err) == (1, True)
    assert trained.run("rollback", "churn@production", three).code == 0
    proven = trained.run("verify", "churn@production", key=False)
    assert (proven.code, "churn@production is 3" in proven.out) == (0, True), proven.err

    (kept,) = (p for p in trained.artifacts.rglob("churn.bin") if p.read_text() == "three")
    kept.write_text("malware")
    told = trained.run("verify", "churn@production", key=False)
    assert (told.code, "swapped model" in told.err) == (1, True)
    told = trained.promote("7")
    assert (told.code, "has no version 7" in told.err) == (2, True)
    unknown = trained.version("four", commit=False)
    told = trained.promote(unknown)
    assert (told.code, "nobody wrote down" in told.err) == (3, True)


@_ON_SQLITE
def test_an_alias_that_moves_in_mlflow_while_gates_run(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained.house.policy("gates = []")
    one, two, three = (trained.version(name) for name in ("one", "two", "three"))
    assert trained.promote(one, "--first").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(_promotion, "judge", lambda *_: trained.moved(three))
        told = trained.promote(two)
    words = "churn@production names 3 now, and named 1 when 2 was judged: somebody moved it past"
    assert (told.code, words in told.err) == (3, True), told.err
    told = trained.promote(two)
    assert (told.code, "names 3, but the chain's last word is 1" in told.err) == (1, True)
    assert trained.run("rollback", "churn@production", one).code == 0

    settled = promote.settled
    with monkeypatch.context() as patch:
        patch.setattr(
            promote,
            "settled",
            lambda house, move, _: (trained.moved(three), settled(house, move, None))[1],
        )
        done = trained.promote(two)
    words = "churn@production named 3 before the record was settled: somebody moved it past mlgate"
    assert (done.code, words in " ".join(done.out.split())) == (0, True), done.out + done.err
    assert trained.run("verify", "churn@production", key=False).code == 0


def test_mlflow_that_is_not_there(in_folder: House, store: Store) -> None:
    house = in_folder
    house.registry = "mlflow:http://127.0.0.1:9"
    house.policy("gates = []").model("one")
    asked = ("promote", "churn", "1", "--to", "production", "--first", "--key")
    told = house.run(*asked, str(house.folder.parent / "ci"), VIRTUAL_ENV=str(store.client.env))
    assert (told.code, "mend: see that the server runs" in told.err) == (3, True), told.err
    assert "mlflow:http://127.0.0.1:9: " in told.err
    told = house.run("verify", "churn@production", "--offline")
    assert (told.code, "needs the network" in told.err) == (3, True), told.err


@pytest.mark.skipif(find_spec("mlflow") is not None, reason="MLflow lies beside mlgate")
def test_mlflow_that_is_not_installed(in_folder: House) -> None:
    house = in_folder
    house.registry = "mlflow:http://127.0.0.1:9"
    house.policy("gates = []").model("one")
    told = house.promote("1", "--first")
    assert (told.code, "cannot import mlflow" in told.err) == (3, True), told.err


@pytest.fixture(scope="module")
def gto(tmp_path_factory: TempPathFactory) -> Path:
    return environment(tmp_path_factory, "gto>=1.7") / "bin/gto"


def asked(gto: Path, house: House, *args: str) -> str:
    """What GTO says; its tags are told apart by their seconds."""
    time.sleep(1.1)
    done = subprocess.run([gto, *args], cwd=house.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_gto_reads_our_tags(in_git: House, gto: Path) -> None:
    house = in_git
    house.policy("gates = []").model("one")
    assert house.promote("--first").code == 0
    house.model("two")
    assert house.promote().code == 0
    assert house.with_key("rollback", "churn@production").code == 0

    shown = json.loads(asked(gto, house, "show", "--json"))
    assert shown["churn"]["stage"]["production"] in ("v0.0.1", ["v0.0.1"])
    assert len(asked(gto, house, "history", "churn", "--plain").split("assignment")) == 4
    asked(gto, house, "assign", "churn", "--version", "v0.0.2", "--stage", "staging")
    assert "staging names v0.0.2, which no record says" in house.run("history", "churn").out


def test_what_gto_moved_is_admitted_or_not(in_git: House, gto: Path) -> None:
    house = in_git.policy("", _QUALITY).model("one")
    assert house.promote("--first").code == 0
    house.model("two", 0.95)
    asked(gto, house, "register", "churn", "HEAD", "--version", "v0.0.2")
    asked(gto, house, "assign", "churn", "--version", "v0.0.2", "--stage", "production")
    told = house.run("verify", "churn@production")
    assert (told.code, "v0.0.2" in told.err) == (1, True), told.out + told.err
    tag = next(name for name in house.git("tag").split() if name.startswith("churn#production#2"))
    done = house.with_key("admit", tag)
    assert (done.code, "churn v0.0.2 is admitted" in done.out) == (0, True), done.out + done.err
    proven = house.run("verify", "churn@production")
    assert (proven.code, "churn@production is v0.0.2" in proven.out) == (0, True), proven.err

    house.model("three", 0.5)
    asked(gto, house, "register", "churn", "HEAD")
    asked(gto, house, "assign", "churn", "--version", "v0.0.3", "--stage", "production")
    for what in ("churn@production", "churn#production#3", "churn@v0.0.3"):
        told = house.with_key("admit", what)
        assert (told.code, "the gates do not let it through" in told.err) == (1, True), told.err
    assert house.run("verify", "churn@production").code == 1


@_ON_SQLITE
def test_metrics_of_mlflow_leave_their_digest(trained: Trained) -> None:
    gates = _QUALITY.replace("metrics.json", "mlflow:churn/1")
    trained.house.policy("", gates)
    done = trained.promote(trained.version("one"), "--first")
    assert done.code == 0, done.out + done.err
    (record,) = json.loads(trained.run("history", "churn", "--format", "json", key=False).out)
    tests = record["statement"]["predicate"]["tests"]
    assert tests.keys() == {"mlflow:churn/1"}
    assert re.fullmatch("sha256:[0-9a-f]{64}", tests["mlflow:churn/1"])
