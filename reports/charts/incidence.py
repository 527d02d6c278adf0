"""Cumulative incidence of infusion, progression, death and withdrawal since referral, as competing risks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.charts.bands import heading
from reports.figure import Figure, trace
from reports.findings import Findings, headline
from reports.theme import (
    Mark,
    canvas,
    day_tick,
    faint,
    finish,
    legible,
    lines,
    mark,
    name_of,
    outcome_colour,
    plain,
    stacked,
)
from reports.words import Estimate, folded, level, listed, shortened
from sim.tables import EVENTS as EVENT_WORDS

EVENTS: Mapping[str, str] = {name: label for name, (label, _) in EVENT_WORDS.items()}
DASHES = {
    "infused": "solid", "progressed": "dash", "died": "dot", "withdrawn": "dashdot", "funding": "longdashdot",
    "failed": "longdash", "alternative": "8px,3px,2px,3px", "standard_care": "2px,6px",
}  # fmt: skip
LARGE, SMALL, GAP, ABOVE, BELOW, RIGHT = 270, 170, 90, 30, 52, 170
LABEL_LINE = 17
STILL = 0.002
"""The axis ends where no curve rises by more than this any more."""


@dataclass(frozen=True)
class Curve:
    """One line: who or what, its look, and its rows of the table in order of days."""

    name: str
    mark: Mark
    rows: pd.DataFrame

    @property
    def last(self) -> Estimate:
        """Where the line ends."""
        row = self.rows.iloc[-1]
        return Estimate(float(row["estimate"]), float(row["low"]), float(row["high"]), "share")


def draw(incidence: pd.DataFrame, findings: Findings) -> Figure:
    """One panel with a line an event for a single run; else a panel an event with a line a scenario."""
    title = headline(findings, "infused_share")
    shared = {
        "title": title,
        "subtitle": findings.population(),
        "alt": describe(incidence, findings),
        "margin": {"l": 62, "r": RIGHT, "b": BELOW},
    }
    if len(findings.scenarios) == 1:
        return _of_one(incidence, shared)
    return _of_many(incidence, findings, shared)


def describe(incidence: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: where each curve ends."""
    parts = []
    for scenario in findings.scenarios:
        ends = [
            f"{label.lower()} {level(curve.last)}"
            for event, label in EVENTS.items()
            if (curve := _curve(incidence, scenario, event, label, mark(0))) is not None
        ]
        if ends:
            parts.append(f"{scenario}: {listed(ends)}")
    return f"Cumulative incidence since referral, at the last day. {'; '.join(parts)}."


def _curve(incidence: pd.DataFrame, scenario: str, event: str, name: str, look: Mark) -> Curve | None:
    mine = incidence[(incidence["scenario"] == scenario) & (incidence["event"] == event)]
    rows = mine[mine["estimate"].notna()].sort_values("day")
    return None if rows.empty else Curve(name, look, rows)


def _of_one(incidence: pd.DataFrame, shared: dict[str, Any]) -> Figure:
    figure = canvas()
    scenario = incidence["scenario"].iloc[0]
    looks = {event: Mark(outcome_colour(event), DASHES[event], "circle") for event in EVENTS}
    shown = {event: label for event, label in EVENTS.items() if event == "infused" or _happens(incidence, event)}
    curves = [c for e, label in shown.items() if (c := _curve(incidence, scenario, e, label, looks[e])) is not None]
    height = LARGE + 60
    last = _last_day(curves)
    _lines(figure, curves, last, "x", "y", legend=True)
    labels = _end_labels(figure, curves, "x", "y", height)
    figure.update_layout(
        xaxis={"range": [0, last], "dtick": day_tick(last), "title": {"text": "days since referral"}},
        yaxis={**_share_axis(1.0), "title": {"text": "share of referred patients"}},
    )
    narrow = {
        **labels,
        "layout.margin.r": 14,
        "layout.xaxis.dtick": day_tick(last, 4),
        "legend": [curve.name for curve in curves],
    }
    return finish(figure, height=height + BELOW, narrow=narrow, **shared)


def _of_many(incidence: pd.DataFrame, findings: Findings, shared: dict[str, Any]) -> Figure:
    figure = canvas()
    losses = [event for event in EVENTS if event != "infused" and _happens(incidence, event)]
    by_event = {
        event: [
            curve
            for place, scenario in enumerate(findings.scenarios)
            if (curve := _curve(incidence, scenario, event, scenario, mark(place))) is not None
        ]
        for event in ["infused", *losses]
    }
    last = _last_day([curve for curves in by_event.values() for curve in curves])
    loss_top = _nice_top([curve for event in losses for curve in by_event[event]])
    wide = stacked([LARGE, SMALL], GAP, ABOVE)
    phone = stacked([220, *([SMALL - 20] * len(losses))], GAP, ABOVE)
    columns = [(0.0, 1.0), *_columns(len(losses))]
    narrow: dict[str, Any] = {"layout.margin.r": 14, "legend": [name_of(name) for name in findings.scenarios]}
    for place, event in enumerate(by_event):
        suffix = "" if place == 0 else str(place + 1)
        x_axis, y_axis = f"x{suffix}", f"y{suffix}"
        _lines(figure, by_event[event], last, x_axis, y_axis, legend=place == 0)
        figure.update_layout(
            {
                f"xaxis{suffix}": {
                    "domain": list(columns[place]),
                    "range": [0, last],
                    "dtick": day_tick(last, 8 if place == 0 else 4),
                    "anchor": y_axis,
                    "title": {"text": "days since referral"},
                },
                f"yaxis{suffix}": {
                    **_share_axis(1.0 if event == "infused" else loss_top),
                    "domain": list(wide[0 if place == 0 else 1]),
                    "anchor": x_axis,
                },
            }
        )
        narrow |= {
            f"layout.xaxis{suffix}.domain": [0, 1],
            f"layout.xaxis{suffix}.dtick": day_tick(last, 4),
            f"layout.yaxis{suffix}.domain": list(phone[place]),
        }
        heading(figure, lines(EVENTS[event], 20, 2), x_axis, y_axis)
    narrow |= _end_labels(figure, by_event["infused"], "x", "y", LARGE)
    return finish(
        figure,
        height=ABOVE + LARGE + GAP + SMALL + BELOW,
        narrow=narrow,
        narrow_height=ABOVE + 220 + len(losses) * (GAP + SMALL - 20) + BELOW,
        **shared,
    )


def _happens(incidence: pd.DataFrame, event: str) -> bool:
    return bool((incidence.loc[incidence["event"] == event, "estimate"] > 0.0).any())


def _columns(count: int) -> list[tuple[float, float]]:
    """The horizontal domains of small panels side by side."""
    gap = 0.065
    width = (1.0 - gap * (count - 1)) / max(count, 1)
    return [(place * (width + gap), place * (width + gap) + width) for place in range(count)]


def _share_axis(top: float) -> dict[str, Any]:
    return {"range": [0, top * 100], "ticksuffix": "%", "rangemode": "tozero", "nticks": 6}


def _lines(figure: Figure, curves: Sequence[Curve], last: float, x_axis: str, y_axis: str, *, legend: bool) -> None:
    """The curves up to the end of the axis; bands first, so that no band lies over a line."""
    shown = [curve.rows[curve.rows["day"] <= last] for curve in curves]
    for curve, drawn in zip(curves, shown, strict=True):
        rows = drawn[drawn["low"].notna() & drawn["high"].notna()]
        if rows.empty:
            continue
        days = [float(day) for day in rows["day"]]
        edge = [_percent(x) for x in rows["high"]] + [_percent(x) for x in rows["low"]][::-1]
        figure.add_trace(
            trace(
                "scatter",
                x=days + days[::-1],
                y=edge,
                fill="toself",
                fillcolor=faint(curve.mark.colour, 0.18),
                line={"width": 0},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
                xaxis=x_axis,
                yaxis=y_axis,
            )
        )
    for curve, drawn in zip(curves, shown, strict=True):
        figure.add_trace(
            trace(
                "scatter",
                x=[float(day) for day in drawn["day"]],
                y=[_percent(x) for x in drawn["estimate"]],
                mode="lines",
                line={"color": curve.mark.colour, "dash": curve.mark.dash, "width": 2.2},
                name=name_of(curve.name),
                showlegend=legend,
                hovertemplate="<b>%{fullData.name}</b><br>day %{x}: %{y:.1f}%<extra></extra>",
                xaxis=x_axis,
                yaxis=y_axis,
            )
        )


def _percent(share: float) -> float:
    return round(float(share) * 100, 4)


def _end_labels(figure: Figure, curves: Sequence[Curve], x_axis: str, y_axis: str, height: int) -> dict[str, Any]:
    """Names at the ends of the lines, pushed apart where they would touch. A phone has a legend instead."""
    hidden: dict[str, Any] = {}
    below = math.inf
    for curve in sorted(curves, key=lambda one: -one.last.value):
        text = _end_label(curve)
        room = LABEL_LINE * (1 + text.count("<br>")) / height
        centre = min(curve.last.value, below - room / 2)
        below = centre - room / 2
        hidden[f"layout.annotations.{len(figure.annotations)}.visible"] = False
        figure.add_annotation(
            xref=f"{x_axis} domain",
            x=1,
            yref=y_axis,
            y=centre * 100,
            text=text,
            font={"size": 12, "color": legible(curve.mark.colour)},
            showarrow=False,
            align="left",
            xanchor="left",
            yanchor="middle",
            xshift=6,
        )
    return hidden


def _end_label(curve: Curve) -> str:
    """The name in one or two lines, the last number of the line after it."""
    value = level(curve.last)
    *first, last = folded(curve.name, 21, 2)
    return "<br>".join(plain(line) for line in [*first, f"{shortened(last, 23 - len(value))} {value}"])


def _last_day(curves: Sequence[Curve]) -> float:
    """The day after which no curve rises visibly, with a little room after it."""
    ends = [0.0]
    for curve in curves:
        moving = curve.rows.loc[curve.rows["estimate"] < curve.last.value - STILL, "day"]
        ends.append(float(moving.max()) if not moving.empty else 0.0)
    whole = max((float(curve.rows["day"].max()) for curve in curves), default=1.0)
    return min(whole, max(ends) * 1.05 + 5)


def _nice_top(curves: Sequence[Curve]) -> float:
    """The upper end of an axis from zero that holds these curves and their bands."""
    highest = max((float(curve.rows[["estimate", "high"]].max().max()) for curve in curves), default=0.0)
    return next((top for top in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8) if highest <= top * 0.97), 1.0)
