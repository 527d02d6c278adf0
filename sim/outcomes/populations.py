"""Over how many measured patients a number of one replication is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.patients import WAITING, Patients

BoolArray = NDArray[np.bool_]
# Of measured patients, who they are.
POPULATIONS: Mapping[str, Callable[[Patients], BoolArray]] = {
    "referred": lambda p: np.ones(len(p.outcome), bool),
    "infused": lambda p: p.infused,
    "waiting": lambda p: np.asarray(p.outcome == WAITING),
    "collected": lambda p: np.isfinite(p.day("apheresis")),
    "collected and resolved": lambda p: np.isfinite(p.day("apheresis")) & (p.outcome != WAITING),
    "received their own product": lambda p: np.isfinite(p.between("apheresis", "product_received")),
    "infused with their own product": lambda p: np.isfinite(p.between("apheresis", "infusion")),
}
# Metrics that are not taken over all of the referred.
_OF_FEWER = {
    "waiting_days_mean": "infused",
    "waiting_days_median": "infused",
    "waiting_days_p90": "infused",
    "referral_to_apheresis_days_mean": "collected",
    "vein_to_vein_days_mean": "infused with their own product",
    "vein_to_vein_days_median": "infused with their own product",
    "turnaround_days_mean": "received their own product",
    "infused_of_collected_share": "collected and resolved",
    "off_the_shelf_share": "infused",
    "intensive_care_share": "infused",
    "responded_share": "infused",
    "progression_free_at_1_year_share": "infused",
}
NOT_OF_PATIENTS = ("products", "slots")


def population_of(metric: str, unit: str) -> str | None:
    """The population over which a metric is taken; None for what is not taken over measured patients."""
    return None if unit in NOT_OF_PATIENTS else _OF_FEWER.get(metric, "referred")


def population_counts(patients: Patients) -> list[float]:
    """Measured patients in each of the `POPULATIONS`."""
    return [float((of(patients) & patients.cohort.measured).sum()) for of in POPULATIONS.values()]
