"""Studies of one input, and what their data would look like: what the expected value of sample information is of.

Data are simulated at the value drawn in each sample and reduced to a summary; net benefit is regressed on the summary
(Strong, Oakley, Brennan, Breeze, Medical Decision Making 2015;35:570). The models of the data:

- a share: events among n patients, binomial; the share observed;
- an exponential median or rate: n patients enrolled evenly over a time, followed until a time after the last of them
  and censored there; the logarithm of events by time at risk, half an event added;
- a utility or a cost: the mean of n normal values whose standard deviation between patients is stated.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from sim.experiment.sweep.factors import number_of
from sim.pure.arrays import FloatArray
from sim.scenario.kinds import Share
from sim.scenario.leaves import marker_at
from sim.scenario.problems import show

BINOMIAL, EVENT_TIMES, NORMAL = "binomial", "censored event times", "normal means"
MOST_PATIENTS = 1_000_000
# What a model must be told beside the number of patients.
NEEDS = {BINOMIAL: (), EVENT_TIMES: ("enrolment", "follow_up"), NORMAL: ("sd",)}
FORM = "PATH=PATIENTS, and with it enrolment=365d,follow_up=730d for event times, sd=0.2 for utilities and costs"


@dataclass(frozen=True)
class Study:
    """A study of so many patients; times in days. `sd`: between patients, in the unit of the input; 0 without one."""

    path: str
    model: str
    patients: int
    enrolment: float = 0.0
    follow_up: float = 0.0
    sd: float = 0.0

    @property
    def result_after(self) -> float:
        """Days from the first patient to the result, as far as the design says."""
        return self.enrolment + self.follow_up

    def summary(self, values: FloatArray, random: np.random.Generator) -> FloatArray:
        """What the study would observe, once for each true value."""
        n = self.patients
        if self.model == BINOMIAL:
            return np.asarray(random.binomial(n, values) / n)
        if self.model == NORMAL:
            return np.asarray(values + self.sd / math.sqrt(n) * random.normal(size=len(values)))
        rates = math.log(2.0) / values if self.path.endswith("median") else values
        found = np.empty(len(values))
        for k, rate in enumerate(rates):
            event = random.exponential(1.0 / rate, n)
            until = self.follow_up + self.enrolment * random.random(n)
            found[k] = math.log((np.count_nonzero(event <= until) + 0.5) / np.minimum(event, until).sum())
        return found


def model_of(path: str) -> str:
    """The model of a study of an input; a ValueError where none is known."""
    if path.startswith(("economics.utilities.", "economics.costs.")):
        return NORMAL
    if marker_at(tuple(path.split("."))) == Share():
        return BINOMIAL
    if re.search(r"\.exponential\.(median|rate)$", path):
        return EVENT_TIMES
    raise ValueError(
        f"found {show(path)}, of which no study is known; allowed: a proportion ({BINOMIAL}), the median or rate of an "
        f"exponential time ({EVENT_TIMES}), a utility or a cost ({NORMAL})"
    )


def parse_study(text: str) -> Study:
    """The study of `PATH=PATIENTS,key=value`; a ValueError that says what is allowed."""
    first, *others = [part.strip() for part in text.split(",")]
    path, _, patients = (part.strip() for part in first.partition("="))
    if not path or not re.fullmatch(r"[0-9]+", patients) or not 1 <= int(patients) <= MOST_PATIENTS:
        raise ValueError(f"found {show(text)}; allowed: {FORM}")
    model = model_of(path)
    given: dict[str, float] = {}
    for part in others:
        key, _, value = (side.strip() for side in part.partition("="))
        number = number_of(value)
        if key not in NEEDS[model] or key in given or isinstance(number, str) or not 0.0 <= number < math.inf:
            raise ValueError(f"found {show(part)} for {model}; allowed: {FORM}")
        given[key] = number
    missing = [key for key in NEEDS[model] if key not in given]
    if missing or (model == EVENT_TIMES and given["follow_up"] <= 0.0) or (model == NORMAL and given["sd"] <= 0.0):
        told = ", ".join(missing) if missing else "0"
        raise ValueError(f"found {show(text)}, {model} {'without' if missing else 'with'} {told}; allowed: {FORM}")
    return Study(path, model, int(patients), **given)
