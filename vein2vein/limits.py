"""What an option of a function can be; the command line has the same limits in its options."""

from __future__ import annotations

import math
from collections.abc import Collection

from sim.scenario.problems import any_of, show, suggestion

ENGINES = ("auto", "simpy", "compiled")


def require(**given: tuple[float | None, float]) -> None:
    """Nothing, or a ValueError where an option is less than it can be: name=(value, least); None is not given."""
    for name, (value, least) in given.items():
        if value is not None and not value >= least:
            raise ValueError(f"{name}: found {value}; allowed: {least:g} or more")


def require_within(name: str, value: float, low: float, high: float) -> None:
    """Nothing, or a ValueError where an option lies outside of what it can be."""
    if math.isnan(value) or not low <= value <= high:
        raise ValueError(f"{name}: found {value}; allowed: {low:g} to {high:g}")


def require_word(name: str, value: str, known: Collection[str]) -> None:
    """Nothing, or a ValueError where an option is none of the words that it can be."""
    if value not in known:
        raise ValueError(f"{name}: found {show(value)}; allowed: {any_of(known)}{suggestion(value, known)}")
