"""How full each resource is in the measuring window, a group of bars a resource and centre."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.findings import Findings
from reports.tables import records
from reports.theme import canvas, finish, mark, name_of, stacked
from reports.words import DOT, Estimate, figure, level, listed, uncapital

BETWEEN, BELOW, LEFT = 62, 52, 230
LEAST_QUEUE = 0.05
"""A shorter mean queue is left out of the picture."""
PANELS = {
    "utilisation": "utilisation: units held, or slots claimed, of those there",
    "queue_mean": "mean number in the queue",
}


def draw(resources: pd.DataFrame, findings: Findings) -> go.Figure:
    """A panel of utilisation and one of mean queue length, with intervals."""
    picture = canvas()
    panels = [p for metric, title in PANELS.items() if (p := _panel(resources, findings, metric, title)) is not None]
    domains = stacked([panel.height for panel in panels], BETWEEN, 0) if panels else []
    several = len(findings.scenarios) > 1
    narrow: dict[str, Any] = {"layout.margin.l": 14, "layout.margin.r": 10}
    for place, (panel, domain) in enumerate(zip(panels, domains, strict=True), start=1):
        narrow |= draw_panel(picture, panel, axis=place, domain=domain, legend=several and place == 1)
    picture.update_layout(barmode="overlay")
    height = sum(panel.height for panel in panels) + BETWEEN * max(0, len(panels) - 1)
    return finish(
        picture,
        title=_title(resources, findings),
        subtitle=f"All patients in the measuring window{DOT}{findings.repeated()}",
        alt=describe(resources, findings),
        height=int(height or 60) + BELOW,
        margin={"l": LEFT, "r": 20, "b": BELOW},
        legend=[name_of(name) for name in findings.scenarios] if several else (),
        narrow=narrow,
    )


def describe(resources: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the utilisation of each resource."""
    parts = []
    for scenario in findings.scenarios:
        rows = records(_known(resources, "utilisation", scenario))
        if rows:
            parts.append(f"{scenario}: {listed([f'{uncapital(_called(r))} {level(_estimate(r))}' for r in rows])}")
    return f"Bars of utilisation and mean queue by resource. Utilisation: {'; '.join(parts) or 'no limited resource'}."


def _known(resources: pd.DataFrame, metric: str, scenario: str) -> pd.DataFrame:
    mine = resources[(resources["metric"] == metric) & (resources["scenario"] == scenario)]
    return mine[mine["estimate"].notna() & ((mine["estimate"] >= LEAST_QUEUE) | (metric == "utilisation"))]


def _called(row: Any) -> str:
    return f"{row.resource_label}, {row.centre}" if row.centre else str(row.resource_label)


def _estimate(row: Any) -> Estimate:
    return Estimate(row.estimate, row.low, row.high, row.unit, row.label)


def _panel(resources: pd.DataFrame, findings: Findings, metric: str, title: str) -> Panel | None:
    found: dict[str, list[Row]] = {}
    for place, scenario in enumerate(findings.scenarios):
        for row in records(_known(resources, metric, scenario)):
            found.setdefault(_called(row), []).append(Row(scenario, _estimate(row), mark(place)))
    groups = tuple(Group(label, tuple(rows)) for label, rows in found.items())
    return Panel(groups, title, bars=True, wrap=30) if groups else None


def _title(resources: pd.DataFrame, findings: Findings) -> str:
    known = resources[(resources["metric"] == "utilisation") & resources["estimate"].notna()]
    if known.empty:
        return "No resource is limited"
    row = records(known.nlargest(1, "estimate"))[0]
    who = findings.quoted(str(row.scenario))
    return f"The fullest resource is {uncapital(_called(row))}, with {who}: {figure(_estimate(row))} utilised"
