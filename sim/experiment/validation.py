"""Validation cases: what a scenario file says must come out, against what does."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.engine.choice import pick, workers_for
from sim.experiment.replicate import Arm, Keep, Replication, replicate
from sim.outcomes.estimates import standard_error
from sim.outcomes.fates import FATE_NAMES
from sim.outcomes.metrics import METRIC_NAMES
from sim.pieces.loads import expected_patients
from sim.scenario import Loaded
from sim.scenario.targets import Quantity

EXACT_TOLERANCE = 1e-9
STANDARD_ERRORS = 3.0


class QuantityError(Exception):
    """A quantity that does not exist, in words for the user."""


@dataclass(frozen=True)
class Verdict:
    """One quantity of one case: what was expected, what came out, and whether they agree."""

    case: str
    quantity: str
    expected_low: float
    expected_high: float
    simulated: float
    standard_error: float
    met: bool
    why: str
    source: str

    def row(self) -> dict[str, Any]:
        """The verdict as a row of the validation table."""
        same = self.expected_low == self.expected_high
        return {
            "case": self.case,
            "quantity": self.quantity,
            "expected": f"{self.expected_low:.7g}" if same else f"{self.expected_low:.7g} to {self.expected_high:.7g}",
            "simulated": self.simulated,
            "standard_error": self.standard_error,
            "verdict": "met" if self.met else "missed",
            "why": self.why,
            "source": self.source,
        }


def judge(
    case: str, loaded: Loaded, replications: int, workers: int | None, done: Callable[[int], None], wanted: str = "auto"
) -> list[Verdict]:
    """A verdict for each quantity of the case's `validation:` section."""
    validation = loaded.scenario.validation
    assert validation is not None
    found: dict[str, list[float]] = {name: [] for name in validation.quantities}
    arms = [Arm(loaded.scenario.name, loaded.scenario)]
    patients = replications * expected_patients(loaded.scenario)
    engine, _ = pick(wanted, patients)
    workers = workers or workers_for(engine, patients, os.cpu_count() or 1)
    for replication in replicate(arms, range(replications), workers, Keep(patients=False), done, engine):
        for name, quantity in validation.quantities.items():
            found[name].append(_value(replication, quantity.of))
    return [
        _verdict(case, name, quantity, np.array(found[name]), validation.source)
        for name, quantity in validation.quantities.items()
    ]


def _value(replication: Replication, of: str) -> float:
    outcome = replication.outcomes[0]
    kind, _, rest = of.partition(".")
    if kind == "metrics" and rest in METRIC_NAMES:
        return outcome.metrics[METRIC_NAMES.index(rest)]
    if kind == "fates" and rest in FATE_NAMES:
        return float(outcome.fates[FATE_NAMES.index(rest)] / outcome.fates.sum())
    name, _, column = rest.partition(".")
    for use in outcome.resources if kind == "resources" else ():
        if use.resource == name and hasattr(use, column):
            return float(getattr(use, column))
    raise QuantityError(f"validation: there is no quantity '{of}'")


def _verdict(case: str, name: str, quantity: Quantity, values: np.ndarray[Any, Any], source: str) -> Verdict:
    mean, error = float(np.mean(values)), standard_error(values)
    if quantity.exact is not None:
        low = high = quantity.exact
    else:
        low = -math.inf if quantity.low is None else quantity.low
        high = math.inf if quantity.high is None else quantity.high
    tolerance, rule = _tolerance(quantity, error)
    met = bool(low - tolerance <= mean <= high + tolerance)
    why = "" if met else f"off by {mean - (low if mean < low else high):.4g}, allowed {tolerance:.4g} ({rule})"
    if met and quantity.precision is not None and not error <= quantity.precision * abs(high):
        met, why = False, f"standard error above {quantity.precision:g} of the target: more replications are needed"
    return Verdict(case, name, low, high, mean, error, met, why, source)


def _tolerance(quantity: Quantity, error: float) -> tuple[float, str]:
    if quantity.within == "exact":
        return EXACT_TOLERANCE, "exact"
    if isinstance(quantity.within, float):
        return quantity.within, "stated"
    return (0.0 if math.isnan(error) else STANDARD_ERRORS * error), "3 standard errors"
