"""The numbers that the economics of a replication come to, and the parts that they are made of."""

from __future__ import annotations

from dataclasses import dataclass

from sim.outcomes.estimates import FREE, NOT_NEGATIVE, Range, ranges
from sim.outcomes.metrics import INFUSED_ONES, REFERRED, Population
from sim.outcomes.verdicts import HIGHER, LOWER, NEITHER

MONEY, QALYS, YEARS, MONTHS = "money", "QALYs", "life years", "months"
WHOLES = (
    "cost_per_referred", "qalys_per_referred", "life_years_per_referred", "cost_per_infused", "qalys_per_infused",
    "undiscounted_cost_per_referred", "undiscounted_qalys_per_referred", "discounted_life_years_per_referred",
    "treatment_free_months_per_referred", "treatment_free_months_per_infused",
)  # fmt: skip
# Categories of cost and states of health, with their labels, in the order of tables.
CATEGORIES = {
    "waiting": "Care while waiting",
    "apheresis": "Apheresis",
    "bridging": "Bridging and holding therapy",
    "alternative": "The alternative therapy",
    "standard_care": "Standard care, without progression",
    "product": "Products infused",
    "unused_product": "Products not infused",
    "lymphodepletion": "Lymphodepletion",
    "infusion": "Infusion",
    "hospital": "Beds and intensive care",
    "toxicity": "Toxicity",
    "follow_up": "Follow-up without progression",
    "progressed": "Care after progression",
    "subsequent_care": "Care of those not infused",
    "end_of_life": "End of life",
    "capacity": "Capacity, standing and by use",
    "society": "Travel, carers' time and lost work",
}
# Future costs that have nothing to do with the disease: in or out by choice, shown apart either way.
UNRELATED = "unrelated"
STATES = {
    "waiting": "Waiting",
    "progression_free": "After infusion, without progression",
    "alternative": "On the alternative therapy, without progression",
    "standard_care": "On standard care, without progression",
    "progressed": "Progressed",
    "subsequent_care": "Not infused",
    "hospital": "Loss in the hospital and by toxicity",
}


@dataclass(frozen=True)
class Quantity:
    """One number of the economics of a replication; `unit`: money, QALYs, life years or months; `over`: whose mean."""

    name: str
    label: str
    unit: str
    over: Population = REFERRED

    @property
    def better(self) -> str:
        """Less money, more life; a part of a whole is neither better nor worse."""
        return (LOWER if self.unit == MONEY else HIGHER) if self.name in WHOLES else NEITHER

    @property
    def possible(self) -> Range:
        """Between which numbers it lies: a state of health may be worse than death, no amount is negative."""
        return FREE if self.unit == QALYS else NOT_NEGATIVE


QUANTITIES = (
    Quantity("cost_per_referred", "Cost per patient referred", MONEY),
    Quantity("qalys_per_referred", "QALYs per patient referred", QALYS),
    Quantity("life_years_per_referred", "Life years per patient referred, not discounted", YEARS),
    Quantity("cost_per_infused", "Cost of a patient who is infused", MONEY, INFUSED_ONES),
    Quantity("qalys_per_infused", "QALYs of a patient who is infused", QALYS, INFUSED_ONES),
    Quantity("undiscounted_cost_per_referred", "Cost per patient referred, not discounted", MONEY),
    Quantity("undiscounted_qalys_per_referred", "QALYs per patient referred, not discounted", QALYS),
    Quantity("discounted_life_years_per_referred", "Life years per patient referred, discounted as QALYs", YEARS),
    Quantity("treatment_free_months_per_referred", "Months without treatment per patient referred", MONTHS),
    Quantity("treatment_free_months_per_infused", "Months without treatment of who is infused", MONTHS, INFUSED_ONES),
    *(Quantity(f"cost_{name}", f"{label}, cost per patient referred", MONEY) for name, label in CATEGORIES.items()),
    Quantity("cost_unrelated", "Care unrelated to myeloma, cost per patient referred", MONEY),
    *(Quantity(f"qalys_{name}", f"{label}, QALYs per patient referred", QALYS) for name, label in STATES.items()),
)
COST, EFFECT = 0, 1
POSSIBLE = ranges([quantity.possible for quantity in QUANTITIES])
