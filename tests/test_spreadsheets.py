"""Text that a spreadsheet would take for a formula is text everywhere, and is read back as it was."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from reports.tables import read
from run_sim import cli
from sim.tables.spreadsheets import csv_text, escaped, unescaped
from tests.experiments import SMALL

LINK = '=HYPERLINK("http://example.org","click")'
RUN = ("-q", "--engine", "simpy", "-n", "2", "--workers", "1")


@pytest.mark.parametrize("text", [LINK, "+cmd|' /C calc'!A0", "-2+3+cmd|x", "@SUM(A1)", "\t=1", "'=1", "''@x"])
def test_a_formula_is_written_as_text_and_read_back(text: str) -> None:
    table = pd.DataFrame({text: [text, "plain"], "n": [1.5, -2.0]})
    rows = list(csv.reader(io.StringIO(csv_text(table))))
    assert rows[0][0] == rows[1][0] == f"'{text}"
    assert rows[2] == ["plain", "-2.0"]
    assert unescaped(rows[1][0]) == text


@pytest.mark.parametrize("text", ["-3", "+1e5", "-inf", "plain = x", "'quoted'", "", "12 d"])
def test_numbers_and_other_text_are_left(text: str) -> None:
    table = pd.DataFrame({"a": [text]})
    assert escaped(table) is table
    assert unescaped(text) == text


@given(st.text(alphabet="'=+-@\t\rx1. ", max_size=8))
def test_every_text_is_read_back(text: str) -> None:
    assert unescaped(str(escaped(pd.DataFrame({"a": [text]})).iloc[0, 0])) == text


def test_a_scenario_called_like_a_formula_is_text_in_every_file(tmp_path: Path) -> None:
    file, other, out = tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "out"
    name = LINK.replace('"', "'")
    file.write_text(SMALL.replace("name: Small", f'name: "{name}"'), encoding="utf-8")
    other.write_text("extends: a.yaml\nname: '@B'\nmanufacturing: {lines: 4}\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["compare", str(file), str(other), *RUN, "--out", str(out), "--pptx", "--xlsx"])
    assert done.exit_code == 0, done.output
    seen = 0
    for table in out.glob("*.csv"):
        with table.open(encoding="utf-8", newline="") as opened:
            for cell in (cell for row in csv.reader(opened) for cell in row):
                seen += unescaped(cell) == name
                assert not cell.startswith(("=", "@")), table.name
    assert seen > 10
    tables = read(out)
    assert set(tables["summary"]["scenario"]) == {name, "@B"}
    assert list(tables["changes"]) == ["path", "belongs_to", name, "@B"]
    books = [out / "workbook.xlsx"]
    with zipfile.ZipFile(out / "slides.pptx") as slides:
        for part in (one for one in slides.namelist() if one.endswith(".xlsx")):
            books.append(tmp_path / Path(part).name)
            books[-1].write_bytes(slides.read(part))
    assert len(books) > 3
    shown = 0
    for book in books:
        for sheet in openpyxl.load_workbook(book).worksheets:
            for cell in (cell for row in sheet.iter_rows() for cell in row):
                assert cell.data_type != "f", f"{book.name} {sheet.title} {cell.coordinate}"
                assert cell.hyperlink is None or book.name == "workbook.xlsx"
                shown += name in str(cell.value)
    assert shown > 10
    assert CliRunner().invoke(cli, ["verify", str(out), "-q", "--engine", "simpy"]).exit_code == 0
