"""Validation cases: what a scenario file says must come out, against what does."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.engine.choice import pick, workers_for
from sim.experiment.runs.limits import require_size
from sim.experiment.runs.meanwhile import prepare
from sim.experiment.runs.replicate import Arm
from sim.experiment.runs.work import run_tasks
from sim.experiment.validate.quantities import Task, evaluate, fault, possible_of, unit_of
from sim.outcomes.estimates import interval, standard_error
from sim.pieces.loads import expected_patients
from sim.scenario import Loaded, ScenarioError
from sim.scenario.problems import Place, Problem
from sim.scenario.targets import Quantity, Validation

EXACT_TOLERANCE = 1e-9
STANDARD_ERRORS = 3.0
# In the order in which they are told: what others measured first.
KINDS = {
    "test": "published figures held out",
    "calibration": "published figures calibrated to",
    "exact": "closed forms and cases by hand",
}
MET, MISSED, STATED_MISS = "met", "missed", "missed, as stated"


@dataclass(frozen=True)
class Verdict:
    """One quantity of one case: what was expected, what came out, and whether they agree.

    `kind`: exact, calibration (a default was set to it) or test (held out: none was). `interval`: what the range
    expected of a published figure is. `published`: its estimate, NaN where none is stated. `unit`: of both and of what
    was simulated. `known_miss`: why a miss was expected.
    """

    case: str
    quantity: str
    kind: str
    expected_low: float
    expected_high: float
    interval: str
    published: float
    simulated: float
    low: float
    high: float
    standard_error: float
    met: bool
    why: str
    source: str
    unit: str
    note: str = ""
    known_miss: str = ""

    @property
    def as_stated(self) -> bool:
        """Whether nothing is unexpected: met, or missed where the file says so; not met where it says missed."""
        return self.met != bool(self.known_miss)

    @property
    def verdict(self) -> str:
        """Met or missed in words."""
        if self.met:
            return MET if self.as_stated else "met, but stated as missed"
        return STATED_MISS if self.known_miss else MISSED

    def row(self) -> dict[str, Any]:
        """The verdict as a row of the validation table; `low` and `high` are the 95% interval."""
        return {
            "case": self.case,
            "quantity": self.quantity,
            "kind": self.kind,
            "expected": expected_words(self.expected_low, self.expected_high),
            "interval": self.interval,
            "published": self.published,
            "unit": self.unit,
            "simulated": self.simulated,
            "low": self.low,
            "high": self.high,
            "error": self.simulated - self.published,
            "standard_error": self.standard_error,
            "verdict": self.verdict,
            "why": "; ".join(text for text in (self.why, self.known_miss) if text),
            "source": self.source,
            "note": self.note,
        }


def expected_words(low: float, high: float) -> str:
    """What was expected, in words: a number, a range or a bound."""
    if low == high:
        return f"{low:.7g}"
    if math.isinf(low) or math.isinf(high):
        return f"at most {high:.7g}" if math.isinf(low) else f"at least {low:.7g}"
    return f"{low:.7g} to {high:.7g}"


def require_quantities(loaded: Loaded) -> None:
    """Raise ScenarioError with every target that speaks of a result that there is not."""
    validation = loaded.scenario.validation
    assert validation is not None
    arm = Arm(loaded.scenario.name, loaded.scenario)
    problems = []
    for name, quantity in validation.quantities.items():
        if message := fault(quantity.of, arm):
            path = f"validation.quantities.{name}.of"
            problems.append(Problem(Place(*loaded.origins.get(path, (loaded.shown, 1))), path, message))
    if problems:
        raise ScenarioError(problems)


def judge(
    case: str, loaded: Loaded, replications: int, workers: int | None, done: Callable[[int], None], wanted: str = "auto"
) -> list[Verdict]:
    """A verdict for each quantity of the case's `validation:` section; the same for any number of workers.

    `require_quantities` has passed the case.
    """
    validation = loaded.scenario.validation
    assert validation is not None
    arm = Arm(loaded.scenario.name, loaded.scenario)
    require_size([arm], {arm.name: loaded})
    patients = replications * expected_patients(loaded.scenario)
    engine, _ = pick(wanted, patients)
    workers = workers or workers_for(engine, patients, os.cpu_count() or 1)
    of = tuple(quantity.of for quantity in validation.quantities.values())
    size = max(1, math.ceil(replications / (4 * workers)))
    tasks = [
        Task(arm, range(first, min(first + size, replications)), of, engine) for first in range(0, replications, size)
    ]
    found: dict[int, list[list[float]]] = {}
    prepare(engine, workers)
    for (first, values), _ in run_tasks(_numbered, tasks, min(workers, max(1, len(tasks)))):
        found[first] = values
        done(len(values))
    values_of = np.array([row for first in sorted(found) for row in found[first]])
    return [
        _verdict(case, name, quantity, values_of[:, place], validation)
        for place, (name, quantity) in enumerate(validation.quantities.items())
    ]


def _numbered(task: Task) -> tuple[int, list[list[float]]]:
    return task.numbers.start, evaluate(task)


def _verdict(case: str, name: str, quantity: Quantity, values: np.ndarray[Any, Any], validation: Validation) -> Verdict:
    mean, error = float(np.mean(values)), standard_error(values)
    _, within_low, within_high = interval(values, within=possible_of(quantity.of))
    low, high = expected_range(quantity)
    tolerance, rule = _tolerance(quantity, error)
    met = bool(low - tolerance <= mean <= high + tolerance)
    why = ""
    if math.isnan(mean):
        why = "it has no value here"
    elif not met:
        why = f"off by {mean - (low if mean < low else high):.4g}, allowed {tolerance:.4g} ({rule})"
    if met and quantity.precision is not None and not error <= quantity.precision * abs(high):
        met, why = False, f"standard error above {quantity.precision:g} of the target: more replications are needed"
    return Verdict(
        case=case,
        quantity=name,
        kind=quantity.kind or validation.kind,
        expected_low=low,
        expected_high=high,
        interval="" if low == high else quantity.interval or "sampling",
        published=_published(quantity),
        simulated=mean,
        low=float(within_low),
        high=float(within_high),
        standard_error=error,
        met=met,
        why=why,
        source=quantity.source or validation.source,
        unit=unit_of(quantity.of),
        note=quantity.note,
        known_miss=quantity.known_miss,
    )


def _published(quantity: Quantity) -> float:
    """The estimate that the error is counted from."""
    found = quantity.exact if quantity.published is None else quantity.published
    return math.nan if found is None else found


def count_by_kind(verdicts: Sequence[Verdict]) -> dict[str, tuple[int, int]]:
    """(how many were met, of how many) of each kind of target that there is: held out, calibrated to, and exact."""
    found = {kind: [verdict.met for verdict in verdicts if verdict.kind == kind] for kind in KINDS}
    return {kind: (sum(met), len(met)) for kind, met in found.items() if met}


def expected_range(quantity: Quantity) -> tuple[float, float]:
    """Between which two values a quantity should come out: twice the same where it is exact, infinite where open."""
    if quantity.exact is not None:
        return quantity.exact, quantity.exact
    return (
        -math.inf if quantity.low is None else quantity.low,
        math.inf if quantity.high is None else quantity.high,
    )


def _tolerance(quantity: Quantity, error: float) -> tuple[float, str]:
    if quantity.within == "exact":
        return EXACT_TOLERANCE, "exact"
    if isinstance(quantity.within, float):
        return quantity.within, "stated"
    return (0.0 if math.isnan(error) else STANDARD_ERRORS * error), "3 standard errors"
