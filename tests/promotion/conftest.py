"""Houses for the tests: each is built once, and copied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from model_house import IN_FOLDER, House, twice

Copies = Callable[[str, Callable[[House], object]], House]


@pytest.fixture(scope="session")
def _built() -> dict[tuple[str, str], House]:
    return {}


@pytest.fixture
def copies(
    _built: dict[tuple[str, str], House],
    surroundings: None,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
) -> Copies:
    """`copies(registry, make)`: a house as `make` left it, which is built once for all tests."""

    def copy(registry: str, make: Callable[[House], object]) -> House:
        what = (registry, make.__qualname__)
        if what not in _built:
            house = House(tmp_path_factory.mktemp("built") / "house/work", registry)
            make(house)
            _built[what] = house
        return _built[what].copied(tmp_path / "house")

    return copy


def _empty(house: House) -> None:
    """Without a commit, and without a policy."""


@pytest.fixture
def promoted(copies: Copies) -> House:
    """Two versions, one after the other, in a folder."""
    return copies(IN_FOLDER, twice)


@pytest.fixture(params=[IN_FOLDER, "git"], ids=["folder", "git"])
def house(request: pytest.FixtureRequest, copies: Copies) -> House:
    """With each registry that needs nothing but a disk."""
    return copies(request.param, _empty)


@pytest.fixture
def in_folder(copies: Copies) -> House:
    return copies(IN_FOLDER, _empty)


@pytest.fixture
def in_git(copies: Copies) -> House:
    return copies("git", _empty)
