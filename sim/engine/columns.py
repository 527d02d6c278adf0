"""Draws as the reference engine reads them: one list of days (or of yes/no) for each purpose and attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sim.pure.distributions import Distribution
from sim.pure.streams import FloatArray

# (purpose, attempt, count) -> uniforms of the first `count` entities
Uniforms = Callable[[str, int, int], FloatArray]
FIRST_BLOCK = 64


class Columns:
    """What befalls entity number i at its attempt a, by purpose. Later attempts are drawn when first asked for."""

    def __init__(self, drawn: Mapping[str, Distribution | float], uniforms: Uniforms, count: int | None) -> None:
        self._drawn = drawn
        self._uniforms = uniforms
        self._count = count
        # by purpose, attempt and entity; read directly where every nanosecond counts
        self.made: dict[str, list[list[Any]]] = {purpose: [] for purpose in drawn}

    def value(self, purpose: str, attempt: int, entity: int) -> Any:
        """Days of a duration, or whether a share applies."""
        try:
            return self.made[purpose][attempt][entity]
        except IndexError:
            self._grow(purpose, attempt, entity)
            return self.made[purpose][attempt][entity]

    def _grow(self, purpose: str, attempt: int, entity: int) -> None:
        made = self.made[purpose]
        while len(made) <= attempt:
            made.append([])
        count = self._count
        if count is None:
            count = FIRST_BLOCK
            while count <= entity:
                count *= 2
        rule = self._drawn[purpose]
        if isinstance(rule, (int, float)):
            made[attempt] = (self._uniforms(purpose, attempt, count) < rule).tolist()
        elif rule.is_fixed:
            made[attempt] = [rule.mean()] * count
        else:
            made[attempt] = days_or_chances(rule, self._uniforms(purpose, attempt, count)).tolist()


def days_or_chances(rule: Distribution | float, uniforms: FloatArray) -> FloatArray:
    """Days of a duration; the uniforms themselves for a share. For both engines."""
    return uniforms if isinstance(rule, (int, float)) else rule.quantile(uniforms)
