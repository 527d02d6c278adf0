"""The economic tables of a results folder, as `sim.tables.economics` declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.outcomes.decisions import net_benefit, standings
from sim.outcomes.economics import COST, EFFECT, MONEY, QUANTITIES
from sim.outcomes.estimates import interval
from sim.scenario import Loaded
from sim.scenario.sources import ASSUMPTION

FloatArray = NDArray[np.float64]
SECTIONS = ("after_infusion", "economics")


def economic_tables(
    scenarios: Mapping[str, Loaded], values: FloatArray, counts: Sequence[Mapping[str, float]]
) -> dict[str, pd.DataFrame]:
    """The tables by name; `values`: shape (replications, scenarios, quantities).

    `counts`: of each scenario, how many patients were `referred` and `infused`, and the share `unresolved`.
    """
    if any(loaded.scenario.economics is None for loaded in scenarios.values()):
        return {}
    found = {"economics": _levels(scenarios, values, counts), "nmb": _net_benefits(scenarios, values)}
    if len(scenarios) > 1:
        found |= {
            "economics_differences": _differences(scenarios, values),
            "icer": icers(scenarios, *_means(values)),
        }
    return found


def assumed(loaded: Loaded) -> str:
    """The inputs of a scenario's economics that are assumptions, defaults of the program included."""
    paths = [p.path for p in loaded.parameters if p.path.split(".")[0] in SECTIONS and ASSUMPTION in p.source_ids]
    return "; ".join(paths)


def unit_of(loaded: Loaded, kind: str) -> str:
    """The unit of a quantity, money with its currency and price year."""
    economics = loaded.scenario.economics
    assert economics is not None
    return f"{economics.currency} {economics.price_year}" if kind == MONEY else kind


def why_not_comparable(scenarios: Mapping[str, Loaded]) -> str | None:
    """Why the economics of the scenarios cannot be set against each other, or None where they can."""
    for key in ("currency", "price_year", "perspective", "discount", "horizon"):
        found = {name: getattr(loaded.scenario.economics, key) for name, loaded in scenarios.items()}
        if len(set(map(repr, found.values()))) > 1:
            return f"their economics differ in {key.replace('_', ' ')}"
    return None


def icers(scenarios: Mapping[str, Loaded], costs: FloatArray, effects: FloatArray) -> pd.DataFrame:
    """`icer.csv` from mean costs and QALYs per patient referred, shape (scenarios,)."""
    names = list(scenarios)
    rows = [
        {
            "scenario": names[one.strategy],
            "unit": unit_of(scenarios[names[one.strategy]], MONEY),
            "cost": costs[one.strategy],
            "qalys": effects[one.strategy],
            "status": one.status,
            "against": names[one.against] if one.against is not None else "",
            "incremental_cost": one.cost,
            "incremental_qalys": one.effect,
            "icer": one.icer,
            "assumed": assumed(scenarios[names[one.strategy]]),
        }
        for one in standings(costs, effects)
    ]
    return pd.DataFrame(rows)


def _means(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    mean = interval(values)[0]
    return mean[:, COST], mean[:, EFFECT]


def _keys(loaded: Loaded, scenario: str, **more: str) -> list[dict[str, Any]]:
    return [
        {"scenario": scenario, **more, "quantity": q.name, "label": q.label, "unit": unit_of(loaded, q.unit)}
        for q in QUANTITIES
    ]


def _estimated(keys: Sequence[dict[str, Any]], values: FloatArray, loaded: Loaded) -> pd.DataFrame:
    mean, low, high = interval(values)
    return pd.DataFrame(list(keys)).assign(
        estimate=mean, low=low, high=high, replications=np.isfinite(values).sum(axis=0), assumed=assumed(loaded)
    )


def _levels(scenarios: Mapping[str, Loaded], values: FloatArray, counts: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    frames = [
        _estimated(_keys(loaded, name), values[:, place], loaded).assign(
            patients=[counts[place]["infused" if q.name.endswith("_per_infused") else "referred"] for q in QUANTITIES],
            unresolved_share=counts[place]["unresolved"],
        )
        for place, (name, loaded) in enumerate(scenarios.items())
    ]
    return pd.concat(frames, ignore_index=True)


def _differences(scenarios: Mapping[str, Loaded], values: FloatArray) -> pd.DataFrame:
    baseline, *others = scenarios
    frames = [
        _estimated(_keys(scenarios[name], name, baseline=baseline), values[:, place] - values[:, 0], scenarios[name])
        for place, name in enumerate(others, start=1)
    ]
    return pd.concat(frames, ignore_index=True)


def _net_benefits(scenarios: Mapping[str, Loaded], values: FloatArray) -> pd.DataFrame:
    first = next(iter(scenarios.values())).scenario.economics
    assert first is not None
    amounts = np.array(first.willingness_to_pay)
    benefit = net_benefit(values[..., COST], values[..., EFFECT], amounts)
    frames = []
    for place, (name, loaded) in enumerate(scenarios.items()):
        mean, low, high = interval(benefit[:, :, place].T)
        more, more_low, more_high = interval((benefit[:, :, place] - benefit[:, :, 0]).T)
        frames.append(
            pd.DataFrame({"scenario": name, "willingness_to_pay": amounts, "unit": unit_of(loaded, MONEY)}).assign(
                estimate=mean,
                low=low,
                high=high,
                baseline=next(iter(scenarios)),
                increment=more,
                increment_low=more_low,
                increment_high=more_high,
                assumed=assumed(loaded),
            )
        )
    return pd.concat(frames, ignore_index=True)
