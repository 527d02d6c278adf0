"""Patients moving through the stages, day by day, in every scenario side by side: a page to play before an audience."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.export import Picture, page
from reports.figure import Figure, Properties, trace
from reports.findings import Findings
from reports.theme import INK, MUTED, SMALL_SIZE, canvas, finish, legible, mark, name_of, outcome_colour, plain
from reports.words import counted

PATIENTS = "patients.parquet"
# A patient stands where the last of these that he has reached begins; the names are of milestones.
STATIONS = {
    "referral_day": "Work-up",
    "listing_day": "Waiting list",
    "slot_day": "Slot booked",
    "dose_day": "Dose taken",
    "apheresis_day": "Cells collected,\nmanufacture",
    "product_received_day": "Product at the\ncentre",
}
INFUSED, LOST = "Infused", "Lost before\ninfusion"
READING = (
    "Each dot is one patient of the first replication, the same one in every scenario where scenarios share their "
    "patients. Dots stand in the stage that the patient is in on that day; orange has progressed and is still "
    "eligible, and the lost have the colours of their outcomes. It is an illustration, not an estimate."
)
REFERRED_DAYS, STEP, WIDE, MOST = 120.0, 3, 7, 160
DOT, WAITING = 11, "#6B8CA8"
PANEL, BELOW = 250, 20
OUTSIDE = -0.8


def animation_page(folder: Path, findings: Findings, alone: bool) -> str | None:
    """The page as text; None where no table of patients is kept. `alone`: as `reports.export.page` has it."""
    path = folder / PATIENTS
    if not path.exists() or not findings.scenarios:
        return None
    patients = pd.read_parquet(path, filters=[("replication", "=", 0)])
    figure = animated(patients[patients["measured"]], findings)
    if figure is None:
        return None
    picture = Picture("animation", figure, READING, "patients")
    labels = [frame["name"] for frame in figure.frames]
    return page("animation.html.jinja", alone, title=picture.heading, picture=picture, labels=labels)


def animated(patients: pd.DataFrame, findings: Findings) -> Figure | None:
    """The figure with a frame every `STEP` days, from the first referral until everybody shown has left."""
    first = float(patients["referral_day"].min())
    shown = patients[patients["referral_day"] < first + REFERRED_DAYS]
    keys = ["region", "source", "number"]
    ranked = shown.drop_duplicates(keys).sort_values("referral_day", kind="stable").head(MOST)
    shown = shown.merge(ranked[keys], on=keys)
    if shown.empty:
        return None
    last = float(np.nanmax(np.append(shown["end_day"].to_numpy(float), first + REFERRED_DAYS)))
    days = np.arange(first, last + STEP, STEP)
    scenarios = [name for name in findings.scenarios if (shown["scenario"] == name).any()]
    groups = [shown[shown["scenario"] == name] for name in scenarios]
    columns = _columns(shown)
    figure = canvas()
    frames: list[Properties] = []
    for day in days:
        traces: list[Properties] = []
        for place, mine in enumerate(groups):
            traces += _traces(mine, day, columns, scenarios[place], len(scenarios) - 1 - place)
        frames.append({"data": traces, "name": f"day {day - first:.0f}"})
    figure.data, figure.frames = list(frames[0]["data"]), frames
    _scene(figure, columns, scenarios, findings)
    title = f"{counted(len(ranked), 'patient')} referred within {REFERRED_DAYS:.0f} days, followed to infusion or loss"
    ends = [
        f"{name}: {int((mine['outcome'] == 'infused').sum())} infused"
        for name, mine in zip(scenarios, groups, strict=True)
    ]
    return finish(
        figure,
        title=title,
        subtitle="The first replication, patients in the measuring window: an illustration, not an estimate",
        alt=f"Animation of patients moving from stage to stage. At the end, {'; '.join(ends)}.",
        height=PANEL * len(scenarios) + BELOW,
        margin={"l": 16, "r": 16, "b": BELOW},
    )


def _columns(shown: pd.DataFrame) -> list[str]:
    """The stages of the picture from left to right: those that anybody reaches, and the two ways out."""
    reached = [name for column, name in STATIONS.items() if column in shown.columns and shown[column].notna().any()]
    return [*reached, INFUSED, LOST]


def _stage(mine: pd.DataFrame, day: float) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """(stage, day on which it was reached) of each patient on a day; no stage before referral."""
    stage = np.full(len(mine), "", dtype=object)
    since = np.full(len(mine), np.nan)
    for column, name in STATIONS.items():
        if column in mine.columns:
            reached = mine[column].to_numpy(float)
            here = (reached <= day) & ~(reached < np.nan_to_num(since, nan=-np.inf))
            stage[here], since[here] = name, reached[here]
    gone = mine["end_day"].to_numpy(float) <= day
    infused = (mine["outcome"] == "infused").to_numpy()
    stage[gone] = np.where(infused[gone], INFUSED, LOST)
    since[gone] = mine["end_day"].to_numpy(float)[gone]
    return stage, since


def _traces(mine: pd.DataFrame, day: float, columns: Sequence[str], scenario: str, row: int) -> list[Properties]:
    """The dots of a scenario on a day, and the count above each stage."""
    stage, since = _stage(mine, day)
    # who is not referred yet stands outside the picture at the left, and walks in
    x, y = np.full(len(mine), OUTSIDE), np.full(len(mine), row + 0.70)
    counts, own = [], _columns(mine)
    for place, name in enumerate(columns):
        here = np.flatnonzero(stage == name)
        here = here[np.argsort(since[here], kind="stable")]
        order = np.arange(len(here))
        x[here] = place + (order % WIDE - (WIDE - 1) / 2) * 0.115
        y[here] = row + 0.70 - (order // WIDE) * 0.047
        counts.append(len(here))
    outcome = mine["outcome"].to_numpy()
    progressed = mine["progression_day"].to_numpy(float) <= day
    colours = [
        outcome_colour(outcome[k])
        if stage[k] in (INFUSED, LOST)
        else outcome_colour("progressed")
        if progressed[k]
        else WAITING
        for k in range(len(mine))
    ]
    dots = trace(
        "scatter",
        x=x.round(3).tolist(),
        y=y.round(3).tolist(),
        mode="markers",
        marker={"color": colours, "size": DOT, "line": {"color": "#FFFFFF", "width": 1}},
        hoverinfo="skip",
        name=name_of(scenario),
    )
    numbers = trace(
        "scatter",
        x=list(range(len(columns))),
        y=[row + 0.78] * len(columns),
        mode="text",
        text=[f"<b>{count}</b>" if name in own else "" for name, count in zip(columns, counts, strict=True)],
        textfont={"size": 15, "color": INK},
        hoverinfo="skip",
    )
    return [dots, numbers]


def _scene(figure: Figure, columns: Sequence[str], scenarios: Sequence[str], findings: Findings) -> None:
    notes = []
    for place, scenario in enumerate(scenarios):
        row = len(scenarios) - 1 - place
        colour = legible(mark(findings.place(scenario)).colour)
        notes.append(
            {
                "x": -0.48,
                "y": row + 0.985,
                "text": f"<b>{name_of(scenario, 80)}</b>",
                "font": {"size": 15, "color": colour},
                "xanchor": "left",
            }
        )
        notes += [
            {
                "x": at,
                "y": row + 0.88,
                "text": "<br>".join(plain(part) for part in name.split("\n")),
                "font": {"size": SMALL_SIZE, "color": MUTED},
                "xanchor": "center",
            }
            for at, name in enumerate(columns)
        ]
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        annotations=[{"xref": "x", "yref": "y", "showarrow": False, "yanchor": "middle", **note} for note in notes],
        xaxis={**hidden, "range": [-0.5, len(columns) - 0.5]},
        yaxis={**hidden, "range": [0, len(scenarios) + 0.02]},
    )
