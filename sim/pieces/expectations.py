"""What a path takes on average before anything is run: days, requests, what fails and what ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sim.pieces.listed import SERVES
from sim.pieces.steps import (
    Aside,
    Attempts,
    Choose,
    Draw,
    End,
    Fail,
    Flagged,
    Milestone,
    Path,
    ServedBy,
    Share,
    Stage,
    Together,
    Unless,
    Use,
)
from sim.pure.distributions import Distribution

# Behind the name of a resource: bookings for now, before which no unit stands empty.
AT_ONCE = "/at_once"


@dataclass
class Expectation:
    """Per entity that starts a path, on average.

    Days, unit-days held and requests by resource, shares that fail or end, and events: what an engine has to do.
    `noted`: the days after which a milestone is passed, on the quicker way where there are two.
    """

    days: float = 0.0
    events: float = 0.0
    held: dict[str, float] = field(default_factory=dict)
    requests: dict[str, float] = field(default_factory=dict)
    noted: dict[str, float] = field(default_factory=dict)
    fails: float = 0.0
    ends: float = 0.0

    @property
    def passes(self) -> float:
        """The share that comes out at the end of the path."""
        return max(0.0, 1.0 - self.fails - self.ends)

    def add(self, other: Expectation, weight: float) -> None:
        """Append what happens next to a share `weight` of those who started."""
        if weight == 0.0:  # nobody comes to it, and it may take for ever
            return
        for name, days in other.noted.items():
            self.noted[name] = min(self.noted.get(name, math.inf), self.days + days)
        self.days += weight * other.days
        self.events += weight * other.events
        for mine, theirs in ((self.held, other.held), (self.requests, other.requests)):
            for name, value in theirs.items():
                mine[name] = mine.get(name, 0.0) + weight * value
        self.fails += weight * other.fails
        self.ends += weight * other.ends


Shares = Mapping[str, float]


def expect(path: Path, flags: Shares | None = None) -> Expectation:
    """What a path takes on average, without queues and closing times.

    `flags`: the share of patients who carry each flag. A branch on a milestone or on progression counts as not taken.
    """
    total = Expectation()
    for step in path:
        total.add(Expectation(events=1.0), total.passes)
        total.add(_expect_step(step, flags or {}, total), total.passes)
    return total


def _expect_step(step: object, flags: Shares, before: Expectation) -> Expectation:
    match step:
        case Stage(duration=Distribution() as duration, at_most=at_most) if at_most < math.inf:
            lasts = duration.quantile(np.linspace(0.0, 1.0, 1_001)[:-1] + 0.0005)
            return Expectation(days=float(np.minimum(lasts, at_most).mean()), fails=float((lasts > at_most).mean()))
        case Stage(duration=Distribution() as duration, since=since):
            begun = before.days - before.noted.get(since, before.days)
            return Expectation(days=max(0.0, duration.mean() - begun))
        case Milestone():
            return Expectation(noted={step.name: 0.0})
        case Fail():
            return Expectation(fails=1.0)
        case End():
            return Expectation(ends=1.0)
        case Draw():
            return Expectation(requests={step.stock: 1.0})
        case Use():
            inner = expect(step.steps, flags)
            inner.held[step.resource] = inner.held.get(step.resource, 0.0) + step.units * inner.days
            inner.requests[step.resource] = inner.requests.get(step.resource, 0.0) + step.units
            if step.at_once is not None:
                inner.requests[step.resource + AT_ONCE] = step.units
                inner.held[step.resource + AT_ONCE] = inner.days
            return inner
        case Choose():
            return _expect_choice(step, flags)
        case Unless():
            return expect(step.steps, flags)
        case Aside():
            beside = expect(step.steps, flags)
            return Expectation(events=beside.events, noted=beside.noted, ends=beside.ends)
        case Together():
            branches = [expect(branch.steps, flags) for branch in step.branches]
            passes = math.prod(1.0 - branch.fails for branch in branches)
            joined = Expectation(days=max(b.days for b in branches), fails=1.0 - passes, ends=branches[0].ends)
            for branch in branches:
                joined.noted |= branch.noted
                joined.add(Expectation(events=branch.events, held=branch.held, requests=branch.requests), 1.0)
            return joined
        case Attempts():
            return _expect_attempts(step, flags)
        case _:
            return Expectation()


def _expect_choice(step: Choose, flags: Shares) -> Expectation:
    share, others = 0.0, flags
    if isinstance(step.when, Share):
        share = step.when.share
    elif isinstance(step.when, Flagged | ServedBy):
        flag = step.when.flag if isinstance(step.when, Flagged) else SERVES + step.when.resource
        share = flags.get(flag, 0.0)
        # flags of one kind exclude each other: who carries none of the first is likelier to carry the next
        kind = flag.split("/")[0]
        others = {
            f: min(1.0, s / (1.0 - share)) if f.split("/")[0] == kind and share < 1.0 else s for f, s in flags.items()
        }
    both = Expectation()
    both.add(expect(step.then, flags), share)
    both.add(expect(step.otherwise, others), 1.0 - share)
    return both


def _expect_attempts(step: Attempts, flags: Shares) -> Expectation:
    one, between = expect(step.steps, flags), expect(step.between, flags)
    again = one.fails
    tries = math.inf if step.at_most is None else step.at_most
    if again >= 1.0 and math.isinf(tries):
        return Expectation(days=math.inf, events=math.inf)
    begun = (1.0 - again**tries) / (1.0 - again) if again < 1.0 else tries
    total = Expectation()
    total.add(one, begun)
    total.add(between, begun - 1.0 if begun > 1.0 else 0.0)
    exhausted = again**tries
    total.fails = 0.0
    total.add(expect(step.otherwise, flags), exhausted)
    return total
