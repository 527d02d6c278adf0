"""Costs and health of the measured by risk group and by centre: who pays more, and who gains."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.outcomes.economic_quantities import MONEY, QALYS, YEARS
from sim.outcomes.economics import Ledger, whole_cost
from sim.outcomes.patients import Patients
from sim.pure.arrays import FloatArray
from sim.scenario import Scenario

SHARE = "share"
# (name, label, unit) of what is told of each group.
FIGURES = (
    ("cost", "Cost per patient referred", MONEY),
    ("qalys", "QALYs per patient referred", QALYS),
    ("life_years", "Life years per patient referred, not discounted", YEARS),
    ("infused_share", "Proportion infused", SHARE),
    ("patients", "Patients referred", "patients"),
)
RISK_GROUP, CENTRE = "risk_group", "centre"


def groups(scenario: Scenario) -> list[tuple[str, str]]:
    """(by what, name) of each group, in the order of the numbers: risk groups, and then centres that treat anybody."""
    return list(_groups(scenario))


def _groups(scenario: Scenario) -> Iterator[tuple[str, str]]:
    yield from ((RISK_GROUP, name) for name in scenario.patients.risk_groups)
    yield from ((CENTRE, name) for name in scenario.centres if name in scenario.treating)


def same_patients(one: Scenario, other: Scenario, group: tuple[str, str]) -> bool:
    """Whether a group, of these of `groups`, is there in both, and is of the same patients.

    Those of a centre are so where the same regions send the same part of their patients there: a centre that treats
    those of others as well has other means even if nobody fares better or worse.
    """
    kind, name = group
    if group not in groups(one) or group not in groups(other):
        return False
    return kind != CENTRE or _senders(one, name) == _senders(other, name)


def same_centres(one: Scenario, other: Scenario) -> bool:
    """Whether everybody is treated at the same centre in both."""
    return all(_senders(one, name) == _senders(other, name) for name in dict.fromkeys([*one.treating, *other.treating]))


def _senders(scenario: Scenario, centre: str) -> dict[str, float]:
    """Which regions send which part of their patients to a centre."""
    parts = {name: region.centre.get(centre, 0.0) for name, region in scenario.regions.items()}
    return {name: part for name, part in parts.items() if part > 0.0}


def by_subgroup(scenario: Scenario, patients: Patients, money: Ledger) -> FloatArray:
    """The `FIGURES` of each of `groups`, shape (replications, groups, figures); NaN where nobody is of a group."""
    cohort = patients.cohort
    first = np.flatnonzero(cohort.measured)
    cost = whole_cost(money.costs, money.with_unrelated)
    qalys = np.asarray(np.sum(list(money.qalys.values()), axis=0))
    places = {
        RISK_GROUP: (cohort.group[first], list(scenario.patients.risk_groups)),
        CENTRE: (cohort.centre[first], list(scenario.centres)),
    }
    found = []
    for kind, name in groups(scenario):
        numbers, names = places[kind]
        mine = numbers == names.index(name)
        means = [money.by.mean(values, mine) for values in (cost, qalys, money.life_years)]
        found.append([*means, money.by.share(money.infused, mine), money.by.count(mine)])
    return np.moveaxis(np.array(found), 2, 0)
