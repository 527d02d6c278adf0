"""Every field of the sections after_infusion and economics, changed in turn, changes a life or an account."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from sim.engine.trace import Trace
from sim.experiment.runs.replicate import Arm, simulate
from sim.experiment.study.economics_tables import economic_tables
from sim.outcomes.economics import ledger
from sim.outcomes.metrics import measure
from sim.outcomes.patients import OUTCOME_NAMES, Patients
from sim.pieces.luck import Luck
from sim.scenario import Loaded, Scenario
from sim.scenario.afterwards import UNTREATED
from sim.scenario.capacity_costs import CapacityCosts
from tests.runs import QUICKEST, load_text
from tests.test_inert_inputs import ALLOGENEIC, AUTOLOGOUS, leaves

CAPACITY = CapacityCosts.by_default()
EXP = "{{exponential: {{rate: {} / d}}}}"
TOXICITY = """
toxicity:
  crs: {onset: 1 d, grades: {low: {share: 0.5, duration: 2 d}, high: {share: 0.3, duration: 5 d, icu: 0.5}}}
  neurotoxicity: {onset: 2 d, grades: {any: {share: 0.4, duration: 3 d}}}
  icu: {stay: 4 d, bed: kept}
"""
DURABILITY = """{
    response: 0.6, progression: {exponential: {rate: 0.004 / d}}, without_response: {exponential: {rate: 0.02 / d}},
    death: {exponential: {rate: 0.001 / d}}, death_after_progression: {exponential: {rate: 0.004 / d}}}"""
AFTER = f"""
after_infusion:
  PRODUCT: {DURABILITY}
  alternative: {DURABILITY}
  by_earlier_target: {{other: {{progression: 1.2}}}}
  progressed_before_infusion: {{progression: 1.2, death: 1.3}}
  by_risk_group: {{severe: {{progression: 1.1}}}}
  not_infused:
    death: {EXP.format("0.01")}
    progressed: {EXP.format("0.011")}
    withdrawn: {EXP.format("0.012")}
    collection_failed: {EXP.format("0.013")}
    product_failed: {EXP.format("0.014")}
    unsuitable: {EXP.format("0.015")}
    funding: {EXP.format("0.017")}
    waiting: {EXP.format("0.016")}
  general_population: {{female: {EXP.format("0.0001")}, male: {EXP.format("0.0002")}}}
before_apheresis:
  clearance: {{duration: 6 d, refusal: 0.1}}
  holding: {{share: 0.8, duration: 2 d, response: 0.5, hazard: 0.5, target: other}}
alternative: {{offered: {{after_waiting: 20 d}}, accepts: 0.8, start: 2 d, step_up: 4 d}}
economics:
  perspective: payer
  currency: EUR
  price_year: 2024
  discount: {{costs: 0.03, health: 0.02}}
  horizon: 2000 d
  willingness_to_pay: [10000, 50000]
  costs:
    waiting_month: 10
    holding: 15
    holding_month: 16
    alternative: {{month: 11, adverse_events: 12}}
    product: {{PRODUCT: 1000}}
    unused_product: {{PRODUCT: 900}}
    unused_paid_by: payer
    lymphodepletion: 20
    infusion: 5
    bed_day: 10
    icu_day: 25
    adverse_events: 7
    follow_up_month: 2
    progressed_month: 30
    subsequent_care:
      {{month: 1, progressed: 2, withdrawn: 3, collection_failed: 4, product_failed: 5, unsuitable: 6, waiting: 7,
       funding: 8}}
    capacity: CAPACITY
    lines: {{first: {{share: 0.7, lasts: 20 d}}}}
    supportive_month: 3
    unrelated_month: 4
    end_of_life: 50
  utilities:
    waiting: 0.6
    progressed: 0.5
    progression_free: 0.8
    alternative: 0.7
    subsequent_care:
      {{utility: 0.4, progressed: 0.3, withdrawn: 0.31, collection_failed: 0.32, product_failed: 0.33,
       unsuitable: 0.34, waiting: 0.35, funding: 0.36}}
    hospital_loss: 0.2
  toxicity:
    crs: {{low: {{cost: 1, utility_loss: 0.1, lasts: 4 d}}, high: {{cost: 2, utility_loss: 0.2, lasts: 5 d}}}}
    neurotoxicity: {{any: {{cost: 1, utility_loss: 0.1, lasts: 4 d}}}}
"""
TEXTS = {
    "autologous": AUTOLOGOUS
    + TOXICITY
    + AFTER.replace("PRODUCT", "autologous").replace(
        "    waiting_month", "    apheresis: 40\n    bridging: 60\n    bridging_month: 61\n    waiting_month"
    )
    + "",
    "allogeneic": ALLOGENEIC + TOXICITY + AFTER.replace("PRODUCT", "allogeneic"),
}
HAS = {"autologous": ("slot", "line", "chair", "lab", "bed"), "allogeneic": ("lot_line", "bed", "stock")}
KEYS = {"slot": ("each", "use"), "stock": ("dose_month", "lot")}


def _priced(product: str) -> str:
    of = {kind: ", ".join(f"{key}: 5" for key in KEYS.get(kind, ("unit_month", "use"))) for kind in HAS[product]}
    return f"capacity: {{{', '.join(f'{kind}: {{{keys}}}' for kind, keys in of.items())}}}"


TEXTS = {product: text.replace("capacity: CAPACITY", _priced(product)) for product, text in TEXTS.items()}
# enough patients who are not bridged
TEXTS["autologous"] = TEXTS["autologous"].replace("bridging: {share: 0.8,", "bridging: {share: 0.5, target: same,")
TEXTS["autologous"] = TEXTS["autologous"].replace(
    "by_earlier_target: {", "by_earlier_target: {same: {progression: 1.3}, "
)
TEXTS["autologous"] = TEXTS["autologous"].replace(
    "  progressed_before", "  out_of_specification: {progression: 1.5, death: 1.6}\n  progressed_before"
)
# long enough for whatever is rare to happen to somebody
TEXTS = {kind: text.replace("window: 240 d", "window: 1800 d") for kind, text in TEXTS.items()}
KINDS = (
    "by_risk_group.severe",
    "progressed_before_infusion",
    "not_progressed_before_infusion",
    "out_of_specification",
    *(f"by_bridging.{bridged}" for bridged in ("responded", "no_response", "not_bridged")),
    *(f"by_earlier_target.{target}" for target in ("same", "other")),
)
CHANGES = {
    **{
        f"after_infusion.alternative.{key}": value
        for key, value in (
            ("response", "0.2"),
            ("progression", EXP.format("0.005")),
            ("without_response", EXP.format("0.5")),
            ("death", EXP.format("0.002")),
            ("death_after_progression", EXP.format("0.005")),
            ("death_without_response", EXP.format("0.05")),
            ("time_to_response", "20 d"),
            ("progression_counts_deaths", "true"),
        )
    },
    "after_infusion.PRODUCT.response": "0.2",
    "after_infusion.PRODUCT.progression": EXP.format("0.005"),
    "after_infusion.PRODUCT.without_response": EXP.format("0.03"),
    "after_infusion.PRODUCT.death": EXP.format("0.002"),
    "after_infusion.PRODUCT.death_after_progression": EXP.format("0.005"),
    "after_infusion.PRODUCT.death_without_response": EXP.format("0.05"),
    "after_infusion.PRODUCT.time_to_response": "20 d",
    "after_infusion.general_population.female": EXP.format("0.02"),
    "after_infusion.general_population.male": EXP.format("0.02"),
    "after_infusion.general_population.mortality_ratio": "300",
    "after_infusion.PRODUCT.progression_counts_deaths": "true",
    **{f"after_infusion.{kind}.{key}": "3" for kind in KINDS for key in ("response", "progression", "death")},
    # so few are infused out of specification, or without a response to bridging, that a smaller odds ratio may turn
    # nobody's response
    "after_infusion.out_of_specification.response": "1000",
    "after_infusion.by_bridging.no_response.response": "9",
    **{f"after_infusion.not_infused.{outcome}": EXP.format("0.03") for outcome in UNTREATED},
    "economics.perspective": "payer_and_manufacturer",
    "economics.discount.costs": "0.05",
    "economics.discount.health": "0.05",
    "economics.horizon": "200 d",
    **{
        f"economics.costs.{name}": "77"
        for name in (
            "waiting_month", "apheresis", "bridging", "bridging_month", "holding", "holding_month", "alternative.month",
            "alternative.adverse_events", "product.PRODUCT", "unused_product.PRODUCT",
            "lymphodepletion",
            "infusion", "bed_day", "icu_day", "adverse_events", "follow_up_month", "progressed_month", "end_of_life",
            "supportive_month", "unrelated_month",
        )
    },
    "economics.costs.lines.first.share": "0.3",
    "economics.costs.lines.first.lasts": "33 d",
    "economics.costs.future": "related_and_unrelated",
    "economics.costs.unused_paid_by": "manufacturer",
    **{f"economics.costs.subsequent_care.{outcome}": "9" for outcome in UNTREATED},
    **{
        f"economics.costs.capacity.{kind}.{key}": value
        for kind in ("slot", "line", "lot_line", "chair", "lab", "bed", "stock")
        for key in CAPACITY.kinds[kind].key_names()
        for value in ("manufacturer" if key == "paid_by" else "77",)
    },
    **{
        f"economics.utilities.{name}": "0.1"
        for name in ("waiting", "progressed", "progression_free", "alternative", "hospital_loss")
    },
    **{f"economics.utilities.subsequent_care.{outcome}": "0.1" for outcome in UNTREATED},
    **{
        f"economics.toxicity.{grade}.{name}": value
        for grade in ("crs.low", "crs.high", "neurotoxicity.any")
        for name, value in (("cost", "9"), ("utility_loss", "0.5"), ("lasts", "9 d"))
    },
}  # fmt: skip
# Moved by nothing where every outcome has a value of its own, or only in tables, or beside another value.
APART = {
    "after_infusion.not_infused.death": "stands for outcomes without a clock of their own",
    "economics.costs.subsequent_care.month": "stands for outcomes without a cost of their own",
    "economics.utilities.subsequent_care.utility": "stands for outcomes without a utility of their own",
    "economics.currency": "the unit of tables",
    "economics.price_year": "the unit of tables",
    "economics.willingness_to_pay": "at which tables show net benefit",
    "economics.costs.priced_by": "moves results where several products are infused together",
    "economics.costs.capacity.stock.dose_month": "moves results where doses ever wait on the shelf",
    "economics.perspective": "moves results where the manufacturer pays for what is not infused",
}


@lru_cache
def lived(kind: str) -> tuple[Loaded, Patients, Trace]:
    loaded = load_text(TEXTS[kind])
    patients, trace = simulate(Arm(kind, loaded.scenario), [0], QUICKEST)
    return loaded, patients, trace


def account(scenario: Scenario, patients: Patients, trace: Trace) -> list[float]:
    arm = Arm("one", scenario)
    return (
        ledger(
            scenario,
            arm.protocol,
            patients,
            trace,
            Luck(scenario.run.seed, np.zeros(1, dtype=np.int64), patients.cohort.blocks),
        )
        .quantities()[0]
        .tolist()
    )


@lru_cache
def unchanged_account(kind: str) -> list[float]:
    return account(lived(kind)[0].scenario, *lived(kind)[1:])


def changed_account(kind: str, *overrides: str) -> list[float]:
    """The account of the same course of events, where only what comes after it, or its prices, are others."""
    scenario = lived(kind)[0].scenario_with(overrides)
    return account(scenario, *simulate(Arm(kind, scenario), [0], QUICKEST))


def paths(kind: str) -> set[str]:
    resolved = lived(kind)[0].resolved
    return {path for path in leaves(resolved) if path.split(".")[0] in ("after_infusion", "economics")}


@pytest.mark.parametrize("kind", TEXTS)
def test_every_field_is_listed_here(kind: str) -> None:
    assert paths(kind) - {path.replace("PRODUCT", kind) for path in CHANGES} - set(APART) == set()


OUTCOMES_OF = {"autologous": "collection_failed product_failed", "allogeneic": "unsuitable"}
CASES = [
    (kind, path.replace("PRODUCT", kind), value)
    for kind in TEXTS
    for path, value in CHANGES.items()
    if path not in APART
    and not any(
        path.endswith(outcome)
        for other, outcomes in OUTCOMES_OF.items()
        if other != kind
        for outcome in outcomes.split()
    )
    and not (".capacity." in path and path.split(".")[3] not in HAS[kind])
    and not (kind == "allogeneic" and path.split(".")[-1] in ("apheresis", "bridging", "bridging_month"))
    and not (kind == "allogeneic" and ("out_of_specification" in path or "by_bridging" in path))
    and not (kind == "allogeneic" and "by_earlier_target.same" in path)
]


@pytest.mark.parametrize(("kind", "path", "value"), CASES, ids=lambda part: str(part))
def test_a_changed_field_changes_an_account(kind: str, path: str, value: str) -> None:
    loaded, patients, trace = lived(kind)
    before = unchanged_account(kind)
    if path.startswith("economics"):
        scenario = loaded.scenario_with([f"{path}={value}"])
        assert account(scenario, patients, trace) != before, f"{path} is accepted and ignored"
    else:
        assert changed_account(kind, f"{path}={value}") != before, f"{path} is accepted and ignored"


@pytest.mark.parametrize("kind", TEXTS)
def test_every_outcome_is_among_the_measured(kind: str) -> None:
    patients = lived(kind)[1]
    there = {OUTCOME_NAMES[k] for k in patients.outcome[patients.cohort.measured]}
    assert there >= {"infused", "progressed", "died", "withdrawn", "funding", "waiting", *OUTCOMES_OF[kind].split()}


def test_values_for_every_outcome_stand_where_a_outcome_has_none() -> None:
    loaded, patients, trace = lived("autologous")
    for line in ("    withdrawn: {exponential: {rate: 0.012 / d}}\n", "withdrawn: 3, ", "withdrawn: 0.31, "):
        assert line in TEXTS["autologous"]
    bare = TEXTS["autologous"].replace("    withdrawn: {exponential: {rate: 0.012 / d}}\n", "")
    bare = bare.replace("withdrawn: 3, ", "").replace("withdrawn: 0.31, ", "")
    base = load_text(bare)
    plain = account(base.scenario, *simulate(Arm("bare", base.scenario), [0], QUICKEST))
    for change in (
        "after_infusion.not_infused.death={exponential: {rate: 0.05 / d}}",
        "economics.costs.subsequent_care.month=99",
        "economics.utilities.subsequent_care.utility=0.9",
    ):
        scenario = base.scenario_with([change])
        assert account(scenario, *simulate(Arm("bare", scenario), [0], QUICKEST)) != plain, change
    both = loaded.with_overrides(["economics.costs.unused_paid_by=manufacturer"])
    all_pay = both.with_overrides(["economics.perspective=payer_and_manufacturer"])
    assert account(both.scenario, patients, trace) != account(all_pay.scenario, patients, trace)


def test_currency_price_year_and_willingness_to_pay_stand_in_tables() -> None:
    loaded, patients, trace = lived("autologous")
    values = np.array([[account(loaded.scenario, patients, trace)]])
    metrics = measure(patients, trace, Arm("one", loaded.scenario).window)[:, None]
    before = economic_tables({"one": loaded}, values, metrics)
    for change in ("currency=CHF", "price_year=2025", "willingness_to_pay=[20000]"):
        after = economic_tables({"one": loaded.with_overrides([f"economics.{change}"])}, values, metrics)
        assert not before["nmb"].equals(after["nmb"]), change
