"""What the finding rests on: the assumptions that move the difference most, each at two values."""

from __future__ import annotations

import pandas as pd

from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.charts.sweeps import HIGH, LOW
from reports.figure import Figure
from reports.findings import EVERYBODY, Findings
from reports.tables import records
from reports.theme import MUTED, canvas, finish
from reports.words import Estimate, counted, level, listed, rounded, scale, told_apart, uncapital, unit_of
from sim.tables.inputs import input_label

BELOW, LEFT = 52, 320
WAIT = "waiting_days_mean"
MOST = 5


def draw(robustness: pd.DataFrame, findings: Findings) -> Figure:
    """Two points an assumption, at its lower and its higher value, about the upright line of the difference stated."""
    figure, mine = canvas(), strongest(robustness)
    rows = records(mine)
    groups = []
    for path in dict.fromkeys(mine["path"]):
        ends = [row for row in rows if row.path == path]
        told = " or ".join(several(row.value) for row in ends)
        label = f"{input_label(str(path))}: {told} instead of {several(ends[0].stated_value)}"
        groups.append(Group(label, tuple(_row(row) for row in ends)))
    first = rows[0]
    panel = Panel(tuple(groups), f"difference, {_unit(first.unit)}", bars=False, wrap=44)
    narrow = draw_panel(figure, panel, legend=True)
    at = first.stated * (100.0 if first.unit == "share" else 1.0)
    line = {"color": MUTED, "dash": "dot"}
    figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, yref="y domain", xref="x", line=line, layer="below")
    return finish(
        figure,
        title=title(mine),
        subtitle=f"{first.scenario} against {first.baseline}; the dotted line is the difference as stated, "
        f"{level(Estimate(first.stated, unit=first.unit, change=True))}; one assumption at a time, "
        f"{counted(int(mine['replications'].min()), 'replication')} on the same patients",
        alt=describe(robustness, findings),
        height=int(panel.height) + BELOW,
        margin={"l": LEFT, "r": panel.room, "b": BELOW},
        legend=[NAMES["low"], NAMES["high"]],
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": panel.phone_room},
    )


NAMES = {"low": "at the lower value", "high": "at the higher value"}


def _row(row: object) -> Row:
    end = str(getattr(row, "end", ""))
    value, low, high = (float(getattr(row, name)) for name in ("estimate", "low", "high"))
    unit = str(getattr(row, "unit", ""))
    return Row(NAMES[end], Estimate(value, low, high, unit, change=True), LOW if end == "low" else HIGH)


def _unit(unit: str) -> str:
    return "percentage points" if unit == "share" else unit


def strongest(robustness: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """The rows of the first scenario whose assumptions move the wait most, or an outcome where no wait is compared."""
    mine = robustness[robustness["scenario"] == robustness["scenario"].iloc[0]]
    for metric in (WAIT, EVERYBODY, *dict.fromkeys(mine["metric"])):
        found: pd.DataFrame = mine[(mine["metric"] == metric) & mine["shift"].notna()]
        if not found.empty:
            break
    return found[found["rank"] <= most].sort_values(["rank", "end"], ascending=[True, False], kind="stable")


def title(mine: pd.DataFrame) -> str:
    """`Slots of each offer: with 2 instead of 4 the difference grows from 57 to 214 days`."""
    row = records(mine.loc[[mine["shift"].abs().idxmax()]])[0]
    return moved(row)


def moved(row: object) -> str:
    """What one value of an assumption does to the difference, as a sentence without its full stop."""
    stated, now = (float(getattr(row, name)) for name in ("stated", "estimate"))
    unit = str(getattr(row, "unit", ""))
    factor, noun_of = scale(unit), unit_of(Estimate(now, unit=unit, change=True))
    sizes = told_apart(abs(stated) * factor, abs(now) * factor, rounded)
    noun = "in the mean wait" if getattr(row, "metric", "") == WAIT else f"in “{getattr(row, 'label', '')}”"
    way = "reverses" if stated * now < 0.0 else "grows" if abs(now) > abs(stated) else "falls"
    told = f"from {sizes[0]} to {sizes[1]}{noun_of}"
    values = instead(row)
    return f"{input_label(str(getattr(row, 'path', '')))}: with {values} the difference {noun} {way} {told}"


def instead(row: object) -> str:
    """`2 instead of 4`: a value that was tried, and the stated one."""
    return f"{several(getattr(row, 'value', ''))} instead of {several(getattr(row, 'stated_value', ''))}"


def several(value: object) -> str:
    """A value as a sentence has it: the numbers of a list without its brackets."""
    text = str(value)
    return "/".join(text.strip("[]").split(", ")) if text.startswith("[") else text


def describe(robustness: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the assumptions that move the difference most, with where they move it."""
    rows = records(strongest(robustness))
    ends = [level(Estimate(row.estimate, unit=row.unit, change=True)) for row in rows]
    told = [f"{input_label(row.path)} {several(row.value)}: {end}" for row, end in zip(rows, ends, strict=True)]
    return f"The difference in {uncapital(str(rows[0].label))} with one assumption changed at a time. {listed(told)}."
