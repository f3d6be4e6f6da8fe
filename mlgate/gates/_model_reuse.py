"""How often a test set was used: counted on a git ref of its own, one small file for each use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from mlgate.core.errors import GateError, RepositoryError
from mlgate.core.finding import Finding
from mlgate.core.patterns import later
from mlgate.core.words import Level, Result, Stage
from mlgate.gates._model_options import Options
from mlgate.gates._model_terms import Reuse
from mlgate.gates._model_words import note
from mlgate.stats import sizes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mlgate.core.gate import Context

REF = "refs/mlgate/test-sets"
FETCH = f"git fetch origin +{REF}:{REF}"
"""With the plus, for a use that was recorded here and refused there gives way, to be recorded
again."""
_SAID = later(
    r"test set (?P<test_set>.+): candidate (?P<candidate>[0-9a-f]{32}), "
    r"baseline (?P<baseline>[0-9a-f]{32}|none); (?P<uses>\d+) of \d+ uses counted"
)


class Use(Struct, frozen=True, kw_only=True):
    """One pair of models that a test set judged."""

    test_set: str
    candidate: str
    """The digest of its predictions."""
    baseline: str
    """The same, or `none`."""

    @property
    def name(self) -> str:
        """The file that stands for it; equal uses are one."""
        return f"{self.of_candidate}{self.baseline}"

    @property
    def of_candidate(self) -> str:
        """What the names of all uses with this candidate start with."""
        return f"{_prefix(self.test_set)}{self.candidate}."

    @property
    def identical(self) -> bool:
        """True if candidate and baseline predict the same: their comparison tells nothing."""
        return self.candidate == self.baseline

    @property
    def alone(self) -> bool:
        """True if nothing is told but what the candidate is by itself."""
        return self.identical or self.baseline == "none"


def _prefix(test_set: str) -> str:
    return quote(test_set, safe="").replace(".", "%2E") + "."


def spread(options: Options) -> Options:
    """The options with each rule's alpha cut to the part of one use."""
    if options.reuse is None:
        return options
    uses, adaptivity = options.reuse.uses, options.reuse.adaptivity
    rules = [
        replace(rule, alpha=sizes.share(rule.alpha, uses, adaptivity)) for rule in options.require
    ]
    return replace(options, require=tuple(rules))


def counted(ctx: Context) -> frozenset[str] | None:
    """The names of all uses that are on record here; None where the ref is not here."""
    from mlgate.repo import git, shelf

    try:
        found = shelf.listing(git.find(os.fspath(ctx.work), os.environ), REF)
    except RepositoryError as error:
        raise GateError(error.message, error.hint) from None
    return frozenset(found) or None


def judged(
    stage: Stage, reuse: Reuse, use: Use, recorded: frozenset[str] | None, *, floors: bool
) -> Iterator[Finding]:
    """What is known of the test set's uses; an open finding where they are spent. `floors` is
    true where the candidate's own value is judged.

    Raises `GateError` where they cannot be counted and a promotion rests on them.
    """
    if recorded is None:
        if stage is Stage.PROMOTE:
            raise GateError(
                f"the uses of test set {reuse.test_set} are not here",
                f"{FETCH}; where none was ever recorded: mlgate check --format json:REPORT, and "
                "mlgate model ledger record REPORT",
            )
        yield note("reuse", f"the uses of test set {reuse.test_set} are not here: {FETCH}")
    own = {name for name in recorded or () if name.startswith(_prefix(reuse.test_set))}
    if spent(reuse, use, recorded, floors):
        yield Finding(
            rule="model/test-set-spent",
            result=Result.OPEN,
            message=f"test set {reuse.test_set} has judged {len(own)} pairs of models, "
            f"as many as its {reuse.uses} uses: nothing more is judged on it",
            help="label a fresh test set, and give it a name of its own in reuse.test_set",
        )
        return
    if reuse.adaptivity == "full" and reuse.feedback == "figures":
        yield note(
            "reuse",
            "alpha / 2^uses holds where each use tells a verdict and no more; this report shows "
            'figures: feedback = "verdict" hides them',
        )
    if not floors and use.identical:
        yield note(
            "reuse",
            f"test set {reuse.test_set}: candidate and baseline are the same, which is no use of "
            f"it; {len(own)} of {reuse.uses} uses counted",
        )
        return
    yield Finding(
        rule="model/reuse",
        result=Result.PASS,
        level=Level.NOTE,
        message=f"test set {reuse.test_set}: candidate {use.candidate}, baseline {use.baseline}; "
        f"{len(own)} of {reuse.uses} uses counted",
    )


def spent(reuse: Reuse, use: Use, recorded: frozenset[str] | None, floors: bool) -> bool:
    """True if as many other pairs were judged as the test set has uses, and this would be one."""
    start = _prefix(reuse.test_set)
    own = {name for name in recorded or () if name.startswith(start)}
    if use.identical and not floors:
        return False
    return not counts_already(use, own) and len(own) >= reuse.uses


def counts_already(use: Use, recorded: Collection[str]) -> bool:
    """True if the labels told all that they tell of this pair: it is on record, or it is one model
    alone, which was judged by itself when it was the candidate of another pair."""
    if use.alone:
        return any(name.startswith(use.of_candidate) for name in recorded)
    return use.name in recorded


def told(message: str) -> Use | None:
    """The use that a report's finding speaks of."""
    match = _SAID.fullmatch(message)
    if match is None:
        return None
    return Use(test_set=match["test_set"], candidate=match["candidate"], baseline=match["baseline"])
