"""Where the days between referral and infusion go: a bar a scenario, queues apart from processes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reports.figure import Figure, Properties, trace
from reports.findings import Findings
from reports.tables import records
from reports.theme import (
    INK,
    MUTED,
    PAPER,
    PROCESS,
    QUEUE,
    SMALL_SIZE,
    canvas,
    day_tick,
    finish,
    legible,
    lines,
    mark,
    name_of,
    plain,
)
from reports.words import ROUNDING, Estimate, compact, figure, level, listed, stands_out

BAR, HEADING, GAP, BELOW = 74, 36, 10, 52
KINDS = {"queue": "waiting in a queue", "process": "work under way"}
MEAN = "waiting_days_mean"


def draw(stages: pd.DataFrame, findings: Findings) -> Figure:
    """Stacked bars of mean days by stage, in the order of the path."""
    picture = canvas()
    pitch = HEADING + BAR + GAP
    tint = {stage: PROCESS[k % len(PROCESS)] for k, stage in enumerate(_names(stages))}
    legend_done: set[str] = set()
    narrow: dict[str, Any] = {}
    for place, scenario in enumerate(findings.scenarios):
        top = place * pitch
        mine = _of(stages, scenario)
        for row in records(mine):
            picture.add_trace(_segment(row, scenario, top + HEADING + BAR / 2, tint, legend_done))
        _heading(picture, findings, place, top + HEADING, narrow)
    last = max((float(_of(stages, s)["mean_days"].sum()) for s in findings.scenarios), default=1.0) or 1.0
    picture.update_layout(
        barmode="stack",
        uniformtext={"minsize": 11, "mode": "hide"},
        xaxis={
            "range": [0, last * 1.02],
            "dtick": day_tick(last, 12),
            "title": {"text": "mean days since referral, infused patients"},
        },
        yaxis={
            "range": [len(findings.scenarios) * pitch, 0],
            "showticklabels": False,
            "showgrid": False,
            "zeroline": False,
            "ticks": "",
        },
    )
    narrow |= {"layout.xaxis.dtick": day_tick(last, 5)}
    return finish(
        picture,
        title=_title(stages, findings),
        subtitle=findings.population("Infused patients among those"),
        alt=describe(stages, findings),
        height=pitch * len(findings.scenarios) + BELOW,
        margin={"l": 20, "r": 24, "b": BELOW},
        legend=[KINDS[kind] for kind in KINDS if kind in legend_done],
        narrow=narrow,
    )


def describe(stages: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: total and longest three parts of each scenario."""
    parts = []
    for scenario in findings.scenarios:
        mine = _of(stages, scenario)
        if mine.empty:
            parts.append(f"{scenario}: nobody infused")
            continue
        longest = mine.nlargest(3, "mean_days")
        named = [f"{_called(row)} {level(_days(row))}" for row in records(longest)]
        parts.append(f"{scenario}: {compact(findings.level(scenario, MEAN))} in all, longest {listed(named)}")
    return f"Stacked bars of mean days by stage from referral to infusion. {'; '.join(parts)}."


def _names(stages: pd.DataFrame) -> list[str]:
    processes = stages[(stages["kind"] == "process") & (stages["mean_days"] > ROUNDING)]
    return list(dict.fromkeys(processes.sort_values("order", kind="stable")["stage"]))


def _of(stages: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """The stages of a scenario that take any time, in order; within one interval the queue comes first."""
    mine = stages[(stages["scenario"] == scenario) & (stages["mean_days"] > ROUNDING)]
    return mine.assign(work=mine["kind"] != "queue").sort_values(["order", "work"], kind="stable")


def _days(row: Any) -> Estimate:
    return Estimate(row.mean_days, row.low, row.high, "days")


def _called(row: Any) -> str:
    """A stage inside a sentence, said to be a queue where it is one."""
    label = f"\N{LEFT DOUBLE QUOTATION MARK}{row.label}\N{RIGHT DOUBLE QUOTATION MARK}"
    return f"{label} (queue)" if row.kind == "queue" else label


def _title(stages: pd.DataFrame, findings: Findings) -> str:
    for scenario in findings.scenarios:
        mine = _of(stages, scenario)
        if not mine.empty:
            longest, *others = records(mine.sort_values("mean_days", ascending=False, kind="stable"))
            most = "the longest part" if stands_out(_days(longest), map(_days, others)) else "one of the longest parts"
            part, whole = _days(longest), findings.level(scenario, MEAN)
            who = findings.quoted(scenario)
            share = f"{most} of a mean wait of {level(whole)} is {_called(longest)}"
            return f"With {who}, {share}: {figure(part)}"
    return "Nobody is infused, so there are no stages to show"


def _segment(row: Any, scenario: str, at: float, tint: dict[str, str], legend_done: set[str]) -> Properties:
    queue = row.kind == "queue"
    colour = QUEUE if queue else tint[row.stage]
    first = row.kind not in legend_done
    legend_done.add(row.kind)
    days = _days(row)
    return trace(
        "bar",
        x=[days.value],
        y=[at],
        width=BAR,
        orientation="h",
        marker={"color": colour, "line": {"color": PAPER, "width": 1.5}},
        text=[f"{lines(row.label, 15)}<br><b>{level(Estimate(days.value, unit='days'))}</b>"],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": PAPER if queue else INK, "size": SMALL_SIZE},
        hoverinfo="text",
        hovertext=[f"<b>{name_of(scenario)}</b><br>{plain(_called(row))}: {compact(days)}"],
        name=KINDS.get(row.kind, row.kind),
        legendgroup=row.kind,
        showlegend=first,
    )


def _heading(picture: Figure, findings: Findings, place: int, at: float, narrow: dict[str, Any]) -> None:
    scenario = findings.scenarios[place]
    whole = findings.level(scenario, MEAN)
    wide = f"mean {compact(whole)}" if whole.known else "nobody infused"
    short = level(whole) if whole.known else "nobody infused"
    muted = f" <span style='color:{MUTED};font-size:{SMALL_SIZE}px'>"
    narrow[f"layout.annotations.{len(picture.annotations)}.text"] = (
        f"<b>{lines(scenario, 32, 2)}</b>{muted}{short}</span>"
    )
    picture.add_annotation(
        xref="x domain",
        x=0,
        yref="y",
        y=at,
        yshift=2,
        text=f"<b>{name_of(scenario, 52)}</b>{muted} {wide}</span>",
        font={"size": 14, "color": legible(mark(place).colour)},
        showarrow=False,
        align="left",
        xanchor="left",
        yanchor="bottom",
    )
