"""Waiting and outcome by risk group, centre and region: a group of bars each, a bar a scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from reports.charts.bands import heading
from reports.charts.rows import GAP, Group, Panel, Row, draw_panel
from reports.figure import Figure
from reports.findings import PHRASES, Findings
from reports.tables import records
from reports.theme import canvas, finish, mark, name_of, stacked
from reports.words import Estimate, compact, estimate_of, figure, level, listed, rounded, uncapital

BELOW, LEFT, ABOVE, PHONE_GAP = 36, 260, 18, 56
PLURALS = {"centre": "centres", "risk group": "risk groups", "home region": "home regions"}
FEW = 10.0
"""Patients a replication below which a group is marked as small."""

METRICS = {
    "waiting_days_mean": "Mean wait, days",
    "progressed_before_infusion_share": "Progressed",
    "infused_share": "Infused",
}
"""What is shown side by side, with its heading: a wait beside who never came to infusion."""
SPANS = ((0.0, 0.25), (0.375, 0.625), (0.75, 1.0))
TITLED = "progressed_before_infusion_share"


def draw(groups: pd.DataFrame, findings: Findings) -> Figure:
    """A row a group of patients; beside each other the wait, who progressed, and who was infused."""
    picture, several = canvas(), len(findings.scenarios) > 1
    shown = [metric for metric in METRICS if groups.loc[groups["metric"] == metric, "estimate"].notna().any()]
    names = _names(groups, shown)
    narrow: dict[str, Any] = {"layout.margin.l": 14}
    panels = [
        Panel(_groups(groups[groups["metric"] == metric], names, findings), "", True, 29, span=span, short=True)
        for metric, span in zip(shown, SPANS, strict=False)
    ]
    height = max((panel.height for panel in panels), default=GAP)
    domains = stacked([height] * len(panels), PHONE_GAP, ABOVE) if panels else []
    top = height / (height + ABOVE)
    for place, (metric, panel) in enumerate(zip(shown, panels, strict=True)):
        axis = place + 1
        suffix = "" if axis == 1 else str(axis)
        legend = several and place == 0
        narrow |= draw_panel(picture, panel, axis=axis, domain=(0.0, top), legend=legend, labels=place == 0)
        heading(picture, METRICS[metric], f"x{suffix}", f"y{suffix}")
        narrow |= {f"layout.xaxis{suffix}.domain": [0, 1], f"layout.yaxis{suffix}.domain": list(domains[place])}
        if metric == "waiting_days_mean":
            picture.update_layout({f"xaxis{suffix}": {"nticks": 3}})
    narrow["layout.margin.r"] = max((panel.phone_room for panel in panels), default=10)
    picture.update_layout(barmode="overlay")
    return finish(
        picture,
        title=_title(groups[groups["metric"] == TITLED], findings, TITLED),
        subtitle=f"{findings.population()}; n: mean patients of the group in a replication",
        alt=describe(groups, findings),
        height=int(height + ABOVE) + BELOW,
        margin={"l": LEFT, "r": max((panel.room for panel in panels), default=10), "b": BELOW},
        legend=[name_of(name) for name in findings.scenarios] if several else (),
        narrow=narrow,
        narrow_height=int(ABOVE + (height + PHONE_GAP) * len(panels)),
    )


def describe(groups: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the numbers of each group under each scenario."""
    parts = []
    for scenario in findings.scenarios:
        for metric, label in METRICS.items():
            rows = records(groups[(groups["metric"] == metric) & (groups["scenario"] == scenario)])
            if rows:
                told = [f"{row.group} {level(estimate_of(row))}" for row in rows]
                parts.append(f"{scenario}, {uncapital(label)}: {listed(told)}")
    return f"Bars by risk group, centre and region. {'; '.join(parts)}."


def _names(groups: pd.DataFrame, shown: Sequence[str]) -> dict[tuple[str, str], str]:
    """What each group is called, with its size: the same in every panel."""
    there = groups[groups["metric"].isin(shown)]
    names = {}
    for (grouping, group), mine in there.groupby(["grouping", "group"], sort=False):
        fewest = float(mine["patients"].min())
        few = "few, " if fewest < FEW else ""
        size = f"({few}n={rounded(fewest)})"
        names[str(grouping), str(group)] = f"{mine['grouping_label'].iloc[0]}: {group} {size}"
    return names


def _groups(mine: pd.DataFrame, names: Mapping[tuple[str, str], str], findings: Findings) -> tuple[Group, ...]:
    """A group of rows each, in the same places in every panel; without a number where there is none."""
    found = {(row.grouping, row.group, row.scenario): row for row in records(mine)}
    nothing = Estimate(math.nan, unit=str(mine["unit"].iloc[0]))
    groups = []
    for key, name in names.items():
        rows = tuple(
            Row(scenario, estimate_of(found[*key, scenario]) if (*key, scenario) in found else nothing, mark(place))
            for place, scenario in enumerate(findings.scenarios)
        )
        groups.append(Group(name, rows))
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
    low, high = estimate_of(least), estimate_of(most)
    # the words of the interval once, so that the title stays whole on a slide
    first, last = f"{least.group} {figure(low)}", f"{most.group} {compact(high)}"
    if len(rows) > 1 and high.bounded and not high.clearly_apart(low):
        return f"With {who}, no clear difference between {PLURALS.get(by, by)} in {noun}: {first}, {last}"
    return f"With {who}, {noun} by {by} ranges from {first} to {last}"
