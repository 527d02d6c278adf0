"""The first screens of studies of many points: a sweep, a probabilistic analysis, a plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reports.charts.plans import has_costs, levers
from reports.charts.sweeps import readable
from reports.findings import EVERYBODY, SHORT, Findings
from reports.first_screen import INFUSED, PROGRESSED, TILES, WAIT, FirstScreen, Tile, of_scenarios, tile
from reports.tables import Tables, is_true, records
from reports.words import (
    Estimate,
    capital,
    counted,
    estimate_of,
    listed,
    of_hundred,
    rounded,
    scale,
    uncapital,
    unit_of,
)
from sim.outcomes.verdicts import HIGHER, LOWER, Verdict
from sim.tables.inputs import input_label, point_label

ENDS = ("lowest", "highest")
ONLY_CHANCE = "intervals show simulation error only, not uncertainty in the inputs"
MEETS = f"A combination meets a target if its whole interval does; {ONLY_CHANCE}."


def first_screen(tables: Tables, findings: Findings, picture: str, further: tuple[str, ...] = ()) -> FirstScreen | None:
    """The first screen of these results, whatever kind they are; None where the tables are of none that is known.

    `picture`: the chart that stands on it. `further`: findings of one line each.
    """
    if findings.scenarios:
        return of_scenarios(findings, picture, further)
    if "plan" in tables:
        return of_plan(readable(tables["plan"], levers(tables["plan"]), findings), picture)
    if "psa_quadrants" in tables or "psa_icer" in tables:
        return of_psa(tables, findings, picture)
    return of_sweep(tables["sweep"], picture) if "sweep" in tables else None


def of_sweep(sweep: pd.DataFrame, picture: str) -> FirstScreen:
    """Between which numbers the wait and the outcome of everybody lie over the points, and at which point."""
    scenario = str(sweep["scenario"].iloc[0])
    mine = sweep[sweep["scenario"] == scenario]
    many = int(sweep["point"].nunique())
    there = set(mine.loc[mine["estimate"].notna(), "metric"])
    outcome = EVERYBODY if EVERYBODY in there else INFUSED if INFUSED in there else PROGRESSED
    told, tiles, clear = [], [], False
    for metric in dict.fromkeys([*(m for m in TILES if m in there), outcome]):
        rows = mine[(mine["metric"] == metric) & mine["estimate"].notna()].sort_values("estimate", kind="stable")
        if rows.empty:
            continue
        low, high = rows.iloc[0], rows.iloc[-1]
        ends = [estimate_of(low), estimate_of(high)]
        names = [point_label(str(end["name"])) for end in (low, high)]
        apart = ends[0].clearly_apart(ends[1])
        clear |= apart and metric in (WAIT, outcome)
        tiles.append(
            tile(
                SHORT.get(metric, str(low["label"])),
                [
                    (f"{word}: {uncapital(name)}", place, end)
                    for word, name, place, end in zip(("lowest", "highest"), names, (0, 1), ends, strict=True)
                ],
                "" if apart else str(Verdict.UNCLEAR),
            )
        )
        if metric in (WAIT, outcome):
            told.append(_range(metric, ends, names, apart))
    if not clear:
        told = ["no clear difference in the mean wait or in the outcome of all referred"]
    first = f"Across {counted(many, 'point')}"
    others = int(sweep["scenario"].nunique()) - 1
    who = f" of {scenario}" if others else ""
    return FirstScreen(
        f"{first}{who}: {listed(told)}.", tuple(tiles), picture,
        f"Waits: infused patients. Proportions: all referred in the measuring window; {ONLY_CHANCE}.",
    )  # fmt: skip


def _range(metric: str, ends: list[Estimate], names: list[str], apart: bool) -> str:
    """Between which numbers a metric lies, as far as its lowest and its highest are clearly apart."""
    if not apart:
        return f"no clear difference in {'the mean wait' if metric == WAIT else f'who is {_who(metric)}'}"
    if metric == WAIT:
        low, high = (rounded(end.value) for end in ends)
        at = [uncapital(name) for name in names]
        return f"a mean wait from {counted(low, 'day')} ({at[0]}) to {high} ({at[1]})"
    low, high = (of_hundred(end.value).removesuffix(" of 100") for end in ends)
    share = f"{low} to {high}" if low != high else low
    return f"{share} of 100 patients {_who(metric)}"


def _who(metric: str) -> str:
    return {EVERYBODY: "infused and progression-free at one year", INFUSED: "infused"}.get(
        metric, "progressed before infusion"
    )


def of_psa(tables: Tables, findings: Findings, picture: str) -> FirstScreen:
    """What the strategies cost and bring more than the baseline under uncertain inputs, and how sure the choice is."""
    tiles, told = [], []
    if "psa_quadrants" in tables:
        rows = records(tables["psa_quadrants"])
        tiles += [_more(findings, rows, what, label) for what, label in MORE.items()]
        told += [_difference(rows[0], findings)] if len(rows) == 1 else []
    if "ceac" in tables:
        at = _at_threshold(tables, findings)
        strategies = records(at)
        worth = f"{rounded(float(at['willingness_to_pay'].iloc[0]), 3)} {at['unit'].iloc[0]} per QALY"
        entries = [
            (str(row.strategy), place, Estimate(row.probability, unit="share")) for place, row in enumerate(strategies)
        ]
        tiles.append(tile(f"Probability of being cost-effective at {worth}", entries))
        best = max(strategies, key=lambda row: row.probability)
        name = findings.quoted(str(best.strategy))
        told.append(f"at {worth}, {name} is cost-effective in {of_hundred(best.probability)} samples")
    if not told:
        told.append("one strategy only: there is nothing to compare it with")
    return FirstScreen(f"{capital('; '.join(told))}.", tuple(tiles), picture, UNCERTAIN)


def _more(findings: Findings, rows: Sequence[Any], what: str, label: str) -> Tile:
    """The increments of one kind over the baseline, with the verdict where there is one strategy."""
    entries = [
        (str(row.strategy), place, findings.change(str(row.strategy), what)) for place, row in enumerate(rows, start=1)
    ]
    found = findings.change(entries[0][0], what).verdict(BETTER[what])
    return tile(f"{label} from {rows[0].baseline}", entries, verdict=str(found) if len(rows) == 1 else "")


def _at_threshold(tables: Tables, findings: Findings) -> pd.DataFrame:
    """The rows of the acceptability curves at the configured threshold, or nearest to it; to the middle without one."""
    ceac = tables["ceac"]
    configured = findings.threshold
    wanted = configured if math.isfinite(configured) else float(ceac["willingness_to_pay"].median())
    nearest = min(ceac["willingness_to_pay"], key=lambda worth: abs(worth - wanted))
    found: pd.DataFrame = ceac[ceac["willingness_to_pay"] == nearest]
    return found


MORE = {
    "incremental_cost": "Cost per patient, difference",
    "incremental_qalys": "QALYs per patient, difference",
}
BETTER = {"incremental_cost": LOWER, "incremental_qalys": HIGHER}
UNCERTAIN = (
    "Per patient referred, discounted; intervals show the stated uncertainty of the inputs, not how well the model "
    "fits reality."
)


def _difference(row: Any, findings: Findings) -> str:
    """`Off the shelf: 0.30 QALYs fewer per patient, no clear difference in costs`."""
    strategy = str(row.strategy)
    parts = []
    for what, noun in (("incremental_qalys", "QALYs"), ("incremental_cost", str(row.unit))):
        value, found = float(getattr(row, what)), findings.verdict(strategy, what)
        if not found.resolved:
            parts.append(f"no clear difference in {'QALYs' if noun == 'QALYs' else 'costs'}")
        else:
            word = ("fewer" if noun == "QALYs" else "less") if value < 0.0 else "more"
            parts.append(f"{rounded(abs(value))} {noun} {word} per patient")
    return f"{strategy}: {listed(parts)}"


def of_plan(plan: pd.DataFrame, picture: str) -> FirstScreen:
    """Which combination meets the targets at the least cost, with what comes of it for each target."""
    chosen = plan[plan["answer"].map(is_true)]
    paths, targets = levers(plan), list(dict.fromkeys(plan["target"]))
    aims = listed([_target(plan, target) for target in targets])
    if chosen.empty:
        told = f"No combination of {listed([input_label(p) for p in paths])} that was run meets the target: {aims}"
        return FirstScreen(f"{told}.", (), picture, MEETS)
    row = chosen.iloc[0]
    what = listed([f"{uncapital(input_label(path))} {row[path]}" for path in paths])
    rank = "Cheapest" if has_costs(plan) else "Least"
    tiles = []
    for target in targets[:3]:
        mine = chosen[chosen["target"] == target].iloc[0]
        tiles.append(
            tile(str(mine["label"]), [("the answer", 0, estimate_of(mine))], f"target: {_target(plan, target)}")
        )
    return FirstScreen(f"{rank} with {aims}: {what}.", tuple(tiles), picture, MEETS)


def _target(plan: pd.DataFrame, target: str) -> str:
    """`mean wait at most 60 days`, from `waiting_days_mean <= 60`."""
    metric, sign, amount = target.split()[:3]
    mine = plan[plan["target"] == target].iloc[0]
    label = SHORT.get(metric, str(mine["label"]))
    word = "at most" if "<" in sign else "at least"
    shown = _as_asked(float(amount), str(mine["unit"])) if _is_number(amount) else amount
    return f"{label[:1].lower()}{label[1:]} {word} {shown}"


def _as_asked(amount: float, unit: str) -> str:
    """A target as it was asked for, not rounded: `60%`, `120 days`."""
    return f"{round(amount * scale(unit), 9):g}{unit_of(Estimate(amount, unit=unit))}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
