"""Small faults, put into either engine on purpose, are seen by the comparison: so its silence means something."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("numba")

from sim.engine import compiled_engine, kernel, pools, simpy_engine, slots, stocks, walker
from sim.pieces.clocks import PatientClocks
from tests.engines.both import Case, difference, prepare
from tests.engines.random_scenarios import scenario_text
from tests.runs import load_text

MOST_SCENARIOS = 60


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [prepare(load_text(scenario_text(number)).scenario) for number in range(MOST_SCENARIOS)]


def caught(cases: list[Case], healthy: Callable[..., Any], faulty: Callable[..., Any]) -> bool:
    """Whether any scenario tells the two engines apart; a crash does, too."""
    for case in cases:
        reference = case.run(healthy)
        try:
            if difference(reference, case.run(faulty)):
                return True
        except (AssertionError, IndexError, KeyError, TypeError, ValueError):
            return True
    return False


# -- faults of the reference engine ---------------------------------------------------------------------------------


def swap_clocks_and_completions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(walker, "CLOCK", walker.COMPLETION)
    patch.setattr(walker, "COMPLETION", int(kernel.CLOCK))


def keep_a_unit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pools.CapacityPool, "give_back", lambda self, request, left: None)


def keep_a_slot(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(slots.SlotPool, "give_back", lambda self, request, left: None)


def leave_the_clocks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PatientClocks, "switch", lambda self, day, tables, ends, anew: None)


def leave_the_multiplier(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PatientClocks, "multiply", lambda self, day, clock, multiplier, from_day: None)


def skip_the_review_on_leaving(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stocks.StockPool, "lapse", pools.Queue.lapse)


def never_expire(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stocks.StockPool, "_expire", lambda self: None)


def forget_the_first_key(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(walker.Walker, "_key_day", lambda self, asking: self.day)


@pytest.mark.parametrize(
    "fault",
    [
        swap_clocks_and_completions,
        keep_a_unit,
        keep_a_slot,
        leave_the_clocks,
        leave_the_multiplier,
        skip_the_review_on_leaving,
        never_expire,
        forget_the_first_key,
    ],
    ids=lambda fault: fault.__name__,
)
def test_a_fault_of_the_reference_engine_is_caught(
    fault: Callable[[pytest.MonkeyPatch], None], cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    assert caught(cases, compiled_engine.run, simpy_engine.run)


# -- faults of the compiled engine, whose kernel also runs as plain Python ------------------------------------------

# name: (what stands in kernel.py, what the mutant has in its place)
FAULTS = {
    "ties by the other rule": ("CLOCK, COMPLETION, EXPIRY = 1 <<", "COMPLETION, CLOCK, EXPIRY = 1 <<"),
    "equal happenings in turn": ("heap[up, PRIORITY] <= priority", "heap[up, PRIORITY] < priority"),
    "queues without tickets": ("return bool(queue[pool, a, 0] < queue[pool, b, 0])", "return False"),
    "slots that perish before they are given away": ("PERISH + row, PERISHING", "CLOCK + row, PERISHING"),
    "queues by order of joining": ("if not queue_before(keys, queue, pool, k, up):", "if True:"),
    "a unit not given back": ("pools[pool, IN_USE] -= requests[request, WANTED_UNITS]", "pass"),
    "a slot not offered again": ("if why == LEFT and now <= slot_days", "if False and now <= slot_days"),
    "a slot that does not perish": ("slots[subject, IS_FREE] = 0", "pass"),
    "clocks not switched": ("clock_state[entity, CLOCK_SET] = step[NAME]", "pass"),
    "progression not anew": ("clock_state[entity, PROGRESSED] = 0", "pass"),
    "no timer for a waiter that holds": (
        "if code == DRAW or me[HOLDING] > 0 or me[PARENT] >= 0 or",
        "if code == DRAW or",
    ),
    "granted at once, before others": ("alone = n[BUSY] == 0 and", "alone = True or n[BUSY] == 0 and"),
    "a product tried again without its patient": (
        "why == FAILED and not between and my_days[LEAVES] > day",
        "why == FAILED and not between",
    ),
    "attempts that share their draws": ("return int(attempts[entity, name] - 1)", "return 0"),
    "no review when a lot fails": (
        "why = ENDED\n                    review(n, pools, tasks, stock)",
        "why = ENDED",
    ),
    "newest dose first": (
        "return bool(shelf[at, a, c] < shelf[at, b, c])",
        "return bool(shelf[at, a, c] > shelf[at, b, c])",
    ),
}


def plain_kernel(*replaced: tuple[str, str]) -> ModuleType:
    """The kernel as plain Python, with pieces of its text replaced, each of which must be there."""
    text = Path(kernel.__file__).read_text(encoding="utf-8")
    for old, new in (("return cast(F, njit(result(*inputs), **OPTIONS)(function))", "return function"), *replaced):
        assert old in text, old
        text = text.replace(old, new)
    module = ModuleType("plain_kernel")
    sys.modules[module.__name__] = module  # the named tuples look their module up
    exec(compile(text, module.__name__, "exec"), module.__dict__)
    return module


def on(module: ModuleType, patch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The compiled engine on another kernel."""

    def run(*inputs: Any, **options: Any) -> Any:
        with patch.context() as inside:
            inside.setattr(compiled_engine, "k", module)
            return compiled_engine.run(*inputs, **options)

    return run


def test_the_kernel_as_plain_python_gives_the_same(cases: list[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not caught(cases[:24], compiled_engine.run, on(plain_kernel(), monkeypatch))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_compiled_engine_is_caught(
    fault: str, cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert caught(cases, compiled_engine.run, on(plain_kernel(FAULTS[fault]), monkeypatch))
