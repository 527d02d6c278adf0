"""How the paths of the referred patients end, with intervals."""

from __future__ import annotations

import pandas as pd

from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.figure import Figure
from reports.findings import Findings, headline
from reports.tables import records
from reports.theme import Mark, canvas, finish, mark, name_of, outcome_colour
from reports.words import Estimate, estimate_of, level, listed, uncapital
from sim.tables import OUTCOMES

BELOW, LEFT = 52, 190


def draw(outcomes: pd.DataFrame, findings: Findings) -> Figure:
    """Bars of the share of referred patients with each outcome, a group an outcome, a bar a scenario."""
    figure = canvas()
    panel = Panel(_groups(outcomes, findings), "proportion of referred patients", bars=True)
    several = len(findings.scenarios) > 1
    narrow = draw_panel(figure, panel, legend=several)
    figure.update_layout(barmode="overlay")
    return finish(
        figure,
        title=headline(findings, "lost_before_infusion_share"),
        subtitle=findings.population(),
        alt=describe(outcomes, findings),
        height=int(panel.height) + BELOW,
        margin={"l": LEFT, "r": panel.room, "b": BELOW},
        legend=[name_of(name) for name in findings.scenarios] if several else (),
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": panel.phone_room},
    )


def describe(outcomes: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the share of each outcome in each scenario, those that nobody has left out."""
    parts = []
    for scenario in findings.scenarios:
        mine = outcomes[(outcomes["scenario"] == scenario) & (outcomes["estimate"] > 0.0)]
        named = [f"{uncapital(row.label)} {level(estimate_of(row, 'share'))}" for row in records(mine)]
        parts.append(f"{scenario}: {listed(named) or 'no patients'}")
    return f"Bars of patient outcomes as proportions of those referred. {'; '.join(parts)}."


def _groups(outcomes: pd.DataFrame, findings: Findings) -> tuple[Group, ...]:
    """A group an outcome that anybody has, in the order of the closed list, others last."""
    found = {(row.outcome, row.scenario): row for row in records(outcomes)}
    labels = dict(zip(outcomes["outcome"], outcomes["label"], strict=True))
    had = set(outcomes.loc[outcomes["estimate"] > 0.0, "outcome"])
    several = len(findings.scenarios) > 1
    groups = []
    for outcome in dict.fromkeys([*OUTCOMES, *labels]):
        if outcome not in had:
            continue
        lines = []
        for place, scenario in enumerate(findings.scenarios):
            row = found.get((outcome, scenario))
            estimate = estimate_of(row, "share") if row is not None else Estimate(0.0, unit="share")
            look = mark(place) if several else Mark(outcome_colour(outcome), "solid", "circle")
            lines.append(Row(scenario if several else labels[outcome], estimate, look))
        groups.append(Group(labels[outcome], tuple(lines)))
    nobody = Group("no patients", (Row("no patients", Estimate(0.0, unit="share"), mark(0)),))
    return tuple(groups) or (nobody,)
