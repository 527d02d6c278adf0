"""From a scenario to the protocol that an engine runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import cast

from sim.pieces.allogeneic import allogeneic, allogeneic_resources
from sim.pieces.alternative import with_alternative
from sim.pieces.autologous import autologous, autologous_resources
from sim.pieces.clocks import ClockBook, ClockSet
from sim.pieces.endings import overdue
from sim.pieces.in_progress import with_those_in_progress
from sim.pieces.mixed import hybrid, hybrid_resources, returns
from sim.pieces.policies import policies
from sim.pieces.protocol import Protocol, Resource, walk_steps
from sim.pieces.standard_care import standard_care, standard_care_resources
from sim.pieces.steps import Clocks, Path
from sim.pure.survival import HazardTable, Survival, hazard_table
from sim.scenario import Scenario
from sim.scenario.people import WaitingClocks
from sim.scenario.problems import Place, Problem, ScenarioError

STRATEGIES = {
    "autologous": (autologous, autologous_resources),
    "allogeneic": (allogeneic, allogeneic_resources),
    "hybrid": (hybrid, hybrid_resources),
    "standard_care": (standard_care, standard_care_resources),
}


def build_protocol(scenario: Scenario) -> Protocol:
    """The protocol of a scenario. The same scenario gives an equal protocol."""
    later = scenario.later_course
    later_path: Path = ()
    if later is not None:
        later_path = STRATEGIES[scenario.strategy if later.strategy == "same" else later.strategy][0](scenario)
    path, resources = path_and_resources(scenario)
    if scenario.in_progress is not None:
        _require_in_time(scenario, path, resources)
        path = with_those_in_progress(scenario, path, resources)
    return Protocol(
        product=scenario.strategy,
        path=path,
        resources=resources,
        clocks=_clock_book(scenario, (*path, *later_path)),
        centres=tuple(scenario.centres),
        later_path=later_path,
        policies=policies(scenario),
    )


def path_and_resources(scenario: Scenario) -> tuple[Path, tuple[Resource, ...]]:
    """(what happens to a patient from referral on, what is queued for on the way)."""
    path_of, resources_of = STRATEGIES[scenario.strategy]
    return with_alternative(scenario, lambda s: path_of(s, returns(s))), resources_of(scenario)


def _require_in_time(scenario: Scenario, path: Path, resources: Sequence[Resource]) -> None:
    """Nothing, or a ScenarioError that lists who has been in a stage for longer than it can last."""
    late = overdue(scenario, path, resources)
    if late and scenario.in_progress is not None and scenario.in_progress.overdue == "fault":
        place, key = Place(scenario.in_progress.file.file, 0), "in_progress"
        raise ScenarioError([Problem(place, key, f"{one}; or set in_progress.overdue: finish_today") for one in late])


def _clock_book(scenario: Scenario, steps: Path) -> ClockBook:
    clocks = scenario.clocks
    frailty = scenario.patients.frailty.strength
    sets = {"waiting": _clock_set(clocks.waiting, frailty)}
    if clocks.after_apheresis is not None:
        sets["after_apheresis"] = _clock_set(clocks.after_apheresis, frailty)
    after = clocks.after_progression
    anew = any(isinstance(step, Clocks) and step.anew for step in walk_steps(steps))
    return ClockBook(sets=sets, first="waiting", after_progression=(after.death, 1.0, after.removal), anew=anew)


def _clock_set(clocks: WaitingClocks, frailty: float) -> ClockSet:
    tables = (_table(clocks.death), _table(clocks.progression_alone(frailty)), _table(clocks.removal))
    return ClockSet(tables, clocks.ends_eligibility)


# Building a table takes milliseconds, and every replication asks for the same few. Survival shapes are frozen values.
_table = cast(Callable[[Survival], HazardTable], lru_cache(maxsize=256)(hazard_table))
