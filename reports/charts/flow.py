"""Where patients go: from station to station, and from which they are lost, as a Sankey diagram."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reports.figure import Figure, Properties, trace
from reports.findings import Findings
from reports.tables import records
from reports.theme import EVENTS as COLOURS
from reports.theme import INK, SMALL_SIZE, canvas, faint, finish, legible, mark, name_of, outcome_colour, plain, stacked
from reports.words import Estimate, figure, listed, number, stands_out, uncapital

PANEL, GAP, ABOVE, BELOW = 260, 50, 34, 16
STATION, ONWARD = "#9DB0C3", "#C4CBD2"
HALO = ", ".join(f"{x}px {y}px 2px #fff" for x in (-1, 0, 1) for y in (-1, 0, 1))
"""Keeps a name legible where bands run behind it."""


def draw(flow: pd.DataFrame, findings: Findings) -> Figure:
    """A Sankey diagram a scenario: mean patients a replication; what leads to an outcome has the outcome's colour."""
    picture = canvas()
    scenarios = _scenarios(flow, findings)
    domains = stacked([PANEL] * len(scenarios), GAP, ABOVE)
    for scenario, domain in zip(scenarios, domains, strict=True):
        picture.add_trace(_sankey(flow[flow["scenario"] == scenario], scenario, domain))
        picture.add_annotation(
            xref="paper",
            x=0,
            yref="paper",
            y=domain[1],
            yshift=6,
            text=f"<b>{name_of(scenario, 80)}</b>",
            font={"size": 14, "color": legible(mark(findings.place(scenario)).colour)},
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
        )
    return finish(
        picture,
        title=_title(flow, findings),
        subtitle=f"{findings.population()}; numbers are mean patients a replication",
        alt=describe(flow, findings),
        height=ABOVE + PANEL * len(scenarios) + GAP * (len(scenarios) - 1) + BELOW,
        margin={"l": 20, "r": 30, "b": BELOW},
        narrow={"layout.margin.l": 6, "layout.margin.r": 6},
    )


def describe(flow: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: how many reach each station, and from where most are lost."""
    parts = []
    for scenario in _scenarios(flow, findings):
        mine = flow[flow["scenario"] == scenario]
        named = [f"{uncapital(label)} {number(count)}" for label, count in _reached(mine)]
        parts.append(f"{scenario}: {listed(named)}")
    return f"Flow of patients from referral on, mean patients a replication reaching each point. {'; '.join(parts)}."


def _scenarios(flow: pd.DataFrame, findings: Findings) -> list[str]:
    return [scenario for scenario in findings.scenarios if (flow["scenario"] == scenario).any()]


def _reached(mine: pd.DataFrame) -> list[tuple[str, float]]:
    """(label, patients) of each node, in the order of the table; the first has no flow into it."""
    into = mine.groupby("target", sort=False)["estimate"].sum()
    labels = {**dict(zip(mine["source"], mine["source_label"], strict=True))}
    labels |= dict(zip(mine["target"], mine["target_label"], strict=True))
    out = mine.groupby("source", sort=False)["estimate"].sum()
    return [(str(label), float(into.get(node, out.get(node, 0.0)))) for node, label in labels.items()]


def _sankey(mine: pd.DataFrame, scenario: str, domain: tuple[float, float]) -> Properties:
    names = list(dict.fromkeys([*mine["source"], *mine["target"]]))
    counts = _reached(mine)
    place = {name: k for k, name in enumerate(names)}
    colours = [outcome_colour(name) if name in COLOURS else STATION for name in names]
    targets = list(mine["target"])
    return trace(
        "sankey",
        domain={"x": [0, 1], "y": list(domain)},
        arrangement="snap",
        textfont={"size": SMALL_SIZE, "color": INK, "shadow": HALO},
        valueformat=".1f",
        node={
            "label": [_label(name, label, count) for name, (label, count) in zip(names, counts, strict=True)],
            "color": colours,
            "pad": 16,
            "thickness": 14,
            "line": {"width": 0},
            "hovertemplate": "%{label}<extra></extra>",
        },
        link={
            "source": [place[name] for name in mine["source"]],
            "target": [place[name] for name in targets],
            "value": list(mine["estimate"]),
            "color": [faint(outcome_colour(t) if t in COLOURS and t != "infused" else ONWARD, 0.4) for t in targets],
            "customdata": [figure(Estimate(r.estimate, r.low, r.high, "patients")) for r in records(mine)],
            "hovertemplate": (
                f"<b>{name_of(scenario)}</b><br>%{{source.label}} → %{{target.label}}<br>%{{customdata}}<extra></extra>"
            ),
        },
    )


def _label(name: str, label: str, count: float) -> str:
    """A station with its number below, so that neighbours have room; an outcome on one line."""
    between = " " if name in COLOURS and name != "infused" else "<br>"
    return plain(label) + between + number(count, 0 if count >= 9.95 else 1)


def _title(flow: pd.DataFrame, findings: Findings) -> str:
    lost = flow[flow["target"].isin([outcome for outcome in COLOURS if outcome not in ("infused", "waiting")])]
    if lost.empty:
        return "Nobody is lost before infusion"
    row, *others = records(lost.sort_values("estimate", ascending=False, kind="stable"))
    told = figure(_loss(row))
    quoted = [f"\N{LEFT DOUBLE QUOTATION MARK}{label}\N{RIGHT DOUBLE QUOTATION MARK}" for label in _ends(row)]
    most = "The largest loss" if stands_out(_loss(row), map(_loss, others)) else "One of the largest losses"
    return f"{most} is with {findings.quoted(row.scenario)}, from {quoted[0]} to {quoted[1]}: {told}"


def _loss(row: Any) -> Estimate:
    return Estimate(row.estimate, row.low, row.high, "patients a replication")


def _ends(row: Any) -> tuple[str, str]:
    return str(row.source_label), str(row.target_label)
