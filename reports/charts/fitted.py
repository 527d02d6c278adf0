"""What was fitted to a register against what was observed: survival and incidence curves, and quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from reports.charts.bands import Box, Grid, Line, picture_of
from reports.figure import Figure
from reports.findings import Findings
from reports.tables import records
from reports.theme import INK, MUTED, Mark, day_tick, mark
from reports.words import counted, listed, number, uncapital
from sim.tables.inputs import input_label

OBSERVED, FITTED, EQUAL = "observed, with 95% band", "fitted", "equal"
AS_SEEN, AS_FITTED, AS_EQUAL = Mark(INK, "solid", "circle"), mark(1), Mark(MUTED, "dot", "circle")
PANEL, COLUMNS, AT_RISK = 170, 2, 5
NEXT_TO = 0.01
"""A curve that leaves its band by no more than this share has not left it."""
STAGES, CLOCKS, WAITS = "stages", "clocks", "waits"


@dataclass(frozen=True)
class Kind:
    """Curves of one kind: what the axis is called, and what the curve shows."""

    axis: str
    shows: str


KINDS = {
    STAGES: Kind("days since it began", "proportion without the end of the stage, or the event"),
    CLOCKS: Kind("days since referral", "cumulative incidence while waiting"),
    WAITS: Kind("days since it began", "proportion still waiting"),
}


def kind_of(curves: pd.DataFrame) -> pd.Series:
    """Of each row of the table of curves, what kind of curve it is part of."""
    incidence = curves["curve"] == "cumulative incidence"
    fitted = curves["fitted"].notna().groupby(curves["path"]).transform("any")
    return pd.Series(STAGES, index=curves.index).mask(~fitted, WAITS).mask(incidence, CLOCKS)


def has(kind: str) -> Callable[[pd.DataFrame], bool]:
    """Whether the table has curves of this kind."""
    return lambda curves: bool((kind_of(curves) == kind).any())


def drawer(kind: str) -> Callable[[pd.DataFrame, Findings], Figure]:
    """The picture of the curves of this kind: a panel each."""

    def draw(curves: pd.DataFrame, findings: Findings) -> Figure:
        mine = curves[kind_of(curves) == kind]
        boxes = [_box(str(path), rows, kind) for path, rows in mine.groupby("path", sort=False)]
        grid = Grid(boxes, min(COLUMNS, len(boxes)), KINDS[kind].axis, panel=PANEL)
        return picture_of(
            grid,
            [OBSERVED, FITTED] if mine["fitted"].notna().any() else [OBSERVED],
            56,
            title=_title(mine, kind),
            subtitle=f"{KINDS[kind].shows}; {_estimator(kind)} of what was observed, steps, with pointwise 95% bands",
            alt=describer(kind)(curves, findings),
        )

    return draw


def describer(kind: str) -> Callable[[pd.DataFrame, Findings], str]:
    """The alternative text: the median of each curve, or where it ends, observed and fitted."""

    def describe(curves: pd.DataFrame, findings: Findings) -> str:
        mine = curves[kind_of(curves) == kind]
        told = []
        for path, rows in mine.groupby("path", sort=False):
            row = records(rows)[-1] if kind == CLOCKS else _middle(rows)
            fitted = f", {_percent(row.fitted)} fitted" if math.isfinite(row.fitted) else ""
            told.append(
                f"{input_label(str(path))}, day {number(row.day, 0)}: {_percent(row.observed)} observed{fitted}"
            )
        return f"Curves of {KINDS[kind].shows}. {'; '.join(told)}."

    return describe


def _estimator(kind: str) -> str:
    return "Aalen\N{EN DASH}Johansen" if kind == CLOCKS else "Kaplan\N{EN DASH}Meier"


def _percent(share: float) -> str:
    return f"{number(100.0 * share, 0)}%"


def _middle(rows: pd.DataFrame) -> Any:
    below = rows[rows["observed"] <= 0.5]
    return records(below if not below.empty else rows.tail(1))[0]


def _box(path: str, rows: pd.DataFrame, kind: str) -> Box:
    rows = rows.sort_values("day", kind="stable")
    days, edges = rows["day"].tolist(), {}
    for column in ("observed", "low", "high"):
        edges[column] = _stepped([100.0 * value for value in rows[column]])
    twice = [days[0], *(day for day in days[1:] for _ in (0, 1))]
    observed = Line(OBSERVED, AS_SEEN, twice, edges["observed"], edges["low"], edges["high"], unit="%")
    fitted = rows[rows["fitted"].notna()]
    fit = Line(FITTED, AS_FITTED, fitted["day"].tolist(), [100.0 * value for value in fitted["fitted"]], unit="%")
    if kind == STAGES:  # by date, as the register has it
        fit = Line(FITTED, AS_FITTED, twice, _stepped([100.0 * value for value in rows["fitted"]]), unit="%")
    last = max(float(days[-1]), 1.0)
    top = 100.0 if kind != CLOCKS else None
    axis = {"range": [0, last * 1.02], "dtick": day_tick(last, 6)}
    return Box(input_label(path), [observed, *([fit] if not fitted.empty else [])], suffix="%", top=top, x_axis=axis,
               at_risk=_at_risk(rows, last))  # fmt: skip


def _stepped(values: Sequence[float]) -> list[float]:
    """A curve that keeps its value up to the next day: a value a corner."""
    return [values[0], *(value for pair in pairwise(values) for value in pair)]


def _at_risk(rows: pd.DataFrame, last: float) -> list[tuple[float, int]]:
    """Patients at risk on some days of the table, about evenly spaced on the axis."""
    found: dict[float, int] = {}
    for place in range(AT_RISK):
        row = records(rows.loc[[(rows["day"] - last * place / (AT_RISK - 1)).abs().idxmin()]])[0]
        # numbers that would touch
        if not any(abs(row.day - day) < 0.1 * last for day in found):
            found[float(row.day)] = int(row.at_risk)
    return list(found.items())


def _title(mine: pd.DataFrame, kind: str) -> str:
    paths = list(dict.fromkeys(mine["path"]))
    if kind == WAITS:
        waits = f"{counted(len(paths), 'wait')} of the register {'is' if len(paths) == 1 else 'are'} no input"
        return f"{waits}: the simulation brings {'it' if len(paths) == 1 else 'them'} about"
    banded = mine[mine["fitted"].notna() & mine["low"].notna() & mine["high"].notna()]
    apart = (banded["low"] - banded["fitted"]).clip(lower=0.0) + (banded["fitted"] - banded["high"]).clip(lower=0.0)
    off = banded[apart > NEXT_TO]
    what = "Every fitted curve" if len(paths) > 1 else f"The fitted curve of {uncapital(input_label(str(paths[0])))}"
    if off.empty:
        return f"{what} keeps to the 95% band of what was observed"
    days = [
        f"{uncapital(input_label(str(path)))} on {len(rows)} of {counted(int((banded['path'] == path).sum()), 'day')}"
        for path, rows in off.groupby("path", sort=False)
    ]
    return f"Fitted curves outside the 95% band of what was observed: {listed(days)}"


def draw_quantiles(quantiles: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a stage: quantiles observed to the right, fitted upwards, and the line on which both are equal."""
    boxes = []
    for path, rows in quantiles.groupby("path", sort=False):
        highest = max(1.0, float(rows[["observed", "fitted"]].max().max())) * 1.05
        points = Line(
            "quantiles, each 5%",
            AS_FITTED,
            rows["observed"].tolist(),
            rows["fitted"].tolist(),
            unit=" d",
            mode="markers",
        )
        equal = Line(EQUAL, AS_EQUAL, [0.0, highest], [0.0, highest])
        axis = {"range": [0, highest], "dtick": day_tick(highest, 6)}
        boxes.append(Box(input_label(str(path)), [points], [equal], top=highest, x_axis=axis))
    grid = Grid(boxes, min(3, len(boxes)), "days observed", panel=PANEL)
    return picture_of(
        grid,
        (),
        56,
        title=_quantile_title(quantiles),
        subtitle="Days by which 5%, 10% and so on of a stage have ended: observed to the right, fitted upwards",
        alt=describe_quantiles(quantiles, findings),
    )


def describe_quantiles(quantiles: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the middle and the highest quantile of each stage."""
    told = []
    for path, rows in quantiles.groupby("path", sort=False):
        for row in records(rows[rows["probability"].isin([0.5, rows["probability"].max()])]):
            days = f"{number(row.observed, 0)} d observed, {number(row.fitted, 1)} d fitted"
            told.append(f"{input_label(str(path))}, {_percent(row.probability)}: {days}")
    return f"Q-Q plots. {'; '.join(told)}."


def _quantile_title(quantiles: pd.DataFrame) -> str:
    apart = (quantiles["fitted"] - quantiles["observed"]).abs()
    row = records(quantiles.loc[[apart.idxmax()]])[0]
    stage = uncapital(input_label(str(row.path)))
    return (
        f"Quantiles of stages: furthest apart those of {stage} at {_percent(row.probability)}, "
        f"{counted(number(row.observed, 0), 'day')} observed, {number(row.fitted, 1)} fitted"
    )
