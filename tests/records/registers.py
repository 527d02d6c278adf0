"""Registers written in a test: the same few patients in every kind of file."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from sim.records.raw import kind_by_name
from sim.records.reader import Reading, read_records
from sim.records.register import read_register
from sim.records.value import day_number

COLUMNS = ("Patient", "Referral", "Listing", "Apheresis", "Infusion", "Death", "Region")
PATIENTS: Sequence[Sequence[str]] = (
    ("Ada", "2025-01-05", "2025-01-19", "2025-03-01", "2025-04-25", "", "north"),
    ("Ben", "2025-01-07", "2025-01-25", "", "", "2025-02-20", "coast"),
    ("Cem", "2025-02-13", "2025-02-28", "2025-04-01", "", "", "coast"),
    ("Dan", "2025-03-30", "", "", "", "", "north"),
)
DESCRIBED = """
file: {file}
{written}as_of: 2025-04-30
included_at: referral
dates: ["{form}"]
id: Patient
milestones: {{referral: Referral, listing: Listing, apheresis: Apheresis, infusion: Infusion}}
ends: {{died: Death}}
categories: {{region: Region}}
"""


def frame(form: str = "%Y-%m-%d", patients: Sequence[Sequence[str]] = PATIENTS) -> pd.DataFrame:
    """The patients as a table of text, dates in this format."""
    whole = pd.DataFrame(patients, columns=list(COLUMNS))
    for name in COLUMNS[1:6]:
        whole[name] = [pd.Timestamp(cell).strftime(form) if cell else "" for cell in whole[name]]
    return whole


def described(
    folder: Path, file: str, form: str = "%Y-%m-%d", encoding: str = "utf-8", separator: str = "comma"
) -> Path:
    """A description of a file of these patients."""
    path = folder / "register.yaml"
    said_of_text = f"encoding: {encoding}\nseparator: {separator}\n"
    written = said_of_text if kind_by_name(Path(file)) in ("csv", "") else ""
    path.write_text(DESCRIBED.format(file=file, form=form, written=written), encoding="utf-8")
    return path


def read(path: Path) -> Reading:
    """The register that a description describes."""
    return read_records(read_register(path))


def told(reading: Reading) -> Mapping[str, list[float | str | None]]:
    """What a reading holds, in a form that can be compared: dates as day numbers, None where there is none."""
    r = reading.records
    found: dict[str, list[float | str | None]] = {
        name: [None if day != day else float(day) for day in r.day(name)]
        for name in ("referral", "listing", "apheresis", "infusion")
    }
    found["end"] = [None if day != day else float(day) for day in r.end_day]
    found["outcome"], found["region"] = list(r.outcome), list(r.categories["region"])
    return found


def expected() -> Mapping[str, list[float | str | None]]:
    """What every kind of file must come to."""
    days = [
        [None if not cell else float(day_number(pd.Timestamp(cell).date())) for cell in row[1:6]] for row in PATIENTS
    ]
    found: dict[str, list[float | str | None]] = {
        name: [row[place] for row in days]
        for place, name in enumerate(("referral", "listing", "apheresis", "infusion"))
    }
    found["end"] = [row[4] for row in days]
    found["outcome"] = ["died" if row[4] is not None else "" for row in days]
    found["region"] = [row[6] for row in PATIENTS]
    return found


ACTIVITIES = dict(zip(COLUMNS[1:6], ("referral", "listing", "apheresis", "infusion", "died"), strict=True))
AS_EVENTS = """
file: {file}
rows: events
as_of: 2025-04-30
included_at: referral
events:
  case: {case}
  activity: {activity}
  time: {{column: "{time}", dates: ["%Y-%m-%d"]}}
  activities: {{Referral: referral, Listing: listing, Apheresis: apheresis, Infusion: infusion, Death: died}}
categories: {{region: {region}}}
"""


def events() -> pd.DataFrame:
    """The patients as one row an event, with times of day and a time zone."""
    rows = [
        (row[0], name, f"{cell}T23:30:00+02:00", row[6])
        for row in PATIENTS
        for name, cell in zip(COLUMNS[1:6], row[1:6], strict=True)
        if cell
    ]
    return pd.DataFrame(rows, columns=["Case", "Activity", "Time", "Region"])


def xes() -> str:
    """The same as an XES log."""
    traces = []
    for case, rows in events().groupby("Case", sort=False):
        inside = "".join(
            f'<event><string key="concept:name" value="{r.Activity}"/>'
            f'<date key="time:timestamp" value="{r.Time}"/></event>'
            for r in rows.itertuples()
        )
        region = rows["Region"].iloc[0]
        traces.append(
            f'<trace><string key="concept:name" value="{case}"/><string key="region" value="{region}"/>{inside}</trace>'
        )
    return f'<?xml version="1.0"?><log xmlns="http://www.xes-standard.org/">{"".join(traces)}</log>'


def with_macros(book: Path) -> None:
    """Put a part into a workbook in which macros are kept."""
    with zipfile.ZipFile(book, "a") as parts:
        parts.writestr("xl/vbaProject.bin", b"macros")
