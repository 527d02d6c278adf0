"""What all pathways share: referral to listing, travel, and lymphodepletion to discharge."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from sim.pieces.brief import by_flag, can_fail, choose, one_each, stage
from sim.pieces.calendars import knowledge, shut_downs, stage_hours, units_by_day
from sim.pieces.loads import expect
from sim.pieces.protocol import Bookings, Capacity, CapacitySteps, Resource, unlimited
from sim.pieces.requirements import before_booking, before_listing, from_referral, holding
from sim.pieces.steps import Attempts, Choose, Clocks, End, Flagged, Milestone, Path, Stage, Use
from sim.pieces.toxicity import in_hospital, intensive_care
from sim.pure.distributions import Fixed
from sim.scenario import Scenario
from sim.scenario.people import NO_TIME, Centre
from sim.scenario.unused import most_days

# An outpatient has a treatment place for so many days.
DAY_OF_INFUSION = 1.0
DEFERRAL = "infusion.deferral.days"
# Flags of the cohort that paths ask for.
DECLINES, LISTED = "declines", "listed"


def beds(s: Scenario) -> Capacity:
    """The infusion beds of each centre."""
    found = at_centres(s, "bed", "Infusion beds", _beds_of)
    return replace(found, idle_until=("infusion", "alternative")) if s.infusion.reservation == "hold" else found


def places(s: Scenario) -> Capacity:
    """The treatment places of each centre, for the infusion of outpatients."""
    return at_centres(s, "place", "Treatment places", _places_of)


def _beds_of(centre: Centre) -> CapacitySteps:
    return centre.beds


def _places_of(centre: Centre) -> CapacitySteps:
    return centre.places


def bookings(s: Scenario) -> Bookings | None:
    """Bookings of what lymphodepletion waits for: a bed or a treatment place on the day of infusion.

    None where whoever comes finds one, or has one from lymphodepletion on.
    """
    if s.infusion.model == "outpatient":
        booked, units, planned = places(s), _places_of, DAY_OF_INFUSION
    elif s.infusion.reservation == "book_ahead":
        booked, units, planned = beds(s), _beds_of, planned_stay(s)
    else:
        return None
    if all(map(unlimited, booked.units)):
        return None
    return Bookings(
        name=f"{booked.name}_booking",
        label=f"Bookings of {booked.label.lower()}",
        of=booked.name,
        per_centre=True,
        known=tuple(knowledge(units(c), shut_downs(s, booked.name, name)) for name, c in s.centres.items()),
        planned=planned,
        ahead=next((step for step in _lymphodepletion(s) if isinstance(step, Stage)), None),
        hours=stage_hours(s, s.lymphodepletion.calendar),
    )


def planned_stay(s: Scenario) -> float:
    """Days for which a bed is booked: as stated, or the mean from infusion to discharge in whole days rounded up."""
    if s.infusion.planned_stay is not None:
        return s.infusion.planned_stay
    # what is a whole number of days but for rounding is that
    return float(max(1, math.ceil(expect(in_hospital(s, beds(s), ())).days - 1e-9)))


def at_centres(s: Scenario, name: str, label: str, units: Callable[[Centre], CapacitySteps]) -> Capacity:
    """A capacity of each centre, less its shut-downs."""
    there = [units_by_day(units(centre), shut_downs(s, name, place)) for place, centre in s.centres.items()]
    return one_each(name, label, there)


def bedside(s: Scenario) -> tuple[Resource, ...]:
    """Beds, treatment places, what is booked of them, and intensive care where anybody needs it."""
    booked, icu = bookings(s), intensive_care(s)
    found: list[Resource] = [beds(s)]
    if booked is not None:
        found += [places(s), booked] if booked.of == "place" else [booked]
    return (*found, *([] if icu is None else [icu]))


def work_up(s: Scenario) -> Path:
    """From referral until the patient can be listed, or it is clear that they cannot; who waits already has been."""
    work = s.work_up
    steps: Path = (
        *from_referral(s),
        *stage("work_up.duration", work.duration, stage_hours(s, work.calendar, working_time=work.working_time)),
        *holding(s),
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
    bed, booked = beds(s), bookings(s)
    if s.infusion.model == "outpatient":
        day = () if booked is None else (Stage("infusion.place", Fixed(DAY_OF_INFUSION)),)
        at_place: Path = (*infusion, *day) if booked is None else (Use(booked.of, (*infusion, *day)),)
        course = (*conditioning, *at_place, *in_hospital(s, bed, (), outpatient=True, from_infusion=bool(day)))
    elif s.infusion.reservation == "book_ahead":
        course = (*conditioning, *in_hospital(s, bed, infusion))
    else:
        course = in_hospital(s, bed, (*conditioning, *infusion))
    repeated = can_fail(course)
    if booked is not None:
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
    if most_days(off.days) <= off.repeat_after:
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
