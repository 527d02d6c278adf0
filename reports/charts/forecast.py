"""The months ahead of a register: what is forecast, in envelopes of the simulated futures."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd

from reports.charts.bands import Box, Grid, Line, picture_of
from reports.figure import Figure
from reports.findings import Findings
from reports.tables import records
from reports.theme import mark
from reports.words import number
from sim.tables.words import spelt

FRONT = ("waiting_list", "infusions")
MEDIAN, THEIRS = "all patients, median", "already in the register, median"
PANEL = 210
ENVELOPES = "shaded: nine in ten simulated futures (wide band), half of them (narrow band)"


def shows(front: bool) -> Callable[[pd.DataFrame], bool]:
    """Whether a table has anything for the first picture, or for the other one."""
    return lambda forecast: not _of(forecast, front).empty


def drawer(front: bool) -> Callable[[pd.DataFrame, Findings], Figure]:
    """The picture: a panel a quantity."""

    def draw(forecast: pd.DataFrame, findings: Findings) -> Figure:
        mine = _of(forecast, front)
        boxes = [_box(rows) for _, rows in mine.groupby("quantity", sort=False)]
        grid = Grid(boxes, min(2, len(boxes)), "", panel=PANEL)
        names = [MEDIAN, *([THEIRS] if any(len(box.lines) > 1 for box in boxes) else [])]
        return picture_of(
            grid,
            names,
            60,
            title=_title(mine),
            subtitle=ENVELOPES,
            alt=describer(front)(forecast, findings),
        )

    return draw


def describer(front: bool) -> Callable[[pd.DataFrame, Findings], str]:
    """The alternative text: each quantity in the first and the last month."""

    def describe(forecast: pd.DataFrame, findings: Findings) -> str:
        told = []
        for _, rows in _of(forecast, front).groupby("quantity", sort=False):
            every = records(rows[rows["group"] == "all"])
            ends = [every[0], *([every[-1]] if len(every) > 1 else [])]
            told.append(f"{rows['label'].iloc[0]}: {'; '.join(_at(row) for row in ends)}")
        return f"Months ahead, forecast. {'. '.join(told)}."

    return describe


def _of(forecast: pd.DataFrame, front: bool) -> pd.DataFrame:
    return forecast[forecast["quantity"].isin(FRONT) == front]


def _box(rows: pd.DataFrame) -> Box:
    """The panel of one quantity: of all patients with envelopes, of those in the register as far as it is told."""
    every, theirs = (rows[rows["group"] == group] for group in ("all", "register"))
    x = [f"{day}" for day in every["last_day"]]

    def of(column: str) -> list[float]:
        return [float(value) for value in every[column]]

    lines = [
        Line(MEDIAN, mark(0), x, of("p50"), of("p5"), of("p95"), mode="lines+markers",
             inner=(of("p25"), of("p75")), x_form="|%d %b %Y")
    ]  # fmt: skip
    # a month that is not told breaks the line
    told = [float(value) for value in theirs["p50"]]
    if any(map(math.isfinite, told)):
        days = [f"{day}" for day in theirs["last_day"]]
        lines.append(Line(THEIRS, mark(1), days, told, mode="lines+markers", x_form="|%d %b %Y"))
    axis = {"type": "date", "title": {"text": ""}, "nticks": 4, "tickangle": 0}
    return Box(str(rows["label"].iloc[0]), lines, x_axis=axis, at_least=1.0)


def _at(row: Any) -> str:
    digits = 0 if row.unit == "patients" else 1
    low, middle, high = (number(value, digits) for value in (row.p5, row.p50, row.p95))
    return f"month to {_day(row)} {middle} (nine in ten simulated futures: {low} to {high})"


def _title(mine: pd.DataFrame) -> str:
    first = mine["quantity"].iloc[0]
    row = records(mine[(mine["quantity"] == first) & (mine["group"] == "all")])[-1]
    digits = 0 if row.unit == "patients" else 1
    low, middle, high = (number(value, digits) for value in (row.p5, row.p50, row.p95))
    return f"{row.label}: {middle} in the month to {_day(row)} (nine in ten simulated futures: {low} to {high})"


def _day(row: Any) -> str:
    return spelt(date.fromisoformat(str(row.last_day)[:10]))
