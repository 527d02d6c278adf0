"""Costs and QALYs as tables of the page; every one of them says on which assumptions it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from reports.findings import Findings
from reports.grids import Cell, Grid
from reports.tables import Tables, records
from reports.words import LONG_DIGITS, LONG_UNITS, NONE, Estimate, bare, bounds, counted, is_money, number


@dataclass(frozen=True)
class Money:
    """The economic tables of the page, and the inputs that are assumptions."""

    grids: list[Grid]
    assumed: list[str]


def money(tables: Tables, findings: Findings) -> Money | None:
    """What `economics.csv`, `icer.csv` and `nmb.csv` hold, or `psa_icer.csv` and `psa_nmb.csv`; None without costs."""
    if "psa_icer" in tables:
        assumed, flag = _assumed(tables["psa_icer"])
        grids = [_icers(tables["psa_icer"], f", means over the samples{flag}")]
        if "psa_nmb" in tables:
            grids.append(_sampled_benefits(tables["psa_nmb"], flag))
        return Money(grids, assumed)
    if "economics" not in tables:
        return None
    levels = tables["economics"]
    assumed, flag = _assumed(levels)
    flag += f"; {findings.unresolved()}: what becomes of them is not known" if findings.censored else ""
    changes = tables.frames.get("economics_differences")
    grids = [_quantities(levels, changes, findings, flag)]
    if "icer" in tables:
        grids.append(_icers(tables["icer"], flag))
    grids.append(_net_benefits(tables["nmb"], findings, flag))
    if "budget" in tables:
        grids.append(_budget(tables["budget"], findings, flag))
    if "subgroups" in tables:
        grids.append(_subgroups(tables["subgroups"], findings, flag))
    if "distribution" in tables and findings.others:
        grids.append(_distribution(tables["distribution"], findings, flag))
    return Money(grids, assumed)


def _assumed(table: pd.DataFrame) -> tuple[list[str], str]:
    """The inputs of a table that are assumptions, and what its caption says of them."""
    names = [name for text in table["assumed"] for name in str(text).split("; ") if name]
    assumed = list(dict.fromkeys(names))
    said = counted(len(assumed), "input is an assumption", "inputs are assumptions")
    return assumed, f"; {said}, listed above" if assumed else ""


def amount(value: float, unit: str) -> str:
    """A number in full, without its unit; no decimals unless it is of QALYs or life years."""
    return number(value, LONG_DIGITS if unit in LONG_UNITS else 0) if math.isfinite(value) else NONE


def heading(label: str, unit: str) -> str:
    """What a row of this quantity is called; the label says the unit itself unless it is money."""
    return f"{label}, {unit}" if is_money(unit) else label


def _cell(value: float, low: float, high: float, unit: str) -> Markup:
    one = Estimate(value, low, high, unit)
    text = Markup('<span class="value">{}</span>').format(bare(one, full=True))
    within = bounds(one, full=True)
    return text + Markup(' <span class="within">({})</span>').format(within) if within else text


def _quantities(levels: pd.DataFrame, changes: pd.DataFrame | None, findings: Findings, flag: str) -> Grid:
    """A row a quantity, a column a scenario; the difference too where two are compared."""
    found = {(r.quantity, r.scenario): r for r in records(levels)}
    others = findings.others if changes is not None and len(findings.others) == 1 else ()
    moved = {(r.quantity, r.scenario): r for r in records(changes)} if changes is not None else {}
    rows: list[list[Cell]] = []
    for r in records(levels.drop_duplicates("quantity")):
        mine = levels[levels["quantity"] == r.quantity]
        if (mine["estimate"].fillna(0.0) == 0.0).all():
            continue
        shown = [found[r.quantity, s] for s in findings.scenarios] + [moved[r.quantity, s] for s in others]
        rows.append([heading(r.label, r.unit), *(_cell(x.estimate, x.low, x.high, x.unit) for x in shown)])
    heads = ["Quantity", *findings.scenarios, *("Difference" for _ in others)]
    return Grid(
        f"Costs and QALYs, discounted where not said otherwise, with 95% simulation intervals{flag}",
        heads,
        rows,
        "figures stack",
    )


def _icers(icer: pd.DataFrame, flag: str) -> Grid:
    rows: list[list[Cell]] = [
        [
            r.scenario,
            amount(r.cost, r.unit),
            amount(r.qalys, "QALYs"),
            standing(r.status, r.against),
            *(amount(x, u) if math.isfinite(x) else "" for x, u in _increments(r)),
            _cell(r.icer, getattr(r, "icer_low", math.nan), getattr(r, "icer_high", math.nan), r.unit)
            if math.isfinite(r.icer)
            else "",
        ]
        for r in records(icer)
    ]
    unit = str(icer["unit"].iloc[0])
    heads = ["Strategy", f"Cost, {unit}", "QALYs", "Standing", "More cost", "More QALYs", f"ICER, {unit} per QALY"]
    return Grid(f"Strategies by rising cost per patient referred{flag}", heads, rows, "figures stack")


def standing(status: str, against: str) -> str:
    """How a strategy stands, and against which: "dominated by A", "no clear difference in QALYs from A"."""
    joined = {"dominated": "by", "the same": "as", "on the frontier": "next to"}
    return f"{status} {joined.get(status, 'from')} {against}" if against else status


def _increments(row: Any) -> list[tuple[float, str]]:
    return [(row.incremental_cost, row.unit), (row.incremental_qalys, "QALYs")]


def _net_benefits(nmb: pd.DataFrame, findings: Findings, flag: str) -> Grid:
    found = {(r.willingness_to_pay, r.scenario): r for r in records(nmb)}
    others = findings.others
    rows: list[list[Cell]] = []
    for worth in dict.fromkeys(nmb["willingness_to_pay"]):
        mine = [found[worth, s] for s in findings.scenarios]
        more = [found[worth, s] for s in others]
        rows.append(
            [
                amount(worth, "money"),
                *(_cell(r.estimate, r.low, r.high, r.unit) for r in mine),
                *(_cell(r.increment, r.increment_low, r.increment_high, r.unit) for r in more),
            ]
        )
    heads = [
        "Willingness to pay per QALY",
        *findings.scenarios,
        *(f"{s}, difference from {findings.baseline}" for s in others),
    ]
    unit = str(nmb["unit"].iloc[0])
    return Grid(f"Net monetary benefit per patient referred, {unit}{flag}", heads, rows, "figures stack")


def _sampled_benefits(nmb: pd.DataFrame, flag: str) -> Grid:
    """A row a willingness to pay, a column a strategy: the mean of the samples and where 95% of them lie."""
    strategies = list(dict.fromkeys(nmb["strategy"]))
    baseline, others = str(nmb["baseline"].iloc[0]), strategies[1:]
    found = {(r.willingness_to_pay, r.strategy): r for r in records(nmb)}
    rows: list[list[Cell]] = []
    for worth in dict.fromkeys(nmb["willingness_to_pay"]):
        mine, more = ([found[worth, name] for name in names] for names in (strategies, others))
        rows.append(
            [
                amount(worth, "money"),
                *(_cell(r.net_benefit, r.net_benefit_credible_low, r.net_benefit_credible_high, r.unit) for r in mine),
                *(_cell(r.increment, r.increment_credible_low, r.increment_credible_high, r.unit) for r in more),
            ]
        )
    heads = ["Willingness to pay per QALY", *strategies, *(f"{name}, difference from {baseline}" for name in others)]
    unit = str(nmb["unit"].iloc[0])
    title = f"Net monetary benefit per patient referred, {unit}: means, and where 95% of the samples lie{flag}"
    return Grid(title, heads, rows, "figures stack")


def _budget(budget: pd.DataFrame, findings: Findings, flag: str) -> Grid:
    """A row a quantity and year, a column a scenario, and how much more each is than the baseline."""
    found = {(r.quantity, r.year, r.scenario): r for r in records(budget)}
    rows: list[list[Cell]] = []
    for r in records(budget.drop_duplicates(["quantity", "year"]).sort_values("quantity", kind="stable")):
        mine = [found[r.quantity, r.year, s] for s in findings.scenarios]
        more = [found[r.quantity, r.year, s] for s in findings.others]
        told = [_cell(x.estimate, x.low, x.high, x.unit) for x in mine]
        told += [_cell(x.increment, x.increment_low, x.increment_high, x.unit) for x in more]
        rows.append([f"{r.label}, year {int(r.year)}", *told])
    heads = ["Budget", *findings.scenarios, *(f"{s}, difference from {findings.baseline}" for s in findings.others)]
    unit = str(budget["unit"].iloc[0])
    return Grid(f"Budget impact by year, {unit}, not discounted{flag}", heads, rows, "figures stack unprinted")


def _subgroups(table: pd.DataFrame, findings: Findings, flag: str) -> Grid:
    """A row a group and quantity, a column a scenario, and how much more each is than the baseline."""
    found = {(r.group_by, r.group, r.quantity, r.scenario): r for r in records(table)}
    wanted = table[table["quantity"].isin(("cost", "qalys"))].drop_duplicates(["group_by", "group", "quantity"])
    rows: list[list[Cell]] = []
    for r in records(wanted):
        mine = [found.get((r.group_by, r.group, r.quantity, s)) for s in findings.scenarios]
        more = [found.get((r.group_by, r.group, r.quantity, s)) for s in findings.others]
        told: list[Cell] = [_cell(x.estimate, x.low, x.high, x.unit) if x else "" for x in mine]
        told += [_cell(x.increment, x.increment_low, x.increment_high, x.unit) if x else "" for x in more]
        kind = "risk group" if r.group_by == "risk_group" else "centre"
        rows.append([f"{kind} {r.group}: {heading(r.label, r.unit)}", *told])
    heads = ["Group", *findings.scenarios, *(f"{s}, difference from {findings.baseline}" for s in findings.others)]
    title = f"Who gains and what it costs, by risk group and by centre{flag}"
    return Grid(title, heads, rows, "figures stack unprinted")


def _distribution(table: pd.DataFrame, findings: Findings, flag: str) -> Grid:
    """A row a group at the middle willingness to pay, and how much more net benefit it has in each other scenario."""
    amounts = sorted(table["willingness_to_pay"].unique())
    middle = amounts[len(amounts) // 2]
    wanted = table[table["willingness_to_pay"] == middle]
    weighted = bool((wanted["weight"].dropna() != 1.0).any())
    found = {(r.group_by, r.group, r.scenario): r for r in records(wanted)}
    rows: list[list[Cell]] = []
    for r in records(wanted.drop_duplicates(["group_by", "group"])):
        told: list[Cell] = [f"{r.weight:.3g}" if math.isfinite(r.weight) else NONE] if weighted else []
        for scenario in findings.others:
            x = found.get((r.group_by, r.group, scenario))
            told.append(_gain(x.increment, x.increment_low, x.increment_high, x.unit, x.verdict) if x else "")
            if weighted:
                low, high = (x.weighted_increment_low, x.weighted_increment_high) if x else (math.nan, math.nan)
                told.append(_gain(x.weighted_increment, low, high, x.unit, x.weighted_verdict) if x else "")
        kinds = {"risk_group": f"risk group {r.group}", "centre": f"centre {r.group}"}
        rows.append([kinds.get(r.group_by, "all patients"), *told])
    heads = ["Group", *(["Equity weight"] if weighted else [])]
    for scenario in findings.others:
        heads += [scenario, *([f"{scenario}, weighted"] if weighted else [])]
    unit = str(table["unit"].iloc[0])
    title = f"Net benefit, difference from {findings.baseline}, by group, at {middle:,.0f} per QALY, {unit}{flag}"
    return Grid(title, heads, rows, "figures stack unprinted")


def _gain(value: float, low: float, high: float, unit: str, judged: str) -> Markup:
    return _cell(value, low, high, unit) + Markup(" {}").format(judged)
