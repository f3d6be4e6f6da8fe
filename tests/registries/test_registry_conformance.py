"""One suite for all registries: what is appended is read, once, in order, by whoever comes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mlflow_place import MLFLOW, Client, Store, environment, served
from projects import Project

from mlgate.core.errors import UsageError
from mlgate.registries import folder, git, mlflow
from mlgate.registries._registry import (
    Held,
    Move,
    Moved,
    New,
    Place,
    Registry,
    RegistryError,
    Version,
    natural,
)
from mlgate.repo import git as repository


class Kept(NamedTuple):
    """A registry, however often it is opened, and how versions come into it."""

    open: Callable[[], Registry]
    trained: Callable[[str], str] | None = None
    """Makes a version of a commit where mlgate does not."""

    def next(self, project: Project, held: Held, rev: str = "HEAD") -> tuple[str, New | None]:
        """The name of the next version, and what registers it."""
        commit = project.git("rev-parse", rev).strip()
        if self.trained is not None:
            return self.trained(commit), None
        name = self.open().next_version(held)
        version = Version(name=name, commit=commit)
        return name, new_of(version, "model.bin", project.folder / "model.bin")


def new_of(version: Version, name: str, file: Path) -> New:
    """A version of one file."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return New(version, {name: str(file)}, {name: digest})


def record(number: int, before: bytes | None = None) -> bytes:
    """As much of a record as a registry may look at: which one it follows."""
    previous = hashlib.sha256(before).hexdigest() if before else None
    said = json.dumps({"predicate": {"number": number, "previous": previous}})
    return json.dumps({"payload": base64.b64encode(said.encode()).decode()}).encode()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    project = Project(tmp_path / "work")
    project.git("config", "user.name", "t")
    project.git("config", "user.email", "t@example.org")
    for number in ("one", "two"):
        project.put({"model.bin": number}).commit(number)
    return project


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    env = environment(tmp_path_factory, MLFLOW)
    client = Client(env)
    yield client
    client.close()


@pytest.fixture(scope="module")
def store(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(client, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def server(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "artifacts").mkdir()
    with served(store.client.env, store.copied(folder), folder / "artifacts") as url:
        yield url


_HEAVY = (pytest.mark.heavy, pytest.mark.timeout(900))


@pytest.fixture(
    params=[
        "folder",
        "git",
        "git-remote",
        pytest.param("mlflow-sqlite", marks=_HEAVY),
        pytest.param("mlflow-server", marks=_HEAVY),
    ]
)
def kept(request: pytest.FixtureRequest, project: Project) -> Kept:
    if request.param.startswith("mlflow"):
        return _in_mlflow(request, project)
    if request.param == "git-remote":
        bare = project.folder.parent / "origin.git"
        subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
        project.git("remote", "add", "origin", str(bare))
        project.git("push", "-q", "origin", "main")

    def open_() -> Registry:
        place = Place(repo=repository.find(str(project.folder), os.environ), environ=os.environ)
        if request.param == "folder":
            return folder.registry(place, str(project.folder.parent / "registry"))
        return git.registry(place, "")

    return Kept(open_)


def _in_mlflow(request: pytest.FixtureRequest, project: Project) -> Kept:
    store: Store = request.getfixturevalue("store")
    beside = project.folder.parent
    local = request.param == "mlflow-sqlite"
    uri: str = store.copied(beside) if local else request.getfixturevalue("server")
    store.client.ask("forget", uri)
    repo = repository.find(str(project.folder), os.environ)
    place = Place(repo=repo, environ={}, worker=store.client.worker)
    where = {"artifacts": (beside / "artifacts").as_uri()} if local else {}

    def trained(commit: str) -> str:
        about = {"model": "churn", "content": commit, "commit": commit, **where}
        return str(store.client.ask("train", uri, **about)["version"])

    return Kept(lambda: mlflow.registry(place, uri), trained)


def test_nothing_is_known_of_a_new_name(kept: Kept) -> None:
    held = kept.open().read("churn")
    assert (held.versions, held.aliases, held.records) == ((), {}, ())


def test_what_is_appended_is_read(kept: Kept, project: Project) -> None:
    registry = kept.open()
    held = registry.read("churn")
    first, new = kept.next(project, held, "HEAD~1")
    one = record(1)
    registry.append("churn", held, one, new=new, move=Move("live", first))
    held = kept.open().read("churn")
    assert held.records == (one,)
    assert held.aliases == {"live": first}
    assert held.versions[0].commit == project.git("rev-parse", "HEAD~1").strip()
    second, new = kept.next(project, held)
    two = record(2, one)
    registry.append("churn", held, two, new=new, move=Move("next", second))
    held = kept.open().read("churn")
    assert held.records == (one, two)
    assert held.aliases == {"live": first, "next": second}
    assert [v.name for v in held.versions] == sorted([first, second], key=natural)
    assert held.at(project.git("rev-parse", "HEAD").strip()) == held.versions[1]
    assert held.version(first.removeprefix("v")) == held.versions[0]
    assert kept.open().read("fraud").records == ()


def test_the_second_of_two_writers_is_refused(kept: Kept, project: Project) -> None:
    one, other = kept.open(), kept.open()
    held = one.read("churn")
    version, new = kept.next(project, held)
    held, same = one.read("churn"), other.read("churn")
    mine, theirs = record(1), json.dumps({"payload": "", "theirs": True}).encode()
    one.append("churn", held, mine, new=new, move=Move("live", version))
    with pytest.raises(Moved, match="meanwhile"):
        other.append("churn", same, theirs, new=None, move=None)
    with pytest.raises(Moved, match="meanwhile"):
        other.append("churn", same, theirs, new=new, move=Move("live", version))
    assert kept.open().read("churn").records == (mine,)


def test_an_alias_goes_back_and_forth(kept: Kept, project: Project) -> None:
    registry = kept.open()
    names: list[str] = []
    for rev in ("HEAD~1", "HEAD"):
        held = registry.read("churn")
        name, new = kept.next(project, held, rev)
        names.append(name)
        held = registry.read("churn")
        made = record(len(names), held.records[-1] if held.records else None)
        registry.append("churn", held, made, new=new, move=Move("live", name))
    for turn in (0, 1, 0):
        held = registry.read("churn")
        made = record(len(held.records) + 1, held.records[-1])
        registry.append("churn", held, made, new=None, move=Move("live", names[turn]))
        assert kept.open().read("churn").aliases == {"live": names[turn]}
    registry.read("churn")
    registry.point("churn", Move("live", names[1]))
    assert kept.open().read("churn").aliases == {"live": names[1]}
    assert len(kept.open().read("churn").records) == 5


@pytest.mark.parametrize("name", ["../up", "a/b", "", "-x", "a b", "x\n", "a" * 200, "ä"])
def test_names_that_no_registry_could_hold(kept: Kept, name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        kept.open().read(name)


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_who_lost_a_race_in_mlflow_is_no_link(
    store: Store, project: Project, tmp_path: Path
) -> None:
    """Both looked, both wrote: the higher number names a record that is no longer the newest."""
    uri = store.copied(tmp_path)
    repo = repository.find(str(project.folder), os.environ)
    registry = mlflow.registry(Place(repo=repo, environ={}, worker=store.client.worker), uri)
    one = record(1)
    registry.append("churn", registry.read("churn"), one, new=None, move=None)
    mine, late = record(2, one), record(2, one) + b" "
    for text in (mine, late):
        store.client.ask("keep", uri, model="churn", record=base64.b64encode(text).decode())
    assert registry.read("churn").records == (one, mine)


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_an_alias_that_moves_while_gates_run_is_not_overwritten(
    store: Store, project: Project, tmp_path: Path
) -> None:
    """In a user interface that knows of no chain: the next run then names it."""
    uri = store.copied(tmp_path)
    repo = repository.find(str(project.folder), os.environ)
    registry = mlflow.registry(Place(repo=repo, environ={}, worker=store.client.worker), uri)
    about = {"model": "churn", "content": "x", "commit": "", "artifacts": tmp_path.as_uri()}
    for _ in range(2):
        store.client.ask("train", uri, **about)
    held = registry.read("churn")
    store.client.ask("move", uri, model="churn", alias="live", version="2")
    with pytest.raises(Moved, match="churn@live names 2 now, and named nothing when 1 was judged"):
        registry.append("churn", held, record(1), new=None, move=Move("live", "1"))
    now = registry.read("churn")
    assert (now.records, now.aliases) == ((), {"live": "2"})


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_an_alias_that_moves_between_record_and_alias_is_not_overwritten(
    store: Store, project: Project, tmp_path: Path
) -> None:
    """Whoever appended sees what stands there, and names it."""
    uri = store.copied(tmp_path)
    about = {"model": "churn", "content": "x", "commit": "", "artifacts": tmp_path.as_uri()}
    for _ in range(2):
        store.client.ask("train", uri, **about)

    def worker(script: str, request: dict[str, Any]) -> list[Any]:
        raced = {"do": "raced", "by": "2"} if request["do"] == "append" else {}
        return store.client.worker(script, request | raced)

    repo = repository.find(str(project.folder), os.environ)
    registry = mlflow.registry(Place(repo=repo, environ={}, worker=worker), uri)
    one, held = record(1), registry.read("churn")
    now = registry.append("churn", held, one, new=None, move=Move("live", "1"))
    assert now is not None
    assert (now.records, now.aliases) == ((one,), {"live": "2"})


def test_a_missing_record_breaks_the_folder(tmp_path: Path) -> None:
    registry = folder.Folder(str(tmp_path))
    for _ in range(3):
        registry.append("churn", registry.read("churn"), b"{}", new=None, move=None)
    (tmp_path / "churn/history/00000002.json").unlink()
    with pytest.raises(RegistryError, match="broken chain: record 2"):
        registry.read("churn")


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "registry").write_text("a file")
    with pytest.raises(RegistryError, match="cannot be used") as raised:
        folder.Folder(str(tmp_path / "registry")).read("churn")
    assert raised.value.hint


def test_a_folder_keeps_the_bytes_of_a_version(tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_text("weights")
    registry = folder.Folder(str(tmp_path / "registry"))
    new = new_of(Version(name="v1", commit=None), "models/model.bin", model)
    registry.append("churn", registry.read("churn"), b"{}", new=new, move=None)
    (before,) = (registry.digests("churn", "v1") or {}).items()
    assert before[0] == "models/model.bin"
    (tmp_path / "registry/churn/versions/v1/files/models/model.bin").write_text("other")
    assert registry.digests("churn", "v1") != dict([before])


def test_a_folder_takes_no_bytes_but_those_that_were_judged(tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_text("weights")
    registry = folder.Folder(str(tmp_path / "registry"))
    new = new_of(Version(name="v1", commit=None), "model.bin", model)
    model.write_text("malware")
    with pytest.raises(RegistryError, match="swapped model: model"):
        registry.append("churn", registry.read("churn"), b"{}", new=new, move=None)
    assert registry.read("churn") == Held(versions=(), aliases={}, records=(), token="0")


def test_an_unknown_remote_is_named(project: Project) -> None:
    repo = repository.find(str(project.folder), os.environ)
    with pytest.raises(RegistryError, match="no git remote 'upstream'"):
        git.registry(Place(repo=repo, environ={}, remote="upstream"), "")


def test_a_remote_that_does_not_answer(project: Project) -> None:
    project.git("remote", "add", "origin", str(project.folder / "nowhere"))
    repo = repository.find(str(project.folder), os.environ)
    with pytest.raises(RegistryError, match="cannot be reached") as raised:
        git.registry(Place(repo=repo, environ={}), "").read("churn")
    assert raised.value.hint == "see that the remote answers: git ls-remote origin"


def test_tags_that_others_made_are_understood(project: Project) -> None:
    """What `gto register`, `assign`, `unassign` and `deregister` leave behind."""
    head, before = (project.git("rev-parse", rev).strip() for rev in ("HEAD", "HEAD~1"))
    day = 1_700_000_000
    for number, (tag, commit) in enumerate(
        [
            ("churn@v1.0.0", before),
            ("churn@v1.10.0", head),
            ("churn#prod#1", before),
            ("churn#prod#2", head),
            ("churn#dev#3", head),
            ("churn#dev!#4", head),
            ("churn@v0.9.0", before),
            ("churn@v0.9.0!", before),
            ("churnlike@v3.0.0", head),
        ]
    ):
        os.environ["GIT_COMMITTER_DATE"] = f"{day + number} +0000"
        project.git("tag", "-a", "-m", tag, tag, commit)
    os.environ.pop("GIT_COMMITTER_DATE")
    registry = git.registry(
        Place(repo=repository.find(str(project.folder), os.environ), environ={}), ""
    )
    held = registry.read("churn")
    assert [v.name for v in held.versions] == ["v1.0.0", "v1.10.0"]
    assert held.aliases == {"prod": "v1.10.0"}
    assert registry.next_version(held) == "v1.10.1"
    registry.append("churn", held, b"{}", new=None, move=Move("prod", "v1.0.0"))
    assert "churn#prod#3" in project.git("tag").split()
    assert registry.read("churn").aliases == {"prod": "v1.0.0"}
