"""Rates of referral from the days on which patients were referred."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.fits.numbers import Row, kept, of_referrals
from sim.fits.shares import constancy, fit_referrals
from sim.fits.work import Work
from sim.pieces.loads import unit_days
from sim.records.reader import Reading
from sim.records.small import is_small, told
from sim.scenario import Scenario


def fit_rates(reading: Reading, base: Scenario, work: Work) -> None:
    """Add the rate of each region, and tests of whether it is constant."""
    records = reading.records
    paths = [f"regions.{name}.referrals" for name in base.regions]
    if records.included_at != "referral":
        why = f"patients come into the register at {records.included_at}: how many were referred is not in it"
        work.numbers += [kept(path, why) for path in paths]
        return
    day, first = reading.referred.day, float(reading.referred.day.min())
    start = records.since if math.isfinite(records.since) else first + 1.0
    since_when = (
        "" if math.isfinite(records.since) else "from the first referral on, as the register does not say when it began"
    )
    end = records.as_of + 1.0
    if end - start < 30.0:
        work.numbers += [kept(path, "the register spans less than 30 days of referrals") for path in paths]
        return
    inside = day >= start
    tests = constancy(day, start, end)
    dispersion, p_dispersion = tests.get("dispersion", (1.0, 1.0))
    wider = max(1.0, dispersion) if p_dispersion < 0.05 else 1.0
    for name, (statistic, p) in tests.items():
        work.checks.append(Row("regions", "check", "constant rate", name, statistic, p_value=p, n=int(inside.sum()),
                               note=f"whether referrals come at a constant rate: {name}"))  # fmt: skip
        if p < 0.05 and name != "dispersion":
            work.warnings.append(
                f"referrals show a {name} (p {p:.2g}), and the scenario has a constant rate: state rates by date"
            )
    rates = {name: _mean_rate(base, name) for name in base.regions}
    places = _places_of_referral(reading, base)
    p_value = min((p for _, p in tests.values()), default=math.nan)
    if places is None:
        whole = fit_referrals(int(inside.sum()), end - start, wider)
        factor = whole.rate / sum(rates.values()) if sum(rates.values()) else math.nan
        for name, path in zip(base.regions, paths, strict=True):
            if not math.isfinite(factor):
                work.numbers.append(kept(path, "the register does not say where patients come from"))
                continue
            part = rates[name] / sum(rates.values())
            mine = fit_referrals(int(inside.sum()), (end - start) / part if part else math.inf, wider)
            note = "all referrals, parted between the regions as in the base"
            work.numbers.append(
                of_referrals(path, mine, rates[name], p_value, "; ".join(filter(None, (note, since_when))))
            )
        return
    for name, path in zip(base.regions, paths, strict=True):
        count = int((inside & (places == name)).sum())
        mine = fit_referrals(count, end - start, wider)
        work.numbers.append(of_referrals(path, mine, rates[name], p_value, since_when))
    empty = [name for name in base.regions if not (inside & (places == name)).any()]
    if empty:
        work.warnings.append(
            f"nobody in the register was referred from {', '.join(empty)}: next to nobody will be in the simulation; "
            "if others treat them there, state their rates"
        )
    nowhere = int((inside & (places == "")).sum())
    if nowhere:
        by = "as many" if is_small(nowhere) else f"{nowhere / inside.sum():.1%}"
        work.warnings.append(f"{told(nowhere)} referrals say no region: the rates of all regions are too low by {by}")


def _mean_rate(base: Scenario, name: str) -> float:
    rates = base.regions[name].referrals
    return 0.0 if rates is None else unit_days(rates, (0.0, base.run.window_end)) / base.run.window_end


def _places_of_referral(reading: Reading, base: Scenario) -> NDArray[np.object_] | None:
    """The region of each referral; from the centre where each has one region of its own; None where it is not told."""
    referred = reading.referred
    if "region" in reading.records.has:
        return referred.region
    if len(base.regions) == 1:
        return np.full(len(referred.day), next(iter(base.regions)), dtype=object)
    of_centre = {next(iter(region.centre)): name for name, region in base.regions.items() if len(region.centre) == 1}
    if "centre" in reading.records.has and len(of_centre) == len(base.regions):
        return np.array([of_centre.get(str(centre), "") for centre in referred.centre], dtype=object)
    return None
