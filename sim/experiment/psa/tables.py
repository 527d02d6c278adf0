"""The tables of a probabilistic sensitivity analysis, as `sim.tables.points` declares them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.experiment.psa.information import Population, Wanted, evppi_table
from sim.experiment.study.economics_tables import assumed, icers, unit_of
from sim.experiment.study.tables import counted_in_both
from sim.experiment.sweep.points import Base, Point
from sim.outcomes.decisions import Acceptability, acceptability, quadrants
from sim.outcomes.economic_quantities import MONEY
from sim.outcomes.estimates import CONFIDENCE, interval
from sim.outcomes.information import perfect_information
from sim.outcomes.metrics import all_referred
from sim.outcomes.verdicts import HIGHER, LOWER, verdict
from sim.pure.arrays import FloatArray

# The range over which acceptability is drawn: up to so many times the highest willingness to pay, in so many steps.
REACH, STEPS = 2.0, 60
GROUP = "all"


def psa_tables(
    base: Base, points: Sequence[Point], means: FloatArray, left: FloatArray, metrics: FloatArray, wanted: Wanted
) -> dict[str, pd.DataFrame]:
    """The tables by name.

    `means`: cost and QALYs of each sample, shape (samples, scenarios, 2); `left`: their covariances over replications,
    shape (samples, 2 x scenarios, 2 x scenarios); `metrics`: their means, shape (samples, scenarios, metrics).
    """
    costs, effects = means[..., 0], means[..., 1]
    amounts = willingness(base)
    found = acceptability(costs, effects, amounts)
    return {
        "psa": _long(base, costs, effects),
        "psa_wide": _wide(base, costs, effects),
        "psa_inputs": pd.DataFrame([{"sample": p.number + 1, **p.values} for p in points]),
        **_planes(base, costs, effects, metrics),
        "ceac": _curves(base, amounts, found),
        "evpi": _information(base, amounts, found, costs, effects, left, wanted.population),
        "evppi": evppi_table(base, points, costs, effects, wanted),
        "psa_icer": icers(base.scenarios, costs, effects, metrics),
        "psa_nmb": _net_benefits(base, costs, effects, metrics),
    }


def willingness(base: Base) -> FloatArray:
    """The range of willingness to pay, from 0 on, with the amounts that the first scenario names in it."""
    economics = base.scenarios[base.names[0]].scenario.economics
    assert economics is not None
    named = np.array(economics.willingness_to_pay)
    return np.union1d(np.linspace(0.0, REACH * max(named.max(), 1.0), STEPS + 1), named)


def _net_benefits(base: Base, costs: FloatArray, effects: FloatArray, metrics: FloatArray) -> pd.DataFrame:
    """Net benefit at each amount that the first scenario names, and how much more it is than the baseline's."""
    economics = base.scenarios[base.names[0]].scenario.economics
    assert economics is not None
    rows = []
    for place, name in enumerate(base.names):
        for amount in economics.willingness_to_pay:
            benefit = amount * effects - costs
            rows.append(
                {
                    "strategy": name,
                    "willingness_to_pay": amount,
                    "unit": _unit(base),
                    **_spread("net_benefit", benefit[:, place]),
                    "baseline": base.names[0],
                    **_spread("increment", benefit[:, place] - benefit[:, 0]),
                    "verdict": _told(benefit[:, place] - benefit[:, 0]) if place else "",
                    **all_referred(metrics[:, place]),
                    "assumed": all_assumed(base),
                }
            )
    return pd.DataFrame(rows)


def _told(more: FloatArray) -> str:
    """The verdict on samples of a difference of which more is better."""
    mean, low, high = (float(x) for x in interval(more))
    return str(verdict(mean, low, high, HIGHER))


def _spread(name: str, samples: FloatArray) -> dict[str, float]:
    """The mean of the samples with its interval, and between which numbers 95% of them lie."""
    tail = (1.0 - CONFIDENCE) / 2.0
    mean, low, high = (float(x) for x in interval(samples))
    credible = np.quantile(samples, [tail, 1.0 - tail])
    return {
        name: mean,
        f"{name}_low": low,
        f"{name}_high": high,
        f"{name}_credible_low": float(credible[0]),
        f"{name}_credible_high": float(credible[1]),
    }


def all_assumed(base: Base) -> str:
    """The inputs of any scenario's economics that are assumptions."""
    names = [name for loaded in base.scenarios.values() for name in assumed(loaded).split("; ") if name]
    return "; ".join(dict.fromkeys(names))


def _samples(costs: FloatArray) -> NDArray[np.int64]:
    return np.arange(1, len(costs) + 1)


def _long(base: Base, costs: FloatArray, effects: FloatArray) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "sample": _samples(costs),
                "strategy": name,
                "grp": GROUP,
                "cost": costs[:, place],
                "qalys": effects[:, place],
            }
        )
        for place, name in enumerate(base.names)
    ]
    return pd.concat(frames, ignore_index=True)


def _wide(base: Base, costs: FloatArray, effects: FloatArray) -> pd.DataFrame:
    columns = {f"costs_{name}": costs[:, place] for place, name in enumerate(base.names)}
    columns |= {f"effects_{name}": effects[:, place] for place, name in enumerate(base.names)}
    return pd.DataFrame({"sample": _samples(costs), **columns})


def _planes(base: Base, costs: FloatArray, effects: FloatArray, metrics: FloatArray) -> dict[str, pd.DataFrame]:
    """The plane and its quadrants; nothing of one strategy alone."""
    if len(base.names) < 2:
        return {}
    return {"ce_plane": _plane(base, costs, effects), "psa_quadrants": _quadrants(base, costs, effects, metrics)}


def _quadrants(base: Base, costs: FloatArray, effects: FloatArray, metrics: FloatArray) -> pd.DataFrame:
    rows = []
    for place, name in enumerate(base.names[1:], start=1):
        row: dict[str, object] = {"strategy": name, "baseline": base.names[0], "unit": _unit(base)}
        cost, effect = costs[:, place] - costs[:, 0], effects[:, place] - effects[:, 0]
        more = {"incremental_cost": cost, "incremental_qalys": effect}
        for column, better in (("incremental_cost", LOWER), ("incremental_qalys", HIGHER)):
            found = _spread(column, more[column])
            row |= found
            row[f"{column}_verdict"] = str(
                verdict(found[column], found[f"{column}_low"], found[f"{column}_high"], better)
            )
        shares, same = quadrants(cost, effect)
        row |= {
            **{
                f"share_{'better' if better else 'worse'}_{'dearer' if dearer else 'cheaper'}": share
                for (better, dearer), share in shares.items()
            },
            "share_same": same,
            **counted_in_both(metrics, place),
            "assumed": all_assumed(base),
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _plane(base: Base, costs: FloatArray, effects: FloatArray) -> pd.DataFrame:
    baseline, *others = base.names
    frames = [
        pd.DataFrame(
            {
                "sample": _samples(costs),
                "strategy": name,
                "baseline": baseline,
                "unit": unit_of(base.scenarios[baseline], MONEY),
                "incremental_cost": costs[:, place] - costs[:, 0],
                "incremental_qalys": effects[:, place] - effects[:, 0],
                "assumed": all_assumed(base),
            }
        )
        for place, name in enumerate(others, start=1)
    ]
    return pd.concat(frames, ignore_index=True)


def _unit(base: Base) -> str:
    return unit_of(base.scenarios[base.names[0]], MONEY)


def _curves(base: Base, amounts: FloatArray, found: Acceptability) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "willingness_to_pay": amounts,
                "unit": _unit(base),
                "strategy": name,
                "probability": found.probability[:, place],
                "expected_nmb": found.expected[:, place],
                "on_frontier": found.best == place,
                "assumed": all_assumed(base),
            }
        )
        for place, name in enumerate(base.names)
    ]
    return pd.concat(frames, ignore_index=True)


def _information(
    base: Base,
    amounts: FloatArray,
    found: Acceptability,
    costs: FloatArray,
    effects: FloatArray,
    left: FloatArray,
    population: Population | None,
) -> pd.DataFrame:
    economics = base.scenarios[base.names[0]].scenario.economics
    assert economics is not None
    worth = [
        perfect_information(amount * effects - costs, _noise(left, float(amount), costs.shape[1])) for amount in amounts
    ]
    people = None if population is None else population.patients(economics.discount.costs)
    return pd.DataFrame(
        {
            "willingness_to_pay": amounts,
            "unit": _unit(base),
            "evpi": [one.value for one in worth],
            "standard_error": [one.error for one in worth],
            "evpi_uncorrected": found.evpi,
            "population_evpi": [None if people is None else people * one.value for one in worth],
            "best_strategy": [base.names[k] for k in found.best],
            "simulation_share": simulation_share(amounts, found, costs, effects, left),
            "assumed": all_assumed(base),
        }
    )


def _noise(left: FloatArray, amount: float, strategies: int) -> FloatArray:
    """The mean covariance of the strategies' net benefit that replications leave, from that of costs and QALYs."""
    weights = np.zeros((strategies, 2 * strategies))
    for k in range(strategies):
        weights[k, [2 * k, 2 * k + 1]] = -1.0, amount
    return np.asarray(weights @ left.mean(axis=0) @ weights.T)


def simulation_share(
    amounts: FloatArray, found: Acceptability, costs: FloatArray, effects: FloatArray, left: FloatArray
) -> FloatArray:
    """Of the variance of net benefit between the best and the next best strategy, the share that replications leave.

    NaN with one strategy or one replication. The mean over samples of the variance of a sample's own estimate, by the
    variance of these estimates over samples.
    """
    shares = np.full(len(amounts), np.nan)
    strategies = costs.shape[1]
    if strategies < 2 or len(costs) < 2:
        return shares
    for k, amount in enumerate(amounts):
        best, second = np.argsort(-found.expected[k], kind="stable")[:2]
        weights = np.zeros(2 * strategies)
        weights[[2 * best, 2 * second]] = -1.0, 1.0
        weights[[2 * best + 1, 2 * second + 1]] = amount, -amount
        spread = (amount * effects - costs)[:, best] - (amount * effects - costs)[:, second]
        variance = spread.var(ddof=1)
        if variance > 0.0:
            shares[k] = np.einsum("i,sij,j->s", weights, left, weights).mean() / variance
    return shares
