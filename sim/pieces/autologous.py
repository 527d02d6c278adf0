"""The autologous pathway: cells of the patient, made into his own product while he waits."""

from __future__ import annotations

from sim.pieces.brief import choose, fail, one_each, shared, stage, use
from sim.pieces.cadence import offer_days
from sim.pieces.common import beds, infuse, work_up
from sim.pieces.protocol import Cadence, Capacity, Resource, unlimited
from sim.pieces.steps import (
    Attempts,
    Branch,
    Choose,
    Clocks,
    End,
    Fail,
    Hazard,
    Milestone,
    Noted,
    OnLeave,
    Path,
    Stage,
    Together,
    UntilSlotStart,
    Use,
)
from sim.scenario import Scenario

SLOT = "slot"


def autologous(s: Scenario) -> Path:
    """From referral to discharge, as the treatment protocol reads."""
    return (
        *work_up(s),
        Milestone("listing"),
        *_book_collect_and_make(s),
        Milestone("product_received"),
        *infuse(s, before_lymphodepletion=(Hazard("bridging.end", "progression", 1.0),) if _bridged(s) else ()),
    )


def autologous_resources(s: Scenario) -> tuple[Resource, ...]:
    """What autologous patients queue for, in the order in which ties between resources are settled."""
    slots = s.manufacturing.slots
    dated: tuple[Resource, ...] = ()
    if slots is not None:
        counts = [c.slots if c.slots is not None else slots.count for c in s.centres.values()]
        dated = (
            Cadence(
                name=SLOT,
                label="Manufacturing slots",
                per_centre=slots.scope == "centre",
                counts=tuple(counts) if slots.scope == "centre" else (slots.count,),
                offer_days=offer_days(s.run, slots.every),
                lead=slots.lead,
                carry_over=slots.carry_over,
                notice=slots.notice,
                policy=s.waiting_list.policy,
            ),
        )
    return (*dated, lines(s), chairs(s), lab(s), beds(s))


def chairs(s: Scenario) -> Capacity:
    """The apheresis chairs of each centre."""
    return one_each("chair", "Apheresis chairs", [centre.chairs for centre in s.centres.values()])


def lines(s: Scenario) -> Capacity:
    """The manufacturing lines; booked before apheresis they serve the waiting list by its policy."""
    booked = s.manufacturing.line_held.start == "booking"
    policy = s.waiting_list.policy if booked else "first_come"
    return shared("line", "Manufacturing lines", s.manufacturing.lines, policy)


def lab(s: Scenario) -> Capacity:
    """Places for release tests."""
    return shared("lab", "Release-testing places", s.release_testing.lab)


# -- who holds what, from when to when ------------------------------------------------------------------------------


def _book_collect_and_make(s: Scenario) -> Path:
    """From the waiting list to a product at the centre.

    A line is held as the scenario says; a slot until the cells are at the factory.
    """
    held = s.manufacturing.line_held
    early = (*_prepare(s), *_collect(s), *_bridge(s))
    culture, testing, back = _culture(s, first=True), _testing(s), _ship_back(s)
    again = _again(s)
    if held.end == "last_attempt":
        tries = _tries(s, (*culture, *testing, *back), again)
        if held.start == "booking":
            return _with_slot(s, _on_line(s, (*early, *_product(s, tries))))
        return (*_with_slot(s, early), *_product(s, _on_line(s, tries)))
    on_line, later = (culture, (*testing, *back)) if held.end == "culture" else ((*culture, *testing), back)
    if held.start == "booking":
        first = (*_with_slot(s, _on_line(s, (*_patient(s, early), *on_line))), *later)
        return _product(s, _tries(s, first, again))
    return (*_with_slot(s, early), *_product(s, _tries(s, (*_on_line(s, on_line), *later), again)))


def _again(s: Scenario) -> Path:
    """A further attempt, from retained cells or from a new collection."""
    culture, testing, back = _culture(s, first=False), _testing(s), _ship_back(s)
    cells = _patient(s, _collect(s)) if s.manufacturing.remake_from == "apheresis" else ()
    match s.manufacturing.line_held.end:
        case "culture":
            return (*cells, *_on_line(s, culture), *testing, *back)
        case "release":
            return (*cells, *_on_line(s, (*culture, *testing)), *back)
        case _:
            return (*cells, *culture, *testing, *back)


def _tries(s: Scenario, first: Path, again: Path) -> Path:
    """The attempts at a product. Where nothing can fail there is one."""
    limit = s.manufacturing.attempts
    if not _can_fail(first):
        return first
    gave_up = (End("product_failed"),)
    if first == again:
        return (Attempts("manufacture", first, limit, otherwise=gave_up),)
    if limit == 1:
        return (Attempts("manufacture", first, 1, otherwise=gave_up),)
    further = Attempts("manufacture", again, None if limit is None else limit - 1, otherwise=gave_up)
    return (Attempts("manufacture", first, 1, otherwise=(further,)),)


def _can_fail(path: Path) -> bool:
    """Whether a `Fail` of this path would reach the attempts around it."""
    for step in path:
        match step:
            case Fail():
                return True
            case Choose() if _can_fail(step.then) or _can_fail(step.otherwise):
                return True
            case Use() if _can_fail(step.steps):
                return True
            case Together() if any(_can_fail(branch.steps) for branch in step.branches):
                return True
    return False


def _with_slot(s: Scenario, steps: Path) -> Path:
    return (Use(SLOT, steps),) if s.manufacturing.slots is not None else steps


def _on_line(s: Scenario, steps: Path) -> Path:
    return use(lines(s), steps, rejoin=True)


def _product(s: Scenario, steps: Path) -> Path:
    """What goes on without the patient when he leaves, if the scenario says so."""
    on_leave = OnLeave(s.manufacturing.on_leave)
    return steps if on_leave == OnLeave.STOP else (Together((Branch(steps, on_leave),)),)


def _patient(s: Scenario, steps: Path) -> Path:
    """Inside `_product`: what cannot go on without the patient."""
    return steps if OnLeave(s.manufacturing.on_leave) == OnLeave.STOP else (Together((Branch(steps, OnLeave.STOP),)),)


# -- the parts of the protocol --------------------------------------------------------------------------------------


def _prepare(s: Scenario) -> Path:
    """Booked: an appointment for apheresis, not before the slot starts."""
    dated: Path = (Stage("slot.start", UntilSlotStart(SLOT)),) if s.manufacturing.slots is not None else ()
    return (Milestone("slot"), *stage("scheduling.duration", s.scheduling.duration), *dated)


def _collect(s: Scenario) -> Path:
    """Apheresis and the cells' way to the factory; repeated after a gap when they fall short or are lost."""
    after_apheresis: Path = (Clocks("after_apheresis", anew=True),) if s.clocks.after_apheresis is not None else ()
    start: Path = (Milestone("apheresis"), *after_apheresis)
    if s.apheresis.attempts != 1 or s.manufacturing.remake_from == "apheresis":
        start = (Choose(Noted("apheresis"), then=(Milestone("repeat_apheresis"),), otherwise=start),)
    collection: Path = (
        *use(chairs(s), (*start, *stage("apheresis.duration", s.apheresis.duration))),
        *fail("apheresis.shortfall", s.apheresis.shortfall),
        Milestone("collected"),
        *stage("shipping.to_factory", s.shipping.to_factory),
        *fail("shipping.to_factory.loss", s.shipping.loss),
        Milestone("received_at_factory"),
    )
    if not _can_fail(collection):
        return collection
    return (
        Attempts(
            "collection",
            collection,
            s.apheresis.attempts,
            between=stage("apheresis.repeat_after", s.apheresis.repeat_after),
            otherwise=(End("collection_failed"),),
        ),
    )


def _bridged(s: Scenario) -> bool:
    return s.bridging.share > 0.0 and s.bridging.response > 0.0 and s.bridging.hazard != 1.0


def _bridge(s: Scenario) -> Path:
    """Therapy that slows the disease until lymphodepletion, in those who are given it and respond."""
    if not _bridged(s):
        return ()
    slower = (Hazard("bridging.start", "progression", s.bridging.hazard, after=s.bridging.start),)
    return choose("bridging.share", s.bridging.share, choose("bridging.response", s.bridging.response, slower))


def _culture(s: Scenario, first: bool) -> Path:
    made = s.manufacturing
    remake = made.remake_duration if made.remake_duration is not None else made.duration
    anew = not first and remake != made.duration
    return (
        Milestone("manufacturing"),
        *(stage("manufacturing.remake_duration", remake) if anew else stage("manufacturing.duration", made.duration)),
        *fail("manufacturing.failure", made.failure),
        Milestone("manufactured"),
    )


def _testing(s: Scenario) -> Path:
    """Tests side by side, QA review, and the verdict: in specification, out of it, or failed."""
    r = s.release_testing
    lab_places = lab(s)
    tests = [
        stage(f"release_testing.{name}", duration)
        for name, duration in (("sterility", r.sterility), ("potency", r.potency), ("identity", r.identity))
    ]
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
    return (
        *side_by_side,
        *stage("release_testing.review", r.review),
        *fail("release_testing.failure", r.failure),
        *choose(
            "release_testing.out_of_specification",
            r.out_of_specification,
            choose("release_testing.accepted", r.accepted, exception, (Fail(),)),
        ),
        Milestone("released"),
    )


def _ship_back(s: Scenario) -> Path:
    return (
        *stage("shipping.to_centre", s.shipping.to_centre),
        *fail("shipping.to_centre.loss", s.shipping.loss),
    )
