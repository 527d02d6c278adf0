"""The results that a validation target can speak of, by dotted text.

- `metrics.NAME`: a metric of the registry.
- `outcomes.NAME`: the share of measured patients with that outcome.
- `resources.NAME.COLUMN`: a column of the resource table.
- `days.FROM.TO.STATISTIC`, or `days.FROM.TO.STATISTIC.GROUP`: days from one milestone to another of the measured
  patients (of one risk group): mean, median, min, max, or a percentile such as p90.
- `within.DAYS.OUTCOME`: the share of measured patients with that outcome within so many days of their referral;
  `progressed` here is every progression before infusion.
- `share.MILESTONE`: the share of measured patients who came to a milestone.
- `on.DAY.waiting`, `on.DAY.infused_share`, `on.DAY.waiting_days_median`: how things stand on a day of the calendar for
  all who were referred by then: patients listed without a slot or dose, the share infused, and their median wait
  from listing to apheresis (to the dose).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.engine.trace import Trace
from sim.experiment.runs.replicate import Arm, as_run, simulate
from sim.outcomes.curves import LISTS, list_lengths
from sim.outcomes.metrics import BY_NAME
from sim.outcomes.patients import OUTCOME_NAMES, Patients
from sim.outcomes.resource_use import ResourceUse, resource_use
from sim.pure.arrays import BoolArray, FloatArray

STATISTICS: dict[str, Callable[[FloatArray], float]] = {
    "mean": lambda days: float(np.mean(days)),
    "median": lambda days: float(np.median(days)),
    "min": lambda days: float(np.min(days)),
    "max": lambda days: float(np.max(days)),
}


class QuantityError(Exception):
    """A quantity that does not exist, in words for the user."""


def unit_of(of: str) -> str:
    """The unit of a quantity: that of the metric; days, share, or empty for what is counted."""
    kind, *parts = of.split(".")
    if kind == "metrics" and parts and parts[0] in BY_NAME:
        return BY_NAME[parts[0]].unit
    if kind in ("outcomes", "within", "share") or of.endswith("_share"):
        return "share"
    return "days" if kind == "days" or "days" in of else ""


@dataclass(frozen=True, eq=False)
class Replicated:
    """One replication of one scenario; what costs time is worked out when it is asked for, once."""

    arm: Arm
    patients: Patients
    trace: Trace

    @cached_property
    def resources(self) -> tuple[ResourceUse, ...]:
        """The resource table."""
        return resource_use(self.arm.protocol, self.patients, self.trace, self.arm.window)[0]

    def value(self, of: str) -> float:
        """The value of a quantity, NaN where it does not apply. Raises QuantityError."""
        kind, *parts = of.split(".")
        readers: dict[str, Callable[..., float]] = {
            "metrics": self._metric, "outcomes": self._outcome, "resources": self._resource, "days": self._days,
            "within": self._within, "share": self._share, "on": self._on,
        }  # fmt: skip
        try:
            return readers[kind](*parts)
        except (KeyError, TypeError, ValueError) as error:
            raise QuantityError(f"validation: there is no quantity '{of}'") from error

    def _metric(self, name: str) -> float:
        return float(BY_NAME[name].formula(self.patients, self.trace, self.arm.window)[0])

    def _outcome(self, name: str) -> float:
        measured = self.patients.cohort.measured
        return _share_of(self.patients.outcome[measured] == OUTCOME_NAMES.index(name))

    def _resource(self, name: str, column: str) -> float:
        use = next((use for use in self.resources if use.resource == name and hasattr(use, column)), None)
        if use is None:
            raise KeyError(name)
        return float(getattr(use, column))

    def _days(self, start: str, end: str, statistic: str, group: str = "") -> float:
        chosen = self.patients.cohort.measured
        if group:
            place = list(self.arm.scenario.patients.risk_groups).index(group)
            chosen = chosen & (self.patients.cohort.group == place)
        days = self.patients.between(self._milestone(start), self._milestone(end))[chosen]
        days = days[~np.isnan(days)]
        of = STATISTICS.get(statistic) or _percentile(statistic)
        return of(days) if len(days) else float("nan")

    def _milestone(self, name: str) -> str:
        if name != "referral" and name not in self.trace.milestones:
            raise KeyError(name)
        return name

    def _share(self, milestone: str) -> float:
        days = self.patients.day(self._milestone(milestone))[self.patients.cohort.measured]
        return _share_of(~np.isnan(days))

    def _within(self, days: str, outcome: str) -> float:
        measured = self.patients.cohort.measured
        place = OUTCOME_NAMES.index(outcome)
        day = (
            self.patients.progression_day
            if outcome == "progressed"
            else np.where(self.patients.outcome == place, self.patients.end_day, np.nan)
        )
        return _share_of((day - self.patients.referral_day)[measured] <= float(days))

    def _on(self, day_text: str, what: str) -> float:
        day, patients = float(day_text), self.patients
        if what == "waiting":
            lengths = list_lengths(self.patients.cohort, self.trace, int(day))[0]
            return float(lengths[list(LISTS).index("waiting_list"), int(day)])
        referred = patients.referral_day <= day
        if what == "infused_share":
            return _share_of(patients.day("infusion")[referred] <= day)
        if what == "waiting_days_median":
            served = np.fmin(patients.day("apheresis"), patients.day("dose"))
            waits = (served - patients.day("listing"))[served <= day]
            return float(np.median(waits)) if len(waits) else float("nan")
        raise KeyError(what)


def _share_of(happened: BoolArray) -> float:
    return float(happened.mean()) if len(happened) else float("nan")


def _percentile(text: str) -> Callable[[FloatArray], float]:
    share = float(text.removeprefix("p")) / 100.0
    if not text.startswith("p") or not 0.0 <= share <= 1.0:
        raise KeyError(text)
    return lambda days: float(np.quantile(days, share))


@dataclass(frozen=True)
class Task:
    """Some replications of one scenario, and what is wanted of each."""

    arm: Arm
    numbers: range
    of: tuple[str, ...]
    engine: str


def evaluate(task: Task) -> list[list[float]]:
    """The values of every quantity in each replication of a task, shape (replications, quantities)."""
    return [_values(task.arm, number, task.of, task.engine) for number in task.numbers]


def _values(arm: Arm, number: int, of: Sequence[str], engine: str) -> list[float]:
    (((its,), numbers),) = as_run([arm], [number])
    one = Replicated(its, *simulate(its, numbers, engine))
    return [one.value(name) for name in of]
