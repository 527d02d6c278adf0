"""What changes when inputs change: lines and maps of a sweep, tornado, Sobol indices.

Longer than 400 lines because these charts share how they choose metric, scenario and values, which belongs to no other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reports.charts.bands import Box, Grid, Line, draw_grid
from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.figure import Figure, trace
from reports.findings import EVERYBODY, PHRASES, SHORT, Findings
from reports.tables import records
from reports.theme import INK, SMALL_SIZE, Mark, canvas, finish, lines, mark, name_of, plain
from reports.words import (
    DOT,
    Estimate,
    bare,
    capital,
    compact,
    counted,
    figure,
    level,
    listed,
    scale,
    stands_out,
    uncapital,
)
from sim.outcomes.metrics import CENSORED
from sim.tables.inputs import input_label, spaced

FIXED = (
    *("point", "name", "scenario", "metric", "label", "unit", "estimate", "low", "high", "replications"),
    *("patients", "unresolved_share"),
)
FIRST = ("waiting_days_mean", "progressed_before_infusion_share", "infused_share", EVERYBODY)
BARE, LENGTH_OF_TIME = re.compile(r"-?[\d.]+"), re.compile(r"[\d.]+ ?[A-Za-z]+")
"""A number alone, and a length of time as a scenario states it; tables have such lengths in days."""
BENEFIT = ("incremental_net_benefit@", "net_benefit@")
# What says how far an input moves a metric, in the tables that have it.
EFFECTS = ("swing", "total", "mu_star", "prcc")
BELOW, LEFT, LARGE = 52, 300, 300
HIGH, LOW = Mark("#8C5A00", "solid", "circle"), Mark("#5E7F99", "solid", "square")
"""Of an input at its higher and its lower value; no scenario and no outcome has these colours."""
SEQUENTIAL = [[0.0, "#F2F6F8"], [0.25, "#BFD3DE"], [0.5, "#7FA6BA"], [0.75, "#3F7592"], [1.0, "#0E3A57"]]
"""One hue from light to dark: the order holds in greyscale and for every reader."""


def varied(sweep: pd.DataFrame) -> list[str]:
    """The paths that a sweep varies: the columns beside the fixed ones."""
    return [str(column) for column in sweep.columns if column not in FIXED]


def metrics_of(table: pd.DataFrame, most: int) -> list[str]:
    """The metrics to show: the main ones first, then net benefit; those that nothing moves only where all are such."""
    there = list(dict.fromkeys(table["metric"]))
    there = [metric for metric in there if _moves(table[table["metric"] == metric])] or there
    benefits = [metric for metric in there if metric.startswith(BENEFIT)]
    return list(dict.fromkeys([*(m for m in FIRST if m in there), *benefits, *there]))[:most]


def _moves(rows: pd.DataFrame) -> bool:
    """Whether some input moves the metric of these rows."""
    column = next((column for column in EFFECTS if column in rows), None)
    if column is not None:
        return bool((rows[column].abs() > 0.0).any())
    return bool((rows.groupby("scenario")["estimate"].nunique() > 1).any())


def readable(table: pd.DataFrame, paths: Sequence[str], findings: Findings) -> pd.DataFrame:
    """The table with the values of these paths as they are read: `8.0` as `8`, or `8 d` where they are days."""

    def told(path: str) -> pd.Series:
        whole = table[path].astype(str).str.replace(r"^(-?\d+)\.0$", r"\1", regex=True)
        if not LENGTH_OF_TIME.fullmatch(str(findings.stated.get(path, ""))):
            return whole
        return whole.map(lambda text: f"{text} d" if BARE.fullmatch(text) else spaced(text))

    return table.assign(**{path: told(path) for path in paths})


def as_number(text: str) -> float:
    """The number that a value begins with (`21 d` is 21), NaN where it begins with none."""
    found = re.match(r"\s*[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", str(text))
    return float(found[0]) if found else math.nan


def draw_lines(sweep: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a metric over the first path, a line a scenario (and a value of the second path), with bands."""
    sweep = readable(sweep, varied(sweep), findings)
    picture, paths = canvas(), varied(sweep)
    path = paths[0]
    metrics = metrics_of(sweep, 4)
    boxes = [_sweep_box(sweep[sweep["metric"] == metric], paths) for metric in metrics]
    numeric = bool(sweep[path].map(as_number).notna().all())
    axis = {} if numeric else {"tickvals": list(range(sweep[path].nunique())), "ticktext": list(sweep[path].unique())}
    grid = Grid(boxes, 1 if len(boxes) == 1 else 2, plain(input_label(path)), axis, 190)
    narrow = draw_grid(picture, grid)
    return finish(
        picture,
        title=_sweep_title(sweep, metrics[0], path),
        subtitle=f"{_points(sweep)}{_unresolved(sweep)}{DOT}{_repeated(sweep)}",
        alt=describe_lines(sweep, findings),
        height=grid.height,
        margin={"l": 66, "r": 24, "b": BELOW},
        legend=list(dict.fromkeys(name_of(line.name) for box in boxes for line in box.lines)),
        narrow=narrow,
        narrow_height=grid.phone_height,
    )


def describe_lines(sweep: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: each metric at the first and the last value."""
    sweep = readable(sweep, varied(sweep), findings)
    path = varied(sweep)[0]
    parts = []
    for metric in metrics_of(sweep, 4):
        rows = records(sweep[sweep["metric"] == metric].rename(columns={path: "varied"}))
        ends = [f"{level(_of(rows[k]))} at {rows[k].varied}" for k in (0, -1)]
        parts.append(f"{rows[0].label}: {listed(ends)}")
    return f"Lines of a sweep over {uncapital(input_label(path))}. {'; '.join(parts)}."


def draw_map(sweep: pd.DataFrame, findings: Findings) -> Figure:
    """A heat map of the first metric over the first two paths, for the first scenario, with the number in each cell."""
    sweep = readable(sweep, varied(sweep), findings)
    picture, (across, up) = canvas(), varied(sweep)[:2]
    metric = metrics_of(sweep, 1)[0]
    mine = sweep[(sweep["metric"] == metric) & (sweep["scenario"] == sweep["scenario"].iloc[0])]
    columns, rows = _ordered(mine[across]), _ordered(mine[up])
    cells = {(r[across], r[up]): r for r in mine.to_dict("records")}
    shown = [[_of_record(cells.get((a, b))) for a in columns] for b in rows]
    factor = scale(str(mine["unit"].iloc[0]))
    picture.add_trace(
        trace(
            "heatmap",
            x=[plain(a) for a in columns],
            y=[plain(b) for b in rows],
            z=[[one.value * factor if one.known else None for one in row] for row in shown],
            text=[[level(one, short=True) if one.known else "" for one in row] for row in shown],
            customdata=[[compact(one) for one in row] for row in shown],
            texttemplate="%{text}",
            textfont={"size": SMALL_SIZE},
            colorscale=SEQUENTIAL,
            xgap=2,
            ygap=2,
            hovertemplate=f"{plain(input_label(across))} %{{x}}<br>{plain(input_label(up))} %{{y}}<br>%{{customdata}}"
            "<extra></extra>",
            colorbar={"title": {"text": lines(str(mine["label"].iloc[0]), 16, 3)}, "thickness": 14, "outlinewidth": 0},
        )
    )
    picture.update_layout(
        xaxis={"type": "category", "title": {"text": plain(input_label(across))}, "showgrid": False},
        yaxis={"type": "category", "title": {"text": plain(input_label(up))}, "showgrid": False},
    )
    return finish(
        picture,
        title=_map_title(mine, across, up),
        subtitle=f"{plain(str(mine['scenario'].iloc[0]))}{DOT}{_points(sweep)}{_unresolved(sweep)}{DOT}{_repeated(sweep)}",
        alt=describe_map(sweep, findings),
        height=max(240, 34 * len(rows)) + BELOW,
        margin={"l": 90, "r": 24, "b": BELOW},
        narrow={
            "data.0.text": [[bare(one) if one.known else "" for one in row] for row in shown],
            "data.0.showscale": False,
            "layout.margin.l": 70,
            "layout.margin.r": 8,
        },
    )


def describe_map(sweep: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the least and the most of the map."""
    metric = metrics_of(sweep, 1)[0]
    mine = sweep[(sweep["metric"] == metric) & (sweep["scenario"] == sweep["scenario"].iloc[0])]
    rows = records(mine.sort_values("estimate", kind="stable"))
    paths = listed([uncapital(input_label(path)) for path in varied(sweep)[:2]])
    return f"Heat map of {rows[0].label} over {paths}: from {level(_of(rows[0]))} to {level(_of(rows[-1]))}."


def draw_tornado(tornado: pd.DataFrame, findings: Findings) -> Figure:
    """A bar an input from the first scenario's result at its low value to that at its high one, the widest first."""
    picture = canvas()
    mine = _widest_first(tornado)
    rows, unit = records(mine), str(mine["unit"].iloc[0])
    factor, base = scale(unit), float(mine["base_estimate"].iloc[0])
    for name, column, text, look in (
        ("low value", "low_estimate", "low_value", LOW),
        ("high value", "high_estimate", "high_value", HIGH),
    ):
        ends = [float(getattr(row, column)) for row in rows]
        picture.add_trace(
            trace(
                "bar",
                y=list(range(len(rows))),
                x=[(end - base) * factor for end in ends],
                base=base * factor,
                orientation="h",
                width=0.62,
                marker={"color": look.colour, "line": {"width": 0}},
                name=f"at the {name}",
                text=[plain(str(getattr(row, text))) for row in rows],
                textposition="outside",
                textfont={"size": SMALL_SIZE, "color": INK},
                cliponaxis=False,
                hoverinfo="text",
                hovertext=[
                    f"<b>{plain(input_label(row.path))}</b> = {plain(str(getattr(row, text)))}: "
                    f"{level(Estimate(end, unit=unit))}"
                    for row, end in zip(rows, ends, strict=True)
                ],
            )
        )
    spread = [value * factor for row in rows for value in (row.low_estimate, row.high_estimate, base)]
    room = 0.16 * ((max(spread) - min(spread)) or 1.0)
    picture.update_layout(
        barmode="overlay",
        xaxis={
            "title": {"text": _with_unit(str(mine["label"].iloc[0]), unit)},
            "range": [min(spread) - room, max(spread) + room],
        },
        yaxis={
            "tickvals": list(range(len(rows))),
            "ticktext": [lines(input_label(row.path), 40, 2) for row in rows],
            "tickfont": {"size": SMALL_SIZE, "color": INK},
            "range": [len(rows) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
        },
        shapes=[_upright(base * factor)],
    )
    return finish(
        picture,
        title=_tornado_title(rows, unit),
        subtitle=f"One input at a time; the upright line is the base case, {level(Estimate(base, unit=unit))}"
        f"{_unresolved(mine)}",
        alt=describe_tornado(tornado, findings),
        height=34 * len(rows) + 30 + BELOW,
        margin={"l": LEFT, "r": 24, "b": BELOW},
        legend=["at the low value", "at the high value"],
        narrow={
            "layout.margin.l": 150,
            "layout.margin.r": 10,
            "layout.yaxis.ticktext": [lines(input_label(row.path), 18, 3) for row in rows],
        },
    )


def describe_tornado(tornado: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the three inputs that matter most."""
    rows = records(_widest_first(tornado))[:3]
    told = [
        f"{input_label(r.path)} from {level(_end(r, r.low_estimate))} to {level(_end(r, r.high_estimate))}"
        for r in rows
    ]
    return f"Tornado of {rows[0].label}, the widest first: {listed(told)}."


def draw_sobol(sobol: pd.DataFrame, findings: Findings) -> Figure:
    """First-order and total Sobol indices of each input with their intervals, the largest total first."""
    picture = canvas()
    mine = main_rows(sobol).sort_values("total", ascending=False, kind="stable")
    rows = records(mine)
    groups = tuple(
        Group(
            input_label(str(row.path)),
            (
                Row("alone (first order)", _index(row.first_order, row.first_order_half_width), LOW),
                Row("with interactions (total)", _index(row.total, row.total_half_width), HIGH),
            ),
        )
        for row in rows
    )
    panel = Panel(groups, "proportion of the variance of the result", bars=True, wrap=38, limits=(0.0, 100.0))
    narrow = draw_panel(picture, panel, legend=True)
    picture.update_layout(barmode="overlay")
    return finish(
        picture,
        title=_sobol_title(rows),
        subtitle=f"Sobol indices with 95% bootstrap intervals; one that holds 0 shows no clear effect{_beyond(rows)}",
        alt=describe_sobol(sobol, findings),
        height=int(panel.height) + BELOW,
        margin={"l": LEFT, "r": panel.room, "b": BELOW},
        legend=["alone (first order)", "with interactions (total)"],
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": panel.phone_room},
    )


def describe_sobol(sobol: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the total index of the five largest."""
    mine = main_rows(sobol).nlargest(5, "total")
    told = [f"{input_label(r.path)} {level(_index(r.total, r.total_half_width))}" for r in records(mine)]
    return f"Bars of Sobol indices of {mine['label'].iloc[0]}. Largest total indices: {listed(told)}."


def _of(row: object) -> Estimate:
    value, low, high = (float(getattr(row, name)) for name in ("estimate", "low", "high"))
    return Estimate(value, low, high, str(getattr(row, "unit", "")))


def _of_record(record: object) -> Estimate:
    if not isinstance(record, dict):
        return Estimate(math.nan)
    return Estimate(float(record["estimate"]), float(record["low"]), float(record["high"]), str(record["unit"]))


def _index(value: float, half: float) -> Estimate:
    low, high = max(value - half, min(value, 0.0)), min(value + half, max(value, 1.0))
    return Estimate(value, low, high, "share")


def _end(row: object, value: float) -> Estimate:
    return Estimate(float(value), unit=str(getattr(row, "unit", "")))


def _with_unit(label: str, unit: str) -> str:
    shown = {"share": "%", "": ""}.get(unit, unit)
    return f"{label} ({shown})" if shown and shown not in label.lower() else label


def _upright(at: float) -> dict[str, object]:
    line = {"color": INK, "width": 1.4}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "y domain", "xref": "x", "line": line}


def _widest_first(tornado: pd.DataFrame) -> pd.DataFrame:
    """The inputs of the first scenario and of the first of the main metrics, at most twenty."""
    widest: pd.DataFrame = main_rows(tornado).nlargest(20, "swing")
    return widest


def main_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first scenario and of the first of the main metrics."""
    mine: pd.DataFrame = table[table["scenario"] == table["scenario"].iloc[0]]
    return mine[mine["metric"] == metrics_of(mine, 1)[0]]


def _ordered(values: pd.Series) -> list[str]:
    """The values of a path, by number where they are numbers, else as they come."""
    found = list(dict.fromkeys(values))
    return sorted(found, key=as_number) if all(math.isfinite(as_number(v)) for v in found) else found


def _sweep_box(mine: pd.DataFrame, paths: Sequence[str]) -> Box:
    path, others = paths[0], list(paths[1:2])
    unit = str(mine["unit"].iloc[0])
    factor = scale(unit)
    several = mine["scenario"].nunique() > 1
    series = []
    for place, (key, rows) in enumerate(mine.groupby(["scenario", *others], sort=False)):
        rows = rows.assign(at=[as_number(v) for v in rows[path]])
        if rows["at"].isna().any():
            rows["at"] = [list(dict.fromkeys(mine[path])).index(v) for v in rows[path]]
        rows = rows.sort_values("at", kind="stable")
        parts = [str(key[0])] if several or not others else []
        parts += [f"{input_label(other)}: {value}" for other, value in zip(others, key[1:], strict=True)]
        value, low, high = ((rows[column] * factor).tolist() for column in ("estimate", "low", "high"))
        suffix = "%" if unit == "share" else f" {unit}"
        at = rows["at"].tolist()
        series.append(Line(", ".join(parts), mark(place), at, value, low, high, unit=suffix, mode="lines+markers"))
    label = SHORT.get(str(mine["metric"].iloc[0]), str(mine["label"].iloc[0]))
    return Box(_with_unit(label, unit), series, suffix="%" if unit == "share" else "", around=True)


def _sweep_title(sweep: pd.DataFrame, metric: str, path: str) -> str:
    """How far the first metric moves from the first value to the last, as far as its intervals tell."""
    mine = sweep[(sweep["metric"] == metric) & (sweep["scenario"] == sweep["scenario"].iloc[0])]
    others = varied(sweep)[1:2]
    for other in others:
        mine = mine[mine[other] == mine[other].iloc[0]]
    with_other = "".join(f" ({uncapital(input_label(other))}: {mine[other].iloc[0]})" for other in others)
    ordered = mine.assign(at=mine[path].map(as_number)).sort_values("at", kind="stable")
    rows = records(ordered.rename(columns={path: "varied"}))
    first, last = _of(rows[0]), _of(rows[-1])
    known = PHRASES.get(metric)
    what = capital(known[0]) if known else str(rows[0].label)
    name = uncapital(input_label(path))
    ends = f"{figure(first)} to {compact(last)}"
    values = f"{name} from {rows[0].varied} to {rows[-1].varied}{with_other}"
    if last.bounded and not last.clearly_apart(first):
        return f"{what}: no clear difference with {values}, {ends}"
    word = "rises" if last.value > first.value else "falls"
    single = "" if last.bounded else ", in one replication"
    return f"{what} {word} from {ends} with {values}{single}"


def _map_title(mine: pd.DataFrame, across: str, up: str) -> str:
    known = mine[mine["estimate"].notna()]
    rows = known.sort_values("estimate", kind="stable").to_dict("records")
    least, most = rows[0], rows[-1]
    names = [uncapital(input_label(path)) for path in (across, up)]

    def told(row: dict[object, object]) -> str:
        return f"{compact(_of_record(row))} at {names[0]} {row[across]} and {names[1]} {row[up]}"

    low, high = _of_record(least), _of_record(most)
    if high.bounded and not high.clearly_apart(low):
        return f"{least['label']}: no clear difference between any two cells, {told(least)} to {told(most)}"
    return f"{least['label']} ranges from {told(least)} to {told(most)}"


def _tornado_title(rows: Sequence[Any], unit: str) -> str:
    """Which input moves the result most, as far as the paired intervals of its range tell."""
    first, *others = rows
    ends = f"{level(Estimate(first.low_estimate, unit=unit))} at {first.low_value} to "
    ends += f"{level(Estimate(first.high_estimate, unit=unit))} at {first.high_value}"
    if _span(first).bounded and not _span(first).verdict().resolved:
        return (
            f"{first.label} moves clearly with no input; the widest range is that of {input_label(first.path)}: {ends}"
        )
    if not _span(first).bounded:
        return f"{first.label}: the widest range is that of {input_label(first.path)}, without an interval: {ends}"
    alone = stands_out(_span(first), map(_span, others))
    among = "moves most with" if alone else "moves with several inputs alike, among them"
    return f"{first.label} {among} {input_label(first.path)}: from {ends}"


def _span(row: Any) -> Estimate:
    """How far the result moves between the low and the high value of an input, whichever way."""
    one = Estimate(float(row.range), float(row.range_low), float(row.range_high), str(row.unit))
    return one if not one.value < 0.0 else Estimate(-one.value, -one.high, -one.low, one.unit)


def _sobol_title(rows: Sequence[Any]) -> str:
    first, *others = rows
    most = _index(first.total, first.total_half_width)
    if most.low <= 0.0:
        return f"No input clearly explains the variance of {first.label}"
    rest = [_index(row.total, row.total_half_width) for row in others]
    among = "explains most" if stands_out(most, rest) else "is among those that explain most"
    return f"{input_label(first.path)} {among} of the variance of {first.label}: {figure(most)}"


def _beyond(rows: Sequence[Any]) -> str:
    """What is to be thought of an index above 1, which no input has."""
    above = any(max(row.total, row.first_order) > 1.0 for row in rows)
    return "; above 100% by chance alone: the design has too few samples" if above else ""


def _unresolved(table: pd.DataFrame) -> str:
    """How many are still waiting when follow-up ends, at the point where they are most; empty where hardly any are."""
    shares = table["unresolved_share"]
    if not shares.max() > CENSORED:
        return ""
    return f"{DOT}up to {level(Estimate(float(shares.max()), unit='share'))} still waiting when follow-up ends"


def _points(sweep: pd.DataFrame) -> str:
    return counted(int(sweep["point"].nunique()), "point")


def _repeated(sweep: pd.DataFrame) -> str:
    most = sweep["replications"].max()
    return (
        f"{counted(int(most), 'replication')} each, 95% simulation intervals"
        if most > 1
        else "1 replication each: no intervals"
    )
