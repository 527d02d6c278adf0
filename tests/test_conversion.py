"""Results in other money: every amount by the factor, thresholds as they are, and nothing without a source."""

from __future__ import annotations

import numpy as np
import pytest

from sim.experiment.runs.replicate import Arm, simulate
from sim.experiment.study.economics_tables import dear_states, priced, prices, unit_of, why_not_comparable
from sim.outcomes.budget import FIGURES, budget
from sim.outcomes.economic_quantities import MONEY, QUANTITIES
from sim.outcomes.economics import ledger
from sim.outcomes.supply import standing_month
from sim.scenario import ScenarioError
from tests.runs import QUICKEST, load_text
from tests.test_capacity_costs import MADE

COSTS = "product: {autologous: 900}, follow_up_month: 9000, waiting_month: 5, capacity: {line: {unit_month: 1000}}"
TEXT = MADE.replace("COSTS", COSTS).replace("warm_up: 100 d, window: 200 d", "warm_up: 0 d, window: 400 d")
CHANGE = "economics.conversion={currency: CHF, price_year: 2025, factor: 3, source: 'Index X, 2024 to 2025'}"


def test_every_amount_is_multiplied_and_nothing_else() -> None:
    plain, converted = load_text(TEXT), load_text(TEXT, CHANGE)
    patients, trace = simulate(Arm("one", plain.scenario), [0], QUICKEST)
    found = {}
    for name, loaded in (("plain", plain), ("converted", converted)):
        arm = Arm(name, loaded.scenario)
        luck = patients.cohort.luck
        found[name] = (
            ledger(arm.scenario, arm.protocol, patients, trace, luck).quantities(),
            budget(arm.scenario, arm.protocol, patients, trace),
        )
    factors = np.array([3.0 if quantity.unit == MONEY else 1.0 for quantity in QUANTITIES])
    np.testing.assert_allclose(found["converted"][0], found["plain"][0] * factors, rtol=1e-12)
    assert found["plain"][0][0, 0] > 900.0
    by_figure = np.array([3.0 if unit == MONEY else 1.0 for *_, unit in FIGURES])
    np.testing.assert_allclose(found["converted"][1], found["plain"][1] * by_figure, rtol=1e-12)
    assert standing_month(plain.scenario) > 0.0
    assert standing_month(converted.scenario) == pytest.approx(3 * standing_month(plain.scenario))
    assert (priced(plain), priced(converted)) == (900.0, 2700.0)
    assert (unit_of(plain, MONEY), unit_of(converted, MONEY)) == ("EUR 2024", "CHF 2025")
    # a price in the new money: worth three times as much where a QALY is
    arms = {"one": plain, "other": plain}, {"one": converted, "other": converted}
    values = [np.stack([found[kind][0][0], found[kind][0][0] * 0.9])[None] for kind in ("plain", "converted")]
    wanted = [prices(its, its_values) for its, its_values in zip(arms, values, strict=True)]
    at = [table.set_index("willingness_to_pay")["value_based_price"] for table in wanted]
    # both, at 50,000 of one and 150,000 of the other
    assert at[1][150_000.0].iloc[0] == pytest.approx(3 * at[0][50_000.0].iloc[0], rel=1e-9)


def test_scenarios_are_compared_in_the_money_of_their_results() -> None:
    plain, converted = load_text(TEXT), load_text(TEXT, CHANGE)
    own = load_text(TEXT, "economics.currency=CHF", "economics.price_year=2025")
    assert why_not_comparable({"a": plain, "b": converted}) == "their economics differ in currency or price year"
    assert why_not_comparable({"a": own, "b": converted}) is None


def test_a_state_is_too_dear_in_the_money_of_the_thresholds() -> None:
    (told,) = dear_states({"a": load_text(TEXT)})
    (converted,) = dear_states({"a": load_text(TEXT, CHANGE)})
    assert "135,000 per QALY" in told
    assert "405,000 per QALY" in converted


@pytest.mark.parametrize("source", ["", ", source: ' '", ", source: assumption"])
def test_nothing_is_converted_without_a_source(source: str) -> None:
    with pytest.raises(ScenarioError, match="source"):
        load_text(TEXT, f"economics.conversion={{currency: CHF, price_year: 2025, factor: 3{source}}}")


def test_a_factor_with_its_source_is_no_assumption() -> None:
    assert not [one for one in load_text(TEXT, CHANGE).parameters if "conversion" in one.path]


@pytest.mark.parametrize("currency", ["EUR", "eur"])
def test_nothing_is_converted_to_what_it_is_in(currency: str) -> None:
    same = CHANGE.replace("CHF, price_year: 2025", f"{currency}, price_year: 2024")
    with pytest.raises(ScenarioError, match=r"conversion: found \w+ 2024, in which the amounts are; allowed: another"):
        load_text(TEXT, same)
