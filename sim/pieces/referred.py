"""Who is referred when: by chance, from a list of dates, or already waiting on the first day."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from sim.pieces.lived import rows_of
from sim.pieces.luck import IN_PROGRESS, POISSON, WAITING, Block, Luck, stream_name
from sim.pure.arrays import FloatArray
from sim.pure.survival import HazardTable
from sim.scenario import Scenario


def referral_days(rates: tuple[tuple[float, float], ...], unit_arrivals: FloatArray) -> FloatArray:
    """Days of a Poisson process with piecewise-constant rates (day, per day) from its unit-rate arrivals.

    Infinite for arrivals that the rates never reach.
    """
    return np.asarray(_rate_table(rates).age(unit_arrivals) + rates[0][0])


@lru_cache(maxsize=64)
def _rate_table(rates: tuple[tuple[float, float], ...]) -> HazardTable:
    """Referrals expected by each day since the first."""
    days = np.array([day for day, _ in rates])
    per_day = np.array([rate for _, rate in rates])
    total = np.concatenate([[0.0], np.cumsum(per_day[:-1] * np.diff(days))])
    return HazardTable(days - days[0], total, per_day)


def _poisson(scenario: Scenario, luck: Luck, region: str, until: float) -> list[FloatArray]:
    """Referral days before `until`, by replication."""
    rates = scenario.regions[region].referrals
    if rates is None:
        return [np.empty(0) for _ in luck.replications]
    ends = [day for day, _ in rates[1:]] + [until]
    expected = sum(rate * max(0.0, min(end, until) - day) for (day, rate), end in zip(rates, ends, strict=True))
    count = int(expected + 8.0 * math.sqrt(expected) + 16.0)
    while True:
        drawn = luck.sequence(stream_name(region, POISSON), "referral", count)
        days = referral_days(rates, np.cumsum(-np.log1p(-drawn), axis=1))
        if (days[:, -1] >= until).all():
            return [row[: np.searchsorted(row, until)] for row in days]
        count *= 2


def _already_waiting(scenario: Scenario, luck: Luck, region: str) -> list[FloatArray]:
    """Referral days, none above 0, of the patients on the initial waiting list, in order, by replication."""
    waiting = scenario.regions[region].already_waiting
    if waiting is None:
        return [np.empty(0) for _ in luck.replications]
    if waiting.since is not None:
        return [-np.array(waiting.since, dtype=float) for _ in luck.replications]
    chances = luck.sequence(stream_name(region, WAITING), "waited", waiting.count or 0)
    return list(-waiting.waited.quantile(chances))


def referred(scenario: Scenario, luck: Luck, until: float, courses: int) -> tuple[list[Block], list[FloatArray]]:
    """The blocks of all replications, each in order of course, region and source, and the referral days of each."""
    found = []
    for name, region in scenario.regions.items():
        listed = [np.array(region.referral_days or (), dtype=float) for _ in luck.replications]
        by_source = (_poisson(scenario, luck, name, until), listed, _already_waiting(scenario, luck, name))
        found += [(name, source, by_replication) for source, by_replication in enumerate(by_source)]
        if rows := rows_of(scenario, name):
            before = -np.array([one.referral_days for one in rows])
            found.append((name, IN_PROGRESS, [before for _ in luck.replications]))
    blocks: list[Block] = []
    days: list[FloatArray] = []
    first = 0
    for place in range(len(luck.replications)):
        for course in range(1, courses + 1):
            for name, source, by_replication in found:
                mine = by_replication[place]
                if len(mine):
                    blocks.append(Block(name, source, first, len(mine), course, place))
                    days.append(mine if course == 1 else np.full(len(mine), np.inf))
                    first += len(mine)
    return blocks, days
