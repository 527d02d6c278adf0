"""Single patients: a bar each from referral on, queues apart from work under way, the outcome at the end."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reports.figure import Figure, trace
from reports.findings import Findings
from reports.tables import records
from reports.theme import (
    INK,
    MUTED,
    PAPER,
    QUEUE,
    SMALL_SIZE,
    canvas,
    day_tick,
    finish,
    legible,
    mark,
    name_of,
    outcome_colour,
    plain,
    stacked,
)
from reports.words import DOT, counted, listed, number, uncapital

ROW, GAP, ABOVE, BELOW = 19, 60, 30, 52
WORK = "#A9BACB"
KINDS = {"queue": ("waiting in a queue", QUEUE), "process": ("work under way", WORK)}
SYMBOLS = {"infused": "circle", "progressed": "triangle-up", "died": "x", "withdrawn": "diamond", "waiting": "line-ns"}
MOST, ALONE = 12, 20
"""Patients a panel where there are several scenarios, and where there is one."""


def draw(spells: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a scenario, a bar a patient: the same patients where the scenarios share them."""
    picture = canvas()
    scenarios = [s for s in findings.scenarios if (spells["scenario"] == s).any()]
    shown = _shown(spells, findings)
    rows = int(shown["patient"].max())
    domains = stacked([ROW * rows] * len(scenarios), GAP, ABOVE)
    last = float(shown["to_day"].max())
    told: set[str] = set()
    narrow: dict[str, Any] = {}
    for place, (scenario, domain) in enumerate(zip(scenarios, domains, strict=True)):
        suffix = "" if place == 0 else str(place + 1)
        mine = shown[shown["scenario"] == scenario]
        _bars(picture, mine, scenario, suffix, told)
        _ends(picture, mine, suffix)
        narrow[f"layout.annotations.{len(picture.annotations)}.text"] = f"<b>{name_of(scenario, 36)}</b>"
        picture.add_annotation(
            xref="x domain",
            x=0,
            yref=f"y{suffix} domain",
            y=1,
            yshift=4,
            text=f"<b>{name_of(scenario, 80)}</b>",
            font={"size": 14, "color": legible(mark(findings.place(scenario)).colour)},
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
        )
        picture.update_layout(
            {
                f"yaxis{suffix}": {
                    "domain": list(domain),
                    "range": [rows + 0.6, 0.4],
                    "tickvals": list(range(1, rows + 1)),
                    "showgrid": False,
                    "zeroline": False,
                    "anchor": "x",
                    "tickfont": {"size": 10, "color": MUTED},
                    "title": {"text": "patient"},
                }
            }
        )
    picture.update_layout(
        barmode="overlay",
        xaxis={
            "range": [0, last * 1.22],
            "dtick": day_tick(last, 10),
            "anchor": f"y{'' if len(scenarios) == 1 else len(scenarios)}",
            "title": {"text": "days since referral"},
        },
    )
    return finish(
        picture,
        title=_title(shown, findings, scenarios),
        subtitle=f"The first {rows} measured patients of the first replication: an illustration, not an estimate",
        alt=describe(spells, findings),
        height=ABOVE + ROW * rows * len(scenarios) + GAP * (len(scenarios) - 1) + BELOW,
        margin={"l": 56, "r": 20, "b": BELOW},
        legend=[name for name, _ in KINDS.values()],
        narrow={"layout.xaxis.dtick": day_tick(last, 4), **narrow},
    )


def describe(spells: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: how the patients shown end."""
    parts, shown = [], _shown(spells, findings)
    for scenario in findings.scenarios:
        ends = _outcomes(shown[shown["scenario"] == scenario])
        named = [f"{uncapital(label)} {count}" for label, count in ends.items()]
        if named:
            parts.append(f"{scenario}: {listed(named)}")
    return f"Bars of single patients from referral on. How they end: {'; '.join(parts)}."


def _shown(spells: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """The spells of the patients who are drawn."""
    several = sum((spells["scenario"] == scenario).any() for scenario in findings.scenarios) > 1
    shown: pd.DataFrame = spells[spells["patient"] <= (MOST if several else ALONE)]
    return shown


def _outcomes(mine: pd.DataFrame) -> dict[str, int]:
    return {str(k): int(v) for k, v in mine.drop_duplicates("patient")["outcome_label"].value_counts(sort=True).items()}


def _title(shown: pd.DataFrame, findings: Findings, scenarios: list[str]) -> str:
    parts = []
    for scenario in scenarios[:2]:
        mine = shown[shown["scenario"] == scenario].drop_duplicates("patient")
        infused = int((mine["outcome"] == "infused").sum())
        parts.append(f"{infused} of {counted(len(mine), 'patient')} shown are infused with {findings.quoted(scenario)}")
    return ", ".join(parts)


def _bars(picture: Figure, mine: pd.DataFrame, scenario: str, suffix: str, told: set[str]) -> None:
    for kind, (name, colour) in KINDS.items():
        rows = records(mine[mine["kind"] == kind])
        picture.add_trace(
            trace(
                "bar",
                x=[row.to_day - row.from_day for row in rows],
                base=[row.from_day for row in rows],
                y=[row.patient for row in rows],
                orientation="h",
                width=0.66,
                marker={"color": colour, "line": {"color": PAPER, "width": 0.8}},
                name=name,
                legendgroup=kind,
                showlegend=kind not in told,
                hoverinfo="text",
                hovertext=[
                    f"<b>{name_of(scenario)}, patient {row.patient:g}</b><br>{plain(row.label)} ({name}): "
                    f"day {number(row.from_day)} to {number(row.to_day)}"
                    for row in rows
                ],
                xaxis="x",
                yaxis=f"y{suffix}",
            )
        )
        told.add(kind)


def _ends(picture: Figure, mine: pd.DataFrame, suffix: str) -> None:
    """The outcome at the end of each bar, named, and a mark where the disease progressed on the way."""
    last = records(mine.sort_values("to_day", kind="stable").drop_duplicates("patient", keep="last"))
    axes = {"xaxis": "x", "yaxis": f"y{suffix}", "showlegend": False}
    picture.add_trace(
        trace(
            "scatter",
            x=[row.to_day for row in last],
            y=[row.patient for row in last],
            mode="markers+text",
            marker={
                "color": [outcome_colour(row.outcome) for row in last],
                "symbol": [SYMBOLS.get(row.outcome, "square") for row in last],
                "size": 10,
                "line": {"color": PAPER, "width": 1},
            },
            text=[f"  {plain(row.outcome_label)}" for row in last],
            textposition="middle right",
            textfont={"size": SMALL_SIZE - 1, "color": INK},
            hoverinfo="text",
            hovertext=[
                DOT.join(map(plain, (f"{row.outcome_label} on day {number(row.to_day)}", row.risk_group, row.centre)))
                for row in last
            ],
            cliponaxis=False,
            **axes,
        )
    )
    progressed = [row for row in last if row.progression_day < row.to_day]
    picture.add_trace(
        trace(
            "scatter",
            x=[row.progression_day for row in progressed],
            y=[row.patient for row in progressed],
            mode="markers",
            marker={
                "color": outcome_colour("progressed"),
                "symbol": "line-ns-open",
                "size": 13,
                "line": {"width": 2.5},
            },
            hoverinfo="text",
            hovertext=[f"progressed on day {number(row.progression_day)}, still eligible" for row in progressed],
            **axes,
        )
    )
