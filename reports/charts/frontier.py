"""Cost against QALYs of each scenario, and the frontier through those that are clearly on it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reports.figure import Figure, trace
from reports.findings import Findings
from reports.tables import records
from reports.theme import INK, canvas, finish, mark, name_of
from reports.words import counted, listed, number, rounded
from sim.outcomes.verdicts import DOMINATED, EXTENDEDLY, ON_FRONTIER

BELOW, HEIGHT, LEAST = 52, 420, 2
# Symbol and size of a mark by standing; what is not clear is hollow.
CLEAR = {ON_FRONTIER: ("circle", 14), DOMINATED: ("x", 12), EXTENDEDLY: ("triangle-down", 13)}
UNCLEAR = ("circle-open", 13)
REFERENCE = "reference"


def has_several(table: pd.DataFrame) -> bool:
    """Whether there are strategies to set against each other."""
    return len(_known(table)) >= LEAST


def draw_frontier(table: pd.DataFrame, findings: Findings) -> Figure:
    """A mark a scenario, by its standing; a line through those clearly on the frontier; a square around a reference."""
    picture = canvas()
    known, order = _known(table), [*(findings.scenarios or findings.strategies)]
    order += [name for name in known["scenario"] if name not in order]
    on = known[known["status"] == ON_FRONTIER].sort_values("qalys", kind="stable")
    if len(on) >= LEAST:
        _add(picture, on, mode="lines", line={"color": INK, "width": 2}, hoverinfo="skip", name="frontier")
    rings = known[known["arm"] == REFERENCE]
    if len(rings):
        ring = {"symbol": "square-open", "size": 24, "color": INK, "line": {"width": 1.5}}
        _add(picture, rings, mode="markers", marker=ring, hoverinfo="skip", name="reference arm")
    for row in records(known):
        symbol, size = CLEAR.get(row.status, UNCLEAR)
        colour = mark(order.index(row.scenario)).colour
        picture.add_trace(
            trace(
                "scatter", x=[row.qalys], y=[row.cost], mode="markers", name=name_of(row.scenario), showlegend=True,
                marker={"symbol": symbol, "size": size, "color": colour, "line": {"color": colour, "width": 2}},
                hovertemplate=f"%{{x:.3f}} QALYs, %{{y:,.0f}}<br>{row.status}<extra>%{{fullData.name}}</extra>",
            )
        )  # fmt: skip
    picture.update_layout(
        xaxis={"title": {"text": "QALYs per patient referred, discounted"}},
        yaxis={
            "title": {"text": f"cost per patient referred, {known['unit'].iloc[0]}"},
            "tickformat": ",.0f",
        },
    )
    return finish(
        picture,
        title=_title(known),
        subtitle=_subtitle(known, len(on) >= LEAST),
        alt=describe_frontier(table, findings),
        height=HEIGHT + BELOW,
        margin={"l": 96, "r": 24, "b": BELOW},
        legend=[name_of(name) for name in known["scenario"]],
        narrow={"layout.margin.l": 80, "layout.margin.r": 10},
    )


def describe_frontier(table: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: cost, QALYs and standing of each scenario."""
    told = [
        f"{row.scenario}: {rounded(row.qalys)} QALYs, {rounded(row.cost, 3)}, {_standing(row)}"
        for row in records(_known(table))
    ]
    return f"Cost against QALYs. {'; '.join(told)}."


def _known(table: pd.DataFrame) -> pd.DataFrame:
    known: pd.DataFrame = table[table["cost"].notna() & table["qalys"].notna()]
    # results of before reference arms were marked have none
    return known if "arm" in known else known.assign(arm="")


def _standing(row: Any) -> str:
    ratio = f", {number(row.icer, 0)} per QALY against {row.against}" if row.icer == row.icer else ""
    reference = ", reference arm" if row.arm == REFERENCE else ""
    return f"{row.status}{ratio}{reference}"


def _title(known: pd.DataFrame) -> str:
    on = list(known.loc[known["status"] == ON_FRONTIER, "scenario"])
    strategies = counted(len(known), "strategy", "strategies")
    if not on:
        return f"Of {strategies}, none is clearly on the frontier"
    if len(on) == len(known):
        every = "Both strategies" if len(on) == LEAST else "All strategies"
        return f"{every} are clearly on the cost-effectiveness frontier"
    return f"Of {strategies}, {counted(len(on), 'is', 'are')} clearly on the cost-effectiveness frontier: {listed(on)}"


def _subtitle(known: pd.DataFrame, line: bool) -> str:
    """What the marks that are there mean."""
    words = {
        DOMINATED: "cross: dominated",
        EXTENDEDLY: "triangle: extendedly dominated, by a mix of two others",
    }
    told = [text for status, text in words.items() if (known["status"] == status).any()]
    if not known["status"].isin(CLEAR).all():
        told.append("hollow: no clear difference from the frontier, or not judged")
    if (known["arm"] == REFERENCE).any():
        told.append("square: reference arm, nobody is infused")
    along = "The line is the cost-effectiveness frontier" if line else "Marks are means"
    return "; ".join([along, *told])


def _add(picture: Figure, rows: pd.DataFrame, **look: Any) -> None:
    points = {"x": rows["qalys"].tolist(), "y": rows["cost"].tolist()}
    picture.add_trace(trace("scatter", showlegend=False, **points, **look))
