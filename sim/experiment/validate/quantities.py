"""The results that a validation target can speak of, by dotted text.

- `metrics.NAME`: a metric of the registry.
- `outcomes.NAME`: the share of measured patients with that outcome.
- `resources.NAME.COLUMN`: a column of the resource table; `resources.NAME.COLUMN.CENTRE` where it is at several.
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
from dataclasses import dataclass, fields
from functools import cached_property, partial

import numpy as np

from sim.engine.trace import Trace
from sim.experiment.runs.replicate import Arm, as_run, simulate
from sim.outcomes.curves import LISTS, list_lengths
from sim.outcomes.estimates import FREE, Range, possible
from sim.outcomes.metrics import BY_NAME
from sim.outcomes.patients import OUTCOME_NAMES, Patients
from sim.outcomes.resource_use import ResourceUse, queues_of, resource_use
from sim.pieces.protocol import milestones, place_names
from sim.pure.arrays import BoolArray, FloatArray
from sim.scenario.problems import did_you_mean

PERCENTILES = {f"p{n}": n / 100.0 for n in range(101)} | {f"p{n:02}": n / 100.0 for n in range(10)}


def _quantile(share: float, days: FloatArray) -> float:
    return float(np.quantile(days, share))


STATISTICS: dict[str, Callable[[FloatArray], float]] = {
    "mean": lambda days: float(np.mean(days)),
    "median": lambda days: float(np.median(days)),
    "min": lambda days: float(np.min(days)),
    "max": lambda days: float(np.max(days)),
    **{name: partial(_quantile, share) for name, share in PERCENTILES.items()},
}


# The numbers among the columns of the resource table.
COLUMNS = tuple(f.name for f in fields(ResourceUse) if f.name not in ("resource", "label", "kind", "centre"))
ON_A_DAY = ("waiting", "infused_share", "waiting_days_median")


def unit_of(of: str) -> str:
    """The unit of a quantity: that of the metric; days, share, or empty for what is counted."""
    kind, *parts = of.split(".")
    if kind == "metrics" and parts and parts[0] in BY_NAME:
        return BY_NAME[parts[0]].unit
    if kind in ("outcomes", "within", "share") or of.endswith("_share"):
        return "share"
    return "days" if kind == "days" or "days" in of else ""


def possible_of(of: str) -> Range:
    """Between which values a quantity must lie; days are negative between milestones that come in another order."""
    kind, *parts = of.split(".")
    return BY_NAME[parts[0]].possible if kind == "metrics" else FREE if kind == "days" else possible(unit_of(of))


def fault(of: str, arm: Arm) -> str:
    """What is wrong with the text of a quantity in a scenario, in words; empty where there is such a quantity."""
    kind, *parts = of.split(".")
    known = _parts(arm, parts[0] if parts else "")
    if kind not in known:
        return f"found '{of}'{did_you_mean(kind, tuple(known), 'it begins with one of')}"
    for part, allowed in zip(parts, known[kind], strict=False):
        if isinstance(allowed, float):
            if not part.isdecimal() or float(part) > allowed:
                return f"found '{part}' in '{of}'; allowed: {_words(allowed)}"
        elif part not in allowed:
            return f"found '{part}' in '{of}'{did_you_mean(part, allowed)}"
    least = len(known[kind]) - (kind == "days")
    if len(parts) < least:
        return f"found '{of}', and nothing behind it; allowed: {_words(known[kind][len(parts)])}"
    return f"found too many parts in '{of}'; allowed: {len(known[kind])}" if len(parts) > len(known[kind]) else ""


def _parts(arm: Arm, resource: str) -> dict[str, tuple[Sequence[str] | float, ...]]:
    """By kind of quantity what each of its parts may be: one of these words, or whole days up to this number."""
    run, its = arm.scenario.run, arm.protocol
    passed = ("referral", *milestones(its.patient_steps))
    at = [(its_place.name, place_names(its_place, its.centres)[number]) for its_place, number in queues_of(its)]
    centres = [centre for name, centre in at if name == resource]
    return {
        "metrics": (tuple(BY_NAME),),
        "outcomes": (OUTCOME_NAMES,),
        "resources": (tuple(dict(at)), COLUMNS, *([centres] if len(centres) > 1 else [])),
        "days": (passed, passed, tuple(STATISTICS), tuple(arm.scenario.patients.risk_groups)),
        "within": (run.follow_up, OUTCOME_NAMES),
        "share": (passed,),
        "on": (run.warm_up + run.window, ON_A_DAY),
    }


def _words(allowed: Sequence[str] | float) -> str:
    if isinstance(allowed, float):
        return f"whole days from 0 to {allowed:g}"
    return f"{', '.join(allowed[:20])}{', ...' if len(allowed) > 20 else ''}"


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
        """The value of a quantity that has no `fault`, NaN where it does not apply."""
        kind, *parts = of.split(".")
        readers: dict[str, Callable[..., float]] = {
            "metrics": self._metric, "outcomes": self._outcome, "resources": self._resource, "days": self._days,
            "within": self._within, "share": self._share, "on": self._on,
        }  # fmt: skip
        return readers[kind](*parts)

    def _metric(self, name: str) -> float:
        return float(BY_NAME[name].formula(self.patients, self.trace, self.arm.window)[0])

    def _outcome(self, name: str) -> float:
        measured = self.patients.cohort.measured
        return _share_of(self.patients.outcome[measured] == OUTCOME_NAMES.index(name))

    def _resource(self, name: str, column: str, centre: str = "") -> float:
        uses = (use for use in self.resources if use.resource == name and centre in ("", use.centre))
        return float(getattr(next(uses), column))

    def _days(self, start: str, end: str, statistic: str, group: str = "") -> float:
        chosen = self.patients.cohort.measured
        if group:
            place = list(self.arm.scenario.patients.risk_groups).index(group)
            chosen = chosen & (self.patients.cohort.group == place)
        days = self.patients.between(start, end)[chosen]
        days = days[~np.isnan(days)]
        return STATISTICS[statistic](days) if len(days) else float("nan")

    def _share(self, milestone: str) -> float:
        days = self.patients.day(milestone)[self.patients.cohort.measured]
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
        served = np.fmin(patients.day("apheresis"), patients.day("dose"))
        waits = (served - patients.day("listing"))[served <= day]
        return float(np.median(waits)) if len(waits) else float("nan")


def _share_of(happened: BoolArray) -> float:
    return float(happened.mean()) if len(happened) else float("nan")


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
