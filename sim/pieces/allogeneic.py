"""The allogeneic pathway: a dose from the shelf, and the lots that fill the shelf beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sim.pieces.alternative import attempts, otherwise_alternative, patience, stands_by_then
from sim.pieces.brief import can_fail, choose, fail, shared, stage, use
from sim.pieces.calendars import shut_downs, stage_hours, units_by_day, units_out
from sim.pieces.common import bedside, infuse, work_up
from sim.pieces.protocol import Capacity, Out, Resource, Stock
from sim.pieces.requirements import before_dose
from sim.pieces.returning import NOBODY, Returns
from sim.pieces.steps import Attempts, Draw, End, Milestone, Path, Supply
from sim.pieces.work import on_units
from sim.pure.hours import Hours
from sim.scenario import Scenario

STOCK = "stock"


def allogeneic(s: Scenario, returns: Returns = NOBODY) -> Path:
    """From referral to discharge, as the treatment protocol reads."""
    return (
        *work_up(s),
        *choose("allogeneic.unsuitable", s.allogeneic.unsuitable, (End("unsuitable"),)),
        Milestone("listing"),
        *dose_to_discharge(s, returns),
    )


def dose_to_discharge(s: Scenario, returns: Returns = NOBODY, before_lymphodepletion: Path = ()) -> Path:
    """From the waiting list for a dose to discharge."""
    dose = (*before_dose(s), *_dose(s), Milestone("product_received"))
    return otherwise_alternative(s, (*dose, *infuse(s, before_lymphodepletion, returns.get("allogeneic", ()))))


def allogeneic_resources(s: Scenario) -> tuple[Resource, ...]:
    """The stock, the lines of its lots and the beds, in the order in which ties are settled."""
    return (*supply(s), *bedside(s))


def supply(s: Scenario) -> tuple[Resource, ...]:
    """The stock, and the lines of its lots where these have some of their own."""
    stock = s.allogeneic.stock
    order = stock.order
    at_centres = stock.kept == "at_centres"
    shelf = Stock(
        name=STOCK,
        label="Doses in stock",
        per_centre=at_centres,
        opening=(stock.opening,) * (len(s.centres) if at_centres else 1),
        shelf_life=stock.shelf_life,
        reorder=None if order.at is None or order.up_to is None else (order.at, order.up_to),
        every=math.inf if order.every is None else order.every,
        doses_per_lot=stock.doses_per_lot,
        lot_path=lot(s),
        policy=s.waiting_list.policy,
    )
    return (shelf, lot_lines(s)) if s.allogeneic.lots.shared_lines == "never" else (shelf,)


def lot_lines(s: Scenario) -> Capacity:
    """The lines on which lots are made, where they are their own."""
    units, shut = s.allogeneic.lots.lines, shut_downs(s, "lot_line")
    return shared("lot_line", "Lines for lots", units_by_day(units, shut), out=units_out(units, shut))


def lot(s: Scenario) -> Path:
    """One lot: a donor who passes, culture and editing on a line, release, doses on the shelf."""
    lots = s.allogeneic.lots
    donor: Path = stage("lots.donor.duration", lots.donor.duration)
    if lots.donor.rejection > 0.0:
        donor = (Attempts("donor", (*donor, *fail("lots.donor.rejection", lots.donor.rejection)), None),)
    own = lots.shared_lines == "never"
    shut = shut_downs(s, "lot_line" if own else "line")
    # who holds "line" is told by its name and numbers alone: autologous manufacture brings the resource
    lines = s.manufacturing.lines
    line = lot_lines(s) if own else shared("line", "", lines, out=units_out(lines, shut))

    def hours(_: str | None, out: Iterable[Out]) -> Hours | None:
        return stage_hours(s, work_on=shut, out=out)

    steps = (("lots.culture", lots.culture), ("lots.editing", lots.editing))
    made = use(line, tuple(step for name, days in steps for step in on_units(line, 0, None, name, days, hours)))
    lost: Path = (End("lot_failed"),)
    return (
        *donor,
        *((Attempts("lot", made, 1, otherwise=lost),) if can_fail(made) else made),
        *stage("lots.release", lots.release),
        *choose("lots.failure", lots.failure, lost),
        Supply(STOCK),
    )


def _dose(s: Scenario) -> Path:
    """A dose from stock at the centre; another one where the first is lost on the way."""
    shipping = s.allogeneic.shipping
    delivery: Path = (
        Draw(STOCK, patience(s)),
        *stands_by_then(s),
        Milestone("dose"),
        *stage("allogeneic.shipping.duration", shipping.duration),
    )
    if shipping.loss == 0.0:
        return delivery
    return attempts("delivery", (*delivery, *fail("allogeneic.shipping.loss", shipping.loss)), None, (), ())
