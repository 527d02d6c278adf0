"""Small faults, put into either engine on purpose, are seen by the comparison: so its silence means something."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("numba")

from sim.engine import compiled_engine, pools, simpy_engine, slots, stocks, timeline, walker, world
from sim.engine.kernel import run
from sim.engine.pools import GAVE_UP
from sim.engine.timeline import Phase
from sim.pieces.clocks import PatientClocks
from sim.pieces.protocol import Stock
from sim.pieces.steps import Branch, Choose, Draw, End, Milestone, Share, Stage, Supply
from sim.pure.distributions import Fixed
from sim.pure.hours import Hours
from tests.engines.both import Case, difference, prepare
from tests.engines.random_protocols import random_case
from tests.engines.random_scenarios import random_scenario
from tests.runs import by_hand, people

MOST_CASES = 240


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Two random protocols for each random scenario, and lots of which some fail in the instant in which they begin."""
    return [
        random_case(number) if number % 3 else prepare(random_scenario(number).scenario) for number in range(MOST_CASES)
    ] + [lots_that_fail_at_once(share) for share in (0.3, 0.5, 0.7)]


def lots_that_fail_at_once(share: float) -> Case:
    """A stock that begins several lots at a time."""
    lot = (Choose(Share("failure", share), (End("lot_failed"),)), Stage("culture", Fixed(3.0)), Supply("stock"))
    shelf = Stock("stock", "Doses", False, (2,), math.inf, (2, 9), math.inf, 2, lot)
    protocol = by_hand((Draw("stock"), Milestone("infusion"), End("infused")), shelf)
    return Case(protocol, *people([0.5 * k for k in range(40)]), 20.0, 20.0)


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
    swapped = {**Phase.__members__, "CLOCK": Phase.COMPLETION, "COMPLETION": Phase.CLOCK}
    patch.setattr(walker, "Phase", SimpleNamespace(**swapped))


def round_the_days(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timeline.Due, "__radd__", lambda self, now: now + (float(self) - now))


def let_the_first_go_first(patch: pytest.MonkeyPatch) -> None:
    create = timeline.Timeline.__init__

    def creating(self: timeline.Timeline) -> None:
        create(self)
        self._calls = count(1 << 40, -1)

    patch.setattr(timeline.Timeline, "__init__", creating)


def keep_a_unit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pools.CapacityPool, "give_back", lambda self, request, has_left: None)


def keep_a_slot(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(slots.SlotPool, "give_back", lambda self, request, has_left: None)


def leave_the_clocks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PatientClocks, "switch", lambda self, day, tables, ends, anew: None)


def leave_the_multiplier(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PatientClocks, "multiply", lambda self, day, clock, multiplier, from_day: None)


def skip_the_review_on_leaving(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stocks.StockPool, "_end_wait", pools.Pool._end_wait)


def never_expire(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stocks.StockPool, "_expire", lambda self: None)


def forget_the_first_key(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(walker.Walker, "_key_day", lambda self, step: self.day)


def lose_nothing(patch: pytest.MonkeyPatch) -> None:
    span = Hours.span
    patch.setattr(Hours, "span", lambda self, day, duration: (*span(self, day, duration)[:2], False))


def never_give_up(patch: pytest.MonkeyPatch) -> None:
    leave = pools.Pool.leave
    patch.setattr(pools.Pool, "leave", lambda self, request, how: how is GAVE_UP or leave(self, request, how))


def never_jump_the_queue(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pools.Pool, "_rank_anew", lambda self, request, rank: None)


def never_come_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(world.World, "come_back", lambda self, patient, day, until: None)


def forget_a_failed_branch(patch: pytest.MonkeyPatch) -> None:
    go = walker.Walker._go_as

    def forgetting(self: walker.Walker, branch: Branch) -> walker.Walk:
        how = yield from go(self, branch)
        return walker.THROUGH if self.is_branch and how is walker.FAILED else how

    patch.setattr(walker.Walker, "_go_as", forgetting)


@pytest.mark.parametrize(
    "fault",
    [
        lose_nothing,
        never_give_up,
        never_jump_the_queue,
        never_come_back,
        forget_a_failed_branch,
        swap_clocks_and_completions,
        round_the_days,
        let_the_first_go_first,
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

# name: (what stands in one of the kernel's files, what the mutant has in its place)
FAULTS = {
    "ties by the other rule": ("CLOCK, COMPLETION, EXPIRY = 1 <<", "COMPLETION, CLOCK, EXPIRY = 1 <<"),
    "equal happenings in turn": (
        "run.happenings[which[up], PRIORITY] <= priority",
        "run.happenings[which[up], PRIORITY] < priority",
    ),
    "arrivals last": ("return bool(ARRIVAL + run.n[NEXT_PATIENT] <", "return bool(CHECK + run.n[NEXT_PATIENT] <"),
    "the last comes first": ("if rows[a, PRIORITY] != rows[b, PRIORITY]:", "if False:"),
    "queues without order": ("return bool(queue[pool, a, ENTRY_ORDER] < queue[pool, b, ENTRY_ORDER])", "return False"),
    "slots that perish before they are given away": ("PERISH + row, PERISHING", "row, PERISHING"),
    "queues by order of joining": ("if not queue_before(pools, pool, k, up):", "if True:"),
    "a unit not given back": ("pools.rows[pool, IN_USE] -= requests.rows[request, WANTED_UNITS]", "pass"),
    "a slot not offered again": (
        "        if has_left:\n            hand_back",
        "        if False:\n            hand_back",
    ),
    "a slot that does not perish": (
        "<= run.t[TODAY]:\n            slots.rows[subject, IS_FREE] = 0",
        "<= run.t[TODAY]:\n            pass",
    ),
    "clocks not switched": ("s[CLOCK_SET], c[ORIGIN] = to, day", "c[ORIGIN] = day"),
    "progression anew for everybody": ("if anew and not s[PROGRESSES]:", "if anew:"),
    "no timer for a waiter that holds": (
        "if step[CODE] == DRAW or me[HOLDING] > 0 or me[PARENT] >= 0 or",
        "if step[CODE] == DRAW or",
    ),
    "no timer for who needs several units": ("me[PARENT] >= 0 or step[UNITS] > 1:", "me[PARENT] >= 0:"),
    "granted at once, before others": ("alone = n[BUSY] == 0 and", "alone = True or n[BUSY] == 0 and"),
    "a product tried again without its patient": (
        "me[WHY] == FAILED and not frame[FRAME_BETWEEN] and days[LEAVES] > days[DAY]",
        "me[WHY] == FAILED and not frame[FRAME_BETWEEN]",
    ),
    "attempts that share their draws": ("return int(counts[entity, name] - 1)", "return 0"),
    "no review when a lot fails": ("    review(run, pools, stock, chain_after(run, shelves, lot))\n", ""),
    "newest dose first": (
        "bool(batches[at, a, EXPIRES] < batches[at, b, EXPIRES])",
        "bool(batches[at, a, EXPIRES] > batches[at, b, EXPIRES])",
    ),
    "a stage that begins while it is closed": ("begun = max(day, days[k, OPENS])", "begun = day"),
    "a stage that need not fit": ("(not at[FIT] or begun + duration <= days[k, SHUTS])", "True"),
    "all time counts": ("        day = max(day, days[k, OPENS])\n        closed", "        closed"),
    "nothing is lost": ("return begun, float(hours.days[first + k, OPENS]), True", "return begun, ended, False"),
    "lost at the end": ("hours.days[first + k, OPENS] < ended", "hours.days[first + k, OPENS] <= ended"),
    "not lost at the start": ("if k > 0 and hours.days[first + k - 1, OPENS] == begun:", "if False:"),
    "viable for ever": ("if begun - day > viable:", "if False:"),
    "lost rather than left": ("if ended >= days[CUT]:", "if ended >= days[CUT] and not lost:"),
    "patience from joining only": ("since = records.referral[me[ENTITY]]", "since = day"),
    "patience before grants": ("== today and run.happenings[run.which[0], PRIORITY] < PATIENCE", "== today"),
    "patience that wins over leaving": ("if due < wait[LAPSES]:", "if due <= wait[LAPSES]:"),
    "who gives up has left": ("if requests.rows[request, STATE] == GAVE_UP:", "if False:"),
    "ranks that do not jump": ("push(run, progression, CLOCK + entity, RANK_JUMP, request)", "pass"),
    "ranks of the progressed as before": ("                rank = rank + jump\n", "                pass\n"),
    "a rank by the day of asking": ("supplies.policies[policy, PER_DAY] * key_day", "0.0"),
    "stale entries that are served": (" or pools.queue[pool, 0, ENTRY_TICKET] != asked[ENTRY]", ""),
    "lots ranked like patients": ("rank = pools.numbers[pool, LOT_RANK]", "rank = 0.0"),
    "an initial list that has not waited": ("key_day = records.referral[me[ENTITY]]", "pass"),
    "a failed branch forgotten": ("waits[BRANCH_FAILED] = 1", "pass"),
    "one slot in place of several": ("slots.rows[last, NEXT_SLOT] = row", "pass"),
    "the first of several slots": ("start = max(start, slots.days[row, START])", "pass"),
    "no turn for those behind": ("    call_turn_if_any(run, pools, requests.rows[request, POOL])\n", "    pass\n"),
    "a return too late": (" and back < route.numbers[me[PC]]", " and back < math.inf"),
    "a second return": ("if in_time and math.isinf(records.referral[later]):", "if in_time:"),
    "a return without clocks": ("        forecast(hazards, clocks, records, subject)\n", ""),
    "lots at the first centre": ("entity % run.n[SHELVES]", "0"),
    "one shelf for all": ("stock = n[STOCK_POOL] + lot % n[SHELVES]", "stock = n[STOCK_POOL]"),
    "flags the other way": ("people.flags[step[NAME], entity] != 0", "people.flags[step[NAME], entity] == 0"),
    "nobody has progressed": ("holds = records.progression_day[entity] <= day", "holds = False"),
}
# The kernel's files, each after those that it needs; `machine` is left out, and with it the machine code.
ROOMS = (
    "names", "heaps", "hours", "clocks", "pools", "walkers", "frames", "asking", "steps", "happenings", "run",
)  # fmt: skip


def plain_kernel(*replaced: tuple[str, str]) -> ModuleType:
    """The kernel's loop as plain Python, with pieces of its text replaced, each of which must stand in it once."""
    texts = {room: (Path(run.__file__).parent / f"{room}.py").read_text(encoding="utf-8") for room in ROOMS}
    for old, new in replaced:
        assert sum(text.count(old) for text in texts.values()) == 1, old
        texts = {room: text.replace(old, new) for room, text in texts.items()}
    machine = ModuleType("plain_kernel.machine")
    for decorator in ("compiled", "inlined", "entry"):
        setattr(machine, decorator, lambda function: function)
    sys.modules[machine.__name__] = machine
    for room, text in texts.items():
        for other in ("machine", *ROOMS):
            text = text.replace(f"from sim.engine.kernel.{other} import", f"from plain_kernel.{other} import")
        module = ModuleType(f"plain_kernel.{room}")
        sys.modules[module.__name__] = module
        exec(compile(text, module.__name__, "exec"), module.__dict__)
    return sys.modules["plain_kernel.run"]


def on(module: ModuleType, patch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The compiled engine on another kernel."""

    def run_on(*inputs: Any, **options: Any) -> Any:
        with patch.context() as inside:
            inside.setattr(compiled_engine, "kernel", module)
            return compiled_engine.run(*inputs, **options)

    return run_on


def test_the_kernel_as_plain_python_gives_the_same(cases: list[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not caught(cases[:24], compiled_engine.run, on(plain_kernel(), monkeypatch))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_compiled_engine_is_caught(
    fault: str, cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert caught(cases, compiled_engine.run, on(plain_kernel(FAULTS[fault]), monkeypatch))
