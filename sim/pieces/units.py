"""What autologous patients queue for: the slots and lines of a manufacturer, chairs, and places in the laboratory."""

from __future__ import annotations

from dataclasses import replace

from sim.pieces.brief import shared
from sim.pieces.cadence import Places, slots_by_offer, withdrawals
from sim.pieces.calendars import openings, shut_downs, units_by_day, units_out
from sim.pieces.making import Making
from sim.pieces.protocol import Cadence, Capacity, unlimited
from sim.pieces.sites import at_centres
from sim.scenario import Scenario


def slots_of(m: Making) -> Cadence | None:
    """The dated slots of a manufacturer; None where they are unlimited."""
    s, slots = m.scenario, m.scenario.manufacturing.slots
    if slots is None:
        return None
    each = slots.scope == "centre"
    here = [s.slots_at(name) if m.may_make_for(name) else None for name in s.centres]
    offers = slots.offer_days(s.run)
    counts = tuple(slots_by_offer(steps, offers) for steps in (here if each else [slots.count]))
    return Cadence(
        name=m.slot,
        label=m.label("Manufacturing slots"),
        per_centre=each,
        counts=counts,
        offer_days=offers,
        lead=slots.lead,
        carry_over=slots.carry_over,
        notice=slots.notice,
        policy=s.waiting_list.policy,
        withdrawn=withdrawals(m.by_the_quickest_way(), offers, counts, _places_of_lines(s, each)),
        keeps_place=slots.after_withdrawal == "keep_place",
    )


def chairs(s: Scenario) -> Capacity:
    """The apheresis chairs of each centre; given in opening hours only."""
    chair = at_centres(s, "chair", "Apheresis chairs", lambda centre: s.centres[centre].chairs)
    open_in = openings(s, s.apheresis.calendar)
    bound = [units if unlimited(units) else units_by_day(units, open_in=open_in) for units in chair.units]
    return replace(chair, units=tuple(bound))


def lines(m: Making) -> Capacity:
    """The manufacturing lines; booked before apheresis they serve the waiting list by its policy."""
    s, made = m.scenario, m.scenario.manufacturing
    policy = s.waiting_list.policy if made.line_held.start == "booking" else "first_come"
    # among patients who all have rank 0 a lot comes first, last, or by the day of asking
    lot_rank = {"first": -1.0, "last": 1.0}.get(s.allogeneic.lots.shared_lines, 0.0)
    label = m.label("Manufacturing lines")
    if made.site == "centre":
        places = at_centres(s, m.line, label, s.lines_at)
        return replace(places, policy=policy, lot_rank=lot_rank)
    shut = shut_downs(s, "line")
    return shared(m.line, label, units_by_day(made.lines, shut), policy, lot_rank, units_out(made.lines, shut))


def _places_of_lines(s: Scenario, each: bool) -> tuple[Places, ...]:
    """For each pool of slots (one a centre, or one for all) where the lines are that its manufactures may start on."""
    made = s.manufacturing
    if made.site == "factory":
        factory: Places = ((made.lines, shut_downs(s, "line")),)
        return (factory,) * (len(s.centres) if each else 1)
    own = [(s.lines_at(name), shut_downs(s, "line", name)) for name in s.centres]
    return tuple((place,) for place in own) if each else (tuple(own),)


def lab(s: Scenario) -> Capacity:
    """Places for release tests."""
    places, shut = s.release_testing.lab, shut_downs(s, "lab")
    return shared("lab", "Release-testing places", units_by_day(places, shut), out=units_out(places, shut))
