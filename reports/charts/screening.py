"""Which inputs matter, from sampled designs: Morris' elementary effects and partial rank correlation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.charts.sweeps import BELOW, HIGH, LEFT, LOW, main_rows
from reports.figure import Figure
from reports.findings import Findings
from reports.tables import records
from reports.theme import canvas, finish
from reports.words import Estimate, compact, figure, listed, stands_out, uncapital
from sim.tables.inputs import input_label

EFFECT, SPREAD = "mean size of the effect", "spread of the effect"

MOST = 20
"""Inputs drawn."""


def draw_morris(morris: pd.DataFrame, findings: Findings) -> Figure:
    """Mean absolute elementary effect of each input with its interval, and the spread of the effects below it."""
    picture = canvas()
    mine = _by_size(morris, "mu_star")
    groups = tuple(
        Group(
            str(row.path),
            (Row(EFFECT, _effect(row), HIGH), Row(SPREAD, Estimate(row.sigma, unit=row.unit), LOW)),
        )
        for row in records(mine)
    )
    first = records(mine)[0]
    panel = Panel(groups, f"{first.label}: change over the range of the input", bars=True, wrap=38)
    narrow = draw_panel(picture, panel, legend=True)
    return finish(
        picture,
        title=_morris_title(records(mine)),
        subtitle="Elementary effects (Morris), the first scenario; a wide spread means interactions or a curved effect",
        alt=describe_morris(morris, findings),
        height=int(panel.height) + BELOW,
        margin={"l": LEFT, "r": 20, "b": BELOW},
        legend=[EFFECT, SPREAD],
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": 10},
    )


def describe_morris(morris: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the five inputs that matter most."""
    rows = records(_by_size(morris, "mu_star"))
    told = [f"{input_label(row.path)} {compact(_effect(row))}" for row in rows[:5]]
    return f"Bars of the mean size of the effect of each input on {rows[0].label}. Largest: {listed(told)}."


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
        margin={"l": LEFT, "r": 20, "b": BELOW},
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": 10},
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
