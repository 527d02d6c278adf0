"""The animation: everybody stands somewhere on every day, and at the end where the table says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

import reports
from reports import Wanted
from reports.animation import INFUSED, LOST, OUTSIDE, animated
from reports.findings import gather
from reports.tables import read
from tests.reports.validated import validated

Folder = Callable[[str], Path]


def test_everybody_ends_where_the_table_says(folder: Folder) -> None:
    patients = pd.read_parquet(folder("real") / "patients.parquet")
    patients = patients[(patients["replication"] == 0) & patients["measured"]]
    drawn = animated(patients, gather(read(folder("real"))))
    assert drawn is not None
    figure = validated(drawn)
    assert figure.to_plotly_json() == drawn.plain()
    columns = [note.text for note in figure.layout.annotations]
    assert columns.count("Infused") == 2
    shown = len(figure.data[0].x)
    place = {INFUSED: 6, LOST: 7}
    first = patients[patients["scenario"] == patients["scenario"].iloc[0]].sort_values("referral_day").head(shown)
    last = figure.frames[-1].data[0]
    near = [round(float(x)) for x in last.x]
    assert near.count(place[INFUSED]) == (first["outcome"] == "infused").sum()
    assert near.count(place[LOST]) == (~first["outcome"].isin(["infused", "waiting"])).sum()
    for frame in figure.frames:
        inside = sum(x != OUTSIDE for x in frame.data[0].x)
        told = sum(int(text.strip("</b>")) for text in frame.data[1].text if text)
        assert inside == told
    assert figure.frames[0].name == "day 0"


def test_without_patients_there_is_none_and_the_reason_is_told(folder: Folder) -> None:
    made = reports.write_all(folder("pair"), lambda path, content: None, Wanted(animation=True))
    assert made.cannot == ["no animation: the results folder has no patients.parquet, or nobody in it"]
    assert not [path for path in made.paths if path.name == "animation.html"]
