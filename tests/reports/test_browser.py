"""The pages in a real browser, from disk: they draw, complain of nothing, ask for nothing, and their buttons work."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import reports
from reports import LIBRARY
from reports.export import inlined, page, part, plotly_library
from reports.findings import gather
from reports.grids import of_charts
from reports.pages import draw
from reports.tables import read
from tests.reports.browser import DRAWN, Browser

LABELS = "[...document.querySelectorAll('svg text')].map(one => one.textContent).join(' ')"


REPORTS = ("pair", "single", "six", "once", "nobody", "hostile", "real_hostile", "study")
CHART_PAGES = [
    *(("real", f"charts/{chart}.html") for chart in ("flow", "timelines")),
    *(("pair", f"charts/{chart}.html") for chart in ("waiting_times", "incidence", "stages", "outcomes", "differences",
                                                     "same_patients")),
]  # fmt: skip
# Each day the charts on a phone, and those reports that are arranged differently; the others when there is time.
ALIKE = ("single", "once", "nobody", "hostile", "study")


@pytest.mark.parametrize(
    ("name", "page", "width"),
    [
        *(pytest.param(name, "report.html", 1280, marks=[pytest.mark.slow] * (name in ALIKE)) for name in REPORTS),
        *(pytest.param(name, page, 1280, marks=pytest.mark.slow) for name, page in CHART_PAGES),
        *(pytest.param(name, "report.html", 375, marks=[pytest.mark.slow] * (name in ALIKE)) for name in REPORTS),
        *((name, page, 375) for name, page in CHART_PAGES),
    ],
)
def test_a_page_draws_and_asks_for_nothing(
    browser: Browser, disk: Callable[[str, str], Path], name: str, page: str, width: int
) -> None:
    path = disk(name, page)
    browser.open(path, width)
    browser.wait_for(DRAWN)
    assert browser.complaints == []
    assert browser.requests == [path.as_uri(), *([(path.parent / LIBRARY).as_uri()] if page != "report.html" else [])]
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert "Proportion chart" not in browser.value(
        "document.documentElement.outerHTML.replace(/<script.*?<\\/script>/gs, '')"
    )


def test_without_its_library_a_page_shows_words_image_and_numbers_and_how_to_make_one_that_travels(
    browser: Browser, folder: Callable[[str], Path], tmp_path: Path
) -> None:
    tables = read(folder("pair"))
    picture = next(one for one in draw(tables, gather(tables)) if one.name == "outcomes")
    still = inlined(b"<svg xmlns='http://www.w3.org/2000/svg' width='7' height='5'/>", "svg")
    numbers = part("grid", of_charts(tables, gather(tables))["outcomes"])
    shown = {"title": "Outcomes", "picture": picture, "numbers": numbers, "still": still}
    path = tmp_path / "outcomes.html"
    path.write_text(page("chart.html.jinja", alone=False, **shown), encoding="utf-8")
    browser.open(path)
    text = browser.value("document.querySelector('main').innerText")
    assert "run_sim.py report FOLDER --standalone" in text
    assert picture.heading in text
    assert picture.alt in text
    assert browser.value("document.querySelector('.undrawn img').naturalWidth") == 7
    assert browser.value("document.querySelector('[data-chart]').getClientRects().length") == 0
    assert browser.value("document.querySelector('.tools').getClientRects().length") == 0
    browser.value("document.querySelector('summary').click()")
    assert browser.value("document.querySelector('table').getClientRects().length") > 0
    assert not [told for told in browser.complaints if LIBRARY not in told and "ERR_FILE_NOT_FOUND" not in told]
    (tmp_path / LIBRARY).write_text(plotly_library(), encoding="utf-8")
    browser.open(path)
    browser.wait_for(DRAWN)
    assert "--standalone" not in browser.value("document.querySelector('main').innerText")


def test_a_page_that_travels_alone_draws(browser: Browser, folder: Callable[[str], Path], tmp_path: Path) -> None:
    def put(path: Path, content: str | bytes) -> None:
        if path.name == "outcomes.html":
            (tmp_path / path.name).write_text(str(content), encoding="utf-8")

    reports.write_all(folder("pair"), put, reports.Wanted(standalone=True))
    browser.open(tmp_path / "outcomes.html")
    browser.wait_for(DRAWN)
    assert browser.complaints == []
    assert browser.requests == [(tmp_path / "outcomes.html").as_uri()]


def test_no_chart_has_a_tool_bar_or_a_button_that_shares_it(browser: Browser, disk: Callable[[str, str], Path]) -> None:
    browser.open(disk("pair", "charts/outcomes.html"))
    browser.wait_for(DRAWN)
    assert browser.value("document.querySelectorAll('[data-chart] :is(a, button, input, [tabindex])').length") == 0
    words = browser.value("[...document.querySelectorAll('button')].map(one => one.textContent)")
    assert words == ["Save picture (SVG)", "Dark colours"]


def test_hostile_names_do_nothing_and_are_shown(browser: Browser, disk: Callable[[str, str], Path]) -> None:
    browser.open(disk("hostile", "report.html"))
    browser.wait_for(DRAWN)
    assert "<script>alert(1)</script>" in browser.value(LABELS)
    assert "<script>alert(1)</script>" in browser.value("document.querySelector('.finding').innerText")
    assert browser.value("[...document.querySelectorAll('svg a')].length") == 0
    assert not [method for method, _ in browser.events if method == "Page.javascriptDialogOpening"]


def downloaded(browser: Browser, folder: Path, click: str, name: str) -> str:
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.value(f"document.querySelector('{click}').click()")
    deadline = time.monotonic() + 20
    while not (folder / name).exists():
        assert time.monotonic() < deadline, f"no {name}"
        time.sleep(0.05)
    return (folder / name).read_text(encoding="utf-8-sig")


def test_downloads_work_offline_under_the_policy(
    browser: Browser, disk: Callable[[str, str], Path], folder: Callable[[str], Path], tmp_path: Path
) -> None:
    browser.open(disk("pair", "report.html"))
    browser.wait_for(DRAWN)
    table = downloaded(browser, tmp_path, 'button[data-csv="differences"]', "differences.csv")
    assert table == (folder("pair") / "differences.csv").read_text(encoding="utf-8")
    picture = downloaded(browser, tmp_path, 'button[data-picture="outcomes"]', "outcomes.svg")
    assert picture.startswith("<svg")
    assert "percentage points" in picture
    assert browser.complaints == []


def test_a_saved_picture_has_its_title(browser: Browser, disk: Callable[[str, str], Path], tmp_path: Path) -> None:
    browser.open(disk("pair", "charts/waiting_times.html"))
    browser.wait_for(DRAWN)
    button = 'button[data-picture="waiting_times"]'
    assert "days shorter" in downloaded(browser, tmp_path, button, "waiting_times.svg")


def test_a_phone_gets_its_own_arrangement(browser: Browser, disk: Callable[[str, str], Path]) -> None:
    browser.open(disk("pair", "report.html"), width=375)
    browser.wait_for(DRAWN)
    values = "document.querySelectorAll('table.key .value, table.key .within')"
    edges = f"[...{values}].map(one => one.getBoundingClientRect().right)"
    assert browser.value(f"Math.max(...{edges})") <= 375 - 15
    third = "document.querySelector('#chart-incidence').layout.xaxis3.domain[0]"
    assert browser.value(third) == 0
    browser.call("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)
    browser.wait_for(f"{third} > 0")


def test_the_animation_plays_and_follows_its_range(
    browser: Browser, folder: Callable[[str], Path], tmp_path: Path
) -> None:
    found: dict[str, str] = {}
    wanted = reports.Wanted(animation=True)
    reports.write_all(folder("real"), lambda path, text: found.update({path.name: str(text)}), wanted)
    path = tmp_path / "animation.html"
    for name in (path.name, LIBRARY):
        (tmp_path / name).write_text(found[name], encoding="utf-8")
    browser.open(path)
    browser.wait_for(DRAWN)
    said = "[...document.querySelectorAll('.textpoint text')].map(one => one.textContent.split(': ')[1])"
    total = f"{said}.filter(one => !one.endsWith('use')).reduce((sum, one) => sum + Number(one), 0)"
    assert browser.value(total) < 10
    move = "const range = document.querySelector('[data-frames]'); range.value = range.max;"
    browser.value(f"(() => {{ {move} range.dispatchEvent(new Event('input', {{bubbles: true}})); }})()")
    told = browser.value("document.querySelector('.subtitle').textContent")
    browser.wait_for(f"{total} === {2 * int(told.split(': ')[1].split()[0])}")
    # who moves the range while it plays stops it, and the button says so
    button = "document.querySelector('[data-play]')"
    browser.value(f"(() => {{ {move} range.value = 0; {button}.click(); }})()")
    assert browser.value(f"{button}.textContent") == "Pause"
    browser.value(f"(() => {{ {move} range.dispatchEvent(new Event('input', {{bubbles: true}})); }})()")
    assert browser.value(f"{button}.textContent") == "Play"
    browser.wait_for(f"{total} === {2 * int(told.split(': ')[1].split()[0])}")
    shown = "JSON.parse(document.getElementById('figure-animation').textContent).frames[2].data"
    shown += ".filter(one => one.marker).map(one => ({x: one.x}))"
    browser.value("document.querySelector('[data-play]').click()")
    browser.wait_for("document.querySelector('[data-frame]').textContent === 'day 6'")
    assert browser.value(total) == sum(len([x for x in p["x"] if x > 0]) for p in browser.value(shown)), (
        "numbers follow"
    )
    assert browser.value("document.querySelector('[data-play]').textContent") == "Pause"
    browser.value("document.querySelector('[data-play]').click()")
    assert browser.value("document.querySelector('[data-play]').textContent") == "Play"
    assert browser.complaints == []
    assert browser.requests == [path.as_uri(), (tmp_path / LIBRARY).as_uri()]


def test_one_button_opens_all_folds(browser: Browser, disk: Callable[[str, str], Path]) -> None:
    browser.open(disk("pair", "report.html"))
    browser.wait_for(DRAWN)
    opened = "document.querySelectorAll('details[open]').length"
    assert browser.value(opened) == 0
    browser.value("document.querySelector('[data-folds]').click()")
    assert browser.value(opened) == browser.value("document.querySelectorAll('details').length")


def test_the_keyboard_reaches_everything_that_can_be_used(browser: Browser, disk: Callable[[str, str], Path]) -> None:
    browser.open(disk("pair", "report.html"))
    browser.wait_for(DRAWN)
    browser.value("document.body.focus()")
    seen = []
    for _ in range(30):
        for kind in ("rawKeyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        seen.append(browser.value("document.activeElement.tagName + ' ' + document.activeElement.textContent.trim()"))
    assert seen[0] == "A To the finding"
    assert "BUTTON Expand all" in seen
    assert "SUMMARY All other figures" in seen
