"""The first part of `mlgate init`: what the repository holds, and which gates that speaks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import click
from msgspec import Struct
from msgspec.structs import replace

from mlgate.cli._opened import opened
from mlgate.cli._table import table
from mlgate.core import parts
from mlgate.core.gate import Detected
from mlgate.core.text import counted, shown
from mlgate.policy import read as policy_file
from mlgate.policy import toml
from mlgate.policy.adopt import detected
from mlgate.reporters._style import Style
from mlgate.runner.adoption import detecting

if TYPE_CHECKING:
    from mlgate.runner.session import Session

_KINDS = (
    ("package", r"(.*/)?(pyproject\.toml|setup\.py|setup\.cfg)"),
    ("code", r".*\.pyi?"),
    ("test", r"(.*/)?(test_[^/]*|[^/]*_test)\.py"),
    ("notebook", r".*\.ipynb"),
    ("DVC file", r"(.*\.dvc|(.*/)?dvc\.(yaml|lock))"),
    (
        "requirement",
        r"(.*/)?(requirements[^/]*\.(txt|in)|poetry\.lock|uv\.lock|Pipfile\.lock|pdm\.lock)",
    ),
    ("metric", r"(.*/)?[^/]*(metrics|scores|eval)[^/]*\.(json|ya?ml|csv)"),
    (
        "CI",
        r"\.github/workflows/[^/]+|\.gitlab-ci\.yml|azure-pipelines\.yml|bitbucket-pipelines\.yml"
        r"|\.circleci/config\.yml|Jenkinsfile",
    ),
    ("hook", r"\.pre-commit-config\.yaml|\.?lefthook\.ya?ml|\.husky/[^/]+"),
)
_NAMED = 3


class Hindrance(Struct, frozen=True):
    """Why a gate cannot run here, and the command or edit that mends it."""

    reason: str
    mend: str | None

    @property
    def brief(self) -> str:
        """The reason on one line, without the rest of what a tool printed."""
        return ": ".join(self.reason.splitlines()[:2])

    @property
    def elsewhere(self) -> str:
        """The same without folders of this machine, which say nothing to others."""
        return re.sub(r" \(/[^)]*\)", "", self.brief)


class Look(Struct, frozen=True, kw_only=True):
    """What init knows of a repository."""

    root: str
    files: tuple[str, ...]
    found: dict[str, Detected]
    """What speaks for each kind of gate."""
    notes: tuple[str, ...]
    hindered: dict[str, Hindrance]
    """What keeps gates from running here, by kind."""
    reduced: dict[str, Hindrance] = {}
    """What keeps gates from judging all that they could, by kind."""
    policy: str | None
    """The policy that is there already."""
    blocking: frozenset[str] = frozenset()
    """The kinds of its gates that block."""

    def covers(self, kind: str) -> bool:
        """Whether a gate of this kind stands in the way as the hooks do that it was made of."""
        if self.policy is not None:
            return kind in self.blocking
        one = self.found[kind]
        return one.active and one.blocking and kind not in self.hindered

    def without(self, hindered: Mapping[str, Hindrance]) -> Look:
        """The same, knowing of more that keeps gates from running, or from judging all."""
        reduced = {k: v for k, v in hindered.items() if k in self.found and self._falls_back(k)}
        rest = {kind: one for kind, one in hindered.items() if kind not in reduced}
        return replace(
            self,
            found={
                k: _reduced(o, reduced[k]) if k in reduced else o for k, o in self.found.items()
            },
            hindered={**self.hindered, **rest},
            reduced={**self.reduced, **reduced},
        )

    def _falls_back(self, kind: str) -> bool:
        return kind not in self.reduced and bool(self.found[kind].fallback)


def _reduced(one: Detected, hindrance: Hindrance) -> Detected:
    """A gate that judges less until it can do all; the policy says which key to take out then."""
    lines = " and ".join(f"`{line}`" for k, v in one.fallback.items() for line in toml.pair(k, v))
    return replace(
        one,
        options={**one.options, **one.fallback},
        evidence=f"{one.evidence}. Judges less for now: {hindrance.elsewhere}. Once that is"
        f" mended, remove the line {lines}",
    )


def look() -> Look:
    """Look at the repository."""
    with opened() as session:
        written = policy_file.find(policy_file.reader(session.subject), "")
        found, notes = detected(
            lambda kind: detecting(session, session.workshop, kind), parts.names("gates")
        )
        return Look(
            root=session.repo.root,
            files=tuple(session.subject.files),
            found=found,
            notes=notes,
            hindered=dict(_hindered(session, found)),
            policy=written.label if written else None,
            blocking=frozenset(g.kind for g in session.policy.gates if g.blocking is not False),
        )


def _hindered(session: Session, found: Mapping[str, Detected]) -> Iterator[tuple[str, Hindrance]]:
    """What the gates say that can tell without running."""
    for kind, one in found.items():
        hindrance = getattr(parts.load("gates", kind), "hindrance", None)
        error = (
            hindrance(detecting(session, session.workshop, kind))
            if one.active and hindrance
            else None
        )
        if error is not None:
            yield kind, Hindrance(error.message, error.hint)


def tell(seen: Look, style: Style) -> None:
    """What was found, and what speaks for each gate."""
    click.echo(style.paint("found", "bold"))
    for line in table(list(_inventory(seen.files)), style, indent=2):
        click.echo(line)
    click.echo()
    click.echo(style.paint("gates", "bold"))
    rows = [
        (one.name or kind, _does(one, kind in seen.hindered), _grounds(one))
        for kind, one in seen.found.items()
    ]
    for line in table(rows, style, indent=2):
        click.echo(line)
    for note in seen.notes:
        click.echo(f"  note: {shown(note)}")
    click.echo()


def _does(one: Detected, hindered: bool) -> str:
    if hindered or not one.active:
        return "waits"
    return "blocks" if one.blocking else "suggests"


def _grounds(one: Detected) -> str:
    """What speaks for a gate, without the word that the column before has said."""
    return re.sub(r"suggested( by mlgate)?(: |$)", "", one.evidence) or "good for any repository"


def tell_hindered(seen: Look, style: Style) -> None:
    """The gates that cannot run here, or not wholly, why, and what mends it."""
    _tell_why("judged in part, as mlgate.toml says", seen.reduced, seen, style)
    _tell_why("cannot run here yet, so commented out in mlgate.toml", seen.hindered, seen, style)


def _tell_why(title: str, why: Mapping[str, Hindrance], seen: Look, style: Style) -> None:
    if not why:
        return
    click.echo(f"\n{style.paint(title, 'bold')}")
    rows = []
    for kind, hindrance in why.items():
        rows.append((seen.found[kind].name or kind, hindrance.brief))
        rows += [("", f"mend  {hindrance.mend}")] if hindrance.mend else []
    for line in table(rows, style, indent=2):
        click.echo(line)


def gates(seen: Look) -> str:
    """`7 gates, 2 of them only suggest`."""
    asked = [o for kind, o in seen.found.items() if o.active and kind not in seen.hindered]
    loose = sum(not one.blocking for one in asked)
    told = counted(len(asked), "gate")
    return f"{told}, {loose} of them without blocking" if loose else told


def _inventory(files: Iterable[str]) -> Iterable[tuple[str, str]]:
    paths = sorted(files)
    for label, pattern in _KINDS:
        matches = [path for path in paths if re.fullmatch(pattern, path)]
        if matches:
            named = ", ".join(map(shown, matches[:_NAMED]))
            more = f" and {len(matches) - _NAMED:,} more" if len(matches) > _NAMED else ""
            yield label, named + more
    if not paths:
        yield "nothing", "the repository has no files yet"
