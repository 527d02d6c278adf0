"""The animation: everybody stands somewhere on every day, and at the end where the table says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import reports
from reports import Wanted
from reports.animation import INFUSED, LOST, OUTSIDE, animated
from reports.figure import Figure
from reports.findings import gather
from reports.first_screen import lead
from reports.tables import Tables, read
from reports.words import stated
from tests.reports.validated import validated

Folder = Callable[[str], Path]


@pytest.fixture(scope="module")
def moving(folder: Folder) -> tuple[Figure, pd.DataFrame, Tables]:
    """The figure, the patients that it is made from, and the tables of their folder."""
    patients = pd.read_parquet(folder("real") / "patients.parquet")
    patients = patients[(patients["replication"] == 0) & patients["measured"]]
    tables = read(folder("real"))
    drawn = animated(patients, tables["use_through_time"], gather(tables))
    assert drawn is not None
    return drawn, patients, tables


def test_everybody_ends_where_the_table_says(moving: tuple[Figure, pd.DataFrame, Tables]) -> None:
    drawn, patients, _ = moving
    figure = validated(drawn)
    assert figure.to_plotly_json() == drawn.plain()
    shown = len(figure.data[0].x)
    first = patients[patients["scenario"] == patients["scenario"].iloc[0]].sort_values("referral_day").head(shown)
    for frame in figure.frames:
        said = [text.split(": ") for text in frame.data[1].text if not text.endswith("in use")]
        counts = {name: int(many) for name, many in said}
        assert sum(x != OUTSIDE for x in frame.data[0].x) == sum(counts.values())
        assert all(0.0 < x < 1.0 for x in frame.data[0].x if x != OUTSIDE)
    assert counts[INFUSED] == (first["outcome"] == "infused").sum()
    assert counts[LOST] == (~first["outcome"].isin(["infused", "waiting"])).sum()
    assert figure.frames[0].name == "day 0"


def test_the_words_of_every_frame_stand_where_those_of_the_first_do(moving: tuple[Figure, ...]) -> None:
    # between frames places move on: a number that moved would be read of another stage
    for frame in moving[0].frames:
        for place in (1, 4):
            assert frame["data"][place]["y"] == moving[0].data[place]["y"]
            assert len(frame["data"][place]["text"]) == len(moving[0].data[place]["text"])


def test_it_says_what_is_in_use_of_what_is_limited(moving: tuple[Figure, pd.DataFrame, Tables]) -> None:
    drawn, patients, tables = moving
    day, use = patients["referral_day"].min(), tables["use_through_time"]
    slots = use[(use["label"] == "Manufacturing slots") & (use["centre"] == "")]
    month = slots[(slots["day_from"] <= day) & (day < slots["day_to"])].iloc[0]
    told = f"Manufacturing slots: {stated(month['in_use'])} of {stated(month['capacity'])} in use"
    assert told in drawn.data[1]["text"]
    assert month["in_use"] / month["capacity"] in drawn.data[2]["x"]


def test_its_title_is_the_finding_and_its_colours_are_named(moving: tuple[Figure, pd.DataFrame, Tables]) -> None:
    drawn, _, tables = moving
    title = drawn.layout["title"]["text"].replace("<br>", " ").replace("<b>", "").replace("</b>", "")
    assert f"{title}." == lead(gather(tables))
    assert "An illustration, not an estimate" in drawn.layout["meta"]["subtitle"]
    named = {t["name"]: t["marker"]["color"] for t in drawn.data if t.get("showlegend")}
    used = {colour for frame in drawn.frames for place in (0, 3) for colour in frame["data"][place]["marker"]["color"]}
    assert used <= set(named.values())


def test_without_patients_there_is_none_and_the_reason_is_told(folder: Folder) -> None:
    made = reports.write_all(folder("pair"), lambda path, content: None, Wanted(animation=True))
    assert made.cannot == ["no animation: the results folder has no patients.parquet, or nobody in it"]
    assert not [path for path in made.paths if path.name == "animation.html"]
