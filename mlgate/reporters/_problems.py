"""What a report holds against its subject, worst first: findings, and gates that did not answer."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from mlgate.core.finding import Finding, Location
from mlgate.core.report import Report, Verdict
from mlgate.core.text import plain, shown
from mlgate.core.words import Level, Outcome, Result, State
from mlgate.reporters._order import place

_WRONG = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERRORED)
_ROOM = 4
"""Characters of untrusted text that are read for each one that may be shown."""
_LONGEST = 10_000


class Problem(Struct, frozen=True, kw_only=True):
    """A finding that is broken or open, or what stands for a gate that gave no such finding."""

    gate: str
    finding: Finding
    blocks: bool
    level: Level
    """The finding's, but never an error where it does not block: some places that show errors
    turn red for them, whatever the verdict."""
    synthetic: bool = False
    """True where the gate stated no such finding: it errored, or gave but a reason."""

    @property
    def message(self) -> str:
        """What is wrong, on one line of at most 500 characters; in a notebook with the cell."""
        said = line(self.finding.message) or "no message was given"
        return cell(self.finding.location) + said

    @property
    def rule(self) -> str:
        """The rule's id, fit to be shown."""
        return rule_id(self.finding)


def problems(report: Report) -> list[Problem]:
    """All of them: what blocks first, then by weight, undecided ones last, then by place."""
    found = [problem for verdict in report.verdicts for problem in _of(verdict)]
    if report.base_problem is not None:
        base = _stated("mlgate/base", report.base_problem, report.base_help, Level.ERROR)
        found.append(_problem("mlgate", base, blocks=True, synthetic=True))
    return sorted(found, key=_gravity)


def _gravity(problem: Problem) -> tuple[object, ...]:
    finding = problem.finding
    undecided = finding.result is Result.OPEN
    return (not problem.blocks, -problem.level.rank, undecided, *place(finding))


def _of(verdict: Verdict) -> list[Problem]:
    blocks = verdict.blocks and verdict.outcome in _WRONG
    found = [
        _problem(verdict.gate, finding, blocks)
        for finding in verdict.findings
        if finding.state is State.NEW and finding.result is not Result.PASS
    ]
    if verdict.outcome is Outcome.ERRORED or (verdict.outcome in _WRONG and not found):
        found.append(_problem(verdict.gate, _unanswered(verdict), blocks, synthetic=True))
    return found


def _problem(gate: str, finding: Finding, blocks: bool, synthetic: bool = False) -> Problem:
    level = finding.level if blocks or finding.level is not Level.ERROR else Level.WARNING
    return Problem(gate=gate, finding=finding, blocks=blocks, level=level, synthetic=synthetic)


def _unanswered(verdict: Verdict) -> Finding:
    """What stands for a gate that failed without a finding, could not decide, or not be judged."""
    said = {
        Outcome.ERRORED: "could not be judged",
        Outcome.INCONCLUSIVE: "not decided",
        Outcome.FAILED: "failed",
    }[verdict.outcome]
    reason = f"{verdict.gate} {said}: {(verdict.reason or 'no reason was given')[:_LONGEST]}"
    level = Level.ERROR if verdict.outcome is Outcome.ERRORED else Level.WARNING
    return _stated(f"{verdict.kind}/{verdict.outcome}", reason, verdict.help, level)


def _stated(rule: str, message: str, mend: str | None, level: Level) -> Finding:
    return Finding(rule=rule, message=message, level=level, help=mend)


def rule_id(finding: Finding) -> str:
    """The finding's rule, fit to be shown: one line of at most 200 characters."""
    return line(finding.rule, 200)


def line(text: str, most: int = 500) -> str:
    """The first line of untrusted text, made plain, at most `most` characters."""
    return cut(" ".join(plain(text[: most * _ROOM]).strip().partition("\n")[0].split()), most)


def several(text: str, most: int = 2000) -> str:
    """Untrusted text of several lines, made plain, at most `most` characters."""
    return cut(plain(text[: most * _ROOM]).strip(), most)


def cut(text: str, most: int) -> str:
    """`text`, or its beginning with a mark that there is more."""
    return text if len(text) <= most else text[: most - 1] + "…"


def cell(at: Location | None) -> str:
    """`cell 3, line 2: ` where the place is one in a notebook: its lines are no lines of the file,
    so no format can point to them."""
    if at is None or at.cell is None:
        return ""
    return f"cell {at.cell}, line {at.line}: " if at.line else f"cell {at.cell}: "


def located(report: Report, finding: Finding) -> Location:
    """Where to show a finding on a surface that shows nothing without a file: what has no place of
    its own stands at the policy that asks for it. The path is fit to be shown."""
    at = finding.location
    if at is None:
        return Location(path=shown(report.policy_source or "mlgate.toml"))
    at = replace(at, path=shown(at.path))
    return at if at.cell is None else Location(path=at.path, cell=at.cell)
