"""The same patients under two scenarios: who progressed before infusion in both, in one only, in neither."""

from __future__ import annotations

import pandas as pd

from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.figure import Figure
from reports.findings import Findings
from reports.tables import records
from reports.theme import INK, NEITHER, Mark, canvas, finish, mark
from reports.words import Estimate, figure, level, listed, shortened, uncapital
from sim.tables import PROGRESSED_IN

CHANGED = ("only_baseline", "only_scenario")
BELOW, LEFT, WRAP = 52, 300, 38
NEXT_TO_NONE = 0.001


def draw(same_patients: pd.DataFrame, findings: Findings) -> Figure:
    """Bars of the share who progressed under both, one or neither; of several scenarios only where they differ."""
    picture = canvas()
    groups = tuple(
        Group(row.name, (row,))
        for scenario in _compared(same_patients, findings)
        for row in _rows(same_patients, findings, scenario)
    )
    panel = Panel(groups, "proportion of the patients referred", bars=True, wrap=WRAP)
    narrow = draw_panel(picture, panel, legend=False)
    picture.update_layout(barmode="overlay")
    return finish(
        picture,
        title=_title(same_patients, findings),
        subtitle=f"The same patients under both scenarios: {uncapital(findings.population())}",
        alt=describe(same_patients, findings),
        height=int(panel.height) + BELOW,
        margin={"l": LEFT, "r": panel.room, "b": BELOW},
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": panel.phone_room},
    )


def describe(same_patients: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the share who progressed under both, one or neither."""
    parts = []
    for scenario in _compared(same_patients, findings):
        named = [
            f"{_label(scenario, findings, where)} {level(_share(same_patients, scenario, where))}"
            for where in PROGRESSED_IN
        ]
        parts.append(listed(named))
    return f"The same patients under two scenarios, progressed before infusion: {'; '.join(parts)}."


def _compared(same_patients: pd.DataFrame, findings: Findings) -> list[str]:
    return [scenario for scenario in findings.others if (same_patients["scenario"] == scenario).any()]


def _share(same_patients: pd.DataFrame, scenario: str, where: str) -> Estimate:
    mine = same_patients[(same_patients["scenario"] == scenario) & (same_patients["progressed_in"] == where)]
    if mine.empty:
        return Estimate(float("nan"), unit="share")
    row = mine.iloc[0]
    return Estimate(float(row["share"]), float(row["low"]), float(row["high"]), "share")


def _label(scenario: str, findings: Findings, where: str, several: bool = False) -> str:
    """Under which of the two the patients progressed; among several pairs of scenarios both are named."""
    base = findings.baseline
    if several:
        one, other = (shortened(name or "", 30) for name in (base, scenario))
        return f"{one}, not {other}" if where == "only_baseline" else f"{other}, not {one}"
    return {
        "both": f"under both {base} and {scenario}",
        "only_baseline": f"only under {base}",
        "only_scenario": f"only under {scenario}",
        "neither": f"under neither {base} nor {scenario}",
    }[where]


def _rows(same_patients: pd.DataFrame, findings: Findings, scenario: str) -> list[Row]:
    looks = {
        "both": Mark(INK, "solid", "circle"),
        "only_baseline": mark(0),
        "only_scenario": mark(findings.place(scenario)),
        "neither": Mark(NEITHER, "solid", "circle"),
    }
    several = len(_compared(same_patients, findings)) > 1
    return [
        Row(_label(scenario, findings, where, several), _share(same_patients, scenario, where), looks[where])
        for where in (CHANGED if several else PROGRESSED_IN)
    ]


def _title(same_patients: pd.DataFrame, findings: Findings) -> str:
    compared = _compared(same_patients, findings)
    if not compared:
        return "No scenario was compared patient by patient"
    changed = same_patients[same_patients["progressed_in"].isin(CHANGED) & same_patients["scenario"].isin(compared)]
    scenario = str(records(changed.nlargest(1, "share"))[0].scenario) if len(compared) > 1 else compared[0]
    saved, harmed = (_figure(_share(same_patients, scenario, where)) for where in CHANGED)
    base, other = findings.quoted(findings.baseline or ""), findings.quoted(scenario)
    return f"{saved} of the same patients progress only with {base}, {harmed} only with {other}"


def _figure(share: Estimate) -> str:
    """The share with its interval; next to nobody in words, as decimals of so few patients say nothing."""
    return "almost none" if share.bounded and 0.0 < share.high < NEXT_TO_NONE else figure(share)
