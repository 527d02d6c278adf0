"""What comes of a changed leaf: a moved record, a refusal or a warning with its reason, or nothing at all."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import ValidationError

from sim.engine.choice import COMPILED
from sim.engine.trace import EngineError
from sim.experiment.psa.run import psa_points
from sim.experiment.runs.replicate import Arm, Keep, run_arm
from sim.experiment.sweep.points import Base
from sim.outcomes.resource_use import ResourceUse
from sim.pieces.breakdowns import as_drawn
from sim.scenario import Loaded, Scenario, ScenarioError
from sim.scenario.unused import why_unused
from tests.leaf_changes import Change

REPLICATIONS = 3
MOVED, REFUSED, WARNED, SILENT, UNTRIED = "moved", "refused", "warned of", "silent", "untried"


@dataclass(frozen=True)
class Effect:
    """What a change came to; `setting`: the one that counts; `why`: the reason of a refusal, or what was tried."""

    change: Change
    outcome: str
    setting: tuple[str, ...] = ()
    why: str = ""
    tried: tuple[str, ...] = ()


class Before:
    """A scenario as it is, with its records for as many replications as were asked for."""

    def __init__(self, loaded: Loaded, with_engine: str = COMPILED) -> None:
        self.loaded, self.engine = loaded, with_engine
        self._records: dict[int, Record] = {}

    def record(self, number: int) -> Record:
        """The records of one replication."""
        if number not in self._records:
            self._records[number] = records(self.loaded.scenario, number, self.engine)
        return self._records[number]

    @cached_property
    def sets(self) -> Any:
        """The sets of parameters that `psa` would draw."""
        return drawn(self.loaded)


Record = dict[str, Any]


def records(scenario: Scenario, number: int, with_engine: str = COMPILED) -> Record:
    """The rows of patients, quantities, resources, metrics and ledger of one replication, by column."""
    (ran,), _ = run_arm(Arm("one", as_drawn(scenario, number)), [number], Keep(), with_engine)
    found: Record = {}
    for table, columns in (("patients", ran.patients), ("quantities", ran.quantities)):
        found |= {f"{table}.{name}": np.asarray(column) for name, column in (columns or {}).items()}
    for field in fields(ResourceUse):
        found[f"resources.{field.name}"] = np.array([getattr(use, field.name) for use in ran.resources])
    return found | {"metrics": np.array(ran.metrics), "ledger": np.array(ran.economics or [])}


def moved(before: Record, after: Record) -> str:
    """The first column in which two records differ, "" where they are the same."""
    for name in dict.fromkeys([*before, *after]):
        if name not in before or name not in after or not _same(before[name], after[name]):
            return name
    return ""


def _same(a: Any, b: Any) -> bool:
    return bool(a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def drawn(loaded: Loaded) -> list[Any]:
    """The values that `psa` draws for each of a few sets of parameters."""
    return [point.own for point in psa_points(Base({"one": loaded}), 3)]


def effect(before: Before, change: Change) -> Effect:
    """What comes of the first way that moves a record, or is refused or warned of as unused; else nothing did."""
    tried, silent = [], False
    if change.path[0] == "uncertainty":
        # `psa` leaves out, and says, whose value has no effect
        why = why_unused(tuple(str(change.inside[0]).split(".")), before.loaded.scenario)
        if why is not None:
            return Effect(change, WARNED, (), why)
    for setting in change.ways:
        try:
            column = _moves(before, change, setting)
            said = "" if column else _warning(before.loaded, setting)
        except ScenarioError as error:
            why = "; ".join(problem.message for problem in error.problems)
            if "not used" in why:
                return Effect(change, REFUSED, setting, why, tuple(tried))
        except EngineError as error:
            why = str(error)
        else:
            if column or said:
                return Effect(change, MOVED if column else WARNED, setting, column or said, tuple(tried))
            why, silent = "nothing", True
        tried.append(f"{' '.join(setting)}: {why}")
    return Effect(change, SILENT if silent else UNTRIED, (), "", tuple(tried))


def _warning(loaded: Loaded, setting: tuple[str, ...]) -> str:
    """What is said of the changed scenario, and not of the scenario as it is."""
    changed = loaded.with_overrides(setting)
    left_out = [dropped.sentence for dropped in changed.dropped if dropped.path not in {d.path for d in loaded.dropped}]
    return "; ".join([*left_out, *(said for said in changed.warnings if said not in loaded.warnings)])


def _moves(before: Before, change: Change, setting: tuple[str, ...]) -> str:
    """The first column that these settings move, "" for none."""
    if change.path[0] == "uncertainty":
        return "draws" if drawn(before.loaded.with_overrides(setting)) != before.sets else ""
    scenario = before.loaded.scenario_with(setting)
    for number in range(REPLICATIONS):
        column = moved(before.record(number), records(scenario, number, before.engine))
        if column:
            return column
    return ""


def forced(loaded: Loaded, setting: tuple[str, ...]) -> Scenario | None:
    """The scenario with values that are refused as without effect; None where it would not be valid in other ways.

    It is made of what the scenario came to, so that nothing else changes with them.
    """
    data = deepcopy(loaded.resolved)
    for text in setting:
        path, _, value = text.partition("=")
        *sections, key = path.split(".")
        section = data
        for name in sections:
            section = section.setdefault(name, {})
        section[key] = json.loads(value)
    try:
        return Scenario.model_validate(data, context={"start": loaded.scenario.run.start})
    except ValidationError:
        return None
