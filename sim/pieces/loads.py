"""What a path asks of its resources before anything is run: touch time, and the offered load of each resource.

Patients whom the clocks take off the path are not allowed for, so that a load is an upper bound. What runs on after a
cut or in a shut-down needs no unit that is not there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sim.pieces.breakdowns import availability
from sim.pieces.expectations import AT_ONCE, Expectation, expect
from sim.pieces.listed import Listed
from sim.pieces.protocol import (
    AnyOf,
    Bookings,
    Cadence,
    Capacity,
    CapacitySteps,
    Protocol,
    Resource,
    Stock,
    place_for,
    place_names,
)
from sim.pieces.returning import PRODUCTS, outlives
from sim.pure.distributions import Distribution
from sim.scenario import Scenario
from sim.scenario.makers import as_made_by
from sim.scenario.people import Region
from sim.scenario.units import DAYS_PER_UNIT

# A capacity that is lower for less than this is closed for a night or a weekend, not cut.
LASTING_DAYS = 7.0


def flag_shares(scenario: Scenario) -> dict[str, float]:
    """The share of referred patients who carry each flag that a path may ask for."""
    per_day = {name: _per_day(region, (0.0, scenario.run.days)) for name, region in scenario.regions.items()}
    everyone = sum(per_day.values())
    found = {f"risk_group/{name}": group.share for name, group in scenario.patients.risk_groups.items()}
    # who dies before a relapse is not told apart: so many as would return if all lived until then
    found |= {outlives(product): 1.0 for product in PRODUCTS}
    found["declines"] = 0.0
    for name, region in scenario.regions.items():
        weight = per_day[name] / everyone if everyone > 0.0 else 0.0
        found[f"region/{name}"] = weight
        found["declines"] += weight * region.declines
        for centre, share in region.centre.items():
            found[f"centre/{centre}"] = found.get(f"centre/{centre}", 0.0) + weight * share
    return found


@dataclass(frozen=True)
class Load:
    """The offered load of one resource at one centre, or at what several share (empty: all): what is asked for by what
    there is."""

    resource: str
    label: str
    centre: str
    load: float


def offered_loads(scenario: Scenario, protocol: Protocol) -> list[Load]:
    """One load for each resource and centre that has a limit, over the measuring window."""
    start = scenario.run.warm_up
    window = (start, start + scenario.run.window)
    arriving = _arriving(scenario, protocol, window)
    (need, listed), lot_need = _need(scenario, protocol, window, arriving), expect(protocol.lot_path)
    loads = []
    for resource in protocol.resources:
        if isinstance(resource, Stock | Bookings | AnyOf):
            continue
        kept = need.held if isinstance(resource, Capacity) else need.requests
        for place, centre in enumerate(place_names(resource, protocol.centres)):
            asked = arriving[centre] * _asked(resource, need) + listed.asked(resource, centre, arriving, kept)
            by_lots = _asked(resource, lot_need)
            if by_lots > 0.0:  # there may be infinitely many lots, of something that they never ask for
                asked += by_lots * _lots_per_day(protocol, arriving[""], need, lot_need)
            hold = _hold(resource, need, lot_need)
            there = _offered(resource, place, window, hold) * _left_by_chance(scenario, resource, place, centre, hold)
            if math.isfinite(there) and (asked > 0.0 or there > 0.0):
                load = asked / there if there > 0.0 else math.inf
                loads.append(Load(resource.name, resource.label, centre, load))
    return loads


@dataclass(frozen=True)
class Room:
    """What one resource at one centre (empty: all) could carry: patients referred a month as they are, and at most.

    `of`: the capacity that decides, which is another one for bookings; `why`: what the load counts, where that needs
    to be said.
    """

    resource: str
    label: str
    centre: str
    load: float
    referred: float
    of: str
    why: str = ""

    @property
    def at_most(self) -> float:
        """Referrals a month that would use all of it; infinite for what nobody asks for."""
        return self.referred / self.load if self.load > 0.0 else math.inf


def rooms(scenario: Scenario, protocol: Protocol) -> list[Room]:
    """What each limited resource could carry over the measuring window, the one with the highest load first.

    Besides the offered loads: bookings, with the time for which a unit stands empty because the next patient comes
    only `ahead` after it was booked for them; and doses of lots that are started by the calendar.
    """
    start = scenario.run.warm_up
    window = (start, start + scenario.run.window)
    per_day = _arriving(scenario, protocol, window)
    (need, _), lot_need = _need(scenario, protocol, window, per_day), expect(protocol.lot_path)
    capacities = {resource.name: resource for resource in protocol.resources if isinstance(resource, Capacity)}
    found = [(load, load.resource, "") for load in offered_loads(scenario, protocol)]
    for resource in protocol.resources:
        wanted = need.requests.get(resource.name, 0.0)
        for place, centre in enumerate(place_names(resource, protocol.centres)):
            load, of, why = math.nan, resource.name, ""
            if isinstance(resource, Bookings):
                there = unit_days(capacities[resource.of].units[place], window) / (window[1] - window[0])
                held, empty = _kept(resource, need)
                load, of = _share(per_day[centre] * (held + empty), there), resource.of
                why = f"with {empty / wanted:.1f} d between patients on average" if empty > 0.0 else ""
            elif isinstance(resource, Stock) and math.isfinite(resource.every):
                load = _share(per_day[centre] * wanted, resource.doses_per_lot * lot_need.passes / resource.every)
                why = "doses of the calendar's lots"
            if load > 0.0:
                found.append((Load(resource.name, resource.label, centre, load), of, why))
    told = [
        Room(one.resource, one.label, one.centre, one.load, per_day[one.centre] * DAYS_PER_UNIT["month"], of, why)
        for one, of, why in found
    ]
    return sorted(told, key=lambda room: -room.load)


def _kept(resource: Bookings, need: Expectation) -> tuple[float, float]:
    """Days for which a patient uses a unit, and for which it stands empty before them at most: as long as what comes
    ahead of them, or until the time booked for who had it before is over, if that is less."""
    held, wanted = need.held.get(resource.of, 0.0), need.requests.get(resource.name, 0.0)
    wanted -= need.requests.get(resource.name + AT_ONCE, 0.0)
    later = held - need.held.get(resource.name + AT_ONCE, 0.0)
    ahead = resource.ahead.duration if resource.ahead is not None else None
    lead = wanted * ahead.mean() if isinstance(ahead, Distribution) else 0.0
    return held, min(lead, max(0.0, wanted * resource.planned - later))


def _share(asked: float, there: float) -> float:
    if math.isinf(there):
        return 0.0
    return asked / there if there > 0.0 else math.inf if asked > 0.0 else 0.0


def _need(
    scenario: Scenario, protocol: Protocol, window: tuple[float, float], arriving: Mapping[str, float]
) -> tuple[Expectation, Listed]:
    """What a referred patient takes on average, and who serves those on lists for any of several."""
    flags = flag_shares(scenario)
    requests = expect(protocol.path, flags).requests
    listed = Listed(protocol, lambda resource, place: _offered(resource, place, window, 0.0), arriving, requests)
    return expect(protocol.path, flags | listed.flags), listed


def _hold(resource: Resource, *needs: Expectation) -> float:
    """The mean time for which one unit is held at a time."""
    requests = sum(need.requests.get(resource.name, 0.0) for need in needs)
    return sum(_asked(resource, need) for need in needs) / requests if requests > 0.0 else 0.0


def _asked(resource: Resource, need: Expectation) -> float:
    requests = need.requests.get(resource.name, 0.0)
    if not isinstance(resource, Capacity):
        return requests
    return need.held.get(resource.name, 0.0) + requests * resource.turn_round


def _lots_per_day(protocol: Protocol, everyone: float, need: Expectation, lot_need: Expectation) -> float:
    for resource in protocol.resources:
        if isinstance(resource, Stock):
            if math.isfinite(resource.every):
                return 1.0 / resource.every
            good = resource.doses_per_lot * lot_need.passes
            return everyone * need.requests.get(resource.name, 0.0) / good if good > 0.0 else math.inf
    return 0.0


def _offered(resource: Resource, place: int, window: tuple[float, float], hold: float) -> float:
    """Units (or slots a day) on average over the window; `hold`: how long a unit is held at a time."""
    length = window[1] - window[0]
    if isinstance(resource, Cadence):
        offered = zip(resource.offer_days, resource.offered(place, ever=True), strict=True)
        return sum(count for day, count in offered if window[0] <= day + resource.lead < window[1]) / length
    assert isinstance(resource, Capacity)
    return (unit_days(resource.units[place], window) + _run_on(resource.units[place], hold, window)) / length


def _left_by_chance(s: Scenario, resource: Resource, place: int, centre: str, hold: float) -> float:
    """The share of a capacity, or of dated slots, that outages by chance leave."""
    name, _, maker = resource.name.partition("/")
    s = as_made_by(s, maker) if maker else s
    if isinstance(resource, Capacity):
        return availability(s, name, centre, hold, _most(resource.units[place]))
    slots = s.manufacturing.slots
    if slots is None or slots.withdrawn_by == "nothing":
        return 1.0
    # a slot is withdrawn where its manufacture would start while there are no lines; or, where cuts count, fewer
    own = s.centres[centre].lines if s.manufacturing.site == "centre" and centre in s.centres else None
    lines = _most(s.manufacturing.lines if own is None else own)
    return availability(s, "line", centre, 0.0, lines if slots.withdrawn_by == "cuts" else math.inf)


def _most(steps: CapacitySteps) -> float:
    """The most units that there ever are."""
    return max(units for _, units in steps)


def _run_on(steps: CapacitySteps, hold: float, window: tuple[float, float]) -> float:
    """Unit-days after each lasting cut in which units taken before it may still be held: no longer than a hold.

    Nights and weekends are no cuts: they last for less than `LASTING_DAYS`.
    """
    total = 0.0
    for place, (day, units) in enumerate(steps):
        before = steps[place - 1][1] if place else units
        if not (units < before < math.inf and window[0] <= day < window[1]):
            continue
        restored = next((d for d, u in steps[place + 1 :] if u >= before), math.inf)
        if restored - day >= LASTING_DAYS:
            total += (before - units) * min(hold, restored - day, window[1] - day)
    return total


def unit_days(steps: CapacitySteps, window: tuple[float, float]) -> float:
    """Units times days that a capacity offers inside a window; infinite where it is unlimited."""
    ends = [day for day, _ in steps[1:]] + [math.inf]
    total = 0.0
    for (day, units), end in zip(steps, ends, strict=True):
        length = min(end, window[1]) - max(day, window[0])
        if length > 0.0:
            total += units * length
    return total


def expected_patients(scenario: Scenario) -> float:
    """Patients referred in one replication on average, up to the end of the last patient's follow-up."""
    return scenario.run.days * sum(_referrals_per_day(scenario, (0.0, scenario.run.days)).values())


def expected_referrals(scenario: Scenario, region: Region) -> float:
    """Patients whom a region refers in one replication on average; opening lists apart."""
    return scenario.run.days * _per_day(region, (0.0, scenario.run.days))


def expected_requests(scenario: Scenario, protocol: Protocol, resource: str) -> float:
    """How often a patient asks for a resource on average, of one course or of a later one, whichever is more."""
    flags = flag_shares(scenario)
    return max(expect(path, flags).requests.get(resource, 0.0) for path in (protocol.path, protocol.later_path))


def _referrals_per_day(scenario: Scenario, window: tuple[float, float]) -> dict[str, float]:
    """Mean referrals a day over the window, by centre."""
    found = dict.fromkeys(scenario.centres, 0.0)
    for region in scenario.regions.values():
        per_day = _per_day(region, window)
        for centre, share in region.centre.items():
            found[centre] += share * per_day
    return found


def _arriving(scenario: Scenario, protocol: Protocol, window: tuple[float, float]) -> dict[str, float]:
    """Mean referrals a day over the window: by centre, by what several centres share, and ("") to all together."""
    by_centre = _referrals_per_day(scenario, window)
    found = {**by_centre, "": sum(by_centre.values())}
    for resource in protocol.resources:
        if not resource.per_centre:
            continue
        shared = dict.fromkeys(place_names(resource, protocol.centres), 0.0)
        for number, centre in enumerate(protocol.centres):
            shared[list(shared)[place_for(resource, number)]] += by_centre[centre]
        found |= shared
    return found


def _per_day(region: Region, window: tuple[float, float]) -> float:
    listed = sum(1 for day in region.referral_days or () if window[0] <= day < window[1])
    poisson = unit_days(region.referrals, window) if region.referrals is not None else 0.0
    return (listed + poisson) / (window[1] - window[0])
