"""Lines with bands in a grid of small panels: the drawing that the charts of quantities over an axis share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from reports.figure import Figure, trace
from reports.theme import INK, MUTED, SMALL_SIZE, Mark, canvas, day_tick, faint, finish, lines, name_of, stacked

PANEL, GAP, ABOVE, BELOW, PHONE_PANEL = 130, 50, 40, 52, 150
MONTHS = (1, 3, 6, 12)
OWN_AXIS, AT_RISK, TITLE_LETTERS = 34, 18, 34
"""Pixels for the ticks and title of a panel's own axis, and for the patients at risk below them."""


@dataclass(frozen=True)
class Line:
    """One line. `low`, `high`: its band, NaN where there is none, and `inner` one inside it; `shape` as Plotly's.

    `mode`: lines, markers or both, as Plotly has it; `x_form`: how a place on the axis is written, dates by `|%b %Y`.
    """

    name: str
    mark: Mark
    x: Sequence[Any]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    shape: str = "linear"
    unit: str = ""
    mode: str = "lines"
    inner: tuple[Sequence[float], Sequence[float]] = ((), ())
    x_form: str = ":.4~g"


@dataclass(frozen=True)
class Box:
    """One panel of the grid. `limit`: a thin line of another meaning (a capacity); `top`: the end of the axis.

    `at_least`: the axis reaches to here, so that next to nothing looks like next to nothing. It begins at 0 unless a
    number drawn is below that; with `around` it holds what is drawn and no more. `x_axis`: its own horizontal axis,
    where that is not the one of the grid. `at_risk`: (place on it, patients at risk there), written below the axis.
    """

    title: str
    lines: Sequence[Line]
    limit: Sequence[Line] = ()
    suffix: str = ""
    top: float | None = None
    at_least: float = 0.0
    around: bool = False
    x_axis: Mapping[str, Any] | None = None
    at_risk: Sequence[tuple[float, int]] = ()


@dataclass(frozen=True)
class Grid:
    """Panels row by row, `columns` a row, over one horizontal axis, which is named below the lowest.

    Between panels with axes of their own there is more room.
    """

    boxes: Sequence[Box]
    columns: int
    x_title: str
    x_axis: dict[str, Any] = field(default_factory=dict)
    panel: int = PANEL

    @property
    def gap(self) -> int:
        """Pixels between two rows: for a heading, and for what stands below an axis."""
        own = any(box.x_axis is not None for box in self.boxes)
        return GAP + (OWN_AXIS if own else 0) + (AT_RISK if any(box.at_risk for box in self.boxes) else 0)

    @property
    def below(self) -> int:
        """Pixels below the lowest row."""
        return BELOW + (AT_RISK if any(box.at_risk for box in self.boxes) else 0)

    @property
    def rows(self) -> int:
        """Rows of panels on a wide page."""
        return -(-len(self.boxes) // self.columns)

    @property
    def height(self) -> int:
        """Pixels on a wide page, with what is below."""
        return ABOVE + self.panel * self.rows + self.gap * (self.rows - 1) + self.below

    @property
    def phone_height(self) -> int:
        """Pixels on a phone, where all panels stand below each other."""
        return ABOVE + PHONE_PANEL * len(self.boxes) + self.gap * (len(self.boxes) - 1) + self.below


def picture_of(grid: Grid, names: Sequence[str], left: int, *, title: str, subtitle: str, alt: str) -> Figure:
    """The finished picture of a grid of panels. `names`: of the legend, none without one; `left`: margin, in pixels."""
    picture = canvas()
    narrow = draw_grid(picture, grid, in_legend=bool(names))
    return finish(
        picture,
        title=title,
        subtitle=subtitle,
        alt=alt,
        height=grid.height,
        margin={"l": left, "r": 24, "b": grid.below},
        legend=names,
        narrow=narrow,
        narrow_height=grid.phone_height,
    )


def draw_grid(figure: Figure, grid: Grid, in_legend: bool = True) -> dict[str, Any]:
    """Adds the panels to the figure; returns what is different on a phone (dotted path to value)."""
    wide = stacked([grid.panel] * grid.rows, grid.gap, ABOVE)
    phone = stacked([PHONE_PANEL] * len(grid.boxes), grid.gap, ABOVE)
    gap = 0.085
    width = (1.0 - gap * (grid.columns - 1)) / grid.columns
    narrow: dict[str, Any] = {}
    told: set[str] = set()
    for place, box in enumerate(grid.boxes):
        suffix = "" if place == 0 else str(place + 1)
        left = (place % grid.columns) * (width + gap)
        own = box.x_axis is not None
        bottom = own or place + grid.columns >= len(grid.boxes)
        low, high = _span(box)
        figure.update_layout(
            {
                f"xaxis{suffix}": {
                    **(grid.x_axis if box.x_axis is None else box.x_axis),
                    "domain": [left, left + width],
                    "anchor": f"y{suffix}",
                    "title": {"text": _title(grid, box) if bottom else ""},
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
            f"layout.xaxis{suffix}.showticklabels": own or place == len(grid.boxes) - 1,
            f"layout.xaxis{suffix}.title.text": _title(grid, box) if own or place == len(grid.boxes) - 1 else "",
        }
        _lines(figure, box, f"x{suffix}", f"y{suffix}", told if in_legend else None)
        heading(figure, lines(box.title, TITLE_LETTERS, 2), f"x{suffix}", f"y{suffix}")
        _at_risk(figure, box, f"x{suffix}", f"y{suffix}")
    return narrow


def _untold(told: set[str] | None, name: str) -> bool:
    """Whether the legend is still to name it; it is named by that."""
    if told is None or name in told:
        return False
    told.add(name)
    return True


def _title(grid: Grid, box: Box) -> str:
    """The name of a panel's horizontal axis."""
    title = (box.x_axis or {}).get("title", {}).get("text", grid.x_title)
    return f"{title}; below, patients at risk" if box.at_risk else str(title)


def _at_risk(figure: Figure, box: Box, x_axis: str, y_axis: str) -> None:
    """The numbers of patients at risk, in a row below the title of the axis."""
    for place, count in box.at_risk:
        figure.add_annotation(
            xref=x_axis,
            x=place,
            yref=f"{y_axis} domain",
            y=0,
            yshift=-OWN_AXIS - 4,
            text=str(count),
            font={"size": SMALL_SIZE, "color": MUTED},
            showarrow=False,
            xanchor="center",
            yanchor="top",
        )


def _span(box: Box) -> tuple[float, float]:
    numbers = [
        float(one)
        for line in (*box.lines, *box.limit)
        for one in (*line.y, *line.low, *line.high, *line.inner[0], *line.inner[1])
        if math.isfinite(one)
    ]
    high, low = max([*numbers, box.at_least]), min([*numbers, 0.0])
    high = high if high > low else low + 1.0
    if box.top is not None:
        return low, box.top
    if box.around:
        drawn = numbers or [0.0, 1.0]
        air = 0.1 * ((max(drawn) - min(drawn)) or abs(max(drawn)) or 1.0)
        # what lies near to 0 has an axis from 0
        low = 0.0 if 0.0 <= min(drawn) < max(drawn) / 3 else min(drawn) - air
        return low, max(drawn) + air
    room = 0.08 * (high - low)
    return (low - room if low < 0 else 0.0), high + room


def _lines(figure: Figure, box: Box, x_axis: str, y_axis: str, told: set[str] | None) -> None:
    """Bands first, so that no band lies over a line. `told`: names that the legend has already; None for no legend."""
    axes = {"xaxis": x_axis, "yaxis": y_axis}
    for line in box.lines:
        for low, high in ((line.low, line.high), line.inner):
            known = [k for k, (a, b) in enumerate(zip(low, high, strict=True)) if math.isfinite(a + b)]
            if not known:
                continue
            days = [line.x[k] for k in known]
            figure.add_trace(
                trace(
                    "scatter",
                    x=days + days[::-1],
                    y=[high[k] for k in known] + [low[k] for k in reversed(known)],
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
                legendgroup=name_of(line.name),
                showlegend=_untold(told, name_of(line.name)),
                hovertemplate="%{fullData.name}: %{y:.4~g}<extra></extra>",
                **axes,
            )
        )
    for line in box.lines:
        name, point = name_of(line.name), f"%{{x{line.x_form}}}: %{{y:.4~g}}{line.unit}"
        show = _untold(told, name)
        figure.add_trace(
            trace(
                "scatter",
                x=list(line.x),
                y=list(line.y),
                mode=line.mode,
                line={"color": line.mark.colour, "dash": line.mark.dash, "width": 2.2, "shape": line.shape},
                marker={"color": line.mark.colour, "symbol": line.mark.symbol, "size": 8},
                name=name,
                legendgroup=name,
                showlegend=show,
                hovertemplate=f"<b>%{{fullData.name}}</b><br>{point}<extra></extra>",
                **axes,
            )
        )


def calendar(start: date | None, last: float, most: int = 6) -> dict[str, Any]:
    """An axis of simulated days: its range, its ticks at first days of months as dates, and its title.

    Days since the start where there is no date.
    """
    if start is None:
        title = "days since the start of the simulation"
        return {"range": [0, last], "dtick": day_tick(last, most), "title": {"text": title}}
    end = start + timedelta(days=last)
    months = (end.year - start.year) * 12 + end.month - start.month
    step = next((one for one in MONTHS if months / one <= most), 24)
    first = date(start.year, start.month, 1)
    dates = [
        date(first.year + (first.month - 1 + k) // 12, (first.month - 1 + k) % 12 + 1, 1)
        for k in range(months + 1)
        if (first.month - 1 + k) % min(step, 12) == 0
    ]
    shown = [one for one in dates if start <= one <= end][:: max(1, step // 12)]
    return {
        "range": [0, last],
        "tickvals": [(one - start).days for one in shown],
        "ticktext": [f"{one:%b %Y}" for one in shown],
        "title": {"text": "date"},
    }


def shade_warm_up(figure: Figure, days: float, panels: int) -> None:
    """Shades the warm-up in each panel, in which nobody counts, and names it in the first."""
    if days <= 0.0:
        return
    for place in range(panels):
        suffix = "" if place == 0 else str(place + 1)
        figure.add_shape(
            type="rect", x0=0, x1=days, y0=0, y1=1, xref=f"x{suffix}", yref=f"y{suffix} domain", layer="below",
            fillcolor=faint(MUTED, 0.1), line={"width": 0},
        )  # fmt: skip
    figure.add_annotation(
        x=days, y=0.02, xref="x", yref="y domain", text="warm-up", showarrow=False, xanchor="right", yanchor="bottom",
        xshift=-3, font={"size": SMALL_SIZE, "color": MUTED},
    )  # fmt: skip


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
