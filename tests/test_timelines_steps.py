"""What each step means, on paths and patients made by hand: small timelines worked out on paper, for both engines.

Longer than 400 lines because each step of the vocabulary has its timeline.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.engine.choice import COMPILED, SIMPY
from sim.engine.trace import LOT, EngineError
from sim.pieces.protocol import Cadence, Capacity, Policy, Stock
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
    Flagged,
    Milestone,
    OnLeave,
    Path,
    Patience,
    Progressed,
    Return,
    Share,
    Since,
    Stage,
    Supply,
    Then,
    Together,
    Unless,
    UntilSlotStart,
    Use,
)
from sim.pure.distributions import Fixed
from sim.pure.hours import Hours
from tests.runs import by_hand, people, waiting_clocks, walk

ENGINES = (SIMPY, COMPILED)
pytestmark = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture(autouse=True)
def _there(engine: str) -> None:
    if engine == COMPILED:
        pytest.importorskip("numba")


def stage(name: str, days: float, hours: Hours | None = None) -> Stage:
    return Stage(name, Fixed(days), hours)


def one(name: str, units: float = 1.0, **more: Any) -> Capacity:
    return Capacity(name, name, per_centre=False, units=(((0.0, units),),), **more)


def cadence(*offers: float, count: int = 1, lead: float = 0.0, **more: Any) -> Cadence:
    told = {"carry_over": 0, "notice": 0.0, **more}
    return Cadence("slot", "slot", False, ((count,) * len(offers),), offers, lead, **told)


def shelf(*opening: int, lot: Path = (), life: float = math.inf, **more: Any) -> Stock:
    told: dict[str, Any] = {"reorder": None, "every": math.inf, "doses_per_lot": 1, **more}
    return Stock("stock", "stock", len(opening) > 1, opening, life, lot_path=lot, **told)


# -- 1: hours -------------------------------------------------------------------------------------------------------

OPEN = Hours(openings=((0.0, 2.0), (4.0, 6.0)))


def test_a_stage_waits_for_its_opening(engine: str) -> None:
    ran = walk(by_hand((stage("visit", 1.0, OPEN), Milestone("seen"))), people([0.0, 1.5, 2.0, 5.5]), engine)
    assert ran.days("seen") == [1.0, 2.5, 5.0, 6.5]
    assert ran.stages("visit") == [(0, 0.0, 0.0, 1.0), (1, 1.5, 1.5, 2.5), (2, 2.0, 4.0, 5.0), (3, 5.5, 5.5, 6.5)]


def test_who_leaves_before_the_opening_never_begins(engine: str) -> None:
    ran = walk(by_hand((stage("visit", 1.0, OPEN), Milestone("seen"))), people([2.0, 3.0], dies={0: 1.0}), engine)
    assert ran.days("seen") == [None, 5.0]
    assert ran.stages("visit") == [(0, 2.0, 3.0, 3.0), (1, 3.0, 4.0, 5.0)]


def test_a_loss_fails_the_attempt(engine: str) -> None:
    culture = stage("culture", 3.0, Hours(losses=(2.0, 6.0)))
    path = (
        Attempts("make", (culture,), 2, between=(stage("gap", 1.0),), otherwise=(End("failed"),)),
        Milestone("made"),
    )
    ran = walk(by_hand(path), people([0.0, 2.0, 5.5]), engine)
    # lost on 2, again from 3 to 6, where it ends just as the next loss comes; the third is lost on 6, again from 7
    assert ran.days("made") == [6.0, 6.0, 10.0]
    assert ran.trace.attempts.tolist() == [[2], [2], [2]]


def test_what_starts_at_the_instant_of_a_loss_is_lost(engine: str) -> None:
    culture = stage("culture", 3.0, Hours(losses=(2.0,)))
    path = (Attempts("make", (culture,), 1, otherwise=(End("failed", "shut"),)), Milestone("made"))
    ran = walk(by_hand(path), people([0.0, 2.0, 2.5]), engine)
    assert ran.ends == [("failed", "shut", 2.0), ("failed", "shut", 2.0), None]
    assert ran.days("made") == [None, None, 5.5]


def test_leaving_wins_over_being_lost_at_the_same_instant(engine: str) -> None:
    culture = stage("culture", 3.0, Hours(losses=(2.0,)))
    path = (Attempts("make", (culture,), 1, otherwise=(End("failed"),)),)
    ran = walk(by_hand(path), people([0.0, 0.0], dies={0: 2.0, 1: 2.5}), engine)
    assert ran.ends == [None, ("failed", "", 2.0)]


def test_what_is_no_longer_viable_fails_while_it_waits(engine: str) -> None:
    ship = stage("ship", 1.0, Hours(openings=((0.0, 2.0), (4.0, 6.0)), viable=1.0))
    path = (Attempts("deliver", (ship,), 2, between=(stage("gap", 0.5),), otherwise=(End("lost"),)), Milestone("there"))
    ran = walk(by_hand(path), people([2.0, 3.0]), engine)
    # from 2 lost on 3, again from 3.5 with half a day to wait; from 3 exactly a day, which is no longer than viable
    assert ran.days("there") == [5.0, 5.0]
    assert ran.stages("ship") == [(0, 2.0, 3.0, 3.0), (0, 3.5, 4.0, 5.0), (1, 3.0, 4.0, 5.0)]


def test_a_resource_is_held_over_the_closing(engine: str) -> None:
    path = (Use("chair", (stage("visit", 1.0, OPEN),)), Milestone("seen"))
    ran = walk(by_hand(path, one("chair")), people([1.0, 1.0, 1.0]), engine)
    assert ran.uses("chair") == [(0, 1.0, 1.0, 2.0), (1, 1.0, 2.0, 5.0), (2, 1.0, 5.0, 6.0)]


# -- 2: patience ----------------------------------------------------------------------------------------------------


def impatient(days: float, since: Since = Since.JOINING) -> Patience:
    return Patience(days, since, (Milestone("gave_up"), stage("other", 1.0)))


def test_who_waits_too_long_goes_another_way(engine: str) -> None:
    path = (Use("line", (stage("culture", 10.0),), patience=impatient(4.0)), Milestone("after"))
    ran = walk(by_hand(path, one("line")), people([0.0, 1.0, 6.0]), engine)
    assert ran.uses("line") == [(0, 0.0, 0.0, 10.0), (1, 1.0, None, 5.0), (2, 6.0, 10.0, 20.0)]
    assert ran.days("gave_up") == [None, 5.0, None]
    assert ran.days("after") == [10.0, 6.0, 20.0]  # the third is served on the day on which he would have given up


def test_patience_counts_from_listing_or_referral(engine: str) -> None:
    def days(since: Since) -> list[float | None]:
        path = (
            stage("work_up", 2.0),
            Milestone("listing"),
            stage("visit", 1.0),
            Use("line", (stage("culture", 50.0),), patience=impatient(4.0, since)),
        )
        return walk(by_hand(path, one("line")), people([0.0, 1.0]), engine).days("gave_up")

    assert days(Since.JOINING) == [None, 8.0]
    assert days(Since.LISTING) == [None, 7.0]
    assert days(Since.REFERRAL) == [None, 5.0]


def test_patience_that_is_over_before_he_asks_ends_at_once_unless_he_is_served(engine: str) -> None:
    path = (stage("work_up", 6.0), Use("line", (stage("culture", 5.0),), patience=impatient(4.0, Since.REFERRAL)))
    ran = walk(by_hand(path, one("line")), people([0.0, 1.0, 5.0]), engine)
    # the third asks on 11, on which the first gives the line back
    assert ran.uses("line") == [(0, 6.0, 6.0, 11.0), (1, 7.0, None, 7.0), (2, 11.0, 11.0, 16.0)]


def test_who_was_never_listed_counts_from_his_referral(engine: str) -> None:
    path = (Use("line", (stage("culture", 50.0),), patience=impatient(4.0, Since.LISTING)), Milestone("listing"))
    assert walk(by_hand(path, one("line")), people([0.0, 1.0]), engine).days("gave_up") == [None, 5.0]


def test_who_dies_on_the_day_his_patience_ends_has_died(engine: str) -> None:
    path = (Use("line", (stage("culture", 50.0),), patience=impatient(4.0)), Milestone("after"))
    ran = walk(by_hand(path, one("line")), people([0.0, 1.0, 1.0], dies={1: 4.0, 2: 4.5}), engine)
    assert ran.days("gave_up") == [None, None, 5.0]
    assert ran.uses("line")[1:] == [(1, 1.0, None, 5.0), (2, 1.0, None, 5.0)]


def test_who_gives_up_keeps_what_he_holds_and_leaves_the_queue(engine: str) -> None:
    inner = Use("line", (stage("culture", 10.0),), patience=impatient(2.0))
    path = (Use("bed", (inner,)), Milestone("home"))
    ran = walk(by_hand(path, one("bed", 2.0), one("line")), people([0.0, 0.0, 0.0]), engine)
    assert ran.uses("bed") == [(0, 0.0, 0.0, 10.0), (1, 0.0, 0.0, 3.0), (2, 0.0, 3.0, 6.0)]
    assert ran.uses("line") == [(0, 0.0, 0.0, 10.0), (1, 0.0, None, 2.0), (2, 3.0, None, 5.0)]


def test_a_dose_is_waited_for_as_long_as_there_is_patience(engine: str) -> None:
    path = (Draw("stock", patience=impatient(3.0)), Milestone("after"))
    stock = shelf(1, lot=(stage("culture", 5.0), Supply("stock")), reorder=(0, 1))
    ran = walk(by_hand(path, stock), people([0.0, 0.5, 2.0]), engine)
    # issue to the first starts a lot, ready on 5: the second gives up on 3.5, the third is given the dose on 5
    assert ran.uses("stock") == [(0, 0.0, 0.0, 0.0), (1, 0.5, None, 3.5), (2, 2.0, 5.0, 5.0)]
    assert ran.days("after") == [0.0, 4.5, 5.0]


def test_impatience_ends_a_stocks_wish_for_a_dose(engine: str) -> None:
    path = (Draw("stock", patience=impatient(1.0)),)
    stock = shelf(0, lot=(stage("culture", 10.0), Supply("stock")), reorder=(-1, 0))
    ran = walk(by_hand(path, stock), people([0.0, 2.0, 20.0]), engine)
    # a lot for the first; when he has given up it is there for the second wish, which starts none; nor does the third,
    # who finds its dose on the shelf
    assert ran.trace.lots.started.tolist() == [0.0]
    assert ran.uses("stock") == [(0, 0.0, None, 1.0), (1, 2.0, None, 3.0), (2, 20.0, 20.0, 20.0)]


def test_a_slot_perishes_after_the_last_who_could_claim_it_has_given_up(engine: str) -> None:
    path = (Use("slot", (Milestone("slot"),), units=2, patience=impatient(1.0)), Milestone("after"))
    ran = walk(by_hand(path, cadence(0.0)), people([0.0]), engine)
    assert ran.days("gave_up") == [1.0]
    assert ran.trace.slots.perished.tolist() == [1.0]


# -- 3: conditions --------------------------------------------------------------------------------------------------


def test_what_is_known_at_referral_decides(engine: str) -> None:
    path = (Choose(Flagged("far"), (stage("travel", 3.0),), (stage("walk", 1.0),)), Milestone("there"))
    who = people([0.0, 0.0], flags={"far": np.array([True, False])})
    assert walk(by_hand(path), who, engine).days("there") == [3.0, 1.0]


def test_a_progression_decides_from_its_instant_on(engine: str) -> None:
    path = (stage("work_up", 5.0), Choose(Progressed(), (End("unsuitable", "progressed"),)), Milestone("on"))
    ran = walk(by_hand(path), people([0.0, 0.0, 0.0], progresses={0: 5.0, 1: 5.5}), engine)
    assert ran.ends == [("unsuitable", "progressed", 5.0), None, None]
    assert ran.days("on") == [None, 5.0, 5.0]


@pytest.mark.parametrize("when", [Flagged("far"), Progressed()])
def test_a_lot_knows_shares_only(engine: str, when: Any) -> None:
    stock = shelf(1, lot=(Choose(when, (stage("culture", 1.0),)), Supply("stock")))
    with pytest.raises(EngineError, match=type(when).__name__):
        walk(by_hand((Draw("stock"),), stock), people([0.0]), engine)


def test_a_share_of_lots(engine: str) -> None:
    lot = (Choose(Share("failure", 1.0), (End("lot_failed"),)), Supply("stock"))
    ran = walk(by_hand((Draw("stock"),), shelf(1, lot=lot, every=10.0)), people([0.0]), engine)
    assert np.array_equal(ran.trace.lots.failed, ran.trace.lots.started)


# -- 4: who is served next ------------------------------------------------------------------------------------------

LINE = (Use("line", (stage("culture", 10.0),)),)


def served(ran: Any, resource: str = "line") -> list[int]:
    rows = sorted((row for row in ran.uses(resource) if row[2] is not None), key=lambda row: row[2])
    return [int(row[0]) for row in rows]


def test_own_ranks_before_days_waited(engine: str) -> None:
    who = people([0.0, 1.0, 2.0, 3.0], ranks={"sickest": np.array([0.0, 0.0, -1.0, 1.0])})
    ran = walk(by_hand(LINE, one("line", policy="sickest"), policies={"sickest": Policy()}), who, engine)
    assert served(ran) == [0, 2, 1, 3]


def test_a_score_weighs_days_waited_against_the_rest(engine: str) -> None:
    # on rank: 2 x day asked + own; the second 2 + 0, the third 6 - 3, the fourth 8 - 7
    who = people([0.0, 1.0, 3.0, 4.0], ranks={"score": np.array([0.0, 0.0, -3.0, -7.0])})
    ran = walk(by_hand(LINE, one("line", policy="score"), policies={"score": Policy(per_day=2.0)}), who, engine)
    assert served(ran) == [0, 3, 1, 2]


def test_a_policy_without_a_column_ranks_by_days_alone(engine: str) -> None:
    latest_first = {"latest": Policy(per_day=-1.0)}
    ran = walk(by_hand(LINE, one("line", policy="latest"), policies=latest_first), people([0.0, 1.0, 2.0]), engine)
    assert served(ran) == [0, 2, 1]


def test_progression_changes_a_waiters_place(engine: str) -> None:
    policies = {"score": Policy(progressed=-1.0)}
    who = people([0.0, 1.0, 2.0, 3.0], progresses={2: 5.0, 3: 2.0})
    ran = walk(by_hand(LINE, one("line", policy="score"), policies=policies), who, engine)
    # the third progresses on 7 and the fourth on 5, both while they wait: the third asked earlier
    assert served(ran) == [0, 2, 3, 1]
    assert [row[1] for row in ran.uses("line")] == [0.0, 1.0, 2.0, 3.0]


def test_progression_may_put_a_waiter_last(engine: str) -> None:
    policies = {"fit_first": Policy(progressed=1.0)}
    who = people([0.0, 1.0, 2.0], progresses={1: 5.0})
    ran = walk(by_hand(LINE, one("line", policy="fit_first"), policies=policies), who, engine)
    assert served(ran) == [0, 2, 1]


def test_who_has_progressed_before_he_asks_asks_as_such(engine: str) -> None:
    path = (stage("work_up", 2.0), *LINE)
    who = people([0.0, 0.5, 1.0], progresses={2: 2.0})
    ran = walk(by_hand(path, one("line", policy="score"), policies={"score": Policy(progressed=-1.0)}), who, engine)
    assert served(ran) == [0, 2, 1]


@pytest.mark.parametrize("others", [0, 1], ids=["alone", "beside_another"])
def test_who_dies_on_the_day_of_asking_has_died(engine: str, others: int) -> None:
    """Clocks come first, whether or not something else happens at that instant; who is dead does not ask."""
    who = people([3.0] * (1 + others), dies={0: 0.0})
    ran = walk(by_hand(LINE, one("line")), who, engine)
    assert served(ran) == list(range(1, 1 + others))
    assert [entity for entity, *_ in ran.uses("line")] == list(range(1, 1 + others))


def test_a_progression_at_the_instant_of_a_grant_comes_first(engine: str) -> None:
    who = people([0.0, 1.0, 2.0], progresses={2: 8.0})
    ran = walk(by_hand(LINE, one("line", policy="score"), policies={"score": Policy(progressed=-1.0)}), who, engine)
    assert served(ran) == [0, 2, 1]


def test_a_jump_lets_one_unit_go_past_a_head_that_needs_two(engine: str) -> None:
    path = (
        Choose(Flagged("two"), (Use("line", (stage("pair", 4.0),), units=2),)),
        Choose(Flagged("one"), LINE),
    )
    flags = {"two": np.array([False, True, False]), "one": np.array([True, False, True])}
    who = people([0.0, 1.0, 2.0], progresses={2: 3.0}, flags=flags)
    policies = {"score": Policy(progressed=-1.0)}
    ran = walk(by_hand(path, one("line", 2.0, policy="score"), policies=policies), who, engine)
    # one of two units is free from the start, but the head wants both; on 5 the third is the head
    assert ran.uses("line") == [(0, 0.0, 0.0, 10.0), (1, 1.0, 15.0, 19.0), (2, 2.0, 5.0, 15.0)]


@pytest.mark.parametrize(("lot_rank", "lots_at"), [(-1.0, 10.0), (1.0, 30.0)])
def test_a_shared_line_ranks_lots_against_patients(engine: str, lot_rank: float, lots_at: float) -> None:
    stock = shelf(0, lot=(*LINE, Supply("stock")), every=5.0)
    line = one("line", lot_rank=lot_rank)
    ran = walk(by_hand(LINE, line, stock), people([0.0, 1.0, 6.0]), engine)
    # a lot asks on 5, and one every five days from then on; patients asked on 1 and 6
    assert ran.uses("line", LOT)[0] == (0, 5.0, lots_at, lots_at + 10.0)


def test_an_unknown_policy_is_refused(engine: str) -> None:
    with pytest.raises(EngineError, match="whim"):
        walk(by_hand(LINE, one("line", policy="whim")), people([0.0, 0.0]), engine)


# -- 5: the initial waiting list ------------------------------------------------------------------------------------


def test_who_waits_already_asks_on_day_0_and_counts_from_his_referral(engine: str) -> None:
    ran = walk(by_hand((Milestone("listing"), *LINE), one("line")), people([0.0, -5.0, -20.0, 1.0]), engine)
    assert ran.days("listing") == [0.0, 0.0, 0.0, 1.0]
    assert served(ran) == [2, 1, 0, 3]
    assert ran.trace.referral_day.tolist() == [0.0, -5.0, -20.0, 1.0]


def test_a_score_counts_the_days_before_day_0(engine: str) -> None:
    who = people([-30.0, -10.0, 0.0], ranks={"score": np.array([0.0, -25.0, -60.0])})
    ran = walk(by_hand(LINE, one("line", policy="score"), policies={"score": Policy(per_day=1.0)}), who, engine)
    # -30, -10 - 25, 0 - 60
    assert served(ran) == [2, 1, 0]


def test_clocks_of_those_who_wait_already_run_from_their_referral(engine: str) -> None:
    ran = walk(by_hand(LINE, one("line")), people([-5.0, -5.0], dies={0: 8.0}), engine)
    assert ran.trace.leave_day.tolist() == [3.0, math.inf]
    assert ran.uses("line") == [(0, 0.0, 0.0, 3.0), (1, 0.0, 3.0, 13.0)]


def test_who_comes_back_queues_with_his_first_day(engine: str) -> None:
    again = (
        Use("line", (stage("first", 4.0),), rejoin=True),
        stage("gap", 1.0),
        Use("line", (stage("second", 4.0),), rejoin=True),
    )
    ran = walk(by_hand(again, one("line")), people([-5.0, 0.0, 1.0]), engine)
    # back on 5 with the key -5, before the third (1), who was passed over by the second's first turn
    assert ran.uses("line") == [
        (0, 0.0, 0.0, 4.0), (0, 5.0, 8.0, 12.0), (1, 0.0, 4.0, 8.0), (1, 9.0, 12.0, 16.0),
        (2, 1.0, 16.0, 20.0), (2, 21.0, 21.0, 25.0),
    ]  # fmt: skip


# -- 6: together ----------------------------------------------------------------------------------------------------


def test_a_failed_branch_fails_the_step_once_all_have_ended(engine: str) -> None:
    both = Together((Branch((stage("short", 1.0), Fail())), Branch((stage("long", 3.0),))))
    path = (Attempts("make", (both,), 2, otherwise=(End("failed"),)), Milestone("made"))
    ran = walk(by_hand(path), people([0.0]), engine)
    assert ran.ends == [("failed", "", 6.0)]
    assert ran.trace.attempts.tolist() == [[2]]


def test_branches_that_pass_let_it_go_on(engine: str) -> None:
    once = Choose(Flagged("bad"), (Fail(),))
    both = Together((Branch((stage("short", 1.0), once)), Branch((stage("long", 3.0),))))
    path = (Attempts("make", (both,), 1, otherwise=(End("failed"),)), Milestone("made"))
    ran = walk(by_hand(path), people([0.0, 0.0], flags={"bad": np.array([True, False])}), engine)
    assert ran.ends == [("failed", "", 3.0), None]
    assert ran.days("made") == [None, 3.0]


def test_who_leaves_as_the_last_branch_ends_has_left(engine: str) -> None:
    both = Together((Branch((stage("short", 1.0), Fail())), Branch((stage("long", 3.0),))))
    path = (Attempts("make", (both,), 1, otherwise=(End("failed"),)),)
    ran = walk(by_hand(path), people([0.0, 0.0], dies={0: 3.0, 1: 3.5}), engine)
    assert ran.ends == [None, ("failed", "", 3.0)]


# -- 7: several slots at once ---------------------------------------------------------------------------------------


def test_two_slots_at_once_block_those_behind(engine: str) -> None:
    two = Use("slot", (Milestone("slot"), Stage("start", UntilSlotStart("slot")), Milestone("begins")), units=2)
    single = Use("slot", (Milestone("slot"), Stage("start", UntilSlotStart("slot")), Milestone("begins")))
    path = (Choose(Flagged("two"), (two,), (single,)),)
    who = people([0.0, 1.0, 2.0], flags={"two": np.array([False, True, False])})
    ran = walk(by_hand(path, cadence(0.0, 10.0, 20.0, 30.0, lead=5.0, carry_over=2)), who, engine)
    # the second takes the slots of 10 and 20 on 20; the third, who came later, waits for that of 30
    assert ran.days("slot") == [0.0, 20.0, 30.0]
    assert ran.days("begins") == [5.0, 25.0, 35.0]
    assert ran.trace.slots.holder.tolist() == [0, 1, 1, 2]


def test_each_of_two_slots_is_given_back_by_its_own_notice(engine: str) -> None:
    path = (Use("slot", (stage("wait", 50.0),), units=2),)
    who = people([0.0], dies={0: 12.0})
    ran = walk(by_hand(path, cadence(0.0, 10.0, lead=6.0, carry_over=1, notice=3.0)), who, engine)
    # starts on 6 and 16; he dies on 12, too late for the first, four days before the second
    assert ran.trace.slots.holder.tolist() == [0, -1]
    assert ran.trace.slots.handed_back.tolist() == [0, 1]
    assert ran.trace.slots.perished.tolist()[1] == 13.0


def test_when_a_head_that_needs_two_is_gone_the_next_is_served_at_once(engine: str) -> None:
    path = (Choose(Flagged("two"), (Use("line", (stage("pair", 4.0),), units=2),), LINE),)
    who = people([0.0, 1.0, 2.0], dies={1: 3.0}, flags={"two": np.array([False, True, False])})
    ran = walk(by_hand(path, one("line", 2.0)), who, engine)
    assert ran.uses("line") == [(0, 0.0, 0.0, 10.0), (1, 1.0, None, 4.0), (2, 2.0, 4.0, 14.0)]


def test_when_a_head_that_needs_two_gives_up_the_next_is_served_at_once(engine: str) -> None:
    two = Use("line", (stage("pair", 4.0),), units=2, patience=impatient(3.0))
    path = (Choose(Flagged("two"), (two,), LINE),)
    who = people([0.0, 1.0, 2.0], flags={"two": np.array([False, True, False])})
    ran = walk(by_hand(path, one("line", 2.0)), who, engine)
    assert ran.uses("line") == [(0, 0.0, 0.0, 10.0), (1, 1.0, None, 4.0), (2, 2.0, 4.0, 14.0)]


# -- 8, 12: shelves -------------------------------------------------------------------------------------------------

TWO = {"centres": ("here", "there")}


def test_each_centre_has_a_shelf_of_its_own(engine: str) -> None:
    stock = shelf(2, 1, lot=(stage("culture", 5.0), Supply("stock")), reorder=(0, 2), doses_per_lot=2)
    who = people([0.0, 1.0, 2.0, 3.0], centre=np.array([0, 1, 1, 0]))
    ran = walk(by_hand((Draw("stock"), Milestone("dose")), stock, **TWO), who, engine)
    # there: the only dose goes on 1, a lot (number 1) is ready on 6; here: a dose on 3 is the last, lot 0 from 3
    assert ran.days("dose") == [0.0, 1.0, 6.0, 3.0]
    lots = ran.trace.lots
    assert lots.number.tolist() == [0, 1]
    assert lots.centre.tolist() == [0, 1]
    assert lots.started.tolist() == [3.0, 1.0]
    assert lots.ready.tolist() == [8.0, 6.0]
    assert ran.trace.uses.centre.tolist() == [0, 1, 1, 0]


def test_a_shelf_counts_its_own_lots(engine: str) -> None:
    stock = shelf(0, 0, lot=(Supply("stock"),), reorder=(-1, 0))
    who = people([0.0, 1.0, 2.0, 3.0], centre=np.array([1, 1, 0, 1]))
    ran = walk(by_hand((Draw("stock"), Milestone("dose")), stock, **TWO), who, engine)
    assert ran.days("dose") == [0.0, 1.0, 2.0, 3.0]
    assert ran.trace.lots.number.tolist() == [0, 1, 3, 5]
    assert ran.trace.lots.started.tolist() == [2.0, 0.0, 1.0, 3.0]


def test_lots_use_what_their_own_centre_has(engine: str) -> None:
    lines = Capacity("line", "line", True, (((0.0, 1.0),), ((0.0, 2.0),)))
    stock = shelf(0, 0, lot=(*LINE, Supply("stock")), reorder=(-1, 0))
    who = people([0.0, 0.0, 1.0, 1.0], centre=np.array([0, 0, 1, 1]))
    ran = walk(by_hand((Draw("stock"), Milestone("dose")), stock, lines, **TWO), who, engine)
    assert ran.days("dose") == [10.0, 20.0, 11.0, 11.0]
    assert [row[0] for row in ran.uses("line", LOT)] == [0, 1, 2, 3]


def test_doses_expire_on_their_own_shelf(engine: str) -> None:
    ran = walk(by_hand((Draw("stock"),), shelf(1, 2, life=10.0), **TWO), people([0.0]), engine)
    # one dose a shelf is fresh and those before it are staggered; the only one here goes to the patient
    assert ran.trace.expiries.centre.tolist() == [1, 1]
    assert ran.trace.expiries.day.tolist() == [5.0, 10.0]
    assert ran.trace.expiries.doses.tolist() == [1, 1]


def test_every_shelf_orders_for_itself(engine: str) -> None:
    lot = (stage("culture", 1.0), Supply("stock"))
    ran = walk(by_hand((stage("stay", 1.0),), shelf(0, 0, lot=lot, every=150.0), **TWO), people([0.0]), engine)
    assert ran.trace.lots.number.tolist() == [0, 1, 2, 3]
    assert ran.trace.lots.started.tolist() == [150.0, 150.0, 300.0, 300.0]
    assert ran.trace.lots.ready.tolist() == [151.0, 151.0, 301.0, 301.0]


# -- 9, 10, 11, 13: courses and ends --------------------------------------------------------------------------------

FIRST = (Milestone("infusion"), Clocks(None), Return("relapse", Fixed(100.0)), stage("stay", 5.0), End("infused"))
LATER = (stage("again", 2.0), Milestone("second"), End("infused", "again"))


def test_patients_return_for_a_second_course(engine: str) -> None:
    ran = walk(by_hand(FIRST, later_path=LATER), people([0.0, 3.0], courses=2), engine)
    assert ran.trace.referral_day.tolist() == [0.0, 3.0, 100.0, 103.0]
    assert ran.days("second") == [None, None, 102.0, 105.0]
    assert ran.trace.outcomes == ("infused", "infused")
    assert ran.trace.reasons == ("", "again")
    assert ran.ends == [
        ("infused", "", 5.0), ("infused", "", 8.0), ("infused", "again", 102.0), ("infused", "again", 105.0)
    ]  # fmt: skip


def test_who_would_be_back_too_late_does_not_return(engine: str) -> None:
    def second(until: float, follow_up: float) -> list[float | None]:
        path = tuple(replace(step, until=until) if isinstance(step, Return) else step for step in FIRST)
        protocol = by_hand((stage("work_up", 10.0), *path), later_path=LATER)
        return walk(protocol, people([0.0], courses=2), engine, follow_up).days("second")

    assert second(110.0, 400.0) == [None, None]
    assert second(110.5, 400.0) == [None, 112.0]
    # however long the first course is followed
    assert second(math.inf, 50.0) == [None, 112.0]


def test_who_never_returned_has_no_days(engine: str) -> None:
    path = (stage("work_up", 10.0), *FIRST)
    ran = walk(by_hand(path, later_path=LATER), people([0.0, 0.0], courses=2, dies={1: 4.0}), engine)
    assert ran.trace.referral_day.tolist() == [0.0, 0.0, 110.0, math.inf]
    assert ran.trace.leave_day.tolist() == [math.inf, 4.0, math.inf, math.inf]
    assert ran.trace.leave_clock.tolist() == [-1, 0, -1, -1]
    assert np.isnan(ran.trace.notes[3]).all()


def test_a_second_course_has_clocks_of_its_own_from_the_return(engine: str) -> None:
    later = (stage("again", 9.0), Milestone("second"), End("infused", "again"))
    who = people([0.0, 0.0], courses=2, dies={2: 7.0}, progresses={3: 8.0})
    ran = walk(by_hand(FIRST, later_path=later), who, engine)
    assert ran.trace.leave_day.tolist() == [math.inf, math.inf, 107.0, math.inf]
    assert ran.trace.leave_clock.tolist() == [-1, -1, 0, -1]
    assert ran.trace.progression_day.tolist() == [math.inf, math.inf, math.inf, 108.0]
    assert ran.days("second") == [None, None, None, 109.0]


def test_a_progression_may_end_a_second_course(engine: str) -> None:
    book = waiting_clocks(ends_eligibility=1.0)
    later = (stage("again", 9.0), Milestone("second"))
    who = people([0.0], courses=2, progresses={1: 8.0}, book=book)
    ran = walk(by_hand(FIRST, later_path=later, clocks=book), who, engine)
    assert ran.trace.leave_day.tolist() == [math.inf, 108.0]
    assert ran.trace.leave_clock.tolist() == [-1, 1]
    assert ran.days("second") == [None, None]


def test_courses_compete_for_the_same_beds(engine: str) -> None:
    stay = Use("bed", (stage("stay", 4.0),))
    first = (stay, Return("relapse", Fixed(6.0)))
    ran = walk(by_hand(first, one("bed"), later_path=(stay,)), people([0.0, 9.0], courses=2), engine)
    # the first returns on 10, while the second lies; the second returns on 19
    assert ran.uses("bed") == [(0, 0.0, 0.0, 4.0), (1, 9.0, 9.0, 13.0), (2, 10.0, 13.0, 17.0), (3, 19.0, 19.0, 23.0)]


def test_a_return_counts_once(engine: str) -> None:
    twice = (Return("early", Fixed(20.0)), Return("late", Fixed(30.0)))
    ran = walk(by_hand(twice, later_path=LATER), people([0.0], courses=2), engine)
    assert ran.trace.referral_day.tolist() == [0.0, 20.0]
    assert ran.trace.passes[:, 0].tolist() == [0, 1]


def test_patience_of_a_second_course_counts_from_the_return(engine: str) -> None:
    later = (stage("again", 1.0), Use("line", (), patience=impatient(4.0, Since.REFERRAL)))
    path = (Use("line", (Return("relapse", Fixed(10.0)), stage("culture", 100.0))),)
    assert walk(by_hand(path, one("line"), later_path=later), people([0.0], courses=2), engine).days("gave_up") == [
        None, 14.0
    ]  # fmt: skip


def test_one_outcome_for_two_reasons(engine: str) -> None:
    path = (Choose(Flagged("far"), (End("withdrawn", "travel"),)), stage("ask", 1.0), End("withdrawn", "declined"))
    ran = walk(by_hand(path), people([0.0, 0.0], flags={"far": np.array([True, False])}), engine)
    assert ran.ends == [("withdrawn", "travel", 0.0), ("withdrawn", "declined", 1.0)]


@pytest.mark.parametrize("on_leave", list(OnLeave))
def test_a_product_whose_patient_has_left_gives_up_as_well(engine: str, on_leave: OnLeave) -> None:
    make = (Use("line", (stage("culture", 10.0),), patience=impatient(4.0)), Milestone("made"))
    ran = walk(
        by_hand((Use("bed", (Together((Branch(make, on_leave),)),)),), one("bed", 9.0), one("line")),
        people([0.0, 1.0], dies={1: 2.0}),
        engine,
    )
    finishes = on_leave == OnLeave.FINISH
    assert ran.uses("line") == [(0, 0.0, 0.0, 10.0), (1, 1.0, None, 5.0 if finishes else 3.0)]
    assert ran.days("made") == [10.0, 6.0 if finishes else None]


@pytest.mark.parametrize(
    "step", [Clocks(None), Return("relapse", Fixed(1.0)), Use("line", (), patience=impatient(1.0, Since.REFERRAL))]
)
def test_a_lot_is_no_patient(engine: str, step: Any) -> None:
    stock = shelf(1, lot=(step, Supply("stock")))
    with pytest.raises(EngineError, match="lot"):
        walk(by_hand((Draw("stock"),), stock, one("line")), people([0.0]), engine)


# -- another way at progression -------------------------------------------------------------------------------------

INSTEAD: Path = (stage("delay", 3.0), Milestone("instead"), Clocks(None), End("alternative"))


def waits(*after: object) -> Path:
    """A bed for 20 days that everybody waits for, unless their disease progresses first; and what comes after it."""
    kept = (Use("bed", (AtProgression(Then.AS_DRAWN), Milestone("bed"), stage("stay", 20.0))), *after)
    return (Unless((AtProgression(Then.LEAVE), *kept), INSTEAD), Milestone("through"))  # type: ignore[arg-type]


def test_who_progresses_in_the_queue_goes_another_way(engine: str) -> None:
    """1 leaves the queue on day 5 though nobody comes by, 2 has the bed on day 20; 0 progresses in bed, and stays."""
    who = people([0.0, 0.0, 0.0], progresses={0: 9.0, 1: 5.0})
    ran = walk(by_hand(waits(), one("bed")), who, engine)
    assert ran.days("bed") == [0.0, None, 20.0]
    assert ran.days("instead") == [None, 8.0, None]
    assert ran.days("through") == [20.0, None, 40.0]
    assert ran.uses("bed") == [(0, 0.0, 0.0, 20.0), (1, 0.0, None, 5.0), (2, 0.0, 20.0, 40.0)]
    assert ran.ends == [None, ("alternative", "", 8.0), None]


def test_what_is_held_is_given_back_at_progression(engine: str) -> None:
    path = (
        Unless((AtProgression(Then.LEAVE), Use("bed", (stage("stay", 20.0),))), (stage("delay", 1.0),)),
        Milestone("through"),
    )
    ran = walk(by_hand(path, one("bed")), people([0.0, 1.0], progresses={0: 4.0}), engine)
    assert ran.uses("bed") == [(0, 0.0, 0.0, 4.0), (1, 1.0, 4.0, 24.0)]
    assert ran.days("through") == [5.0, 24.0]


def test_who_goes_another_way_may_die_on_it_and_is_lost_no_more_by_progression(engine: str) -> None:
    """Everybody would lose eligibility by progression; 1 dies on day 6, before the 3 days are over."""
    book = waiting_clocks(ends_eligibility=1.0)
    who = people([0.0, 0.0], progresses={0: 5.0, 1: 5.0}, dies={1: 6.0}, book=book)
    ran = walk(by_hand(waits(), one("bed", 0.0), clocks=book), who, engine)
    assert ran.days("instead") == [8.0, None]
    assert ran.trace.leave_day[1] == 6.0
    assert ran.trace.progression_day.tolist() == [5.0, 5.0]


def test_an_end_foreseen_beside_the_path_ends_no_other_way(engine: str) -> None:
    path = (Aside((stage("clearance", 6.0), End("funding"))), *waits())
    ran = walk(by_hand(path, one("bed", 0.0)), people([0.0, 0.0], progresses={0: 5.0}), engine)
    assert ran.ends == [("alternative", "", 8.0), ("funding", "", 6.0)]


def test_progression_counts_as_drawn_again_after_all_of_them_led_away(engine: str) -> None:
    """Half of all lose eligibility: 0, whose draw is below, leaves the path in bed, and not for another way."""
    book = waiting_clocks(ends_eligibility=0.5)
    cohort, luck = people([0.0, 30.0], progresses={0: 9.0, 1: 9.0}, book=book)
    who = replace(cohort, eligibility=np.array([0.2, 0.8])), luck
    ran = walk(by_hand(waits(), one("bed"), clocks=book), who, engine)
    assert ran.days("instead") == [None, None]
    assert ran.days("through") == [None, 50.0]
    assert ran.trace.leave_day[0] == 9.0
