"""Words for a run that would never end: simulated time does not move on, or attempts go on without end.

Who comes back to the same step `MOST_RETURNS` times while less than `INSTANT_DAYS` (a second) passes goes round in a
circle. Returns of one entity or resource are counted, never what happens at one instant: thousands may.
"""

from __future__ import annotations

from sim.engine.trace import LOT, EngineError
from sim.pieces.cohort import Cohort

MOST_RETURNS = 1_000
INSTANT_DAYS = 1.0 / 86_400.0
AT_ONCE = f"{MOST_RETURNS:,} times within a second, so that simulated time does not move on"


def named(cohort: Cohort, kind: int, entity: int) -> str:
    """Who an entity is: a lot by its number, a patient by number and region as in the table of patients."""
    if kind == LOT:
        return f"lot {entity}"
    block = next(b for b in cohort.blocks if b.first <= entity < b.first + b.count)
    course = "" if block.course == 1 else f", course {block.course}"
    return f"patient {entity - block.first} of region {block.region}{course}"


def attempts_without_end(cohort: Cohort, kind: int, entity: int, name: str) -> EngineError:
    """For attempts that go on failing."""
    return EngineError(f"{named(cohort, kind, entity)}: {name}: still failing after {MOST_RETURNS:,} attempts")


def lots_without_end(lot: int) -> EngineError:
    """For lots that fail, or whose doses expire, in the instant in which they are begun, and so are begun again."""
    return EngineError(f"lot {lot}: the stock begins a lot that comes to nothing at once, {AT_ONCE}")


def orders_without_end() -> EngineError:
    """For orders by the calendar that fall due one upon the other."""
    return EngineError(f"stock: the next order falls due at once, {AT_ONCE}")
