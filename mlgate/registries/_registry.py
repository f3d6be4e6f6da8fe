"""What every registry answers: versions, aliases, and a chain of records that it only keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from msgspec import Struct

from mlgate.core.errors import GateError, MlgateError, UsageError
from mlgate.core.patterns import later
from mlgate.core.text import shown

if TYPE_CHECKING:
    from mlgate.repo.git import Repository

_NAME = later(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,126}[A-Za-z0-9])?")
LARGEST = 1 << 20
"""Bytes that a record may have."""


class RegistryError(GateError):
    """The registry could not be asked, or holds what no registry of ours would hold."""


class Moved(MlgateError):
    """Somebody else's record came first: nothing was written."""


class Version(Struct, frozen=True, kw_only=True):
    """A version of a model."""

    name: str
    commit: str | None
    """The commit that it was made from; None where nobody wrote it down."""


class Held(Struct, frozen=True, kw_only=True):
    """What a registry holds of one model, at one moment."""

    versions: tuple[Version, ...] = ()
    """Oldest first."""
    aliases: dict[str, str] = {}
    """Alias to version."""
    records: tuple[bytes, ...] = ()
    """The chain, oldest first, as it was appended."""
    token: str = ""
    """What `append` compares, so that nobody's record is lost."""

    def version(self, name: str) -> Version | None:
        """The version called `name`, with or without its `v`."""
        same = {name, f"v{name}", name.removeprefix("v")}
        return next((one for one in self.versions if one.name in same), None)

    def at(self, commit: str) -> Version | None:
        """The newest version that was made from `commit`."""
        return next((one for one in reversed(self.versions) if one.commit == commit), None)


class Move(NamedTuple):
    """An alias and the version that it is to name."""

    alias: str
    version: str


class New(NamedTuple):
    """A version that is registered together with its first record."""

    version: Version
    files: Mapping[str, str]
    """Path in the model's commit to where those bytes lie."""
    digests: Mapping[str, str]
    """Path to the SHA-256 that they must have: what differs is not registered."""


class Place(Struct, frozen=True, kw_only=True):
    """Where a registry is asked from."""

    repo: Repository
    environ: Mapping[str, str]
    remote: str | None = None
    """The git remote that the policy names."""
    network: bool = True
    worker: Callable[[str, dict[str, Any]], list[Any]] | None = None
    """Runs a script in the project's environment, or ours, and gives its lines."""


class Registry(Protocol):
    """One place where models are promoted. Opened by a module's `registry(place, rest)`, where
    `rest` is what stands behind the colon in the policy. All may raise `RegistryError`."""

    label: str
    registers: bool
    """Whether mlgate makes versions there, or finds those that training made."""
    atomic: bool
    """Whether record and alias are written at once."""
    reached: bool
    """False where it needs a network that it may not use: it shows what was last fetched, and
    nothing can be appended."""

    folder: str | None
    """Where its files lie, if they are files that somebody must keep."""

    def read(self, model: str) -> Held:
        """All that it holds of `model`; empty where it does not know the name."""

    def next_version(self, held: Held) -> str:
        """The name that the next version gets."""

    def append(
        self, model: str, held: Held, record: bytes, *, new: New | None, move: Move | None
    ) -> Held | None:
        """The commit point: put `record` at the chain's end if that is still where `held` has it,
        then (or at once, where it can) move the alias. Raises `Moved`.

        Gives what it holds after that, where to look costs less now than later."""

    def point(self, model: str, move: Move) -> None:
        """Move an alias to what the chain says, after an interruption."""

    def digests(self, model: str, version: str) -> dict[str, str] | None:
        """SHA-256 of the files that the registry itself keeps of a version; None where it keeps
        none, so that they are the commit's."""


def checked(model: str, what: str = "model") -> str:
    """`model`, if every registry can hold a thing of that name. Raises `UsageError`."""
    if not _NAME.fullmatch(model):
        raise UsageError(
            f"{shown(model)} is no name for {'an alias' if what == 'alias' else 'a ' + what}",
            "letters, digits, `-` and `_` are; it begins and ends with a letter or a digit",
        )
    return model


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sorts v2 before v10."""
    words = re.findall(r"\d+|\D+", name)
    return tuple((int(word), "") if word.isdigit() else (-1, word) for word in words)


def moved(model: str) -> Moved:
    """What is said where another record came first."""
    return Moved(
        f"somebody else promoted {model} meanwhile: nothing was written", "run the same again"
    )


def moved_past(model: str, move: Move, before: str | None, now: str | None) -> Moved:
    """What is said where no record came, and the alias moved all the same."""
    name = f"{model}@{move.alias}"
    return Moved(
        f"{name} names {shown(now or 'nothing')} now, and named {shown(before or 'nothing')} when "
        f"{shown(move.version)} was judged: somebody moved it past mlgate, so nothing was written",
        f"to judge what stands there: mlgate admit {name} --key FILE",
    )
