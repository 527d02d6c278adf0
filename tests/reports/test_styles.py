"""Other styles: the same numbers, larger type, a slide's shape; images are the same bytes each time."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import reports
from reports import Wanted, pages
from reports.charts import CHARTS
from reports.export import Picture
from reports.findings import gather
from reports.gallery import gallery
from reports.images import Job, NoImagesError, images
from reports.styles import styled, untitled
from reports.tables import STUDIES, read
from reports.theme import PRINT, SCREEN, SLIDE, STYLES, WORDS_SQUEEZE
from tests.reports.validated import validated

Folder = Callable[[str], Path]


@pytest.fixture(scope="module")
def pictures(folder: Folder) -> list[Picture]:
    tables = read(folder("real"))
    return pages.draw(tables, gather(tables))


def numbers(picture: Picture) -> list[object]:
    return [(trace.get("x"), trace.get("y")) for trace in picture.figure.data]


@pytest.mark.parametrize("name", STYLES)
def test_a_style_changes_no_number(pictures: list[Picture], name: str) -> None:
    for picture in pictures:
        before = picture.json
        other = Picture(picture.name, styled(picture.figure, STYLES[name]), picture.reading, picture.table)
        assert repr(numbers(other)) == repr(numbers(picture))
        assert other.heading == picture.heading
        assert picture.json == before


def test_a_slide_is_wide_and_its_type_is_large(pictures: list[Picture]) -> None:
    for picture in pictures:
        slide, print_, screen = (validated(styled(picture.figure, style)).layout for style in (SLIDE, PRINT, SCREEN))
        of_words = picture.figure.layout["meta"]["sizes"]["squeeze"] == WORDS_SQUEEZE
        assert slide.height == 720 or (of_words and slide.height > 720), picture.name
        assert slide.template.layout.xaxis.tickfont.size >= 1.15 * 12
        assert slide.title.font.size == SLIDE.title_size
        assert print_.title.font.size < screen.title.font.size
        assert styled(picture.figure, SCREEN) is picture.figure


def test_a_picture_without_title_is_lower_by_it(pictures: list[Picture]) -> None:
    bare = untitled(pictures[0].figure)
    assert "title" not in bare.layout
    assert "title" in pictures[0].figure.layout
    assert bare.layout["height"] < pictures[0].figure.layout["height"]


def test_charts_are_written_in_the_style_and_the_report_is_not(folder: Folder) -> None:
    found: dict[str, str] = {}
    reports.write_all(folder("pair"), lambda p, text: found.update({p.name: str(text)}), Wanted(style="slide"))
    assert json.loads(found["outcomes.json"])["layout"]["height"] == 720
    plain: dict[str, str] = {}
    reports.write_all(folder("pair"), lambda p, text: plain.update({p.name: str(text)}))
    assert found["report.html"] == plain["report.html"]


@pytest.mark.usefixtures("chromium")
def test_images_are_the_same_bytes_each_time_and_hold_the_finding(pictures: list[Picture]) -> None:
    hatched = next(one for one in pictures if '"pattern"' in json.dumps(one.figure.plain()))
    jobs = [Job(one, form) for one in (pictures[0], hatched) for form in ("svg", "png", "pdf")]
    first, again = images(jobs), images(jobs)
    assert first == again
    for job, content in zip(jobs, first, strict=True):
        assert content.startswith({"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}[job.form])
    assert pictures[0].heading.split()[-1].encode() in first[0]
    assert b"CreationDate (D:2" not in first[2]
    used = set(re.findall(rb"url\(['#\"]*(drawn[0-9]+)", first[3]))
    assert used == set(re.findall(rb'<pattern id="([^"]+)"', first[3]))
    assert used


def test_without_a_browser_all_else_is_written_and_the_reason_is_told(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("BROWSER_PATH", os.fspath(tmp_path / "none"))
    found: dict[str, object] = {}
    wanted = Wanted(images=("svg",), slides=True, workbook=True)
    made = reports.write_all(folder("real"), lambda path, content: found.update({path.name: content}), wanted)
    assert {"report.html", "workbook.xlsx", "slides.pptx", "outcomes.html"} <= set(found)
    assert not [name for name in found if name.endswith(".svg")]
    (why,) = made.cannot
    assert "no Chrome, Chromium or Edge found" in why
    assert "BROWSER_PATH" in why


def test_without_kaleido_the_reason_is_told(pictures: list[Picture], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "kaleido", None)
    with pytest.raises(NoImagesError, match=r"kaleido is not installed.*pip install kaleido"):
        images([Job(pictures[0], "svg")])


@pytest.mark.slow
@pytest.mark.usefixtures("chromium")
def test_the_gallery_shows_each_chart_once_as_a_picture_beside_the_page(folder: Folder) -> None:
    folders = [folder(name) for name in ("study", "study_line", "fit", "observe")]
    made = gallery(folders, "gallery")
    drawn = [chart for chart in CHARTS if any((its / f"{chart.table}.csv").is_file() for its in folders)]
    # a forecast needs a register: tests/records/test_forecast.py draws its charts
    apart = {chart.name for chart in CHARTS if chart.table == "forecast"}
    names = [chart.name for chart in drawn]
    assert {chart.name for chart in CHARTS if chart.table in STUDIES} - apart < set(names)
    assert list(made.pictures) == [f"{name}.svg" for name in names]
    assert all(content.startswith(b"<svg") for content in made.pictures.values())
    assert re.findall(r"^!\[.+\]\(gallery/(.+)\.svg\)$", made.text, re.MULTILINE) == names
    assert all(f"\n## {chart.title}\n" in made.text for chart in drawn)
    assert "## Charts of other studies" in made.text


def test_the_gallery_of_the_documents_has_its_pictures_and_they_are_small() -> None:
    docs = Path(__file__).parents[2] / "docs"
    shown = re.findall(r"\]\((gallery/.+\.svg)\)", (docs / "gallery.md").read_text(encoding="utf-8"))
    there = sorted(f"gallery/{file.name}" for file in (docs / "gallery").iterdir())
    assert sorted(shown) == there
    assert len(shown) > 30
    assert all((docs / name).stat().st_size < 150_000 for name in shown)
