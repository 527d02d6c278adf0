"""Horizontal rows of estimates with their intervals, in groups: the drawing that several charts share.

The numbers stand in a column of their own at the right of the axis, where nothing is drawn over them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.figure import Figure, trace
from reports.theme import INK, PAPER, SMALL_SIZE, Mark, hatched, lines, name_of, plain
from reports.words import Estimate, bare, bounds, compact, is_money, level, scale, unit_of

ROW, GAP = 24, 30
"""Pixels a row, and between two groups (room for a heading on a phone)."""
LETTER, AFTER = 7.3, 10
"""Pixels of a letter in the column of numbers, and between the axis and it."""
NARROW = 0.5
"""A part of the width on which there is room for few ticks."""
HEADING_LETTERS, HEADING_LINES = 44, 2
"""Letters in a line of the heading of a group on a phone, and its lines; as many fit between two groups."""


@dataclass(frozen=True)
class Row:
    """One estimate. `name` is what it is of: the entry of the legend, and the first line when pointed at.

    `word`: what is said of it after its number, in the colour `ink`.
    """

    name: str
    estimate: Estimate
    mark: Mark
    word: str = ""
    ink: str = INK


@dataclass(frozen=True)
class Group:
    """Rows under one label at the left."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Panel:
    """Groups on one axis. `bars`: bars from zero, else points. `title`: of the axis, with its unit.

    `wrap`: letters in a line of a label. `limits`: the ends of an axis that the numbers have by their nature.
    `span`: the part of the width that it takes, of which the column of numbers is not a part; `short`: the column has
    numbers without intervals, on a wide page too. `zero`: the axis holds 0, as one of differences must.
    """

    groups: tuple[Group, ...]
    title: str
    bars: bool
    wrap: int = 24
    limits: tuple[float, float] | None = None
    span: tuple[float, float] = (0.0, 1.0)
    short: bool = False
    zero: bool = True

    @property
    def height(self) -> float:
        """Pixels that the rows take."""
        return sum(ROW * len(group.rows) + GAP for group in self.groups)

    @property
    def room(self) -> int:
        """Pixels of the column of numbers on a wide page."""
        return self._column(_short_text if self.short else _text)

    @property
    def phone_room(self) -> int:
        """Pixels of the column of numbers on a phone."""
        return self._column(_short_text)

    def _column(self, write: Any) -> int:
        longest = max((len(write(row)) for group in self.groups for row in group.rows), default=0)
        return int(AFTER + LETTER * longest) + 6


def draw_panel(
    figure: Figure,
    panel: Panel,
    *,
    axis: int = 1,
    domain: tuple[float, float] = (0.0, 1.0),
    legend: bool,
    labels: bool = True,
) -> dict[str, Any]:
    """Adds the panel to the figure; returns what is different on a phone (dotted path to value).

    The margin at the right is for the caller to leave: `room` and `phone_room` of the panel. `labels`: groups are named
    at the left.
    """
    suffix = "" if axis == 1 else str(axis)
    x_axis, y_axis = f"x{suffix}", f"y{suffix}"
    narrow: dict[str, Any] = {f"layout.yaxis{suffix}.showticklabels": False, f"layout.xaxis{suffix}.nticks": 5}
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
    figure.update_layout(
        {
            f"xaxis{suffix}": {
                "title": {"text": panel.title},
                "range": [low, high],
                "zeroline": True,
                "anchor": y_axis,
                "domain": list(panel.span),
                **(_percent_ticks(high, panel.span) if panel.bars and _of_shares(panel) else {"nticks": 6}),
            },
            f"yaxis{suffix}": {
                "domain": list(domain),
                "range": [at + 4, 4],
                "tickvals": [place for place, _ in ticks],
                "ticktext": [lines(label, panel.wrap) for _, label in ticks],
                "tickfont": {"size": 13, "color": INK},
                "ticks": "",
                "showticklabels": labels,
                "showgrid": False,
                "zeroline": False,
                "anchor": x_axis,
            },
        }
    )
    _numbers(figure, panel, placed, (x_axis, y_axis), narrow)
    before = list(figure.annotations)
    narrow |= {f"layout.annotations.{len(before) + k}.visible": True for k in range(len(headings))}
    notes = [
        {
            "xref": f"{x_axis} domain",
            "x": 0,
            "yref": y_axis,
            "y": place + (4 if len(label) <= HEADING_LETTERS else 1),
            "text": f"<b>{lines(label, HEADING_LETTERS, HEADING_LINES)}</b>",
            "align": "left",
            "showarrow": False,
            "xanchor": "left",
            "yanchor": "middle",
            "font": {"size": SMALL_SIZE, "color": INK},
            "bgcolor": PAPER,
            "borderpad": 0,
            "visible": False,
        }
        for place, label in headings
    ]
    figure.update_layout(annotations=[*before, *notes])
    return narrow


def _of_shares(panel: Panel) -> bool:
    return panel.groups[0].rows[0].estimate.unit == "share"


def _percent_ticks(high: float, span: tuple[float, float]) -> dict[str, Any]:
    """Ticks on an axis of shares: none beyond 100%, and fewer where it is not as wide as the picture."""
    step = 20 if high > 50 else 10 if high > 20 else 5
    if span[1] - span[0] < NARROW:
        step = 50 if high > 50 else 2 * step
    ticks = list(range(0, min(100, int(high)) + 1, step))
    return {"tickvals": ticks, "ticktext": [f"{tick}%" for tick in ticks]}


def _range(panel: Panel) -> tuple[float, float]:
    """From the smallest to the largest number drawn, with zero unless the panel does without; bars of shares from 0."""
    rows = [row.estimate for group in panel.groups for row in group.rows]
    ends = [x * scale(one.unit) for one in rows for x in (one.value, one.low, one.high) if math.isfinite(x)]
    if panel.zero or not ends:
        ends.append(0.0)
    from_zero = panel.bars and (_of_shares(panel) or min(ends) == 0.0) and panel.limits is None
    low, high = (0.0 if from_zero else min(ends)), max(ends)
    if panel.limits is not None:
        low, high = min(low, panel.limits[0]), max(high, panel.limits[1])
    air = 0.04 * ((high - low) or 1.0)
    return low - (0.0 if from_zero else air), high + air


def _drawn(estimate: Estimate) -> tuple[float, float, float]:
    """The number and the lengths of its whiskers to the right and to the left, in the unit of the page."""
    factor = scale(estimate.unit)
    if not estimate.bounded:
        return estimate.value * factor, 0.0, 0.0
    right, left = estimate.high - estimate.value, estimate.value - estimate.low
    return estimate.value * factor, right * factor, left * factor


def _traces(
    figure: Figure, panel: Panel, placed: Sequence[tuple[float, str, Row]], axes: tuple[str, str], legend: bool
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
            figure.add_trace(trace("bar", width=ROW - 6, marker=hatched(mark), **shared))
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


def _numbers(
    figure: Figure,
    panel: Panel,
    placed: Sequence[tuple[float, str, Row]],
    axes: tuple[str, str],
    narrow: dict[str, Any],
) -> None:
    """The column of numbers: with their interval on a wide page, without it on a phone."""
    for at, _, row in placed:
        narrow[f"layout.annotations.{len(figure.annotations)}.text"] = plain(_short_text(row))
        figure.add_annotation(
            xref=f"{axes[0]} domain",
            x=1,
            xshift=AFTER,
            yref=axes[1],
            y=at,
            text=plain(_short_text(row) if panel.short else _text(row)),
            font={"size": SMALL_SIZE, "color": row.ink},
            showarrow=False,
            xanchor="left",
            yanchor="middle",
            align="left",
        )


def _text(row: Row) -> str:
    """The number with its interval; an amount of money without its currency, which the axis names."""
    one = row.estimate
    within = bounds(one)
    told = f"{bare(one)}{f' ({within})' if within else ''}" if one.known and is_money(one.unit) else compact(one)
    return f"{told} {row.word}".rstrip()


def _short_text(row: Row) -> str:
    one = row.estimate
    told = f"{bare(one)}{unit_of(one, short=True) if one.unit == 'share' else ''}" if one.known else level(one)
    return f"{told} {row.word}".rstrip()
