"""The combinations of levers that a search is over, and what each of them costs."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sim.experiment.sweep.designs import point_of
from sim.experiment.sweep.factors import Factor, number_of, one_by_one
from sim.experiment.sweep.points import Point


@dataclass(frozen=True)
class Space:
    """Every combination of one value of each lever, numbered with the last lever changing fastest.

    `levers`: values one by one, from small to large. `prices`: of one unit, by path; empty where the only lever's own
    number is what counts.
    """

    levers: tuple[Factor, ...]
    prices: dict[str, float]

    @property
    def paths(self) -> list[str]:
        """The paths of the levers."""
        return [lever.path for lever in self.levers]

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return math.prod(len(lever.levels) for lever in self.levers)

    @cached_property
    def digest(self) -> str:
        """What the numbers of the combinations stand for, so that results are never taken for those of others."""
        content = [[lever.path, list(lever.levels)] for lever in self.levers]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()

    def number(self, places: Sequence[int]) -> int:
        """The number of the combination with each lever at this place of its values."""
        found = 0
        for lever, place in zip(self.levers, places, strict=True):
            found = found * len(lever.levels) + place
        return found

    def places(self, number: int) -> list[int]:
        """At which place of its values each lever is, the inverse of `number`."""
        found = []
        for lever in reversed(self.levers):
            number, place = divmod(number, len(lever.levels))
            found.append(place)
        return found[::-1]

    def values(self, number: int) -> dict[str, str]:
        """The value of each lever as a scenario file writes it, by path."""
        return {lever.path: lever.levels[place] for lever, place in zip(self.levers, self.places(number), strict=True)}

    def point(self, number: int) -> Point:
        """The combination as a point of a sweep."""
        return point_of(number, self.values(number))

    def cost(self, number: int) -> float:
        """The sum over levers of price and amount (days, events a day, or a plain number)."""
        amounts = {path: float(number_of(text)) for path, text in self.values(number).items()}
        return math.fsum(self.prices.get(path, 1.0) * amount for path, amount in amounts.items())

    def told(self, number: int) -> str:
        """The combination in words."""
        return " and ".join(f"{path} = {text}" for path, text in self.values(number).items())

    def axes(self) -> list[Point]:
        """A point for each value of each lever, the others at their first: where a wrong value is found soon."""
        numbers = {0}
        for index, lever in enumerate(self.levers):
            places = [0] * len(self.levers)
            for place in range(len(lever.levels)):
                places[index] = place
                numbers.add(self.number(places))
        return [self.point(number) for number in sorted(numbers)]


def ascending(factor: Factor) -> Factor:
    """The factor with its values one by one, from small to large; a ValueError where they cannot be put in order."""
    factor = one_by_one(factor)
    numbers = [number_of(level) for level in factor.levels]
    if any(isinstance(number, str) for number in numbers):
        raise ValueError("found values that are no numbers; a search needs values from small to large")
    order = sorted(range(len(numbers)), key=lambda k: float(numbers[k]))
    return replace(factor, levels=tuple(factor.levels[k] for k in order))
