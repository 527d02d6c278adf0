"""Small faults, put into either engine on purpose, are seen by the comparison: so its silence means something."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
import simpy

pytest.importorskip("numba")

from sim.engine import compiled_engine, pools, simpy_engine, slots, stocks, timeline, walker, world
from sim.engine.kernel import run
from sim.engine.kernel.plain import plain
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


SHARES_OF_LOTS = (0.3, 0.5, 0.7)
# The case in which a fault that few cases show was seen last: it is tried first, and then all of them.
SEEN_IN = {
    "bookings that do not count": 14,
    "progression anew for everybody": 16,
    "a failed branch forgotten": 17,
    "leave_the_multiplier": 6,
    "ranks of the progressed as before": 19,
    "lost at the end": 10,
    "a rank by the day of asking": 26,
    "what was held on a unit that is out is taken off twice": 30,
    "stale entries that are served": 34,
    "a stage without its limit": 35,
    "a return too late": 41,
    "a day fits if its beginning does": 43,
    "an end of the path beside others that is not heard": 43,
    "not looked at again": 43,
    "the first of several slots": 44,
    "nobody has progressed": 136,
    "a booking that is overdue and counts as of its day": 137,
    "a booking taken up late that ends as planned": 83,
    "units in use that are gone": 83,
    "no turn for those behind": 85,
    "patience that wins over leaving": 106,
    "nothing learned": 121,
    "swap_clocks_and_completions": 123,
    "ties by the other rule": 123,
    "no timer for who waits for a booking": 173,
    "no timer for who needs several units": 177,
    "round_the_days": 221,
    "who was served leaves where they would have left": 146,
    "every booking for as long as others": 729,
}


@cache
def case(number: int) -> Case:
    """Two random protocols for each random scenario, and lots of which some fail in the instant in which they begin."""
    if number < 0:
        return lots_that_fail_at_once(SHARES_OF_LOTS[number])
    return random_case(number) if number % 3 else prepare(random_scenario(number).scenario)


@cache
def healthy(number: int) -> Any:
    """What the compiled engine makes of a case."""
    return case(number).run(compiled_engine.run)


def lots_that_fail_at_once(share: float) -> Case:
    """A stock that begins several lots at a time."""
    lot = (Choose(Share("failure", share), (End("lot_failed"),)), Stage("culture", Fixed(3.0)), Supply("stock"))
    shelf = Stock("stock", "Doses", False, (2,), math.inf, (2, 9), math.inf, 2, lot)
    protocol = by_hand((Draw("stock"), Milestone("infusion"), End("infused")), shelf)
    return Case(protocol, *people([0.5 * k for k in range(40)]), 20.0, 20.0)


def caught(faulty: Callable[[Case], Any], fault: str = "", most: int = MOST_CASES) -> bool:
    """Whether any scenario tells the two engines apart; a crash does, too."""
    for number in dict.fromkeys([SEEN_IN.get(fault, 0), *range(-len(SHARES_OF_LOTS), most)]):
        expected = healthy(number)
        try:
            if difference(expected, faulty(case(number))):
                return True
        except (AssertionError, IndexError, KeyError, TypeError, ValueError):
            return True
    return False


# -- faults of the reference engine ---------------------------------------------------------------------------------


def swap_clocks_and_completions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(walker, "CLOCK", int(Phase.COMPLETION))
    patch.setattr(walker, "COMPLETION", int(Phase.CLOCK))


def round_the_days(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timeline.Due, "__radd__", lambda self, now: now + (float(self) - now))


def let_the_first_go_first(patch: pytest.MonkeyPatch) -> None:
    def schedule(self: timeline.Timeline, event: simpy.Event, priority: Any = 0, delay: float = 0.0) -> None:
        self.called += 1
        turn = delay.priority if isinstance(delay, timeline.Due) else self.called - (1 << 40)
        super(timeline.Timeline, self).schedule(event, turn, delay)

    patch.setattr(timeline.Timeline, "schedule", schedule)


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
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(one: Case) -> Any:
        with monkeypatch.context() as patch:
            fault(patch)
            return one.run(simpy_engine.run)

    assert caught(faulty, fault.__name__)


# -- faults of the compiled engine, whose kernel also runs as plain Python ------------------------------------------

# name: (what stands in one of the kernel's files, what the mutant has in its place)
FAULTS = {
    "ties by the other rule": ("CLOCK, COMPLETION, EXPIRY = 1 <<", "COMPLETION, CLOCK, EXPIRY = 1 <<"),
    "equal happenings in turn": (
        "return one.ticket < other.ticket",
        "return one.ticket > other.ticket",
    ),
    "arrivals last": ("return ARRIVAL + run.now.next_patient <", "return CHECK + run.now.next_patient <"),
    "the last comes first": ("if one.priority != other.priority:", "if False:"),
    "queues without order": ("return a.order < b.order", "return False"),
    "slots that perish before they are given away": ("PERISH + row, PERISHING", "row, PERISHING"),
    "units that are out are given": ("if unit.holder < 0 and not unit.out:", "if unit.holder < 0:"),
    "units that are out count as in use": ("pool.in_use += -1 if change.out else 1", "pool.in_use += 0"),
    "units stay held": ("    unit.holder = -1\n", ""),
    "what was held on a unit that is out is taken off twice": ("return unit.out != 0", "return False"),
    "queues by order of joining": ("if not served_first(queue[at, k], queue[at, up]):", "if True:"),
    "a unit not given back": ("pool.in_use -= requests[row].units", "pass"),
    "a slot not offered again": ("    elif has_left:\n", "    elif False:\n"),
    "a slot that does not perish": (
        "            close_slot(pools, slot)\n            slot.perished",
        "            slot.perished",
    ),
    "clocks not switched": ("its.hazards, its.origin = to, day", "its.origin = day"),
    "progression anew for everybody": ("if anew and not its.progresses:", "if anew:"),
    "no timer for a waiter that holds": (
        "pool.kind == BOOKING or me.holding > 0 or me.parent >= 0 or",
        "pool.kind == BOOKING or",
    ),
    "no timer for who waits for a booking": (
        "if step.code == DRAW or pool.kind == BOOKING or",
        "if step.code == DRAW or",
    ),
    "bookings that do not count": ("            count += 1\n", "            pass\n"),
    "units in use that stay": ("if moment == today or moment < requests[row].day:", "if True:"),
    "units in use that are gone": ("if moment == today or moment < requests[row].day:", "if moment == today:"),
    "a day fits if its beginning does": ("    end = first + asked.planned\n    for k", "    end = first\n    for k"),
    "nothing known of what is to come": ("supplies.known[last + 1].day <= day:", "False:"),
    "nothing learned": ("bookings.known, bookings.known_count = lesson.first, lesson.count", "pass"),
    "not looked at again": ("        push(run, next_look,", "        0 and push(run, next_look,"),
    "a booking that is overdue and counts as of its day": (
        "day = max(booking.day, today)",
        "day = booking.day",
    ),
    "a booking taken up late that ends as planned": (
        "day, day + booking.planned",
        "day, booking.day + booking.planned",
    ),
    "every booking for as long as others": (
        "pool.booked_for if math.isnan(step.planned) else step.planned",
        "pool.booked_for",
    ),
    "a stage cut where its patient would have left": (
        "if me.looks and now.today < me.cut <= ended",
        "if False and now.today < me.cut <= ended",
    ),
    "who was served leaves where they would have left": (
        "    if me.looks and not pool.unlimited:\n",
        "    if False:\n",
    ),
    "an end of the path beside others that is not heard": (
        "if me.why == FAILED or me.why == ENDED:",
        "if me.why == FAILED:",
    ),
    "a booking given up that counts on": (
        "        unchain(requests, pool, row)\n        requests[row].day = NAN\n",
        "",
    ),
    "a stage without its limit": ("since + min(lasts, step.number), lasts > step.number", "since + lasts, False"),
    "no timer for who needs several units": ("me.parent >= 0 or step.units > 1 or turns:", "me.parent >= 0 or turns:"),
    "granted at once, before others": ("return now.busy == 0 and", "return True or now.busy == 0 and"),
    "a product tried again without its patient": (
        "me.why == FAILED and not frame.between and me.leaves > me.day",
        "me.why == FAILED and not frame.between",
    ),
    "attempts that share their draws": ("return int(counts[row, name] - 1)", "return 0"),
    "no review when a lot fails": ("    review(run, stock, chain_after(run, lot))\n", ""),
    "newest dose first": ("return a.expires < b.expires", "return a.expires > b.expires"),
    "a stage that begins while it is closed": ("begun = max(day, opening.opens)", "begun = day"),
    "a stage that need not fit": ("(not its.fit or begun + duration <= opening.shuts)", "True"),
    "all time counts": ("        day = max(day, intervals[k].opens)\n        closed", "        closed"),
    "nothing is lost": ("return begun, intervals[first + k].opens, True", "return begun, ended, False"),
    "lost at the end": ("intervals[first + k].opens < ended", "intervals[first + k].opens <= ended"),
    "not lost at the start": ("if k > 0 and intervals[first + k - 1].opens == begun:", "if False:"),
    "viable for ever": ("if begun - day > its.viable:", "if False:"),
    "lost rather than left": ("if ended >= me.cut:", "if ended >= me.cut and not lost:"),
    "patience from joining only": ("since = records.referral[me.entity]", "since = me.day"),
    "patience before grants": ("== today and run.happenings[first.row].priority < PATIENCE", "== today"),
    "patience that wins over leaving": ("if due < asked.lapses:", "if due <= asked.lapses:"),
    "who gives up has left": ("if asked.state == GAVE_UP:", "if False:"),
    "ranks that do not jump": ("push(run, progression, CLOCK + me.entity, RANK_JUMP, me.request)", "pass"),
    "ranks of the progressed as before": (
        "                rank = rank + policy.at_progression\n",
        "                pass\n",
    ),
    "a rank by the day of asking": ("policy.per_day * asked.key_day", "0.0"),
    "stale entries that are served": (" or first.ticket != asked.entry", ""),
    "lots ranked like patients": ("rank = pool.lot_rank", "rank = 0.0"),
    "an initial list that has not waited": ("key_day = people.queues_by[me.entity]", "pass"),
    "a failed branch forgotten": ("waits.branch_failed = max(waits.branch_failed, me.why)", "pass"),
    "one slot in place of several": ("slots.rows[last].following = row", "pass"),
    "the first of several slots": ("start = max(start, slots.rows[row].start)", "pass"),
    "no turn for those behind": (
        "    stop_asking(run, pool, asked, state, day)\n    call_turn_if_any(run, pool)\n",
        "    stop_asking(run, pool, asked, state, day)\n",
    ),
    "a return too late": (" and back < step.number", " and back < math.inf"),
    "a second return": ("if in_time and math.isinf(records.referral[later]):", "if in_time:"),
    "a return without clocks": ("        forecast(hazards, clocks, records, subject)\n", ""),
    "lots at the first centre": ("LOT, number, pool.centre, now.lot_path", "LOT, number, 0, now.lot_path"),
    "one shelf for all": ("pools.rows[now.stock_pool + me.entity % now.shelves]", "pools.rows[now.stock_pool]"),
    "flags the other way": ("people.flags[step.name, me.entity] != 0", "people.flags[step.name, me.entity] == 0"),
    "nobody has progressed": ("holds = records.progression_day[me.entity] <= me.day", "holds = False"),
}
# The kernel's files, each after those that it needs; `machine` is left out, and with it the machine code; `rows` and
# `tables` do nothing.
ROOMS = (
    "names", "heaps", "hours", "clocks", "pools", "bookings", "walkers", "frames", "asking", "steps", "happenings",
    "replications", "run",
)  # fmt: skip


def plain_kernel(*replaced: tuple[str, str]) -> ModuleType:
    """The kernel's loop as plain Python, with pieces of its text replaced, each of which must stand in it once."""
    texts = {room: (Path(run.__file__).parent / f"{room}.py").read_text(encoding="utf-8") for room in ROOMS}
    for old, new in replaced:
        assert sum(text.count(old) for text in texts.values()) == 1, old
        texts = {room: text.replace(old, new) for room, text in texts.items()}
    machine = ModuleType("plain_kernel.machine")
    for decorator in ("compiled", "inlined"):
        setattr(machine, decorator, lambda function: function)
    machine.entry = plain  # type: ignore[attr-defined]
    sys.modules[machine.__name__] = machine
    for room, text in texts.items():
        for other in ("machine", *ROOMS):
            text = text.replace(f"from sim.engine.kernel.{other} import", f"from plain_kernel.{other} import")
        module = ModuleType(f"plain_kernel.{room}")
        sys.modules[module.__name__] = module
        exec(bytecode(text, module.__name__), module.__dict__)
    return sys.modules["plain_kernel.run"]


@cache
def bytecode(text: str, name: str) -> CodeType:
    """A room of the kernel, compiled by Python: most rooms are the same in most mutants."""
    return compile(text, name, "exec")


def on(module: ModuleType, patch: pytest.MonkeyPatch) -> Callable[[Case], Any]:
    """The compiled engine on another kernel."""

    def run_on(one: Case) -> Any:
        with patch.context() as inside:
            inside.setattr(compiled_engine, "kernel", module)
            return one.run(compiled_engine.run)

    return run_on


def test_the_kernel_as_plain_python_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not caught(on(plain_kernel(), monkeypatch), most=24)


def test_cases_are_named_for_faults_that_are_there() -> None:
    by_reference = {name for name, what in globals().items() if callable(what)}
    assert set(SEEN_IN) <= by_reference | set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_compiled_engine_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert caught(on(plain_kernel(FAULTS[fault]), monkeypatch), fault)
