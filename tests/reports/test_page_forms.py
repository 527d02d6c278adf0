"""The report page in the dark, on paper, on a phone, without JavaScript, by keyboard, and as axe-core judges it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.export import inlined
from reports.findings import gather
from reports.pages import _numbers, draw
from reports.report import page_of
from reports.tables import read
from reports.theme import OUTCOMES, SCENARIOS
from tests.reports.axe import script, violations
from tests.reports.browser import DRAWN, Browser
from tests.reports.test_theme import contrast

KINDS = ("pair", "single", "study", "observe", "fit")
MOST_PAGES = 12
DARK_PAPER = "#141414"
STOPS = "a[href], button, summary, input, select, textarea, [tabindex]"


def turned(colour: str) -> str:
    """What the dark style sheet makes of a colour: `invert(0.92) hue-rotate(180deg)`, as CSS defines these filters."""
    inverted = [0.92 * 255 + (1 - 2 * 0.92) * int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    weights = (0.213, 0.715, 0.072)
    grey = sum(weight * channel for weight, channel in zip(weights, inverted, strict=True))
    # half a turn of the hue: each channel as far on the other side of the grey that is as light
    return "#" + "".join(f"{min(255, max(0, round(2 * grey - channel))):02X}" for channel in inverted)


def test_white_paper_becomes_the_paper_of_the_dark_page() -> None:
    assert turned("#FFFFFF") == DARK_PAPER


@pytest.mark.parametrize("colour", [*(one.colour for one in SCENARIOS), *OUTCOMES.values()])
def test_scenarios_and_outcomes_are_told_from_the_paper_in_the_dark(colour: str) -> None:
    light = contrast(colour, "#FFFFFF")
    assert contrast(turned(colour), DARK_PAPER) >= min(3.0, light)


def test_a_dark_device_gets_a_dark_page_and_a_button_turns_it(
    browser: Browser, disk: Callable[[str, str], Path]
) -> None:
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    chart = "getComputedStyle(document.querySelector('.plot')).filter"
    browser.emulate(dark=True)
    browser.open(disk("pair", "report.html"))
    browser.wait_for(DRAWN)
    assert browser.value(paper) == "rgb(20, 20, 20)"
    assert browser.value(chart) == "invert(0.92) hue-rotate(180deg)"
    assert browser.value("document.querySelector('[data-theme]').textContent") == "Light colours"
    browser.value("document.querySelector('[data-theme]').click()")
    assert browser.value(paper) == "rgb(255, 255, 255)"
    assert browser.value(chart) == "none"
    assert browser.value("document.querySelector('[data-theme]').textContent") == "Dark colours"


@pytest.mark.parametrize(
    "name", ["pair", "real", *(pytest.param(name, marks=pytest.mark.slow) for name in ("six", "study"))]
)
def test_a_report_prints_on_few_pages_with_every_chart_whole(
    browser: Browser, disk: Callable[[str, str], Path], name: str
) -> None:
    browser.open(disk(name, "report.html"), 1440)
    browser.wait_for(DRAWN)
    assert browser.complaints == []
    browser.call("Emulation.setEmulatedMedia", media="print")
    paper = "document.documentElement.style.width = '710px'"
    browser.value(paper)
    sizes = (
        "[...document.querySelectorAll('[data-chart]')].map(place => "
        "[place.querySelector('.main-svg').getBoundingClientRect(), place.closest('figure').getBoundingClientRect()])"
        ".map(([svg, figure]) => [svg.width, figure.height])"
    )
    # what is wider than the paper makes a browser shrink the whole of it
    tables = "[...document.querySelectorAll('table')].filter(one => one.getClientRects().length)"
    assert browser.value(f"Math.max(0, ...{tables}.map(one => one.getBoundingClientRect().width))") <= 711
    for width, height in browser.value(sizes):
        assert width <= 711
        assert height <= 1038  # of A4 less its margins: what may not be broken and fits is whole
    pages = len(re.findall(rb"/Type\s*/Page\b", browser.printed()))
    assert pages <= MOST_PAGES


def test_paper_is_light_whatever_the_screen(browser: Browser, disk: Callable[[str, str], Path]) -> None:
    browser.emulate(dark=True)
    browser.open(disk("pair", "report.html"))
    browser.value("document.querySelector('[data-theme]').click(); document.querySelector('[data-theme]').click()")
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.value("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("drawn", [True, False])
def test_without_javascript_there_are_images_or_words_and_the_numbers(
    browser: Browser, folder: Callable[[str], Path], tmp_path: Path, drawn: bool
) -> None:
    tables = read(folder("pair"))
    findings = gather(tables)
    pictures = draw(tables, findings)
    image = inlined(b"<svg xmlns='http://www.w3.org/2000/svg' width='1100' height='5'/>", "svg")
    stills = {one.name: image for one in pictures} if drawn else {}
    path = tmp_path / "report.html"
    path.write_text(page_of(tables, findings, pictures, _numbers(tables, findings), stills), encoding="utf-8")
    browser.emulate(scripts=False)
    browser.open(path)
    assert browser.value("document.querySelectorAll('img.still').length") == len(stills)
    assert browser.value("[...document.querySelectorAll('img.still')].every(one => one.alt && one.naturalWidth)")
    text = browser.value("document.querySelector('main').innerText")
    assert all((one.alt in text) == (not drawn) for one in pictures)
    assert ("--image svg" in text) == (not drawn)
    # no empty place for a drawing, no button that does nothing, and the tables open
    assert browser.value("[...document.querySelectorAll('.plot, .tools')].every(one => !one.getClientRects().length)")
    assert browser.value("document.querySelectorAll('details table').length") >= len(pictures)


def test_the_keyboard_stops_only_where_something_is_seen(browser: Browser, disk: Callable[[str, str], Path]) -> None:
    browser.open(disk("pair", "report.html"))
    browser.wait_for(DRAWN)
    browser.value("document.querySelector('[data-folds]').click()")
    hidden = (
        f"[...document.querySelectorAll('{STOPS}')].filter(one => one.tabIndex >= 0 && !one.matches('.skip') && "
        "(!one.getClientRects().length || getComputedStyle(one).visibility !== 'visible' || "
        "getComputedStyle(one).opacity === '0')).map(one => one.outerHTML)"
    )
    assert browser.value(hidden) == []
    assert browser.value(f"[...document.querySelectorAll('{STOPS}')].filter(one => one.tabIndex > 0).length") == 0


@pytest.fixture(scope="session")
def axe() -> str:
    found = script()
    if found is None:
        pytest.skip("axe-core is not installed: pip install axe-core-python")
    return found


def judged(browser: Browser, axe: str) -> list[list[str]]:
    """What axe-core finds on the page with every fold open: rule, impact and the first place of each."""
    browser.value("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    assert browser.value("document.querySelectorAll('[data-chart] :is(a, button, input, [tabindex])').length") == 0
    # rows that repeat those above them, and the insides of drawings, which nothing can be focused in, cost minutes
    browser.value(
        "document.querySelectorAll('tbody').forEach(one => [...one.rows].slice(3).forEach(row => row.remove()))"
    )
    browser.value("document.querySelectorAll('[data-chart]').forEach(place => place.replaceChildren())")
    return violations(browser, axe)


@pytest.mark.parametrize(
    ("name", "dark", "width"),
    [
        ("pair", True, 1280),
        ("observe", False, 390),
        *(
            pytest.param(name, dark, 1280, marks=pytest.mark.slow)
            for name in KINDS
            for dark in (False, True)
            if (name, dark) != ("pair", True)
        ),
    ],
)
def test_axe_finds_nothing_on_a_report_with_everything_opened(
    browser: Browser, disk: Callable[[str, str], Path], axe: str, name: str, dark: bool, width: int
) -> None:
    browser.emulate(dark=dark)
    browser.open(disk(name, "report.html"), width)
    browser.wait_for(DRAWN)
    assert judged(browser, axe) == []
