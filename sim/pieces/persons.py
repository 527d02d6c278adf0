"""What is recorded of patients as persons: their age and sex, from keyed draws, the same in every scenario."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.pieces.luck import Luck
from sim.pure.arrays import FloatArray, IntArray
from sim.pure.discounting import DAYS_PER_YEAR
from sim.pure.distributions import truncated_normal
from sim.pure.mortality import Background, background
from sim.pure.survival import known_table
from sim.scenario.afterwards import GeneralPopulation
from sim.scenario.people import Age, Patients

FEMALE, MALE = "female", "male"


def persons(people: Patients, luck: Luck, who: IntArray) -> dict[str, FloatArray | NDArray[np.object_]]:
    """`age` (years, at the first referral) and `sex` of patients, where the scenario states them.

    `who`: the places of their first courses in the cohort whose luck it is.
    """
    found: dict[str, FloatArray | NDArray[np.object_]] = {}
    if people.age is not None:
        found["age"] = ages(people.age, luck.patients(("age",), who)[0])
    if people.sex is not None:
        female = luck.patients(("sex",), who)[0] < people.sex.female
        found["sex"] = np.where(female, FEMALE, MALE).astype(object)
    return found


def population(
    given: GeneralPopulation, known: dict[str, FloatArray | NDArray[np.object_]], age: FloatArray
) -> Background:
    """People of the sex of each of these `persons`, on the day on which they are so old (days)."""
    tables = [known_table(given.female), known_table(given.male)]
    return background(tables, given.mortality_ratio, (known["sex"] == MALE).astype(np.int64), age)


def ages(age: Age, chances: FloatArray) -> FloatArray:
    """Years of a normal distribution that is cut off at both ends, from uniforms."""
    days = truncated_normal(age.mean, age.sd, age.youngest, age.oldest, chances)
    return np.asarray(days / DAYS_PER_YEAR)
