"""What an option can be, and what it is unless given: one table, for functions of the front door and commands.

Light: the command line reads it before anything else is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`, with no end where that is None; `usual` unless given."""

    low: int
    high: int | None = None
    usual: int | None = None

    def __str__(self) -> str:
        return f"{self.low} or more" if self.high is None else f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Number:
    """A finite number from `low` to `high`, with no end where that is None; `above`: `low` itself is not allowed."""

    low: float
    high: float | None = None
    usual: float | None = None
    above: bool = False

    def __str__(self) -> str:
        if self.high is None:
            return f"more than {self.low:g}" if self.above else f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Word:
    """One of these words; `usual` unless given."""

    words: tuple[str, ...]
    usual: str | None = None


Limit = Whole | Number | Word

DESIGNS = ("grid", "one_at_a_time", "latin_hypercube", "sobol", "morris")
FINISH_TODAY, REFIT = "finish-today", "refit"
# What the functions have as defaults, where a scenario says nothing of it.
PSA_SAMPLES, PSA_REPLICATIONS = 1000, 20
PLAN_FIRST, PLAN_MOST, PLAN_EVALUATIONS, PLAN_CONFIDENCE = 20, 2_000, 400, 0.95
PARTICLES, GENERATIONS = 500, 4
BOOTSTRAP, BOOTSTRAP_SEED = 99, 1
REGISTERS = 260
MONTHS, FORECAST_SAMPLES, FORECAST_REPLICATIONS = 6, 100, 5
# More processes than processors gain nothing, and hundreds of them, 150 MB each, stop a machine. Tests and scripts that
# were written for a few more processors than there are here go on.
MOST_WORKERS = 4 * (os.cpu_count() or 1)

# Of every function and command that has an option of this name, and nothing of its own below.
EVERY: Mapping[str, Limit] = {
    "replications": Whole(1),
    "seed": Whole(0),
    "workers": Whole(1, MOST_WORKERS),
    "engine": Word(("auto", "simpy", "compiled"), "auto"),
    "style": Word(("screen", "slide", "print"), "screen"),
}
_STUDY: Mapping[str, Limit] = {
    "list_below": Whole(0),
    "min_replications": Whole(2),
    "max_replications": Whole(2),
}
OWN: Mapping[str, Mapping[str, Limit]] = {
    "run": _STUDY,
    "compare": _STUDY,
    "sweep": {"design": Word(DESIGNS, "grid"), "samples": Whole(2)},
    "psa": {
        "samples": Whole(2, usual=PSA_SAMPLES),
        "replications": Whole(1, usual=PSA_REPLICATIONS),
        "population": Number(0.0, above=True),
        "years": Whole(1, 100),
    },
    "plan": {
        "replications": Whole(5, usual=PLAN_FIRST),
        "max_replications": Whole(5, usual=PLAN_MOST),
        "evaluations": Whole(2, usual=PLAN_EVALUATIONS),
        "confidence": Number(0.5, 0.9999, usual=PLAN_CONFIDENCE),
    },
    "calibrate": {
        "particles": Whole(50, 100_000, usual=PARTICLES),
        "generations": Whole(2, 20, usual=GENERATIONS),
        "replications": Whole(2),
    },
    "fit": {"bootstrap": Whole(0, 9_999, usual=BOOTSTRAP), "seed": Whole(0, usual=BOOTSTRAP_SEED)},
    "observe": {"replications": Whole(2, usual=REGISTERS)},
    "forecast": {
        "months": Whole(1, 120, usual=MONTHS),
        "list_below": Whole(1),
        "overdue": Word((FINISH_TODAY, REFIT)),
        "back_test": Whole(5, 60),  # with fewer earlier days nothing could be said of how good a forecast is
        "samples": Whole(2, 100_000, usual=FORECAST_SAMPLES),
        "replications": Whole(1, usual=FORECAST_REPLICATIONS),
    },
}


def limit(function: str, name: str) -> Limit | None:
    """What an option of a function, or of the command of that name, can be; None where it is no number and no word."""
    return OWN.get(function, {}).get(name, EVERY.get(name))
