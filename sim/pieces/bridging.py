"""Bridging: therapy between apheresis and lymphodepletion that slows the disease in those who respond to it."""

from __future__ import annotations

from sim.pieces.brief import choose, stage
from sim.pieces.common import in_bed
from sim.pieces.step_up import BRIDGED, BRIDGED_AT_HOME
from sim.pieces.steps import Branch, Hazard, Milestone, Path, Patience, Since, Together
from sim.scenario import Scenario


def from_apheresis(s: Scenario) -> Path:
    """From the first apheresis: the disease runs slower after a delay, where nothing but time stands before that."""
    b = s.bridging
    if not _slows(s) or b.steps_up:
        return ()
    slower = (Hazard("bridging.start", "progression", b.hazard, after=b.start),)
    return choose("bridging.share", b.share, choose("bridging.response", b.response, slower))


def beside_manufacture(s: Scenario, made: Path) -> Path:
    """What is done to the cells from the factory to the centre; beside it, where bridging begins in a bed, that stay.

    The patient waits at home for the bed; who has none in time is not bridged. The path goes on when the product is
    there and the patient, if they had a bed, is home again.
    """
    b = s.bridging
    if not b.steps_up or b.share == 0.0:
        return made
    slower: Path = (Hazard("bridging.first_dose", "progression", b.hazard),) if _slows(s) else ()
    stay = (
        Milestone(BRIDGED),
        *choose("bridging.response", b.response, slower),
        *stage("bridging.step_up", b.step_up),
        Milestone(BRIDGED_AT_HOME),
    )
    therapy = in_bed(s, stay, None if b.bed_within is None else Patience(b.bed_within, Since.JOINING, ()))
    patient = (*stage("bridging.start", b.start, since="apheresis"), *therapy)
    side_by_side = Together((Branch(made), Branch(patient)), slows=bool(slower))
    return choose("bridging.share", b.share, (side_by_side,), made)


def end_of_bridging(s: Scenario) -> Path:
    """The end of bridging, where there is any: at lymphodepletion."""
    return (Hazard("bridging.end", "progression", 1.0),) if _slows(s) else ()


def _slows(s: Scenario) -> bool:
    return s.bridging.share > 0.0 and s.bridging.response > 0.0 and s.bridging.hazard != 1.0
