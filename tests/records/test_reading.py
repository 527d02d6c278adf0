"""Reading a register: every kind of file comes to the same records, and what is doubtful is told and not used.

Longer than 400 lines because each kind of file and of doubtful row stands with its message.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel

from run_sim import cli
from sim.records.cells import Form
from sim.records.dates import FORMATS, guess_formats, in_words, read_dates
from sim.records.faults import RecordsError
from sim.records.guess import describe
from sim.records.raw import read_raw
from sim.records.reader import silent_end
from sim.records.value import MILESTONES, date_of
from sim.scenario import ScenarioError
from tests.records.registers import (
    AS_EVENTS,
    COLUMNS,
    PATIENTS,
    described,
    events,
    expected,
    frame,
    read,
    told,
    with_macros,
    xes,
)


@pytest.mark.parametrize("separator", ["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_files(tmp_path: Path, separator: str, encoding: str) -> None:
    sign = {"comma": ",", "semicolon": ";", "tab": "\t"}[separator]
    frame("%d.%m.%Y").to_csv(tmp_path / "r.csv", index=False, sep=sign, encoding=encoding)
    reading = read(described(tmp_path, "r.csv", "%d.%m.%Y", encoding, separator))
    assert told(reading) == expected()
    assert reading.faults == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encoding_and_separator_are_guessed(tmp_path: Path, encoding: str) -> None:
    whole = frame("%d.%m.%Y").rename(columns={"Region": "Zuständigkeit für Überweisung, Größe"})
    whole.to_csv(tmp_path / "r.csv", index=False, sep=";", encoding=encoding)
    text = describe(tmp_path / "r.csv")
    assert "separator: semicolon" in text
    assert "Zuständigkeit für Überweisung, Größe" in text


def test_workbook_and_parquet(tmp_path: Path) -> None:
    whole = frame()
    typed = whole.assign(**{name: pd.to_datetime(whole[name]) for name in COLUMNS[1:6]})
    typed.to_excel(tmp_path / "r.xlsx", index=False)
    typed.to_parquet(tmp_path / "r.parquet")
    assert told(read(described(tmp_path, "r.xlsx"))) == expected()
    assert told(read(described(tmp_path, "r.parquet"))) == expected()


def test_events_with_times_of_day_keep_the_local_date(tmp_path: Path) -> None:
    events().to_csv(tmp_path / "r.csv", index=False)
    (tmp_path / "r.xes").write_text(xes(), encoding="utf-8")
    path = tmp_path / "register.yaml"
    path.write_text(
        AS_EVENTS.format(file="r.csv", case="Case", activity="Activity", time="Time", region="Region"), encoding="utf-8"
    )
    assert told(read(path)) == expected()
    (tmp_path / "r.xes.gz").write_bytes(gzip.compress((tmp_path / "r.xes").read_bytes()))
    for file in ("r.xes", "r.xes.gz"):
        text = AS_EVENTS.format(file=file, case='"case:concept:name"', activity='"concept:name"', time="time:timestamp",
                                region='"case:region"')  # fmt: skip
        path.write_text(text, encoding="utf-8")
        assert told(read(path)) == expected()


def packed(content: bytes) -> bytes:
    """The same bytes in every process that collects these tests."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("r.xes.gz", packed(xes().encode())[:-20], "cannot be unpacked with gzip"),
        ("r.xes.gz", packed(xes().encode())[:-8] + bytes(8), "cannot be unpacked with gzip"),
        ("r.xes.gz", packed(b"<log>" + b" " * 5000), "unpacks to more than 4000 bytes"),
        ("r.xes.gz", packed(b"<!DOCTYPE log><log/>"), "document type"),
        ("r.xes.gz", packed(b"<log"), "cannot be read as XES"),
        ("r.csv.gz", packed(b"a,b"), r"ends in '.csv.gz'; allowed: .*\.xes\.gz; unpack it"),
    ],
)
def test_packed_files_that_are_not_read_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, said: str
) -> None:
    monkeypatch.setattr("sim.records.xes.MOST_BYTES", 4000)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordsError, match=said) as error:
        read_raw(tmp_path / name, Form())
    assert "\n" not in str(error.value)


def test_a_packed_log_is_described_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "r.xes").write_text(xes(), encoding="utf-8")
    (tmp_path / "r.xes.gz").write_bytes(gzip.compress(xes().encode(), mtime=0))
    assert describe(tmp_path / "r.xes.gz").replace("r.xes.gz", "r.xes") == describe(tmp_path / "r.xes")


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_reads_what_it_writes(form: str) -> None:
    days = [pd.Timestamp("2025-01-31"), pd.Timestamp("2024-02-29"), pd.Timestamp("2026-11-05")]
    texts = [str((d - pd.Timestamp("1899-12-30")).days) if form == "serial" else d.strftime(form) for d in days]
    read_back = read_dates(pd.Series([f"{texts[0]} 14:30", *texts[1:], ""]), [form])
    assert [date_of(day) for day in read_back.days[:3]] == [d.date() for d in days]
    assert np.isnan(read_back.days[3])
    assert list(read_back.fault) == [""] * 4


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (("3. März 2026", "12. Jänner 2026", "31. Oktober 2026", "1. Mai 2026"), "%d. %B %Y"),
        (("3 mars 2026", "12 janvier 2026", "31 août 2026", "1 décembre 2026"), "%d %B %Y"),
        (("3-Mrz-26", "12-Jan-26", "31-Okt-26", "1-Dez-26"), "%d-%b-%y"),
        (("3 févr. 2026", "12 avr. 2026", "31 juil. 2026", "1 déc. 2026 14:05"), "%d %b %Y"),
        (("3. Sept. 2026", "12. Feb. 2026", "31. Okt. 2026", "1. Dez. 2026"), "%d. %b %Y"),
        (("3.Mrz.2026", "12.Okt.2026", "31.Dez.2026", "1.Mai.2026"), "%d.%b.%Y"),
    ],
)
def test_months_by_their_german_and_french_names(cells: Sequence[str], form: str) -> None:
    column = pd.Series(cells)
    assert guess_formats(column).formats == (form,)
    read_ones = read_dates(column, [form])
    assert not any(read_ones.fault)
    assert [date_of(day).day for day in read_ones.days] == [3, 12, 31, 1]
    months = {"%d. %B %Y": [3, 1, 10, 5], "%d %B %Y": [3, 1, 8, 12], "%d-%b-%y": [3, 1, 10, 12],
              "%d %b %Y": [2, 4, 7, 12], "%d. %b %Y": [9, 2, 10, 12], "%d.%b.%Y": [3, 10, 12, 5]}  # fmt: skip
    assert [date_of(day).month for day in read_ones.days] == months[form]
    assert read_dates(pd.Series(["3. Brumaire 2026"]), [form]).fault.tolist() == ["unreadable"]


def test_the_order_of_day_and_month_is_told_by_evidence_alone() -> None:
    clear = guess_formats(pd.Series(["13/02/2026", "01/02/2026", "03/03/2026"]))
    assert clear.formats == ("%d/%m/%Y",)
    assert clear.evidence == "3 of 3 read as day/month/year (1 of them in no other order)"
    assert guess_formats(pd.Series(["01/02/2026", "03/03/2026"])).formats == ()
    both = guess_formats(pd.Series(["13/02/2026", "02/13/2026", "01/02/2026"]))
    assert both.formats == ()
    assert "1 can only be day/month/year and 1 only month/day/year" in both.evidence
    assert in_words("%d. %B %Y") == "day. month by its name year"


def test_a_cell_that_two_stated_formats_read_differently_is_a_fault() -> None:
    read_back = read_dates(pd.Series(["01/02/2026", "13/02/2026", "03/03/2026"]), ["%d/%m/%Y", "%m/%d/%Y"])
    assert list(read_back.fault) == ["ambiguous", "", ""]


def changed(**cells: tuple[int, str]) -> Sequence[Sequence[str]]:
    """The patients with single cells changed: column=(patient, cell)."""
    rows = [list(row) for row in PATIENTS]
    for column, (patient, cell) in cells.items():
        rows[patient][COLUMNS.index(column)] = cell
    return rows


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"Infusion": (0, "2025-02-01")}, (2, "Infusion", "order")),
        ({"Death": (1, "2025-01-10")}, (3, "Listing", "order")),
        ({"Apheresis": (2, "2025-05-01")}, (4, "Apheresis", "after as_of")),
        ({"Referral": (3, "1925-03-30")}, (5, "Referral", "implausible")),
        ({"Referral": (3, "")}, (5, "Referral", "no referral")),
        ({"Patient": (3, "")}, (5, "Patient", "no id")),
    ],
)
def test_a_doubtful_row_is_listed_and_not_used(
    tmp_path: Path, cells: dict[str, tuple[int, str]], fault: tuple[int, str, str]
) -> None:
    frame(patients=changed(**cells)).to_csv(tmp_path / "r.csv", index=False)
    reading = read(described(tmp_path, "r.csv"))
    assert [(f.row, f.column, f.kind) for f in reading.faults] == [fault]
    assert len(reading.records) == 3
    assert fault[0] not in reading.records.row


def test_of_a_patient_who_stands_there_twice_neither_row_is_used_and_one_referral_counts(tmp_path: Path) -> None:
    frame(patients=changed(Patient=(3, "Ada"))).to_csv(tmp_path / "r.csv", index=False)
    reading = read(described(tmp_path, "r.csv"))
    assert [(f.row, f.kind) for f in reading.faults] == [(2, "duplicate"), (5, "duplicate")]
    assert list(reading.records.row) == [3, 4]
    assert len(reading.referred.day) == 3


def test_unreadable_and_ragged_rows_keep_the_numbers_of_the_others(tmp_path: Path) -> None:
    lines = frame().to_csv(index=False).splitlines()
    lines[2:2] = ["", "Eve,2025-01-01,too,many,cells,in,this,row", "Fay,2025-01-32,,,,,coast"]
    (tmp_path / "r.csv").write_text("\n".join(lines), encoding="utf-8")
    reading = read(described(tmp_path, "r.csv"))
    assert [(f.row, f.kind) for f in reading.faults] == [(4, "broken"), (5, "unreadable")]
    assert list(reading.records.row) == [2, 6, 7, 8]


def test_mixed_units_of_the_stay(tmp_path: Path) -> None:
    rows = [[*row, stay] for row, stay in zip(PATIENTS, ["14", "2 wk", "", "x"], strict=True)]
    pd.DataFrame(rows, columns=[*COLUMNS, "LOS"]).to_csv(tmp_path / "r.csv", index=False)
    path = described(tmp_path, "r.csv")
    text = path.read_text(encoding="utf-8").replace("as_of: 2025-04-30", "as_of: 2025-06-30")
    path.write_text(text + "stay: {column: LOS, unit: d}\n", encoding="utf-8")
    reading = read(path)
    assert [(f.row, f.kind) for f in reading.faults] == [(3, "mixed units"), (5, "unreadable")]
    r = reading.records
    assert (r.day("discharge") - r.day("infusion"))[0] == 14.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("milestones: {referral: Referral, ", "milestones: {"),
            "milestones.referral: required (every clock and wait counts",
        ),
        (("included_at: referral\n", "included_at: discharge\n"), "allowed: referral | listing | apheresis | infusion"),
        (('dates: ["%Y-%m-%d"]\n', ""), "no format is stated for the dates of column 'Referral'"),
        (('"%Y-%m-%d"', '"%Y-%m"'), "dates.0: found '%Y-%m'; allowed: day, month and year"),
        (("infusion: Infusion", "infusoin: Infusion"), "unknown key; did you mean 'infusion'?"),
        (("died: Death", "dead: Death"), "is no end of a path"),
        (("as_of: 2025-04-30", "as_of: 30.04.2025"), "allowed: a date as year-month-day"),
        (("encoding: utf-8", "encoding: utf-9"), "which is no encoding"),
    ],
)
def test_what_is_wrong_with_a_description_is_told_with_its_line(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    frame().to_csv(tmp_path / "r.csv", index=False)
    path = described(tmp_path, "r.csv")
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        read(path)
    assert said in str(error.value)
    assert str(error.value).startswith(f"{path}:")


def test_files_that_are_not_read_say_why_in_one_line(tmp_path: Path) -> None:
    whole = frame()
    whole.to_excel(tmp_path / "macros.xlsx", index=False)
    with_macros(tmp_path / "macros.xlsx")
    (tmp_path / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600)
    (tmp_path / "a.xlsm").write_bytes(b"PK")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    (tmp_path / "entity.xes").write_text("<!DOCTYPE log [<!ENTITY a 'b'>]><log/>", encoding="utf-8")
    for file, said in {
        "macros.xlsx": "holds macros",
        "locked.xlsx": "is encrypted",
        "a.xlsm": "workbook with macros",
        "empty.csv": "is empty",
        "entity.xes": "document type",
        "none.csv": "no such file",
    }.items():
        with pytest.raises(RecordsError, match=said) as error:
            read(described(tmp_path, file))
        assert "\n" not in str(error.value)


def test_formulas_are_told_and_their_stored_values_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [COLUMNS, *PATIENTS, ("Gil", "2025-03-01", "=B6", "", "", "", "north")]:
        sheet.append(list(row))
    book.save(tmp_path / "r.xlsx")
    reading = read(described(tmp_path, "r.xlsx"))
    assert any("1 cells are formulas" in note and "for 1 of these none is stored" in note for note in reading.notes)
    assert len(reading.records) == 5


def test_a_description_is_written_with_evidence_and_is_read_as_it_stands(tmp_path: Path) -> None:
    frame("%d.%m.%Y").to_csv(tmp_path / "r.csv", index=False, sep=";", encoding="utf-8-sig")
    done = CliRunner().invoke(cli, ["records", "new", str(tmp_path / "r.csv")])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "register.yaml").read_text(encoding="utf-8")
    assert 'referral: {column: Referral, dates: ["%d.%m.%Y"]}    # 4 of 4 read as day.month.year' in text
    assert not any(row[0] in text for row in PATIENTS)
    assert told(read(tmp_path / "register.yaml")) | {"region": None} == expected() | {"region": None}
    again = CliRunner().invoke(cli, ["records", "new", str(tmp_path / "r.csv")])
    assert (again.exit_code, "exists already" in again.output) == (2, True)
    assert (tmp_path / "register.yaml").read_text(encoding="utf-8") == text


def test_an_event_log_is_described_too(tmp_path: Path) -> None:
    events().to_csv(tmp_path / "r.csv", index=False)
    (tmp_path / "register.yaml").write_text(describe(tmp_path / "r.csv"), encoding="utf-8")
    found = told(read(tmp_path / "register.yaml"))
    assert found == expected()


def test_no_identity_leaves_the_reader(tmp_path: Path) -> None:
    frame(patients=changed(Death=(1, "2025-01-10"))).to_csv(tmp_path / "r.csv", index=False)
    path, out = described(tmp_path, "r.csv"), tmp_path / "out"
    done = CliRunner().invoke(cli, ["records", "check", str(path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    with (out / "records_faults.csv").open(encoding="utf-8", newline="") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ["3"]
    written = "".join(file.read_text(encoding="utf-8") for file in out.iterdir()) + done.output
    assert not any(row[0] in written for row in PATIENTS)
    reading = read(path)
    assert not any(row[0] in repr(vars(reading.records)) for row in PATIENTS)


def test_in_view_from_inclusion_or_the_beginning_of_the_register(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "r.csv", index=False)
    path = described(tmp_path, "r.csv")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("included_at: referral", "since: 2025-02-01\nincluded_at: listing"), encoding="utf-8")
    reading = read(path)
    assert [(f.row, f.kind) for f in reading.faults] == [(5, "not included")]
    assert [date_of(day).isoformat() for day in reading.records.entered] == ["2025-02-01", "2025-02-01", "2025-02-28"]
    path.write_text(text.replace("included_at", "since: 2025-03-01\nincluded_at"), encoding="utf-8")
    assert [(f.row, f.kind) for f in read(path).faults] == [(3, "before since")]


def test_every_milestone_has_words_to_know_it_by() -> None:
    from sim.records.guess import WORDS

    assert set(MILESTONES) <= set(WORDS)


def test_lines_that_end_in_a_carriage_return_alone_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_bytes(frame().to_csv(index=False, sep=";").replace("\n", "\r").encode())
    with pytest.raises(RecordsError, match=r"its lines end in a carriage return alone, .* save it as CSV UTF-8"):
        describe(tmp_path / "register.csv")


def test_a_quotation_mark_that_is_not_closed_loses_nobody_in_silence(tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    lines = frame().to_csv(index=False, sep=";").splitlines()
    for wrong in ([lines[0], lines[1], f'"{lines[2]}', *lines[3:]],
                  [lines[0], f'"{lines[1]}', lines[2], f'"{lines[3]}', *lines[4:]]):  # fmt: skip
        file.write_text("\n".join(wrong) + "\n", encoding="utf-8")
        with pytest.raises(RecordsError, match=r"a quotation mark is opened and not closed, so that \d lines are read"):
            read(described(tmp_path, "register.csv", separator="semicolon"))


def test_lines_that_a_remark_swallows_are_told_though_nobody_reads_remarks(tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    whole = pd.concat([frame()] * 4, ignore_index=True).assign(Remark="well")
    lines = whole.to_csv(index=False, sep=";").splitlines()
    lines[2], lines[5] = lines[2].replace(";well", ';"well'), lines[5].replace(";well", ';"well" again')
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(RecordsError, match=r"csv:3: a quotation mark is opened and not closed, so that 4 lines"):
        read_raw(file, Form("utf-8", "semicolon"), ["Patient"])


def test_a_remark_of_several_lines_is_one_cell(tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    whole = frame().assign(Remark="seen on Monday;\nno fever; to be called")
    whole.to_csv(file, index=False, sep=";")
    for wanted in (None, ["Patient"]):
        assert len(read_raw(file, Form("utf-8", "semicolon"), wanted).row) == len(whole)


def test_a_date_far_in_the_future_is_no_guess_of_the_day_of_the_extract(tmp_path: Path) -> None:
    whole = frame()
    whole.loc[0, "Infusion"] = "2099-04-25"
    whole.to_csv(tmp_path / "register.csv", index=False)
    done = CliRunner().invoke(cli, ["records", "new", str(tmp_path / "register.csv")])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "register.yaml").read_text(encoding="utf-8")
    assert "# as_of: 2099-04-25    # no guess: " in text
    assert "\nas_of:" not in text


def test_marks_of_no_date_are_stated_and_no_fault(tmp_path: Path) -> None:
    rows = [
        f"P{k};{1 + k:02d}.01.2025;{'05.03.2025' if k % 4 == 0 else ('-', 'k.A.', 'n/a')[k % 3]}" for k in range(20)
    ]
    (tmp_path / "r.csv").write_text("\n".join(["Patient;Zuweisung;Infusion", *rows]), encoding="utf-8")
    text = describe(tmp_path / "r.csv")
    (line,) = [line for line in text.splitlines() if line.startswith("empty: ")]
    assert all(f'"{mark}"' in line for mark in ("-", "k.A.", "n/a"))
    (tmp_path / "register.yaml").write_text(text, encoding="utf-8")
    reading = read(tmp_path / "register.yaml")
    assert (len(reading.records), reading.faults) == (20, ())
    assert int(np.isfinite(reading.records.day("infusion")).sum()) == 5
    # what is not stated stays a fault
    (tmp_path / "register.yaml").write_text(text.replace('"k.A.", ', "").replace(', "k.A."', ""), encoding="utf-8")
    assert {fault.kind for fault in read(tmp_path / "register.yaml").faults} == {"unreadable"}


def test_ids_that_differ_by_capitals_are_one_patient(tmp_path: Path) -> None:
    whole = frame()
    whole.loc[len(whole)] = {**whole.iloc[0].to_dict(), COLUMNS[0]: str(whole.iloc[0][COLUMNS[0]]).swapcase()}
    whole.to_csv(tmp_path / "r.csv", index=False)
    faults = read(described(tmp_path, "r.csv", "%Y-%m-%d", "utf-8", "comma")).faults
    assert [fault.kind for fault in faults] == ["duplicate", "duplicate"]


def spanish(patients: pd.DataFrame) -> list[list[str]]:
    """Rows of a sheet as they are exported: two rows of titles, Spanish names, and the patients."""
    names = ["NHC", "Fecha de derivación", "Inclusión en lista", "Leucaféresis", "Infusión", "Fallecimiento"]
    width = len(names)
    rows = [["Registro CAR-T"] + [""] * (width - 1), ["Extracción", "30/04/2025"] + [""] * (width - 2), names]
    return rows + patients.drop(columns="Region").to_numpy().tolist()


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_titles_above_the_table_are_no_names_of_columns(tmp_path: Path, kind: str) -> None:
    file, rows = tmp_path / f"register.{kind}", spanish(frame("%d.%m.%Y"))
    if kind == "csv":
        file.write_text("\n".join(";".join(row) for row in rows), encoding="utf-8")
    else:
        pd.DataFrame(rows).to_excel(file, index=False, header=False)
    text = describe(file)
    assert "header: 3 " in text
    for line in ("referral: {column: \"Fecha de derivación\"", "apheresis: {column: \"Leucaféresis\"",
                 "died: {column: Fallecimiento", "id: NHC"):  # fmt: skip
        assert line in text, text
    path = tmp_path / "register.yaml"
    path.write_text(text, encoding="utf-8")
    reading = read(path)
    assert reading.records.row.tolist() == [4, 5, 6, 7]
    assert told(reading)["infusion"] == expected()["infusion"]


def test_of_a_case_infused_on_several_days_the_first_course_counts(tmp_path: Path) -> None:
    """And of a case infused once, what comes in the wrong order stays a fault."""
    file = tmp_path / "register.csv"
    more = [
        ("Ada", "Apheresis", "2025-04-27", "north"), ("Ada", "Infusion", "2025-04-29", "north"),
        ("Cem", "Infusion", "2025-03-20", "coast"),
    ]  # fmt: skip
    whole = pd.concat([events(), pd.DataFrame(more, columns=["Case", "Activity", "Time", "Region"])])
    whole.to_csv(file, index=False)
    path = tmp_path / "register.yaml"
    described_as = AS_EVENTS.format(file=file.name, case="Case", activity="Activity", time="Time", region="Region")
    path.write_text(described_as, encoding="utf-8")
    reading = read(path)
    assert told(reading)["infusion"][0] == expected()["infusion"][0]
    assert "fewer than 5 cases were infused on several days: the first course counts" in reading.notes
    assert [(fault.row, fault.kind) for fault in reading.faults] == [(9, "order")]


def test_of_several_names_of_progression_the_surest_is_it(tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    whole = events().replace({"Activity": {"Death": "Progressed, off path", "Listing": "Progression"}})
    whole.to_csv(file, index=False)
    text = describe(file)
    assert "Progression: progression " in text
    assert '"Progressed, off path": progressed ' in text


@pytest.mark.parametrize(
    ("as_of", "months"), [("2025-04-05", 0), ("2025-05-20", 0), ("2025-08-01", 4), ("2026-04-05", 12)]
)
def test_a_register_that_ends_in_silence_is_told(tmp_path: Path, as_of: str, months: int) -> None:
    days = pd.date_range("2024-04-01", "2025-04-01", freq="3D")
    rows = pd.DataFrame({"Patient": [f"P{k}" for k in range(len(days))], "Referral": days.strftime("%Y-%m-%d")})
    rows.to_csv(tmp_path / "r.csv", index=False)
    path = tmp_path / "register.yaml"
    path.write_text(
        f"file: r.csv\nas_of: {as_of}\nid: Patient\nincluded_at: referral\n"
        'milestones: {referral: {column: Referral, dates: ["%Y-%m-%d"]}}\n',
        encoding="utf-8",
    )
    found = list(silent_end(read(path).records))
    assert [f"nothing is recorded in the last {months} months before as_of, {as_of}:" in text for text in found] == (
        [True] if months else []
    )
    done = CliRunner().invoke(cli, ["records", "check", str(path), "--out", str(tmp_path / "out")])
    assert ("is it the day of the extract?" in done.output) == bool(months)


def test_few_patients_may_be_silent_for_long(tmp_path: Path) -> None:
    path = described(tmp_path, "r.csv")
    frame().to_csv(tmp_path / "r.csv", index=False)
    path.write_text(path.read_text(encoding="utf-8").replace("as_of: 2025-04-30", "as_of: 2025-07-30"))
    assert list(silent_end(read(path).records)) == []


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("r.xlsx", "separator: semicolon", "separator: is not used: the file is no text file"),
        ("r.xlsx", "encoding: utf-8", "encoding: is not used: the file is no text file"),
        ("r.csv", "sheet: Patients", "sheet: is not used: the file is no workbook"),
        ("r.parquet", "header: 2", "header: is not used: the file is no text file and no workbook"),
        ("r.xlsx", 'dates: ["%d.%m.%Y"]', "dates: is not used: every column of dates states its own"),
    ],
)
def test_what_says_nothing_of_the_file_is_refused(tmp_path: Path, file: str, line: str, told: str) -> None:
    (tmp_path / file).write_bytes(b"any")
    path = tmp_path / "register.yaml"
    path.write_text(
        f"file: {file}\n{line}\nas_of: 2025-04-30\nincluded_at: referral\n"
        'milestones: {referral: {column: Referral, dates: ["%Y-%m-%d"]}}\n',
        encoding="utf-8",
    )
    done = CliRunner().invoke(cli, ["records", "check", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert f"{path}:2: {told}" in done.output


@pytest.mark.parametrize("formatted", [0, 1, 2])
def test_a_workbook_that_counts_days_from_1904(tmp_path: Path, formatted: int) -> None:
    """Dates are the same whether all, none or some of their cells have the format of a date."""
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.worksheets[0]
    sheet.append(list(COLUMNS))
    for k, patient in enumerate(PATIENTS):
        days = [pd.Timestamp(cell).to_pydatetime() if cell else None for cell in patient[1:6]]
        plain = [None if day is None else int(to_excel(day, CALENDAR_MAC_1904)) for day in days]
        sheet.append([patient[0], *(days if k % 2 < formatted else plain), *patient[6:]])
    book.save(tmp_path / "r.xlsx")
    path = described(tmp_path, "r.xlsx")
    path.write_text(path.read_text(encoding="utf-8").replace('dates: ["', 'dates: ["serial", "'), encoding="utf-8")
    assert told(read(path)) == expected()
    assert "as_of: 2025-04" in describe(tmp_path / "r.xlsx")
