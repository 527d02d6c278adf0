"""Who is served next: the first part of a queue key, and when it changes while somebody waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sim.engine.trace import LOT
from sim.pieces.protocol import Policy


class Jump(NamedTuple):
    """The day on which the disease of one who waits progresses, and their rank from then on."""

    day: float
    rank: float


# (kind, entity, day of asking, key day) -> (rank, smaller is earlier; its jump, if there will be one)
Ranking = Callable[[int, int, float, float], tuple[float, Jump | None]]


def ranking(policy: Policy, own: Sequence[float], progression_day: Sequence[float], lot_rank: float) -> Ranking:
    """How a policy ranks those who wait; `own`, `progression_day`: of each patient, as they stand when asked for."""

    def rank(kind: int, entity: int, day: float, key_day: float) -> tuple[float, Jump | None]:
        if kind == LOT:
            return lot_rank, None
        found = policy.per_day * key_day + own[entity]
        if policy.progressed == 0.0:
            return found, None
        progression = progression_day[entity]
        if progression <= day:
            return found + policy.progressed, None
        return found, Jump(progression, found + policy.progressed)

    return rank
