"""The distribution of waiting days of the infused, one panel a scenario on a common axis."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from reports.figure import Figure, trace
from reports.findings import Findings, headline
from reports.tables import records
from reports.theme import INK, MUTED, SMALL_SIZE, canvas, day_tick, faint, finish, legible, mark, name_of, stacked
from reports.words import DOT, Estimate, between, compact, level, listed

PANEL, GAP, ABOVE, BELOW = 150, 62, 44, 52
METRIC = "waiting_days_mean"


def draw(waits: pd.DataFrame, findings: Findings) -> Figure:
    """A histogram a scenario: share of the infused by days from referral to infusion, with intervals."""
    count = len(findings.scenarios)
    domains = stacked([PANEL] * count, GAP, ABOVE)
    figure = canvas()
    last = _last(waits)
    narrow: dict[str, object] = {}
    for place, scenario in enumerate(findings.scenarios):
        mine = waits[waits["scenario"] == scenario]
        empty = not (mine["share"] > 0.0).any()
        _panel(figure, mine, findings, place)
        _heading(figure, findings, place, narrow)
        figure.update_layout(
            {
                f"yaxis{_suffix(place)}": {
                    "domain": list(domains[place]),
                    "range": [0, _top(waits) * 100],
                    "ticksuffix": "%",
                    "nticks": 4,
                    "title": {"text": "" if empty else "proportion of infused"},
                    "showticklabels": not empty,
                    "showgrid": not empty,
                    "rangemode": "tozero",
                    "anchor": "x",
                }
            }
        )
    figure.update_layout(
        xaxis={
            "range": [0, last],
            "dtick": day_tick(last, 12),
            "anchor": f"y{_suffix(count - 1)}",
            "title": {"text": "days from referral to infusion"},
            "showgrid": False,
        },
        bargap=0,
        bargroupgap=0,
    )
    narrow["layout.xaxis.dtick"] = day_tick(last, 5)
    return finish(
        figure,
        title=headline(findings, METRIC),
        subtitle=findings.population("Infused patients among those"),
        alt=describe(waits, findings),
        height=ABOVE + PANEL * count + GAP * (count - 1) + BELOW,
        margin={"l": 66, "r": 24, "b": BELOW},
        narrow=narrow,
    )


def describe(waits: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: mean and most frequent waits of each scenario."""
    parts = []
    for scenario in findings.scenarios:
        mine = waits[(waits["scenario"] == scenario) & waits["share"].notna()]
        if mine.empty or not mine["share"].max() > 0.0:
            parts.append(f"{scenario}: nobody infused")
            continue
        most = records(mine.nlargest(1, "share"))[0]
        parts.append(
            f"{scenario}: mean {compact(findings.level(scenario, METRIC))}, most often "
            f"{between(most.day_from, most.day_to)} days"
        )
    return f"Histogram of days from referral to infusion. {listed(parts)}."


def _suffix(place: int) -> str:
    return "" if place == 0 else str(place + 1)


def _top(mine: pd.DataFrame) -> float:
    """The upper end of the axis of all panels: the highest bar or interval."""
    highest = mine[["share", "high"]].max().max() if not mine.empty else math.nan
    return float(highest) * 1.08 if highest > 0.0 else 1.0


def _last(waits: pd.DataFrame) -> float:
    """The right end of the axis: the last bin with anybody in it."""
    return max((_end(row) for row in records(waits[waits["share"] > 0.0])), default=30.0)


def _end(row: Any) -> float:
    """Where a bin is drawn to; an open one is drawn a week wide."""
    return float(row.day_to) if math.isfinite(row.day_to) else float(row.day_from) + 7.0


def _panel(figure: Figure, mine: pd.DataFrame, findings: Findings, place: int) -> None:
    colour, axis = mark(place).colour, f"y{_suffix(place)}"
    scenario = findings.scenarios[place]
    bars = mine[mine["share"].notna()]
    shares = [Estimate(row.share, row.low, row.high, "share") for row in records(bars)]
    spans = [(row.day_from, _end(row)) for row in records(bars)]
    figure.add_trace(
        trace(
            "bar",
            x=[(start + end) / 2 for start, end in spans],
            width=[(end - start) * 0.92 for start, end in spans],
            y=[one.value * 100 for one in shares],
            marker={"color": colour, "opacity": 0.6, "line": {"width": 0}},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [(one.high - one.value) * 100 if one.bounded else 0.0 for one in shares],
                "arrayminus": [(one.value - one.low) * 100 if one.bounded else 0.0 for one in shares],
                "color": INK,
                "thickness": 1,
                "width": 0,
                "visible": any(one.bounded for one in shares),
            },
            hoverinfo="text",
            hovertext=[
                f"<b>{name_of(scenario)}</b><br>{between(row.day_from, row.day_to)} days: {compact(one)}"
                for row, one in zip(records(bars), shares, strict=True)
            ],
            name=name_of(scenario),
            showlegend=False,
            xaxis="x",
            yaxis=axis,
        )
    )
    mean = findings.level(scenario, METRIC)
    if not mean.known:
        return
    reference = {"xref": "x", "yref": f"{axis} domain", "y0": 0, "y1": 1}
    if mean.bounded:
        figure.add_shape(
            type="rect", x0=mean.low, x1=mean.high, fillcolor=faint(INK, 0.12), line={"width": 0}, **reference
        )
    figure.add_shape(type="line", x0=mean.value, x1=mean.value, line={"color": INK, "width": 1.6}, **reference)


def _heading(figure: Figure, findings: Findings, place: int, narrow: dict[str, object]) -> None:
    scenario, axis = findings.scenarios[place], f"y{_suffix(place)}"
    mean, infused = findings.level(scenario, METRIC), findings.level(scenario, "infused_share")
    if mean.known:
        wide = f"mean {compact(mean)}" + (f"{DOT}{compact(infused)} infused" if infused.known else "")
        phone = f"mean {level(mean)}" + (f"{DOT}{level(infused)} infused" if infused.known else "")
    else:
        wide = phone = "nobody infused"
    number_of = len(figure.annotations)
    title, narrow_title = f"<b>{name_of(scenario, 72)}</b>", f"<b>{name_of(scenario, 32)}</b>"

    def under(text: str) -> str:
        return f"<br><span style='color:{MUTED};font-size:{SMALL_SIZE}px'>{text}</span>"

    narrow[f"layout.annotations.{number_of}.text"] = narrow_title + under(phone)
    figure.add_annotation(
        xref="x domain",
        x=0,
        yref=f"{axis} domain",
        y=1,
        yshift=4,
        text=title + under(wide),
        font={"size": 14, "color": legible(mark(place).colour)},
        showarrow=False,
        align="left",
        xanchor="left",
        yanchor="bottom",
    )
