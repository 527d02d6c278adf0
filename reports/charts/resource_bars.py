"""How full each resource is in the measuring window, and who queues for it: a group of bars a resource and centre."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.figure import Figure
from reports.findings import Findings
from reports.tables import records
from reports.theme import WORDS_SQUEEZE, canvas, finish, mark, name_of
from reports.words import DOT, counted, estimate_of, figure, level, listed, stands_out, uncapital

BELOW, LEFT = 52, 230
LEAST_QUEUE = 0.05
"""A shorter mean queue is left out of the picture."""
MOST = 6
"""Resources and centres drawn: a slide holds no more."""
AXES = {
    "utilisation": "utilisation: in use; of slots, claimed",
    "queue_mean": "mean number in the queue",
}
TITLES = {
    "utilisation": (
        ("The fullest resource:", "Among the fullest resources:"),
        "{} {} ({}), {} utilised",
        "No resource is limited",
    ),
    "queue_mean": (
        ("The longest mean queue:", "Among the longest mean queues:"),
        "{} {} ({}), {}",
        "Nobody queues for anything",
    ),
}
"""How a title begins where the first is clearly apart from all others, and where it is not; the rest; and nothing."""


def drawer(metric: str) -> Callable[[pd.DataFrame, Findings], Figure]:
    """The chart of one figure of the resources."""

    def draw(resources: pd.DataFrame, findings: Findings) -> Figure:
        """Bars of the figure with intervals, the largest of any scenario first."""
        picture = canvas()
        groups = _groups(resources, findings, metric)
        shown = groups[:MOST]
        several = len(findings.scenarios) > 1
        panel = Panel(tuple(shown), AXES[metric], bars=True, wrap=30)
        narrow = draw_panel(picture, panel, legend=several) if shown else {}
        picture.update_layout(barmode="overlay")
        kept = f"{DOT}the {MOST} largest of {counted(len(groups), 'resource')}" if len(groups) > MOST else ""
        return finish(
            picture,
            title=_title(resources, findings, metric),
            subtitle=f"All patients in the measuring window{DOT}{findings.repeated()}{kept}",
            alt=describer(metric)(resources, findings),
            height=int(panel.height or 60) + BELOW,
            margin={"l": LEFT, "r": panel.room, "b": BELOW},
            legend=[name_of(name) for name in findings.scenarios] if several else (),
            narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": panel.phone_room},
            squeeze=WORDS_SQUEEZE,
        )

    return draw


def describer(metric: str) -> Callable[[pd.DataFrame, Findings], str]:
    """The alternative text of the chart of one figure of the resources."""

    def describe(resources: pd.DataFrame, findings: Findings) -> str:
        """The figure of each resource."""
        parts = []
        for scenario in findings.scenarios:
            rows = records(_known(resources, metric, scenario))
            if rows:
                parts.append(f"{scenario}: {listed([f'{uncapital(called(r))} {level(estimate_of(r))}' for r in rows])}")
        return f"Bars by resource, {AXES[metric]}. {'; '.join(parts) or 'None to show'}."

    return describe


def called(row: Any) -> str:
    """A resource with its centre, if it stands at one."""
    return f"{row.resource_label}, {row.centre}" if row.centre else str(row.resource_label)


def _known(resources: pd.DataFrame, metric: str, scenario: str) -> pd.DataFrame:
    mine = resources[(resources["metric"] == metric) & (resources["scenario"] == scenario)]
    return mine[mine["estimate"].notna() & ((mine["estimate"] >= LEAST_QUEUE) | (metric == "utilisation"))]


def _groups(resources: pd.DataFrame, findings: Findings, metric: str) -> list[Group]:
    found: dict[str, list[Row]] = {}
    for place, scenario in enumerate(findings.scenarios):
        for row in records(_known(resources, metric, scenario)):
            found.setdefault(called(row), []).append(Row(scenario, estimate_of(row), mark(place)))
    groups = [Group(label, tuple(rows)) for label, rows in found.items()]
    return sorted(groups, key=lambda group: -max(row.estimate.value for row in group.rows))


def _title(resources: pd.DataFrame, findings: Findings, metric: str) -> str:
    known = resources[(resources["metric"] == metric) & resources["estimate"].notna()]
    begin, told, nothing = TITLES[metric]
    if known.empty or not (known["estimate"] > 0.0).any():
        return nothing
    row, *others = records(known.sort_values("estimate", ascending=False, kind="stable"))
    most = begin[0 if stands_out(estimate_of(row), map(estimate_of, others)) else 1]
    return told.format(most, uncapital(called(row)), findings.quoted(str(row.scenario)), figure(estimate_of(row)))
