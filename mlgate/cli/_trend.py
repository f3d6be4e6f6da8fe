"""How runs went, as text: a line of signs for each gate, a small curve for each number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlgate.core.text import counted, plain
from mlgate.core.words import Outcome
from mlgate.reporters import _past
from mlgate.reporters._style import Style, clipped, columns, lasted, padded

_NUMBERS = 20
_STEPS = "▁▂▃▄▅▆▇█"


def lines(stage: str, entries: tuple[dict[str, object], ...], style: Style) -> Iterator[str]:
    """What the runs came to, the newest on the right."""
    runs = _past.read(entries)
    newest = runs[-1]
    yield style.paint(f"{counted(len(runs), 'run')} of stage {stage}", "bold")
    span = f"{_past.at(runs[0].started)} to {_past.at(newest.started)}"
    yield style.paint(f"{span}; the last took {lasted(newest.duration)}", "dim")
    yield ""
    gates = list(dict.fromkeys(gate for run in reversed(runs) for gate in run.outcomes))
    width = min(max((columns(name) for name in [*gates, "exit code"]), default=0), 32)
    codes = {0: Outcome.PASSED, 1: Outcome.FAILED}
    whole = [codes.get(run.exit_code, Outcome.ERRORED) for run in runs]
    yield _line("exit code", [(one, True) for one in whole], width, style)
    for gate in gates:
        yield _line(gate, [_outcome(run, gate) for run in runs], width, style)
    numbers = [key for key in newest.numbers if _values(runs, key)][:_NUMBERS]
    if numbers:
        yield ""
    names = max((columns(plain(key)) for key in numbers), default=0)
    for key in numbers:
        yield _number(plain(key), _values(runs, key), min(names, 44), style)


def _outcome(run: _past.Past, gate: str) -> tuple[Outcome | None, bool]:
    """What the gate came to, and whether that is to be shown as what blocks."""
    name = run.outcomes.get(gate)
    return Outcome(name) if name else None, gate not in run.not_blocking


def _line(
    name: str, outcomes: Sequence[tuple[Outcome | None, bool]], width: int, style: Style
) -> str:
    signs = "".join(style.mark(one, blocks) if one else " " for one, blocks in outcomes)
    last, blocks = outcomes[-1]
    said = "not asked" if last is None else last.value + ("" if blocks else ", not blocking")
    return f"{padded(clipped(plain(name), width), width)}  {signs}  {style.paint(said, 'dim')}"


def _values(runs: Sequence[_past.Past], key: str) -> list[float]:
    """The number in those runs that have it; none where there is but one."""
    found = [run.numbers[key].value for run in runs if key in run.numbers]
    values = [value for value in found if value is not None]
    return values if len(values) > 1 else []


def _number(name: str, values: list[float], width: int, style: Style) -> str:
    low, high = min(values), max(values)
    scale = (len(_STEPS) - 1) / (high - low) if high > low else 0
    curve = "".join(_STEPS[round((value - low) * scale)] for value in values)
    if not style.unicode:
        curve = f"{low:.4g} .. {high:.4g}"
    arrow = "→" if style.unicode else "->"
    moved = f"{values[0]:.4g} {arrow} {values[-1]:.4g}"
    return f"{padded(clipped(name, width), width)}  {style.paint(curve, 'cyan')}  {moved}"
