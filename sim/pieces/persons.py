"""What is recorded of patients as persons: their age and sex, from keyed draws, the same in every scenario."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.pieces.cohort import Cohort
from sim.pure.discounting import DAYS_PER_YEAR
from sim.scenario.people import Age, Patients

FEMALE, MALE = "female", "male"


def persons(people: Patients, cohort: Cohort) -> dict[str, NDArray[np.float64] | NDArray[np.object_]]:
    """`age` (years, at the first referral) and `sex` of each entry of the cohort, where the scenario states them."""
    found: dict[str, NDArray[np.float64] | NDArray[np.object_]] = {}
    if people.age is not None:
        found["age"] = ages(people.age, cohort.luck.of("age")[cohort.person])
    if people.sex is not None:
        female = cohort.luck.of("sex")[cohort.person] < people.sex.female
        found["sex"] = np.where(female, FEMALE, MALE).astype(object)
    return found


def ages(age: Age, chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Years of a normal distribution that is cut off at both ends, from uniforms."""
    from scipy.special import ndtr, ndtri

    low, high = ndtr([(age.youngest - age.mean) / age.sd, (age.oldest - age.mean) / age.sd])
    days = age.mean + age.sd * ndtri(low + chances * (high - low))
    # the ends themselves are off by rounding
    return np.asarray(np.clip(days, age.youngest, age.oldest) / DAYS_PER_YEAR)
