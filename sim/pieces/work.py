"""Work on a unit of a resource, which outages may pause or lose: those of all units, or of the one it is done on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sim.pieces.brief import by_flag, stage
from sim.pieces.protocol import Capacity, Out
from sim.pieces.steps import Choose, OnUnit, Path
from sim.pure.distributions import Distribution
from sim.pure.hours import Hours
from sim.scenario import Scenario

# The hours of work at a centre (None: at any), on a unit that is out then.
HoursOn = Callable[[str | None, Iterable[Out]], Hours | None]


def work(s: Scenario, on: Capacity, name: str, duration: Distribution, hours: HoursOn, kept: bool = False) -> Path:
    """The stage that is done on a unit of a capacity, with the hours of that unit and of the patient's centre.

    They differ between centres where a shut-down of one centre stops work, or units of its own are out; and, where the
    unit may be `kept` while nothing is done on it, by every shut-down of one centre, as none begins in it.
    """
    resource = on.name.partition("/")[0]
    stops = [d for d in s.disruptions.values() if d.resource == resource and (kept or d.work != "finish")]
    if not any(d.centre is not None or (on.per_centre and d.by_number) for d in stops):
        return on_units(on, 0, None, name, duration, hours)
    places = enumerate(s.centres)
    return by_flag(
        {
            f"centre/{centre}": on_units(on, k if on.per_centre else 0, centre, name, duration, hours)
            for k, centre in places
        }
    )


def on_units(on: Capacity, place: int, centre: str | None, name: str, duration: Distribution, hours: HoursOn) -> Path:
    """The stage that is done on a unit of one of the places of a capacity, with the hours of that unit."""
    path = stage(name, duration, hours(centre, ()))
    for (first, last), out in _alike(on.out[place] if on.out else ()).items():
        path = (Choose(OnUnit(on.name, first, last), stage(name, duration, hours(centre, out)), path),)
    return path


def _alike(out: Iterable[Out]) -> Mapping[tuple[int, int], tuple[Out, ...]]:
    """When units are out, by their numbers (first, last): neighbours that are so at the same times, together."""
    each: dict[int, list[Out]] = {}
    for its in out:
        each.setdefault(its.unit, []).append(its)
    found: dict[tuple[int, int], tuple[Out, ...]] = {}
    first = 0
    for unit in sorted(each):
        before = unit - 1 in each and [o[1:] for o in each[unit - 1]] == [o[1:] for o in each[unit]]
        if before:
            del found[first, unit - 1]
        else:
            first = unit
        found[first, unit] = tuple(each[unit])
    return found
