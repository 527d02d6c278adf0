"""One replication on both engines, and where their traces differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from sim.engine import compiled_engine, simpy_engine
from sim.engine.trace import EngineError, Trace
from sim.pieces.breakdowns import as_drawn
from sim.pieces.clocks import ClockBook, ClockSet
from sim.pieces.cohort import Cohort, draw_cohort
from sim.pieces.luck import Luck
from sim.pieces.protocol import Protocol
from sim.pieces.strategies import build_protocol
from sim.pure.survival import HazardTable
from sim.scenario import Scenario

# The highest rate that a scenario file may state, and one under which a clock strikes exactly on the day it begins.
HIGHEST_RATE, AT_ONCE = 1e6, 1e21


@dataclass(frozen=True)
class Case:
    """What an engine is given."""

    protocol: Protocol
    cohort: Cohort
    luck: Luck
    least: float
    follow_up: float

    def run(self, engine: Callable[..., Trace], traced: bool = True) -> Trace | str:
        """The trace, or the message of the error that the run ends with."""
        try:
            return engine(self.protocol, self.cohort, self.luck, self.least, self.follow_up, traced=traced)
        except EngineError as error:
            return str(error)


def prepare(scenario: Scenario, replication: int = 0) -> Case:
    """One replication of a scenario. Clocks at the highest rate strike at once, so that they tie with whole days."""
    scenario = as_drawn(scenario, replication)
    protocol = build_protocol(scenario)
    protocol = replace(protocol, clocks=_sharpened(protocol.clocks))
    cohort, luck = draw_cohort(scenario, protocol.clocks, [replication])
    return Case(protocol, cohort, luck, scenario.runs_until, scenario.run.follow_up)


def _sharpened(book: ClockBook) -> ClockBook:
    def sharp(table: HazardTable) -> HazardTable:
        return HazardTable(table.days, table.hazards, np.where(table.rates == HIGHEST_RATE, AT_ONCE, table.rates))

    sets = {
        name: ClockSet((sharp(s.tables[0]), sharp(s.tables[1]), sharp(s.tables[2])), s.ends_eligibility)
        for name, s in book.sets.items()
    }
    return replace(book, sets=sets)


def compare(case: Case, traced: bool = True) -> tuple[Trace | str, list[str]]:
    """(the trace of the reference engine, where that of the compiled engine differs from it)."""
    reference = case.run(simpy_engine.run, traced)
    return reference, difference(reference, case.run(compiled_engine.run, traced))


def difference(a: Any, b: Any, name: str = "") -> list[str]:
    """The names of the parts in which two traces differ: in a single bit, a shape or a type."""
    if is_dataclass(a) and type(a) is type(b):
        return [found for f in fields(a) for found in difference(getattr(a, f.name), getattr(b, f.name), f.name)]
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return [found for key in a for found in difference(a[key], b[key], str(key))]
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        alike = a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        return [] if alike else [name]
    return [] if type(a) is type(b) and a == b else [name or f"{a} / {b}"]
