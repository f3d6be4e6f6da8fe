"""What gates measured: a picture with its numbers in a table beside it."""

from __future__ import annotations

from mlgate.core.finding import Figure, Finding, Measurement
from mlgate.core.report import Verdict
from mlgate.core.text import counted
from mlgate.core.words import Result, State
from mlgate.reporters import _plots_specs as specs
from mlgate.reporters._html_page import table
from mlgate.reporters._html_tags import Content, Html, joined, tag
from mlgate.reporters._html_words import number, result_mark
from mlgate.reporters._past import named
from mlgate.reporters._plots import Artist
from mlgate.reporters._plots_figures import of_figure
from mlgate.reporters._problems import line

_ROWS = 200
_DRAWN = 40
_FIGURES = 24
_POINTS = 64
_CALM = 12
"""More numbers than these, of which none asks for a look, are folded away."""
_BARS = ("drift", "data")


def measured(verdict: Verdict, artist: Artist) -> Html | None:
    """The numbers of a gate, those of one kind together; what is not met comes first."""
    found = [f for f in verdict.findings if f.measurement and f.state is not State.OLD]
    if not found:
        return None
    ranked = sorted(found, key=lambda finding: _RANKS[finding.result])
    kept = {id(finding) for finding in ranked[:_ROWS]}
    groups: dict[str, list[Finding]] = {}
    for finding in ranked if len(found) > _DRAWN else found:
        if id(finding) in kept:
            groups.setdefault(_group(verdict, finding), []).append(finding)
    left = len(found) - len(kept)
    return joined(
        tag("h3", "Numbers"),
        tag("p", _KEY, class_="aside") if verdict.kind == "model" else None,
        [_numbers(verdict, title, group, artist) for title, group in _told(verdict, groups)],
        (
            tag("p", f"and {counted(left, 'more number')} not shown here", class_="rest")
            if left > 0
            else None
        ),
    )


_KEY = (
    "A dot is the value, the bar its interval; red lines are bounds, grey ones the baseline. A "
    "slice passes unless a loss is proven, so it may be open and pass."
)
_RANKS = {Result.FAIL: 0, Result.OPEN: 1, Result.PASS: 2}
_TITLES = {
    "drift/ks": "Distance of distributions (Kolmogorov-Smirnov)",
    "drift/share": "Change of shares of categories",
    "drift/nulls": "Change of null rates",
    "drift/psi": "Population stability index",
    "data/nulls": "Null rates",
}


def _told(verdict: Verdict, groups: dict[str, list[Finding]]) -> list[tuple[str, list[Finding]]]:
    """The groups, those with a picture first; numbers that stand alone share one table."""
    if verdict.kind == "model":
        return list(groups.items())
    drawn = [(name, group) for name, group in groups.items() if _is_drawn(verdict, group)]
    alone = [f for group in groups.values() if not _is_drawn(verdict, group) for f in group]
    return [*drawn, *([("Further numbers" if drawn else "Measured", alone)] if alone else [])]


def _is_drawn(verdict: Verdict, group: list[Finding]) -> bool:
    return verdict.kind in _BARS and len(group) > 1 and group[0].rule in _TITLES


def _group(verdict: Verdict, finding: Finding) -> str:
    """What a number is drawn together with: a metric with its slices, a rule with its columns."""
    number_ = finding.measurement
    if verdict.kind in _BARS:
        return _TITLES.get(finding.rule, finding.rule)
    return line(number_.name, 80) if number_ else ""


def _label(verdict: Verdict, finding: Finding, one: Measurement) -> str:
    """What tells a number from the others of its group."""
    if verdict.kind == "model":
        return line(one.slice or "all rows", 60)
    name = named(verdict, finding)
    return line(name.partition(" ")[2] or name if verdict.kind == "drift" else name, 60)


def _numbers(verdict: Verdict, title: str, found: list[Finding], artist: Artist) -> Html:
    pairs = [(f, f.measurement) for f in found if f.measurement]
    labels = [_label(verdict, f, one) for f, one in pairs]
    drawn = list(zip(labels, pairs, strict=True))[:_DRAWN]
    rows = [specs.Row.of(label, _shows(f, one), one) for label, (f, one) in drawn]
    spec = None
    if verdict.kind == "model":
        spec = specs.forest(rows)
    elif _is_drawn(verdict, found):
        spec = specs.bars(rows)
    said = f"{title}, {counted(len(found), 'row')}, with bounds"
    plot = artist.draw(spec, said) if spec else None
    shown = _beside(title, plot, _table(title, labels, pairs))
    if len(found) <= _CALM or any(finding.result is not Result.PASS for finding in found):
        return shown
    return tag("details", tag("summary", f"{title}: all {len(found):,} within bounds"), shown)


def _table(title: str, labels: list[str], pairs: list[tuple[Finding, Measurement]]) -> Html:
    columns: list[tuple[str, list[Content]]] = [
        ("value:", [_value(one) for _, one in pairs]),
        (f"{_sure(pairs)}interval:", [_interval(one) for _, one in pairs]),
        ("bound:", [_bound(one) for _, one in pairs]),
        ("baseline:", [number(one.baseline) for _, one in pairs]),
        ("rows:", [number(one.n) for _, one in pairs]),
        ("would decide:", [number(one.needed) for _, one in pairs]),
    ]
    columns = [column for column in columns if any(column[1])]
    names: list[Content] = [
        joined(result_mark(_shows(finding, one)), tag("span", label))
        for label, (finding, one) in zip(labels, pairs, strict=True)
    ]
    rows = [list(row) for row in zip(names, *(cells for _, cells in columns), strict=True)]
    return table(title, ["what", *(name for name, _ in columns)], rows)


def _shows(finding: Finding, one: Measurement) -> Result:
    """The result; open where it passes although its interval does not lie within the bound: a slice
    is guarded, so that it passes unless a loss is proven."""
    if finding.result is not Result.PASS or one.low is None or one.high is None:
        return finding.result
    above = one.at_least is None or one.low >= one.at_least
    below = one.at_most is None or one.high <= one.at_most
    return Result.PASS if above and below else Result.OPEN


def _value(one: Measurement) -> str:
    unit = f" {line(one.unit, 20)}" if one.unit else ""
    return number(one.value) + unit if one.value is not None else "none"


def _interval(one: Measurement) -> str:
    if one.low is None or one.high is None or one.low == one.high:
        return ""
    return f"{number(one.low)} to {number(one.high)}"


def _sure(pairs: list[tuple[Finding, Measurement]]) -> str:
    """The confidence of all intervals of a table, where it is one."""
    told = {one.confidence for _, one in pairs if one.low is not None}
    sure = told.pop() if len(told) == 1 else None
    return "" if sure is None else f"{sure:.0%} "


def _bound(one: Measurement) -> str:
    bounds = (("≥", one.at_least), ("≤", one.at_most))
    return ", ".join(f"{sign} {number(bound)}" for sign, bound in bounds if bound is not None)


def _beside(title: str, plot: Html | None, numbers: Html, folded: bool = False) -> Html:
    """A picture and its table, side by side where there is room."""
    if folded:
        numbers = tag("details", tag("summary", "numbers"), numbers)
    return tag(
        "figure",
        tag("figcaption", title),
        tag("div", plot, numbers, class_="beside" if plot and not folded else "stacked"),
        class_="small" if folded else None,
    )


# -- figures ---------------------------------------------------------------------------------------


def figures(verdict: Verdict, artist: Artist) -> Html | None:
    """The curves and histograms that a gate gave along."""
    if not verdict.figures:
        return None
    shown = [_figure(figure, artist) for figure in verdict.figures[:_FIGURES]]
    left = len(verdict.figures) - len(shown)
    rest = tag("p", f"and {counted(left, 'more figure')}", class_="rest") if left else None
    return joined(tag("div", shown, class_="gallery"), rest)


def _figure(figure: Figure, artist: Artist) -> Html:
    title = line(figure.title, 120)
    columns = {line(name, 40): values for name, values in list(figure.columns.items())[:8]}
    spec = of_figure(figure)
    plot = artist.draw(spec, title) if spec else None
    longest = max((len(values) for values in columns.values()), default=0)
    step = max(1, -(-longest // _POINTS))
    rows: list[list[Content]] = [
        [number(values[i]) if i < len(values) else "" for values in columns.values()]
        for i in range(0, longest, step)
    ]
    titles = [f"{name.replace('_', ' ')}:" for name in columns]
    if not rows:
        return _beside(title, plot, joined(), folded=True)
    said = title if step == 1 else f"{title}, every {step} points"
    return _beside(title, plot, table(said, titles, rows), folded=True)
