"""The tables of the report page: rows of cells for the template, which escapes what is not marked as HTML."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from reports.charts import CHARTS
from reports.charts.incidence import EVENTS
from reports.findings import Findings, not_reached
from reports.tables import Tables, records
from reports.words import ROUNDING, Estimate, bare, between, bounds, counted, level, number
from sim.outcomes.metrics import INFUSED_AND_FREE
from sim.outcomes.verdicts import Verdict

KEY = (
    "half_infused_days",
    "waiting_days_mean",
    "waiting_days_median",
    "vein_to_vein_days_median",
    "infused_share",
    "progressed_before_infusion_share",
    *INFUSED_AND_FREE.values(),
    "alive_at_12_months_share",
    "alive_at_24_months_share",
    "died_before_infusion_share",
    "lost_before_infusion_share",
    "still_waiting_share",
)
SHOWN_DAYS, MOST_ROWS = 30, 120
"""The incidence table on the page has every day divisible by this, and the last; the download has all."""
Cell = str | Markup


@dataclass(frozen=True)
class Grid:
    """A table of the page. `look`: its classes; the first cell of a row is its heading."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    look: str = "figures"


def cell(estimate: Estimate) -> Markup:
    """An estimate with its interval below or beside it."""
    if not estimate.known:
        return Markup('<span class="muted">no estimate</span>')
    within = bounds(estimate, full=True)
    text = Markup('<span class="value">{}</span>').format(level(estimate, short=True, full=True))
    return text + Markup(' <span class="within">({})</span>').format(within) if within else text


def key_figures(findings: Findings) -> list[Grid]:
    """The main metrics: one or two scenarios side by side with their difference, more in two tables."""
    metrics = [metric for metric in KEY if any((s, metric) in findings.levels for s in findings.scenarios)]
    if len(findings.others) < 2:
        return [_side_by_side(findings, metrics, "figures key stack")]
    changes: list[list[Cell]] = [
        [label_of(findings, metric), *(difference(findings.change(s, metric)) for s in findings.others)]
        for metric in metrics
    ]
    caption = f"Difference from {findings.baseline}; pp: percentage points"
    return [
        _side_by_side(findings, metrics, "figures key stack", compared=False),
        Grid(caption, ["Figure", *findings.others], changes, "figures key stack"),
    ]


def other_figures(findings: Findings) -> Grid:
    """The metrics that are not among the main ones."""
    metrics = [metric for metric in dict.fromkeys(m for _, m in findings.levels) if metric not in KEY]
    return _side_by_side(findings, metrics, "figures stack", compared=len(findings.others) < 2)


def _side_by_side(findings: Findings, metrics: Sequence[str], look: str, compared: bool = True) -> Grid:
    """A row a metric, a column a scenario, and the difference from the baseline where it is compared."""
    others = findings.others if compared else ()
    rows: list[list[Cell]] = [
        [
            label_of(findings, metric),
            *(_level_cell(findings, s, metric) for s in findings.scenarios),
            *(difference(findings.change(s, metric)) for s in others),
        ]
        for metric in metrics
    ]
    pp = "; pp: percentage points" if others else ""
    heads = ["Figure", *findings.scenarios, *(f"Difference from {findings.baseline}" for _ in others)]
    return Grid(_basis(findings) + pp, heads, rows, look)


def _level_cell(findings: Findings, scenario: str, metric: str) -> Markup:
    """The estimate; of a day that the scenario, or some replications of it, do not reach, just that."""
    missing = not_reached(findings, scenario, metric)
    if missing:
        return Markup('<span class="muted">{}</span>').format(missing)
    return cell(findings.level(scenario, metric))


def _basis(findings: Findings) -> str:
    intervals = "" if findings.replications == 1 else " with 95% simulation intervals"
    unresolved = f"; {findings.unresolved()}: the means leave them out" if findings.censored else ""
    return f"Means over {counted(findings.replications, 'replication')}{intervals}{unresolved}"


def label_of(findings: Findings, metric: str) -> str:
    """What `summary.csv` calls a metric."""
    return next(e.label for (_, name), e in findings.levels.items() if name == metric)


def difference(change: Estimate) -> Markup:
    """A difference with its interval, and in words where nothing can be said of it."""
    found = change.verdict()
    flag = Markup('<br><span class="badge">{}</span>').format(str(found))
    return cell(change) + (flag if found in (Verdict.UNCLEAR, Verdict.SAME) else Markup(""))


def of_charts(tables: Tables, findings: Findings) -> dict[str, Grid]:
    """The table behind the fold of each chart, by the table's name."""
    makers: Mapping[str, Callable[[pd.DataFrame, Findings], Grid]] = {
        "waits": _waits,
        "incidence": _incidence,
        "stages": _stages,
        "outcomes": _outcomes,
        "differences": _differences,
        "same_patients": _same_patients,
    }
    drawn = dict.fromkeys(chart.table for chart in CHARTS if chart.table in tables)
    return {
        name: makers[name](tables[name], findings) if name in makers else _as_it_is(name, tables[name])
        for name in drawn
    }


def _as_it_is(name: str, frame: pd.DataFrame) -> Grid:
    """The first rows of a table, its columns as they are; an estimate and its bounds in one cell."""
    shown = frame.head(MOST_ROWS)
    numbers = {column for column in frame.columns if pd.api.types.is_numeric_dtype(frame[column])}
    bounded = [c for c in frame.columns if {c, *_bounds_of(c)} <= numbers]
    inside = {bound for column in bounded for bound in _bounds_of(column)}
    columns = [column for column in frame.columns if column not in inside]
    lines: list[list[Cell]] = []
    for record in shown.to_dict("records"):
        line: list[Cell] = []
        for column in columns:
            value = record[column]
            if column in bounded:
                low, high = (float(record[bound]) for bound in sorted(_bounds_of(column), key=lambda b: "high" in b))
                unit = str(record.get("unit", "")) if column == "estimate" else ""
                line.append(cell(Estimate(float(value), low, high, unit)))
            elif isinstance(value, float):
                line.append(number(value, 0 if value == int(value) else 2) if math.isfinite(value) else "")
            else:
                line.append(str(value))
        lines.append(line)
    more = f"; the first {MOST_ROWS} of {len(frame)}, the download has all" if len(frame) > MOST_ROWS else ""
    heads = [column.replace("_", " ") for column in columns]
    return Grid(f"{name}.csv{more}", heads, lines, "text stack")


def _bounds_of(column: str) -> set[str]:
    return {"low", "high"} if column == "estimate" else {f"{column}_low", f"{column}_high"}


def _by_scenario(
    caption: str, head: str, entries: Sequence[tuple[str, str, Estimate]], scenarios: Sequence[str], absent: str = ""
) -> Grid:
    """One row a heading, one column a scenario, from (heading, scenario, estimate)."""
    found = {(heading, scenario): estimate for heading, scenario, estimate in entries}
    headings = dict.fromkeys(heading for heading, _, _ in entries)
    rows: list[list[Cell]] = [
        [heading, *(cell(found[heading, s]) if (heading, s) in found else Markup(absent) for s in scenarios)]
        for heading in headings
    ]
    return Grid(caption, [head, *scenarios], rows, "figures stack")


def _waits(waits: pd.DataFrame, findings: Findings) -> Grid:
    ordered = waits.sort_values("day_from", kind="stable")
    entries = [
        (between(r.day_from, r.day_to), r.scenario, Estimate(r.share, r.low, r.high, "share")) for r in records(ordered)
    ]
    return _by_scenario("Proportion of infused patients by waiting days", "Waiting days", entries, findings.scenarios)


def _incidence(incidence: pd.DataFrame, findings: Findings) -> Grid:
    last = incidence["day"].max()
    shown = incidence[(incidence["day"] % SHOWN_DAYS == 0) | (incidence["day"] == last)]
    order = {event: place for place, event in enumerate(EVENTS)}
    shown = shown.assign(place=[order.get(event, len(order)) for event in shown["event"]])
    entries = [
        (
            f"{EVENTS.get(r.event, r.event)}, day {number(r.day, 0)}",
            r.scenario,
            Estimate(r.estimate, r.low, r.high, "share"),
        )
        for r in records(shown.sort_values(["place", "day"], kind="stable"))
    ]
    caption = f"Cumulative incidence since referral, every {SHOWN_DAYS} days; the download has every day"
    return _by_scenario(caption, "Event and day", entries, findings.scenarios)


def _stages(stages: pd.DataFrame, findings: Findings) -> Grid:
    taken = stages.groupby(["stage", "kind"])["mean_days"].transform("max") > ROUNDING
    found: dict[tuple[str, str], Estimate] = {}
    for r in records(stages[taken].sort_values("order", kind="stable")):
        heading = f"{r.label} (queue)" if r.kind == "queue" else str(r.label)
        if (heading, r.scenario) in found:
            heading += f" [{r.stage}]"
        found[heading, r.scenario] = Estimate(r.mean_days, r.low, r.high, "days")
    entries = [(heading, scenario, days) for (heading, scenario), days in found.items()]
    caption = "Mean days of infused patients; stages that take no time in any scenario are left out"
    return _by_scenario(caption, "Stage", entries, findings.scenarios)


def _outcomes(outcomes: pd.DataFrame, findings: Findings) -> Grid:
    found = {(r.outcome, r.scenario): r for r in records(outcomes)}
    lines: list[list[Cell]] = []
    for outcome, label in dict(zip(outcomes["outcome"], outcomes["label"], strict=True)).items():
        line: list[Cell] = [str(label)]
        for scenario in findings.scenarios:
            r = found.get((outcome, scenario))
            line.append(cell(Estimate(r.estimate, r.low, r.high, "share")) if r is not None else "")
            line.append(_count(r.count_mean) if r is not None else "")
        lines.append(line)
    heads = ["Outcome"]
    for scenario in findings.scenarios:
        heads += [scenario, f"{scenario}: patients, mean of a replication"]
    return Grid("Proportion of referred patients by outcome", heads, lines, "figures stack")


def _count(mean: float) -> str:
    return bare(Estimate(mean, unit="patients"), full=True) if math.isfinite(mean) else ""


def _differences(differences: pd.DataFrame, findings: Findings) -> Grid:
    lines = [
        [str(label), *(difference(findings.change(scenario, metric)) for scenario in findings.others)]
        for metric, label in dict(zip(differences["metric"], differences["label"], strict=True)).items()
    ]
    caption = f"Difference from {findings.baseline}, paired by replication; pp: percentage points"
    return Grid(caption, ["Figure", *findings.others], lines, "figures stack")


def _same_patients(same: pd.DataFrame, findings: Findings) -> Grid:
    several = len(findings.others) > 1
    lines: list[list[Cell]] = [
        [
            f"{r.scenario}: {r.label}" if several else str(r.label),
            cell(Estimate(r.share, r.low, r.high, "share")),
            _count(r.estimate),
        ]
        for r in records(same)
    ]
    caption = f"Progressed before infusion: the same patients under {findings.baseline} and the other scenario"
    return Grid(
        caption, ["Outcome", "Proportion of patients", "Patients, mean of a replication"], lines, "figures stack"
    )
