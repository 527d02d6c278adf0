"""Economic outcomes as metrics: the quantities of the ledger, and net benefit at a willingness to pay, by name.

`cost_per_referred`, `qalys_per_referred`, `life_years_per_referred` and the other quantities; `net_benefit@100000` is
the net monetary benefit per patient referred at 100,000 a QALY. Every one is a weighted sum of quantities.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.outcomes.economic_quantities import COST, EFFECT, MONEY, QUANTITIES
from sim.outcomes.estimates import FREE, Range
from sim.outcomes.metrics import BY_NAME, METRIC_NAMES, REFERRED, Population
from sim.outcomes.verdicts import HIGHER
from sim.pure.arrays import FloatArray
from sim.scenario.capacity_costs import MOST_MONEY
from sim.scenario.problems import did_you_mean, show
from sim.scenario.units import NUMBER

NET_BENEFIT = "net_benefit"
_NAMES = tuple(quantity.name for quantity in QUANTITIES)
ALL_NAMES = (*METRIC_NAMES, *_NAMES, f"{NET_BENEFIT}@100000")


@dataclass(frozen=True)
class EconomicMetric:
    """One economic number of a replication.

    `kind`: money, QALYs, life years or months. `weights`: (place of a quantity, weight).
    """

    name: str
    label: str
    kind: str
    better: str
    over: Population
    within: Range
    weights: tuple[tuple[int, float], ...]

    def of(self, quantities: FloatArray) -> FloatArray:
        """Its values, from those of `QUANTITIES` along the last axis."""
        return np.asarray(sum(weight * quantities[..., place] for place, weight in self.weights))


OF_QUANTITIES = tuple(
    EconomicMetric(q.name, q.label, q.unit, q.better, q.over, q.possible, ((place, 1.0),))
    for place, q in enumerate(QUANTITIES)
)


def net_benefit_at(amount: float) -> EconomicMetric:
    """Net monetary benefit per patient referred at this willingness to pay: amount x QALYs - cost."""
    label = f"Net benefit per patient referred, at {amount:,.10g} a QALY"
    return EconomicMetric(
        f"{NET_BENEFIT}@{amount:.10g}", label, MONEY, HIGHER, REFERRED, FREE, ((COST, -1.0), (EFFECT, amount))
    )


def economic_metric(name: str) -> EconomicMetric | None:
    """The economic metric of a name, None where the name is none; a ValueError for what is no amount."""
    if name in _NAMES:
        return OF_QUANTITIES[_NAMES.index(name)]
    head, separator, amount = name.partition("@")
    if head != NET_BENEFIT:
        return None
    if not separator or not re.fullmatch(NUMBER, amount) or not 0.0 <= float(amount) <= MOST_MONEY:
        allowed = f"{NET_BENEFIT}@AMOUNT, an amount for a QALY from 0 to {MOST_MONEY:.0e}, such as {NET_BENEFIT}@100000"
        raise ValueError(f"found the metric {show(name)}; allowed: {allowed}")
    return net_benefit_at(float(amount))


def require_metric(name: str) -> EconomicMetric | None:
    """The economic metric of a name, None for one of the registry; a ValueError with the nearest name otherwise."""
    if name in BY_NAME:
        return None
    found = economic_metric(name)
    if found is None:
        raise ValueError(f"found the metric {show(name)}{did_you_mean(name, ALL_NAMES, 'metrics')}")
    return found


def values_of(name: str, values: FloatArray) -> FloatArray:
    """The values of a metric, registered or economic, from metrics and then quantities along the last axis."""
    found = require_metric(name)
    return values[..., METRIC_NAMES.index(name)] if found is None else found.of(values[..., len(METRIC_NAMES) :])


def within_of(name: str) -> Range:
    """Between which numbers a metric lies."""
    found = require_metric(name)
    return BY_NAME[name].possible if found is None else found.within


def thresholds_in(names: Sequence[str]) -> tuple[float, ...]:
    """The amounts at which net benefit is asked for."""
    found = (float(name.partition("@")[2]) for name in names if name.partition("@")[0] == NET_BENEFIT)
    return tuple(dict.fromkeys(found))
