"""Waiting and outcome by risk group, centre and region: a group of bars each, a bar a scenario."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.figure import Figure
from reports.findings import PHRASES, Findings
from reports.tables import records
from reports.theme import canvas, finish, mark, name_of
from reports.words import Estimate, compact, figure, level, listed, number, uncapital

BELOW, LEFT = 52, 230
PLURALS = {"centre": "centres", "risk group": "risk groups", "home region": "home regions"}
FEW = 10.0
"""Patients a replication below which a group is marked as small."""
AXES = {"days": "days", "share": "share of the referred patients of the group"}


def drawer(metric: str) -> Callable[[pd.DataFrame, Findings], Figure]:
    """The chart of one metric by group."""

    def draw(groups: pd.DataFrame, findings: Findings) -> Figure:
        """Bars of the metric with intervals, a group of bars for each group of patients."""
        picture = canvas()
        mine = groups[groups["metric"] == metric]
        panel = Panel(_groups(mine, findings), _axis(mine), bars=True, wrap=30)
        several = len(findings.scenarios) > 1
        narrow = draw_panel(picture, panel, legend=several)
        picture.update_layout(barmode="overlay")
        return finish(
            picture,
            title=_title(mine, findings, metric),
            subtitle=findings.population(),
            alt=describer(metric)(groups, findings),
            height=int(panel.height) + BELOW,
            margin={"l": LEFT, "r": 20, "b": BELOW},
            legend=[name_of(name) for name in findings.scenarios] if several else (),
            narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": 10},
        )

    return draw


def describer(metric: str) -> Callable[[pd.DataFrame, Findings], str]:
    """The alternative text of the chart of one metric by group."""

    def describe(groups: pd.DataFrame, findings: Findings) -> str:
        """The number of each group under each scenario."""
        mine = groups[groups["metric"] == metric]
        parts = []
        for scenario in findings.scenarios:
            rows = records(mine[mine["scenario"] == scenario])
            if rows:
                parts.append(f"{scenario}: {listed([f'{row.group} {level(_estimate(row))}' for row in rows])}")
        label = uncapital(str(mine["label"].iloc[0])) if not mine.empty else metric
        return f"Bars of {label} by risk group, centre and region. {'; '.join(parts)}."

    return describe


def _estimate(row: Any) -> Estimate:
    return Estimate(row.estimate, row.low, row.high, row.unit, row.label)


def _axis(mine: pd.DataFrame) -> str:
    label, unit = str(mine["label"].iloc[0]), str(mine["unit"].iloc[0])
    return f"{uncapital(label)} ({AXES.get(unit, unit)})" if unit == "days" else AXES.get(unit, unit)


def _groups(mine: pd.DataFrame, findings: Findings) -> tuple[Group, ...]:
    found = {(row.grouping, row.group, row.scenario): row for row in records(mine)}
    groups = []
    for grouping, group in dict.fromkeys((grouping, group) for grouping, group, _ in found):
        here = [found[key] for key in found if key[:2] == (grouping, group)]
        rows = tuple(
            Row(scenario, _estimate(found[grouping, group, scenario]), mark(place))
            for place, scenario in enumerate(findings.scenarios)
            if (grouping, group, scenario) in found
        )
        fewest = min(row.patients for row in here)
        small = f", few: {number(fewest)} a replication" if fewest < FEW else ""
        groups.append(Group(f"{here[0].grouping_label}: {group}{small}", rows))
    return tuple(groups)


def _title(mine: pd.DataFrame, findings: Findings, metric: str) -> str:
    known = mine[mine["estimate"].notna() & (mine["grouping"] == mine["grouping"].iloc[0])]
    if known.empty:
        return f"No group has an estimate of {PHRASES[metric][0]}"
    base = known[known["scenario"] == findings.scenarios[0]]
    rows = records((base if not base.empty else known).sort_values("estimate", kind="stable"))
    least, most = rows[0], rows[-1]
    who, by = findings.quoted(most.scenario), uncapital(str(most.grouping_label))
    noun = PHRASES[metric][0]
    low, high = _estimate(least), _estimate(most)
    # the words of the interval once, so that the title stays whole on a slide
    first, last = f"{least.group} {figure(low)}", f"{most.group} {compact(high)}"
    if len(rows) > 1 and high.bounded and not high.clearly_apart(low):
        return f"With {who}, no clear difference between {PLURALS.get(by, by)} in {noun}: {first}, {last}"
    return f"With {who}, {noun} by {by} runs from {first} to {last}"
