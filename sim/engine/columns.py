"""Draws as the reference engine reads them: one list of days (or of yes/no) for each purpose and attempt."""

from __future__ import annotations

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
        self._made: dict[tuple[str, int], list[Any]] = {}

    def value(self, purpose: str, attempt: int, entity: int) -> Any:
        """Days of a duration, or whether a share applies."""
        try:
            return self._made[purpose, attempt][entity]
        except (KeyError, IndexError):
            count = self._count
            while count <= entity:
                count *= 2
            self._made[purpose, attempt] = self._draw(purpose, attempt, count)
        return self._made[purpose, attempt][entity]

    def _draw(self, purpose: str, attempt: int, count: int) -> list[Any]:
        rule = self._drawn[purpose]
        if isinstance(rule, Distribution) and rule.is_fixed:
            return [rule.mean()] * count
        found = days_or_chances(rule, self._uniforms(purpose, attempt, count))
        values: list[Any] = (found if isinstance(rule, Distribution) else found < rule).tolist()
        return values


def days_or_chances(rule: Distribution | float, uniforms: FloatArray) -> FloatArray:
    """Days of a duration; the uniforms themselves for a share. For both engines."""
    return uniforms if isinstance(rule, (int, float)) else rule.quantile(uniforms)
