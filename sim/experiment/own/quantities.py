"""What can be observed in a register and simulated alike: one set of functions measures both, by the same dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from sim.fits.curves import Curve, aalen_johansen
from sim.pure.arrays import FloatArray
from sim.records.value import CLOCK_OF_END, ENDS, Records, date_of, day_number
from sim.tables.words import EVENTS, counted

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
EVERY, LAST_DAY = 30, 360
# (name, label, first milestone, last one) of the waits: a wait that is off is off before apheresis or after it.
WAITS = (
    ("waiting_days", "Waiting days, referral to infusion", "referral", "infusion"),
    ("days_to_apheresis", "Days from referral to apheresis", "referral", "apheresis"),
    ("vein_to_vein_days", "Vein-to-vein days, apheresis to infusion", "apheresis", "infusion"),
)
# The outcomes that each quantity of a cumulative incidence counts.
OUTCOMES_OF = {f"incidence_{name}": outcomes for name, (_, outcomes) in EVENTS.items()}


@dataclass(frozen=True)
class Scored:
    """The days that are looked at: from the first to the last one, as day numbers, both included."""

    first: float
    last: float

    @property
    def months(self) -> list[tuple[str, float, float]]:
        """(name, first day, last day) of each month, the first and last one cut to these days."""
        found, day = [], date_of(self.first)
        while day_number(day) <= self.last:
            after = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            last = min(float(day_number(after - timedelta(days=1))), self.last)
            found.append((f"{day:%Y-%m}", float(day_number(day)), last))
            day = after
        return found


@dataclass(frozen=True, eq=False)
class Quantity:
    """One thing that was observed, at each of its points; NaN where there is nothing to take it from.

    `patients`: of the register, how many a value is made of; None where they need not be known, as of simulated ones.
    """

    name: str
    label: str
    unit: str
    points: tuple[str, ...]
    values: FloatArray
    patients: FloatArray | None = None


def measured(records: Records, scored: Scored) -> list[Quantity]:
    """Every quantity that such records can tell, in a steady order; of patients after infusion nothing."""
    found = [_days(*pair, records, scored) for pair in WAITS if records.has >= {pair[2], pair[3]} - {"referral"}]
    if records.included_at != "infusion":
        found += _incidence(records, scored)
    for name, milestone in (("referrals", "referral"), ("aphereses", "apheresis"), ("infusions", "infusion")):
        if milestone in records.has:
            found.append(_by_month(name, f"{name.capitalize()} by month", records.day(milestone), scored))
    if records.included_at != "infusion":
        found.append(_waiting_list(records, scored))
    return found


def seen_alike(records: Records, register: Records) -> Records:
    """Simulated patients without what the register does not record: its milestones, and how paths ended."""
    has = register.has
    # what one clock brings about is one thing, by whatever names: withdrawal is told where any reason of it is
    clocks = {CLOCK_OF_END[end] for end in CLOCK_OF_END if f"ends.{end}" in has}
    ends = {end for end in ENDS if "outcome" in has or f"ends.{end}" in has or CLOCK_OF_END.get(end) in clocks}
    told = np.isin(records.outcome.astype(str), list(ends))
    return replace(
        records,
        milestones={name: day for name, day in records.milestones.items() if name in has},
        end_day=np.where(told, records.end_day, np.nan),
        outcome=np.where(told, records.outcome, "").astype(object),
        has=has,
    )


def _days(name: str, label: str, first: str, last: str, records: Records, scored: Scored) -> Quantity:
    """The quantiles of the days from one milestone to another, of those who came to the later one in these days."""
    ended = records.day(last)
    inside = (ended >= scored.first) & (ended <= scored.last)
    took = (ended - records.day(first))[inside]
    took = took[np.isfinite(took)]
    values = np.quantile(took, SHARES) if len(took) else np.full(len(SHARES), np.nan)
    points = tuple(f"{100 * share:.0f}% of patients" for share in SHARES)
    return Quantity(name, label, "days", points, np.asarray(values), np.full(len(SHARES), float(len(took))))


def left_on(records: Records) -> FloatArray:
    """The day on which each is no longer known to wait, infinite while they do."""
    open_end = np.where(records.followed >= records.as_of, np.inf, records.followed)
    ended = np.where(np.isnan(records.end_day), open_end, records.end_day)
    return np.where(records.infused, records.day("infusion"), ended)


def _incidence(records: Records, scored: Scored) -> Iterator[Quantity]:
    """Aalen-Johansen by event, of those in view in the days that are scored; nothing that came before counts."""
    origin, left = records.day(records.included_at), left_on(records)
    entry = np.maximum(records.entered, scored.first) - origin
    end = np.minimum(left, scored.last) - origin
    names = list(EVENTS)
    by_outcome = {outcome: k for k, (_, outcomes) in enumerate(EVENTS.values(), start=1) for outcome in outcomes}
    kinds = np.array([by_outcome.get(o, 0) for o in np.where(records.infused, "infused", records.outcome)], np.int64)
    cause = np.where(left <= scored.last, kinds, 0)
    there = (end >= entry) & np.isfinite(origin)
    # who comes into view on a day is at risk on that day
    curves = aalen_johansen(entry[there] - 0.5, end[there], cause[there], len(names))
    days = np.arange(EVERY, min(LAST_DAY, int(scored.last - scored.first)) + 1, EVERY, dtype=np.float64)
    points = tuple(counted(f"{day:.0f}", "day") for day in days)
    since = records.included_at
    for number, (name, curve) in enumerate(zip(names, curves, strict=True), start=1):
        label = f"{EVENTS[name][0]}: cumulative incidence by days since {since}"
        came = np.sort(end[there][cause[there] == number])
        by_day = np.searchsorted(came, days, side="right").astype(np.float64)
        yield Quantity(f"incidence_{name}", label, "share", points, _at(curve, days), by_day)


def _at(curve: Curve, days: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], curve.share])[np.searchsorted(curve.day, days, side="right")]


def _by_month(name: str, label: str, days: FloatArray, scored: Scored) -> Quantity:
    months = scored.months
    counts = [float(((days >= first) & (days <= last)).sum()) for _, first, last in months]
    return Quantity(name, label, "patients", tuple(month for month, _, _ in months), np.array(counts), np.array(counts))


def _waiting_list(records: Records, scored: Scored) -> Quantity:
    listed, left = records.day(records.included_at), left_on(records)
    months = scored.months
    waiting = [float(((listed <= last) & (left > last)).sum()) for _, _, last in months]
    label = "Patients awaiting infusion, last day of the month"
    names = tuple(month for month, _, _ in months)
    return Quantity("waiting_list", label, "patients", names, np.array(waiting), np.array(waiting))
