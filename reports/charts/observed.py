"""A register against the simulation of its time: what was observed, in the envelopes of the replications."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from reports.charts.bands import Box, Grid, Line, picture_of
from reports.figure import Figure
from reports.findings import Findings
from reports.tables import is_true, records
from reports.theme import INK, Mark, day_tick, mark
from reports.words import Estimate, counted, listed, number, scale, shortened, uncapital, unit_of

WAITING, INFUSED = "waiting_days", "incidence_infused"
WAITS = (WAITING, "days_to_apheresis", "vein_to_vein_days")
OBSERVED, OUTSIDE, SIMULATED = "register", "register, outside the 90% band", "simulation, median"
AS_SEEN, AS_OUTSIDE = Mark(INK, "solid", "circle"), Mark("#B3261E", "solid", "diamond")
AS_SIMULATED = mark(1)
PANEL = 210
ENVELOPES = "shaded: nine in ten simulated registers (wide band), half of them (narrow band)"
WITHHELD = "; points of the register that stand for 1 to 4 patients are not drawn"


def about(name: str) -> str:
    """Which picture a quantity belongs to: the first one, months, or the other events."""
    if name in (*WAITS, INFUSED):
        return "first"
    return "events" if name.startswith("incidence_") else "months"


def shows(kind: str) -> Callable[[pd.DataFrame], bool]:
    """Whether a table has anything for the picture of this kind."""
    return lambda observed: not _of(observed, kind).empty


def drawer(kind: str) -> Callable[[pd.DataFrame, Findings], Figure]:
    """The picture of this kind: a panel a quantity."""

    def draw(observed: pd.DataFrame, findings: Findings) -> Figure:
        mine = _of(observed, kind)
        boxes = [_box(rows) for _, rows in mine.groupby("quantity", sort=False)]
        grid = Grid(boxes, min(2, len(boxes)), "", panel=PANEL if len(boxes) <= 2 else 150)
        names = [SIMULATED, OBSERVED, *([OUTSIDE] if not mine["inside_90"].map(is_true).all() else [])]
        return picture_of(
            grid,
            names,
            60,
            title=_title(mine, kind),
            subtitle=f"{ENVELOPES}{WITHHELD if mine['observed'].isna().any() else ''}",
            alt=describer(kind)(observed, findings),
        )

    return draw


def describer(kind: str) -> Callable[[pd.DataFrame, Findings], str]:
    """The alternative text: of each quantity how many points lie in the envelope, and the one furthest from it."""

    def describe(observed: pd.DataFrame, findings: Findings) -> str:
        told = []
        for _, rows in _of(observed, kind).groupby("quantity", sort=False):
            inside = int(rows["inside_90"].map(is_true).sum())
            points = f"{inside} of {counted(len(rows), 'point')} in the 90% band"
            told.append(f"{rows['label'].iloc[0]}: {points}; {_at(_far(rows))}")
        return f"A register against the simulation of its time. {'. '.join(told)}."

    return describe


def _of(observed: pd.DataFrame, kind: str) -> pd.DataFrame:
    return observed[[about(str(name)) == kind for name in observed["quantity"]]]


def _box(rows: pd.DataFrame) -> Box:
    """The panel of one quantity."""
    name, factor = str(rows["quantity"].iloc[0]), scale(str(rows["unit"].iloc[0]))
    sign = "%" if factor == 100.0 else ""
    label = str(rows["label"].iloc[0])
    x, x_form, axis = _axis(name, [str(point) for point in rows["point"]], label.rpartition(" by ")[2])

    def of(column: str) -> list[float]:
        return [float(value) * factor for value in rows[column]]

    simulated = Line(SIMULATED, AS_SIMULATED, x, of("simulated"), of("low_90"), of("high_90"), unit=sign,
                     inner=(of("low_50"), of("high_50")), x_form=x_form)  # fmt: skip
    seen = Line(OBSERVED, AS_SEEN, x, of("observed"), unit=sign, mode="lines+markers", x_form=x_form)
    outside = [k for k, inside in enumerate(rows["inside_90"]) if not is_true(inside)]
    beyond = Line(OUTSIDE, AS_OUTSIDE, [x[k] for k in outside], [seen.y[k] for k in outside], unit=sign,
                  mode="markers", x_form=x_form)  # fmt: skip
    lines = [simulated, seen, *([beyond] if outside else [])]
    return Box(_heading(label), lines, suffix=sign, x_axis=axis)


def _heading(label: str) -> str:
    """What stands over a panel; what its axis says is left out."""
    return label.split(": cumulative")[0]


def _axis(name: str, points: Sequence[str], days: str) -> tuple[Any, str, dict[str, Any]]:
    """(places, how they are written, the axis) of the points of a quantity: months, days, or shares of patients.

    `days`: what an axis of days is called.
    """
    if about(name) == "months":
        axis = {"type": "date", "title": {"text": ""}, "nticks": 4, "tickangle": 0}
        return [f"{point}-01" for point in points], "|%b %Y", axis
    places = [float(point.split()[0].rstrip("%")) for point in points]
    if name in WAITS:
        texts = [f"{place:.0f}%" for place in places]
        title = {"text": "proportion for whom it took at most x days"}
        return places, "", {"title": title, "range": [5, 95], "tickvals": places, "ticktext": texts}
    last = max(places)
    return places, "", {"title": {"text": days}, "range": [0, last * 1.03], "dtick": day_tick(last, 6)}


def _far(rows: pd.DataFrame) -> Any:
    """The point that lies furthest from the median of the simulation, by the width of its envelope."""
    wide = (rows["high_90"] - rows["low_90"]).clip(lower=1e-12)
    away = ((rows["observed"] - rows["simulated"]).abs() / wide).fillna(-1.0)  # of few patients it is not told
    return records(rows.loc[[away.idxmax()]])[0]


def _number(value: float, unit: str) -> str:
    told = Estimate(value, unit=unit)
    return f"{number(value * scale(unit), 0)}{unit_of(told)}" if math.isfinite(value) else "withheld"


def _at(row: Any) -> str:
    """A point in words: what was observed there, and what was simulated."""
    low, high = (number(bound * scale(row.unit), 0) for bound in (row.low_90, row.high_90))
    return (
        f"{row.point}: {_number(row.observed, row.unit)} observed, {_number(row.simulated, row.unit)} simulated "
        f"(90% of simulated registers: {low} to {high})"
    )


def _title(mine: pd.DataFrame, kind: str) -> str:
    if kind == "first" and (mine["quantity"] == WAITING).any():
        waits = mine[mine["quantity"] == WAITING]
        half = records(waits[waits["point"].str.startswith("50%")])
        if half:
            row = half[0]
            low, high = number(row.low_90, 0), number(row.high_90, 0)
            return (
                f"Half of those infused had waited at most {counted(number(row.observed, 0), 'day')}; "
                f"{number(row.simulated, 0)} simulated (90% of simulated registers: {low} to {high})"
            )
    outside = [
        (_heading(str(rows["label"].iloc[0])).split(",")[0], int((~rows["inside_90"].map(is_true)).sum()), len(rows))
        for _, rows in mine.groupby("quantity", sort=False)
    ]
    off = [
        f"{shortened(uncapital(label), 40)} at {count} of {counted(points, 'point')}"
        for label, count, points in outside
        if count
    ]
    if not off:
        return "Every point of the register lies within the 90% band of the simulated registers"
    return f"Outside the 90% band of the simulated registers: {listed(off)}"
