"""The autologous pathway: cells of the patient, made into their own product while they wait."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from sim.pieces.alternative import LEAVE_IT, attempts, otherwise_alternative, patience, stands_by_then
from sim.pieces.bridging import beside_manufacture, end_of_bridging, from_apheresis
from sim.pieces.brief import can_fail, choose, fail, stage, use
from sim.pieces.calendars import shut_downs, stage_hours, wait_hours
from sim.pieces.cells import choose_by_cells, fail_by_cells
from sim.pieces.common import bedside, infuse, travel, work_up
from sim.pieces.making import Booked, Making, by_maker, lists, making
from sim.pieces.protocol import Out, Resource, unlimited
from sim.pieces.requirements import slot_needs
from sim.pieces.returning import NOBODY, Returns
from sim.pieces.steps import (
    Branch,
    Choose,
    Clocks,
    End,
    Fail,
    Milestone,
    Noted,
    OnLeave,
    Path,
    Patience,
    Since,
    Stage,
    Together,
    UntilSlotStart,
    Use,
)
from sim.pieces.units import chairs, lab, lines, slots_of
from sim.pieces.work import work
from sim.pure.hours import Hours
from sim.scenario import Scenario
from sim.scenario.makers import makers
from sim.scenario.people import NO_TIME

TEST_BEGUN = "sterility_test_begun"


def autologous(s: Scenario, returns: Returns = NOBODY) -> Path:
    """From referral to discharge, as the treatment protocol reads."""
    return (*work_up(s), Milestone("listing"), *slot_to_discharge(s, returns))


def slot_to_discharge(s: Scenario, returns: Returns = NOBODY) -> Path:
    """From the waiting list for a slot to discharge; by manufacturer, or by product, where there are several."""
    made = by_maker(s, _book_collect_and_make, _patience(s))
    return otherwise_alternative(s, (*made, *infuse(s, end_of_bridging(s), returns.get("autologous", ()))))


def autologous_resources(s: Scenario) -> tuple[Resource, ...]:
    """What autologous patients queue for, in the order in which ties between resources are settled."""
    return (*factory(s), *bedside(s))


def factory(s: Scenario) -> tuple[Resource, ...]:
    """Slots and lines, of each manufacturer where there are several; chairs and the lab; lists for any manufacturer."""
    each = [making(its, name) for name, its in makers(s).items()]
    dated = [slots for m in each if (slots := slots_of(m)) is not None]
    return (*dated, *map(lines, each), chairs(s), lab(s), *lists(s, _to_the_centre))


# -- who holds what, from when to when ------------------------------------------------------------------------------


def _book_collect_and_make(booked: Booked) -> Path:
    """From the waiting list to a product at the centre.

    A line is held as the scenario says; a slot until the cells are at the factory.
    """
    s = booked.scenario
    held = s.manufacturing.line_held
    if held.end == "last_attempt":
        if held.start == "booking":
            return booked.slot(lambda m: _on_line(m, (*_early(m), *_product(s, _all_tries(m))), booking=True))
        made = booked.each(lambda m: _product(s, _on_line(m, _all_tries(m))))
        return (*booked.slot(_early), *beside_manufacture(s, made))
    if held.start == "booking":
        line = booked.slot(lambda m: _on_line(m, (*_patient(s, _early(m)), *_while_held(m, first=True)), booking=True))
        return _product(s, _tries(s, (*line, *booked.each(_afterwards)), booked.each(_again)))
    made = booked.each(lambda m: _product(s, _made_and_tested(m)))
    return (*booked.slot(_early), *beside_manufacture(s, made))


def _to_the_centre(m: Making) -> Path:
    """All that lies between a slot or line and the product at the centre, for what it takes on average."""
    return (*_early(m), *_made_and_tested(m))


def _made_and_tested(m: Making) -> Path:
    """The attempts at a product, each with a line of its own."""
    s = m.scenario
    if s.manufacturing.line_held.end == "last_attempt":
        return _on_line(m, _all_tries(m))
    return _tries(s, (*_on_line(m, _while_held(m, first=True)), *_afterwards(m)), _again(m))


def _all_tries(m: Making) -> Path:
    """The attempts at a product on the line that is held for all of them."""
    s = m.scenario
    return _tries(s, (*_while_held(m, first=True), *_afterwards(m)), _again(m))


def _while_held(m: Making, first: bool) -> Path:
    """What is done on the line."""
    culture = _culture(m, first)
    return (*culture, *_testing(m)) if m.scenario.manufacturing.line_held.end == "release" else culture


def _afterwards(m: Making) -> Path:
    """What is still to be done when the line is given back."""
    back = _ship_back(m)
    return back if m.scenario.manufacturing.line_held.end == "release" else (*_testing(m), *back)


def _again(m: Making) -> Path:
    """A further attempt, from retained cells or from a new collection, by the same manufacturer."""
    s = m.scenario
    cells = _patient(s, _collect(m, ())) if s.manufacturing.remake_from == "apheresis" else ()
    made = _while_held(m, first=False)
    on_line = made if s.manufacturing.line_held.end == "last_attempt" else _on_line(m, made)
    return (*cells, *on_line, *_afterwards(m))


def _tries(s: Scenario, first: Path, again: Path) -> Path:
    """The attempts at a product. Where nothing can fail there is one."""
    limit = s.manufacturing.attempts
    if not can_fail(first):
        return first
    gave_up = _give_up(s, "product_failed")
    if first == again:
        return attempts("manufacture", first, limit, (), gave_up)
    if limit == 1:
        return attempts("manufacture", first, 1, (), gave_up)
    further = attempts("manufacture", again, None if limit is None else limit - 1, (), gave_up)
    return attempts("manufacture", first, 1, (), further)


def _give_up(s: Scenario, outcome: str, reason: str = "") -> Path:
    """No further product is tried: the path ends, or the patient is given a dose, or the alternative, instead."""
    by_dose = s.strategy == "hybrid" and s.hybrid.after_failure
    if by_dose or (s.alternative is not None and s.alternative.offered.after_failure):
        return LEAVE_IT
    return (End(outcome, reason),)


def _patience(s: Scenario) -> Patience | None:
    """How long a patient waits for a slot or line before they are given a dose, or the alternative."""
    if s.strategy != "hybrid" or math.isinf(s.hybrid.after_waiting):
        return patience(s)
    return Patience(s.hybrid.after_waiting, Since(s.hybrid.since), LEAVE_IT)


def _on_line(m: Making, steps: Path, booking: bool = False) -> Path:
    """The steps on a line of the manufacturer's."""
    s = m.scenario
    if m.line_by_list:  # who was served by it has the line; a later one is asked for alone
        again = Use(m.line_again, steps, rejoin=True, units=s.manufacturing.batches)
        return steps if booking else (again,)
    held = use(lines(m), steps, rejoin=True, units=s.manufacturing.batches)
    if booking and s.manufacturing.slots is None:
        return tuple(
            replace(h, patience=_patience(s)) if isinstance(h, Use) and h.resource == m.line else h for h in held
        )
    return held


def _product(s: Scenario, steps: Path) -> Path:
    """What goes on without the patient who leaves, if the scenario says so."""
    on_leave = OnLeave(s.manufacturing.on_leave)
    return steps if on_leave == OnLeave.STOP else (Together((Branch(steps, on_leave),)),)


def _patient(s: Scenario, steps: Path) -> Path:
    """Inside `_product`: what cannot go on without the patient."""
    return steps if OnLeave(s.manufacturing.on_leave) == OnLeave.STOP else (Together((Branch(steps, OnLeave.STOP),)),)


# -- the parts of the protocol --------------------------------------------------------------------------------------


def _early(m: Making) -> Path:
    """Booked: an appointment, apheresis and bridging, the cells at the factory; a slot where it belongs in between."""
    s, slots = m.scenario, m.scenario.manufacturing.slots
    appointment = stage("scheduling.duration", s.scheduling.duration)
    start: Path = (Stage("slot.start", UntilSlotStart(m.slot)),)
    if slots is None:
        return (Milestone("slot"), *appointment, *travel(s), *_collect(m, ()))
    if slots.claimed == "at_receipt":
        claim = Use(m.slot, (Milestone("slot"), *start), units=s.manufacturing.batches, patience=_patience(s))
        return (*appointment, *travel(s), *_collect(m, ()), claim)
    booked: Path = (Milestone("slot"), *appointment, *start, *travel(s))
    if slots.after_failed_collection == "forfeit":
        return _collect(m, booked)
    return (*booked, *_collect(m, ()))


def _collect(m: Making, with_slot: Path) -> Path:
    """Apheresis and the cells' way to the factory; repeated after a gap when they fall short or are lost.

    What counts from apheresis (its clocks, bridging, vein-to-vein) counts from the first, whatever comes of it.
    `with_slot`: what each collection begins with where it has a slot of its own, which a failure forfeits.
    """
    s = m.scenario
    after_apheresis: Path = (Clocks("after_apheresis", anew=True),) if s.clocks.after_apheresis is not None else ()
    start: Path = (*stands_by_then(s), Milestone("apheresis"), *after_apheresis, *from_apheresis(s))
    if s.apheresis.attempts != 1 or s.manufacturing.remake_from == "apheresis":
        start = (Choose(Noted("apheresis"), then=(Milestone("repeat_apheresis"),), otherwise=start),)
    a, ship = s.apheresis, s.shipping
    waits = a.calendar is not None

    def hours(centre: str | None, out: Iterable[Out]) -> Hours | None:
        work_on = shut_downs(s, "chair", centre)
        return stage_hours(s, a.calendar, fit=a.fit, work_on=work_on, out=out, kept=waits)

    chair_stage = work(s, chairs(s), "apheresis.duration", a.duration, hours, kept=waits)
    pickup = stage_hours(s, ship.calendar, viable=ship.viable, closed=shut_downs(s, "courier"))
    collection: Path = (
        *use(chairs(s), (*_in_time(s), *start, *chair_stage)),
        *fail_by_cells(s, "shortfall", "apheresis.shortfall", s.apheresis.shortfall),
        Milestone("collected"),
        *m.on_its_way("shipping.to_factory", pickup),
        *fail("shipping.to_factory.loss", ship.loss),
        Milestone("received_at_factory"),
    )
    if with_slot:
        steps = (*with_slot, *collection)
        batches, ready = s.manufacturing.batches, slot_needs(s)
        collection = (Use(m.slot, steps, units=batches, rejoin=True, patience=_patience(s), ready=ready),)
    if not can_fail(collection):
        return collection
    gap = stage("apheresis.repeat_after", s.apheresis.repeat_after)
    return attempts("collection", collection, s.apheresis.attempts, gap, _give_up(s, "collection_failed"))


def _in_time(s: Scenario) -> Path:
    """The wait in the chair for an opening, one that is long enough where the collection must fit and its time is
    known."""
    a = s.apheresis
    needed = a.duration.mean() if a.fit and a.duration.is_fixed else 0.0

    def hours(centre: str | None, out: Iterable[Out]) -> Hours | None:
        return wait_hours(s, a.calendar, needed, shut_downs(s, "chair", centre), out)

    return work(s, chairs(s), "apheresis.wait", NO_TIME, hours, kept=a.calendar is not None)


def _culture(m: Making, first: bool) -> Path:
    """One manufacture, or as many side by side as are infused together; one that fails fails them all."""
    count = m.scenario.manufacturing.batches
    batches = [_batch(m, first, "" if k == 0 else f"/{k + 1}") for k in range(count)]
    on_leave = OnLeave(m.scenario.manufacturing.on_leave)
    made = (Together(tuple(Branch(batch, on_leave) for batch in batches)),) if count > 1 else batches[0]
    return (Milestone("manufacturing"), *made, Milestone("manufactured"))


def _batch(m: Making, first: bool, batch: str) -> Path:
    s, made = m.scenario, m.scenario.manufacturing
    # a product with a duration of its own has that for its remakes too, unless remakes have one of theirs
    remake = made.remake_duration if made.remake_duration not in (None, made.duration) else None
    anew = not first and remake is not None

    # a line that is booked, kept for another attempt, or waits for an opening is held while nothing is done on it
    booked = made.line_held.start == "booking" or made.line_held.end == "last_attempt"
    kept = booked or made.calendar is not None

    def hours(centre: str | None, out: Iterable[Out]) -> Hours | None:
        return stage_hours(s, made.calendar, work_on=shut_downs(s, "line", centre), out=out, kept=kept)

    name, on = f"manufacturing.{'remake_' if anew else ''}duration", lines(m)
    whole = work(s, on, m.draw(name) + batch, remake if anew and remake else m.duration, hours, kept)
    purpose = m.draw("manufacturing.failure") + batch
    if made.failure_found is None:
        return (*whole, *fail_by_cells(s, "failure", purpose, m.failure))
    found = work(s, on, "manufacturing.failure_found" + batch, made.failure_found, hours, kept)
    return choose_by_cells(s, "failure", purpose, m.failure, (*found, Fail()), whole)


def _testing(m: Making) -> Path:
    """Tests side by side, QA review, and the verdict: in specification, out of it, or failed.

    Of a sterility test that goes on after a conditional release this is the part up to the early reading.
    """
    s, r = m.scenario, m.scenario.release_testing
    lab_places, early = lab(s), r.conditional
    sterility = ("sterility", r.sterility) if early is None else ("conditional.sterility", early.sterility)

    def on_bench(_: str | None, out: Iterable[Out]) -> Hours | None:
        return _test_hours(s, out)

    tests = [
        () if duration.is_nothing else work(s, lab_places, f"release_testing.{name}", duration, on_bench)
        for name, duration in (sterility, ("potency", r.potency), ("identity", r.identity))
    ]
    if early is not None:
        tests[0] = (Milestone(TEST_BEGUN), *tests[0])
    if not all(unlimited(units) for units in lab_places.units):
        tests = [use(lab_places, test) if test else () for test in tests]
    on_leave = OnLeave(s.manufacturing.on_leave)
    wanted = [test for test in tests if test]
    side_by_side: Path = (
        (Together(tuple(Branch(test, on_leave) for test in wanted)),)
        if len(wanted) > 1
        else tuple(step for test in wanted for step in test)
    )
    exception: Path = (
        *stage("release_testing.exception", r.exception),
        Milestone("out_of_specification"),
    )
    refused = (Fail(),) if r.not_accepted == "remake" else _give_up(s, "product_failed", "out_of_specification")
    return (
        *side_by_side,
        *stage("release_testing.review", r.review, stage_hours(s, r.calendar, working_time=r.working_time)),
        *fail("release_testing.failure", r.failure),
        *choose_by_cells(
            s,
            "out_of_specification",
            m.draw("release_testing.out_of_specification"),
            m.out_of_specification,
            choose("release_testing.accepted", r.accepted, exception, refused),
        ),
        Milestone("released"),
    )


def _test_hours(s: Scenario, out: Iterable[Out] = ()) -> Hours | None:
    calendar = s.release_testing.calendar
    return stage_hours(s, calendar, work_on=shut_downs(s, "lab"), out=out, kept=calendar is not None)


def _ship_back(m: Making) -> Path:
    """The product's way to the centre, and there the end of a test that was still going on when it left."""
    s = m.scenario
    pickup = stage_hours(s, s.shipping.calendar, closed=shut_downs(s, "courier"))
    return (
        *m.on_its_way("shipping.to_centre", pickup),
        *fail("shipping.to_centre.loss", s.shipping.loss),
        Milestone("product_received"),
        *_end_of_test(s),
    )


def _end_of_test(s: Scenario) -> Path:
    """What is left of the sterility test after a conditional release, and its verdict."""
    tested = s.release_testing
    if tested.conditional is None:
        return ()
    return (
        *stage("release_testing.sterility", tested.sterility, _test_hours(s), since=TEST_BEGUN),
        *fail("release_testing.recall", tested.conditional.recall),
        Milestone("sterility_test_ended"),
    )
