"""CSV files named in a scenario."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from sim.pure import distributions as d
from sim.pure import survival as s
from sim.scenario import write_resolved
from tests.scenario.writing import AUTOLOGOUS, load_text, problems, write

EMPIRICAL = AUTOLOGOUS.replace("21 d", "{empirical: days.csv}")
REFERRED = AUTOLOGOUS.replace("referrals: 4 / month", "referral_days: days.csv")
TABLE = AUTOLOGOUS.replace("waiting: {}", "waiting: {death: {table: days.csv, after: last_rate}}")


def test_durations(tmp_path: Path) -> None:
    write(tmp_path, "days\n21\n 19.5 \n1e1\n\n", "days.csv")
    assert load_text(tmp_path, EMPIRICAL).scenario.manufacturing.duration == d.Empirical((10.0, 19.5, 21.0))


@pytest.mark.parametrize("content", ["day\n8\n1\n0\n", "date\n2026-01-09\n2026-01-02\n2026-01-01\n"])
def test_referrals(tmp_path: Path, content: str) -> None:
    write(tmp_path, content, "days.csv")
    assert load_text(tmp_path, REFERRED).scenario.regions["here"].referral_days == (0.0, 1.0, 8.0)


def test_survival(tmp_path: Path) -> None:
    write(tmp_path, '\ufeffday,survival\r\n0,1\r\n"30",0.9\r\n60,0.5\r\n', "days.csv")
    table = load_text(tmp_path, TABLE).scenario.clocks.waiting.death
    assert table == s.SurvivalTable((0.0, 30.0, 60.0), (1.0, 0.9, 0.5))


@pytest.mark.parametrize(
    "content",
    ["Days\n21\n19.5\n", "days;\n21;\n19.5;\n", "DAYS,,\n21,,\n19.5,,\n", '"days"\r\n21\r\n19.5\r\n\r\n', "\ndays\n21\n19.5\n"],
)  # fmt: skip
def test_headers_as_spreadsheets_write_them(tmp_path: Path, content: str) -> None:
    write(tmp_path, content, "days.csv")
    assert load_text(tmp_path, EMPIRICAL).scenario.manufacturing.duration == d.Empirical((19.5, 21.0))


@pytest.mark.parametrize(
    "content",
    [
        "date\n2026-12-25\n2026-05-14\n2026-05-14\n",
        'Date,Name\n2026-05-14,Ascension\n2026-05-14,"May Day, moved"\n2026-12-25,\n',
    ],
)
def test_a_holiday_of_two_names_is_one(tmp_path: Path, content: str) -> None:
    write(tmp_path, content, "days.csv")
    text = AUTOLOGOUS + "calendars: {c: {days: [mon, thu, fri], holidays: days.csv}}\nwork_up: {calendar: c}\n"
    assert load_text(tmp_path, text).scenario.calendars["c"].holidays == (date(2026, 5, 14), date(2026, 12, 25))


def test_a_holiday_has_a_name_and_no_more(tmp_path: Path) -> None:
    write(tmp_path, "date,town\n2026-05-14,Bern\n", "days.csv")
    text = AUTOLOGOUS + "calendars: {c: {days: [mon, thu, fri], holidays: days.csv}}\nwork_up: {calendar: c}\n"
    assert problems(tmp_path, text) == [
        "days.csv:1: calendars.c.holidays: found the header 'date', 'town'; allowed: one column 'date' or the columns date, name"
    ]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_columns_parted_as_in_other_countries(tmp_path: Path, mark: str) -> None:
    write(tmp_path, f"Day{mark}Survival\n0{mark}1\n60{mark}0.5\n", "days.csv")
    table = load_text(tmp_path, TABLE).scenario.clocks.waiting.death
    assert table == s.SurvivalTable((0.0, 60.0), (1.0, 0.5))
    write(tmp_path, f"Day{mark}Survival\n0{mark}1\n60{mark}0,5\n", "days.csv")
    assert problems(tmp_path, TABLE) == [
        "days.csv:3: clocks.waiting.death.table: column 'survival': found '0,5'; allowed: a survival from 0 to 1; decimal comma: write 0.5"
    ]


def test_the_resolved_scenario_holds_what_was_read(tmp_path: Path) -> None:
    write(tmp_path, "days\n21\n19.5\n", "days.csv")
    loaded = load_text(tmp_path, EMPIRICAL)
    assert loaded.resolved["manufacturing"]["duration"] == {"empirical": ["19.5 d", "21 d"]}
    assert load_text(tmp_path / "elsewhere", write_resolved(loaded)).digest == loaded.digest
    write(tmp_path, "days\n21\n20\n", "days.csv")
    assert load_text(tmp_path, EMPIRICAL).digest != loaded.digest


ONE = "one column 'days'"
NUMBER = "a number of days, without a unit"


@pytest.mark.parametrize(
    ("text", "content", "messages"),
    [
        (EMPIRICAL, "", [f"1: PATH: found an empty file; allowed: {ONE}, and rows below"]),
        (EMPIRICAL, "\n\n", [f"1: PATH: found an empty file; allowed: {ONE}, and rows below"]),
        (EMPIRICAL, "days\n", ["1: PATH: found no rows below the header; allowed: one or more"]),
        (EMPIRICAL, "3\n4\n", [f"1: PATH: found the header '3'; allowed: {ONE}"]),
        (EMPIRICAL, "days,x\n3,4\n", [f"1: PATH: found the header 'days', 'x'; allowed: {ONE}"]),
        (EMPIRICAL, "days;x\n3;4\n", [f"1: PATH: found the header 'days', 'x'; allowed: {ONE}"]),
        (
            EMPIRICAL,
            "days\n3\nx\nnan\n\n-1\ninf\n1e400\n21 d\n1,2\n1_0\n",
            [
                f"3: PATH: column 'days': found 'x'; allowed: {NUMBER}",
                f"4: PATH: column 'days': found 'nan'; allowed: {NUMBER}",
                "5: PATH: found an empty row; allowed: a row with days, or none",
                f"6: PATH: column 'days': found '-1'; allowed: {NUMBER}",
                f"7: PATH: column 'days': found 'inf'; allowed: {NUMBER}",
                f"8: PATH: column 'days': found '1e400'; allowed: {NUMBER}, at most 1000000000",
                f"9: PATH: column 'days': found '21 d'; allowed: {NUMBER}",
                "10: PATH: found 2 values; allowed: 1; decimal comma: write 1.2",
                f"11: PATH: column 'days': found '1_0'; allowed: {NUMBER}",
            ],
        ),
        (REFERRED, "days\n3\n", ["1: PATH: found the header 'days'; allowed: one column 'day' or one column 'date'"]),
        (
            REFERRED,
            "date\n2026-02-30\n1/2/2026\n",
            [
                "2: PATH: column 'date': found '2026-02-30', which is no day of the calendar; allowed: a date as year-month-day, such as 2026-01-31",
                "3: PATH: column 'date': found '1/2/2026'; allowed: a date as year-month-day, such as 2026-01-31",
            ],
        ),
        (REFERRED, "date\n2026-02-01\n2025-12-31\n", ["3: PATH.1: found '2025-12-31', which is before run.start; allowed: a day from the start on"]),
        (TABLE, "day\n0\n", ["1: PATH: found the header 'day'; allowed: the columns day, survival"]),
        (TABLE, "day,survival\n0,1\n3\n4,\n", ["3: PATH: found 1 value; allowed: 2", "4: PATH: column 'survival': found an empty text; allowed: a survival from 0 to 1"]),
        (TABLE, "day,survival\n0,1\n30,0,9\n", ["3: PATH: found 3 values; allowed: 2; decimal commas: write decimals with a point"]),
        (TABLE, "day,survival\n0,1\n,\n3,0.5\n", ["3: PATH: found an empty row; allowed: a row with day and survival, or none"]),
        (TABLE, "day,survival\n0,1\n3,1.2\n", ["3: PATH: column 'survival': found '1.2'; allowed: a survival from 0 to 1"]),
        (
            TABLE,
            "day,survival\n0,0.9\n3,0.8\n2,0.7\n5,0.9\n",
            [
                "2: PATH.0: found 0 d, 0.9; allowed: a table starts at 0 d with survival 1",
                "4: PATH.2: found 2 d after 3 d; allowed: days that go up",
                "5: PATH.3: found survival 0.9 after 0.7; allowed: survival that never goes up",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file(tmp_path: Path, text: str, content: str, messages: list[str]) -> None:
    write(tmp_path, content, "days.csv")
    path = {
        EMPIRICAL: "manufacturing.duration.empirical",
        REFERRED: "regions.here.referral_days",
        TABLE: "clocks.waiting.death.table",
    }[text]
    assert problems(tmp_path, text) == [f"days.csv:{message.replace('PATH', path)}" for message in messages]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dayz.csv", "file 'dayz.csv': no such file; did you mean 'days.csv'?"),
        ("/etc/passwd", "file '/etc/passwd': is an absolute path; allowed: a path relative to this file"),
        ("../out.csv", "file '../out.csv': is outside the scenario's folder; allowed: files in that folder and below it"),
        ("link.csv", "file 'link.csv': is outside the scenario's folder; allowed: files in that folder and below it"),
        ("folder", "file 'folder': is a folder; allowed: a file"),
        ("pipe", "file 'pipe': is no ordinary file"),
        ("latin.csv", "file 'latin.csv': is not UTF-8 text (line 2); save it as UTF-8"),
        ("book.csv", "file 'book.csv': is a workbook: save the sheet as CSV (UTF-8)"),
        ("large.csv", "file 'large.csv': has 1000001 bytes; allowed: at most 1000000"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_had(tmp_path: Path, name: str, message: str) -> None:
    folder = tmp_path / "inside"
    write(tmp_path, "days\n3\n", "out.csv")
    write(folder, "days\n3\n", "days.csv")
    write(folder, b"days\n\xe9\n", "latin.csv")
    write(folder, b"1" * 1_000_001, "large.csv")
    write(folder, b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "book.csv")
    (folder / "folder").mkdir()
    os.symlink(tmp_path / "out.csv", folder / "link.csv")
    os.mkfifo(folder / "pipe")
    [found] = problems(folder, EMPIRICAL.replace("days.csv", name))
    assert found == f"mine.yaml:10: manufacturing.duration.empirical: {message}"


def test_many_faults_are_cut(tmp_path: Path) -> None:
    write(tmp_path, "days\n" + "x\n" * 300, "days.csv")
    found = problems(tmp_path, EMPIRICAL)
    assert len(found) == 51
    assert found[-1] == "days.csv:52: manufacturing.duration.empirical: 250 more problems like these"
    found = problems(tmp_path, EMPIRICAL.replace("days.csv", f"[{', '.join('x' * 300)}]"))
    assert len(found) == 51
    assert found[-1] == "mine.yaml:10: manufacturing.duration.empirical.50: 250 more problems like these"


def test_too_many_rows(tmp_path: Path) -> None:
    write(tmp_path, "days\n" + "1\n" * 20_001, "days.csv")
    assert problems(tmp_path, EMPIRICAL) == ["days.csv:20002: manufacturing.duration.empirical: more than 20000 rows"]


@pytest.mark.parametrize("content", ['days\n"1\n', "days\n" + "9" * 200_000 + "\n", 'days\n"a"b\n', "\0", "days\r1\r"])
def test_odd_files_are_read_or_refused(tmp_path: Path, content: str) -> None:
    write(tmp_path, content, "days.csv")
    assert all(found.startswith("days.csv:") for found in problems(tmp_path, EMPIRICAL))


def test_names_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    write(tmp_path, EMPIRICAL, "parts/base.yaml")
    write(tmp_path, "days\n3\n", "parts/days.csv")
    write(tmp_path, "days\n4\n", "days.csv")
    assert load_text(tmp_path, "extends: parts/base.yaml\n").scenario.manufacturing.duration == d.Empirical((3.0,))
    write(tmp_path, EMPIRICAL.replace("days.csv", "../days.csv"), "parts/base.yaml")
    assert load_text(tmp_path, "extends: parts/base.yaml\n").scenario.manufacturing.duration == d.Empirical((4.0,))


def test_errors_in_a_csv_of_a_base_name_its_folder(tmp_path: Path) -> None:
    write(tmp_path, EMPIRICAL, "parts/base.yaml")
    write(tmp_path, "days\nx\n", "parts/days.csv")
    [found] = problems(tmp_path, "extends: parts/base.yaml\n")
    assert found.startswith("parts/days.csv:2: manufacturing.duration.empirical: column 'days': found 'x'")


def test_on_the_command_line_names_are_relative_to_the_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "days\n3\n", "days.csv")
    monkeypatch.chdir("/")
    loaded = load_text(tmp_path, AUTOLOGOUS, "manufacturing.duration={empirical: days.csv}")
    assert loaded.scenario.manufacturing.duration == d.Empirical((3.0,))


def test_regions_may_be_called_like_keys(tmp_path: Path) -> None:
    text = AUTOLOGOUS.replace("  here: {centre: here,", "  table: {centre: empirical,").replace(
        "  here: {}", "  empirical: {}"
    )
    assert list(load_text(tmp_path, text).scenario.regions) == ["table"]
    [found] = problems(tmp_path, text.replace("empirical: {}", "empirical: none"))
    assert found.startswith("mine.yaml:6: centres.empirical: found 'none'; allowed: a section with the keys chairs")
