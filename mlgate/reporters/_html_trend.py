"""How runs went, as a page of its own."""

from __future__ import annotations

from mlgate.core.words import Outcome
from mlgate.reporters._html_history import history
from mlgate.reporters._html_page import page
from mlgate.reporters._html_tags import tag
from mlgate.reporters._html_words import mark
from mlgate.reporters._past import at, read
from mlgate.reporters._plots import Artist, Engine

_NUMBERS = 60


def render(stage: str, entries: tuple[dict[str, object], ...], engine: Engine | None = None) -> str:
    """The page on the runs of one stage, oldest first."""
    runs = read(entries)
    passed = sum(run.exit_code == 0 for run in runs)
    newest = Outcome.FAILED if runs[-1].exit_code else Outcome.PASSED
    said = f"{passed:,} of the last {len(runs):,} runs passed, from {at(runs[0].started)} to "
    words = tag("div", tag("h1", f"Runs of stage {stage}"), tag("p", said + at(runs[-1].started)))
    top = tag(
        "header",
        tag("div", mark(newest), words, class_="headline"),
        class_=f"verdict {newest}",
    )
    artist = Artist(engine)
    body = history(entries, artist, _NUMBERS) or tag("section", tag("p", "There is but one run."))
    problem = tag("p", artist.problem, class_="reason") if artist.problem else None
    return page(f"mlgate: runs of stage {stage}", top, [problem, body], tag("p", "mlgate"))
