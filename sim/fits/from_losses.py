"""Clocks from what became of patients before infusion."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from sim.fits import curves
from sim.fits.clocks import Ask, Clocks, fit_clocks, runs
from sim.fits.hazards import AFTER, CAUSES, WAITING, Histories, histories
from sim.fits.numbers import (
    LEAST_TOLD,
    Number,
    covariances,
    kept,
    of_clock,
    of_groups,
    of_multiplier,
    of_share,
    too_large,
)
from sim.fits.shares import fit_share
from sim.fits.work import CurveRow, Work
from sim.pure.arrays import FloatArray
from sim.records.small import is_small
from sim.records.value import CLOCK_OF_END, INCLUDED_AT, Records
from sim.scenario import Scenario

MOST_POINTS = 400
# Multipliers of risk groups are fitted where every group has so many progressions and deaths.
LEAST_OF_GROUP = 10
NO_CLOCK = (
    "patients come into the register at {at}: whoever was lost before is not in it, so no hazard before {at} can be "
    "told"
)

UNKNOWN_RESPONSE = (
    "whom bridging slows is not recorded: it takes the day on which it began (bridging), and where it works in a part "
    "of patients in the base, in whom it did (bridging.responded)"
)


def fit_all_clocks(records: Records, base: Scenario, work: Work) -> None:
    """Add the clocks, multipliers and shares of progressions that end eligibility."""
    clocks, group_names = base.clocks, list(base.patients.risk_groups)
    v = base.patients.frailty.strength
    sets = {WAITING: clocks.waiting, **({AFTER: clocks.after_apheresis} if clocks.after_apheresis is not None else {})}
    shapes = {
        (name, cause): shape
        for name, one in sets.items()
        for cause, shape in (("progression", one.progression_alone(v)), ("death", one.death), ("removal", one.removal))
    }
    shapes = {key: shape for key, shape in shapes.items() if runs(shape)}
    at = INCLUDED_AT.index(records.included_at)
    refused = {WAITING} if at == INCLUDED_AT.index("apheresis") and AFTER in sets else set()
    refused = set(sets) if records.included_at == "infusion" else refused
    recorded = {
        "progression": "progression" in records.has,
        "death": bool({"ends.died", "outcome"} & records.has),
        "removal": "outcome" in records.has
        or any(f"ends.{e}" in records.has for e, c in CLOCK_OF_END.items() if c == "removal"),
    }
    wanted = []
    for name, cause in shapes:
        path = f"clocks.{name}.{cause}"
        if name in refused:
            work.numbers.append(kept(path, NO_CLOCK.format(at=records.included_at)))
        elif not recorded[cause]:
            work.numbers.append(kept(path, f"{cause} before infusion is not recorded"))
        elif name == AFTER and "apheresis" not in records.has:
            work.numbers.append(kept(path, "apheresis is not recorded"))
        else:
            wanted.append((name, cause))
    if not wanted:
        return
    if AFTER in sets and "apheresis" not in records.has:
        work.warnings.append(
            "apheresis is not recorded: the clocks of waiting are fitted to all of the time before infusion"
        )
    groups_known = "risk_group" in records.has and len(group_names) > 1
    eased, response, can_ease = _bridging(records, base)
    h = histories(records, {g: k for k, g in enumerate(group_names)}, AFTER in sets, eased, response)
    lost = np.isfinite(h.progressed) | (h.cause == CAUSES.index("death"))
    counts = np.bincount(h.group, weights=lost, minlength=len(group_names))
    by_group = groups_known and bool((counts >= LEAST_OF_GROUP).all())
    shares = _group_shares(records, base, by_group)
    after = clocks.after_progression
    ask = Ask(
        base=shapes,
        fitted=tuple(wanted),
        shares=shares,
        group_base={name: group.hazard for name, group in base.patients.risk_groups.items()},
        groups_known=groups_known,
        by_group=by_group,
        after=(after.death, after.removal),
        eased=base.bridging.hazard,
        frailty=v,
        can_ease=can_ease,
    )
    found = fit_clocks(h, ask, records.as_of + 1.0 - records.day("referral"))
    for one, clock in found.clocks.items():
        work.numbers.append(of_clock(one, clock, found, shapes[one]))
        if one[1] == "progression" and sets[one[0]].progression_counts_deaths:
            work.numbers.append(Number(f"clocks.{one[0]}.progression_counts_deaths", False, ()))
    known = {"clocks.after_progression.death": after.death, "clocks.after_progression.removal": after.removal,
             "bridging.hazard": base.bridging.hazard}  # fmt: skip
    for path, value in known.items():
        if path in found.multipliers:
            work.numbers.append(of_multiplier(path, found, value))
        elif path != "bridging.hazard" or base.bridging.share > 0.0:
            why = "nobody was seen with it, or nobody without"
            work.numbers.append(kept(path, UNKNOWN_RESPONSE if path == "bridging.hazard" and not can_ease else why))
    sds = {path: float(found.free.sd[found.names.index(path)]) for path in found.multipliers}
    wide = [path for path, sd in sds.items() if too_large(sd) >= LEAST_TOLD]
    if wide:
        work.warnings.append(
            f"{', '.join(wide)}: too few events for a single value (fits.csv says how few); what it does lies anywhere "
            "in its interval"
        )
    if by_group:
        events = sum(c.events for one, c in found.clocks.items() if one[1] != "removal")
        work.numbers += of_groups(found, shares, ask.group_base, events)
    elif len(group_names) > 1:
        few = f"some group has fewer than {LEAST_OF_GROUP} progressions and deaths"
        why = few if groups_known else "the risk group is not recorded"
        work.numbers += [kept(f"patients.risk_groups.{name}.hazard", why) for name in group_names]
    work.covariance += covariances(found.names, found.free.covariance)
    work.curves += _incidence(records, h, found)
    _ends_eligibility(h, base, sets, work, recorded["progression"], refused)


def _group_shares(records: Records, base: Scenario, by_group: bool) -> dict[str, float]:
    names = list(base.patients.risk_groups)
    if not by_group:
        return {name: group.share for name, group in base.patients.risk_groups.items()}
    there = records.categories["risk_group"]
    return {name: float((there == name).sum()) / max(float((there != "").sum()), 1.0) for name in names}


def _bridging(records: Records, base: Scenario) -> tuple[FloatArray, FloatArray, bool]:
    """(day from which bridging eases each patient's clock, the chance that it does, whether the records tell both)."""
    bridging, count = base.bridging, len(records)
    never = np.full(count, np.inf)
    if bridging.share == 0.0 or bridging.response == 0.0:
        return never, np.zeros(count), False
    start = records.day("apheresis") + bridging.start.mean()
    known = "bridging" in records.has
    begun = records.bridging_day if known else start
    chance = np.where(np.isfinite(begun), 1.0 if known else bridging.share, 0.0) * bridging.response
    told = known and "responded" in records.has
    if told:
        chance = np.where(np.isnan(records.responded), chance, np.where(np.isfinite(begun), records.responded, 0.0))
    if bridging.response == 1.0 and known:
        told = True
    return np.where(np.isfinite(begun), begun, np.inf), chance, told


def _ends_eligibility(
    h: Histories, base: Scenario, sets: Mapping[str, object], work: Work, recorded: bool, refused: set[str]
) -> None:
    seen = np.isfinite(h.progressed) & (h.progressed >= h.entry) & (h.progressed <= h.end)
    for name in sets:
        path = f"clocks.{name}.ends_eligibility"
        if not recorded or name in refused:
            continue
        after = h.progressed >= h.switch
        mine = seen & (after if name == AFTER else ~after)
        value = base.clocks.waiting if name == WAITING else base.clocks.after_apheresis
        assert value is not None
        if not mine.any():
            work.numbers.append(kept(path, "nobody progressed"))
            continue
        share = fit_share(int((mine & h.ends).sum()), int(mine.sum()), value.ends_eligibility)
        work.numbers.append(of_share(path, share, value.ends_eligibility, note="of first progressions"))


def _incidence(records: Records, h: Histories, found: Clocks) -> Iterator[CurveRow]:
    """Cumulative incidence of what comes first while waiting: observed, and by the fitted hazards of the clocks.

    What else ends the wait (apheresis, or infusion) is taken as it was seen. Of a cause that so few patients had as the
    first event that their number is not told, there is no curve: its steps would count them.
    """
    stop = np.minimum(np.minimum(h.end, h.progressed), h.switch)
    cause = np.zeros(len(h), dtype=np.int64)
    for number, name in enumerate(CAUSES, start=1):
        day = h.progressed if name == "progression" else np.where(h.cause == number - 1, h.end, np.inf)
        cause[(day <= stop) & (day < h.switch) & (cause == 0)] = number
    other = (cause == 0) & ((h.switch <= stop) | (records.infused & (h.end <= stop)))
    cause[other] = len(CAUSES) + 1
    # who is in view from referral on is at risk of what comes on that very day
    entry = np.where(h.entry > 0.0, np.minimum(h.entry, stop - 0.1), -1.0)
    observed_curves = curves.aalen_johansen(entry, stop, cause, len(CAUSES) + 1)
    fitted_causes = [name for name in CAUSES if (WAITING, name) in found.clocks]
    days = observed_curves[0].day
    if not len(days) or not fitted_causes:
        return
    rises = {}
    before = np.concatenate([[0.0], days[:-1]])
    for name in CAUSES:
        hazard = found.model.hazard.get((WAITING, name))
        rises[name] = np.zeros(len(days)) if hazard is None else hazard(days) - hazard(before)
    risk = np.maximum(observed_curves[0].at_risk, 1.0)
    left = np.bincount(np.searchsorted(days, stop[other]), minlength=len(days))[: len(days)] / risk
    survival = np.concatenate([[1.0], np.cumprod(np.clip(np.exp(-sum(rises.values())) - left, 0.0, 1.0))[:-1]])
    step = max(1, len(days) // MOST_POINTS)
    for number, name in enumerate(CAUSES):
        if is_small(int((cause == number + 1).sum())):
            continue
        curve = observed_curves[number]
        fitted = np.minimum(np.cumsum(survival * -np.expm1(-rises[name])), 1.0)
        for k in range(0, len(days), step):
            value = float(fitted[k]) if name in fitted_causes else math.nan
            band = float(min(curve.low[k], curve.share[k])), float(curve.high[k])
            yield CurveRow(
                f"clocks.waiting.{name}",
                "cumulative incidence",
                float(days[k]),
                float(curve.share[k]),
                *band,
                int(curve.at_risk[k]),
                value,
            )
