"""How the paths of the referred patients end, with intervals."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.findings import Findings, headline
from reports.tables import records
from reports.theme import FATES, Mark, canvas, fate_colour, finish, mark, name_of
from reports.words import Estimate, level, listed, uncapital

BELOW, LEFT = 52, 190


def draw(fates: pd.DataFrame, findings: Findings) -> go.Figure:
    """Bars of the share of referred patients with each fate, a group a fate, a bar a scenario."""
    figure = canvas()
    panel = Panel(_groups(fates, findings), "share of referred patients", bars=True)
    several = len(findings.scenarios) > 1
    narrow = draw_panel(figure, panel, legend=several)
    figure.update_layout(barmode="overlay")
    return finish(
        figure,
        title=headline(findings, "lost_before_infusion_share"),
        subtitle=findings.population(),
        alt=describe(fates, findings),
        height=int(panel.height) + BELOW,
        margin={"l": LEFT, "r": 20, "b": BELOW},
        legend=[name_of(name) for name in findings.scenarios] if several else (),
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": 10},
    )


def describe(fates: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the share of each fate in each scenario, those that nobody has left out."""
    parts = []
    for scenario in findings.scenarios:
        mine = fates[(fates["scenario"] == scenario) & (fates["estimate"] > 0.0)]
        named = [f"{uncapital(row.label)} {level(_estimate(row))}" for row in records(mine)]
        parts.append(f"{scenario}: {listed(named) or 'no patients'}")
    return f"Bars of patient fates as shares of those referred. {'; '.join(parts)}."


def _estimate(row: Any) -> Estimate:
    return Estimate(row.estimate, row.low, row.high, "share")


def _groups(fates: pd.DataFrame, findings: Findings) -> tuple[Group, ...]:
    """A group a fate that anybody has, in the order of the theme, others last."""
    found = {(row.fate, row.scenario): row for row in records(fates)}
    labels = dict(zip(fates["fate"], fates["label"], strict=True))
    had = set(fates.loc[fates["estimate"] > 0.0, "fate"])
    several = len(findings.scenarios) > 1
    groups = []
    for fate in dict.fromkeys([*FATES, *labels]):
        if fate not in had:
            continue
        lines = []
        for place, scenario in enumerate(findings.scenarios):
            row = found.get((fate, scenario))
            estimate = _estimate(row) if row is not None else Estimate(0.0, unit="share")
            look = mark(place) if several else Mark(fate_colour(fate), "solid", "circle")
            lines.append(Row(scenario if several else labels[fate], estimate, look))
        groups.append(Group(labels[fate], tuple(lines)))
    nobody = Group("no patients", (Row("no patients", Estimate(0.0, unit="share"), mark(0)),))
    return tuple(groups) or (nobody,)
