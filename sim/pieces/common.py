"""What all pathways share: referral to listing, travel, and lymphodepletion to discharge."""

from __future__ import annotations

from collections.abc import Callable

from sim.pieces.brief import by_flag, one_each, stage
from sim.pieces.calendars import shut_downs, stage_hours, units_by_day
from sim.pieces.protocol import Capacity, CapacitySteps
from sim.pieces.requirements import before_listing, from_referral, holding
from sim.pieces.steps import Choose, Clocks, End, Flagged, Milestone, Path
from sim.pieces.toxicity import in_hospital, intensive_care
from sim.scenario import Scenario
from sim.scenario.people import NO_TIME, Centre

# Flags of the cohort that paths ask for.
DECLINES, LISTED = "declines", "listed"


def beds(s: Scenario) -> Capacity:
    """The infusion beds of each centre."""
    return at_centres(s, "bed", "Infusion beds", lambda centre: centre.beds)


def at_centres(s: Scenario, name: str, label: str, units: Callable[[Centre], CapacitySteps]) -> Capacity:
    """A capacity of each centre, less its shut-downs."""
    there = [units_by_day(units(centre), shut_downs(s, name, place)) for place, centre in s.centres.items()]
    return one_each(name, label, there)


def bedside(s: Scenario) -> tuple[Capacity, ...]:
    """Beds, and intensive care where anybody needs it."""
    icu = intensive_care(s)
    return (beds(s),) if icu is None else (beds(s), icu)


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
    """With the product at the centre: an appointment, lymphodepletion, a bed, infusion, the stay.

    `returns`: what is foreseen at infusion for a later course.
    """
    conditioning: Path = (
        *before_lymphodepletion,
        *stage("lymphodepletion.wait", NO_TIME, stage_hours(s, s.lymphodepletion.calendar)),
        Milestone("lymphodepletion"),
        *stage("lymphodepletion.duration", s.lymphodepletion.duration),
    )
    infusion: Path = (Milestone("infusion"), Clocks(None), *returns)
    bed = beds(s)
    arrival = (*stage("infusion.scheduling", s.infusion.scheduling), *travel(s))
    home: Path = (Milestone("discharge"), End("infused"))
    if s.infusion.model == "outpatient":
        return (*arrival, *conditioning, *infusion, *in_hospital(s, bed, (), outpatient=True), *home)
    if s.infusion.bed_from == "lymphodepletion":
        return (*arrival, *in_hospital(s, bed, (*conditioning, *infusion)), *home)
    return (*arrival, *conditioning, *in_hospital(s, bed, infusion), *home)
