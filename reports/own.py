"""The pages of own records: what was fitted to a register, and how it stands against the simulation of its time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from markupsafe import Markup

from reports.grids import Cell, Grid
from reports.tables import Tables, is_true, records
from reports.words import counted, number
from sim.tables import TABLES
from sim.tables.words import spelt

FIT, CURVE, OBSERVE, FORECAST = "fit", "curve", "observe", "forecast"
STATUS: Mapping[str, str] = {
    "fitted": "",
    "scaled": "shape of the base, scale fitted",
    "shrunk": "few events: partly the base's",
}
WELL = ("", "fits", "constant")
UNTOLD = "the register does not record it"
WITHHELD = "Numbers from 1 to 4, and any that would reveal them, are withheld."
MOST_OFF = 3
HOW: Mapping[str, str] = {
    FIT: (
        "Every number is a maximum-likelihood estimate from the register, with its 95% confidence interval. Patients "
        "whose stage had not ended by the extract are censored, those who came into view late are left-truncated; "
        "causes compete. Where events are few, the base scenario gives the shape or a prior. docs/own-records.md says "
        "how each number is fitted and what is assumed."
    ),
    CURVE: (
        "Patient records that reproduce the curve and the numbers at risk are reconstructed (Guyot and others 2012), "
        "and a family is fitted to them by maximum likelihood, with 95% confidence intervals. docs/own-records.md "
        "says how."
    ),
    OBSERVE: (
        "The period of the register is simulated many times, each time with its own draw of the uncertain inputs, and "
        "recorded as the register would have recorded it. Nine in ten simulated registers lie within the 90% band. A "
        "quantity differs where the real register lies further from the simulated ones than chance explains, at 5% "
        "over all quantities together (Holm)."
    ),
    FORECAST: (
        "A forecast for planning, not a basis for decisions on any patient's care. Every patient of the register "
        "continues from where they are on its last day, given the time that they have already spent there, and new "
        "patients are referred. Each simulated future has its own draw of the uncertain inputs; month by month, nine "
        "in ten futures lie within the 90% band. Numbers of 1 to 4 patients of the register, and any figure that "
        "would reveal them, are left out."
    ),
}
INTERVALS: Mapping[str, str] = {
    FIT: "numbers fitted to a register; low and high: 95% confidence intervals",
    CURVE: "a clock fitted to a survival curve that was read off a figure; low and high: 95% confidence intervals",
    OBSERVE: "a register against a discrete-event simulation; between low and high lie 50% or 90% of replications",
    FORECAST: "a discrete-event simulation from today on; between p5 and p95 lie 90% of the simulated futures",
}
SIMULATED = (
    "a patient-level discrete-event simulation; low and high: 95% simulation intervals of means over replications; "
    "they show simulation error only"
)


@dataclass(frozen=True)
class Section:
    """A section of the page. `folded`: tables behind folds, with the caption as summary; `csv`: what can be saved."""

    ident: str
    heading: str
    text: str
    grids: Sequence[Grid]
    folded: Sequence[Grid] = ()
    csv: Sequence[str] = ()


@dataclass(frozen=True)
class Own:
    """What the page of own records says: the finding, sentences and single points after it, and its sections."""

    first: str
    sentences: Sequence[str]
    points: Sequence[str]
    sections: Sequence[Section]
    how: str


def own(tables: Tables) -> Own | None:
    """What these tables say; None for a folder of another kind."""
    kind = str(tables.manifest.get("kind"))
    said = [str(one) for one in tables.manifest.get("said") or []] or [str(tables.manifest.get("title") or kind)]
    faults = _faults(tables) if kind != CURVE else Section("", "", "", [])
    if kind == FIT:
        return Own(said[0], said[1:], [faults.text], [*_fit(tables), faults], HOW[kind])
    if kind == CURVE:
        return Own(said[0], said[1:], [], _fit(tables)[:1], HOW[kind])
    if kind == FORECAST:
        return Own(said[0], said[1:], [], [*_forecast(tables), faults], HOW[kind])
    if kind != OBSERVE:
        return None
    scores = _table(tables, "observed_scores")
    off = [f"Differs: {row.label}, {row.where.partition('; ')[0]}." for row in records(scores) if is_true(row.is_off)]
    agree = [f"{len(scores) - len(off)} of {len(scores)} quantities agree."] if off else []
    return Own(said[0], said[1:], [*off[:MOST_OFF], *agree], [*_observe(scores), faults], HOW[kind])


def intervals(manifest: Mapping[str, Any]) -> str:
    """Where the numbers of a folder's tables come from, and what their intervals are, in words."""
    return INTERVALS.get(str(manifest.get("kind")), SIMULATED)


def _table(tables: Tables, name: str) -> pd.DataFrame:
    """A table, without rows where it has none."""
    return tables[name] if name in tables else pd.DataFrame(columns=[column.name for column in TABLES[name].columns])


def _code(text: str) -> Markup:
    """A path of the scenario, which may be broken after its dots."""
    return Markup("<code>{}</code>").format(_breakable(text, "."))


def _breakable(text: str, after: str) -> Markup:
    """The text, which may be broken after this sign."""
    return Markup(f"{after}<wbr>").join(text.split(after))


def _fit(tables: Tables) -> list[Section]:
    fits = _table(tables, "fits")
    told, kept, checks = (fits[fits["status"].isin(names)] for names in (STATUS, ["base"], ["check"]))
    silent = kept["note"] == UNTOLD
    numbers = Grid(
        "Estimates with 95% confidence intervals; in brackets, the weight of the base in the estimate",
        ["Number", "Estimate", "Base", "Patients", "Events", "Censored", "Truncated", "Fit and remarks"],
        [_number_row(row) for row in records(told)],
        "text stack whole",
    )
    why = _kept(kept[~silent], "What this register could not determine, and why")
    rest = _kept(kept[silent], "What a register does not record")
    sections = [
        Section(
            "numbers",
            "Every number",
            f"{counted(len(told), 'number')} of the scenario estimated from the register.",
            [numbers],
            csv=("fits", "fits_curves", "fits_quantiles"),
        ),
        Section(
            "base",
            "What stays as in the base",
            f"{counted(kept['path'].nunique(), 'number')} of the scenario not estimated from the register: they are "
            "those of the base, with its sources.",
            [why] if why.rows else [],
            [rest] if rest.rows else [],
        ),
    ]
    if checks.empty:
        return sections
    text = "Waits are not inputs but results of the simulation; the command observe compares them with the register."
    return [*sections, Section("checks", "Checks", text, [_checks(checks)])]


def _number_row(row: Any) -> list[Cell]:
    family = " ".join(filter(None, (str(row.family), str(row.parameter))))
    name = Markup("{}<br><span class=muted>{}</span>").format(_code(str(row.path)), family)
    estimate = Markup('<span class="value">{}</span> <span class="within">({} to {})</span>').format(
        _with_unit(row), _figure(row.low), _figure(row.high)
    )
    part = f" ({number(100.0 * row.weight_of_base, 0)}%)" if row.weight_of_base > 0.0 else ""
    counts = [_count(getattr(row, name)) for name in ("n", "events", "censored", "truncated")]
    look = '<span class="badge flag">{}</span>{}' if row.verdict not in WELL else "{}{}"
    verdict = Markup(look).format(row.verdict or "not tested", _p_value(row))
    known = "; ".join(filter(None, (STATUS[row.status], _bounded(row), str(row.note))))
    verdict += Markup("<br><span class=muted>{}</span>").format(_breakable(known, "_")) if known else ""
    return [name, estimate, f"{_figure(row.base)}{part}", *counts, verdict]


def _bounded(row: Any) -> str:
    if not math.isfinite(row.bound_low):
        return ""
    return f"bounds if those who left differed from the others: {_figure(row.bound_low)} to {_figure(row.bound_high)}"


def _with_unit(row: Any) -> str:
    return f"{_figure(row.estimate)} {row.unit}".strip()


def _p_value(row: Any) -> str:
    return f" (p {row.p_value:.2g})" if math.isfinite(row.p_value) else ""


def _figure(value: float) -> str:
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else ""


def _count(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else ""


def _kept(rows: pd.DataFrame, caption: str) -> Grid:
    found: dict[str, str] = {str(row.path): str(row.note) for row in records(rows)}
    return Grid(caption, ["Number", "Why"], [[_code(path), why] for path, why in found.items()], "text stack")


def _checks(rows: pd.DataFrame) -> Grid:
    heads = ["What", "Found", "Base, without queues", "Patients", "Ended", "Remarks"]
    lines: list[list[Cell]] = []
    for row in records(rows):
        name = " ".join(filter(None, (str(row.path), str(row.family))))
        told = f"{row.parameter} {_with_unit(row)}{_p_value(row)}".strip()
        base = f"{_figure(row.base)} {row.unit}" if math.isfinite(row.base) else ""
        lines.append([name, told, base, _count(row.n), _count(row.events), str(row.note)])
    return Grid("Waits between milestones, and tests", heads, lines, "text stack")


def _observe(scores: pd.DataFrame) -> list[Section]:
    if scores.empty:
        return []
    heads = ["Observed", "Points", "In the 50% band", "In the 90% band", "CRPS", "Expected CRPS", "p", ""]
    lines: list[list[Cell]] = []
    for row in records(scores):
        unit, factor = ("pp", 100.0) if row.unit == "share" else (str(row.unit), 1.0)
        inside = [f"{number(100.0 * share, 0)}%" for share in (row.inside_50, row.inside_90)]
        crps = [f"{value * factor:.3g} {unit}" for value in (row.crps, row.crps_expected)]
        verdict: Cell = "agrees"
        if is_true(row.is_off):
            verdict = Markup('<span class="badge flag">differs</span><br>{}').format(row.where)
        lines.append([str(row.label), _count(row.points), *inside, *crps, f"{row.p_value:.3f}", verdict])
    caption = (
        "CRPS: continuous ranked probability score, lower is better; expected: its value if the simulation is right. "
    )
    caption += "p: probability of a difference as large by chance alone. pp: percentage points"
    grid = Grid(caption, heads, lines, "figures stack")
    text = "Whether this simulation could have produced each quantity of the register, and how close it came."
    return [Section("scores", "Scores", text, [grid], csv=("observed_scores", "observed"))]


def _forecast(tables: Tables) -> list[Section]:
    whole, today = _table(tables, "forecast"), _table(tables, "forecast_today")
    heads = [
        "Month",
        "Mean",
        "Median",
        "Half of futures",
        "Nine in ten futures",
        "Already in the register",
        "Referred from now on",
    ]
    grids = []
    for _, rows in whole.groupby("quantity", sort=False):
        mine = {group: records(rows[rows["group"] == group]) for group in ("all", "register", "new")}
        lines = [_month(*row) for row in zip(*mine.values(), strict=True)]
        grids.append(Grid(str(rows["label"].iloc[0]), heads, lines, "figures stack"))
    text = "The forecast for each month; the last two columns are means."
    stand = Grid(
        "Patients by the last milestone that they have passed",
        ["Where they are", "Patients"],
        [[str(row.label), _count(row.patients) or "withheld"] for row in records(today) if row.patients != 0],
        "figures stack",
    )
    sections = [
        Section("months", "Month by month", text, grids, csv=("forecast",)),
        Section("today", "Where patients are today", WITHHELD, [stand], csv=("forecast_today",)),
    ]
    below, scores = _table(tables, "forecast_below"), _table(tables, "forecast_scores")
    if not below.empty:
        sections.insert(1, _below(below))
    return [*sections, scored(scores)] if not scores.empty else sections


def _month(every: Any, theirs: Any, new: Any) -> list[Cell]:
    digits = 0 if every.unit == "patients" else 1
    between = [
        f"{number(low, digits)} to {number(high, digits)}"
        for low, high in ((every.p25, every.p75), (every.p5, every.p95))
    ]
    parts = [number(one.mean, 1) if math.isfinite(one.mean) else "withheld" for one in (theirs, new)]
    return [
        f"{_day(every.first_day)} to {_day(every.last_day)}",
        number(every.mean, 1),
        number(every.p50, digits),
        *between,
        *parts,
    ]


def _day(told: object) -> str:
    """A date of a table as it is read aloud."""
    return spelt(date.fromisoformat(str(told)[:10]))


def _below(below: pd.DataFrame) -> Section:
    first = records(below)[0]
    text = (
        f"In {number(100.0 * first.probability, 0)} of 100 simulated futures, fewer than "
        f"{counted(int(first.below), 'patient')} are waiting on at least one day of these months."
    )
    lines: list[list[Cell]] = [
        [f"{str(row.quantile).removeprefix('p')} of 100", _day(row.date) if row.date else "not within these months"]
        for row in records(below)
    ]
    grid = Grid("First such day", ["Simulated futures", "By"], lines, "figures stack")
    return Section("below", f"When the list falls below {int(first.below)}", text, [grid], csv=("forecast_below",))


METHODS: Mapping[str, str] = {
    "simulation": "this simulation",
    "last_rate": "last quarter continued",
    "held_flat": "list unchanged",
}


def _percent(share: float) -> str:
    return f"{number(100.0 * share, 0)}%"


def scored(scores: pd.DataFrame) -> Section:
    """How near forecasts from earlier days came, from `forecast_scores.csv`."""
    heads = ["Quantity", "Month ahead", "Method", "Forecasts", "CRPS", "In the 50% band", "In the 90% band"]
    lines: list[list[Cell]] = []
    # results of before envelopes said what they hold have no such columns
    known = {f"held_{envelope}": math.nan for envelope in (50, 90) if f"held_{envelope}" not in scores}
    for row in records(scores.assign(**known)):
        inside = [
            _percent(share) + (f" ({_percent(held)})" if math.isfinite(held) else "") if math.isfinite(share) else ""
            for share, held in ((row.inside_50, row.held_50), (row.inside_90, row.held_90))
        ]
        lines.append(
            [
                str(row.label),
                _count(row.month) or "all",
                METHODS[row.method],
                _count(row.points),
                f"{row.crps:.3g}",
                *inside,
            ]
        )
    caption = "CRPS: continuous ranked probability score, lower is better; of a single number, its absolute error. "
    caption += "In brackets: the proportion of its own simulated futures within a band, the value to compare with"
    text = "The same forecast made from earlier days, with what was known then, compared with what happened."
    grid = Grid(caption, heads, lines, "figures stack")
    return Section("scores", "How good past forecasts would have been", text, [grid], csv=("forecast_scores",))


def _faults(tables: Tables) -> Section:
    """How many rows of the register are not used, by reason; no cell of the register is repeated."""
    ident, heading = "faults", "Rows not used"
    register = tables.manifest.get("register")
    rows = register.get("rows", "") if isinstance(register, dict) else ""
    faults = _table(tables, "records_faults")
    if faults.empty:
        return Section(ident, heading, f"All {counted(rows, 'row')} of the register can be used; none has a fault.", [])
    text = (
        f"{faults['row'].nunique()} of {counted(rows, 'row')} of the register cannot be used; "
        "records_faults.csv has each with its number and reason."
    )
    counts = faults.groupby("kind")["row"].nunique().sort_values(ascending=False, kind="stable")
    lines: list[list[Cell]] = [[str(kind), str(count)] for kind, count in counts.items()]
    grid = Grid("Rows by fault; a row may have several", ["Fault", "Rows"], lines, "figures stack")
    return Section(ident, heading, text, [grid], csv=("records_faults",))
