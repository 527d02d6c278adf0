"""Draws as the reference engine reads them: one list of days (or of yes/no) for each purpose and attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sim.pure.arrays import FloatArray
from sim.pure.distributions import Distribution

# (purpose, attempt, count) -> uniforms of the first `count` entities
Uniforms = Callable[[str, int, int], FloatArray]


class Draws(dict[str, list[Any]]):
    """What each entity draws at one attempt, by purpose: days of a duration, or whether a share applies."""

    def __init__(self, draw: Callable[[str], list[Any]]) -> None:
        super().__init__()
        self._draw = draw

    def __missing__(self, purpose: str) -> list[Any]:
        self[purpose] = values = self._draw(purpose)
        return values


class Columns:
    """The draws of each attempt, made for `count` entities or more when first asked for."""

    def __init__(self, drawn: Mapping[str, Distribution | float], uniforms: Uniforms, count: int) -> None:
        self._drawn, self._uniforms, self._count = drawn, uniforms, count
        self._made: dict[int, Draws] = {}

    def of(self, attempt: int) -> Draws:
        """The draws of an attempt."""
        if attempt not in self._made:
            self._made[attempt] = Draws(lambda purpose: self._draw(purpose, attempt))
        return self._made[attempt]

    def reach(self, entity: int) -> None:
        """From now on draw for this entity, too."""
        if entity >= self._count:
            while self._count <= entity:
                self._count *= 2
            for draws in self._made.values():
                draws.clear()

    def _draw(self, purpose: str, attempt: int) -> list[Any]:
        rule, count = self._drawn[purpose], self._count
        if isinstance(rule, Distribution) and rule.is_fixed:
            return [rule.mean()] * count
        found = days_or_chances(rule, self._uniforms(purpose, attempt, count))
        values: list[Any] = (found if isinstance(rule, Distribution) else found < rule).tolist()
        return values


def days_or_chances(rule: Distribution | float, uniforms: FloatArray) -> FloatArray:
    """Days of a duration; the uniforms themselves for a share. For both engines."""
    return uniforms if isinstance(rule, (int, float)) else rule.quantile(uniforms)
