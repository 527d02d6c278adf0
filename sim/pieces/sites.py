"""Capacities of centres: one each, or what several centres share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sim.pieces.brief import one_each
from sim.pieces.calendars import shut_downs, units_by_day, units_out
from sim.pieces.protocol import Capacity, CapacitySteps
from sim.scenario import Scenario
from sim.scenario.shared import SHARED_KEYS


def at_centres(s: Scenario, name: str, label: str, units: Callable[[str], CapacitySteps]) -> Capacity:
    """A capacity of each centre, by its name, less its shut-downs."""
    there = [units_by_day(units(centre), shut_downs(s, name, centre)) for centre in s.centres]
    out = [units_out(units(centre), shut_downs(s, name, centre)) for centre in s.centres]
    return replace(one_each(name, label, there), out=tuple(out) if any(out) else ())


def at_sites(s: Scenario, name: str, label: str) -> Capacity:
    """A capacity that centres may share, less its shut-downs."""
    key = SHARED_KEYS[name]
    sites = tuple(s.site(centre, key) for centre in s.centres)
    there = [units_by_day(s.units(site, key), shut_downs(s, name, site)) for site in dict.fromkeys(sites)]
    return replace(one_each(name, label, there), sites=() if sites == tuple(s.centres) else sites)
