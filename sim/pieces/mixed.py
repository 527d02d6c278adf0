"""Mixed pathways: who is given the allogeneic product instead, and who returns for a later course."""

from __future__ import annotations

import math

from sim.pieces.allogeneic import dose_to_discharge, supply
from sim.pieces.autologous import factory, slot_to_discharge
from sim.pieces.bridging import end_of_bridging
from sim.pieces.brief import by_flag, choose
from sim.pieces.common import bedside, work_up
from sim.pieces.protocol import Resource
from sim.pieces.returning import NOBODY, PRODUCTS, RELAPSE, SHARE, Returns, may_die_first, outlives
from sim.pieces.steps import Attempts, Milestone, Path, Return
from sim.scenario import Scenario


def hybrid(s: Scenario, returns: Returns = NOBODY) -> Path:
    """Autologous first; a dose from the shelf for some groups, after a long wait, or after a failure.

    Who cannot be given the allogeneic product stays on the autologous path, whatever comes.
    """
    own = s.model_copy(update={"strategy": "autologous"})
    without = slot_to_discharge(own, returns)
    dose = dose_to_discharge(s, returns)
    # who was collected first may have been bridged
    instead = dose_to_discharge(s, returns, end_of_bridging(s))
    first = slot_to_discharge(s, returns)
    falls_back = not math.isinf(s.hybrid.after_waiting) or s.hybrid.after_failure
    mostly: Path = (Attempts("therapy", first, 1, otherwise=instead),) if falls_back else first
    at_once = {f"risk_group/{name}": dose for name in s.hybrid.allogeneic_for}
    suited = by_flag({**at_once, "": mostly})
    return (
        *work_up(s),
        Milestone("listing"),
        *choose("allogeneic.unsuitable", s.allogeneic.unsuitable, without, suited),
    )


def hybrid_resources(s: Scenario) -> tuple[Resource, ...]:
    """What both products need, in the order in which ties between resources are settled."""
    return (*factory(s), *supply(s), *bedside(s))


def returns(s: Scenario) -> Returns:
    """What is foreseen at the infusion of each product for a later course: a relapse after which a share returns.

    Where deaths before that relapse are told of, only those return who live until it.
    """
    later = s.later_course
    if later is None:
        return NOBODY
    back: Path = (Return(RELAPSE, later.relapse, s.run.later_courses_end),)
    alive = {p: by_flag({outlives(p): back, "": ()}) if may_die_first(s, p) else back for p in PRODUCTS}
    return {product: choose(SHARE, later.share, path) for product, path in alive.items()}
