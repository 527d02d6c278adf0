"""Slides and workbook, read back: the numbers are those of the tables, text is text, the bytes are the same."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pptx
import pytest

from reports import pages
from reports.deck import NoDeckError, deck
from reports.findings import gather
from reports.tables import read
from reports.workbook import NoWorkbookError, header, workbook
from sim.tables import PATIENTS, TABLES
from tests.reports.conftest import FORMULA, HOSTILE

Folder = Callable[[str], Path]


def slides(folder: Path, template: Path | None = None) -> bytes:
    tables = read(folder)
    findings = gather(tables)
    return deck(tables, findings, pages.draw(tables, findings), {}, template)


def charts_in(content: bytes) -> dict[str, Any]:
    """The native chart of each slide, by the slide's title."""
    show = pptx.Presentation(io.BytesIO(content))
    return {
        slide.shapes.title.text_frame.text: shape.chart
        for slide in show.slides
        for shape in slide.shapes
        if shape.has_chart
    }


def values(chart: Any) -> dict[str, list[float]]:
    return {one.name: [v for v in one.values if v is not None] for one in chart.plots[0].series}


def titled(charts: dict[str, Any], words: str) -> Any:
    (found,) = [chart for title, chart in charts.items() if words in title]
    return found


def test_the_charts_of_the_deck_hold_the_numbers_of_the_tables(folder: Folder) -> None:
    charts = charts_in(slides(folder("real")))
    assert len(charts) >= 10
    outcomes = pd.read_csv(folder("real") / "outcomes.csv")
    had = outcomes[outcomes.groupby("outcome")["estimate"].transform("max") > 0]
    found = titled(charts, "share lost before infusion")
    for scenario, shares in values(found).items():
        assert sorted(shares) == pytest.approx(sorted(had.loc[had["scenario"] == scenario, "estimate"]))
    assert "errBars" in found._chartSpace.xml
    stages = pd.read_csv(folder("real") / "stages.csv")
    taken = stages[stages["mean_days"] > 0.05]["mean_days"]
    series = titled(charts, "of a mean wait of").plots[0].series
    assert sum(v for one in series for v in one.values if v is not None) == pytest.approx(taken.sum())
    waits = pd.read_csv(folder("real") / "waits.csv")
    ecdf = values(titled(charts, "the median wait"))
    for scenario, shares in ecdf.items():
        mine = waits[(waits["scenario"] == scenario) & (waits["day_to"] < math.inf)]
        assert shares == pytest.approx([0.0, *mine["cumulative"]])


def test_the_deck_says_the_finding_and_its_notes_the_method_and_source(folder: Folder) -> None:
    show = pptx.Presentation(io.BytesIO(slides(folder("real"))))
    assert show.slide_width / show.slide_height == pytest.approx(16 / 9, rel=1e-3)
    said = " ".join(shape.text_frame.text for shape in show.slides[0].shapes if shape.has_text_frame)
    assert "instead of" in said
    for slide in show.slides:
        notes = slide.notes_slide.notes_text_frame.text
        assert "Source: " in notes
        assert "run_sim.py compare a.yaml b.yaml" in notes
    last = " ".join(shape.text_frame.text for shape in show.slides[-1].shapes if shape.has_text_frame)
    assert "Not modelled: " in last
    assert re.search("Left out, as no browser was there to draw it: (The|One of the) longest queue", last)


def test_a_study_has_slides_too(folder: Folder) -> None:
    found = values(titled(charts_in(slides(folder("study"))), "is the cheapest that meets"))
    table = pd.read_csv(folder("study") / "plan.csv")
    shares = [share for series in found.values() for share in series]
    assert sorted(shares) == pytest.approx(sorted(table["estimate"]))


def test_the_presenters_own_template_is_used(folder: Folder, tmp_path: Path) -> None:
    own = pptx.Presentation()
    own.slide_width, own.slide_height = 9_144_000, 6_858_000
    own.slides.add_slide(own.slide_layouts[6])
    own.save(tmp_path / "own.pptx")
    show = pptx.Presentation(io.BytesIO(slides(folder("real"), tmp_path / "own.pptx")))
    assert show.slide_width == 9_144_000
    for slide in list(show.slides)[1:]:
        assert all(shape.left + shape.width <= show.slide_width for shape in slide.shapes)


def test_a_file_that_is_no_presentation_is_told(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "own.pptx").write_text("hello")
    with pytest.raises(NoDeckError, match=r"own\.pptx: is not a PowerPoint presentation"):
        slides(folder("real"), tmp_path / "own.pptx")


def book(folder: Path) -> bytes:
    tables = read(folder)
    return workbook(tables, gather(tables), folder)


def test_the_workbook_holds_the_tables_as_numbers(folder: Folder) -> None:
    read_back = openpyxl.load_workbook(io.BytesIO(book(folder("real"))))
    assert read_back.sheetnames[:3] == ["About", "Summary", "Differences"]
    sheet = read_back["Summary"]
    summary = pd.read_csv(folder("real") / "summary.csv")
    heads = [cell.value for cell in sheet[1]]
    assert heads[:5] == ["scenario", "metric", "label", "unit", "estimate"]
    for row, record in zip(sheet.iter_rows(min_row=2), summary.to_dict("records"), strict=True):
        if pd.notna(record["estimate"]):
            assert row[4].value == pytest.approx(record["estimate"], rel=1e-12)
            assert row[4].number_format == ("0.0%" if record["unit"] == "share" else "General")
        else:
            assert row[4].value is None
    assert all(one.freeze_panes == "A2" for one in read_back.worksheets if one.title != "About")
    patients = pd.read_parquet(folder("real") / "patients.parquet")
    first = read_back["Patients, replication 0"]
    assert first.max_row - 1 == (patients["replication"] == 0).sum()
    assert "waiting_days (days)" in [cell.value for cell in first[1]]


def test_text_never_becomes_a_formula(folder: Folder) -> None:
    read_back = openpyxl.load_workbook(io.BytesIO(book(folder("real_hostile"))))
    seen = set()
    for sheet in read_back.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate)
                if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                    assert cell.quotePrefix or cell.row == 1, (sheet.title, cell.coordinate)
                    seen.add(cell.value)
    assert FORMULA in seen
    assert HOSTILE in [row[0].value for row in read_back["Summary"].iter_rows(min_row=2)]


def test_a_swept_value_is_a_number_where_all_are(folder: Folder) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(book(folder("study"))))["Sweep"]
    column = [cell.value for cell in sheet[1]].index("manufacturing.lines")
    assert sheet.cell(2, column + 1).value == 4


def test_the_same_tables_give_the_same_bytes(folder: Folder) -> None:
    assert book(folder("pair")) == book(folder("pair"))
    assert slides(folder("pair")) == slides(folder("pair"))


def test_headers_carry_units() -> None:
    stock = TABLES["stock_through_time"]
    assert header("waiting_days", PATIENTS) == "waiting_days (days)"
    assert header("referral_day", PATIENTS) == "referral_day (days since the start)"
    assert header("stock_out_share_low", stock) == "stock_out_share_low (share, 0 to 1)"
    assert header("scenario", stock) == "scenario"


def test_missing_packages_are_told(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("xlsxwriter", "pptx"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(NoWorkbookError, match="pip install XlsxWriter"):
        book(folder("pair"))
    with pytest.raises(NoDeckError, match="pip install python-pptx"):
        slides(folder("pair"))
