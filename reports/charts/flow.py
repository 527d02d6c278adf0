"""Where patients go: how many reach each station of the path, and how many are lost from there, by outcome."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reports.charts.bands import heading
from reports.figure import Figure, trace
from reports.findings import Findings
from reports.tables import records
from reports.theme import (
    INK,
    PAPER,
    SMALL_SIZE,
    canvas,
    finish,
    lighter,
    lines,
    name_of,
    outcome_colour,
    plain,
    stacked,
)
from reports.words import Estimate, compact, estimate_of, figure, level, listed, stands_out, uncapital
from sim.tables import EVENTS as EVENT_WORDS
from sim.tables import WITHDRAWALS

PITCH, BAR, GAP, ABOVE, BELOW = 36, 17, 84, 44, 46
HEADING, LINE = 40, 24
"""Letters in a line of a panel's heading, and pixels for another line."""
LEFT, RIGHT, PHONE_RIGHT = 140, 255, 42
SPANS = ((0.0, 0.42), (0.58, 1.0))
"""The parts of the width of those who reach a station and of those who are lost from it; numbers stand between."""
STATION = "#9DB0C3"
PATIENTS = "patients"
TITLES = {True: "patients who reach it", False: "patients lost, larger scale"}


def draw(flow: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a scenario, a row a station: a bar of those who reach it, and one of those lost from it by outcome."""
    flow = _together(flow)
    picture, scenarios = canvas(), _scenarios(flow, findings)
    rows = {scenario: _stations(flow, scenario) for scenario in scenarios}
    heights = [PITCH * len(rows[scenario]) for scenario in scenarios]
    another_line = LINE if any(len(scenario) > HEADING for scenario in scenarios) else 0
    gap, above = GAP + another_line, ABOVE + another_line
    domains = stacked(heights, gap, above) if scenarios else []
    outcomes = _outcomes(flow)
    told: set[str] = set()
    narrow: dict[str, Any] = {"layout.margin.l": 10, "layout.margin.r": PHONE_RIGHT}
    most = max((level.value for mine in rows.values() for _, _, level in mine), default=1.0)
    lost = flow[flow["target"].isin(outcomes)].groupby(["scenario", "source"])["estimate"].sum()
    ends = (1.04 * most, 1.04 * max(lost.max() if len(lost) else 0.0, 1.0))
    for place, (scenario, domain) in enumerate(zip(scenarios, domains, strict=True)):
        axes = tuple((f"x{n}" if n > 1 else "x", f"y{n}" if n > 1 else "y") for n in (2 * place + 1, 2 * place + 2))
        stations = rows[scenario]
        _reach(picture, stations, axes[0], scenario)
        _lost(picture, flow[flow["scenario"] == scenario], stations, axes[1], outcomes, told, narrow)
        for (x_axis, y_axis), span, end in zip(axes, SPANS, ends, strict=True):
            picture.update_layout(
                {
                    x_axis.replace("x", "xaxis"): {
                        "domain": list(span), "anchor": y_axis, "range": [0, end], "nticks": 4,
                        "title": {"text": TITLES[x_axis == axes[0][0]] if place == len(scenarios) - 1 else ""},
                    },
                    y_axis.replace("y", "yaxis"): {
                        "domain": list(domain), "anchor": x_axis, "range": [len(stations) - 0.4, -0.75],
                        "tickvals": list(range(len(stations))),
                        "ticktext": [lines(label, 20, 2) for _, label, _ in stations],
                        "tickfont": {"size": SMALL_SIZE, "color": INK}, "ticks": "",
                        "showticklabels": x_axis == axes[0][0], "showgrid": False, "zeroline": False,
                    },
                }
            )  # fmt: skip
        narrow[f"layout.{axes[0][1].replace('y', 'yaxis')}.showticklabels"] = False
        _names(picture, stations, axes[0], narrow)
        heading(picture, lines(scenario, HEADING, 2), *axes[0])
        narrow[f"layout.annotations.{len(picture.annotations) - 1}.text"] = f"<b>{lines(scenario, 20, 2)}</b>"
        heading(picture, "lost from there", *axes[1])
        narrow[f"layout.annotations.{len(picture.annotations) - 1}.text"] = "<b>lost from there</b>"
    picture.update_layout(barmode="stack")
    return finish(
        picture,
        title=_title(flow, findings),
        subtitle=f"{findings.population()}",
        alt=describe(flow, findings),
        height=above + sum(heights) + gap * max(0, len(heights) - 1) + BELOW,
        margin={"l": LEFT, "r": RIGHT, "b": BELOW},
        legend=list(outcomes.values()),
        narrow=narrow,
    )


def describe(flow: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: how many reach each station, and how many have each outcome."""
    parts = []
    for scenario in _scenarios(flow, findings):
        named = [f"{uncapital(label)} {level(count)}" for _, label, count in _reached(flow, scenario)]
        parts.append(f"{scenario}: {listed(named)}")
    return f"Bars of the patients (mean of a replication) who reach each station or outcome. {'; '.join(parts)}."


def _together(flow: pd.DataFrame) -> pd.DataFrame:
    """The flows with the reasons of withdrawal as one outcome; the sum has no interval.

    `least` and `most`: between which it lies at any rate, for the sum of bounds is wider than the bounds of a sum.
    """
    reasons = flow["target"].isin(WITHDRAWALS)
    label = EVENT_WORDS["withdrawn"][0]
    renamed = flow.assign(
        target=flow["target"].where(~reasons, "withdrawn"), target_label=flow["target_label"].where(~reasons, label)
    )
    keys = ["scenario", "source", "target"]
    sums = renamed.groupby(keys, sort=False)[["estimate", "low", "high"]].transform("sum", min_count=1)
    several = renamed.groupby(keys, sort=False)["estimate"].transform("size") > 1
    found = renamed.assign(
        estimate=sums["estimate"],
        low=renamed["low"].where(~several),
        high=renamed["high"].where(~several),
        least=sums["low"],
        most=sums["high"],
    )
    return found.drop_duplicates(keys)


def _scenarios(flow: pd.DataFrame, findings: Findings) -> list[str]:
    return [scenario for scenario in findings.scenarios if (flow["scenario"] == scenario).any()]


def _outcomes(flow: pd.DataFrame) -> dict[str, str]:
    """The outcomes other than infusion, with their labels, in the order of the table."""
    ends = flow[~flow["target"].isin([*flow["source"], "infused"])]
    return {str(k): str(v) for k, v in zip(ends["target"], ends["target_label"], strict=True)}


def _reached(flow: pd.DataFrame, scenario: str) -> list[tuple[str, str, Estimate]]:
    """(station or outcome, label, patients) in the order of the table; the first has no flow into it."""
    mine = flow[flow["scenario"] == scenario]
    into, out = (mine.groupby(by, sort=False)["estimate"].sum() for by in ("target", "source"))
    labels = dict(zip(mine["source"], mine["source_label"], strict=True))
    labels |= dict(zip(mine["target"], mine["target_label"], strict=True))
    return [
        (str(node), str(label), Estimate(float(into.get(node, out.get(node, 0.0))), unit=PATIENTS))
        for node, label in labels.items()
    ]


def _stations(flow: pd.DataFrame, scenario: str) -> list[tuple[str, str, Estimate]]:
    """As `_reached`, of the stations of the path, infusion last."""
    sources = set(flow.loc[flow["scenario"] == scenario, "source"])
    return [one for one in _reached(flow, scenario) if one[0] in sources or one[0] == "infused"]


def _reach(picture: Figure, stations: list[tuple[str, str, Estimate]], axes: tuple[str, str], scenario: str) -> None:
    colours = [outcome_colour(name) if name == "infused" else STATION for name, _, _ in stations]
    picture.add_trace(
        trace(
            "bar", orientation="h", x=[count.value for _, _, count in stations], y=list(range(len(stations))),
            width=BAR / PITCH, hoverinfo="text",
            marker={"color": [lighter(c, 0.3) for c in colours], "line": {"width": 1, "color": colours}},
            showlegend=False, xaxis=axes[0], yaxis=axes[1],
            hovertext=[f"<b>{name_of(scenario)}</b><br>{plain(label)}: {level(count)}" for _, label, count in stations],
        )
    )  # fmt: skip
    for place, (_, _, count) in enumerate(stations):
        _beside(picture, axes, place, f"{count.value:,.0f}" if count.value >= 9.95 else level(count).split()[0])


def _lost(
    picture: Figure,
    mine: pd.DataFrame,
    stations: list[tuple[str, str, Estimate]],
    axes: tuple[str, str],
    outcomes: dict[str, str],
    told: set[str],
    narrow: dict[str, Any],
) -> None:
    """The bars of the losses, stacked by outcome, and beside them how many, with the most frequent outcomes."""
    at = {name: place for place, (name, _, _) in enumerate(stations)}
    losses = mine[mine["target"].isin(list(outcomes))]
    for outcome, label in outcomes.items():
        rows = records(losses[losses["target"] == outcome])
        if not rows:
            continue
        picture.add_trace(
            trace(
                "bar", orientation="h", x=[row.estimate for row in rows], y=[at[row.source] for row in rows],
                width=BAR / PITCH, marker={"color": outcome_colour(outcome), "line": {"width": 0.8, "color": PAPER}},
                name=plain(label), legendgroup=outcome, showlegend=outcome not in told, hoverinfo="text",
                hovertext=[f"{plain(label)}: {compact(estimate_of(row, PATIENTS))}" for row in rows],
                xaxis=axes[0], yaxis=axes[1],
            )
        )  # fmt: skip
        told.add(outcome)
    for name, place in at.items():
        here = losses[losses["source"] == name].sort_values("estimate", ascending=False, kind="stable")
        if here.empty:
            continue
        whole = level(Estimate(float(here["estimate"].sum()), unit=PATIENTS)).split()[0]
        first = records(here)[0]
        narrow[f"layout.annotations.{len(picture.annotations)}.text"] = whole
        _beside(picture, axes, place, f"{whole}; {plain(uncapital(str(first.target_label)))} {_bare(first)}")


def _bare(row: Any) -> str:
    return level(Estimate(float(row.estimate), unit=PATIENTS)).split()[0]


def _beside(picture: Figure, axes: tuple[str, str], place: int, text: str) -> None:
    picture.add_annotation(
        xref=f"{axes[0]} domain", x=1, xshift=6, yref=axes[1], y=place, text=text, showarrow=False, xanchor="left",
        yanchor="middle", align="left", font={"size": SMALL_SIZE, "color": INK},
    )  # fmt: skip


def _names(
    picture: Figure, stations: list[tuple[str, str, Estimate]], axes: tuple[str, str], narrow: dict[str, Any]
) -> None:
    """On a phone the name of a station stands over its bar."""
    for place, (_, label, _) in enumerate(stations):
        narrow[f"layout.annotations.{len(picture.annotations)}.visible"] = True
        picture.add_annotation(
            xref=f"{axes[0]} domain", x=0, yref=axes[1], y=place - BAR / PITCH / 2, text=name_of(label, 24),
            showarrow=False, xanchor="left", yanchor="bottom", visible=False, font={"size": SMALL_SIZE, "color": INK},
        )  # fmt: skip


def _title(flow: pd.DataFrame, findings: Findings) -> str:
    lost = flow[flow["target"].isin([name for name in _outcomes(flow) if name != "waiting"])]
    if lost.empty:
        return "Nobody is lost before infusion"
    row, *others = records(lost.sort_values("estimate", ascending=False, kind="stable"))
    told = figure(estimate_of(row, PATIENTS))
    start, end = (uncapital(str(label)) for label in _ends(row))
    most = "The largest loss" if stands_out(_widest(row), map(_widest, others)) else "Among the largest losses"
    return f"{most}, with {findings.quoted(row.scenario)}: {told}, {end} (from: {start})"


def _widest(row: Any) -> Estimate:
    return Estimate(row.estimate, row.least, row.most)


def _ends(row: Any) -> tuple[str, str]:
    return str(row.source_label), str(row.target_label)
