"""The HTML report in a real, headless Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "reporters"))

import hostile
import showcase
from pages import drawn, drawn_trend

from mlgate.reporters import html

pytestmark = pytest.mark.heavy
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = (375, 1440)
SCHEMES = ("light", "dark")
PAGES = {
    "showcase": lambda: drawn(showcase.report()),
    "trend": lambda: drawn_trend("merge", showcase.report().history),
    "hostile": lambda: html.render(hostile.report()),
    "huge": lambda: html.render(hostile.huge()),
    "long": lambda: html.render(hostile.long()),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    for name, render in PAGES.items():
        (folder / f"{name}.html").write_text(render(), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in PAGES}


@pytest.fixture(scope="module")
def axe(tmp_path_factory, request) -> Path:
    """Where it is missing its tests are skipped, and fail where nothing may be left out."""
    left_out = pytest.fail if request.config.getoption("--forbid-skipped-files") else pytest.skip
    npm = shutil.which("npm")
    if npm is None:
        left_out("there is no npm, which axe-core comes from")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--prefix", str(folder), "axe-core@4"],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        left_out(f"npm install axe-core: {done.stderr[-300:]}")
    return folder / "node_modules/axe-core/axe.min.js"


@pytest.fixture
def opened(browser, written):
    """`opened(name, width, scheme)`: a page, which at the end may have said and asked nothing."""
    said: list[str] = []
    contexts = []

    def open_page(name: str, width: int = 1440, scheme: str = "light", **more):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.on(
            "request",
            lambda request: None if request.url == written[name] else said.append(request.url),
        )
        page.goto(written[name])
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_the_screen_says_or_asks_anything(opened, name, width, scheme):
    page = opened(name, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").is_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["showcase", "trend", "hostile"])
def test_everybody_can_use_it(opened, axe, name, width, scheme):
    page = opened(name, width, scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(r => r.violations)")
    serious = [
        (one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"][:300])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_plots_show_the_right_values(opened):
    pytest.importorskip("vl_convert")
    page = opened("showcase")
    dots = page.locator('svg[aria-label^="roc_auc gain"] .role-mark path[transform]')
    places = [
        float(dots.nth(i).get_attribute("transform").split("(")[1].split(",")[0])
        for i in range(dots.count())
        if "A" in dots.nth(i).get_attribute("d")
    ]
    values = [-0.002, 0.0, -0.01, -0.02]
    assert len(places) == len(values)
    slope = (places[0] - places[3]) / (values[0] - values[3])
    for place, value in zip(places, values, strict=True):
        assert place == pytest.approx(places[0] + slope * (value - values[0]), abs=0.5)


_MARKS = "nodes => nodes.map(n => [n.getAttribute('d'), n.getAttribute('transform')])"


def marks(page, label: str, kind: str) -> list[list[tuple[float, float]]]:
    """The points of each mark of a drawing, as shares of 290 by 190 from the lower left; of a
    symbol its place, of a rectangle its upper corner and its size."""
    found = page.locator(f'svg[aria-label="{label}"] .mark-{kind}.role-mark > path')
    points = []
    for shape, moved in found.evaluate_all(_MARKS):
        pairs = re.findall(r"(-?[\d.]+(?:e-\d+)?),(-?[\d.]+(?:e-\d+)?)", moved or shape)
        points.append([(float(x) / 290, 1 - float(y) / 190) for x, y in pairs])
    return points


def test_curves_show_the_right_values(opened):
    pytest.importorskip("vl_convert")
    page = opened("showcase")
    curves = marks(page, "ROC curve", "line")
    for name in ("model", "baseline"):
        told = showcase.ROC.columns
        expected = list(zip(told["false_positive_rate"], told[name], strict=True))
        assert any(
            len(curve) == len(expected)
            and all(a == pytest.approx(b, abs=0.005) for a, b in zip(curve, expected, strict=True))
            for curve in curves
        ), name
    told = showcase.CALIBRATION.columns
    dots = [point for (point,) in marks(page, "Calibration", "symbol")]
    expected = list(zip(told["score"], told["rate"], strict=True))
    for dot, place in zip(dots, expected, strict=True):
        assert dot == pytest.approx(place, abs=0.005)


def test_bars_show_the_right_values(opened):
    pytest.importorskip("vl_convert")
    page = opened("showcase")
    told = showcase.HISTOGRAM.columns
    overlaid = [corner[1] for corner, *_ in marks(page, showcase.HISTOGRAM.title, "rect")]
    shares = [*told["reference"], *told["table"]]
    assert overlaid == pytest.approx([share / max(shares) for share in shares], abs=0.005)
    drift = page.locator('svg[aria-label^="Distance of distributions"] .layer_0_marks path')
    widths = drift.evaluate_all("nodes => nodes.map(n => n.getBBox().width)")
    assert widths[0] / widths[1] == pytest.approx(0.15 / 0.01, rel=0.01)


_DRAWING = """svg => {
    const box = e => {
        const b = e.getBBox(), m = e.getScreenCTM();
        return {left: m.a * b.x + m.e, right: m.a * (b.x + b.width) + m.e,
                top: m.d * b.y + m.f, bottom: m.d * (b.y + b.height) + m.f};
    };
    const axis = anchor => [...svg.querySelectorAll('.role-axis')].map(one => [
        [...one.querySelectorAll(`.role-axis-label text[text-anchor="${anchor}"]`)],
        [...one.querySelectorAll('.role-axis-tick line')],
    ]).filter(([texts, ticks]) => texts.length && texts.length === ticks.length)
      .flatMap(([texts, ticks]) => texts.map((text, i) => [text.textContent, box(ticks[i])]));
    const marks = {};
    for (const group of svg.querySelectorAll('.role-mark'))
        (marks[group.classList[2]] ||= []).push(...[...group.children].map(box));
    return {x: axis('middle'), y: axis('end'), marks};
}"""


class Drawing:
    """A picture as the browser laid it out, read by the numbers that stand at its axis."""

    def __init__(self, page, label: str) -> None:
        told = page.locator(f'svg[aria-label="{label}"]').evaluate(_DRAWING)
        self.marks = told["marks"]
        self.x = self._scale([(text, box["left"]) for text, box in told["x"]])
        self.y = self._scale([(text, box["top"]) for text, box in told["y"]])

    @staticmethod
    def _scale(ticks):
        """From a place on the screen to a number; a tick lies within a pixel of its own."""
        if not ticks:
            return None
        numbers = [float(text.replace("\u2212", "-")) for text, _ in ticks]
        places = [place for _, place in ticks]
        per_pixel = (numbers[-1] - numbers[0]) / (places[-1] - places[0])
        Drawing.pixel = abs(per_pixel)
        return lambda place: numbers[0] + (place - places[0]) * per_pixel

    def across(self, layer: str, *sides: str) -> list[float]:
        """Of every mark of a layer the number at the middle of `sides`."""
        boxes = self.marks.get(layer, [])
        return [self.x(sum(one[side] for side in sides) / len(sides)) for one in boxes]

    def up(self, layer: str) -> list[float]:
        """Of every mark of a layer the number at its middle."""
        return [self.y((one["top"] + one["bottom"]) / 2) for one in self.marks.get(layer, [])]


def lie_at(places: list[float], numbers: list[float], pixels: float = 1.5) -> bool:
    return places == pytest.approx(numbers, abs=pixels * Drawing.pixel)


def test_a_forest_stands_where_its_numbers_are(opened):
    pytest.importorskip("vl_convert")
    drawing = Drawing(opened("showcase"), "roc_auc gain, 4 rows, with bounds")
    values = [-0.002, 0.0, -0.01, -0.02]
    assert lie_at(drawing.across("layer_4_marks", "left", "right"), values)
    assert lie_at(drawing.across("layer_3_marks", "left"), [value - 0.01 for value in values])
    assert lie_at(drawing.across("layer_3_marks", "right"), [value + 0.01 for value in values])
    assert lie_at(drawing.across("layer_0_marks", "left", "right"), [0.0] * 4), "the baseline"
    assert lie_at(drawing.across("layer_1_marks", "left", "right"), [-0.01] * 4), "the bound"
    assert not drawing.marks.get("layer_2_marks")
    rows = [one["top"] for one in drawing.marks["layer_4_marks"]]
    assert rows == sorted(rows), "in the order of the table"


def test_null_rates_are_bars_of_their_length(opened):
    pytest.importorskip("vl_convert")
    drawing = Drawing(opened("showcase"), "Null rates, 3 rows, with bounds")
    assert lie_at(drawing.across("layer_0_marks", "left"), [0.0] * 3)
    assert lie_at(drawing.across("layer_0_marks", "right"), [0.031, 0.012, 0.0])
    assert lie_at(drawing.across("layer_2_marks", "left", "right"), [0.02] * 3), "the bound"


def test_history_shows_the_values_of_the_runs(opened):
    pytest.importorskip("vl_convert")
    drawing = Drawing(opened("showcase"), "churn: roc_auc over 5 runs")
    values = [0.852, *(0.852 + run / 99 for run in (1, 2, 3)), 0.852]
    history = showcase.report().history
    assert [run["numbers"]["churn: roc_auc"]["value"] for run in history] == pytest.approx(values)
    assert lie_at(drawing.up("layer_3_layer_1_marks"), values)
    (bound,) = drawing.marks["layer_1_marks"]
    assert lie_at([drawing.y(bound["top"]), drawing.y(bound["bottom"])], [0.85, 0.85])
    (band,) = drawing.marks["layer_0_marks"]
    assert lie_at([drawing.y(band["bottom"]), drawing.y(band["top"])], [0.83, 0.874])
    runs = [one["left"] for one in drawing.marks["layer_3_layer_1_marks"]]
    assert runs == sorted(runs), "the newest on the right"


def test_a_drawing_takes_the_colours_of_the_theme(opened):
    pytest.importorskip("vl_convert")
    found = {}
    for scheme in SCHEMES:
        page = opened("showcase", scheme=scheme)
        text = page.locator("svg text").first
        found[scheme] = text.evaluate("e => getComputedStyle(e).fill")
    assert len(set(found.values())) == 2, found


def test_the_theme_can_be_chosen_by_keyboard(opened):
    page = opened("showcase")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.locator("#theme-auto").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(paper) == light
    page.keyboard.press("ArrowRight")
    assert page.evaluate(paper) != light


def test_the_keyboard_can_skip_to_the_content(opened):
    page = opened("showcase")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.wait_for_url("**#content", timeout=5_000)
