"""Who is served next: what the policy of a scenario makes of a patient and of their wait."""

from __future__ import annotations

import numpy as np

from sim.pieces.protocol import FIRST_COME, Policy
from sim.pure.arrays import FloatArray, IntArray
from sim.scenario import Scenario


def policies(s: Scenario) -> dict[str, Policy]:
    """The policies that queues of this scenario name, but for first come."""
    name, score = s.waiting_list.policy, s.waiting_list.score
    if name == FIRST_COME:
        return {}
    # who asked a day later has waited a day less, and a lower score is a higher rank
    weighted = Policy() if score is None else Policy(score.waiting_day, -score.progressed)
    return {name: weighted}


def own_ranks(s: Scenario, group: IntArray, tickets: FloatArray | None) -> dict[str, FloatArray]:
    """The patients' own parts of their ranks, by policy; `tickets` are the uniforms of a lottery."""
    name, score = s.waiting_list.policy, s.waiting_list.score
    groups = s.patients.risk_groups.values()
    priority = np.array([g.priority for g in groups])[group]
    benefit = np.array([g.benefit for g in groups])[group]
    match name:
        case "sickest_first":
            return {name: -priority}
        case "likely_benefit":
            return {name: -benefit}
        case "lottery" if tickets is not None:
            return {name: tickets}
        case "score" if score is not None:
            return {name: -(score.priority * priority + score.benefit * benefit)}
        case _:
            return {}
