"""The charts that PowerPoint has itself, as series of numbers: what a slide shows can be edited there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from reports.charts import plans
from reports.charts.differences import METRICS as DIFFERENCES
from reports.charts.incidence import last_day
from reports.charts.resource_bars import AXES, MOST, called
from reports.charts.stages import KINDS
from reports.charts.sweeps import HIGH, LOW, as_number, metrics_of, varied
from reports.charts.through_time import drawn_days, listed_only
from reports.findings import Findings
from reports.tables import records
from reports.theme import QUEUE, mark
from reports.words import between, scale
from sim.tables import PROGRESSED_BEFORE, PROGRESSED_IN
from sim.tables.inputs import input_label

CLUSTERED, STACKED, COLUMNS, LINES, POINTS = "clustered bars", "stacked bars", "columns", "lines", "points"
PROCESS = "#9DB0C3"
MOST_CATEGORIES = 14
LEAST_SEEN = 0.005
"""A smaller share of the infused is no bar that is seen."""
DAY_0_OF_OFFICE = date(1899, 12, 30)


@dataclass(frozen=True)
class Series:
    """One series. Bars: `y` by category; lines and points: `y` at `x`. `low`, `high`: bounds, NaN for none."""

    name: str
    colour: str
    y: Sequence[float]
    x: Sequence[float] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dash: str = "solid"
    hatch: str = ""


@dataclass(frozen=True)
class Native:
    """A chart for PowerPoint. `form`: one of those above; `percent`: values are shares from 0 to 1.

    `dated`: what lies on the lower axis are dates, as Office counts them.
    """

    form: str
    series: Sequence[Series]
    categories: Sequence[str] = ()
    x_title: str = ""
    y_title: str = ""
    percent: bool = False
    dated: bool = False


Maker = Callable[[pd.DataFrame, Findings], Native | None]


def _bars(
    frame: pd.DataFrame, findings: Findings, column: str, names: Sequence[str], title: str, percent: bool
) -> Native:
    """Clustered bars from (`category`, `scenario`, estimate, low, high), a series a scenario."""
    categories = list(dict.fromkeys(frame["category"]))[:MOST_CATEGORIES]
    series = []
    for place, scenario in enumerate(findings.scenarios):
        mine = frame[frame["scenario"] == scenario].drop_duplicates("category").set_index("category")
        if mine.empty:
            continue
        low, high = names
        values = [[float(mine[c].get(k, math.nan)) for k in categories] for c in (column, low, high)]
        look = mark(place)
        series.append(Series(scenario, look.colour, values[0], (), values[1], values[2], hatch=look.hatch))
    return Native(CLUSTERED, series, categories, "", title, percent)


def _waits(waits: pd.DataFrame, findings: Findings) -> Native:
    """A column a bin; the bins of the tail, in none of which anybody's bar would be seen, are one."""
    seen = waits.loc[waits["share"] >= LEAST_SEEN, "day_to"]
    end = float(seen.max()) if len(seen) else math.inf
    told = [between(min(r.day_from, end), r.day_to if r.day_to <= end else math.inf) for r in records(waits)]
    frame = waits.assign(category=told).groupby(["scenario", "category"], sort=False, as_index=False)["share"].sum()
    series = []
    categories = list(dict.fromkeys(frame["category"]))
    for place, scenario in enumerate(findings.scenarios):
        mine, look = frame[frame["scenario"] == scenario].set_index("category"), mark(place)
        shares = [float(mine["share"].get(k, math.nan)) for k in categories]
        series.append(Series(scenario, look.colour, shares, hatch=look.hatch))
    return Native(COLUMNS, series, categories, "days from referral to infusion", "proportion of infused", True)


def _ecdf(waits: pd.DataFrame, findings: Findings) -> Native:
    series = []
    for place, scenario in enumerate(findings.scenarios):
        mine = waits[(waits["scenario"] == scenario) & waits["cumulative"].notna() & (waits["day_to"] < math.inf)]
        x, y = [0.0, *mine["day_to"]], [0.0, *mine["cumulative"]]
        series.append(Series(scenario, mark(place).colour, y, x, dash=mark(place).dash))
    return Native(LINES, series, (), "days from referral to infusion", "proportion of infused", True)


def _incidence(incidence: pd.DataFrame, findings: Findings) -> Native | None:
    """The curve of which the title speaks: who has progressed before infusion, to where no curve rises any more."""
    shown = incidence[(incidence["event"] == PROGRESSED_BEFORE) & incidence["estimate"].notna()]
    if shown.empty:
        return None
    weekly = shown[(shown["day"] % 7 == 0) & (shown["day"] <= last_day(incidence))]
    series = []
    for place, scenario in enumerate(findings.scenarios):
        mine = weekly[weekly["scenario"] == scenario].sort_values("day")
        look = mark(place)
        series.append(Series(scenario, look.colour, mine["estimate"].tolist(), mine["day"].tolist(), dash=look.dash))
    return Native(LINES, series, (), "days since referral", "% of referred, progressed before infusion", True)


def _stages(stages: pd.DataFrame, findings: Findings) -> Native:
    """A bar a scenario, stacked by stage in order; queues dark, work light."""
    taken = stages[stages["mean_days"] > 0.05].assign(work=stages["kind"] != "queue")
    ordered = taken.sort_values(["order", "work"], kind="stable")
    series = []
    for (_, kind), rows in ordered.groupby(["stage", "kind"], sort=False):
        mine = rows.set_index("scenario")["mean_days"]
        name = f"{rows['label'].iloc[0]} ({KINDS.get(str(kind), str(kind))})"
        days = [float(mine.get(scenario, math.nan)) for scenario in findings.scenarios]
        series.append(Series(name, QUEUE if kind == "queue" else PROCESS, days))
    return Native(STACKED, series, list(findings.scenarios), "", "mean days, infused patients")


def _outcomes(outcomes: pd.DataFrame, findings: Findings) -> Native:
    had = outcomes[outcomes.groupby("outcome")["estimate"].transform("max") > 0.0]
    return _bars(
        had.assign(category=had["label"]),
        findings,
        "estimate",
        ("low", "high"),
        "proportion of referred patients",
        True,
    )


def _same(same: pd.DataFrame, findings: Findings) -> Native | None:
    if same["scenario"].nunique() != 1:
        return None
    rows = same.set_index("progressed_in").loc[
        [where for where in PROGRESSED_IN if where in set(same["progressed_in"])]
    ]
    bounds = rows["low"].tolist(), rows["high"].tolist()
    series = [Series("proportion of the same patients", mark(0).colour, rows["share"].tolist(), (), *bounds)]
    return Native(CLUSTERED, series, rows["label"].tolist(), "", "proportion of the patients referred", True)


def _differences(differences: pd.DataFrame, findings: Findings) -> Native | None:
    shares = differences[differences["metric"].isin(DIFFERENCES) & (differences["unit"] == "share")]
    if shares.empty:
        return None
    points = {part: 100.0 * shares[part] for part in ("estimate", "low", "high")}
    named = shares.assign(category=shares["label"], **points)
    return _bars(named, findings, "estimate", ("low", "high"), "difference in percentage points", False)


def _groups(metric: str) -> Maker:
    def make(groups: pd.DataFrame, findings: Findings) -> Native | None:
        mine = groups[groups["metric"] == metric]
        if mine.empty:
            return None
        named = mine.assign(category=mine["grouping_label"] + ": " + mine["group"])
        title, percent = str(mine["label"].iloc[0]), bool((mine["unit"] == "share").all())
        return _bars(named, findings, "estimate", ("low", "high"), title, percent)

    return make


def _resources(metric: str) -> Maker:
    def make(resources: pd.DataFrame, findings: Findings) -> Native | None:
        mine = resources[(resources["metric"] == metric) & resources["estimate"].notna()]
        if mine.empty:
            return None
        names = [called(row) for row in records(mine)]
        largest = mine.assign(category=names).groupby("category", sort=False)["estimate"].max().nlargest(MOST).index
        shown = mine.assign(category=names)
        shown = shown[shown["category"].isin(largest)]
        return _bars(shown, findings, "estimate", ("low", "high"), AXES[metric], metric == "utilisation")

    return make


def _lists(lists: pd.DataFrame, findings: Findings) -> Native:
    first = listed_only(lists)
    first = drawn_days(first)
    offset = (findings.start - DAY_0_OF_OFFICE).days if findings.start is not None else 0
    series = []
    for place, scenario in enumerate(findings.scenarios):
        mine, look = first[first["scenario"] == scenario], mark(place)
        days = mine["day"].tolist() if findings.start is None else [one + offset for one in mine["day"]]
        series.append(Series(scenario, look.colour, mine["estimate"].tolist(), days, dash=look.dash))
    below = "days since the start of the simulation" if findings.start is None else "date"
    return Native(LINES, series, (), below, "patients on the waiting list", dated=findings.start is not None)


def _sweep(sweep: pd.DataFrame, findings: Findings) -> Native | None:
    path, *others = varied(sweep)[:2]
    mine = sweep[sweep["metric"] == metrics_of(sweep, 1)[0]]
    mine = mine.assign(at=mine[path].map(as_number))
    if mine["at"].isna().any():
        return None
    series = []
    for place, (key, rows) in enumerate(mine.groupby(["scenario", *others], sort=False)):
        name = ", ".join([str(key[0]), *(f"{input_label(o)}: {v}" for o, v in zip(others, key[1:], strict=True))])
        ordered, look = rows.sort_values("at", kind="stable"), mark(place)
        series.append(Series(name, look.colour, ordered["estimate"].tolist(), ordered["at"].tolist(), dash=look.dash))
    return Native(
        LINES, series, (), input_label(path), str(mine["label"].iloc[0]), scale(str(mine["unit"].iloc[0])) == 100.0
    )


def _plan(plan: pd.DataFrame, findings: Findings) -> Native:
    rows = plan[plan["target"] == plan["target"].iloc[0]]
    series = [
        Series(name, look.colour, mine["estimate"].tolist(), mine["cost"].tolist())
        for name, look, mine in plans.kinds_of(rows)
    ]
    percent = str(rows["unit"].iloc[0]) == "share"
    return Native(POINTS, series, (), plans.cost_title(rows), str(rows["label"].iloc[0]), percent)


def _sobol(sobol: pd.DataFrame, findings: Findings) -> Native:
    mine = sobol[sobol["scenario"] == sobol["scenario"].iloc[0]]
    rows = mine[mine["metric"] == metrics_of(mine, 1)[0]].nlargest(MOST_CATEGORIES, "total")
    series = [
        Series(
            name,
            colour,
            rows[index].tolist(),
            (),
            (rows[index] - rows[f"{index}_half_width"]).tolist(),
            (rows[index] + rows[f"{index}_half_width"]).tolist(),
        )
        for name, index, colour in (("alone", "first_order", LOW.colour), ("with interactions", "total", HIGH.colour))
    ]
    return Native(
        CLUSTERED,
        series,
        [input_label(str(path)) for path in rows["path"]],
        "",
        "proportion of the variance of the result",
        True,
    )


def _evpi(evpi: pd.DataFrame, findings: Findings) -> Native:
    line = Series("EVPI per patient", mark(0).colour, evpi["evpi"].tolist(), evpi["willingness_to_pay"].tolist())
    return Native(LINES, [line], (), "willingness to pay per QALY", "EVPI per patient")


NATIVE: Mapping[str, Maker] = {
    "waiting_times": _waits,
    "waiting_ecdf": _ecdf,
    "incidence": _incidence,
    "stages": _stages,
    "outcomes": _outcomes,
    "differences": _differences,
    "same_patients": _same,
    "groups": _groups("progressed_before_infusion_share"),
    "utilisation": _resources("utilisation"),
    "queues": _resources("queue_mean"),
    "waiting_list": _lists,
    "sweep": _sweep,
    "plan": _plan,
    "sobol": _sobol,
    "evpi": _evpi,
}
"""By chart; the others have no form in PowerPoint and become pictures."""
