"""The economic tables of a results folder, as `sim.tables.economics` declares them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.study.later_courses import told_of_returns
from sim.experiment.study.tables import over_both, verdicts, with_bounds
from sim.outcomes.decisions import judged_standings, net_benefit, value_based_price
from sim.outcomes.economic_quantities import COST, EFFECT, MONEY, POSSIBLE, QUANTITIES
from sim.outcomes.estimates import FREE, Range, interval
from sim.outcomes.metrics import METRIC_NAMES, all_referred, unresolved_of
from sim.outcomes.verdicts import HIGHER, verdict
from sim.pure.arrays import FloatArray
from sim.scenario import Loaded, Scenario
from sim.scenario.capacity_costs import amounts
from sim.scenario.sources import ASSUMPTION
from sim.tables.shared import ESTIMATE

MONTHS_A_YEAR = 12
SECTIONS = ("after_infusion", "economics")
PRODUCT, UNUSED_PRODUCT = (
    [quantity.name for quantity in QUANTITIES].index(name) for name in ("cost_product", "cost_unused_product")
)
# What scenarios must have in common, in words.
SAME = {
    "money": "currency or price year", "perspective": "perspective", "discount": "discount", "horizon": "horizon",
    "equity": "equity weights",
}  # fmt: skip
PRICE_COLUMNS = (
    "scenario", "against", "product", "willingness_to_pay", "unit", "price", "value_based_price", "low", "high",
    "change", "assumed",
)  # fmt: skip


def economic_tables(
    scenarios: Mapping[str, Loaded], values: FloatArray, metrics: FloatArray
) -> dict[str, pd.DataFrame]:
    """The tables by name; `values`: shape (replications, scenarios, quantities); `metrics`: of the same runs."""
    if any(loaded.scenario.economics is None for loaded in scenarios.values()):
        return {}
    found = {"economics": _levels(scenarios, values, metrics), "nmb": _net_benefits(scenarios, values, metrics)}
    if len(scenarios) > 1:
        found |= {
            "economics_differences": _differences(scenarios, values, metrics),
            "icer": icers(scenarios, values[..., COST], values[..., EFFECT], metrics),
            "price": prices(scenarios, values),
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
    return economics.money if kind == MONEY else kind


def why_not_comparable(scenarios: Mapping[str, Loaded]) -> str | None:
    """Why the economics of the scenarios cannot be set against each other, or None where they can."""
    for key, words in SAME.items():
        found = {name: getattr(loaded.scenario.economics, key) for name, loaded in scenarios.items()}
        if len(set(map(repr, found.values()))) > 1:
            return f"their economics differ in {words}"
    return None


def no_reference_arm(scenarios: Mapping[str, Loaded]) -> str | None:
    """A sentence where costs and QALYs are compared and nobody is left uninfused by design; None where an arm is."""
    arms = [loaded.scenario for loaded in scenarios.values()]
    if len(arms) < 2 or any(arm.economics is None for arm in arms) or not all(arm.infuses for arm in arms):
        return None
    return (
        "no reference arm: the strategies are compared with each other only, not with care without CAR T cells; to ask "
        "whether they are worth their price, add a scenario of strategy standard_care, such as "
        "standard_care_bispecific or standard_care_conventional, which are shipped"
    )


def money_warnings(scenarios: Mapping[str, Loaded]) -> list[str]:
    """What to know of costs and QALYs before they are counted; nothing where a scenario has none."""
    if any(loaded.scenario.economics is None for loaded in scenarios.values()):
        return []
    tells = (dear_states, told_of_returns, counted_twice, free_outpatients)
    return [sentence for tell in tells for sentence in tell(scenarios)]


def dear_states(scenarios: Mapping[str, Loaded]) -> list[str]:
    """A sentence for each state without an end but death or progression in which a QALY costs more than it is worth.

    There a longer life loses net benefit at that willingness to pay, whatever the product.
    """
    found = []
    for name, loaded in scenarios.items():
        for state, a_qaly, above in _dear(loaded.scenario):
            shown = " and ".join(f"{amount:,.0f}" for amount in above)
            said = f"{state} costs {a_qaly:,.0f} per QALY while it lasts, more than {shown}: there, living on in it"
            found.append((name, f"{said} counts as a loss"))
    return _said_once(found)


def _said_once(found: Iterable[tuple[str, str]]) -> list[str]:
    """The sentences, from (scenario, what is said of it), each with all the scenarios that it is said of."""
    names: dict[str, list[str]] = {}
    for name, said in found:
        names.setdefault(said, []).append(name)
    return [f"{', '.join(its)}: {said}" for said, its in names.items()]


def counted_twice(scenarios: Mapping[str, Loaded]) -> list[str]:
    """A sentence for each price that usually holds what a cost of capacity is given for as well."""
    found = []
    for name, loaded in scenarios.items():
        economics = loaded.scenario.economics
        if economics is None:
            continue
        prices, kinds = economics.costs, economics.costs.capacity.kinds
        priced = {kind for kind, its in kinds.items() if any(amounts(its).values()) and economics.in_view(its.paid_by)}
        pairs = (
            ("costs.bed_day", prices.bed_day, priced & {"bed"}),
            ("costs.icu_day", prices.icu_day or 0.0, priced & {"icu"}),
            ("costs.apheresis", prices.apheresis, priced & {"chair"}),
            ("costs.infusion", prices.infusion, priced & {"place"}),
            ("costs.product.autologous", prices.product.autologous, priced & {"slot", "line", "lab"}),
            ("costs.product.allogeneic", prices.product.allogeneic, priced & {"lot_line", "stock"}),
        )
        for path, price, beside in pairs:
            if price > 0.0 and beside:
                told = ", ".join(f"capacity.{kind}" for kind in kinds if kind in beside)
                said = f"{told} counts beside {path} ({price:,.10g}): make sure that this does not hold it already"
                found.append((name, said))
    return _said_once(found)


def free_outpatients(scenarios: Mapping[str, Loaded]) -> list[str]:
    """A sentence for each scenario with outpatients to whom happens what a bed day may hold, at no cost of its own."""
    found = []
    for name, loaded in scenarios.items():
        s, economics = loaded.scenario, loaded.scenario.economics
        if economics is None or not s.infuses or s.infusion.model != "outpatient" or economics.costs.bed_day == 0.0:
            continue
        if economics.costs.lymphodepletion == 0.0:
            found.append((name, "lymphodepletion costs nothing (economics.costs.lymphodepletion)"))
        if economics.costs.adverse_events == 0.0 and not s.toxicity.events:
            told = "toxicity costs nothing (economics.costs.adverse_events), and brings nobody to a bed (toxicity)"
            found.append((name, told))
    why = "of inpatients it may be in economics.costs.bed_day, of them it is not"
    return _said_once((name, f"of outpatients {told}; {why}") for name, told in found)


def _dear(scenario: Scenario) -> Iterator[tuple[str, float, list[float]]]:
    economics = scenario.economics
    if economics is None:
        return
    costs, worth = economics.costs, economics.utilities
    kept = worth.waiting if worth.standard_care is None else worth.standard_care
    on_it = worth.progression_free if worth.alternative is None else worth.alternative
    # with lines of treatment, what has no end is supportive care
    progressed = costs.supportive_month if costs.lines else costs.progressed_month
    subsequent = costs.supportive_month if costs.lines else costs.subsequent_care.month
    states = [("progressed", progressed, worth.progressed), ("not infused", subsequent, worth.subsequent_care.utility)]
    if scenario.infuses:
        states.append(("infused, without progression", costs.follow_up_month, worth.progression_free))
    else:
        states.append(("on standard care, without progression", costs.standard_care.month, kept))
    if scenario.alternative is not None:
        states.append(("on the alternative, without progression", costs.alternative.month, on_it))
    for state, month, utility in states:
        a_qaly = (
            MONTHS_A_YEAR * economics.factor * month / utility
            if utility > 0.0
            else float("inf")
            if month > 0.0
            else 0.0
        )
        above = [amount for amount in economics.willingness_to_pay if a_qaly > amount]
        if above:
            yield state, a_qaly, above


def icers(scenarios: Mapping[str, Loaded], costs: FloatArray, effects: FloatArray, metrics: FloatArray) -> pd.DataFrame:
    """`icer.csv` from paired costs and QALYs per patient referred, shape (samples, scenarios).

    Samples are replications, or the means of sets of inputs; one in which nobody is measured is left out. `metrics`: of
    the same samples, shape (samples, scenarios, metrics).
    """
    names = list(scenarios)
    whole = np.isfinite(costs).all(axis=1) & np.isfinite(effects).all(axis=1)
    costs, effects = costs[whole], effects[whole]
    rows = [
        {
            "scenario": names[one.strategy],
            "arm": "infusing" if scenarios[names[one.strategy]].scenario.infuses else "reference",
            "unit": unit_of(scenarios[names[one.strategy]], MONEY),
            "cost": costs[:, one.strategy].mean(),
            "qalys": effects[:, one.strategy].mean(),
            "status": one.status,
            "against": names[one.against] if one.against is not None else "",
            **with_bounds("incremental_cost", (one.cost, *one.cost_bounds)),
            **with_bounds("incremental_qalys", (one.effect, *one.effect_bounds)),
            **with_bounds("icer", (one.icer, *one.icer_bounds)),
            **all_referred(metrics[:, one.strategy]),
            "assumed": assumed(scenarios[names[one.strategy]]),
        }
        for one in judged_standings(costs, effects)
    ]
    return pd.DataFrame(rows)


def prices(
    scenarios: Mapping[str, Loaded], values: FloatArray, paid: Mapping[str, FloatArray] | None = None
) -> pd.DataFrame:
    """`price.csv`: at which price the product of each scenario is worth it, against each other scenario.

    `values`: shape (samples, scenarios, quantities). `paid`: the price in each sample by scenario, where it is drawn.
    Scenarios with no product, with two, or with one that is free, have no row.
    """
    first = next(iter(scenarios.values())).scenario.economics
    assert first is not None
    amounts = np.array(first.willingness_to_pay)
    whole = np.isfinite(values[..., [COST, EFFECT]]).all(axis=(1, 2))
    values = values[whole]
    benefit = net_benefit(values[..., COST], values[..., EFFECT], amounts)
    rows = []
    for place, (name, loaded) in enumerate(scenarios.items()):
        price = priced(loaded)
        if price is None or loaded.scenario.economics is None:
            continue
        product = loaded.scenario.strategy
        paid_each = np.full(len(values), price) if paid is None else paid[name][whole]
        # what is not infused costs as much, where its price is left to follow that of the product
        follows = getattr(loaded.scenario.economics.costs.unused_product, product) is None
        paid_for = values[:, place, PRODUCT] + (values[:, place, UNUSED_PRODUCT] if follows else 0.0)
        units = paid_for / paid_each
        for other, against in enumerate(scenarios):
            for k, amount in enumerate(amounts.tolist() if other != place else []):
                more = benefit[k, :, place] - benefit[k, :, other]
                found = value_based_price(paid_each, more, units)
                rows.append(
                    {
                        "scenario": name,
                        "against": against,
                        "product": product,
                        "willingness_to_pay": amount,
                        "unit": unit_of(loaded, MONEY),
                        "price": price,
                        "value_based_price": found.value,
                        "low": found.low,
                        "high": found.high,
                        "change": found.value / price - 1.0,
                        "assumed": assumed(loaded),
                    }
                )
    return pd.DataFrame(rows, columns=PRICE_COLUMNS)


def priced(loaded: Loaded) -> float | None:
    """The price of the only kind of product that a scenario infuses; None where there is none, or it is free."""
    economics, product = loaded.scenario.economics, loaded.scenario.strategy
    if economics is None or product not in ("autologous", "allogeneic"):
        return None
    price: float = economics.factor * getattr(economics.costs.product, product)
    return price if price > 0.0 else None


def _keys(loaded: Loaded, scenario: str, **more: str) -> list[dict[str, Any]]:
    return [
        {"scenario": scenario, **more, "quantity": q.name, "label": q.label, "unit": unit_of(loaded, q.unit)}
        for q in QUANTITIES
    ]


def _estimated(keys: Sequence[dict[str, Any]], values: FloatArray, within: Range, loaded: Loaded) -> pd.DataFrame:
    mean, low, high = interval(values, within=within)
    return pd.DataFrame(list(keys)).assign(
        estimate=mean, low=low, high=high, replications=np.isfinite(values).sum(axis=0), assumed=assumed(loaded)
    )


def _patients(metrics: FloatArray) -> list[float]:
    """Over how many measured patients each quantity is, from the metrics of a scenario, (replications, metrics)."""
    return [float(metrics[:, METRIC_NAMES.index(q.over.counted)].mean()) for q in QUANTITIES]


def _levels(scenarios: Mapping[str, Loaded], values: FloatArray, metrics: FloatArray) -> pd.DataFrame:
    frames = [
        _estimated(_keys(loaded, name), values[:, place], POSSIBLE, loaded).assign(
            patients=_patients(metrics[:, place]), unresolved_share=unresolved_of(metrics[:, place])
        )
        for place, (name, loaded) in enumerate(scenarios.items())
    ]
    return pd.concat(frames, ignore_index=True)


def _differences(scenarios: Mapping[str, Loaded], values: FloatArray, metrics: FloatArray) -> pd.DataFrame:
    baseline, *others = scenarios
    frames = []
    for place, name in enumerate(others, start=1):
        keys = _keys(scenarios[name], name, baseline=baseline)
        frame = _estimated(keys, values[:, place] - values[:, 0], FREE, scenarios[name])
        frames.append(
            frame.assign(
                verdict=verdicts(frame, [quantity.better for quantity in QUANTITIES]),
                **over_both(_patients, metrics[:, place], metrics[:, 0]),
            )
        )
    return pd.concat(frames, ignore_index=True)


def _net_verdicts(more: FloatArray, low: FloatArray, high: FloatArray) -> list[str]:
    """Of the net benefit gained at each willingness to pay: more is better."""
    return [str(verdict(float(a), float(b), float(c), HIGHER)) for a, b, c in zip(more, low, high, strict=True)]


def _net_benefits(scenarios: Mapping[str, Loaded], values: FloatArray, metrics: FloatArray) -> pd.DataFrame:
    first = next(iter(scenarios.values())).scenario.economics
    assert first is not None
    amounts = np.array(first.willingness_to_pay)
    benefit = net_benefit(values[..., COST], values[..., EFFECT], amounts)
    frames = []
    for place, (name, loaded) in enumerate(scenarios.items()):
        gained = interval((benefit[:, :, place] - benefit[:, :, 0]).T)
        frames.append(
            pd.DataFrame({"scenario": name, "willingness_to_pay": amounts, "unit": unit_of(loaded, MONEY)}).assign(
                **dict(zip(ESTIMATE, interval(benefit[:, :, place].T), strict=True)),
                baseline=next(iter(scenarios)),
                **with_bounds("increment", gained),
                assumed=assumed(loaded),
                verdict=_net_verdicts(*gained) if place else "",
                **all_referred(metrics[:, place]),
            )
        )
    return pd.concat(frames, ignore_index=True)
