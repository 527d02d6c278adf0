"""Of 100 patients referred: what becomes of each, as squares that anybody can count."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.figure import Figure, trace
from reports.findings import EVERYBODY, Findings
from reports.tables import records
from reports.theme import canvas, finish, legible, mark, name_of, outcome_colour, plain
from reports.words import counted, listed, uncapital
from sim.outcomes.verdicts import Verdict
from sim.tables import EVENTS, OUTCOMES

WELL, SINCE = "well", "since"
LABELS: Mapping[str, str] = {
    WELL: "Infused, progression-free at one year",
    SINCE: "Infused later, or progressed or died since",
    **OUTCOMES,
}
SYMBOLS = ("square", "circle", "diamond", "x", "triangle-up", "cross", "star", "hexagon", "triangle-down")
SIDE, HIGH, MOST_ACROSS = 20, 5, 2
"""Patients in a row, rows of a field, fields side by side on a wide page."""
HEAD, GAP = 2.2, 2.0
"""Room for the name over a field, and between two fields, in patients."""
PITCH = 22
"""Pixels between two patients."""


@dataclass(frozen=True)
class Kind:
    """What becomes of some of the 100 patients of one scenario."""

    name: str
    count: int


def draw(outcomes: pd.DataFrame, findings: Findings) -> Figure:
    """A field of five rows of twenty for each scenario, side by side; on a phone one below the other."""
    figure = canvas()
    fields = {scenario: hundred(outcomes, findings, scenario) for scenario in findings.scenarios}
    kinds = [kind for kind in LABELS if any(kind == one.name for field in fields.values() for one in field)]
    across = min(len(fields), MOST_ACROSS)
    wide, phone = _Places(across, len(fields)), _Places(1, len(fields))
    narrow: dict[str, Any] = {"layout.margin.l": 0, "layout.margin.r": 0}
    for number, kind in enumerate(kinds):
        marks = [(place, patient) for place, field in enumerate(fields.values()) for patient in _patients(field, kind)]
        told = [f"{plain(scenario)}: {_count(field, kind)} of 100" for scenario, field in fields.items()]
        x, y = wide.of(marks)
        narrow[f"data.{number}.x"], narrow[f"data.{number}.y"] = phone.of(marks)
        figure.add_trace(
            trace(
                "scatter",
                x=x,
                y=y,
                mode="markers",
                marker={"symbol": SYMBOLS[number % len(SYMBOLS)], "size": 13, "color": _colour(kind)},
                name=LABELS[kind],
                text=[told[place] for place, _ in marks],
                hovertemplate="%{text}<extra>%{fullData.name}</extra>",
                showlegend=True,
            )
        )
    for place, scenario in enumerate(fields):
        figure.add_annotation(
            **wide.heading(place),
            text=f"<b>{name_of(scenario, 44)}</b>",
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            font={"color": legible(mark(findings.place(scenario)).colour)},
        )
    narrow["layout.annotations"] = [one | phone.heading(place) for place, one in enumerate(figure.annotations)]
    axis = {"visible": False, "fixedrange": True}
    figure.update_layout(xaxis={**axis, "range": wide.ends[0]}, yaxis={**axis, "range": wide.ends[1]})
    narrow["layout.xaxis.range"], narrow["layout.yaxis.range"] = phone.ends
    return finish(
        figure,
        title=title(outcomes, findings),
        subtitle=f"Means over {counted(findings.replications, 'replication')}, rounded to whole patients of 100",
        alt=describe(outcomes, findings),
        height=wide.height,
        margin={"l": 4, "r": 4, "b": 4},
        legend=[LABELS[kind] for kind in kinds],
        narrow=narrow,
        narrow_height=phone.height,
    )


@dataclass(frozen=True)
class _Places:
    """Where the fields stand, so many across; a patient is one unit wide and high."""

    across: int
    fields: int

    def of(self, marks: Sequence[tuple[int, int]]) -> tuple[list[float], list[float]]:
        """(x, y) of each (place of the field, patient)."""
        left, top = zip(*(self._corner(place) for place, _ in marks), strict=True)
        x = [a + patient % SIDE for a, (_, patient) in zip(left, marks, strict=True)]
        return x, [b - patient // SIDE for b, (_, patient) in zip(top, marks, strict=True)]

    def heading(self, place: int) -> dict[str, float]:
        """Where the name of a field stands."""
        left, top = self._corner(place)
        return {"x": left - 0.5, "y": top + 0.6}

    def _corner(self, place: int) -> tuple[float, float]:
        return place % self.across * (SIDE + GAP), -(place // self.across) * (HIGH + HEAD)

    @property
    def ends(self) -> tuple[list[float], list[float]]:
        """The ranges of both axes; a single field keeps its size on a wide page."""
        lines = -(-self.fields // self.across)
        return [-0.8, self.across * (SIDE + GAP) - GAP], [-lines * (HIGH + HEAD) + HEAD + 0.3, HEAD - 0.4]

    @property
    def height(self) -> int:
        """Pixels."""
        low, high = self.ends[1]
        return round((high - low) * PITCH)


def title(outcomes: pd.DataFrame, findings: Findings) -> str:
    """`Of 100 patients referred, 28 instead of 41 are infused and …`; of more than two scenarios, what is shown."""
    if len(findings.scenarios) > 2:
        many = counted(len(findings.scenarios), "strategy", "strategies")
        return f"What becomes of 100 patients referred, with each of {many}"
    known = any(findings.level(s, EVERYBODY).known for s in findings.scenarios)
    counts = []
    for scenario in findings.scenarios:
        field = {one.name: one.count for one in hundred(outcomes, findings, scenario)}
        counts.append(field.get(WELL, 0) if known else field.get("infused", 0))
    what = "infused and progression-free at one year" if known else "infused"
    told = list(dict.fromkeys(str(count) for count in reversed(counts)))
    if len(told) == 1:
        return f"Of 100 patients referred, {told[0]} are {what}"
    found = findings.verdict(findings.others[0], EVERYBODY if known else "infused_share")
    if found is Verdict.UNCLEAR:
        return f"Of 100 patients referred, {' and '.join(told)} are {what}: no clear difference"
    once = " (one replication, no interval)" if found is Verdict.UNJUDGED else ""
    return f"Of 100 patients referred, {' instead of '.join(told)} are {what}{once}"


def describe(outcomes: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: how many of 100 have each outcome, by scenario."""
    parts = []
    for scenario in findings.scenarios:
        told = [f"{one.count} {uncapital(LABELS[one.name])}" for one in hundred(outcomes, findings, scenario)]
        parts.append(f"{scenario}: {listed(told) or 'nobody'}")
    return f"Of 100 patients referred. {'; '.join(parts)}."


def hundred(outcomes: pd.DataFrame, findings: Findings, scenario: str) -> list[Kind]:
    """Whole patients of 100 by outcome, in the order of `LABELS`; they add up to 100 (largest remainders)."""
    mine = outcomes[(outcomes["scenario"] == scenario) & outcomes["estimate"].notna()]
    shares = {str(row.outcome): float(row.estimate) for row in records(mine)}
    well = findings.level(scenario, EVERYBODY)
    if well.known and "infused" in shares:
        infused = shares.pop("infused")
        shares = {WELL: min(well.value, infused), SINCE: max(0.0, infused - well.value), **shares}
    shares["withdrawn"] = sum(shares.pop(name, 0.0) for name in EVENTS["withdrawn"][1])
    exact = {name: 100.0 * shares.get(name, 0.0) for name in [*LABELS, *(n for n in shares if n not in LABELS)]}
    counts = {name: math.floor(value) for name, value in exact.items()}
    missing = round(sum(exact.values())) - sum(counts.values())
    for name in sorted(exact, key=lambda one: counts[one] - exact[one])[: max(0, missing)]:
        counts[name] += 1
    return [Kind(name, count) for name, count in counts.items() if count]


def _patients(field: Sequence[Kind], name: str) -> range:
    """The places of the patients with this outcome in a field that is filled row by row."""
    before = 0
    for one in field:
        if one.name == name:
            return range(before, before + one.count)
        before += one.count
    return range(0)


def _count(field: Sequence[Kind], name: str) -> int:
    return sum(one.count for one in field if one.name == name)


def _colour(kind: str) -> str:
    return {WELL: outcome_colour("infused"), SINCE: "#7FB8BB"}.get(kind, outcome_colour(kind))
