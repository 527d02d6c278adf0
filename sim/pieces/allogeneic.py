"""The allogeneic pathway: a dose from the shelf, and the lots that fill the shelf beside it."""

from __future__ import annotations

import math

from sim.pieces.brief import choose, fail, shared, stage, use
from sim.pieces.common import beds, infuse, work_up
from sim.pieces.protocol import Capacity, Resource, Stock
from sim.pieces.steps import Attempts, Draw, End, Milestone, Path, Supply
from sim.scenario import Scenario

STOCK = "stock"


def allogeneic(s: Scenario) -> Path:
    """From referral to discharge, as the treatment protocol reads."""
    return (
        *work_up(s),
        *choose("allogeneic.unsuitable", s.allogeneic.unsuitable, (End("unsuitable"),)),
        Milestone("listing"),
        *_dose(s),
        Milestone("product_received"),
        *infuse(s),
    )


def allogeneic_resources(s: Scenario) -> tuple[Resource, ...]:
    """The stock, the lines of its lots and the beds, in the order in which ties are settled."""
    stock = s.allogeneic.stock
    order = stock.order
    shelf = Stock(
        name=STOCK,
        label="Doses in stock",
        per_centre=False,
        opening=(stock.opening,),
        shelf_life=stock.shelf_life,
        reorder=None if order.at is None or order.up_to is None else (order.at, order.up_to),
        every=math.inf if order.every is None else order.every,
        doses_per_lot=stock.doses_per_lot,
        lot_path=lot(s),
        policy=s.waiting_list.policy,
    )
    return (shelf, lot_lines(s), beds(s))


def lot_lines(s: Scenario) -> Capacity:
    """The lines on which lots are made."""
    return shared("lot_line", "Lines for lots", s.allogeneic.lots.lines)


def lot(s: Scenario) -> Path:
    """One lot: a donor who passes, culture and editing on a line, release, doses on the shelf."""
    lots = s.allogeneic.lots
    donor: Path = stage("lots.donor.duration", lots.donor.duration)
    if lots.donor.rejection > 0.0:
        donor = (Attempts("donor", (*donor, *fail("lots.donor.rejection", lots.donor.rejection)), None),)
    return (
        *donor,
        *use(lot_lines(s), stage("lots.culture", lots.culture)),
        *stage("lots.release", lots.release),
        *choose("lots.failure", lots.failure, (End("lot_failed"),)),
        Supply(STOCK),
    )


def _dose(s: Scenario) -> Path:
    """A dose from stock at the centre; another one where the first is lost on the way."""
    shipping = s.allogeneic.shipping
    delivery: Path = (
        Draw(STOCK),
        Milestone("dose"),
        *stage("allogeneic.shipping.duration", shipping.duration),
    )
    if shipping.loss == 0.0:
        return delivery
    return (Attempts("delivery", (*delivery, *fail("allogeneic.shipping.loss", shipping.loss)), None),)
