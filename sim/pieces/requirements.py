"""What must be done beside the work-up before the cells are collected, and holding therapy meanwhile.

All of it runs beside the rest of the path, so that together it takes as long as the longest of it. The day on which all
is done is noted ahead; the path waits for it where the patient is listed, or lets the slot wait for it.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.pieces.brief import choose, stage
from sim.pieces.step_up import HELD, HELD_AT_HOME
from sim.pieces.steps import Aside, End, Hazard, Milestone, Path, Stage
from sim.scenario import Scenario
from sim.scenario.people import NO_TIME

BEGUN, READY, WASHED_OUT = "requirements_begun", "requirements_met", "washed_out"
WASHOUT = "before_apheresis.washout"


def from_referral(s: Scenario) -> Path:
    """Beside the work-up: clearance, which may be refused for good, caregiver and housing, washout."""
    b = s.before_apheresis
    washout = stage(WASHOUT, b.washout, since=BEGUN)
    others: Path = stage("before_apheresis.caregiver", b.caregiver, since=BEGUN)
    if _washed_by(s) == READY:
        others, washout = (*others, *washout), ()
    required: Path = (*_clearance(s), *others)
    if not required and not washout:
        return ()
    return (
        Milestone(BEGUN),
        *((Aside((*required, Milestone(READY))),) if required else ()),
        *((Aside((*washout, Milestone(WASHED_OUT))),) if washout else ()),
    )


def holding(s: Scenario, in_bed: Callable[[Path], Path]) -> Path:
    """From the end of the work-up: therapy that slows the disease, for a time, and the washout after it.

    Step-up doses are given in a bed (`in_bed`), without which the therapy does not begin; then the path goes on.
    """
    h = s.before_apheresis.holding
    name, until = "before_apheresis.holding.duration", _washed_by(s)
    slower: Path = (
        Hazard("before_apheresis.holding", "progression", h.hazard),
        Hazard(name, "progression", 1.0, after=h.duration),
    )
    if h.hazard == 1.0:
        slower = ()
    washed = (*stage(name, h.duration), *stage(WASHOUT, s.before_apheresis.washout))
    given: Path = (
        Milestone(HELD),
        *choose("before_apheresis.holding.response", h.response, slower),
        Aside((*washed, *_wait(until), Milestone(until))),
    )
    step_up = stage("before_apheresis.holding.step_up", h.step_up)
    if step_up:
        given = in_bed((*given, *step_up, Milestone(HELD_AT_HOME)))
    return choose("before_apheresis.holding.share", h.share, given)


def before_listing(s: Scenario) -> Path:
    """Nobody is listed before all is done, unless slots are asked for at listing."""
    return () if asks_early(s) or not _is_noted(s, READY) else _wait(READY)


def before_dose(s: Scenario) -> Path:
    """Who was listed before all was done takes no dose until it is."""
    return _wait(READY) if asks_early(s) and _is_noted(s, READY) else ()


def before_booking(s: Scenario) -> Path:
    """The end of the washout, where it is lymphodepletion that waits for it; no bed is booked before that."""
    return _wait(WASHED_OUT) if _is_noted(s, WASHED_OUT) else ()


def slot_needs(s: Scenario) -> str:
    """The milestone without which a slot is lost at its start; empty where it has been passed by then."""
    return READY if asks_early(s) and _is_noted(s, READY) else ""


def asks_early(s: Scenario) -> bool:
    """Whether slots are asked for while something is still to be done."""
    return s.before_apheresis.slot_asked_for == "at_listing"


def _is_noted(s: Scenario, milestone: str) -> bool:
    """Whether anybody passes this milestone."""
    b = s.before_apheresis
    washes = _washed_by(s) == milestone and (b.holding.share > 0.0 or not b.washout.is_nothing)
    return washes or (milestone == READY and bool(_clearance(s) or not b.caregiver.is_nothing))


def _washed_by(s: Scenario) -> str:
    """The milestone that waits for washout: all is done for apheresis, or, without one, for lymphodepletion."""
    return WASHED_OUT if s.strategy == "allogeneic" else READY


def _wait(milestone: str) -> Path:
    """Until a milestone that was noted ahead; no time where it was not."""
    return (Stage(f"{milestone}.wait", NO_TIME, since=milestone),)


def _clearance(s: Scenario) -> Path:
    """Somebody is found to pay, at once or on appeal; or the path ends."""
    c = s.before_apheresis.clearance
    ends: Path = (Milestone(READY), End("funding"))
    appeal = stage("before_apheresis.clearance.appeal.duration", c.appeal.duration)
    refused = choose("before_apheresis.clearance.appeal.success", c.appeal.success, (), ends)
    return (
        *stage("before_apheresis.clearance.duration", c.duration),
        *choose("before_apheresis.clearance.refusal", c.refusal, (*appeal, *refused)),
    )
