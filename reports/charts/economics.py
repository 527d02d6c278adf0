"""Costs against QALYs under uncertain inputs: the plane, acceptability curves, the value of perfect information.

Longer than 400 lines because these charts share thresholds, currency and how strategies are told apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from reports.charts.bands import Box, Grid, Line, draw_grid
from reports.charts.rows import Group, Panel, Row, draw_panel
from reports.figure import Figure, trace
from reports.findings import Findings
from reports.tables import records
from reports.theme import INK, SMALL_SIZE, WORDS_SQUEEZE, canvas, faint, finish, mark, name_of
from reports.words import Estimate, counted, level, listed, number, rounded, stands_out
from sim.tables.inputs import input_label

BELOW, LARGE, RINGS = 52, 300, 24
# Where in the picture of the plane the proportion of the samples in a quadrant stands.
QUADRANTS = {
    "share_better_cheaper": (("right", 0.99), ("bottom", 0.01)),
    "share_better_dearer": (("right", 0.99), ("top", 0.99)),
    "share_worse_cheaper": (("left", 0.01), ("bottom", 0.01)),
    "share_worse_dearer": (("left", 0.01), ("top", 0.99)),
    "share_same": (("center", 0.5), ("bottom", 0.01)),
}
# The 0.95 quantile of a chi-squared variable of two degrees of freedom, -2 ln 0.05.
CHI_SQUARE_95, FEW_POINTS, MOST_INPUTS = 5.991464547107979, 10, 10
SPENT = "spent"
ASSUMED = "inputs include assumptions: see the table of parameters"


def draw_plane(plane: pd.DataFrame, findings: Findings) -> Figure:
    """A point a sample: incremental QALYs to the right, incremental costs upwards, a cloud a strategy."""
    picture = canvas()
    strategies = list(dict.fromkeys(plane["strategy"]))
    for place, strategy in enumerate(strategies, start=1):
        mine = plane[plane["strategy"] == strategy]
        look = mark(place)
        shared = {"name": name_of(strategy), "legendgroup": name_of(strategy)}
        picture.add_trace(
            trace(
                "scatter",
                x=mine["incremental_qalys"].tolist(),
                y=mine["incremental_cost"].tolist(),
                mode="markers",
                marker={"color": faint(look.colour, 0.45), "symbol": look.symbol, "size": 6},
                hovertemplate="%{x:.3f} QALYs, %{y:,.0f}<extra>%{fullData.name}</extra>",
                showlegend=True,
                **shared,
            )
        )
        picture.add_trace(
            trace(
                "scatter",
                x=[float(mine["incremental_qalys"].mean())],
                y=[float(mine["incremental_cost"].mean())],
                mode="markers",
                marker={"color": look.colour, "symbol": look.symbol, "size": 15, "line": {"color": INK, "width": 2}},
                hovertemplate="mean: %{x:.3f} QALYs, %{y:,.0f}<extra>%{fullData.name}</extra>",
                showlegend=False,
                **shared,
            )
        )
    drawn = [
        _ellipse(picture, plane[plane["strategy"] == strategy], mark(place).colour, name_of(strategy))
        for place, strategy in enumerate(strategies, start=1)
    ]
    told = ("; ellipses of 95%" if any(drawn) else "") + _threshold_line(picture, plane, findings)
    _quadrants(picture, strategies, findings)
    base, unit = str(plane["baseline"].iloc[0]), _unit(plane)
    picture.update_layout(
        xaxis={"title": {"text": "incremental QALYs per patient"}, "zeroline": True, "rangemode": "tozero"},
        yaxis={
            "title": {"text": f"incremental cost per patient, {unit}"},
            "zeroline": True,
            "tickformat": ",.0f",
            "rangemode": "tozero",
        },
    )
    samples = counted(int(plane["sample"].nunique()), "sample")
    return finish(
        picture,
        title=_plane_title(plane, findings),
        subtitle=f"Against {base}; {samples} of uncertain inputs{told}; {ASSUMED}",
        alt=describe_plane(plane, findings),
        height=420 + BELOW,
        margin={"l": 96, "r": 24, "b": BELOW},
        legend=[name_of(strategy) for strategy in strategies],
        narrow={"layout.margin.l": 80, "layout.margin.r": 10},
    )


def _ellipse(picture: Figure, mine: pd.DataFrame, colour: str, name: str) -> bool:
    """The outline that holds 95% of a bivariate normal distribution with the moments of the cloud; none of a line.

    Returns whether there is one.
    """
    points = mine[["incremental_qalys", "incremental_cost"]].to_numpy(float)
    scale = points.std(axis=0)
    if len(points) < FEW_POINTS or not (scale > 0.0).all():
        return False
    root = np.linalg.cholesky(np.corrcoef(points.T) + 1e-12 * np.eye(2))
    turn = np.linspace(0.0, 2.0 * np.pi, 73)
    outline = points.mean(axis=0) + scale * np.sqrt(CHI_SQUARE_95) * (
        np.column_stack([np.cos(turn), np.sin(turn)]) @ root.T
    )
    picture.add_trace(
        trace(
            "scatter", x=outline[:, 0].tolist(), y=outline[:, 1].tolist(), mode="lines", name=name, legendgroup=name,
            line={"color": colour, "width": 1.5}, hoverinfo="skip", showlegend=False,
        )
    )  # fmt: skip
    return True


def _threshold_line(picture: Figure, plane: pd.DataFrame, findings: Findings) -> str:
    """A dotted line of equal net benefit at the middle threshold; what the subtitle says of it.

    Nothing where it would lie out of the picture.
    """
    worth = findings.threshold
    if not worth > 0.0:
        return ""
    qalys, costs = plane["incremental_qalys"], plane["incremental_cost"]
    # as far as it lies in the picture
    low, high = min(float(qalys.min()), 0.0), max(float(qalys.max()), 0.0)
    low, high = max(low, min(float(costs.min()), 0.0) / worth), min(high, max(float(costs.max()), 0.0) / worth)
    if not low < high:
        return ""
    picture.add_trace(
        trace(
            "scatter", x=[low, high], y=[worth * low, worth * high], mode="lines", name=f"{number(worth, 0)} per QALY",
            line={"color": INK, "width": 1.5, "dash": "dot"}, hoverinfo="skip", showlegend=False,
        )
    )  # fmt: skip
    return f"; below the dotted line a strategy is cost-effective at {number(worth, 0)} per QALY"


def _quadrants(picture: Figure, strategies: Sequence[str], findings: Findings) -> None:
    """In the corner of each quadrant the share of the samples of each strategy in it, below between them that of those
    that are the same as the baseline; nothing where there is none.
    """
    for quadrant, ((across, x), (up, y)) in QUADRANTS.items():
        told = []
        for strategy in strategies:
            share = findings.level(strategy, quadrant)
            if share.known and share.value > 0.0:
                told.append(
                    f"{name_of(strategy)}: {level(share)}" if len(strategies) > 1 else f"{level(share)} of samples"
                )
        if told:
            picture.add_annotation(
                x=x, y=y, xref="paper", yref="paper",
                text="<br>".join(told if quadrant != "share_same" else ["no difference:", *told]), showarrow=False,
                xanchor=across, yanchor=up, align=across, font={"size": SMALL_SIZE, "color": INK},
            )  # fmt: skip


def describe_plane(plane: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the mean of each cloud and how it spreads over the quadrants."""
    parts = []
    for strategy, mine in plane.groupby("strategy", sort=False):
        better = level(findings.level(str(strategy), "share_better_cheaper"))
        mean = f"{rounded(mine['incremental_qalys'].mean())} QALYs and {rounded(mine['incremental_cost'].mean(), 3)}"
        parts.append(f"{strategy}: mean {mean}, {better} of samples better and cheaper")
    return f"Cost-effectiveness plane against {plane['baseline'].iloc[0]}. {'; '.join(parts)}."


def draw_ceac(ceac: pd.DataFrame, findings: Findings) -> Figure:
    """The probability that each strategy is cost-effective over willingness to pay; a mark where its mean is best."""
    picture = canvas()
    strategies = list(dict.fromkeys(ceac["strategy"]))
    series = []
    for place, strategy in enumerate(strategies):
        rows = ceac[ceac["strategy"] == strategy].sort_values("willingness_to_pay", kind="stable")
        worth = rows["willingness_to_pay"].tolist()
        series.append(Line(strategy, mark(place), worth, (rows["probability"] * 100).tolist(), unit="%"))
    box = Box("Probability of being cost-effective", series, suffix="%", top=100.0)
    grid = Grid([box], 1, f"willingness to pay per QALY, {_unit(ceac)}", {"tickformat": ",.0f"}, LARGE)
    narrow = draw_grid(picture, grid)
    _frontier(picture, ceac, strategies)
    narrow |= _thresholds(picture, findings)
    return finish(
        picture,
        title=_ceac_title(ceac, findings),
        subtitle=f"Rings mark the strategy of highest mean net benefit, the one to choose; {ASSUMED}",
        alt=describe_ceac(ceac, findings),
        height=grid.height,
        margin={"l": 66, "r": 24, "b": BELOW},
        legend=[name_of(strategy) for strategy in strategies],
        narrow={**narrow, "layout.xaxis.nticks": 4},
        narrow_height=grid.phone_height,
    )


def describe_ceac(ceac: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the probabilities at the thresholds, else at the ends of the axis."""
    parts = []
    amounts = sorted(set(ceac["willingness_to_pay"]))
    for worth in [one for one in findings.thresholds if one in amounts] or [amounts[0], amounts[-1]]:
        rows = records(ceac[ceac["willingness_to_pay"] == worth])
        told = [f"{row.strategy} {level(Estimate(row.probability, unit='share'))}" for row in rows]
        parts.append(f"at {number(worth, 0)}: {listed(told)}")
    return f"Cost-effectiveness acceptability curves, {'; '.join(parts)}."


def draw_evpi(evpi: pd.DataFrame, findings: Findings) -> Figure:
    """The expected value of perfect information per patient over willingness to pay."""
    picture = canvas()
    rows = evpi.sort_values("willingness_to_pay", kind="stable")
    line = Line("EVPI", mark(0), rows["willingness_to_pay"].tolist(), rows["evpi"].tolist())
    unit = _unit(evpi)
    box = Box(f"EVPI per patient, {unit}", [line])
    grid = Grid([box], 1, f"willingness to pay per QALY, {unit}", {"tickformat": ",.0f"}, LARGE)
    narrow = draw_grid(picture, grid, in_legend=False)
    narrow |= _thresholds(picture, findings)
    picture.update_layout(yaxis={"tickformat": ",.0f"})
    return finish(
        picture,
        title=_evpi_title(evpi, findings),
        subtitle=f"Expected value of perfect information about all uncertain inputs together; {ASSUMED}",
        alt=describe_evpi(evpi, findings),
        height=grid.height,
        margin={"l": 90, "r": 24, "b": BELOW},
        narrow={**narrow, "layout.xaxis.nticks": 4},
        narrow_height=grid.phone_height,
    )


def describe_evpi(evpi: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the value at the thresholds, and the largest."""
    most = records(evpi.nlargest(1, "evpi"))[0]
    rows = records(evpi[evpi["willingness_to_pay"].isin(findings.thresholds)])
    told = [f"{rounded(row.evpi, 3)} at {number(row.willingness_to_pay, 0)}" for row in rows]
    told.append(f"largest {rounded(most.evpi, 3)} at {number(most.willingness_to_pay, 0)}")
    return f"Line of the expected value of perfect information over willingness to pay; {listed(told)}."


def draw_budget(budget: pd.DataFrame, findings: Findings) -> Figure:
    """What is spent in each year, on all patients and on products: a line a scenario, a band of its interval."""
    picture = canvas()
    scenarios, unit = list(dict.fromkeys(budget["scenario"])), _unit(budget[budget["quantity"] == SPENT])
    boxes = []
    for quantity in (SPENT, "spent_on_products"):
        rows = budget[budget["quantity"] == quantity]
        series = []
        for place, scenario in enumerate(scenarios):
            mine = rows[rows["scenario"] == scenario].sort_values("year", kind="stable")
            bounds = (mine["low"].tolist(), mine["high"].tolist())
            years, spent = mine["year"].astype(int).tolist(), mine["estimate"].tolist()
            series.append(Line(scenario, mark(place), years, spent, *bounds, mode="lines+markers"))
        boxes.append(Box(f"{rows['label'].iloc[0]}, {unit}", series, around=True))
    grid = Grid(boxes, 2, "year", {"dtick": 1}, LARGE)
    narrow = draw_grid(picture, grid)
    return finish(
        picture,
        title=_budget_title(budget, unit),
        subtitle=f"Not discounted; years of 365 days from the end of the warm-up; {ASSUMED}",
        alt=describe_budget(budget, findings),
        height=grid.height,
        margin={"l": 90, "r": 24, "b": BELOW},
        legend=[name_of(scenario) for scenario in scenarios],
        narrow=narrow,
        narrow_height=grid.phone_height,
    )


def describe_budget(budget: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: what is spent on all in the first and the last year."""
    spent = budget[budget["quantity"] == SPENT]
    told = [
        f"{row.scenario} {rounded(row.estimate, 3)} in year {int(row.year)}"
        for row in records(spent[spent["year"].isin({spent["year"].min(), spent["year"].max()})])
    ]
    return f"Lines of what is spent year by year: {listed(told)}."


def _budget_title(budget: pd.DataFrame, unit: str) -> str:
    spent = budget[budget["quantity"] == SPENT]
    last = spent[spent["year"] == spent["year"].max()]
    others = records(last[last["scenario"] != last["baseline"]])
    if not others:
        row = records(last)[0]
        return f"{row.scenario} costs {rounded(row.estimate, 3)} {unit} in year {int(row.year)}"
    row = max(others, key=lambda one: abs(float(one.increment)))
    if row.increment_low <= 0.0 <= row.increment_high or row.increment_low != row.increment_low:
        return f"No clear difference in what is spent in year {int(row.year)} between {row.scenario} and {row.baseline}"
    more = row.increment > 0.0
    low, high = (row.increment_low, row.increment_high) if more else (-row.increment_high, -row.increment_low)
    within = f"(95% simulation interval {rounded(low, 3)} to {rounded(high, 3)})"
    amount = f"{rounded(abs(row.increment), 3)} {unit} {'more' if more else 'less'} {within}"
    return f"In year {int(row.year)} {row.scenario} costs {amount} than {row.baseline}"


def _thresholds(picture: Figure, findings: Findings) -> dict[str, Any]:
    """Upright dotted lines at the configured amounts, with the amount above; returns what is different on a phone."""
    hidden: dict[str, Any] = {}
    for place, worth in enumerate(findings.thresholds):
        picture.add_shape(
            type="line", x0=worth, x1=worth, y0=0, y1=1, xref="x", yref="y domain",
            line={"color": INK, "width": 1.2, "dash": "dot"},
        )  # fmt: skip
        if place:
            hidden[f"layout.annotations.{len(picture.annotations)}.visible"] = False
        picture.add_annotation(
            x=worth, y=0.02, xref="x", yref="y domain", text=number(worth, 0), showarrow=False, xanchor="left",
            yanchor="bottom", xshift=4, font={"size": SMALL_SIZE, "color": INK},
        )  # fmt: skip
    return hidden


def _at_threshold(table: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """The rows at the middle one of the configured amounts; none where the table does not have it."""
    mine: pd.DataFrame = table[table["willingness_to_pay"] == findings.threshold]
    return mine


def has_price(prices: pd.DataFrame) -> bool:
    """Whether some price could be solved for."""
    return bool(prices["value_based_price"].notna().any())


def draw_price(prices: pd.DataFrame, findings: Findings) -> Figure:
    """A mark with its interval for each scenario, comparator and willingness to pay; dotted, the price as it is."""
    picture = canvas()
    known = prices[prices["value_based_price"].notna()]
    unit = _unit(prices)
    groups = tuple(
        Group(
            f"{scenario} against {against}",
            tuple(
                Row(
                    f"{(worth := number(row.willingness_to_pay, 0))} per QALY", _priced(row), mark(place), f"at {worth}"
                )
                for row in records(mine)
            ),
        )
        for place, ((scenario, against), mine) in enumerate(known.groupby(["scenario", "against"], sort=False))
    )
    panel = Panel(groups, f"value-based price, {unit}", bars=False, wrap=38, zero=False)
    if not known.empty:
        panel = replace(panel, limits=(float(known["price"].min()), float(known["price"].max())))
    narrow = draw_panel(picture, panel, legend=False)
    dotted = {"color": INK, "width": 1.2, "dash": "dot"}
    upright = {"type": "line", "y0": 0, "y1": 1, "yref": "y domain", "xref": "x", "line": dotted}
    picture.update_layout(shapes=[{**upright, "x0": at, "x1": at} for at in dict.fromkeys(known["price"].tolist())])
    return finish(
        picture,
        title=_price_title(known, unit),
        subtitle=f"With 95% intervals of the simulation (Fieller); {ASSUMED}",
        alt=describe_price(prices, findings),
        height=int(panel.height) + BELOW,
        margin={"l": 300, "r": panel.room, "b": BELOW},
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": panel.phone_room},
        squeeze=WORDS_SQUEEZE,
    )


def describe_price(prices: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: each price at the highest willingness to pay."""
    known = prices[prices["value_based_price"].notna()]
    rows = records(known[known["willingness_to_pay"] == known["willingness_to_pay"].max()])
    told = [f"{row.scenario} against {row.against} {rounded(row.value_based_price, 3)}" for row in rows]
    return f"Value-based prices at {number(rows[0].willingness_to_pay, 0)} per QALY: {listed(told)}."


def _row(row: Any, place: int) -> Row:
    return Row(f"{number(row.willingness_to_pay, 0)} per QALY", _priced(row), mark(place))


def _priced(row: Any) -> Estimate:
    return Estimate(float(row.value_based_price), float(row.low), float(row.high), str(row.unit))


def _price_title(known: pd.DataFrame, unit: str) -> str:
    row = records(known.sort_values("willingness_to_pay", kind="stable").tail(1))[0]
    who = f"{row.scenario} against {row.against}, at {number(row.willingness_to_pay, 0)} {unit} per QALY"
    if row.value_based_price < 0.0:
        return f"No price of the product makes up for its costs: {who}"
    of = level(Estimate(abs(float(row.change)), unit="share"))
    if math.isnan(row.low) or math.isnan(row.high):
        return f"The value-based price is {rounded(row.value_based_price, 3)} (no interval): {who}"
    if not row.low <= row.price <= row.high:
        side = "below" if row.change < 0.0 else "above"
        return f"The value-based price is {rounded(row.value_based_price, 3)}, {of} {side} the price: {who}"
    return f"The value-based price, {rounded(row.value_based_price, 3)}, is not clearly different from the price: {who}"


def is_assessed(evppi: pd.DataFrame) -> bool:
    """Whether the value of information was assessed of some input."""
    return bool(evppi["evppi"].notna().any())


def draw_evppi(evppi: pd.DataFrame, findings: Findings) -> Figure:
    """A bar an input or group, the most valuable first, with two standard errors, where the largest is largest."""
    picture = canvas()
    rows = _most_valuable(evppi, findings)
    unit = _unit(evppi)
    bars = tuple(Group(input_label(str(row.input)), (Row("", _worth(row), mark(0)),)) for row in rows)
    panel = Panel(bars, f"EVPPI per patient, {unit}", bars=True, wrap=38)
    narrow = draw_panel(picture, panel, legend=False)
    held = int(evppi["evppi"].isna().sum())
    return finish(
        picture,
        title=_evppi_title(rows, unit),
        subtitle=f"Bars reach over two standard errors to each side; {counted(held, 'input')} held fixed, not assessed",
        alt=describe_evppi(evppi, findings),
        height=int(panel.height) + BELOW,
        margin={"l": 300, "r": panel.room, "b": BELOW},
        narrow={**narrow, "layout.margin.l": 14, "layout.margin.r": panel.phone_room},
    )


def describe_evppi(evppi: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the three most valuable, and how many inputs were held fixed."""
    told = [f"{input_label(str(row.input))} {rounded(row.evppi, 3)}" for row in _most_valuable(evppi, findings)[:3]]
    held = int(evppi["evppi"].isna().sum())
    return f"Bars of the value of information: {listed(told)}. {counted(held, 'input')} held fixed, not assessed."


def _most_valuable(evppi: pd.DataFrame, findings: Findings) -> list[Any]:
    """The rows at the threshold of the other charts, else where some input is worth most: the first of them."""
    known = evppi[evppi["evppi"].notna()]
    at = known.sort_values("evppi", kind="stable")["willingness_to_pay"].iloc[-1]
    if findings.threshold > 0.0:
        at = min(known["willingness_to_pay"], key=lambda worth: abs(worth - findings.threshold))
    return records(known[known["willingness_to_pay"] == at].nlargest(MOST_INPUTS, "evppi"))


def _worth(row: Any) -> Estimate:
    half = 2.0 * float(row.standard_error)
    return Estimate(float(row.evppi), max(float(row.evppi) - half, 0.0), float(row.evppi) + half, str(row.unit))


def _evppi_title(rows: list[Any], unit: str) -> str:
    first, at = rows[0], number(rows[0].willingness_to_pay, 0)
    if first.evppi <= 2.0 * first.standard_error:
        return f"No input alone is clearly worth knowing, at {at} {unit} per QALY"
    alone = stands_out(_worth(first), map(_worth, rows[1:]))
    most = "is worth most to know" if alone else "is among the inputs most worth knowing"
    return f"{input_label(str(first.input))} {most}: {rounded(first.evppi, 3)} {unit} per patient, at {at} per QALY"


def _frontier(picture: Figure, ceac: pd.DataFrame, strategies: Sequence[str]) -> None:
    """Rings on the curve of the strategy whose mean is best, at a number of amounts along the axis."""
    told = ceac[ceac["on_frontier"].str.lower().isin(("true", "1", "yes"))].sort_values("willingness_to_pay")
    every = max(1, len(told) // RINGS)
    for place, strategy in enumerate(strategies):
        mine = told.iloc[::every]
        mine = mine[mine["strategy"] == strategy]
        picture.add_trace(
            trace(
                "scatter",
                x=mine["willingness_to_pay"].tolist(),
                y=(mine["probability"] * 100).tolist(),
                mode="markers",
                marker={"symbol": "circle-open", "size": 11, "color": mark(place).colour, "line": {"width": 2}},
                hoverinfo="skip",
                showlegend=False,
            )
        )


def _plane_title(plane: pd.DataFrame, findings: Findings) -> str:
    strategy = str(plane["strategy"].iloc[0])
    mine = plane[plane["strategy"] == strategy]
    who = f"With {findings.quoted(strategy)} instead of {findings.quoted(str(plane['baseline'].iloc[0]))}"
    qalys = _more_or_less(mine["incremental_qalys"], rounded, "QALYs")
    cost = _more_or_less(mine["incremental_cost"], partial(rounded, figures=3), _unit(plane))
    gain = "per patient" if _resolved(findings, strategy, "incremental_qalys") else "no clear difference in QALYs:"
    spend = "" if _resolved(findings, strategy, "incremental_cost") else "no clear difference in costs: "
    return f"{who}, {gain} {qalys}, and {spend}{cost}"


def _resolved(findings: Findings, strategy: str, what: str) -> bool:
    """Whether the mean over the sets of inputs is clearly not 0; the spread of the sets is told beside it."""
    return findings.verdict(strategy, what).resolved


def _more_or_less(values: pd.Series, written: Callable[[float], str], unit: str) -> str:
    """The mean and where 95% of the samples lie, both as so much more, or as so much less."""
    mean = float(values.mean())
    turned, word = (-values, "less") if mean < 0.0 else (values, "more")
    low, high = (written(float(turned.quantile(share))) for share in (0.025, 0.975))
    return f"{written(abs(mean))} {unit} {word} (95% of samples {low} to {high})"


def _unit(table: pd.DataFrame) -> str:
    return str(table["unit"].iloc[0])


def _ceac_title(ceac: pd.DataFrame, findings: Findings) -> str:
    """Who is most often cost-effective at the middle threshold; without one, what is shown."""
    rows = _at_threshold(ceac, findings)
    if rows.empty:
        low, high = (number(pick(ceac["willingness_to_pay"]), 0) for pick in (min, max))
        return f"How often each strategy is cost-effective, from {low} to {high} {_unit(ceac)} per QALY"
    row = records(rows.nlargest(1, "probability"))[0]
    share, chosen = level(Estimate(row.probability, unit="share")), records(_best(rows))
    told = (
        f"At {number(row.willingness_to_pay, 0)} {_unit(ceac)} per QALY, {row.strategy} is most often cost-effective: "
    )
    told += f"in {share} of samples"
    if chosen and chosen[0].strategy != row.strategy:
        told += f", while {chosen[0].strategy} has the highest mean net benefit"
    return told


def _best(rows: pd.DataFrame) -> pd.DataFrame:
    mine: pd.DataFrame = rows[rows["on_frontier"].str.lower().isin(("true", "1", "yes"))]
    return mine


def _evpi_title(evpi: pd.DataFrame, findings: Findings) -> str:
    """What perfect information is worth at the middle threshold; without one, at the most."""
    rows, unit = _at_threshold(evpi, findings), _unit(evpi)
    if rows.empty:
        most = records(evpi.nlargest(1, "evpi"))[0]
        at = f"{rounded(most.evpi, 3)} {unit} per patient, at {number(most.willingness_to_pay, 0)} per QALY"
        return f"Perfect information is worth at most {at}"
    row = records(rows)[0]
    worth, at = rounded(row.evpi, 3), number(row.willingness_to_pay, 0)
    return f"At {at} {unit} per QALY, perfect information is worth {worth} {unit} per patient"
