"""A scenario that begins on another day, with what changes on a day still changing on its date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sim.pure.distributions import Fixed
from sim.scenario.kinds import ByDate
from sim.scenario.leaves import inline, stated
from sim.scenario.lists import REFERRAL_DAYS
from sim.scenario.opening import Disruption
from sim.scenario.schema import Scenario
from sim.scenario.units import write_days
from sim.scenario.unused.happens import gives

Steps = tuple[tuple[float, Any], ...]


@dataclass(frozen=True)
class Moved:
    """Values as they are set on a scenario that begins on another day; `kept`: what kept its date, in words."""

    changes: tuple[str, ...]
    kept: str


def keeping_dates(scenario: Scenario, start: date) -> Moved:
    """What is to be set, beside `run.start`, for every value that changes on a day to change on the same date.

    What had changed by the new start has its value from then on; what holds on the old start held before it as well.
    Shut-downs that are over by then are left out, and of one that is under way the rest is left. Lots by the
    calendar are started on the same days.
    """
    shift = float((start - scenario.run.start).days)
    if shift == 0.0:
        return Moved((), "")
    changes = [*_values(scenario, shift), *_cadence(scenario, shift), *_shut_downs(scenario, shift)]
    paths = [change.partition("=")[0] for change in changes]
    told = ", ".join(paths)
    kept = f"the scenario begins on {start} instead of {scenario.run.start}; by date as before: {told}" if told else ""
    return Moved(tuple(changes), kept)


def _values(scenario: Scenario, shift: float) -> Iterator[str]:
    for path, kind, value in stated(scenario):
        if isinstance(kind, ByDate) and value is not None and len(value) > 1:
            yield f"{'.'.join(path)}={inline(kind.write(moved_steps(value, shift)), shorten_lists=False)}"
        elif kind is REFERRAL_DAYS and value is not None:
            days = [day - shift for day in value if day >= shift]
            if days:
                yield f"{'.'.join(path)}={inline([write_days(day) for day in days], shorten_lists=False)}"
            else:
                yield from (f"{'.'.join(path)}=null", f"{'.'.join((*path[:-1], 'referrals'))}=0 / d")


def _cadence(scenario: Scenario, shift: float) -> Iterator[str]:
    """The first lot by the calendar after the new start: on a day on which one falls by the old start.

    Dated slots need no such thing: they are offered on days of the calendar.
    """
    order = scenario.allogeneic.stock.order
    if gives(scenario, "allogeneic") and order.every is not None:
        first = order.every if order.first is None else order.first
        days = first - shift if 0.0 < shift <= first else (first - shift) % order.every
        yield f"allogeneic.stock.order.first={write_days(days)}"


def moved_steps(steps: Steps, shift: float) -> Steps:
    """Values by day, the first on day 0, as they are by days since a start that is so many days later."""
    moved = [(day - shift, value) for day, value in steps]
    first = max((k for k, (day, _) in enumerate(moved) if day <= 0.0), default=0)
    return ((0.0, moved[first][1]), *moved[first + 1 :])


def _shut_downs(scenario: Scenario, shift: float) -> Iterator[str]:
    for name, one in scenario.disruptions.items():
        if one.start is None:
            continue
        path, begins = f"disruptions.{name}", one.start - shift
        lasts = _longest(one)
        if begins + lasts <= 0.0:
            yield f"{path}=null"
        elif begins < 0.0:
            yield f"{path}.from=0 d"
            yield f"{path}.for={write_days(begins + lasts)}"
        else:
            yield f"{path}.from={write_days(begins)}"


def _longest(one: Disruption) -> float:
    """How long a shut-down lasts; one of which that varies, on average."""
    return one.length.days if isinstance(one.length, Fixed) else one.length.mean()
