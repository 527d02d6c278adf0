"""Who gains: costs and QALYs of risk groups and centres, and of all, with and without equity weights.

A weight multiplies a patient's QALYs, not their costs, which are spent by all: net benefit with weights is
willingness x weight x QALYs - cost. Weights are taken as they are given and are not brought to a mean of 1.
Source: Cookson and others, Distributional Cost-Effectiveness Analysis, Oxford 2021 (direct equity weights).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.outcomes.economics import Ledger, whole_cost
from sim.outcomes.patients import Patients
from sim.outcomes.subgroups import CENTRE, RISK_GROUP, groups
from sim.pure.arrays import FloatArray
from sim.scenario import Scenario
from sim.scenario.equity import GroupWeight

ALL = "all"
# What is told of each group, in this order: means a patient, and the proportion of all who are of it.
FIGURES = ("cost", "qalys", "weighted_qalys", "weight", "share")


def told_of(scenario: Scenario) -> list[tuple[str, str]]:
    """(by what, name) of each group: all patients, and then those of `subgroups.groups`."""
    return [(ALL, ALL), *groups(scenario)]


def distribution(scenario: Scenario, patients: Patients, money: Ledger) -> FloatArray:
    """The `FIGURES` of each group, shape (replications, groups, figures); NaN where nobody is of a group."""
    cohort = patients.cohort
    first = np.flatnonzero(cohort.measured)
    numbers = {RISK_GROUP: cohort.group[first], CENTRE: cohort.centre[first]}
    names = {RISK_GROUP: list(scenario.patients.risk_groups), CENTRE: list(scenario.centres)}
    cost = whole_cost(money.costs, money.with_unrelated)
    qalys = np.asarray(np.sum(list(money.qalys.values()), axis=0))
    weight = np.ones(len(first))
    assert scenario.economics is not None
    given = scenario.economics.equity
    for kind, weights in ((RISK_GROUP, given.risk_group), (CENTRE, given.centre)):
        weight *= _each(names[kind], weights)[numbers[kind]]
    everybody = np.ones(len(first), bool)
    people = money.by.count(everybody)
    found = []
    for kind, name in told_of(scenario):
        mine = everybody if kind == ALL else numbers[kind] == names[kind].index(name)
        means = [money.by.mean(values, mine) for values in (cost, qalys, weight * qalys, weight)]
        with np.errstate(invalid="ignore"):
            found.append([*means, money.by.count(mine) / people])
    return np.moveaxis(np.array(found), 2, 0)


def _each(names: list[str], weights: Mapping[str, GroupWeight]) -> FloatArray:
    """The weight of each group by its number; 1 unless given."""
    return np.array([weights[name].weight if name in weights else 1.0 for name in names])
