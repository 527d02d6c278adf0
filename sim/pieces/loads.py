"""What a path asks of its resources before anything is run: touch time, and the offered load of each resource.

Patients whom the clocks take off the path are not allowed for, so that a load is an upper bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sim.pieces.protocol import Cadence, Capacity, CapacitySteps, Protocol, Resource, Stock
from sim.pieces.steps import Attempts, Choose, Draw, End, Fail, Path, Share, Stage, Together, Use
from sim.pure.distributions import Distribution
from sim.scenario import Scenario


@dataclass
class Expectation:
    """Per entity that starts a path: mean days, unit-days held and requests by resource, shares that fail or end."""

    days: float = 0.0
    held: dict[str, float] = field(default_factory=dict)
    requests: dict[str, float] = field(default_factory=dict)
    fails: float = 0.0
    ends: float = 0.0

    @property
    def passes(self) -> float:
        """The share that comes out at the end of the path."""
        return max(0.0, 1.0 - self.fails - self.ends)

    def add(self, other: Expectation, weight: float) -> None:
        """Append what happens next to a share `weight` of those who started."""
        self.days += weight * other.days
        for mine, theirs in ((self.held, other.held), (self.requests, other.requests)):
            for name, value in theirs.items():
                mine[name] = mine.get(name, 0.0) + weight * value
        self.fails += weight * other.fails
        self.ends += weight * other.ends


def expect(path: Path) -> Expectation:
    """What a path takes on average, without queues. A branch on a milestone counts as not passed yet."""
    total = Expectation()
    for step in path:
        total.add(_expect_step(step), total.passes)
    return total


def _expect_step(step: object) -> Expectation:
    match step:
        case Stage(duration=Distribution() as duration):
            return Expectation(days=duration.mean())
        case Fail():
            return Expectation(fails=1.0)
        case End():
            return Expectation(ends=1.0)
        case Draw():
            return Expectation(requests={step.stock: 1.0})
        case Use():
            inner = expect(step.steps)
            inner.held[step.resource] = inner.held.get(step.resource, 0.0) + step.units * inner.days
            inner.requests[step.resource] = inner.requests.get(step.resource, 0.0) + 1.0
            return inner
        case Choose():
            share = step.when.share if isinstance(step.when, Share) else 0.0
            both = Expectation()
            both.add(expect(step.then), share)
            both.add(expect(step.otherwise), 1.0 - share)
            return both
        case Together():
            branches = [expect(branch.steps) for branch in step.branches]
            joined = Expectation(days=max(b.days for b in branches), fails=branches[0].fails, ends=branches[0].ends)
            for branch in branches:
                joined.add(Expectation(held=branch.held, requests=branch.requests), 1.0)
            return joined
        case Attempts():
            return _expect_attempts(step)
        case _:
            return Expectation()


def _expect_attempts(step: Attempts) -> Expectation:
    one, between = expect(step.steps), expect(step.between)
    again = one.fails
    tries = math.inf if step.at_most is None else step.at_most
    if again >= 1.0 and math.isinf(tries):
        return Expectation(days=math.inf)
    begun = (1.0 - again**tries) / (1.0 - again) if again < 1.0 else tries
    total = Expectation()
    total.add(one, begun)
    total.add(between, begun - 1.0 if begun > 1.0 else 0.0)
    exhausted = again**tries
    total.fails = 0.0
    total.add(expect(step.otherwise), exhausted)
    return total


@dataclass(frozen=True)
class Load:
    """The offered load of one resource at one centre (empty: all): what is asked for by what there is."""

    resource: str
    label: str
    centre: str
    load: float


def offered_loads(scenario: Scenario, protocol: Protocol) -> list[Load]:
    """One load for each resource and centre that has a limit, over the measuring window."""
    start = scenario.run.warm_up
    window = (start, start + scenario.run.window)
    per_day = _referrals_per_day(scenario, window)
    everyone = sum(per_day.values())
    need, lot_need = expect(protocol.path), expect(protocol.lot_path)
    loads = []
    for resource in protocol.resources:
        if isinstance(resource, Stock):
            continue
        for place, centre in enumerate(protocol.centres if resource.per_centre else ("",)):
            arriving = per_day[centre] if centre else everyone
            asked = arriving * _asked(resource, need) + _lots_per_day(protocol, everyone, need, lot_need) * _asked(
                resource, lot_need
            )
            there = _offered(resource, place, window)
            if math.isfinite(there) and (asked > 0.0 or there > 0.0):
                load = asked / there if there > 0.0 else math.inf
                loads.append(Load(resource.name, resource.label, centre, load))
    return loads


def _asked(resource: Resource, need: Expectation) -> float:
    wanted = need.held if isinstance(resource, Capacity) else need.requests
    return wanted.get(resource.name, 0.0)


def _lots_per_day(protocol: Protocol, everyone: float, need: Expectation, lot_need: Expectation) -> float:
    for resource in protocol.resources:
        if isinstance(resource, Stock):
            if math.isfinite(resource.every):
                return 1.0 / resource.every
            good = resource.doses_per_lot * lot_need.passes
            return everyone * need.requests.get(resource.name, 0.0) / good if good > 0.0 else math.inf
    return 0.0


def _offered(resource: Resource, place: int, window: tuple[float, float]) -> float:
    """Units (or slots a day) on average over the window."""
    length = window[1] - window[0]
    if isinstance(resource, Cadence):
        offers = sum(1 for day in resource.offer_days if window[0] <= day + resource.lead < window[1])
        return offers * resource.counts[place] / length
    assert isinstance(resource, Capacity)
    return unit_days(resource.units[place], window) / length


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


def _referrals_per_day(scenario: Scenario, window: tuple[float, float]) -> dict[str, float]:
    """Mean referrals a day over the window, by centre."""
    length = window[1] - window[0]
    found = dict.fromkeys(scenario.centres, 0.0)
    for region in scenario.regions.values():
        listed = sum(1 for day in region.referral_days or () if window[0] <= day < window[1])
        poisson = unit_days(region.referrals, window) if region.referrals is not None else 0.0
        for centre, share in region.centre.items():
            found[centre] += share * (1.0 - region.declines) * (listed + poisson) / length
    return found
