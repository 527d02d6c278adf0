"""Which inputs matter, from sampled designs: Morris' elementary effects and partial rank correlation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.charts.sweeps import BELOW, HIGH, LEFT, LOW, main_rows
from reports.figure import Figure, trace
from reports.findings import Findings
from reports.tables import records
from reports.theme import INK, MUTED, PAPER, SMALL_SIZE, canvas, finish, lines, plain
from reports.words import Estimate, compact, figure, level, listed, scale, stands_out, uncapital
from sim.tables.inputs import input_label

EFFECT, SPREAD = "mean size of the effect \N{GREEK SMALL LETTER MU}*", "its spread \N{GREEK SMALL LETTER SIGMA}"
NAMED, LINE = 6, 0.075
"""Inputs named, and the height of a name as a part of the axis."""

MOST = 20
"""Inputs drawn."""


def draw_morris(morris: pd.DataFrame, findings: Findings) -> Figure:
    """A point an input: the mean size of its effect to the right with its interval, their spread upwards."""
    picture, rows = canvas(), records(_by_size(morris, "mu_star"))
    factor, unit = scale(str(rows[0].unit)), _unit(rows[0])
    told = {row.path for row in rows[:NAMED] if row.mu_star > 0.0}
    x, y = ([float(getattr(row, name)) * factor for row in rows] for name in ("mu_star", "sigma"))
    halves = [float(row.mu_star_half_width) * factor for row in rows]
    far = [at + half for at, half in zip(x, halves, strict=True) if math.isfinite(half)]
    end = 1.12 * max([*x, *y, *far, 1e-9])
    picture.add_shape(
        type="line", x0=0, x1=end, y0=0, y1=end, xref="x", yref="y", layer="below",
        line={"color": MUTED, "width": 1, "dash": "dot"},
    )  # fmt: skip
    picture.add_trace(
        trace(
            "scatter",
            x=x,
            y=y,
            mode="markers",
            marker={"color": LOW.colour, "size": 10, "line": {"color": PAPER, "width": 1}},
            error_x={"type": "data", "array": halves, "color": LOW.colour, "thickness": 1.4, "width": 3},
            hoverinfo="text",
            hovertext=[
                f"<b>{plain(input_label(row.path))}</b><br>{compact(_effect(row))}, spread "
                f"{level(Estimate(row.sigma, unit=row.unit, change=True))}"
                for row in rows
            ],
            showlegend=False,
        )
    )
    narrow: dict[str, Any] = {"layout.margin.l": 56, "layout.margin.r": 16}
    named = [(row, a, b) for row, a, b in zip(rows, x, y, strict=True) if row.path in told]
    high = [max(0.0, b) for _, _, b in named]
    for (row, a, _), at in zip(named, _apart(high, end), strict=True):
        left = a > 0.6 * end
        narrow[f"layout.annotations.{len(picture.annotations)}.text"] = lines(input_label(row.path), 22, 2)
        picture.add_annotation(
            xref="x", x=a, yref="y", y=at, text=lines(input_label(row.path), 40, 1), showarrow=False,
            xanchor="right" if left else "left", xshift=-9 if left else 9, yanchor="bottom", yshift=3,
            align="right" if left else "left", font={"size": SMALL_SIZE, "color": INK},
        )  # fmt: skip
    picture.update_layout(
        xaxis={"range": [0, end], "title": {"text": f"{EFFECT}, {unit}"}, "nticks": 6},
        yaxis={"range": [0, end], "title": {"text": f"{SPREAD}, {unit}"}, "nticks": 6},
    )
    return finish(
        picture,
        title=_morris_title(rows),
        subtitle="Elementary effects (Morris), the first scenario; the inputs that move it most have their names",
        alt=describe_morris(morris, findings),
        height=340 + BELOW,
        margin={"l": 70, "r": 24, "b": BELOW},
        narrow=narrow,
    )


def _apart(heights: Sequence[float], end: float) -> list[float]:
    """The heights at which names stand: at their points, moved up where one would lie over another."""
    placed: dict[int, float] = {}
    for place in sorted(range(len(heights)), key=heights.__getitem__):
        placed[place] = max([heights[place], *(one + LINE * end for one in placed.values())])
    return [min(placed[place], 1.02 * end) for place in range(len(heights))]


def _unit(row: Any) -> str:
    return "percentage points" if row.unit == "share" else str(row.unit)


def describe_morris(morris: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the five inputs that matter most."""
    rows = records(_by_size(morris, "mu_star"))
    told = [f"{input_label(row.path)} {compact(_effect(row))}" for row in rows[:5]]
    return f"Points of the mean size of the effect of each input on {rows[0].label}. Largest: {listed(told)}."


def draw_prcc(prcc: pd.DataFrame, findings: Findings) -> Figure:
    """Partial rank correlation of each input with its interval, the strongest first."""
    picture = canvas()
    mine = _by_size(prcc, "prcc")
    groups = tuple(
        Group(input_label(str(row.path)), (Row("correlation", _correlation(row), HIGH),)) for row in records(mine)
    )
    first = records(mine)[0]
    panel = Panel(groups, f"partial rank correlation with {first.label}", bars=True, wrap=38, limits=(-1.0, 1.0))
    narrow = draw_panel(picture, panel, legend=False)
    picture.update_layout(xaxis={"tickvals": [-1, -0.5, 0, 0.5, 1]})
    return finish(
        picture,
        title=_prcc_title(records(mine)),
        subtitle="Partial rank correlation with 95% intervals, first scenario; one that holds 0 shows no clear link",
        alt=describe_prcc(prcc, findings),
        height=int(panel.height) + BELOW,
        margin={"l": LEFT, "r": panel.room, "b": BELOW},
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": panel.phone_room},
    )


def describe_prcc(prcc: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the five strongest."""
    rows = records(_by_size(prcc, "prcc"))
    told = [f"{input_label(row.path)} {compact(_correlation(row))}" for row in rows[:5]]
    return f"Bars of partial rank correlation with {rows[0].label}. Strongest: {listed(told)}."


def _morris_title(rows: Sequence[Any]) -> str:
    first, *others = rows
    if first.mu_star == 0.0:
        return f"No effect of any input on {uncapital(str(first.label))}"
    moves = "moves it most" if stands_out(_effect(first), map(_effect, others)) else "is among those that move it most"
    return f"{first.label}: {input_label(first.path)} {moves}, by {figure(_effect(first))} on average over its range"


def _prcc_title(rows: Sequence[Any]) -> str:
    first, *others = rows
    if not _correlation(first).verdict().resolved:
        return f"No input is clearly linked with {uncapital(str(first.label))}"
    way = "rises" if first.prcc > 0.0 else "falls"
    sizes = [_size(row) for row in others]
    most = "most closely with" if stands_out(_size(first), sizes) else "with, among others no less clearly,"
    return (
        f"{first.label} {way} {most} {input_label(first.path)}: partial rank correlation {figure(_correlation(first))}"
    )


def _size(row: object) -> Estimate:
    """The strength of a correlation, whichever its direction."""
    one = _correlation(row)
    return one if one.value >= 0.0 else Estimate(-one.value, -one.high, -one.low)


def _effect(row: object) -> Estimate:
    value, half = float(getattr(row, "mu_star", math.nan)), float(getattr(row, "mu_star_half_width", math.nan))
    return Estimate(value, max(value - half, 0.0), value + half, str(getattr(row, "unit", "")), change=True)


def _correlation(row: object) -> Estimate:
    value, low, high = (float(getattr(row, name)) for name in ("prcc", "low", "high"))
    return Estimate(value, low, high)


def _by_size(table: pd.DataFrame, column: str) -> pd.DataFrame:
    mine = main_rows(table[table[column].notna()])
    order = mine[column].abs().sort_values(ascending=False, kind="stable").index[:MOST]
    return mine.loc[order]
