"""Who is served next: the first part of a queue key, and when it changes while somebody waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.engine.trace import LOT, EngineError
from sim.pieces.protocol import FIRST_COME, Capacity, Policy, Resource

if TYPE_CHECKING:
    from sim.engine.walker import Walker
    from sim.engine.world import World

# (walker, key day) -> (rank, smaller is earlier; the day of its jump and the rank from then on, if there will be one)
Ranking = Callable[["Walker", float], tuple[float, tuple[float, float] | None]]


def ranking(world: World, resource: Resource) -> Ranking | None:
    """How those who wait for a resource are ranked; None where only the day of asking counts."""
    policies = {**world.protocol.policies, FIRST_COME: Policy()}
    if resource.policy not in policies:
        raise EngineError(f"{resource.name}: there is no policy {resource.policy!r}")
    policy = policies[resource.policy]
    lot_rank = resource.lot_rank if isinstance(resource, Capacity) else 0.0
    if resource.policy == FIRST_COME and lot_rank == 0.0:
        return None
    given = world.cohort.ranks.get(resource.policy)
    own = [0.0] * len(world.referral_day) if given is None else given.tolist()
    progression_day = world.progression_day

    def rank(walker: Walker, key_day: float) -> tuple[float, tuple[float, float] | None]:
        if walker.kind == LOT:
            return lot_rank, None
        found = policy.per_day * key_day + own[walker.entity]
        if policy.progressed == 0.0:
            return found, None
        progression = progression_day[walker.entity]
        if progression <= walker.day:
            return found + policy.progressed, None
        return found, (progression, found + policy.progressed)

    return rank
