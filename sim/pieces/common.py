"""What all pathways share: referral to listing, travel, and lymphodepletion to discharge."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from sim.pieces.brief import by_flag, can_fail, choose, stage
from sim.pieces.calendars import knowledge, shut_downs, stage_hours
from sim.pieces.expectations import expect
from sim.pieces.protocol import Bookings, Capacity, Resource, place_names, unlimited
from sim.pieces.requirements import before_booking, before_listing, from_referral, holding
from sim.pieces.sites import at_sites
from sim.pieces.step_up import BRIDGED, HELD
from sim.pieces.steps import Attempts, Choose, Clocks, End, Flagged, Milestone, Path, Patience, Stage, Use
from sim.pieces.toxicity import in_hospital, intensive_care
from sim.pure.distributions import Fixed
from sim.scenario import Scenario
from sim.scenario.people import NO_TIME
from sim.scenario.shared import SHARED_KEYS

# An outpatient has a treatment place for so many days.
DAY_OF_INFUSION = 1.0
DEFERRAL = "infusion.deferral.days"
# Flags of the cohort that paths ask for.
DECLINES, LISTED = "declines", "listed"


def beds(s: Scenario) -> Capacity:
    """The infusion beds of each centre, or of several together."""
    found = replace(at_sites(s, "bed", "Infusion beds"), turn_round=s.infusion.turn_round)
    if s.infusion.reservation != "hold":
        return found
    return replace(found, idle_until=("infusion", "alternative"), at_once_on=(HELD, BRIDGED))


def places(s: Scenario) -> Capacity:
    """The treatment places of each centre, or of several together: so many infusions a day.

    An outpatient is there for a day; an inpatient is infused in bed, and takes a place from another for a day.
    """
    found = at_sites(s, "place", "Treatment places")
    return found if s.infusion.model == "outpatient" else replace(found, turn_round=DAY_OF_INFUSION)


def bookings(s: Scenario) -> tuple[Bookings, ...]:
    """Bookings of what lymphodepletion waits for: a bed, a treatment place, or both, on the day of infusion.

    None of what whoever comes finds, or has from lymphodepletion on, and none where nobody is infused.
    """
    found: list[Bookings | None] = []
    if not s.infuses:
        return ()
    if s.infusion.model == "inpatient" and s.infusion.reservation == "book_ahead":
        found.append(_bookings_of(s, beds(s), planned_stay(s) + s.infusion.turn_round))
    if s.infusion.model == "outpatient" or s.infusion.reservation != "admit":
        found.append(_bookings_of(s, places(s), DAY_OF_INFUSION))
    return tuple(one for one in found if one is not None)


def _bookings_of(s: Scenario, booked: Capacity, planned: float) -> Bookings | None:
    """Bookings of a capacity for so many days each; None where there is always a unit."""
    if all(map(unlimited, booked.units)):
        return None
    return Bookings(
        name=f"{booked.name}_booking",
        label=f"Bookings of {booked.label.lower()}",
        of=booked.name,
        per_centre=True,
        known=tuple(
            knowledge(s.units(site, SHARED_KEYS[booked.name]), shut_downs(s, booked.name, site))
            for site in place_names(booked, tuple(s.centres))
        ),
        planned=planned,
        ahead=next((step for step in _lymphodepletion(s) if isinstance(step, Stage)), None),
        hours=stage_hours(s, s.lymphodepletion.calendar),
        sites=booked.sites,
    )


def planned_stay(s: Scenario) -> float:
    """Days for which a bed is booked: as stated, or the mean from infusion to discharge in whole days rounded up."""
    if s.infusion.planned_stay is not None:
        return s.infusion.planned_stay
    return _whole_days(expect(in_hospital(s, beds(s), ())).days)


def _whole_days(days: float) -> float:
    """So many whole days, rounded up; what is a whole number of days but for rounding is that."""
    return float(max(1, math.ceil(days - 1e-9)))


def bedside(s: Scenario) -> tuple[Resource, ...]:
    """Beds, treatment places, what is booked of them, and intensive care where anybody needs it."""
    place, icu = places(s), intensive_care(s)
    in_use = () if all(map(unlimited, place.units)) else (place,)
    return (beds(s), *in_use, *bookings(s), *([] if icu is None else [icu]))


def in_bed(s: Scenario, stay: Path, patience: Patience | None = None) -> Path:
    """A stay for step-up doses, in a bed that is booked at once, for as long as they take on average, where beds for
    infusion are booked ahead.

    So nobody who has been lymphodepleted for a bed loses it to somebody who comes for step-up doses. `patience`: how
    long the bed, or the booking of one, is waited for.
    """
    bed = beds(s)
    if all(map(unlimited, bed.units)) or not any(isinstance(step, Stage) for step in stay):
        return stay
    booked = [its.name for its in bookings(s) if its.of == bed.name]
    held = Use(bed.name, stay, patience=None if booked else patience)
    days = _whole_days(expect(stay).days) + s.infusion.turn_round
    return (Use(booked[0], (held,), at_once=days, patience=patience),) if booked else (held,)


def work_up(s: Scenario) -> Path:
    """From referral until the patient can be listed, or it is clear that they cannot; who waits already has been."""
    work = s.work_up
    steps: Path = (
        *from_referral(s),
        *stage("work_up.duration", work.duration, stage_hours(s, work.calendar, working_time=work.working_time)),
        *holding(s, partial(in_bed, s)),
        *before_listing(s),
    )
    if steps and any(region.already_waiting is not None for region in s.regions.values()):
        steps = (Choose(Flagged(LISTED), (), steps),)
    if any(region.declines > 0.0 for region in s.regions.values()):
        steps = (Choose(Flagged(DECLINES), (End("withdrawn", "travel"),), ()), *steps)
    return steps


def travel(s: Scenario) -> Path:
    """The way to the centre, by region."""
    ways = {f"region/{name}": stage(f"travel/{name}", region.travel) for name, region in s.regions.items()}
    return by_flag(ways)


def infuse(s: Scenario, before_lymphodepletion: Path = (), returns: Path = ()) -> Path:
    """With the product at the centre: an appointment, a bed or treatment place booked, lymphodepletion, infusion, stay.

    `returns`: what is foreseen at infusion for a later course.
    """
    conditioning: Path = (
        *before_lymphodepletion,
        *stage("lymphodepletion.wait", NO_TIME, stage_hours(s, s.lymphodepletion.calendar)),
        Milestone("lymphodepletion"),
        *_lymphodepletion(s),
        *_deferral(s),
        Milestone("ready_for_infusion"),
    )
    infusion: Path = (Milestone("infusion"), Clocks(None), *returns)
    bed, place = beds(s), places(s)
    outpatient, scarce = s.infusion.model == "outpatient", not all(map(unlimited, place.units))
    if scarce:
        day = (Stage("infusion.place", Fixed(DAY_OF_INFUSION)),) if outpatient else ()
        infusion = (Use(place.name, (*infusion, *day)),)
    if outpatient:
        course = (*conditioning, *infusion, *in_hospital(s, bed, (), outpatient=True, from_infusion=scarce))
    elif s.infusion.reservation == "book_ahead":
        course = (*conditioning, *in_hospital(s, bed, infusion))
    else:
        course = in_hospital(s, bed, (*conditioning, *infusion))
    repeated = can_fail(course)
    for booked in reversed(bookings(s)):
        course = (Use(booked.name, course, rejoin=repeated),)
    if repeated:
        course = (Attempts("lymphodepletion", course, None, between=_recovery(s)),)
    arrival = (*stage("infusion.scheduling", s.infusion.scheduling), *travel(s), *before_booking(s))
    return (*arrival, *course, Milestone("discharge"), End("infused"))


def _lymphodepletion(s: Scenario) -> Path:
    return stage("lymphodepletion.duration", s.lymphodepletion.duration)


def _deferral(s: Scenario) -> Path:
    """An infusion that is put off, for a limited time where lymphodepletion is repeated after it."""
    off = s.infusion.deferral
    if off is None:
        return ()
    wait = stage(DEFERRAL, off.days)
    limited = tuple(replace(step, at_most=off.repeat_after) if isinstance(step, Stage) else step for step in wait)
    if off.days.most <= off.repeat_after:
        limited = wait
    return (
        Milestone("lymphodepletion_ended"),
        *choose("infusion.deferral.share", off.share, (Milestone("deferral"), *limited)),
    )


def _recovery(s: Scenario) -> Path:
    """The rest of the time by which an infusion is put off, before lymphodepletion is repeated."""
    off = s.infusion.deferral
    if off is None:
        return ()
    return stage(DEFERRAL, off.days, since="lymphodepletion_ended")
