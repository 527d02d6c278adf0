"""The alternative: a therapy without slot or cells, for whoever leaves the path to infusion for it.

Its first dose is where this path ends, as infusion is where the other one does. What it does to the disease stands in
`after_infusion.alternative`.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.pieces.brief import by_flag, choose, stage
from sim.pieces.common import DECLINES, LISTED, in_bed
from sim.pieces.protocol import walk_steps
from sim.pieces.steps import (
    AtProgression,
    Attempts,
    Choose,
    Clocks,
    End,
    Fail,
    Flagged,
    Milestone,
    Noted,
    Path,
    Patience,
    Since,
    Then,
    Unless,
)
from sim.scenario import Scenario

# Noted on the day on which it is accepted, on that of its first dose, and at the end of its step-up doses.
ACCEPTED, GIVEN, STEPPED_UP = "alternative_accepted", "alternative", "step_up_ended"
# Noted where no further product is tried, though the last attempt at one has only failed.
GIVEN_UP = "given_up"
LEAVE_IT: Path = (Milestone(GIVEN_UP), Fail())


def with_alternative(s: Scenario, path_of: Callable[[Scenario], Path]) -> Path:
    """The path of a strategy; for those who are offered the alternative and accept it, with the ways that lead to it.

    Who accepts it does so by one draw, whenever they are offered it.
    """
    if s.alternative is None:
        return path_of(s)
    without = path_of(s.model_copy(update={"alternative": None}))
    offered = choose("alternative.accepts", s.alternative.accepts, _offered(s, path_of(s)), without)
    groups = s.alternative.offered.to
    return by_flag({f"risk_group/{name}": offered for name in groups} | {"": without}) if groups else offered


def _offered(s: Scenario, path: Path) -> Path:
    assert s.alternative is not None
    if s.alternative.offered.at_progression:
        path = (Unless((AtProgression(Then.LEAVE), *path), alternative(s)),)
    if not s.alternative.offered.from_start:
        return path
    at_once = alternative(s)
    if any(region.already_waiting is not None for region in s.regions.values()):
        at_once = (Choose(Flagged(LISTED), path, at_once),)
    if any(region.declines > 0.0 for region in s.regions.values()):
        at_once = (Choose(Flagged(DECLINES), path, at_once),)
    return at_once


def alternative(s: Scenario) -> Path:
    """From accepting it to the end of the step-up doses; nothing but death and withdrawal comes before the first."""
    assert s.alternative is not None
    return (
        AtProgression(Then.STAY),
        Milestone(ACCEPTED),
        *stage("alternative.start", s.alternative.start),
        *in_bed(s, (Milestone(GIVEN), Clocks(None), *stage("alternative.step_up", s.alternative.step_up))),
        Milestone(STEPPED_UP),
        End("alternative"),
    )


def otherwise_alternative(s: Scenario, steps: Path) -> Path:
    """The steps, with the alternative for those who give up waiting or for whom no further product is tried."""
    offered = None if s.alternative is None else s.alternative.offered
    if offered is None or not (offered.after_some_wait or offered.after_failure):
        return steps
    return (Attempts("therapy", steps, 1, otherwise=alternative(s)),)


def attempts(name: str, steps: Path, at_most: int | None, between: Path, otherwise: Path) -> Path:
    """Attempts that end at once where one of them has given up for good."""
    if Milestone(GIVEN_UP) in walk_steps(steps):
        between = (Choose(Noted(GIVEN_UP), (Fail(),), between),)
        otherwise = (Choose(Noted(GIVEN_UP), (Fail(),), otherwise),)
    return (Attempts(name, steps, at_most, between=between, otherwise=otherwise),)


def patience(s: Scenario) -> Patience | None:
    """How long a patient waits before they are given the alternative instead."""
    if s.alternative is None or not s.alternative.offered.after_some_wait:
        return None
    offered = s.alternative.offered
    return Patience(offered.after_waiting, Since(offered.since), LEAVE_IT)


def stands_by_then(s: Scenario) -> Path:
    """From here on who progresses stays on the path or is lost, as the clocks say, and is not offered anything."""
    offered = s.alternative is not None and s.alternative.offered.at_progression
    return (AtProgression(Then.AS_DRAWN),) if offered else ()
