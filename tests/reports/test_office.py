"""Slides and workbook, read back: the numbers are those of the tables, text is text, the bytes are the same."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pptx
import pytest
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.dml import MSO_FILL

from reports import pages
from reports.deck import NoDeckError, deck
from reports.findings import gather
from reports.slides import TITLE_POINTS, letters, title_text
from reports.tables import Tables, read
from reports.words import folded
from reports.workbook import PAPER_ROWS, NoWorkbookError, header, workbook
from sim.tables import PATIENTS, PROGRESSED_BEFORE, TABLES
from tests.reports.conftest import FORMULA, HOSTILE

Folder = Callable[[str], Path]
POINTS = '0.0%" points"'
STUDIED = ("sweep", "tornado", "morris", "prcc")


def slides(folder: Path, template: Path | None = None) -> bytes:
    tables = read(folder)
    findings = gather(tables)
    return deck(tables, findings, pages.draw(tables, findings), {}, template)


@cache
def shown(folder: Path) -> Any:
    """The deck of a folder, to be read only."""
    return pptx.Presentation(io.BytesIO(slides(folder)))


def charts_in(folder: Path) -> dict[str, Any]:
    """The native chart of each slide, by the slide's title."""
    return {
        slide.shapes.title.text_frame.text: shape.chart
        for slide in shown(folder).slides
        for shape in slide.shapes
        if shape.has_chart
    }


def values(chart: Any) -> dict[str, list[float]]:
    return {one.name: [v for v in one.values if v is not None] for one in chart.plots[0].series}


def titled(charts: dict[str, Any], words: str) -> Any:
    (found,) = [chart for title, chart in charts.items() if words in title]
    return found


def test_the_charts_of_the_deck_hold_the_numbers_of_the_tables(folder: Folder) -> None:
    charts = charts_in(folder("real"))
    assert len(charts) >= 10
    outcomes = pd.read_csv(folder("real") / "outcomes.csv")
    had = outcomes[outcomes.groupby("outcome")["estimate"].transform("max") > 0]
    found = titled(charts, "proportion lost before infusion")
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
    show = shown(folder("real"))
    assert show.slide_width / show.slide_height == pytest.approx(16 / 9, rel=1e-3)
    said = " ".join(shape.text_frame.text for shape in show.slides[0].shapes if shape.has_text_frame)
    assert "instead of" in said
    for slide in show.slides:
        notes = slide.notes_slide.notes_text_frame.text
        assert "Source: " in notes
        assert "run_sim.py compare a.yaml b.yaml" in notes
    closing = [slide for slide in show.slides if slide.shapes.title.text_frame.text == "How far to trust this"]
    last = " ".join(shape.text_frame.text for slide in closing for shape in slide.shapes if shape.has_text_frame)
    assert "Not modelled: " in last
    assert re.search("Left out, as no browser was there to draw it: (The|Among the) longest queue", last)


@pytest.mark.parametrize("name", ["real", "real_hostile", "study"])
def test_slides_have_one_size_of_title_a_number_alternative_texts_and_nothing_over_another(
    folder: Folder, name: str
) -> None:
    show = shown(folder(name))
    for slide in show.slides:
        title = slide.shapes.title
        assert {paragraph.font.size.pt for paragraph in title.text_frame.paragraphs} == {TITLE_POINTS}
        a_line = letters(title.width / 914_400, TITLE_POINTS, bold=True)
        assert len(folded(title.text_frame.text, a_line, 9)) <= 2
        shapes = list(slide.shapes)
        assert len([shape for shape in shapes if shape._element.xpath(".//a:fld[@type='slidenum']")]) == 1
        for shape in shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= show.slide_width
            assert shape.top + shape.height <= show.slide_height, shape.name
            if shape.has_chart or shape.has_table:
                assert len(shape._element.xpath("./*/p:cNvPr")[0].get("descr")) > 10
        for one, other in itertools.combinations(shapes, 2):
            beside = one.left + one.width <= other.left or other.left + other.width <= one.left
            above = one.top + one.height <= other.top or other.top + other.height <= one.top
            assert beside or above, (title.text_frame.text, one.name, other.name)


def test_bars_of_the_second_scenario_are_hatched(folder: Folder) -> None:
    clustered = (XL_CHART_TYPE.BAR_CLUSTERED, XL_CHART_TYPE.COLUMN_CLUSTERED)
    bars = [list(one.plots[0].series) for one in charts_in(folder("pair")).values() if one.chart_type in clustered]
    several = [series for series in bars if len(series) == 2]
    assert several
    for first, second in several:
        assert (first.format.fill.type, second.format.fill.type) == (MSO_FILL.SOLID, MSO_FILL.PATTERNED)


def test_a_long_title_loses_the_words_of_its_interval_first_and_is_cut_last() -> None:
    start = "With “Off the shelf” instead of “Autologous, with just enough slots for a year”, "
    told = title_text(f"{start}the mean wait is 57.5 days shorter (95% simulation interval 56.7 to 58.2)", 12.1)
    assert told == f"{start}the mean wait is 57.5 days shorter (56.7 to 58.2)"
    assert title_text("The wait is 57.5 days (95% simulation interval 56.7 to 58.2)", 12.1).endswith("56.7 to 58.2)")
    longer = f"{start}the mean wait from referral to infusion of those who are infused is 57.5 days shorter"
    assert title_text(longer, 12.1).startswith("Off the shelf: the mean wait")
    assert title_text("x " * 500, 12.1, "Waiting times") == "Waiting times"
    assert title_text("x" * 500, 12.1).endswith("\N{HORIZONTAL ELLIPSIS}")


def test_costs_stand_on_slides_with_their_numbers(folder: Folder) -> None:
    show = shown(folder("real"))
    tabled = [shape.table for slide in show.slides for shape in slide.shapes if shape.has_table]
    cells = [cell.text for table in tabled for row in table.rows for cell in row.cells]
    economics = pd.read_csv(folder("real") / "economics.csv")
    cost = economics.loc[economics["label"].str.startswith("Cost per patient"), "estimate"].iloc[0]
    assert any(f"{cost:,.0f}" in text for text in cells)


def test_the_chart_of_progression_has_the_curve_of_its_title(folder: Folder) -> None:
    show = shown(folder("real"))
    charts = [shape.chart for slide in show.slides for shape in slide.shapes if shape.has_chart]
    (found,) = [values(chart) for chart in charts if "% of referred, progressed before" in chart._chartSpace.xml]
    incidence = pd.read_csv(folder("real") / "incidence.csv")
    curve = incidence[(incidence["event"] == PROGRESSED_BEFORE) & (incidence["day"] % 7 == 0)]
    for scenario, shares in found.items():
        mine = curve.loc[curve["scenario"] == scenario, "estimate"].dropna().tolist()
        assert len(shares) > 5
        assert shares == pytest.approx(mine[: len(shares)])


def test_a_study_has_slides_too(folder: Folder) -> None:
    found = values(titled(charts_in(folder("study")), "is the cheapest that meets"))
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


def test_the_deck_names_nobody_and_a_template_keeps_its_author(folder: Folder, tmp_path: Path) -> None:
    ours = shown(folder("real")).core_properties
    title = json.loads((folder("real") / "manifest.json").read_text(encoding="utf-8"))["title"]
    assert (ours.title, ours.author, ours.last_modified_by, ours.comments) == (title, "", "", "")
    own = pptx.Presentation()
    own.core_properties.author, own.core_properties.title = "The presenter", "Board"
    own.save(tmp_path / "own.pptx")
    theirs = pptx.Presentation(io.BytesIO(slides(folder("real"), tmp_path / "own.pptx"))).core_properties
    assert (theirs.author, theirs.title) == ("The presenter", "Board")


def test_a_file_that_is_no_presentation_is_told(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "own.pptx").write_text("hello")
    with pytest.raises(NoDeckError, match=r"own\.pptx: is not a PowerPoint presentation"):
        slides(folder("real"), tmp_path / "own.pptx")


def book(folder: Path) -> bytes:
    tables = read(folder)
    return workbook(tables, gather(tables), folder)


@cache
def opened(folder: Path) -> Any:
    """The workbook of a folder, to be read only."""
    return openpyxl.load_workbook(io.BytesIO(book(folder)))


def test_the_workbook_holds_the_tables_as_numbers(folder: Folder) -> None:
    read_back = opened(folder("real"))
    assert read_back.sheetnames[:3] == ["About", "Key figures", "Charts"]
    sheet = read_back["Summary"]
    summary = pd.read_csv(folder("real") / "summary.csv")
    heads = [cell.value for cell in sheet[1]]
    assert heads[:5] == ["Scenario", "Metric", "Label", "Unit", "Estimate"]
    for row, record in zip(sheet.iter_rows(min_row=2), summary.to_dict("records"), strict=True):
        if pd.notna(record["estimate"]):
            assert row[4].value == pytest.approx(record["estimate"], rel=1e-12)
            assert row[4].number_format == ("0.0%" if record["unit"] == "share" else "#,##0.0")
        else:
            assert row[4].value is None
    apart = ("About", "Key figures", "Charts")
    assert all(one.freeze_panes == "A2" for one in read_back.worksheets if one.title not in apart)
    patients = pd.read_parquet(folder("real") / "patients.parquet")
    first = read_back["Patients, replication 0"]
    assert first.max_row - 1 == (patients["replication"] == 0).sum()
    assert "Waiting days (days)" in [cell.value for cell in first[1]]


def test_key_figures_stand_side_by_side_and_are_drawn(folder: Folder) -> None:
    read_back = opened(folder("real"))
    sheet = read_back["Key figures"]
    summary = pd.read_csv(folder("real") / "summary.csv").set_index(["scenario", "metric"])
    changes = pd.read_csv(folder("real") / "differences.csv").set_index("metric")
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=3)}
    wait = rows["Waiting days, mean"]
    for k, name in enumerate([cell.value for cell in sheet[1]][1:5:3]):
        known = summary.loc[(name, "waiting_days_mean")]
        told = [cell.value for cell in wait[1 + 3 * k : 4 + 3 * k]]
        assert told == pytest.approx([known["estimate"], known["low"], known["high"]])
    assert wait[7].value == pytest.approx(changes.loc["waiting_days_mean", "estimate"])
    assert wait[1].number_format == "#,##0.0"
    assert "0.0%" in {row[1].number_format for row in rows.values()}
    # of so short a follow-up nothing is known of one year
    assert len(read_back["Charts"]._charts) == 3


def test_differences_of_proportions_are_in_points_and_correlations_have_no_unit(folder: Folder) -> None:
    key = opened(folder("real"))["Key figures"]
    rows = {row[0].value: row for row in key.iter_rows(min_row=3)}
    infused = rows["Proportion infused"]
    assert [infused[place].number_format for place in (1, 4, 7, 8)] == ["0.0%", "0.0%", POINTS, POINTS]
    study = read(folder("study"))
    frames = {name: study[name].assign(unit="share") for name in STUDIED}
    frames["tornado"]["low_change"] = frames["tornado"]["low_estimate"] - frames["tornado"]["base_estimate"]
    shares = Tables(frames, {}, study.manifest)
    content = workbook(shares, gather(study), folder("study"))
    kinds: dict[tuple[str, str], set[str]] = {}
    for sheet in (opened(folder("real"))["Differences"], *openpyxl.load_workbook(io.BytesIO(content)).worksheets):
        heads = [cell.value for cell in sheet[1]]
        for row in sheet.iter_rows(min_row=2) if "Unit" in heads else ():
            if row[heads.index("Unit")].value == "share":
                for head, cell in zip(heads, row, strict=True):
                    if isinstance(cell.value, float):
                        kinds.setdefault((sheet.title, head.partition(" (")[0]), set()).add(cell.number_format)
    for differs in (
        ("Differences", "Estimate"),
        ("Tornado", "Low change"),
        ("Tornado", "Swing"),
        ("Morris", "Mu star"),
    ):
        assert kinds[differs] == {POINTS}, differs
    for level in (
        ("Tornado", "Base estimate"),
        ("Sweep", "High"),
        ("Differences", "Variance reduction"),
    ):
        assert kinds[level] == {"0.0%"}, level
    for bare in (("Partial rank correlation", "Low"), ("Partial rank correlation", "Prcc")):
        assert kinds[bare] == {"General"}, bare


def test_sheets_are_set_for_paper_and_their_columns_explained(folder: Folder) -> None:
    read_back = opened(folder("real"))
    notes: dict[str, set[str]] = {}
    for row in read_back["Notes"].iter_rows(min_row=2, values_only=True):
        notes.setdefault(row[0], set()).add(row[1])
        assert row[5], row
    for sheet in read_back.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        if sheet.max_row > PAPER_ROWS + 1 and sheet.title != "Notes":
            assert sheet.print_area.endswith(f"${PAPER_ROWS + 1}")
        if sheet.title in notes and sheet.title != "What differs":
            assert notes[sheet.title] == {cell.value for cell in sheet[1]}


def test_numbers_among_words_are_numbers(folder: Folder) -> None:
    read_back = opened(folder("real"))
    for name in ("Parameters", "What differs"):
        for row in read_back[name].iter_rows(min_row=2, values_only=True):
            assert not [text for text in row if isinstance(text, str) and re.fullmatch(r"-?\d+(\.\d+)?", text)]


def test_text_never_becomes_a_formula(folder: Folder) -> None:
    read_back = opened(folder("real_hostile"))
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
    sheet = opened(folder("study"))["Sweep"]
    column = [cell.value for cell in sheet[1]].index("manufacturing.lines")
    assert sheet.cell(2, column + 1).value == 4


def test_the_same_tables_give_the_same_bytes(folder: Folder) -> None:
    assert book(folder("pair")) == book(folder("pair"))
    assert slides(folder("pair")) == slides(folder("pair"))


def test_headers_carry_units() -> None:
    stock = TABLES["stock_through_time"]
    assert header("waiting_days", PATIENTS) == "Waiting days (days)"
    assert header("referral_day", PATIENTS) == "Referral day (days since the start)"
    assert header("stock_out_share_low", stock) == "Stock out share low (proportion, 0 to 1)"
    assert header("scenario", stock) == "Scenario"


def test_missing_packages_are_told(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("xlsxwriter", "pptx"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(NoWorkbookError, match="pip install XlsxWriter"):
        book(folder("pair"))
    with pytest.raises(NoDeckError, match="pip install python-pptx"):
        slides(folder("pair"))
