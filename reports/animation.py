"""Patients moving through the stages, day by day, in every scenario, and what is in use: to play before an audience."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.export import Picture, page
from reports.figure import Figure, Properties, trace
from reports.findings import Findings
from reports.first_screen import lead
from reports.tables import records
from reports.theme import (
    INK,
    NEITHER,
    SMALL_SIZE,
    canvas,
    finish,
    legible,
    mark,
    name_of,
    outcome_colour,
    plain,
    stacked,
)
from reports.words import counted, stated
from sim.tables import OUTCOMES, WITHDRAWALS

PATIENTS = "patients.parquet"
# A patient stands where the last of these that they have reached begins; the names are of milestones.
STATIONS = {
    "referral_day": "Work-up",
    "listing_day": "Waiting list",
    "slot_day": "Slot booked",
    "dose_day": "Dose taken",
    "apheresis_day": "Cells collected, manufacture",
    "product_received_day": "Product at the centre",
}
INFUSED, LOST = "Infused", "Lost before infusion"
READING = (
    "Each dot is one patient of the first replication, the same one in every scenario where scenarios share their "
    "patients. It stands in the stage that the patient is in on that day; beside each stage is the number of patients "
    "there. The bars below show limited resources in use by all patients, as monthly means over replications."
)
ON_THE_WAY, PROGRESSED = "Awaiting infusion", "Progressed"
REFERRED_DAYS, STEP, WIDE, MOST, RESOURCES = 120.0, 3, 28, 160, 3
DOT, WAITING, BAR = 9, "#6B8CA8", 7
HEAD, LINE, SPACE, GAP, ABOVE, BELOW = 20, 12, 8, 44, 34, 10
"""Pixels of the words above a row, of a line of dots, below a row; between panels, above the first, below the last."""
OUTSIDE = -0.6


@dataclass(frozen=True)
class Panel:
    """A scenario: its patients, its stages from above with the pixels where their dots begin, and its resources."""

    scenario: str
    patients: pd.DataFrame
    tops: dict[str, int]
    use: dict[str, pd.DataFrame]
    height: int


def animation_page(folder: Path, use: pd.DataFrame | None, findings: Findings, alone: bool) -> str | None:
    """The page as text; None where no table of patients is kept. `alone`: as `reports.export.page` has it.

    `use`: the table of resources through time, where there is one.
    """
    path = folder / PATIENTS
    if not path.exists() or not findings.scenarios:
        return None
    patients = pd.read_parquet(path, filters=[("replication", "=", 0)])
    figure = animated(patients[patients["measured"]], use, findings)
    if figure is None:
        return None
    picture = Picture("animation", figure, READING, "patients")
    labels = [frame["name"] for frame in figure.frames]
    return page("animation.html.jinja", alone, title=picture.heading, picture=picture, labels=labels)


def animated(patients: pd.DataFrame, use: pd.DataFrame | None, findings: Findings) -> Figure | None:
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
    panels = [_panel(name, shown[shown["scenario"] == name], use, days) for name in scenarios]
    figure = canvas()
    frames: list[Properties] = []
    for day in days:
        traces = [one for place, panel in enumerate(panels) for one in _traces(panel, day, place)]
        frames.append({"data": traces, "name": f"day {day - first:.0f}"})
    figure.data, figure.frames = list(frames[0]["data"]), frames
    legend = _legend(figure, shown)
    narrow = _scene(figure, panels, findings)
    ends = [f"{p.scenario}: {int((p.patients['outcome'] == 'infused').sum())} infused" for p in panels]
    many = counted(len(ranked), "patient")
    return finish(
        figure,
        title=lead(findings).removesuffix("."),
        subtitle=f"An illustration, not an estimate: {many} of the first replication, referred within "
        f"{REFERRED_DAYS:.0f} days and followed to infusion or loss",
        alt=f"Animation of patients moving from stage to stage. At the end, {'; '.join(ends)}.",
        height=ABOVE + max(p.height for p in panels) * _lines_of(panels) + GAP * (_lines_of(panels) - 1) + BELOW,
        margin={"l": 16, "r": 16, "b": BELOW},
        legend=legend,
        narrow={"layout.margin.l": 4, "layout.margin.r": 4, **narrow},
        narrow_height=ABOVE + sum(p.height for p in panels) + GAP * (len(panels) - 1) + BELOW,
    )


def _lines_of(panels: Sequence[Panel]) -> int:
    """How many panels stand above each other on a wide page, two side by side."""
    return -(-len(panels) // 2)


def _panel(scenario: str, mine: pd.DataFrame, use: pd.DataFrame | None, days: NDArray[np.float64]) -> Panel:
    """A panel with as many lines of dots in each stage as there are patients in it at a time."""
    reached = [name for column, name in STATIONS.items() if column in mine.columns and mine[column].notna().any()]
    stages = [_stage(mine, day)[0] for day in days]
    tops, at = {}, 0
    for name in (*reached, INFUSED, LOST):
        tops[name] = at + HEAD
        at += HEAD + LINE * max(1, -(-max(int((stage == name).sum()) for stage in stages) // WIDE)) + SPACE
    resources = _resources(scenario, use)
    for name in resources:
        tops[name] = at + HEAD
        at += HEAD + BAR + SPACE
    return Panel(scenario, mine, tops, resources, at)


def _resources(scenario: str, use: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    """What is limited, of all centres together: the fullest, in the order of the path."""
    if use is None:
        return {}
    mine = use[(use["scenario"] == scenario) & (use["centre"] == "") & (use["capacity"] > 0.0)]
    full = (mine["in_use"] / mine["capacity"]).groupby(mine["label"], sort=False).mean()
    kept = set(full.sort_values(ascending=False, kind="stable").index[:RESOURCES])
    return {str(label): mine[mine["label"] == label] for label in full.index if label in kept}


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


def _traces(panel: Panel, day: float, place: int) -> list[Properties]:
    """The dots of a scenario on a day, the words above each stage and resource, and the bars of what is in use.

    By their `uid` the page finds dots and words again.
    """
    suffix = "" if place == 0 else str(place + 1)
    axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "hoverinfo": "skip", "showlegend": False}
    mine, (stage, since) = panel.patients, _stage(panel.patients, day)
    # who is not referred yet stands outside the picture at the left, and walks in
    x, y = np.full(len(mine), OUTSIDE), np.full(len(mine), float(next(iter(panel.tops.values()))))
    words, filled = [], []
    for name, top in panel.tops.items():
        if name in panel.use:
            used, there = _in_force(panel.use[name], day)
            words.append(f"{plain(name)}: {stated(used)} of {stated(there)} in use")
            filled += [0.0, min(1.0, used / there), None]
            continue
        here = np.flatnonzero(stage == name)
        here = here[np.argsort(since[here], kind="stable")]
        order = np.arange(len(here))
        x[here] = (order % WIDE + 0.5) / WIDE
        y[here] = top + (order // WIDE + 0.5) * LINE
        words.append(f"{name}: {len(here)}")
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
        "scatter", uid=f"dots{place}", x=x.round(4).tolist(), y=y.tolist(), mode="markers",
        name=name_of(panel.scenario), **axes,
        marker={"color": colours, "size": DOT, "line": {"color": "#FFFFFF", "width": 1}},
    )  # fmt: skip
    heads = trace(
        "scatter", uid=f"words{place}", x=[0.0] * len(words), mode="text", text=words,
        y=[top - HEAD / 2 for top in panel.tops.values()],
        textposition="middle right", textfont={"size": SMALL_SIZE, "color": INK}, **axes,
    )  # fmt: skip
    levels = [y for name in panel.use for y in (*[panel.tops[name] + BAR / 2] * 2, None)]
    bars = trace(
        "scatter", x=filled, y=levels, mode="lines", line={"width": BAR, "color": mark(place).colour}, **axes
    )  # fmt: skip
    return [dots, heads, bars]


def _in_force(months: pd.DataFrame, day: float) -> tuple[float, float]:
    """(in use, units there) of a resource in the month of a day; those of the nearest one beyond the table."""
    rows = records(months)
    row = next((one for one in rows if one.day_from <= day < one.day_to), rows[0 if day < rows[0].day_from else -1])
    return row.in_use, row.capacity


def _legend(figure: Figure, shown: pd.DataFrame) -> list[str]:
    """Adds what the colours of dots mean; the names in order."""
    meanings = {ON_THE_WAY: WAITING, PROGRESSED: outcome_colour("progressed")}
    there = set(shown["outcome"]) - {"waiting", "progressed"}
    for outcome, label in OUTCOMES.items():
        if outcome in there:
            meanings[OUTCOMES["withdrawn"] if outcome in WITHDRAWALS else label] = outcome_colour(outcome)
    for name, colour in meanings.items():
        marker = {"color": colour, "size": DOT}
        figure.add_trace(
            trace("scatter", x=[None], y=[None], mode="markers", name=name, marker=marker, showlegend=True)
        )
    return list(meanings)


def _scene(figure: Figure, panels: Sequence[Panel], findings: Findings) -> dict[str, Any]:
    """Puts up axes, names and empty bars; what is different on a phone, where panels stand above each other."""
    most = max(panel.height for panel in panels)
    wide = stacked([most] * _lines_of(panels), GAP, ABOVE)
    phone = stacked([panel.height for panel in panels], GAP, ABOVE)
    narrow: dict[str, Any] = {}
    hidden = {"visible": False, "fixedrange": True}
    for place, panel in enumerate(panels):
        suffix = "" if place == 0 else str(place + 1)
        bottom, top = wide[place // 2]
        bottom = top - (top - bottom) * panel.height / most
        span = [0.0, 1.0] if len(panels) == 1 else [[0.0, 0.48], [0.52, 1.0]][place % 2]
        figure.update_layout(
            {
                f"xaxis{suffix}": {**hidden, "domain": span, "anchor": f"y{suffix}", "range": [0, 1]},
                f"yaxis{suffix}": {
                    **hidden, "domain": [bottom, top], "anchor": f"x{suffix}", "range": [panel.height, 0]
                },
            }
        )  # fmt: skip
        narrow |= {f"layout.xaxis{suffix}.domain": [0.0, 1.0], f"layout.yaxis{suffix}.domain": list(phone[place])}
        colour = legible(mark(findings.place(panel.scenario)).colour)
        narrow[f"layout.annotations.{len(figure.annotations)}.text"] = f"<b>{name_of(panel.scenario, 40)}</b>"
        figure.add_annotation(
            xref=f"x{suffix} domain", x=0, yref=f"y{suffix} domain", y=1, yshift=6, showarrow=False, xanchor="left",
            yanchor="bottom", text=f"<b>{name_of(panel.scenario, 56)}</b>", font={"size": 14, "color": colour},
        )  # fmt: skip
        for name in panel.use:
            figure.add_shape(
                type="rect", xref=f"x{suffix}", yref=f"y{suffix}", x0=0, x1=1, y0=panel.tops[name],
                y1=panel.tops[name] + BAR, layer="below", fillcolor=NEITHER, line={"width": 0},
            )  # fmt: skip
    return narrow
