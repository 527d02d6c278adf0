"""Shares from counts of patients and attempts, and the supply of slots from a list that was never empty."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.fits.numbers import Number, Row, in_unit, kept, of_share
from sim.fits.shares import fit_share, slot_supply
from sim.fits.work import Work
from sim.pure.arrays import BoolArray
from sim.records.value import CLOCK_OF_END, Records
from sim.scenario import Scenario
from sim.scenario.units import DAYS_PER_UNIT

LEAST_PERIODS, ALIKE = 8, 0.9
PERIODS = {"day": 1.0, "week": 7.0, "month": DAYS_PER_UNIT["month"]}


def fit_all_shares(records: Records, base: Scenario, work: Work) -> None:
    """Add shares of risk groups, reasons of withdrawal, bridging, and of attempts that fail."""
    groups = base.patients.risk_groups
    if len(groups) > 1:
        there = records.categories["risk_group"]
        known = int((there != "").sum())
        if "risk_group" in records.has and records.included_at == "referral" and known:
            shares = [fit_share(int((there == name).sum()), known, group.share) for name, group in groups.items()]
            written = _summing_to_one([share.pooled for share in shares])
            note = "proportions sum to 1, so none has an uncertainty of its own"
            for name, share, value in zip(groups, shares, written, strict=True):
                path = f"patients.risk_groups.{name}.share"
                work.numbers.append(of_share(path, share, groups[name].share, value, note, sure=True))
        else:
            why = (
                "not recorded"
                if "risk_group" not in records.has
                else f"only of those who came to {records.included_at}"
            )
            work.numbers += [kept(f"patients.risk_groups.{name}.share", why) for name in groups]
    _withdrawals(records, base, work)
    _bridging_shares(records, base, work)
    _attempts(records, base, work)


def _summing_to_one(shares: Sequence[float]) -> list[float]:
    found = [round(share, 6) for share in shares]
    found[-1] = round(1.0 - sum(found[:-1]), 6)
    return found


def _withdrawals(records: Records, base: Scenario, work: Work) -> None:
    """The share of each reason."""
    shares = base.clocks.withdrawal.shares
    if not any(shares.values()) or records.included_at == "infusion":
        return
    by_clock = [str(o) for o in records.outcome if CLOCK_OF_END.get(str(o)) == "removal"]
    counts = {name: by_clock.count(name) for name in shares}
    for name, value in shares.items():
        path = f"clocks.withdrawal.{name}"
        if not any(counts.values()):
            work.numbers.append(kept(path, "no reason of withdrawal is recorded"))
            continue
        share = fit_share(counts[name], len(by_clock), value)
        # rounded down, so that the shares sum to 1 at most
        note = "proportions sum to 1 at most, so none has an uncertainty of its own"
        work.numbers.append(of_share(path, share, value, math.floor(1e5 * share.pooled) / 1e5, note, sure=True))


def _bridging_shares(records: Records, base: Scenario, work: Work) -> None:
    if base.bridging.share == 0.0:
        return
    if "bridging" not in records.has or records.included_at == "infusion":
        why = (
            "not recorded"
            if "bridging" not in records.has
            else "those who came to infusion are not all who were bridged"
        )
        work.numbers.append(kept("bridging.share", why))
    else:
        # who is still there so long after apheresis that bridging would have begun
        latest = base.bridging.start.at(0.99) + 1.0
        asked = records.last_day >= records.day("apheresis") + latest
        begun = asked & (records.bridging_day <= records.day("apheresis") + latest)
        share = fit_share(int(begun.sum()), int(asked.sum()), base.bridging.share)
        work.numbers.append(
            of_share("bridging.share", share, base.bridging.share, note=f"begun {latest:.0f} d after apheresis")
        )
    known = np.isfinite(records.responded) & np.isfinite(records.bridging_day)
    if known.sum() and base.bridging.response < 1.0:
        share = fit_share(int(records.responded[known].sum()), int(known.sum()), base.bridging.response)
        work.numbers.append(of_share("bridging.response", share, base.bridging.response))


# Attempts that fail: (name, where its share stands, milestones by which it has gone well, what gives it up).
FAILING = (
    ("collection", "apheresis.shortfall", ("collected", "received_at_factory"), "collection_failed"),
    ("manufacture", "manufacturing.failure", ("manufactured", "product_received"), "product_failed"),
)


def _attempts(records: Records, base: Scenario, work: Work) -> None:
    """What fails of collections and manufactures, less what else fails an attempt in the base.

    An attempt has gone well by the milestone of the very moment at which it would have failed, where that is recorded:
    by a later one, those who left in between would be missing among the good ones alone. Who left before the next
    collection had failed at the last one, if it was over.
    """
    made, tested, loss = base.manufacturing, base.release_testing, base.shipping.loss
    rest = (1.0 - tested.failure) * (1.0 - tested.out_of_specification * (1.0 - tested.accepted)) * (1.0 - loss)
    values = {"collection": (base.apheresis.shortfall, 1.0 - loss), "manufacture": (made.failure, rest)}
    for name, path, milestones, failed in FAILING:
        value, others = values[name]
        if value == 0.0 or base.strategy == "allogeneic":
            continue
        if f"attempts.{name}" not in records.has or records.included_at == "infusion":
            why = f"attempts.{name} is not recorded"
            if records.included_at == "infusion":
                why = "who was lost before infusion is not in it, and what failed for them"
            work.numbers.append(kept(path, why))
            continue
        tried, gave_up = records.attempts[name], records.outcome == failed
        passed = records.infused
        for milestone in milestones:
            passed = passed | np.isfinite(records.day(milestone))
        there = tried >= 1.0
        failed_last = gave_up if name != "collection" else gave_up | (~passed & _is_over(records, base))
        fails = int(np.where(failed_last, tried, tried - 1.0)[there].sum())
        trials = int(np.where(passed | failed_last, tried, tried - 1.0)[there].sum())
        if not trials:
            work.numbers.append(kept(path, f"no attempt at {name} has come to its end"))
            continue
        share = fit_share(fails, trials, 1.0 - (1.0 - value) * others)
        note = f"{share.estimate:.3g} of all attempts failed; what else fails them is as in the base"
        work.numbers.append(of_share(path, share, value, note=note, others=others))


def _is_over(records: Records, base: Scenario) -> BoolArray:
    """Whose last collection was over when they were last seen, whatever came of it; nobody, where no end is recorded.

    Later collections come after the base's time to repeat one; each takes as long as nearly every first one did.
    """
    start, tried = records.day("apheresis"), records.attempts["collection"]
    took = (records.day("collected") - start)[(tried == 1.0) & np.isfinite(records.day("collected") - start)]
    if not len(took):
        return np.zeros(len(records), dtype=bool)
    latest = tried * float(np.quantile(took, 0.99)) + (tried - 1.0) * base.apheresis.repeat_after.mean()
    return np.asarray(records.last_day - start > latest)


def fit_supply(records: Records, base: Scenario, work: Work) -> None:
    """Add the slots at each offer, where somebody always waited."""
    slots = base.manufacturing.slots
    path = "manufacturing.slots.count"
    if slots is None or base.strategy == "allogeneic" or slots.count is None:
        return
    if len(slots.count) > 1:
        work.numbers.append(kept(path, "changes by date in the base"))
        return
    if not {"listing", "slot"} <= records.has or slots.scope != "pool" or slots.claimed != "before_apheresis":
        work.numbers.append(kept(path, "needs listing and slot of one pool; else see what the waits say of it"))
        return
    if records.included_at not in ("referral", "listing"):
        work.numbers.append(kept(path, f"who waited and was lost is not in it (included at {records.included_at})"))
        return
    if np.isnan(records.day("listing")).all():
        work.numbers.append(kept(path, "nobody was listed"))
        return
    gone = np.where(np.isnan(records.day("slot")), records.end_day, np.nan)
    start = max(float(np.nanmin(records.day("listing"))), records.since) + 30.0
    # Mondays, or the first of a month, as they come
    first = start + (7.0 - (start + 3.0) % 7.0) % 7.0
    found = slot_supply(
        records.day("listing"), records.day("slot"), gone, first, records.as_of, PERIODS[slots.every], first
    )
    if found is None or found.periods < LEAST_PERIODS:
        there = 0 if found is None else found.periods
        work.numbers.append(kept(path, f"somebody waited throughout in {there} periods, fewer than {LEAST_PERIODS}"))
        return
    said = f"{found.alike} of {found.periods} periods in which somebody always waited; mean {found.mean:.3g}"
    if found.alike < ALIKE * found.periods:
        work.numbers.append(kept(path, f"no steady count: {said}", n=found.periods, events=found.alike))
        return
    count = float(found.count)
    number = Row(
        path,
        "fitted",
        "count",
        "",
        count,
        count,
        count,
        "",
        slots.count[0][1],
        found.periods,
        found.alike,
        weight_of_base=0.0,
        note=said,
    )
    work.numbers.append(Number(path, in_unit(found.count, ""), (number,), {}, said))
