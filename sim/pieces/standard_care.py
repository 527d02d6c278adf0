"""Standard care: nobody is infused. What the patients of a reference arm are given from referral on.

What it does to the disease stands in `after_infusion.standard_care`, and is what follows after this path. A share may
be given the alternative from the start instead (`sim.pieces.alternative`).
"""

from __future__ import annotations

from sim.pieces.common import beds
from sim.pieces.protocol import Resource
from sim.pieces.returning import NOBODY, Returns
from sim.pieces.steps import End, Milestone, Path
from sim.scenario import Scenario

# Noted on the day on which it begins; the outcome of whoever is given it.
STANDARD_CARE = "standard_care"


def standard_care(s: Scenario, returns: Returns = NOBODY) -> Path:
    """From referral on, at once; nobody returns for a later course."""
    return (Milestone(STANDARD_CARE), End(STANDARD_CARE))


def standard_care_resources(s: Scenario) -> tuple[Resource, ...]:
    """The beds for step-up doses, where some are given the alternative."""
    return () if s.alternative is None else (beds(s),)
