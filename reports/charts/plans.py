"""The combinations of a plan: what each costs against what comes of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from reports.charts.sweeps import as_number, readable
from reports.figure import Figure, trace
from reports.findings import Findings
from reports.tables import is_true, records
from reports.theme import INK, Mark, canvas, finish
from reports.words import Estimate, counted, estimate_of, figure, level, listed, rounded, scale, uncapital
from sim.tables.inputs import input_label

BELOW, HIGH = 52, 360
FRONT, TODAY = "nothing cheaper is better", "as it is today"
CHOSEN, NEAR, MEETS, MISSES, OPEN = (
    "cheapest that meets the targets",
    "meets them at little extra cost",
    "meets them, at a higher cost",
    "misses a target",
    "not needed or not decided",
)
LOOKS = {
    OPEN: Mark("#7C8A94", "dot", "circle-open"),
    MISSES: Mark("#C9651F", "dash", "x"),
    MEETS: Mark("#3F7592", "solid", "circle"),
    NEAR: Mark("#096E75", "solid", "diamond"),
    CHOSEN: Mark("#12355B", "solid", "star"),
}


def levers(plan: pd.DataFrame) -> list[str]:
    """The paths that a plan varies: the columns between the number of the combination and its cost."""
    names = [str(name) for name in plan.columns]
    return names[names.index("combination") + 1 : names.index("cost")]


def kinds_of(rows: pd.DataFrame) -> Iterator[tuple[str, Mark, pd.DataFrame]]:
    """(what became of them, how they look, the combinations) of each kind that there is."""
    kind = [_kind(row) for row in records(rows[["answer", "near", "all_met"]])]
    for name, look in LOOKS.items():
        mine = rows[[one == name for one in kind]]
        if not mine.empty:
            yield name, look, mine


def _kind(row: Any) -> str:
    if is_true(row.answer):
        return CHOSEN
    if is_true(row.near):
        return NEAR
    return MEETS if is_true(row.all_met) else MISSES if _false(row.all_met) else OPEN


def cost_title(rows: pd.DataFrame) -> str:
    """What the axis of costs is called: the lever itself where it has no price."""
    return "cost" if has_costs(rows) else input_label(levers(rows)[0])


def has_costs(rows: pd.DataFrame) -> bool:
    """Whether what is kept small is a cost, and not the one lever itself."""
    paths = levers(rows)
    return len(paths) > 1 or rows[paths[0]].map(as_number).tolist() != rows["cost"].tolist()


def draw_plan(plan: pd.DataFrame, findings: Findings) -> Figure:
    """A point a combination, its cost to the right and the metric of the first target upwards; the front as steps."""
    plan = readable(plan, levers(plan), findings)
    picture, rows = canvas(), _of_first_target(plan)
    unit = str(rows["unit"].iloc[0])
    factor, sign, label = scale(unit), "%" if unit == "share" else "", str(rows["label"].iloc[0])
    best = rows[rows["front"].map(is_true)].sort_values("cost", kind="stable")
    picture.add_trace(
        trace(
            "scatter",
            x=best["cost"].tolist(),
            y=(best["estimate"] * factor).tolist(),
            mode="lines",
            line={"color": INK, "width": 1.2, "shape": "hv"},
            name=FRONT,
            hoverinfo="skip",
            showlegend=True,
        )
    )
    for name, look, mine in kinds_of(rows):
        picture.add_trace(
            trace(
                "scatter",
                x=mine["cost"].tolist(),
                y=(mine["estimate"] * factor).tolist(),
                error_y={
                    "type": "data",
                    "array": ((mine["high"] - mine["estimate"]) * factor).tolist(),
                    "arrayminus": ((mine["estimate"] - mine["low"]) * factor).tolist(),
                    "color": look.colour,
                    "thickness": 1,
                    "width": 2,
                },
                mode="markers",
                marker={"color": look.colour, "symbol": look.symbol, "size": 16 if name == CHOSEN else 9},
                text=[_values(mine, place) for place in range(len(mine))],
                hovertemplate=f"%{{text}}<br>%{{x:,}}: %{{y:.3~f}}{sign}<extra>%{{fullData.name}}</extra>",
                name=name,
                showlegend=True,
            )
        )
    today = _today(rows, findings)
    if not today.empty:
        picture.add_trace(
            trace(
                "scatter",
                x=today["cost"].tolist(),
                y=(today["estimate"] * factor).tolist(),
                mode="markers",
                marker={"symbol": "circle-open", "size": 22, "color": INK, "line": {"width": 2}},
                name=TODAY,
                hoverinfo="skip",
                showlegend=True,
            )
        )
    goal = as_number(str(rows["target"].iloc[0]).split()[-1]) * factor
    if math.isfinite(goal):
        picture.add_shape(
            type="line", xref="paper", x0=0, x1=1, y0=goal, y1=goal, line={"color": INK, "width": 1, "dash": "dot"}
        )
    picture.update_layout(
        xaxis={"title": {"text": cost_title(rows)}, "tickformat": ","},
        yaxis={"title": {"text": f"{label}{'' if sign or unit in label.lower() else f', {unit}'}"}, "ticksuffix": sign},
    )
    count = int(plan["combination"].nunique())
    return finish(
        picture,
        title=_title(plan),
        subtitle=f"{counted(count, 'combination')} run; targets: {_targets(plan)}; bars are 95% simulation intervals",
        alt=describe_plan(plan, findings),
        height=HIGH + BELOW,
        margin={"l": 84, "r": 24, "b": BELOW},
        legend=[FRONT, *(name for name, _, _ in kinds_of(rows)), *([] if today.empty else [TODAY])],
        narrow={"layout.margin.l": 60, "layout.margin.r": 10},
    )


def describe_plan(plan: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the combinations on the front, with cost and outcome, and the chosen one."""
    plan = readable(plan, levers(plan), findings)
    rows = _of_first_target(plan)
    best = rows[rows["front"].map(is_true) | rows["answer"].map(is_true)].sort_values("cost", kind="stable")
    told = []
    for place, row in enumerate(records(best[["cost", "estimate", "low", "high", "unit", "answer"]])):
        chosen = ", the cheapest that meets the targets" if is_true(row.answer) else ""
        told.append(f"{_values(best, place)}: {_cost(row.cost)}, {level(estimate_of(row))}{chosen}")
    return f"{rows['label'].iloc[0]} against {cost_title(rows)}; where nothing cheaper is better: {'; '.join(told)}."


def _of_first_target(plan: pd.DataFrame) -> pd.DataFrame:
    """The rows of the target that was named first, in order of cost."""
    mine: pd.DataFrame = plan[plan["target"] == plan["target"].iloc[0]]
    return mine.sort_values("cost", kind="stable")


def _title(plan: pd.DataFrame) -> str:
    rows = _of_first_target(plan)
    chosen = rows[rows["answer"].map(is_true)]
    if chosen.empty:
        names = [uncapital(input_label(path)) for path in levers(plan)]
        return f"No combination of {listed(names)} that was run meets {_targets(plan)}"
    row = records(chosen[["cost", "estimate", "low", "high", "unit"]])[0]
    if not has_costs(rows):
        return f"{_values(chosen, 0)} is the smallest that meets the target: {figure(estimate_of(row))}"
    goals = "target" if plan["target"].nunique() == 1 else "targets"
    return (
        f"{_values(chosen, 0)} is the cheapest that meets the {goals}, at {_cost(row.cost)}: {figure(estimate_of(row))}"
    )


def _targets(plan: pd.DataFrame) -> str:
    """`share progressed before infusion at most 20%`, from `progressed_before_infusion_share <= 0.2`."""
    told = []
    for target, mine in plan.groupby("target", sort=False):
        amount = as_number(str(target).split()[-1])
        word = "at most" if "<" in str(target) else "at least"
        what = uncapital(str(mine["label"].iloc[0]))
        shown = level(Estimate(amount, unit=str(mine["unit"].iloc[0])))
        told.append(f"{what} {word} {shown}" if math.isfinite(amount) else str(target))
    return listed(told)


def _values(rows: pd.DataFrame, place: int) -> str:
    """The levers of a combination, as `Manufacturing lines 5`."""
    named = [f"{input_label(path)} {rows[path].iloc[place]}" for path in levers(rows)]
    return listed([named[0], *map(uncapital, named[1:])])


def _cost(value: float) -> str:
    return rounded(value, 3)


def _today(rows: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """The combination that the scenario has as it stands; none where it was not run."""
    stated = {path: findings.stated.get(path) for path in levers(rows)}
    same = [all(_same(row[path], value) for path, value in stated.items()) for row in rows.to_dict("records")]
    mine: pd.DataFrame = rows[same]
    return mine


def _same(value: object, stated: object) -> bool:
    if stated is None:
        return False
    one, other = as_number(str(value)), as_number(str(stated))
    return one == other if math.isfinite(one) and math.isfinite(other) else str(value) == str(stated)


def _false(text: object) -> bool:
    return str(text).lower() in ("false", "0", "no")
