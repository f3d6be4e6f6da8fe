"""The report as OpenMetrics text 1.0, for Prometheus and GitLab's metrics report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from mlgate.core.finding import Measurement
from mlgate.core.report import Report, Verdict
from mlgate.core.text import plain
from mlgate.core.words import Level, Outcome, Result, State

_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_SIDES = {
    "": "A measured number",
    "_low": "The lower end of its interval",
    "_high": "The upper end of its interval",
    "_baseline": "What it is compared with",
}


def render(report: Report) -> str:
    """Gauges: of the run, of each gate, of each measured number; the names never change."""
    verdicts = report.verdicts
    lines = [
        *_family("mlgate_exit_code", "The exit code", [({}, report.exit_code)]),
        *_family("mlgate_duration_seconds", "The run", [({}, report.duration)], "seconds"),
        *_family("mlgate_gate_outcome", "1 for the outcome of a gate", _outcomes(verdicts)),
        *_family(
            "mlgate_gate_blocks",
            "1 if a gate counts against the exit code",
            [(_gate(verdict), float(_blocks(verdict))) for verdict in verdicts],
        ),
        *_family(
            "mlgate_gate_duration_seconds",
            "How long a gate took",
            [(_gate(verdict), verdict.duration) for verdict in verdicts],
            "seconds",
        ),
        *_family("mlgate_gate_findings", "Findings that count, by level", _findings(verdicts)),
        *_family(
            "mlgate_gate_findings_old",
            "Findings that the base has too",
            [(_gate(verdict), verdict.hidden) for verdict in verdicts],
        ),
        *_family(
            "mlgate_gate_findings_waived",
            "Findings that are accepted",
            [(_gate(verdict), verdict.waived) for verdict in verdicts],
        ),
    ]
    for side, told in _SIDES.items():
        lines += _family(f"mlgate_measurement{side}", told, _measured(verdicts, side))
    return "\n".join([*lines, "# EOF", ""])


def _family(
    name: str, told: str, samples: Iterable[tuple[dict[str, str], float]], unit: str = ""
) -> Iterator[str]:
    """A family of gauges; of samples with equal labels the first."""
    lines = [f"# TYPE {name} gauge"]
    if unit:
        lines.append(f"# UNIT {name} {unit}")
    lines.append(f"# HELP {name} {told}.")
    unique: dict[str, float] = {}
    for labels, value in samples:
        unique.setdefault(_labels(labels), value)
    if unique:
        yield from lines
        yield from (f"{name}{labels} {_number(value)}" for labels, value in unique.items())


def _labels(labels: dict[str, str]) -> str:
    parts = [f'{name}="{plain(value).translate(_QUOTED)}"' for name, value in labels.items()]
    return f"{{{','.join(parts)}}}" if parts else ""


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _gate(verdict: Verdict) -> dict[str, str]:
    return {"gate": verdict.gate, "kind": verdict.kind}


def _blocks(verdict: Verdict) -> bool:
    return verdict.blocks and verdict.outcome not in (Outcome.PASSED, Outcome.SKIPPED)


def _outcomes(verdicts: Iterable[Verdict]) -> Iterator[tuple[dict[str, str], float]]:
    for verdict in verdicts:
        for outcome in Outcome:
            yield _gate(verdict) | {"outcome": outcome.value}, float(verdict.outcome is outcome)


def _findings(verdicts: Iterable[Verdict]) -> Iterator[tuple[dict[str, str], float]]:
    for verdict in verdicts:
        found = [f for f in verdict.findings if f.state is State.NEW]
        for level in Level:
            number = sum(f.level is level and f.result is not Result.PASS for f in found)
            yield _gate(verdict) | {"level": level.value}, number


def _measured(verdicts: Iterable[Verdict], side: str) -> Iterator[tuple[dict[str, str], float]]:
    for verdict in verdicts:
        for finding in verdict.findings:
            number = finding.measurement
            value = None if number is None else _side(number, side)
            if number is not None and value is not None:
                labels = {"rule": finding.rule, "name": number.name, "slice": number.slice or ""}
                yield _gate(verdict) | labels, value


def _side(number: Measurement, side: str) -> float | None:
    sides = {"": number.value, "_low": number.low, "_high": number.high}
    return (sides | {"_baseline": number.baseline})[side]
