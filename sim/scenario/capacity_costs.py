"""The section about what capacity costs: standing, whether it is used or not, and by use.

What a price of a product, or of a day in a bed, already holds must not be given here again.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.kinds import Number
from sim.scenario.section import Section

MOST_MONEY = 1e9
Price = Annotated[float | None, Number(0.0, MOST_MONEY, "an amount of money")]
PaidBy = Literal["payer", "manufacturer"]
WHO = "Who pays: payer | manufacturer (which does not count where the perspective is payer)"


class OfUnits(Section):
    """Of a capacity of which units are held: a line, a chair, a bed."""

    unit_month: Price = Field(
        None, description="A month of a unit that is there by the scenario, used or not, shut or open."
    )
    use: Price = Field(None, description="Each time that a unit is taken.")
    paid_by: PaidBy = Field("payer", description=WHO)


class OfSlots(Section):
    """Of dated slots."""

    each: Price = Field(None, description="A slot that is there, claimed or not.")
    use: Price = Field(None, description="A slot that is claimed, beside that.")
    paid_by: PaidBy = Field("payer", description=WHO)


class OfStock(Section):
    """Of doses on the shelf, and the lots that they come from."""

    dose_month: Price = Field(None, description="A month of a dose on the shelf.")
    lot: Price = Field(None, description="A lot that is started.")
    paid_by: PaidBy = Field("payer", description=WHO)


class CapacityCosts(Section):
    """What capacity costs in the measuring window, shared evenly by all who are referred in it."""

    slot: OfSlots = Field(OfSlots.by_default(), description="Manufacturing slots.")
    line: OfUnits = Field(OfUnits.by_default(), description="Manufacturing lines.")
    lot_line: OfUnits = Field(OfUnits.by_default(), description="Lines for lots.")
    chair: OfUnits = Field(OfUnits.by_default(), description="Apheresis chairs.")
    lab: OfUnits = Field(OfUnits.by_default(), description="Release-testing places.")
    bed: OfUnits = Field(OfUnits.by_default(), description="Infusion beds; `bed_day` is for days of patients in them.")
    place: OfUnits = Field(OfUnits.by_default(), description="Treatment places.")
    icu: OfUnits = Field(OfUnits.by_default(), description="Beds in intensive care.")
    stock: OfStock = Field(OfStock.by_default(), description="Doses on the shelf, and lots.")

    @property
    def kinds(self) -> dict[str, OfUnits | OfSlots | OfStock]:
        """The prices by name of the resource."""
        return {name: getattr(self, name) for name in type(self).model_fields}


def amounts(its: OfUnits | OfSlots | OfStock) -> dict[str, float]:
    """The prices that are given, by key."""
    return {key: value for key in type(its).model_fields if isinstance(value := getattr(its, key), float)}
