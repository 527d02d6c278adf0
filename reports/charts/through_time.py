"""Through calendar time: resources in use and their queues, waiting lists, the stock of doses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from reports.charts.bands import Box, Grid, Line, calendar, draw_grid, shade_warm_up
from reports.figure import Figure
from reports.findings import Findings
from reports.tables import records
from reports.theme import Mark, canvas, finish, mark, name_of
from reports.words import DOT, Estimate, between, figure, level, listed, stands_out, uncapital
from sim.tables.words import spelt

MOST = 4
"""Resources drawn."""
LIST_DAYS = 7
"""The lists are drawn on every so many days; their table has every day."""
CAPACITY = "capacity"
LIMIT = Mark("#55616E", "dot", "circle")


def draw_use(use: pd.DataFrame, findings: Findings) -> Figure:
    """A row a resource: units in use against those there at the left, the number queueing at the right."""
    whole = _contended(use)
    boxes = []
    for resource, label, kind in _resources(whole):
        mine = whole[whole["resource"] == resource]
        claimed = "claimed" if kind == "cadence" else "in use"
        limits = _limits(mine, findings)
        boxes += [
            Box(f"{label}, {claimed}", _series(mine, findings, "in_use", " in use"), limits),
            Box(f"{label}, queue", _series(mine, findings, "queue", " in the queue"), at_least=1.0),
        ]
    boxes = _in_pairs([box for box in boxes if box.lines])
    return _drawn(boxes, 2, use, findings, _queue_title(whole, findings), describe_use)


def _in_pairs(boxes: Sequence[Box]) -> list[Box]:
    """The panels, those first whose resource has both: its use stands at the left and its queue at the right."""
    names = [box.title.rpartition(", ")[0] for box in boxes]
    both = [names.count(name) > 1 for name in names]
    return [b for b, two in zip(boxes, both, strict=True) if two] + [
        b for b, two in zip(boxes, both, strict=True) if not two
    ]


def describe_use(use: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the longest queue of each resource in each scenario."""
    parts = []
    whole = _contended(use)
    for scenario in findings.scenarios:
        named = []
        for resource, label, _ in _resources(whole):
            mine = whole[(whole["scenario"] == scenario) & (whole["resource"] == resource)]
            if mine["queue"].notna().any():
                named.append(f"{uncapital(label)} {level(_estimate(mine, 'queue', mine['queue'].idxmax()))}")
        if named:
            parts.append(f"{scenario}: {listed(named)}")
    return f"Lines of resource use and queues through time. Longest queue, mean of one month: {'; '.join(parts)}."


def draw_lists(lists: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a list: patients on it on the day, a line a scenario."""
    weekly = drawn_days(lists)
    boxes = []
    for name, label in dict(zip(lists["list"], lists["label"], strict=True)).items():
        mine = weekly[weekly["list"] == name]
        boxes.append(Box(str(label), _series(mine, findings, "estimate", " patients")))
    return _drawn(boxes, 2, lists, findings, _list_title(lists, findings), describe_lists, "one day a week")


def describe_lists(lists: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: where each list begins and ends."""
    parts = []
    for scenario in findings.scenarios:
        for name, label in dict(zip(lists["list"], lists["label"], strict=True)).items():
            mine = lists[(lists["scenario"] == scenario) & (lists["list"] == name)]
            if not mine.empty:
                last = _estimate(mine, "estimate", mine.index[-1])
                parts.append(f"{scenario}, {uncapital(str(label))}: {level(last)} at the end")
    return f"Lines of patients waiting through time. {'; '.join(parts)}."


def drawn_days(lists: pd.DataFrame) -> pd.DataFrame:
    """Of the lists day by day, the days that are drawn: back from the last one, of which the title tells."""
    drawn: pd.DataFrame = lists[(lists["day"].max() - lists["day"]) % LIST_DAYS == 0]
    return drawn


def listed_only(lists: pd.DataFrame) -> pd.DataFrame:
    """Of the two lists of the table, those who wait for a slot or dose."""
    return lists[lists["list"] == "waiting_list"]


def draw_stock(stock: pd.DataFrame, findings: Findings) -> Figure:
    """Doses on the shelf, share of time without one, and doses expired, a line a scenario."""
    percent = stock.assign(
        **{c: stock[c] * 100 for c in ("stock_out_share", "stock_out_share_low", "stock_out_share_high")}
    )
    boxes = [
        Box("Doses on the shelf", _series(stock, findings, "doses", " doses")),
        Box("Time without a dose", _series(percent, findings, "stock_out_share", "%"), suffix="%", at_least=10.0),
        Box("Doses expired in the month", _series(stock, findings, "expired", " doses")),
        Box("Lots started in the month", _series(stock, findings, "lots_started", " lots")),
    ]
    boxes = [box for box in boxes if any(value > 0.0 for line in box.lines for value in line.y)]
    return _drawn(boxes, 2, stock, findings, _stock_title(stock, findings), describe_stock)


def describe_stock(stock: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the least stock and the worst stock-out of each scenario."""
    parts = []
    for scenario in findings.scenarios:
        mine = stock[(stock["scenario"] == scenario) & stock["doses"].notna()]
        if not mine.empty:
            least = _estimate(mine, "doses", mine["doses"].idxmin(), "doses")
            worst = _estimate(mine, "stock_out_share", mine["stock_out_share"].idxmax(), "share")
            parts.append(
                f"{scenario}: at least {level(least)} on the shelf, at most {level(worst)} of a month without one"
            )
    return f"Lines of the stock of doses through time. {'; '.join(parts)}."


def _drawn(
    boxes: Sequence[Box],
    columns: int,
    table: pd.DataFrame,
    findings: Findings,
    title: str,
    describe: Any,
    each: str = "monthly means",
) -> Figure:
    picture = canvas()
    last = float(_days(table).max() if "day" in table else table["day_to"].max())
    axis = calendar(findings.start, last, 4)
    grid = Grid(boxes, columns, str(axis.pop("title")["text"]), axis)
    narrow = draw_grid(picture, grid) if boxes else {}
    shade_warm_up(picture, findings.warm_up if findings.warm_up < last else 0.0, len(boxes))
    limits = [CAPACITY] if any(box.limit for box in boxes) else []
    scenarios = [scenario for scenario in findings.scenarios if (table["scenario"] == scenario).any()]
    return finish(
        picture,
        title=title,
        subtitle=f"All patients, measured or not, from the start on{DOT}{findings.repeated()}; {each}",
        alt=describe(table, findings),
        height=grid.height,
        margin={"l": 60, "r": 24, "b": 52},
        legend=[*(name_of(scenario) for scenario in scenarios), *limits],
        narrow=narrow,
        narrow_height=grid.phone_height,
    )


def _series(mine: pd.DataFrame, findings: Findings, column: str, unit: str) -> list[Line]:
    low, high = ("low", "high") if column == "estimate" else (f"{column}_low", f"{column}_high")
    series = []
    for place, scenario in enumerate(findings.scenarios):
        rows = mine[(mine["scenario"] == scenario) & mine[column].notna()]
        if rows.empty:
            continue
        days = _days(rows).tolist()
        series.append(
            Line(scenario, mark(place), days, rows[column].tolist(), rows[low].tolist(), rows[high].tolist(), unit=unit)
        )
    return series


def _days(rows: pd.DataFrame) -> pd.Series[float]:
    """The day of each row, or the middle of its span of days."""
    return rows["day"] if "day" in rows else (rows["day_from"] + rows["day_to"]) / 2


def _limits(mine: pd.DataFrame, findings: Findings) -> list[Line]:
    """What there is of a resource: one line where all scenarios have the same, else one each."""
    found: dict[tuple[float, ...], Line] = {}
    for scenario in findings.scenarios:
        rows = mine[(mine["scenario"] == scenario) & mine["capacity"].notna()]
        if not rows.empty:
            key = tuple(rows["capacity"])
            found.setdefault(key, Line(CAPACITY, LIMIT, _days(rows).tolist(), list(key)))
    return list(found.values())


def _contended(use: pd.DataFrame) -> pd.DataFrame:
    """All centres together; of what is limited or is queued for, at most `MOST`, those with the longest queues."""
    whole = use[use["centre"] == ""]
    limited = whole.groupby("resource")["capacity"].transform("count") > 0
    queued = whole.groupby("resource")["queue"].transform("max") > 0.0
    shown = whole[limited | queued]
    longest = shown.groupby("resource")["queue"].max().nlargest(MOST).index
    return shown[shown["resource"].isin(longest)]


def _resources(use: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    for row in records(use.drop_duplicates("resource")):
        yield str(row.resource), str(row.label), str(row.kind)


def _estimate(table: pd.DataFrame, column: str, index: Any, unit: str = "patients") -> Estimate:
    low, high = ("low", "high") if column == "estimate" else (f"{column}_low", f"{column}_high")
    row = table.loc[[index]].iloc[0]
    return Estimate(float(row[column]), float(row[low]), float(row[high]), unit)


def _peaks(table: pd.DataFrame, groups: list[str], column: str) -> list[Any]:
    """The row of the highest value of each group, the highest group first."""
    highest = table.loc[table.groupby(groups, sort=False)[column].idxmax(), column]
    return list(highest.sort_values(ascending=False, kind="stable").index)


def _queue_title(table: pd.DataFrame, findings: Findings) -> str:
    known = table[table["queue"].notna()]
    if known.empty or not (known["queue"] > 0.0).any():
        return "Nobody queues for anything"
    index, *others = _peaks(known, ["scenario", "resource"], "queue")
    longest, rest = _estimate(known, "queue", index), [_estimate(known, "queue", k) for k in others]
    most = "The longest queue" if stands_out(longest, rest) else "Among the longest queues"
    row = known.loc[[index]].iloc[0]
    where = f"for {uncapital(str(row['label']))} with {findings.quoted(str(row['scenario']))}"
    return f"{most}, {where}: {figure(longest)} {_month(row, findings)}"


def _month(row: Any, findings: Findings) -> str:
    """When a row of the table is of: its month, or its days where there is no date."""
    first, last = float(row["day_from"]), float(np.ceil(row["day_to"]))
    if findings.start is None:
        return f"in days {between(first, last)}"
    return f"in {findings.start + timedelta(days=(first + last) / 2):%B %Y}"


def _list_title(lists: pd.DataFrame, findings: Findings) -> str:
    """How many wait on the last day, of which list most do: a level, not the top of a sawtooth."""
    known = lists[lists["estimate"].notna()]
    name = "waiting_list" if (listed_only(known)["estimate"] > 0.0).any() else "before_infusion"
    mine = known[known["list"] == name]
    if mine.empty or not (mine["estimate"] > 0.0).any():
        return "Nobody waits on a list"
    last = {s: _estimate(rows, "estimate", rows.index[-1]) for s, rows in mine.groupby("scenario", sort=False)}
    when, what = spelt(date.fromisoformat(str(mine["date"].iloc[-1])[:10])), uncapital(str(mine["label"].iloc[0]))
    told = [f"{figure(one)} with {findings.quoted(str(s))}" for s, one in last.items()]
    if len(told) > 2:
        told = [told[0]]
    return f"On the last day, {when}, {what}: {listed(told)}"


def _stock_title(stock: pd.DataFrame, findings: Findings) -> str:
    known = stock[stock["stock_out_share"].notna()]
    worst: Any = known["stock_out_share"].idxmax()
    row = known.loc[[worst]].iloc[0]
    who = findings.quoted(str(row["scenario"]))
    if not row["stock_out_share"] > 0.0:
        least = known["doses"].idxmin()
        told = figure(_estimate(known, "doses", least, "doses"))
        return f"With {who}, the stock never runs out; in its lowest month it holds {told}"
    told = figure(_estimate(known, "stock_out_share", worst, "share"))
    return f"With {who}, the shelf is empty for {told} of the worst month"
