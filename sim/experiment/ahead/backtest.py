"""The forecast held against what came: made anew from earlier days, with nothing but what was known then.

Two naive forecasts are scored beside it: that the list goes on as in the last quarter, and that it stays as it is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from sim.experiment.ahead.months import Months, months_after
from sim.experiment.ahead.placing import Placed, placed
from sim.experiment.ahead.simulate import Wanted, courses_of
from sim.experiment.options import FINISH_TODAY
from sim.experiment.own.observe import fitted_until, known_then
from sim.experiment.own.quantities import left_on
from sim.experiment.own.scores import ENVELOPES, Score, score
from sim.outcomes.ahead import APHERESES, INFUSIONS, LIST, QUANTITIES, WAIT, WAIT_LABEL
from sim.pure.arrays import FloatArray
from sim.records.faults import RecordsError
from sim.records.reader import Reading
from sim.records.small import told
from sim.records.value import Records, date_of
from sim.scenario import Loaded, write_resolved
from sim.tables.words import counted

QUARTER, QUARTER_MONTHS = 91.0, 3.0
# So many days of a register are needed before the first day from which it is forecast.
LEAST_KNOWN = 182.0
SIMULATION, LAST_RATE, HELD_FLAT = "simulation", "last_rate", "held_flat"
SCORED = (LIST, APHERESES, INFUSIONS)
NO_ENVELOPE = dict.fromkeys(("inside_50", "inside_90", "held_50", "held_90"), np.nan)


@dataclass(frozen=True)
class Asked:
    """How to forecast from earlier days. `months`: how far ahead."""

    origins: int
    months: int
    samples: int
    replications: int
    engine: str
    workers: int | None
    overdue: str = FINISH_TODAY


@dataclass(frozen=True)
class Scored:
    """One forecast scored: a row for each quantity, month and method; and how many were late in a stage."""

    rows: tuple[dict[str, object], ...]
    late: int


def origins(records: Records, first: float, count: int, months: int) -> list[float]:
    """So many days, as day numbers, from which a register is forecast, equally far apart. Raises RecordsError.

    `first`: the first day of its time. The last of them lies so many months before its end.
    """
    back = date_of(records.as_of)
    last = records.as_of
    while months_after(last, months).days[-1] > records.as_of + 1.0:
        last -= 1.0
    begin = first + LEAST_KNOWN
    if last <= begin + count - 1:
        raise RecordsError(
            f"from {date_of(first)} to {back} (as_of) there is too little time: {LEAST_KNOWN:.0f} days must be known "
            f"before the first forecast, and {counted(months, 'month')} lie after the last"
        )
    return [float(np.floor(day)) for day in np.linspace(begin, last, count)]


def back_test(
    base: Loaded, file: str, reading: Reading, first: float, asked: Asked, done: Callable[[int], None]
) -> list[Scored]:
    """The forecast from each earlier day, scored; the base is fitted to what was known on each."""
    with tempfile.TemporaryDirectory(prefix="vein2vein-back-test-") as place:
        # in full, so that what was set on top of its file holds there, too
        path = Path(place) / "base.yaml"
        path.write_text(write_resolved(base), encoding="utf-8")
        return [
            scored_from(base, path, file, reading, day, asked, done)
            for day in origins(reading.records, first, asked.origins, asked.months)
        ]


def scored_from(
    base: Loaded, path: Path, file: str, reading: Reading, day: float, asked: Asked, done: Callable[[int], None]
) -> Scored:
    """The forecast from the end of one day, scored against what came."""
    then = known_then(reading, date_of(day))
    loaded, _ = fitted_until(base, path, file, reading, date_of(day))
    # each day has luck of its own, so that what few simulated futures are off by evens out over the days
    loaded = loaded.with_overrides([f"run.seed={loaded.scenario.run.seed + int(day)}"])
    months = months_after(day, asked.months)
    found: Placed = placed(loaded, then, months, asked.overdue)
    wanted = Wanted(months, reading.records.included_at)
    courses = courses_of(found.moved, wanted, asked.samples, asked.replications, asked.engine, asked.workers, done)
    names = [LIST, *[name for name in SCORED[1:] if milestone_of(name) in reading.records.has]]
    rows: list[dict[str, object]] = []
    for place, name in enumerate(QUANTITIES):
        if name not in names:
            continue
        came = observed(reading.records, name, months)
        rows += _simulated(name, came, courses.by_month[:, place, 0, :])
        for method, said in naive(then.records, name, asked.months).items():
            rows += [
                {"quantity": name, "month": m + 1, "method": method, "crps": abs(float(said[m] - came[m])),
                 **NO_ENVELOPE}
                for m in range(asked.months)
            ]  # fmt: skip
    if INFUSIONS in names:
        rows += _waits(reading.records, then.records, months, courses.waits)
    return Scored(tuple(rows), found.late)


def _waits(records: Records, then: Records, months: Months, drawn: FloatArray) -> Iterator[dict[str, object]]:
    """Rows of the mean wait of those infused in each month, of months in which somebody was."""
    came = waits_of(records, months)
    there = np.isfinite(came) & (np.isfinite(drawn).mean(axis=0) > 0.5)
    its, which = score(came[there], drawn[:, there]) if there.any() else None, np.flatnonzero(there)
    for place, m in enumerate(which.tolist()):
        assert its is not None
        yield {"quantity": WAIT, "month": m + 1, "method": SIMULATION, "crps": float(its.crps[place]),
               **_envelopes(its, place)}  # fmt: skip
        for method, said in naive_waits(then).items():
            if np.isfinite(said):
                yield {"quantity": WAIT, "month": m + 1, "method": method, "crps": abs(said - float(came[m])),
                       **NO_ENVELOPE}  # fmt: skip


def waits_of(records: Records, months: Months) -> FloatArray:
    """The mean days to infusion of those infused in each month, NaN of nobody."""
    infusion, wait = records.day("infusion"), records.day("infusion") - records.day(records.included_at)
    pairs = pairwise(months.days)
    mine = [wait[np.isfinite(wait) & (infusion >= low) & (infusion < high)] for low, high in pairs]
    return np.array([one.mean() if len(one) else np.nan for one in mine])


def naive_waits(then: Records) -> dict[str, float]:
    """What is said of the wait by who does not simulate: that of those infused in the last quarter; and the list by
    the exits of that quarter, for whatever reason (Little's law). NaN where there were none."""
    now, infusion = then.as_of, then.day("infusion")
    wait = (infusion - then.day(then.included_at))[(infusion > now - QUARTER) & (infusion <= now)]
    wait, left = wait[np.isfinite(wait)], left_on(then)
    exits = int(((left > now - QUARTER) & (left <= now)).sum())
    return {
        LAST_RATE: float(wait.mean()) if len(wait) else np.nan,
        HELD_FLAT: on_the_way(then, now) / exits * QUARTER if exits else np.nan,
    }


def milestone_of(quantity: str) -> str:
    """The milestone that a quantity counts."""
    return {APHERESES: "apheresis", INFUSIONS: "infusion"}[quantity]


def _simulated(name: str, came: FloatArray, drawn: FloatArray) -> Iterator[dict[str, object]]:
    its = score(came, drawn)
    for m in range(len(came)):
        yield {"quantity": name, "month": m + 1, "method": SIMULATION, "crps": float(its.crps[m]), **_envelopes(its, m)}


def _envelopes(its: Score, place: int) -> dict[str, float]:
    """Of each envelope at a point whether it holds what came, and how much of the simulated futures it holds."""
    inside = {f"inside_{envelope}": float(its.inside[envelope][place]) for envelope in ENVELOPES}
    return inside | {f"held_{envelope}": float(its.held[envelope][place]) for envelope in ENVELOPES}


def observed(records: Records, name: str, months: Months) -> FloatArray:
    """What the register holds of these months."""
    if name == LIST:
        return np.array([on_the_way(records, day - 1.0) for day in months.days[1:]], dtype=np.float64)
    day = records.day(milestone_of(name))
    pairs = zip(months.days, months.days[1:], strict=False)
    return np.array([((day >= low) & (day < high)).sum() for low, high in pairs], dtype=np.float64)


def on_the_way(records: Records, day: float) -> int:
    """How many are on the way to infusion at the end of a day."""
    return int(((records.day(records.included_at) <= day) & (left_on(records) > day)).sum())


def naive(then: Records, name: str, months: int) -> dict[str, FloatArray]:
    """What is said by who does not simulate, of each month ahead, by method.

    `last_rate`: the list goes on by the last quarter's net rate, not below 0, and counts of a month are those of that
    quarter. `held_flat`: the list stays as it is, so that the wait is its length by the last quarter's exits (Little).
    """
    ahead = np.arange(1, months + 1, dtype=np.float64)
    now = then.as_of
    if name == LIST:
        today, before = on_the_way(then, now), on_the_way(then, now - QUARTER)
        rate = (today - before) / QUARTER_MONTHS
        return {LAST_RATE: np.maximum(0.0, today + ahead * rate), HELD_FLAT: np.full(months, float(today))}
    day = then.day(milestone_of(name))
    return {LAST_RATE: np.full(months, float(((day > now - QUARTER) & (day <= now)).sum()) / QUARTER_MONTHS)}


def scores_table(scored: Sequence[Scored]) -> pd.DataFrame:
    """`forecast_scores.csv`: means over earlier days, by month ahead, and over all months."""
    whole = pd.DataFrame([row for one in scored for row in one.rows])
    frames = []
    for quantity in dict.fromkeys(whole["quantity"]):
        for method in dict.fromkeys(whole.loc[whole["quantity"] == quantity, "method"]):
            mine = whole[(whole["quantity"] == quantity) & (whole["method"] == method)]
            for month in [None, *sorted(mine["month"].unique())]:
                its = mine if month is None else mine[mine["month"] == month]
                frames.append(
                    {
                        "quantity": quantity,
                        "label": WAIT_LABEL if quantity == WAIT else QUANTITIES[quantity],
                        "unit": "days" if quantity == WAIT else "patients",
                        "month": month,
                        "method": method,
                        "points": len(its),
                        **{name: float(its[name].mean()) for name in ("crps", *NO_ENVELOPE)},
                    }
                )
    return pd.DataFrame(frames).astype({"month": "Int64"})


def said_of(scores: pd.DataFrame, scored: Sequence[Scored]) -> list[str]:
    """Whether the forecast was any better than the naive ones, and how often its envelopes held what came."""
    whole = scores[scores["month"].isna()]
    found = []
    for quantity in dict.fromkeys(whole["quantity"]):
        mine = whole[whole["quantity"] == quantity].set_index("method")
        its = float(mine.loc[SIMULATION, "crps"])
        label = str(mine["label"].iloc[0])
        words = _OF_WAIT if quantity == WAIT else _WORDS
        others = {words[name]: float(mine.loc[name, "crps"]) for name in mine.index if name != SIMULATION}
        better = [f"{word} ({crps:.2f})" for word, crps in others.items() if its < crps]
        worse = [f"{word} ({crps:.2f})" for word, crps in others.items() if its >= crps]
        parts = [f"better than {' and '.join(better)}" if better else "",
                 f"no better than {' and '.join(worse)}" if worse else ""]  # fmt: skip
        inside = f"{100 * mine.loc[SIMULATION, 'inside_90']:.0f}% of what happened lay in the 90% band"
        held = float(mine.loc[SIMULATION, "held_90"])
        if held >= WHOLE:
            inside += f", which covers {100 * held:.0f}% of the simulated futures"
            inside += "" if quantity == WAIT else ", as counts are whole numbers"
        found.append(f"{label}: error {its:.2f} on average (CRPS), {', '.join(filter(None, parts))}; {inside}.")
    late = sum(one.late for one in scored)
    ended = f" On these days {told(late)} were late in a stage, and dealt with as asked for." if late else ""
    return [
        f"Past forecasts from {counted(len(scored), 'day')}, with what was known then, compared with what happened."
        f"{ended}",
        *found,
    ]


# An envelope of nine in ten that holds so much of the simulated futures is wider than it is called.
WHOLE = 0.93
_WORDS = {LAST_RATE: "going on as in the last quarter", HELD_FLAT: "the list held flat"}
_OF_WAIT = {LAST_RATE: "the wait of the last quarter", HELD_FLAT: "the list by the last quarter's exits"}
