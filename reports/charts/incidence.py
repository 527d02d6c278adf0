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
    INK,
    SMALL_SIZE,
    WORDS_SQUEEZE,
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
from sim.tables import CURVES, PROGRESSED_BEFORE
from sim.tables import EVENTS as COMPETING

EVENTS: Mapping[str, str] = CURVES
Lines = Mapping[tuple[str, str], pd.DataFrame]
LOSSES = tuple(name for name in COMPETING if name != "infused")
MAIN = ("infused", PROGRESSED_BEFORE)
"""The curves that stand large: what is hoped for, and the outcome of the headline."""
DASHES = {
    "infused": "solid", "progressed": "dash", "died": "dot", "withdrawn": "dashdot", "funding": "longdashdot",
    "failed": "longdash", "alternative": "8px,3px,2px,3px", "standard_care": "2px,6px", PROGRESSED_BEFORE: "14px,3px",
}  # fmt: skip
LARGE, SMALL, GAP, ABOVE, BELOW, RIGHT = 250, 150, 128, 34, 52, 170
VALUES = 46
"""Pixels at the right of a panel for the numbers at which its lines end."""
LABEL_LINE, SQUEEZED_LINE, RISK_LINE, RISK_HEAD = 17, 28, 15, 40
DAYS = "days since referral"
MANY = 5
BELOW_IT = f"{DAYS}; below: still waiting"
PROGRESSION = "#9A3412"
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
    title = headline(findings, "progressed_before_infusion_share")
    shared = {
        "title": title,
        "subtitle": findings.population(),
        "alt": describe(incidence, findings),
        "margin": {"l": 62, "r": RIGHT, "b": BELOW},
    }
    if len(findings.scenarios) == 1:
        return _of_one(incidence, findings, shared)
    return _of_many(incidence, findings, shared)


def describe(incidence: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: where each curve ends."""
    parts, every = [], _every_line(incidence)
    for scenario in findings.scenarios:
        ends = [
            f"{label.lower()} {level(curve.last)}"
            for event, label in EVENTS.items()
            if (curve := _curve(every, scenario, event, label, mark(0))) is not None
        ]
        if ends:
            parts.append(f"{scenario}: {listed(ends)}")
    return f"Cumulative incidence since referral, at the last day. {'; '.join(parts)}."


def _every_line(incidence: pd.DataFrame) -> Lines:
    """The rows of each curve in order of days, by its scenario and event: taken out of the long table in one go."""
    there = incidence[incidence["estimate"].notna()].sort_values("day")
    by_line = there.groupby(["scenario", "event"], sort=False)
    return {(str(scenario), str(event)): rows for (scenario, event), rows in by_line}


def _curve(every: Lines, scenario: str, event: str, name: str, look: Mark) -> Curve | None:
    rows = every.get((scenario, event))
    return None if rows is None else Curve(name, look, rows)


def _of_one(incidence: pd.DataFrame, findings: Findings, shared: dict[str, Any]) -> Figure:
    figure, every = canvas(), _every_line(incidence)
    (scenario,) = findings.scenarios
    looks = {event: Mark(_colour(event), DASHES[event], "circle") for event in EVENTS}
    shown = {event: label for event, label in EVENTS.items() if event == "infused" or _happens(every, event)}
    curves = [c for e, label in shown.items() if (c := _curve(every, scenario, e, label, looks[e])) is not None]
    height = LARGE + 60
    last = last_day(incidence)
    _lines(figure, curves, last, "x", "y", legend=True)
    labels = _end_labels(figure, curves, "x", "y", height, 1.0, named=True)
    figure.update_layout(
        xaxis={"range": [0, last], "dtick": day_tick(last, 6), "title": {"text": DAYS}},
        yaxis={**_share_axis(1.0), "title": {"text": "% of those referred"}},
    )
    below = _at_risk(figure, incidence, findings, last, "x", "y")
    narrow = {**labels, "layout.margin.r": 22, "legend": [curve.name for curve in curves]}
    margin = {**shared.pop("margin"), "b": BELOW + below, "r": RIGHT}
    return finish(figure, height=height + BELOW + below, narrow=narrow, margin=margin, **shared)


def _of_many(incidence: pd.DataFrame, findings: Findings, shared: dict[str, Any]) -> Figure:
    """The two main panels side by side, with who is still on the way below them; small ones of each loss under them."""
    figure, every = canvas(), _every_line(incidence)
    by_event = {
        event: [
            curve
            for place, scenario in enumerate(findings.scenarios)
            if (curve := _curve(every, scenario, event, scenario, mark(place))) is not None
        ]
        for event in (*MAIN, *(event for event in LOSSES if _happens(every, event)))
        if event == "infused" or _happens(every, event)
    }
    large = [event for event in by_event if event in MAIN]
    small = [event for event in by_event if event not in MAIN]
    last = last_day(incidence)
    tops = {event: 1.0 if event == "infused" else _nice_top(by_event[event]) for event in large}
    tops |= dict.fromkeys(small, _nice_top([curve for event in small for curve in by_event[event]]))
    below = RISK_LINE * len(findings.scenarios) + 6
    rows = [LARGE, SMALL] if small else [LARGE]
    # a slide is squeezed, its type is not: the more lines, the more of it they take
    gap = GAP + (3 if len(findings.scenarios) < MANY else 5) * below - 54
    wide = stacked(rows, gap, ABOVE)
    phone_gap = GAP + below // 2
    phone = stacked([220 if event in MAIN else SMALL - 20 for event in by_event], phone_gap, ABOVE)
    columns = {**dict(zip(large, _columns(len(large), 0.1), strict=True))}
    columns |= dict(zip(small, _columns(len(small), 0.065), strict=True))
    narrow: dict[str, Any] = {"layout.margin.r": VALUES, "layout.margin.b": BELOW + below}
    for place, event in enumerate(by_event):
        suffix = "" if place == 0 else str(place + 1)
        x_axis, y_axis = f"x{suffix}", f"y{suffix}"
        _lines(figure, by_event[event], last, x_axis, y_axis, legend=place == 0)
        figure.update_layout(
            {
                f"xaxis{suffix}": {
                    "domain": list(columns[event]),
                    "range": [0, last],
                    "dtick": day_tick(last, 5 if event in MAIN else 3),
                    "anchor": y_axis,
                    "title": {"text": DAYS},
                },
                f"yaxis{suffix}": {
                    **_share_axis(tops[event]),
                    "domain": list(wide[0 if event in MAIN else 1]),
                    "anchor": x_axis,
                },
            }
        )
        narrow |= {
            f"layout.xaxis{suffix}.domain": [0, 1],
            f"layout.xaxis{suffix}.dtick": day_tick(last, 5),
            f"layout.yaxis{suffix}.domain": list(phone[place]),
        }
        heading(figure, lines(EVENTS[event], 40 if event in MAIN else 20, 2), x_axis, y_axis)
        if event in MAIN:
            _end_labels(figure, by_event[event], x_axis, y_axis, LARGE, tops[event], named=False)
            _at_risk(figure, incidence, findings, last, x_axis, y_axis)
    margin = {**shared.pop("margin"), "r": VALUES, "b": BELOW if small else BELOW + below}
    bottom = margin["b"]
    return finish(
        figure,
        height=ABOVE + sum(rows) + gap * (len(rows) - 1) + bottom,
        narrow=narrow,
        squeeze=WORDS_SQUEEZE,
        narrow_height=ABOVE
        + 220 * len(large)
        + (SMALL - 20) * len(small)
        + phone_gap * (len(by_event) - 1)
        + BELOW
        + below,
        margin=margin,
        legend=[name_of(name) for name in findings.scenarios],
        **shared,
    )


def _at_risk(figure: Figure, incidence: pd.DataFrame, findings: Findings, last: float, x_axis: str, y_axis: str) -> int:
    """Writes below a panel how many are neither infused nor lost at each tick; returns the pixels that it takes.

    It is the mean number referred, less what the competing events leave of it.
    """
    several = len(findings.scenarios) > 1
    rows = []
    for place, scenario in enumerate(findings.scenarios):
        mine = incidence[(incidence["scenario"] == scenario) & incidence["event"].isin(COMPETING)]
        referred = findings.level(scenario, "referred").value
        gone = mine.groupby("day")["estimate"].sum()
        if math.isfinite(referred) and not gone.empty:
            rows.append((mark(place).colour if several else INK, referred * (1.0 - gone)))
    if not rows:
        return 0
    top = -RISK_HEAD
    shared = {"showarrow": False, "yref": f"{y_axis} domain", "y": 0, "yanchor": "top"}
    figure.layout[x_axis.replace("x", "xaxis")]["title"] = {"text": BELOW_IT}
    step = day_tick(last, 5)
    for line, (colour, left) in enumerate(rows):
        for day in range(0, int(last) + 1, step):
            if day in left.index:
                figure.add_annotation(
                    **shared, xref=x_axis, x=day, xanchor="center", yshift=top - RISK_LINE * line,
                    text=f"{max(0.0, float(left[day])):,.0f}", font={"size": SMALL_SIZE, "color": legible(colour)},
                )  # fmt: skip
    return RISK_LINE * len(rows) + 6


def _colour(event: str) -> str:
    return PROGRESSION if event == PROGRESSED_BEFORE else outcome_colour(event)


def _happens(every: Lines, event: str) -> bool:
    return any((rows["estimate"] > 0.0).any() for (_, its), rows in every.items() if its == event)


def _columns(count: int, gap: float) -> list[tuple[float, float]]:
    """The horizontal domains of panels side by side."""
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


def _end_labels(
    figure: Figure, curves: Sequence[Curve], x_axis: str, y_axis: str, height: int, top: float, *, named: bool
) -> dict[str, Any]:
    """The numbers at the ends of the lines, with their names where `named`, pushed apart where they would touch.

    Returns what hides them on a phone, which has a legend for the names.
    """
    hidden: dict[str, Any] = {}
    ordered = sorted(curves, key=lambda one: -one.last.value)
    texts = [_end_label(curve) if named else plain(level(curve.last, short=True)) for curve in ordered]
    line = LABEL_LINE if named else SQUEEZED_LINE
    rooms = [line * (1 + text.count("<br>")) / height * top for text in texts]
    centres: list[float] = []
    for curve, room in zip(ordered, rooms, strict=True):
        above = centres[-1] - (rooms[len(centres) - 1] + room) / 2 if centres else math.inf
        centres.append(min(curve.last.value, above))
    for place in reversed(range(len(centres))):
        under = centres[place + 1] + rooms[place + 1] / 2 if place + 1 < len(centres) else 0.0
        centres[place] = max(centres[place], under + rooms[place] / 2)
    for curve, text, centre in zip(ordered, texts, centres, strict=True):
        if named:
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


def last_day(incidence: pd.DataFrame) -> float:
    """The day after which no curve rises visibly, with a little room after it."""
    ends = [0.0]
    for _, rows in incidence[incidence["estimate"].notna()].groupby(["scenario", "event"], sort=False):
        moving = rows.loc[rows["estimate"] < rows["estimate"].iloc[-1] - STILL, "day"]
        ends.append(float(moving.max()) if not moving.empty else 0.0)
    whole = float(incidence["day"].max()) if not incidence.empty else 1.0
    return min(whole, max(ends) * 1.05 + 5)


def _nice_top(curves: Sequence[Curve]) -> float:
    """The upper end of an axis from zero that holds these curves and their bands."""
    highest = max((float(curve.rows[["estimate", "high"]].max().max()) for curve in curves), default=0.0)
    return next((top for top in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8) if highest <= top * 0.97), 1.0)
