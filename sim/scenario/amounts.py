"""A number with what stands behind it: nothing, a unit of time, or one to the power of -1."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim.scenario.problems import show
from sim.scenario.units import NUMBER, write_number

AMOUNT = re.compile(rf"\s*({NUMBER})\s*(|(?:/|per\s)?\s*[^\W\d_]+)\s*")


@dataclass(frozen=True)
class Amount:
    """A number and what stands behind it: nothing, a unit of time (`d`), or one to the power of -1 (`/ month`)."""

    number: float
    unit: str = ""

    def text(self) -> str:
        """As a scenario file has it; twelve digits, so that 0.1 + 0.2 is 0.3."""
        return f"{write_number(float(f'{self.number:.12g}'))} {self.unit}".strip()


def amount(text: str) -> Amount:
    """A number with or without a unit; a ValueError where the text is something else."""
    found = AMOUNT.fullmatch(text) if len(text) <= 80 else None
    if found is None:
        raise ValueError(f"found {show(text)}; allowed: a number, with its unit where it has one")
    return Amount(float(found[1]), " ".join(found[2].replace("/", "/ ").split()))
