"""A run in which simulated time does not move on stops with a word; one in which much happens at once does not."""

from __future__ import annotations

import math
import sys

import pytest

from sim.engine.trace import EngineError
from sim.pieces.protocol import Protocol, Stock
from sim.pieces.steps import Attempts, Choose, Draw, End, Fail, Milestone, Path, Share, Stage, Supply
from sim.pure.distributions import Fixed
from tests.runs import HAS_NUMBA, Walked, by_hand, people, walk

ENGINES = ["simpy", *(["compiled"] if HAS_NUMBA else [])]
on_both = pytest.mark.parametrize("engine", ENGINES)
AGAIN = "1,000 times within a second, so that simulated time does not move on"


def shelf(lot: Path, **more: object) -> Stock:
    told = {"opening": (0,), "shelf_life": math.inf, "reorder": (0, 1), "every": math.inf, "doses_per_lot": 1, **more}
    return Stock("stock", "Doses", False, lot_path=lot, **told)  # type: ignore[arg-type]


def taking(stock: Stock, patients: int = 1) -> tuple[Protocol, int]:
    return by_hand((Draw("stock"), Milestone("infusion"), End("infused")), stock), patients


def run(engine: str, stock: Stock, patients: int = 1) -> Walked:
    protocol, count = taking(stock, patients)
    return walk(protocol, people([1.0] * count), engine)


@on_both
def test_lots_that_take_no_time_and_always_fail(engine: str) -> None:
    limit = sys.getrecursionlimit()
    with pytest.raises(EngineError) as found:
        run(engine, shelf((End("lot_failed"),)))
    assert str(found.value) == f"lot 1000: the stock begins a lot that comes to nothing at once, {AGAIN}"
    assert sys.getrecursionlimit() == limit


@on_both
def test_lots_that_take_next_to_no_time_and_always_fail(engine: str) -> None:
    # two at a time: one for the patient, one for the shelf
    with pytest.raises(EngineError, match="lot 2000: "):
        run(engine, shelf((Stage("culture", Fixed(1e-9)), End("lot_failed"))))


@on_both
def test_doses_that_expire_as_soon_as_they_are_there(engine: str) -> None:
    with pytest.raises(EngineError, match=r"lot [0-9]+: the stock begins a lot that comes to nothing at once"):
        run(engine, shelf((Supply("stock"),), shelf_life=1e-9, reorder=(1, 2)))


@on_both
def test_orders_that_fall_due_one_upon_the_other(engine: str) -> None:
    with pytest.raises(EngineError) as found:
        run(engine, shelf((Stage("culture", Fixed(5.0)), Supply("stock")), reorder=None, every=1e-9))
    assert str(found.value) == f"stock: the next order falls due at once, {AGAIN}"


@on_both
def test_attempts_name_who_makes_them(engine: str) -> None:
    path = (Attempts("make", (Stage("culture", Fixed(1.0)), Fail()), None),)
    with pytest.raises(EngineError) as found:
        walk(by_hand(path), people([5.0, 7.0], dies={0: 3.0}), engine)
    assert str(found.value) == "patient 1 of region here: make: still failing after 1,000 attempts"
    donors = (Attempts("donor", (Fail(),), None), Supply("stock"))
    with pytest.raises(EngineError) as found:
        run(engine, shelf(donors, reorder=(2, 3)))
    assert str(found.value) == "lot 0: donor: still failing after 1,000 attempts"


@on_both
def test_thousands_at_one_instant_are_none_of_these(engine: str) -> None:
    # 3,000 patients ask at once, one lot a request; 3,000 lots begin, end and are used at one instant
    ran = run(engine, shelf((Supply("stock"),)), patients=3_000)
    assert ran.trace.stop_day >= 400.0
    assert ran.days("infusion") == [1.0] * 3_000
    # 2,500 lots that fail together, and are begun again together
    failing = (Stage("culture", Fixed(10.0)), Choose(Share("lots.failure", 0.5), (End("lot_failed"),)), Supply("stock"))
    many = run(engine, shelf(failing, reorder=(2_499, 2_500)))
    assert len(many.trace.lots.number) > 4_000


@on_both
def test_a_chain_that_ends_by_itself_is_let_go_on(engine: str) -> None:
    # 99 of 100 lots fail at once: several hundred, one after the other, until one does not
    failing = (Choose(Share("lots.failure", 0.99), (End("lot_failed"),)), Supply("stock"))
    ran = run(engine, shelf(failing))
    assert 100 < len(ran.trace.lots.number) < 1_000
    assert ran.days("infusion") == [1.0]


@on_both
def test_lots_that_come_to_nothing_again_and_again_but_in_time_are_let_go_on(engine: str) -> None:
    # 1,400 lots of a quarter of a day, one after the other
    ran = run(engine, shelf((Stage("culture", Fixed(0.25)), End("lot_failed"))))
    assert len(ran.trace.lots.number) > 1_400
    expiring = run(engine, shelf((Stage("culture", Fixed(0.25)), Supply("stock")), shelf_life=1e-9, reorder=(1, 2)))
    assert len(expiring.trace.expiries.day) > 1_400
