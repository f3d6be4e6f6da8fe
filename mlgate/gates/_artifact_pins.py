"""Whether a scikit-learn model was saved by the scikit-learn that the repository pins."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location
from mlgate.core.text import shown
from mlgate.core.words import Level
from mlgate.gates import _dependency_files as files
from mlgate.gates._requirements import logical_lines
from mlgate.tools._find import normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.gates._artifact_where import Place

_NAME = "scikit-learn"
_ENDINGS = (".txt", ".lock", ".toml", ".yml", ".yaml")
_CONSTRAINTS = re.compile(r"(.*[-_./])?constraints?([-_.][^/]*)?\.txt")
_CONDA = re.compile(r"(.*/)?(conda|environment)([-_.][\w.-]*)?\.ya?ml")
_CONDA_PIN = re.compile(r"\s*-\s*[\"']?(?:[\w-]+::)?scikit-learn\s*[=~]=?\s*(\d+\.\d+[\w.]*)")
_LARGEST = 32 << 20


class Version(Struct, frozen=True):
    """A version of scikit-learn that a line of the repository asks for."""

    path: str
    line: int | None
    version: str

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)


def identity(ctx: Context) -> bytes:
    """The content of every file that may pin a version."""
    found = (f"{path}\0{ctx.subject.files[path].id}\0" for path in _candidates(ctx.subject))
    return "".join(found).encode("utf-8", "surrogateescape")


def findings(
    ctx: Context, places: Sequence[Place], answers: Sequence[dict[str, Any]]
) -> Iterator[Finding]:
    """Every model that no pin near it has saved. scikit-learn loads what the same version saved,
    and promises nothing beyond; between releases that differ in the last number alone it holds."""
    if not any(answer.get("sklearn") for answer in answers):
        return
    pins = list(_pins(ctx.subject))
    for place, answer in zip(places, answers, strict=True):
        near = _near(pins, place.path)
        kept = {_minor(pin.version) for pin in near}
        others = [one for one in answer.get("sklearn", ()) if _minor(one) not in kept]
        if near and others:
            yield _finding(place.path, others, near)


def _finding(path: str, saved: list[str], pins: list[Version]) -> Finding:
    pin = pins[0]
    line = f":{pin.line}" if pin.line else ""
    return Finding(
        rule="artifact/other-version",
        level=Level.WARNING,
        message=f"it was saved by {_NAME} {', '.join(saved)}, and {shown(pin.path)}{line} has"
        f" {pin.version}: loading it may fail, or it may answer otherwise",
        location=Location(path=path, text=""),
        help=f"save it anew with {_NAME} {pin.version}, or pin what it was saved by:"
        f" {_NAME}=={saved[-1]}",
    )


def _near(pins: list[Version], path: str) -> list[Version]:
    """Those of the folder nearest above the model that has some, else all there are."""
    above = posixpath.dirname(path)
    while True:
        found = [pin for pin in pins if pin.folder == above]
        if found or not above:
            return found or pins
        above = posixpath.dirname(above)


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])


def _candidates(subject: Snapshot) -> list[str]:
    return sorted(
        path
        for path in subject.files
        if path.endswith(_ENDINGS) and _pinning(path) and subject.files[path].is_file
    )


def _pinning(path: str) -> bool:
    own = _CONSTRAINTS.fullmatch(path) or _CONDA.fullmatch(path)
    return own is not None or files.may_pin(path)


def _pins(subject: Snapshot) -> Iterator[Version]:
    for path in _candidates(subject):
        try:
            content = subject.read(path)
        except GateError:
            continue
        if _NAME.encode() not in content.lower().replace(b"_", b"-") or len(content) > _LARGEST:
            continue
        text = content.decode("utf-8-sig", "replace")
        if path.endswith(".txt"):
            yield from _listed(path, text)
        elif path.endswith((".yml", ".yaml")):
            yield from _by_conda(path, text)
        else:
            yield from _structured(path, subject)


def _listed(path: str, text: str) -> Iterator[Version]:
    """Lines of pip's that leave no more open than the last number of a release."""
    from packaging.requirements import InvalidRequirement, Requirement

    for line, words in logical_lines(text):
        try:
            found = Requirement(words.partition(" --hash")[0].strip())
        except InvalidRequirement:
            continue
        if normal(found.name) == _NAME:
            for part in found.specifier:
                kept = 2 if part.operator == "~=" else 1 if part.operator in ("==", "===") else None
                version = part.version.removesuffix(".*")
                if kept and version.count(".") >= kept:  # `~=1.4` has 1.9, too
                    yield Version(path, line, version)


def _by_conda(path: str, text: str) -> Iterator[Version]:
    """`- scikit-learn=1.2` of conda's dependencies, or pip's among them."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _CONDA_PIN.match(line):
            yield Version(path, number, found[1].rstrip("."))


def _structured(path: str, subject: Snapshot) -> Iterator[Version]:
    for found in files.read((path,), subject).dependencies:
        if found.name == _NAME and found.version and not found.opaque:
            yield Version(path, found.line, found.version)
