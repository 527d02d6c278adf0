"""Whether the warm-up is long enough: patients in the system from the empty start on, and what MSER-5 advises."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reports.charts.bands import Box, Grid, Line, calendar, draw_grid
from reports.figure import Figure
from reports.findings import Findings
from reports.tables import records
from reports.theme import INK, canvas, finish, mark, plain
from reports.words import DOT, counted, number

PANEL = 190
EDGE = 0.12
"""The part of a panel at its left in which a text has no room to the left of a line."""


def draw(warm_up: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a scenario: patients before infusion, the end of the warm-up, and where it may end."""
    picture = canvas()
    last = float(warm_up["day"].max())
    boxes = []
    for place, scenario in enumerate(findings.scenarios):
        rows = warm_up[warm_up["scenario"] == scenario]
        line = Line(scenario, mark(place), rows["day"].tolist(), rows["waiting"].tolist(), unit=" patients")
        boxes.append(Box(scenario, [line]))
    axis = calendar(findings.start, last, 4)
    grid = Grid(boxes, 1, str(axis.pop("title")["text"]), axis, PANEL)
    narrow = draw_grid(picture, grid, in_legend=False)
    for place, scenario in enumerate(findings.scenarios):
        _marks(picture, warm_up[warm_up["scenario"] == scenario], "" if place == 0 else str(place + 1))
    repeated = counted(findings.replications, "replication")
    return finish(
        picture,
        title=_title(warm_up, findings),
        subtitle=f"Referred and not yet infused or lost, means of five days over {repeated}{DOT}MSER-5",
        alt=describe(warm_up, findings),
        height=grid.height,
        margin={"l": 60, "r": 24, "b": 52},
        narrow=narrow,
        narrow_height=grid.phone_height,
    )


def describe(warm_up: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: used and advised warm-up of each scenario."""
    return f"Lines of patients before infusion from an empty start. {' '.join(_told(warm_up, findings))}"


def _told(warm_up: pd.DataFrame, findings: Findings) -> list[str]:
    told = []
    for scenario in findings.scenarios:
        rows = warm_up[warm_up["scenario"] == scenario]
        if rows.empty:
            continue
        used, advised = float(rows["used_day"].iloc[0]), _advised(rows)
        said = "the number has not settled" if advised is None else f"{_days_are(advised)} advised"
        told.append(f"{findings.quoted(scenario)}: {_days_are(used)} used, {said}.")
    return told


def _title(warm_up: pd.DataFrame, findings: Findings) -> str:
    short = []
    for scenario in findings.scenarios:
        rows = warm_up[warm_up["scenario"] == scenario]
        advised = _advised(rows)
        if not rows.empty and (advised is None or advised > float(rows["used_day"].iloc[0])):
            short.append(scenario)
    if short:
        return f"The warm-up may be too short: {_told(warm_up[warm_up['scenario'] == short[0]], findings)[0]}"
    longest = max((_advised(warm_up[warm_up["scenario"] == s]) or 0.0 for s in findings.scenarios), default=0.0)
    used = number(float(warm_up["used_day"].min()), 0)
    return f"The warm-up of {counted(used, 'day')} is long enough: {_days_are(longest)} advised"


def _advised(rows: pd.DataFrame) -> float | None:
    found = records(rows[rows["advised"].str.lower().isin(("true", "1", "yes"))])
    return float(found[0].day) if found else None


def _marks(picture: Figure, rows: pd.DataFrame, suffix: str) -> None:
    """Upright lines where the warm-up ends (drawn through) and where it may end (dotted), with their names."""
    if rows.empty:
        return
    used, advised = float(rows["used_day"].iloc[0]), _advised(rows)
    both: list[tuple[float, str, str, str]] = [(used, "solid", "warm-up ends", "left")]
    if advised is not None:
        # to the left of its line, away from the other one, unless the edge of the panel is there
        room = advised > EDGE * float(rows["day"].max())
        both.append((advised, "dot", "advised", "right" if room and advised < used else "left"))
    for day, dash, text, side in both:
        axes: dict[str, Any] = {"xref": f"x{suffix}", "yref": f"y{suffix} domain"}
        picture.add_shape(
            type="line", x0=day, x1=day, y0=0, y1=1, line={"color": INK, "width": 1.3, "dash": dash}, **axes
        )
        anchor = "left" if side == "left" else "right"
        picture.add_annotation(
            x=day, y=0.04 if text == "warm-up ends" else 0.22, text=plain(text), showarrow=False, xanchor=anchor,
            yanchor="bottom", xshift=4 if side == "left" else -4, font={"size": 12, "color": INK}, **axes,
        )  # fmt: skip


def _days_are(days: float) -> str:
    return counted(number(days, 0), "day is", "days are")
