"""Both engines know the same words: a step that only one of them can run does not exist."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pytest

pytest.importorskip("numba")

from sim.engine import plan, timeline, trace, world
from sim.engine.flatten import STEPS, flatten
from sim.engine.kernel import names
from sim.engine.trace import EngineError, Trace
from sim.pieces.clocks import Clock
from sim.pieces.protocol import Cadence, Capacity, Resource, Stock
from sim.pieces.steps import Milestone, Step, Supply
from tests.engines import test_mutants
from tests.engines.both import prepare
from tests.engines.random_scenarios import scenario_text
from tests.runs import load_text


def test_the_flattening_knows_every_step() -> None:
    assert set(STEPS) == set(get_args(Step))


def test_the_reference_engine_knows_every_step() -> None:
    in_its_loop = {"Stage", "Use", "Choose", "Milestone", "Attempts", "Fail", "Together", "End"}
    elsewhere = {step.__name__ for step in (*walker.CHANGES, *walker.MEETINGS)}
    assert in_its_loop | elsewhere == {step.__name__ for step in get_args(Step)}


def test_both_know_every_resource_and_policy() -> None:
    assert set(get_args(Resource)) == {Capacity, Cadence, Stock}
    assert set(POLICIES) == {"first_come", *world.RANKS}


def test_both_count_in_the_same_numbers() -> None:
    assert [int(clock) for clock in Clock] == [kernel.DEATH, kernel.PROGRESSION, kernel.REMOVAL]
    assert (trace.PATIENT, trace.LOT) == (kernel.PATIENT, kernel.LOT)
    assert kernel.MOST_ATTEMPTS == world.MOST_ATTEMPTS
    for phase in timeline.Phase:
        assert getattr(kernel, phase.name) == phase


@dataclass(frozen=True)
class Unheard:
    """A step that nobody knows."""

    name: str = "unheard"


@pytest.mark.parametrize("step", [Unheard(), Supply("stock")])
def test_what_the_kernel_cannot_run_is_refused_in_words(step: Any) -> None:
    protocol = prepare(load_text(scenario_text(1)).scenario).protocol
    with pytest.raises(EngineError, match=type(step).__name__):
        flatten(replace(protocol, path=(Milestone("start"), step)))


def test_an_unknown_policy_is_refused() -> None:
    protocol = prepare(load_text(scenario_text(1)).scenario).protocol
    odd = replace(protocol.resources[0], policy="loudest_first")
    with pytest.raises(EngineError, match="loudest_first"):
        flatten(replace(protocol, resources=(odd, *protocol.resources[1:])))


class Counting:
    """A table of operations that counts how often each is looked up."""

    def __init__(self, table: Any, counts: Any) -> None:
        self._table, self._counts = table, counts

    def __getitem__(self, place: Any) -> Any:
        row = self._table[place]
        self._counts[row[kernel.CODE]] += 1
        return row


def test_every_operation_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, counts = test_mutants.plain_kernel(), np.zeros(len(kernel.OPERATION_NAMES), dtype=int)
    simulate = plain.simulate
    plain.simulate = lambda plan, people, state: simulate(
        plan._replace(operations=Counting(plan.operations, counts)), people, state
    )
    engine = test_mutants.on(plain, monkeypatch)
    for number in range(40):
        assert isinstance(prepare(load_text(scenario_text(number)).scenario).run(engine), Trace)
    least = {name: int(count) for name, count in zip(kernel.OPERATION_NAMES, counts, strict=True)}
    assert {name: count for name, count in least.items() if count < 20} == {}
