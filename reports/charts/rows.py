"""Horizontal rows of estimates with their intervals, in groups: the drawing that several charts share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.figure import Figure, trace
from reports.theme import INK, MUTED, PAPER, SMALL_SIZE, Mark, lines, name_of, plain
from reports.words import Estimate, bare, compact, level, scale, unit_of

ROW, GAP = 24, 30
"""Pixels a row, and between two groups (room for a heading on a phone)."""
TEXT_ROOM = 0.46
"""Room for the text after a row, as a part of what is drawn."""


@dataclass(frozen=True)
class Row:
    """One estimate. `name` is what it is of: the entry of the legend, and the first line when pointed at."""

    name: str
    estimate: Estimate
    mark: Mark


@dataclass(frozen=True)
class Group:
    """Rows under one label at the left."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Panel:
    """Groups on one axis. `bars`: bars from zero, else points. `title`: of the axis, with its unit.

    `wrap`: letters in a line of a label. `limits`: the ends of an axis that the numbers have by their nature.
    """

    groups: tuple[Group, ...]
    title: str
    bars: bool
    wrap: int = 24
    limits: tuple[float, float] | None = None

    @property
    def height(self) -> float:
        """Pixels that the rows take."""
        return sum(ROW * len(group.rows) + GAP for group in self.groups)


def draw_panel(
    figure: Figure, panel: Panel, *, axis: int = 1, domain: tuple[float, float] = (0.0, 1.0), legend: bool
) -> dict[str, Any]:
    """Adds the panel to the figure; returns what is different on a phone (dotted path to value)."""
    suffix = "" if axis == 1 else str(axis)
    x_axis, y_axis = f"x{suffix}", f"y{suffix}"
    narrow: dict[str, Any] = {f"layout.yaxis{suffix}.showticklabels": False}
    at, ticks, headings = 0.0, [], []
    placed: list[tuple[float, str, Row]] = []
    for group in panel.groups:
        headings.append((at + GAP / 2, group.label))
        at += GAP
        ticks.append((at + ROW * len(group.rows) / 2, group.label))
        for row in group.rows:
            placed.append((at + ROW / 2, group.label, row))
            at += ROW
    _traces(figure, panel, placed, (x_axis, y_axis), legend)
    low, high = _range(panel)
    _texts(figure, panel, placed, (x_axis, y_axis), narrow)
    figure.update_layout(
        {
            f"xaxis{suffix}": {
                "title": {"text": panel.title},
                "range": [low, high],
                "zeroline": True,
                "anchor": y_axis,
                **(_percent_ticks(panel) if panel.bars and _of_shares(panel) else {"nticks": 8}),
            },
            f"yaxis{suffix}": {
                "domain": list(domain),
                "range": [at + 4, 4],
                "tickvals": [place for place, _ in ticks],
                "ticktext": [lines(label, panel.wrap) for _, label in ticks],
                "tickfont": {"size": 13, "color": INK},
                "ticks": "",
                "showgrid": False,
                "zeroline": False,
                "anchor": x_axis,
            },
        }
    )
    before = list(figure.annotations)
    narrow |= {f"layout.annotations.{len(before) + k}.visible": True for k in range(len(headings))}
    notes = [
        {
            "xref": f"{x_axis} domain",
            "x": 0,
            "yref": y_axis,
            "y": place + 4,
            "text": f"<b>{name_of(label, 44)}</b>",
            "showarrow": False,
            "xanchor": "left",
            "yanchor": "middle",
            "font": {"size": SMALL_SIZE, "color": INK},
            "visible": False,
        }
        for place, label in headings
    ]
    figure.update_layout(annotations=[*before, *notes])
    return narrow


def _of_shares(panel: Panel) -> bool:
    return panel.groups[0].rows[0].estimate.unit == "share"


def _percent_ticks(panel: Panel) -> dict[str, Any]:
    """Ticks on an axis of shares: none beyond what is drawn, and none beyond 100 %."""
    most = max(
        (row.estimate.value * 100 for group in panel.groups for row in group.rows if row.estimate.known), default=0
    )
    step = 20 if most > 50 else 10 if most > 20 else 5
    ticks = list(range(0, min(100, int(most) + step) + 1, step))
    return {"tickvals": ticks, "ticktext": [f"{tick}%" for tick in ticks]}


def _range(panel: Panel) -> tuple[float, float]:
    """From the smallest to the largest number drawn, zero included, with room for the texts; bars of shares from 0."""
    rows = [row.estimate for group in panel.groups for row in group.rows]
    ends = [
        0.0,
        *(x * scale(one.unit) for one in rows for x in (one.value, one.low, one.high) if math.isfinite(x)),
    ]
    from_zero = panel.bars and (_of_shares(panel) or min(ends) == 0.0)
    from_zero = from_zero and panel.limits is None
    low, high = (0.0 if from_zero else min(ends)), max(ends)
    if panel.limits is not None:
        low, high = min(low, panel.limits[0]), max(high, panel.limits[1])
    spread = (high - low) or 1.0
    after = max(_end(one, panel.bars) for one in rows) + TEXT_ROOM * spread
    return low - (0.0 if from_zero else 0.05 * spread), max(high + 0.05 * spread, after)


def _drawn(estimate: Estimate) -> tuple[float, float, float]:
    """The number and the lengths of its whiskers to the right and to the left, in the unit of the page."""
    factor = scale(estimate.unit)
    if not estimate.bounded:
        return estimate.value * factor, 0.0, 0.0
    right, left = estimate.high - estimate.value, estimate.value - estimate.low
    return estimate.value * factor, right * factor, left * factor


def _traces(
    figure: Figure,
    panel: Panel,
    placed: Sequence[tuple[float, str, Row]],
    axes: tuple[str, str],
    legend: bool,
) -> None:
    """One trace a name, so that the legend has one entry a name."""
    for name in dict.fromkeys(row.name for _, _, row in placed):
        mine = [(at, label, row) for at, label, row in placed if row.name == name and row.estimate.known]
        mark = next(row.mark for _, _, row in placed if row.name == name)
        drawn = [_drawn(row.estimate) for _, _, row in mine]
        shared: dict[str, Any] = {
            "x": [value for value, _, _ in drawn],
            "y": [at for at, _, _ in mine],
            "orientation": "h",
            "name": name_of(name),
            "legendgroup": name_of(name),
            "showlegend": legend,
            "error_x": _whiskers([up for _, up, _ in drawn], [down for _, _, down in drawn], panel, mark),
            "hoverinfo": "text",
            "hovertext": [
                f"<b>{plain(label)}</b><br>{name_of(name)}: {compact(row.estimate)}" for _, label, row in mine
            ],
            "xaxis": axes[0],
            "yaxis": axes[1],
        }
        if panel.bars:
            figure.add_trace(trace("bar", width=ROW - 5, marker={"color": mark.colour, "line": {"width": 0}}, **shared))
        else:
            dot = {
                "color": mark.colour,
                "symbol": mark.symbol,
                "size": 10,
                "line": {"color": PAPER, "width": 1},
            }
            del shared["orientation"]
            figure.add_trace(trace("scatter", mode="markers", marker=dot, **shared))


def _whiskers(right: list[float], left: list[float], panel: Panel, mark: Mark) -> Mapping[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": right,
        "arrayminus": left,
        "color": INK if panel.bars else mark.colour,
        "thickness": 1.4 if panel.bars else 2.2,
        "width": 4,
        "visible": any(right) or any(left),
    }


def _texts(
    figure: Figure,
    panel: Panel,
    placed: Sequence[tuple[float, str, Row]],
    axes: tuple[str, str],
    narrow: dict[str, Any],
) -> None:
    """The numbers beside the rows: with their interval on a wide page, without it on a phone."""
    for write, wide in ((_wide_text, True), (_narrow_text, False)):
        narrow[f"data.{len(figure.data)}.visible"] = not wide
        figure.add_trace(
            trace(
                "scatter",
                x=[_end(row.estimate, panel.bars) for _, _, row in placed],
                y=[at for at, _, _ in placed],
                mode="text",
                text=[f"  {write(row.estimate)}" for _, _, row in placed],
                textposition="middle right",
                textfont={"size": SMALL_SIZE, "color": INK if wide else MUTED},
                hoverinfo="skip",
                showlegend=False,
                visible=wide,
                cliponaxis=False,
                xaxis=axes[0],
                yaxis=axes[1],
            )
        )


def _end(estimate: Estimate, bars: bool) -> float:
    """Where the text beside a row begins: after its whisker, and after the zero line where bars start."""
    if not estimate.known:
        return 0.0
    right = max(estimate.high, estimate.value) if estimate.bounded else estimate.value
    return (max(right, 0.0) if bars else right) * scale(estimate.unit)


def _wide_text(estimate: Estimate) -> str:
    return compact(estimate)


def _narrow_text(estimate: Estimate) -> str:
    return (
        bare(estimate) + (unit_of(estimate, short=True) if estimate.unit == "share" else "")
        if estimate.known
        else level(estimate)
    )
