"""The last runs: what each gate came to, and how the numbers moved."""

from __future__ import annotations

from mlgate.core.text import counted
from mlgate.core.words import Outcome
from mlgate.reporters import _past, _plots_specs
from mlgate.reporters._html_page import section, table
from mlgate.reporters._html_tags import Content, Html, joined, tag
from mlgate.reporters._html_words import MARKS, number
from mlgate.reporters._plots import Artist
from mlgate.reporters._problems import line
from mlgate.reporters._style import lasted

_RUNS = 30
_GATES = 60
_NUMBERS = 12


def history(
    entries: tuple[dict[str, object], ...], artist: Artist, numbers: int = _NUMBERS
) -> Html | None:
    """Nothing where this is the only run."""
    runs = _past.read(entries)[-_RUNS:]
    if len(runs) < 2:
        return None
    note = f"The last {counted(len(runs), 'run')} of this stage here, the newest on the right."
    return section(
        "History",
        _strips(runs),
        tag("div", _moved(runs, artist, numbers), class_="gallery"),
        _listed(runs),
        anchor="history",
        note=note,
    )


def _strips(runs: list[_past.Past]) -> Html:
    """A row of signs for each gate."""
    gates = list(dict.fromkeys(gate for run in reversed(runs) for gate in run.outcomes))[:_GATES]
    rows = [_strip(line(gate, 60), [_came_to(run, gate) for run in runs]) for gate in gates]
    whole = _strip("exit code", [(_whole(run.exit_code), True) for run in runs])
    return tag("ul", whole, rows, class_="strips")


def _whole(code: int) -> str:
    return {0: "passed", 1: "failed"}.get(code, "errored")


def _came_to(run: _past.Past, gate: str) -> tuple[str | None, bool]:
    """The outcome, and whether it is to be looked upon as one that blocks."""
    return run.outcomes.get(gate), gate not in run.not_blocking


def _strip(name: str, cells_of: list[tuple[str | None, bool]]) -> Html:
    cells = [_cell(one, blocks) for one, blocks in cells_of]
    words = [f"{one}{'' if blocks else ', not blocking'}" for one, blocks in cells_of if one]
    said = "; ".join(f"{words.count(one)} times {one}" for one in dict.fromkeys(words))
    newest = f"{words[-1]} last" if cells_of[-1][0] else "not asked last"
    return tag(
        "li",
        tag("span", name, class_="of"),
        tag("span", cells, class_="cells", aria_hidden="true"),
        tag("span", f"{said}; {newest}", class_="unseen"),
    )


def _cell(outcome: str | None, blocks: bool) -> Html:
    """What does not block is never red."""
    if outcome is None:
        return tag("span", "·", class_="cell absent")
    look = outcome if blocks else Outcome.INCONCLUSIVE.value
    return tag("span", MARKS[Outcome(outcome)], class_=f"cell {look}")


def _moved(runs: list[_past.Past], artist: Artist, most: int) -> list[Html]:
    """The numbers that the newest run has and an earlier one had, drawn over the runs; those that
    never changed only where none did."""
    found = []
    for key in runs[-1].numbers:
        points = [
            {
                "run": i,
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "at_least": one.at_least,
                "at_most": one.at_most,
            }
            for i, run in enumerate(runs)
            if (one := run.numbers.get(key)) is not None and one.value is not None
        ]
        if len(points) > 1:
            found.append((key, points))
    found = [one for one in found if not _still(one[1])] or found
    return [_number(line(key, 100), points, artist) for key, points in found[:most]]


def _still(points: list[dict[str, float | int | None]]) -> bool:
    return len({point["value"] for point in points}) == 1


def _number(title: str, points: list[dict[str, float | int | None]], artist: Artist) -> Html:
    first, last = points[0]["value"], points[-1]["value"]
    plot = artist.draw(_plots_specs.history(points), f"{title} over {len(points)} runs")
    rows: list[list[Content]] = [
        [f"{i - len(points) + 1}" if i + 1 < len(points) else "this", number(point["value"])]
        for i, point in enumerate(points)
    ]
    numbers = tag("details", tag("summary", "numbers"), table(title, ["run", "value:"], rows))
    change = f"{number(first)} → {number(last)}"
    caption = tag("figcaption", title, tag("span", change, class_="change"))
    return tag("figure", caption, tag("div", plot, numbers, class_="stacked"), class_="small")


def _listed(runs: list[_past.Past]) -> Html:
    rows: list[list[Content]] = [
        [_past.at(run.started), (run.commit or "")[:7], lasted(run.duration), str(run.exit_code)]
        for run in reversed(runs)
    ]
    runs_table = table("Runs", ["when", "commit", "time:", "exit code:"], rows)
    return joined(tag("details", tag("summary", "all runs in a table"), runs_table))
