"""The capacities that a scenario pays for: those it names, by date, whatever closes or strikes them."""

from __future__ import annotations

from sim.pieces.loads import unit_days
from sim.pieces.protocol import Cadence, Capacity, Resource, place_for, places
from sim.pieces.strategies import path_and_resources
from sim.scenario import Scenario

Window = tuple[float, float]


def standing_unit_days(s: Scenario, window: Window) -> dict[str, float]:
    """Units times days inside a window of each capacity, by its name; infinite where one of its places has no number.

    Nights, holidays and shut-downs count: a chair that nobody may sit in, and a factory that is closed, stand there all
    the same. Places that serve no centre with patients do not count. The name of a manufacturer's is without it.
    """
    centres = [number for number, name in enumerate(s.centres) if name in s.treating]
    found: dict[str, float] = {}
    for resource in _undisturbed(s):
        if isinstance(resource, Capacity):
            kind = resource.name.partition("/")[0]
            serving = dict.fromkeys(place_for(resource, centre) for centre in centres)
            units = sum(unit_days(resource.units[place], window) for place in serving)
            found[kind] = found.get(kind, 0.0) + units
    return found


def dated_slots(s: Scenario, window: Window) -> float:
    """Slots that start inside a window by the scenario, of all centres and manufacturers, none of them taken back."""
    return float(
        sum(
            count
            for resource in _undisturbed(s)
            if isinstance(resource, Cadence)
            for place in range(places(resource))
            for day, count in zip(resource.offer_days, resource.offered(place), strict=True)
            if window[0] <= day + resource.lead < window[1]
        )
    )


def _undisturbed(s: Scenario) -> tuple[Resource, ...]:
    """The resources of a scenario without calendars of collection and without disruptions."""
    open_always = s.apheresis.model_copy(update={"calendar": None})
    return path_and_resources(s.model_copy(update={"apheresis": open_always, "disruptions": {}}))[1]
