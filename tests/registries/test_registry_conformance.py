"""One suite for all registries: what is appended is read, once, in order, by whoever comes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from projects import Project

from mlgate.core.errors import UsageError
from mlgate.registries import folder, git
from mlgate.registries._registry import (
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

Open = Callable[[], Registry]


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


@pytest.fixture(params=["folder", "git", "git-remote"])
def opened(request: pytest.FixtureRequest, project: Project) -> Iterator[Open]:
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

    yield open_


def _new(project: Project, name: str, rev: str = "HEAD") -> New:
    commit = project.git("rev-parse", rev).strip()
    version = Version(name=name, commit=commit)
    return New(version, {"model.bin": str(project.folder / "model.bin")})


def test_nothing_is_known_of_a_new_name(opened: Open) -> None:
    held = opened().read("churn")
    assert (held.versions, held.aliases, held.records) == ((), {}, ())


def test_what_is_appended_is_read(opened: Open, project: Project) -> None:
    registry = opened()
    held = registry.read("churn")
    first = registry.next_version(held)
    registry.append(
        "churn", held, b"record 1", new=_new(project, first, "HEAD~1"), move=Move("live", first)
    )
    held = opened().read("churn")
    assert held.records == (b"record 1",)
    assert held.aliases == {"live": first}
    assert held.versions[0].commit == project.git("rev-parse", "HEAD~1").strip()
    second = registry.next_version(held)
    new = _new(project, second)
    registry.append("churn", held, b"record 2", new=new, move=Move("next", second))
    held = opened().read("churn")
    assert held.records == (b"record 1", b"record 2")
    assert held.aliases == {"live": first, "next": second}
    assert [v.name for v in held.versions] == sorted([first, second], key=natural)
    assert held.at(project.git("rev-parse", "HEAD").strip()) == held.versions[1]
    assert held.version(first.removeprefix("v")) == held.versions[0]
    assert opened().read("fraud").records == ()


def test_the_second_of_two_writers_is_refused(opened: Open, project: Project) -> None:
    one, other = opened(), opened()
    held, same = one.read("churn"), other.read("churn")
    version = one.next_version(held)
    one.append("churn", held, b"mine", new=_new(project, version), move=Move("live", version))
    with pytest.raises(Moved, match="meanwhile"):
        other.append("churn", same, b"theirs", new=None, move=None)
    with pytest.raises(Moved, match="meanwhile"):
        other.append(
            "churn", same, b"theirs", new=_new(project, version), move=Move("live", version)
        )
    assert opened().read("churn").records == (b"mine",)


def test_an_alias_goes_back_and_forth(opened: Open, project: Project) -> None:
    registry = opened()
    names = []
    for rev in ("HEAD~1", "HEAD"):
        held = registry.read("churn")
        names.append(registry.next_version(held))
        new = _new(project, names[-1], rev)
        registry.append("churn", held, rev.encode(), new=new, move=Move("live", names[-1]))
    for turn in (0, 1, 0):
        held = registry.read("churn")
        registry.append("churn", held, b"turn", new=None, move=Move("live", names[turn]))
        assert opened().read("churn").aliases == {"live": names[turn]}
    registry.read("churn")
    registry.point("churn", Move("live", names[1]))
    assert opened().read("churn").aliases == {"live": names[1]}
    assert len(opened().read("churn").records) == 5


@pytest.mark.parametrize("name", ["../up", "a/b", "", "-x", "a b", "x\n", "a" * 200, "ä"])
def test_names_that_no_registry_could_hold(opened: Open, name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        opened().read(name)


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
    new = New(Version(name="v1", commit=None), {"models/model.bin": str(model)})
    registry.append("churn", registry.read("churn"), b"{}", new=new, move=None)
    (before,) = (registry.digests("churn", "v1") or {}).items()
    assert before[0] == "models/model.bin"
    (tmp_path / "registry/churn/versions/v1/files/models/model.bin").write_text("other")
    assert registry.digests("churn", "v1") != dict([before])


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
