"""Reading a results folder: what is accepted, what is refused and in which words."""

from __future__ import annotations

import csv
import io
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from reports.tables import ResultsError, read


@pytest.fixture
def copy(folder: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the pair's folder, to be spoilt."""
    place = tmp_path / "results"
    shutil.copytree(folder("pair"), place)
    return place


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_all_tables_are_read(copy: Path) -> None:
    tables = read(copy)
    assert set(tables.frames) == {
        "summary",
        "differences",
        "waits",
        "incidence",
        "stages",
        "outcomes",
        "same_patients",
        "parameters",
        "changes",
    }
    assert all(name in tables for name in tables.frames)
    assert tables["summary"]["estimate"].dtype == float


@pytest.mark.parametrize("name", ["differences", "same_patients", "changes"])
def test_some_tables_may_be_absent(copy: Path, name: str) -> None:
    (copy / f"{name}.csv").unlink()
    assert name not in read(copy)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("summary.csv", "estimate", "estimated", "has no column 'estimate'"),
        ("waits.csv", "day_from", "from", "has no column 'day_from'"),
        ("outcomes.csv", "scenario,outcome", "who,what", "has no column 'scenario', 'outcome'"),
        ("manifest.json", "{", "{,", "manifest.json:1: is not JSON"),
    ],
)
def test_a_spoilt_table_is_refused(copy: Path, file: str, old: str, new: str, words: str) -> None:
    spoil(copy / file, old, new)
    with pytest.raises(ResultsError) as refused:
        read(copy)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("file", ["summary.csv", "incidence.csv", "manifest.json"])
def test_a_missing_file_is_named(copy: Path, file: str) -> None:
    (copy / file).unlink()
    with pytest.raises(ResultsError, match=f"{file}: the results folder has no such file"):
        read(copy)


def test_an_empty_file_is_no_table(copy: Path) -> None:
    (copy / "waits.csv").write_text("", encoding="utf-8")
    with pytest.raises(ResultsError, match=r"waits\.csv: is not a table"):
        read(copy)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("one,too,few", "row 3 has 3 cells, its columns are "),
        ('"never closed', "is not a table: unexpected end of data"),
    ],
)
def test_a_row_that_does_not_fit_is_told(copy: Path, row: str, words: str) -> None:
    path = copy / "waits.csv"
    head, first, *rest = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, first, row, *(rest if "few" in row else [])]) + "\n", encoding="utf-8")
    with pytest.raises(ResultsError, match=re.escape(words)):
        read(copy)


def test_two_rows_for_the_same_thing_are_refused(copy: Path) -> None:
    path = copy / "outcomes.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    with pytest.raises(
        ResultsError,
        match=r"outcomes\.csv: two rows for scenario 'Autologous, just enough slots', outcome 'infused'",
    ):
        read(copy)


def test_a_word_is_no_number(copy: Path) -> None:
    path = copy / "differences.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[0, "high"] = "many"
    table.to_csv(path, index=False)
    with pytest.raises(ResultsError, match=r"differences\.csv: high: 'many' is not a number"):
        read(copy)


def test_names_stay_text_and_empty_numbers_are_nan(copy: Path) -> None:
    for path in copy.glob("*.csv"):
        text = path.read_text(encoding="utf-8").replace('"Autologous, just enough slots"', "NA")
        path.write_text(text.replace('"Allogeneic, off the shelf"', "007"), encoding="utf-8")
    tables = read(copy)
    assert list(dict.fromkeys(tables["summary"]["scenario"])) == ["NA", "007"]
    donor = tables["summary"].query("scenario == '007' and metric == 'vein_to_vein_days_mean'")
    assert math.isnan(donor["estimate"].iloc[0])


@pytest.mark.parametrize("name", ["=cmd()", "+1x", "@a", "-", '-b, "c"'])
def test_a_spreadsheet_meets_no_formula(copy: Path, name: str) -> None:
    cell = '"' + name.replace('"', '""') + '"'
    for path in copy.glob("*.csv"):
        path.write_text(path.read_text(encoding="utf-8").replace('"Autologous, just enough slots"', cell), "utf-8")
    tables = read(copy)
    assert name in set(tables["summary"]["scenario"])
    kept = list(csv.reader(io.StringIO(tables.texts["summary"])))
    assert {row[kept[0].index("scenario")] for row in kept[1:]} == {f"'{name}", "Allogeneic, off the shelf"}


def test_the_text_of_a_table_keeps_the_digits(copy: Path) -> None:
    tables = read(copy)
    assert tables.texts["differences"] == (copy / "differences.csv").read_text(encoding="utf-8")
