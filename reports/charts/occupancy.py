"""Where 100 patients are at each time since referral: still on the way, infused, or lost, stacked to the whole."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from reports.charts.bands import heading
from reports.charts.incidence import last_day
from reports.figure import Figure, trace
from reports.findings import Findings
from reports.theme import PAPER, canvas, day_tick, finish, name_of, outcome_colour, stacked
from reports.words import Estimate, counted, level, listed, uncapital
from sim.tables import EVENTS

PANEL, GAP, ABOVE, BELOW = 170, 46, 34, 52
ON_THE_WAY = "on_the_way"
STATES: Mapping[str, str] = {
    "infused": EVENTS["infused"][0],
    ON_THE_WAY: "Still awaiting infusion",
    **{name: label for name, (label, _) in EVENTS.items() if name != "infused"},
}
"""From the bottom up: what is hoped for, what is open, what was lost."""
PATTERNS = {"progressed": "/", "died": "", "withdrawn": ".", "failed": "x", "alternative": "\\", "standard_care": "-"}
TOLD_DAY = 90


def draw(incidence: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a scenario: areas that fill 100% at each day since referral."""
    picture = canvas()
    shares = _shares(incidence, findings)
    domains = stacked([PANEL] * len(shares), GAP, ABOVE) if shares else []
    last = last_day(incidence)
    present = [name for name in STATES if any((table[name] > 0.0005).any() for table in shares.values())]
    for place, ((scenario, table), domain) in enumerate(zip(shares.items(), domains, strict=True)):
        suffix = "" if place == 0 else str(place + 1)
        shown = table[table.index <= last]
        for name in present:
            picture.add_trace(
                trace(
                    "scatter",
                    x=[float(day) for day in shown.index],
                    y=[round(100.0 * float(share), 3) for share in shown[name]],
                    stackgroup=f"of {place}",
                    mode="lines",
                    line={"width": 0.7, "color": PAPER},
                    fillcolor=_colour(name),
                    fillpattern=_pattern(name),
                    name=STATES[name],
                    legendgroup=name,
                    showlegend=place == 0,
                    hovertemplate="day %{x}: %{y:.3~g}%<extra>%{fullData.name}</extra>",
                    xaxis="x",
                    yaxis=f"y{suffix}",
                )
            )
        picture.update_layout(
            {
                f"yaxis{suffix}": {
                    "domain": list(domain),
                    "range": [0, 100],
                    "ticksuffix": "%",
                    "dtick": 25,
                    "anchor": "x",
                }
            }
        )  # fmt: skip
        heading(picture, name_of(scenario, 36), "x", f"y{suffix}")
    lowest = f"y{'' if len(shares) == 1 else len(shares)}"
    picture.update_layout(
        xaxis={
            "range": [0, last], "dtick": day_tick(last, 10), "anchor": lowest, "title": {"text": "days since referral"},
        }
    )  # fmt: skip
    return finish(
        picture,
        title=_title(shares),
        subtitle=findings.population(),
        alt=_described(incidence, shares),
        height=ABOVE + PANEL * len(shares) + GAP * max(0, len(shares) - 1) + BELOW,
        margin={"l": 62, "r": 24, "b": BELOW},
        legend=[STATES[name] for name in present],
        narrow={"layout.xaxis.dtick": day_tick(last, 4)},
    )


def describe(incidence: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the states of each scenario at a day."""
    return _described(incidence, _shares(incidence, findings))


def _shares(incidence: pd.DataFrame, findings: Findings) -> dict[str, pd.DataFrame]:
    """The states of each scenario that has any."""
    return {s: table for s in findings.scenarios if not (table := states(incidence, s)).empty}


def _described(incidence: pd.DataFrame, shares: Mapping[str, pd.DataFrame]) -> str:
    parts = []
    for scenario, table in shares.items():
        at = table[table.index == _day(table)].iloc[0]
        named = [f"{uncapital(STATES[n])} {_told(table, n)}" for n in STATES if at[n] > 0.0005]
        parts.append(f"{scenario}: {listed(named)}")
    day = TOLD_DAY if incidence["day"].max() >= TOLD_DAY else int(incidence["day"].max())
    after = f"{counted(day, 'day')} after referral: {'; '.join(parts)}"
    return f"Stacked areas of where patients are by day since referral; {after}."


def states(incidence: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """The share in each state by day since referral: what the events leave of 1 is still on the way."""
    mine = incidence[(incidence["scenario"] == scenario) & incidence["event"].isin(EVENTS)]
    table = mine.pivot_table(index="day", columns="event", values="estimate").reindex(columns=list(EVENTS)).fillna(0.0)
    if table.empty:
        return table
    table[ON_THE_WAY] = (1.0 - table.sum(axis=1)).clip(lower=0.0)
    return table[list(STATES)]


def _day(table: pd.DataFrame) -> float:
    return float(min(TOLD_DAY, table.index.max()))


def _told(table: pd.DataFrame, state: str) -> str:
    """The share in a state at the day that is told."""
    return level(Estimate(float(table[state].to_numpy()[table.index == _day(table)][0]), unit="share"))


def _title(shares: Mapping[str, pd.DataFrame]) -> str:
    """How many are still on the way and how many infused after so many days, by scenario."""
    if not shares:
        return "Nobody was referred"
    day = _day(next(iter(shares.values())))
    told = [
        f"{_told(table, 'infused')} infused and {_told(table, ON_THE_WAY)} still waiting with {scenario}"
        for scenario, table in shares.items()
    ]
    if len(told) > 2:
        return f"Where patients are by day since referral, with each of {counted(len(told), 'strategy', 'strategies')}"
    return f"{counted(f'{day:.0f}', 'day')} after referral: {'; '.join(told)}"


def _colour(name: str) -> str:
    return "#E3E8EC" if name == ON_THE_WAY else outcome_colour(name)


def _pattern(name: str) -> Mapping[str, object] | None:
    """What tells neighbouring losses apart in greyscale."""
    if not PATTERNS.get(name):
        return None
    return {"shape": PATTERNS[name], "fgcolor": PAPER, "bgcolor": _colour(name), "size": 6, "solidity": 0.2}
