"""Lines with bands in a grid of small panels: the drawing that the charts of quantities over an axis share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reports.figure import Figure, trace
from reports.theme import INK, Mark, faint, lines, name_of, stacked

PANEL, GAP, ABOVE, BELOW, PHONE_PANEL = 130, 50, 40, 52, 150


@dataclass(frozen=True)
class Line:
    """One line. `low`, `high`: its band, NaN where there is none; `shape` as Plotly's `line.shape`."""

    name: str
    mark: Mark
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    shape: str = "linear"
    unit: str = ""
    points: bool = False


@dataclass(frozen=True)
class Box:
    """One panel of the grid. `limit`: a thin line of another meaning (a capacity); `top`: the end of the axis.

    `at_least`: the axis reaches to here, so that next to nothing looks like next to nothing. It begins at 0 unless a
    number drawn is below that.
    """

    title: str
    lines: Sequence[Line]
    limit: Sequence[Line] = ()
    suffix: str = ""
    top: float | None = None
    at_least: float = 0.0


@dataclass(frozen=True)
class Grid:
    """Panels row by row, `columns` a row, over one horizontal axis, which is named below the lowest."""

    boxes: Sequence[Box]
    columns: int
    x_title: str
    x_axis: dict[str, Any] = field(default_factory=dict)
    panel: int = PANEL

    @property
    def rows(self) -> int:
        """Rows of panels on a wide page."""
        return -(-len(self.boxes) // self.columns)

    @property
    def height(self) -> int:
        """Pixels on a wide page, with what is below."""
        return ABOVE + self.panel * self.rows + GAP * (self.rows - 1) + BELOW

    @property
    def phone_height(self) -> int:
        """Pixels on a phone, where all panels stand below each other."""
        return ABOVE + PHONE_PANEL * len(self.boxes) + GAP * (len(self.boxes) - 1) + BELOW


def draw_grid(figure: Figure, grid: Grid, in_legend: bool = True) -> dict[str, Any]:
    """Adds the panels to the figure; returns what is different on a phone (dotted path to value)."""
    wide = stacked([grid.panel] * grid.rows, GAP, ABOVE)
    phone = stacked([PHONE_PANEL] * len(grid.boxes), GAP, ABOVE)
    gap = 0.085
    width = (1.0 - gap * (grid.columns - 1)) / grid.columns
    narrow: dict[str, Any] = {}
    told: set[str] = set()
    for place, box in enumerate(grid.boxes):
        suffix = "" if place == 0 else str(place + 1)
        left = (place % grid.columns) * (width + gap)
        bottom = place + grid.columns >= len(grid.boxes)
        low, high = _span(box)
        figure.update_layout(
            {
                f"xaxis{suffix}": {
                    **grid.x_axis,
                    "domain": [left, left + width],
                    "anchor": f"y{suffix}",
                    "title": {"text": grid.x_title if bottom else ""},
                    "showticklabels": bottom,
                },
                f"yaxis{suffix}": {
                    "domain": list(wide[place // grid.columns]),
                    "anchor": f"x{suffix}",
                    "range": [low, high],
                    "ticksuffix": box.suffix,
                    "nticks": 5,
                },
            }
        )
        narrow |= {
            f"layout.xaxis{suffix}.domain": [0, 1],
            f"layout.yaxis{suffix}.domain": list(phone[place]),
            f"layout.xaxis{suffix}.showticklabels": place == len(grid.boxes) - 1,
            f"layout.xaxis{suffix}.title.text": grid.x_title if place == len(grid.boxes) - 1 else "",
        }
        _lines(figure, box, f"x{suffix}", f"y{suffix}", told if in_legend else None)
        heading(figure, lines(box.title, 60, 1), f"x{suffix}", f"y{suffix}")
    return narrow


def _span(box: Box) -> tuple[float, float]:
    numbers = [
        float(one)
        for line in (*box.lines, *box.limit)
        for one in (*line.y, *line.low, *line.high)
        if math.isfinite(one)
    ]
    high, low = max([*numbers, box.at_least]), min([*numbers, 0.0])
    high = high if high > low else low + 1.0
    if box.top is not None:
        return low, box.top
    room = 0.08 * (high - low)
    return (low - room if low < 0 else 0.0), high + room


def _lines(figure: Figure, box: Box, x_axis: str, y_axis: str, told: set[str] | None) -> None:
    """Bands first, so that no band lies over a line. `told`: names that the legend has already; None for no legend."""
    axes = {"xaxis": x_axis, "yaxis": y_axis}
    for line in box.lines:
        known = [k for k, (a, b) in enumerate(zip(line.low, line.high, strict=True)) if math.isfinite(a + b)]
        if not known:
            continue
        days = [line.x[k] for k in known]
        edge = [line.high[k] for k in known] + [line.low[k] for k in reversed(known)]
        figure.add_trace(
            trace(
                "scatter",
                x=days + days[::-1],
                y=edge,
                fill="toself",
                fillcolor=faint(line.mark.colour, 0.18),
                line={"width": 0},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
                **axes,
            )
        )
    for line in box.limit:
        figure.add_trace(
            trace(
                "scatter",
                x=list(line.x),
                y=list(line.y),
                mode="lines",
                line={"color": line.mark.colour, "width": 1.2, "dash": "dot", "shape": line.shape},
                name=name_of(line.name),
                showlegend=False,
                hovertemplate="%{fullData.name}: %{y:.4~g}<extra></extra>",
                **axes,
            )
        )
    for line in box.lines:
        name = name_of(line.name)
        show = told is not None and name not in told
        if told is not None:
            told.add(name)
        figure.add_trace(
            trace(
                "scatter",
                x=list(line.x),
                y=list(line.y),
                mode="lines+markers" if line.points else "lines",
                line={"color": line.mark.colour, "dash": line.mark.dash, "width": 2.2, "shape": line.shape},
                marker={"color": line.mark.colour, "symbol": line.mark.symbol, "size": 8},
                name=name,
                legendgroup=name,
                showlegend=show,
                hovertemplate=f"<b>%{{fullData.name}}</b><br>%{{x:.4~g}}: %{{y:.4~g}}{line.unit}<extra></extra>",
                **axes,
            )
        )


def heading(figure: Figure, text: str, x_axis: str, y_axis: str) -> None:
    """Puts the name of a panel above it, at the left; `text` is escaped already."""
    figure.add_annotation(
        xref=f"{x_axis} domain",
        x=0,
        yref=f"{y_axis} domain",
        y=1,
        yshift=4,
        text=f"<b>{text}</b>",
        font={"size": 13, "color": INK},
        showarrow=False,
        align="left",
        xanchor="left",
        yanchor="bottom",
    )
