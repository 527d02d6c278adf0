"""What is recorded of patients as persons: their age and sex, from keyed draws, the same in every scenario."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.pieces.cohort import Cohort
from sim.pure.discounting import DAYS_PER_YEAR
from sim.pure.distributions import truncated_normal
from sim.scenario.people import Age, Patients

FEMALE, MALE = "female", "male"


def persons(
    people: Patients, cohort: Cohort, rows: NDArray[np.int64] | None = None
) -> dict[str, NDArray[np.float64] | NDArray[np.object_]]:
    """`age` (years, at the first referral) and `sex` of entries of the cohort, where the scenario states them.

    `rows`: of these entries, else of each.
    """
    who = cohort.person if rows is None else cohort.person[rows]
    found: dict[str, NDArray[np.float64] | NDArray[np.object_]] = {}
    if people.age is not None:
        found["age"] = ages(people.age, cohort.luck.patients(("age",), who)[0])
    if people.sex is not None:
        female = cohort.luck.patients(("sex",), who)[0] < people.sex.female
        found["sex"] = np.where(female, FEMALE, MALE).astype(object)
    return found


def ages(age: Age, chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Years of a normal distribution that is cut off at both ends, from uniforms."""
    days = truncated_normal(age.mean, age.sd, age.youngest, age.oldest, chances)
    return np.asarray(days / DAYS_PER_YEAR)
