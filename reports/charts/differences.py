"""Paired differences from the baseline with their intervals: days in one panel, shares in another."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reports.charts.rows import GAP, Group, Panel, Row, draw_panel
from reports.figure import Figure
from reports.findings import Findings, headline
from reports.tables import records
from reports.theme import MUTED, WORDS_SQUEEZE, canvas, finish, mark, name_of, outcome_colour, stacked
from reports.words import Estimate, compact, listed
from sim.outcomes.metrics import INFUSED_AND_FREE
from sim.outcomes.verdicts import Verdict

METRICS = (
    "waiting_days_mean",
    "waiting_days_median",
    "waiting_days_p90",
    "referral_to_apheresis_days_mean",
    "vein_to_vein_days_mean",
    "infused_share",
    "progressed_before_infusion_share",
    "lost_before_infusion_share",
    "died_before_infusion_share",
    *INFUSED_AND_FREE.values(),
)
AXES = {"days": "difference in days", "share": "difference in percentage points"}
BETWEEN, BELOW, LEFT, WRAP = 62, 52, 290, 42
WORDS = {Verdict.BETTER: ("better", outcome_colour("infused")), Verdict.WORSE: ("worse", "#9A3412")}
"""What is said after a difference, and in which colour; where nothing can be said, its number is muted."""


def draw(differences: pd.DataFrame, findings: Findings) -> Figure:
    """Points with intervals around zero, a group a metric, a point a scenario."""
    figure = canvas()
    panels = [
        panel for unit, title in AXES.items() if (panel := _panel(differences, findings, unit, title)) is not None
    ]
    domains = stacked([panel.height for panel in panels], BETWEEN, 0) if panels else []
    narrow: dict[str, Any] = {"layout.margin.l": 14}
    several = len(findings.others) > 1
    narrow["layout.margin.r"] = max((panel.phone_room for panel in panels), default=10)
    for place, (panel, domain) in enumerate(zip(panels, domains, strict=True), start=1):
        narrow |= draw_panel(figure, panel, axis=place, domain=domain, legend=several and place == 1)
    height = sum(panel.height for panel in panels) + BETWEEN * max(0, len(panels) - 1)
    return finish(
        figure,
        title=headline(findings, "progressed_before_infusion_share"),
        subtitle=f"{findings.population()}, paired by replication; right of zero is more than "
        f"{findings.quoted(findings.baseline or '')}",
        alt=describe(differences, findings),
        height=int(height or GAP) + BELOW,
        margin={"l": LEFT, "r": max((panel.room for panel in panels), default=20), "b": BELOW},
        legend=[name_of(name) for name in findings.others] if several else (),
        narrow=narrow,
        squeeze=WORDS_SQUEEZE,
    )


def describe(differences: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: every difference drawn."""
    parts = []
    for scenario in findings.others:
        mine = differences[(differences["scenario"] == scenario) & differences["metric"].isin(METRICS)]
        named = [f"{row.label.lower()} {compact(findings.change(scenario, row.metric))}" for row in records(mine)]
        parts.append(f"{scenario}: {listed(named)}")
    return f"Differences from {findings.baseline} with 95% simulation intervals. {'; '.join(parts)}."


def _panel(differences: pd.DataFrame, findings: Findings, unit: str, title: str) -> Panel | None:
    groups = []
    for metric in METRICS:
        mine = differences[(differences["metric"] == metric) & (differences["unit"] == unit)]
        if not mine["estimate"].notna().any():
            continue
        rows = [_row(findings, scenario, metric, unit) for scenario in findings.others]
        groups.append(Group(str(mine["label"].iloc[0]), tuple(rows)))
    return Panel(tuple(groups), title, bars=False, wrap=WRAP) if groups else None


def _row(findings: Findings, scenario: str, metric: str, unit: str) -> Row:
    word, ink = WORDS.get(findings.verdict(scenario, metric), ("", MUTED))
    return Row(scenario, _known(findings.change(scenario, metric), unit), mark(findings.place(scenario)), word, ink)


def _known(change: Estimate, unit: str) -> Estimate:
    return change if change.known else Estimate(float("nan"), unit=unit, change=True)
