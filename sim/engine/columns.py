"""Draws as the reference engine reads them: one list of days (or of yes/no) for each purpose and attempt."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import Any

from sim.pure.arrays import FloatArray
from sim.pure.distributions import Distribution

# (purpose, attempt, count) -> uniforms of the first `count` entities
Uniforms = Callable[[str, int, int], FloatArray]


class Columns:
    """What entity number i draws at its attempt a, by purpose; drawn for `count` entities or more when first asked."""

    def __init__(self, drawn: Mapping[str, Distribution | float], uniforms: Uniforms, count: int) -> None:
        self._drawn, self._uniforms, self._count = drawn, uniforms, count
        self._made: dict[tuple[str, int], array[float]] = {}

    def value(self, purpose: str, attempt: int, entity: int) -> Any:
        """Days of a duration, or whether a share applies."""
        made = self._made.get((purpose, attempt), ())
        if entity >= len(made):
            count = self._count
            while count <= entity:
                count *= 2
            made = self._made[purpose, attempt] = self._draw(purpose, attempt, count)
        return made[entity]

    def _draw(self, purpose: str, attempt: int, count: int) -> array[float]:
        rule = self._drawn[purpose]
        if isinstance(rule, Distribution) and rule.is_fixed:
            return array("d", [rule.mean()]) * count
        found = days_or_chances(rule, self._uniforms(purpose, attempt, count))
        return array("d", found if isinstance(rule, Distribution) else found < rule)


def days_or_chances(rule: Distribution | float, uniforms: FloatArray) -> FloatArray:
    """Days of a duration; the uniforms themselves for a share. For both engines."""
    return uniforms if isinstance(rule, (int, float)) else rule.quantile(uniforms)
