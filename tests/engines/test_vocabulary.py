"""Both engines know the same words: a step that only one of them can run does not exist."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pytest

pytest.importorskip("numba")

from sim.engine import compiled_engine, guard, simpy_engine, timeline, trace
from sim.engine.choice import Engine
from sim.engine.kernel import names
from sim.engine.operations import STEPS
from sim.engine.trace import EngineError, Trace
from sim.pieces.clocks import Clock
from sim.pieces.protocol import Capacity, Stock
from sim.pieces.steps import (
    Aside,
    AtProgression,
    Attempts,
    Branch,
    Choose,
    Clocks,
    Draw,
    End,
    Fail,
    Hazard,
    Milestone,
    Progressed,
    Return,
    Stage,
    Step,
    Supply,
    Then,
    Together,
    Unless,
    Use,
)
from sim.pure.distributions import Fixed
from tests.engines import test_mutants
from tests.engines.both import prepare
from tests.engines.random_scenarios import random_scenario
from tests.runs import by_hand, people

both_engines = pytest.mark.parametrize("engine", [simpy_engine.run, compiled_engine.run], ids=["simpy", "compiled"])


def test_the_flattening_knows_every_step() -> None:
    assert set(STEPS) == set(get_args(Step))


# one step of each kind, in a path that a patient can walk, and one that a lot can
OF_PATIENTS: tuple[Step, ...] = (
    Stage("work_up", Fixed(1.0)),
    Use("chair", (Fail(),)),
    Draw("stock"),
    Choose(Progressed(), (Fail(),)),
    Attempts("make", (Fail(),), 2),
    Together((Branch(()), Branch(()))),
    Aside((Stage("clearance", Fixed(1.0)), End("funding"))),
    AtProgression(Then.LEAVE),
    Unless((), ()),
    Hazard("bridging", "progression", 0.5),
    Clocks(None),
    Milestone("there"),
    Return("relapse", Fixed(1.0)),
    End("infused"),
    Fail(),
)
OF_LOTS: tuple[Step, ...] = (Stage("culture", Fixed(1.0)), Supply("stock"), End("lot_failed"))
SHELF = Stock("stock", "Doses", False, (1,), 9.0, None, 5.0, 1, OF_LOTS)
CHAIR = Capacity("chair", "Chairs", False, (((0.0, 1.0),),))


def test_every_step_is_tried_here() -> None:
    assert {type(step) for step in (*OF_PATIENTS, *OF_LOTS)} == set(get_args(Step))


@both_engines
@pytest.mark.parametrize("step", OF_PATIENTS, ids=lambda step: type(step).__name__)
def test_both_engines_know_every_step(engine: Engine, step: Step) -> None:
    trace = engine(by_hand((step,), SHELF, CHAIR), *people([0.0]), 20.0, 20.0, False)
    assert np.isfinite(trace.lots.failed).sum() + np.isfinite(trace.lots.ready).sum() > 0


def test_both_count_in_the_same_numbers() -> None:
    assert [int(clock) for clock in Clock] == [names.DEATH, names.PROGRESSION, names.REMOVAL]
    assert (trace.PATIENT, trace.LOT) == (names.PATIENT, names.LOT)
    assert (names.MOST_ATTEMPTS, names.MOST_RETURNS, names.INSTANT_DAYS) == (
        guard.MOST_RETURNS, guard.MOST_RETURNS, guard.INSTANT_DAYS
    )  # fmt: skip
    for phase in set(timeline.Phase) - {timeline.Phase.GRANT}:  # the kernel's turns are not in its heap
        assert getattr(names, phase.name) == phase


@dataclass(frozen=True)
class Unheard:
    """A step that nobody knows."""

    name: str = "unheard"


@both_engines
@pytest.mark.parametrize("step", [Unheard(), Supply("stock")])
def test_what_an_engine_cannot_run_is_refused_in_words(engine: Engine, step: Any) -> None:
    with pytest.raises(EngineError, match=type(step).__name__):
        engine(by_hand((Milestone("start"), step), SHELF), *people([0.0]), 20.0, 20.0, False)


@both_engines
def test_an_unknown_policy_is_refused(engine: Engine) -> None:
    odd = replace(CHAIR, policy="loudest_first")
    with pytest.raises(EngineError, match="loudest_first"):
        engine(by_hand((Use("chair", ()),), odd), *people([0.0]), 20.0, 20.0, False)


def test_every_operation_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted where the loop reads what to do next."""
    counts = Counter[int]()
    plain = test_mutants.plain_kernel(("            code = step.code\n", "            code = counted(step.code)\n"))

    def counted(code: int) -> int:
        counts[code] += 1
        return code

    plain.counted = counted  # type: ignore[attr-defined]
    monkeypatch.setattr(compiled_engine, "kernel", plain)
    for number in range(40):
        assert isinstance(prepare(random_scenario(number).scenario).run(compiled_engine.run), Trace)
    # no pathway asks for this yet
    compiled_engine.run(by_hand((Choose(Progressed(), (Fail(),)),)), *people([0.0] * 20), 20.0, 20.0, False)
    least = {name: counts[code] for code, name in enumerate(names.OPERATION_NAMES)}
    assert {name: count for name, count in least.items() if count < 20} == {}
