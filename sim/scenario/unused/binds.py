"""What may be waited for in a scenario: whether lines, slots, beds and places ever bind."""

from __future__ import annotations

from sim.scenario.makers import makers
from sim.scenario.people import is_unlimited
from sim.scenario.schema import Scenario
from sim.scenario.slots import Slots
from sim.scenario.unused.happens import gives, is_zero


def is_shut(s: Scenario, *resources: str) -> bool:
    """Whether all of a resource is ever out."""
    return any(d.resource in resources and d.takes_all for d in s.disruptions.values())


def lines_bind(s: Scenario) -> bool:
    """Whether anybody may wait for a manufacturing line."""
    at_centres = s.manufacturing.site == "centre" and s.treating
    each = [its.manufacturing.lines for its in makers(s).values()]
    steps = [s.lines_at(name) for name in s.treating] if at_centres else each
    return not all(is_unlimited(there) for there in steps) or is_shut(s, "line")


def all_slots(s: Scenario) -> list[Slots]:
    """The dated slots of each manufacturer that has some."""
    return [slots for its in makers(s).values() if (slots := its.manufacturing.slots) is not None]


def unlimited_at_all(s: Scenario, key: str) -> bool:
    """Whether beds, icu or places never bind anywhere."""
    return all(is_unlimited(s.units(s.site(name, key), key)) for name in s.treating)


def beds_bind(s: Scenario) -> bool:
    """Whether anybody may wait for a bed."""
    return not unlimited_at_all(s, "beds") or is_shut(s, "bed")


def steps_up(s: Scenario) -> bool:
    """Whether anybody is in a bed for step-up doses: of the alternative, of holding therapy, or of bridging."""
    a, holding = s.alternative, s.before_apheresis.holding
    instead = a is not None and a.accepts > 0.0 and not is_zero(a.step_up)
    bridged = gives(s, "autologous") and s.bridging.share > 0.0 and s.bridging.steps_up
    return instead or bridged or (holding.share > 0.0 and not is_zero(holding.step_up))


def books_ahead(s: Scenario, resource: str) -> bool:
    """Whether beds, or treatment places, are booked ahead."""
    if resource == "place":
        asked_for = s.infusion.model == "outpatient" or s.infusion.reservation != "admit"
        return asked_for and (not unlimited_at_all(s, "places") or is_shut(s, "place"))
    at_once = s.infusion.model == "outpatient" or s.infusion.reservation != "book_ahead"
    return resource == "bed" and not at_once and beds_bind(s)


def waits_for_slots(s: Scenario) -> bool:
    """Whether patients wait for a slot, or for a line that is booked before apheresis."""
    booked = s.manufacturing.line_held.start == "booking" and lines_bind(s)
    return gives(s, "autologous") and (bool(all_slots(s)) or booked)


def needs_icu(s: Scenario) -> bool:
    """Whether anybody comes to intensive care."""
    return any(event.needs_icu for event in s.toxicity.events.values())


def nobody_waits(s: Scenario) -> bool:
    """Whether nobody ever waits for anything: all are given standard care on the day of referral."""
    return not s.infuses and s.alternative is None
