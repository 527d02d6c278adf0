"""The cumulative distribution of waiting days of the infused, a line a scenario."""

from __future__ import annotations

import math

import pandas as pd

from reports.charts.bands import Box, Grid, Line, draw_grid
from reports.figure import Figure
from reports.findings import Findings, headline
from reports.theme import MUTED, SMALL_SIZE, canvas, day_tick, finish, mark, name_of
from reports.words import Estimate, counted, level, listed

LARGE = 280


def draw(waits: pd.DataFrame, findings: Findings) -> Figure:
    """Share of the infused who waited at most so many days, with its band."""
    picture = canvas()
    series = [
        line for place, scenario in enumerate(findings.scenarios) if (line := _line(waits, scenario, place)) is not None
    ]
    last = max((line.x[-1] for line in series), default=30.0)
    axis = {"range": [0, last], "dtick": day_tick(last, 12)}
    title = "Waiting time ≤ x days"
    grid = Grid([Box(title, series, suffix="%", top=100.0)], 1, "x: days from referral to infusion", axis, LARGE)
    narrow = draw_grid(picture, grid)
    half = {"color": MUTED, "width": 1.2, "dash": "dot"}
    picture.add_shape(type="line", x0=0, x1=1, y0=50, y1=50, xref="x domain", yref="y", line=half, layer="below")
    picture.add_annotation(
        xref="x domain", x=1, yref="y", y=50, text="median", showarrow=False, xanchor="right", yanchor="bottom",
        font={"size": SMALL_SIZE, "color": MUTED},
    )  # fmt: skip
    return finish(
        picture,
        title=headline(findings, "waiting_days_median"),
        subtitle=findings.population("Infused patients among those"),
        alt=describe(waits, findings),
        height=grid.height,
        margin={"l": 60, "r": 24, "b": 52},
        legend=[name_of(line.name) for line in series],
        narrow={**narrow, "layout.xaxis.dtick": day_tick(last, 5)},
        narrow_height=grid.phone_height,
    )


def describe(waits: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the share infused within four, eight and sixteen weeks."""
    parts = []
    for scenario in findings.scenarios:
        mine = waits[(waits["scenario"] == scenario) & waits["cumulative"].notna()]
        told = [
            f"{level(Estimate(float(row['cumulative'].iloc[0]), unit='share'))} within {counted(day, 'day')}"
            for day in (28, 56, 112)
            if not (row := mine[mine["day_to"] == day]).empty
        ]
        parts.append(f"{scenario}: {listed(told) or 'nobody infused'}")
    return f"Lines of the cumulative proportion of infused patients by waiting days. {'; '.join(parts)}."


def _line(waits: pd.DataFrame, scenario: str, place: int) -> Line | None:
    rows = waits[(waits["scenario"] == scenario) & waits["cumulative"].notna()]
    rows = rows[rows["day_to"] < math.inf]
    if rows.empty or not (rows["cumulative"] > 0.0).any():
        return None
    days = [0.0, *rows["day_to"]]
    shares, low, high = ([0.0, *(rows[column] * 100)] for column in ("cumulative", "cumulative_low", "cumulative_high"))
    return Line(scenario, mark(place), days, shares, low, high, unit="%")
