"""Event logs of simulated patients, for programs that mine processes: CSV, and XES (IEEE 1849-2016).

What is in them is what a register would hold of the same patients, by the same words, so that `records` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd

from sim.experiment.disk.folder import write_text
from sim.outcomes.recorded import events_of, in_view, recorded
from sim.records.value import EPOCH
from sim.tables import TABLES
from sim.tables.spreadsheets import csv_text

LOG = TABLES["event_log"]
OF_EVENT = ("activity", "time")
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<classifier name="Activity" keys="concept:name"/>
"""


def event_log_files(scenarios: int) -> list[str]:
    """The names of the files: two for each of so many scenarios."""
    return [f"event_log/{number}{suffix}" for number in range(1, scenarios + 1) for suffix in (".csv", ".xes")]


def write_event_log(folder: Path, number: int, patients: Mapping[str, Any], start: date) -> None:
    """Write the events of the patients of one scenario's replication, each file whole or not at all.

    `number`: of the scenario, from 1, as in `scenarios/1.yaml`; `patients`: columns of `patients.parquet`.
    """
    log = LOG.checked(event_log(patients, start))
    write_text(folder / LOG.file_of(number), csv_text(log))
    write_text((folder / LOG.file_of(number)).with_suffix(".xes"), "".join(xes(log)))


def event_log(patients: Mapping[str, Any], start: date) -> pd.DataFrame:
    """The table `event_log`: a row an event, in the order of the patient table and of time."""
    seen = in_view(recorded(patients, start), np.inf)
    places, activity, day = events_of(seen)
    columns: dict[str, Any] = {
        "case": seen.row[places],
        "activity": activity,
        "time": [_time(one) for one in day.tolist()],
        **{name: seen.categories[name][places] for name in ("region", "centre", "risk_group", "product")},
    }
    for name, tried in (("collections", "collection"), ("manufactures", "manufacture")):
        columns[name] = pd.array(seen.attempts[tried][places], dtype="Float64").astype("Int64")
    return pd.DataFrame(columns)


def xes(log: pd.DataFrame) -> Iterator[str]:
    """The lines of an XES file: a trace a case, which has what is the same in all of its events."""
    yield HEAD
    of_case = [str(name) for name in log if name not in ("case", *OF_EVENT)]
    for case, events in log.groupby("case", sort=False):
        yield f'<trace>\n<string key="concept:name" value="{case}"/>\n'
        for name in of_case:
            cell = events[name].iloc[0]
            if not pd.isna(cell):
                kind = "string" if isinstance(cell, str) else "int"
                yield f"<{kind} key={quoteattr(name)} value={quoteattr(str(cell))}/>\n"
        for activity, time in zip(events["activity"], events["time"], strict=True):
            yield (
                f"<event><string key={quoteattr('concept:name')} value={quoteattr(activity)}/>"
                f'<date key="time:timestamp" value="{time}"/></event>\n'
            )
        yield "</trace>\n"
    yield "</log>\n"


def _time(day: float) -> str:
    """A day since `EPOCH` with its fraction as date and time of day; the second that has begun."""
    whole = int(day // 1)
    midnight = datetime(EPOCH.year, EPOCH.month, EPOCH.day) + timedelta(days=whole)
    return (midnight + timedelta(seconds=int((day - whole) * 86_400))).isoformat()
