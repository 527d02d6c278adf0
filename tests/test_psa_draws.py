"""Uncertain inputs that go together: the same, in order, correlated, and shares that sum to 1."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from sim.experiment.psa.draws import DrawError, draw
from sim.experiment.psa.run import psa_points
from sim.experiment.sweep.points import require_valid
from sim.scenario import ScenarioError
from sim.scenario.uncertainty import Uncertain
from tests.runs import load_text
from tests.test_psa import SHORT, SMALL, base

HEAD = SMALL[: SMALL.index("uncertainty:")]
# Three inputs that are written out as a number, of which a distribution need not be likely.
A, B, C = (f"economics.utilities.{state}" for state in ("waiting", "progressed", "progression_free"))
SOURCES = "sources: {economics.costs.product: assumption}\n"


def inputs(*lines: str) -> dict[str, Uncertain]:
    text = HEAD + "uncertainty:\n" + "".join(f"  {line}\n" for line in lines) + SOURCES
    loaded = load_text(text)
    written = loaded.resolved["uncertainty"]
    again = load_text(HEAD + f"uncertainty: {written}\n".replace("'", '"') + SOURCES)
    assert again.scenario.uncertainty == loaded.scenario.uncertainty, "what is written reads the same"
    return dict(loaded.scenario.uncertainty)


def normal(path: str, more: str = "", mean: float = 0.0) -> str:
    return f"{path}: {{normal: {{mean: {mean}, sd: 1}}, source: assumption{more}}}"


def test_one_input_has_the_value_of_another() -> None:
    found = draw(inputs(normal(A), f"{B}: {{same_as: {A}}}"), 1, 50)
    assert np.array_equal(found[A], found[B])
    ordered = draw(inputs(normal(A, f", below: {C}"), f"{B}: {{same_as: {A}}}", normal(C)), 1, 50)
    assert np.array_equal(ordered[A], ordered[B])
    assert (ordered[B] < ordered[C]).all()


def test_ordered_inputs_have_the_joint_distribution_given_the_order() -> None:
    """Of two standard normals the smaller has mean -1/sqrt(pi); of three in order the middle one has mean 0."""
    two = draw(inputs(normal(A, f", below: {B}"), normal(B)), 1, 20_000)
    assert (two[A] < two[B]).all()
    assert two[A].mean() == pytest.approx(-1 / np.sqrt(np.pi), abs=0.025)
    three = draw(inputs(normal(A, f", below: {B}"), normal(B, f", below: {C}"), normal(C)), 1, 20_000)
    assert (three[A] < three[B]).all()
    assert (three[B] < three[C]).all()
    assert three[B].mean() == pytest.approx(0.0, abs=0.025)
    assert three[C].mean() == pytest.approx(3 / (2 * np.sqrt(np.pi)), abs=0.03)


def test_more_samples_leave_the_first_ones_as_they_are_and_an_order_leaves_those_in_order() -> None:
    both = inputs(normal(A, f", below: {B}"), normal(B))
    few, many = draw(both, 1, 50), draw(both, 1, 500)
    alone = draw(inputs(normal(A), normal(B)), 1, 50)
    fine = alone[A] < alone[B]
    for path in both:
        assert np.array_equal(few[path], many[path][:50])
        assert np.array_equal(few[path][fine], alone[path][fine])


def test_correlated_inputs_keep_their_own_distributions() -> None:
    gamma = f"{B}: {{gamma: {{mean: 2, sd: 1}}, source: assumption, correlation: {{{A}: 0.6}}}}"
    found = draw(inputs(normal(A), gamma, normal(C, f", correlation: {{{B}: -0.3}}")), 1, 20_000)
    scores = [norm.ppf(rankdata(found[path]) / 20_001) for path in (A, B, C)]
    matrix = np.corrcoef(scores)
    assert matrix[0, 1] == pytest.approx(0.6, abs=0.015)
    assert matrix[1, 2] == pytest.approx(-0.3, abs=0.02)
    assert matrix[0, 2] == pytest.approx(0.0, abs=0.02)
    assert (found[B].mean(), found[B].std()) == (pytest.approx(2.0, rel=0.02), pytest.approx(1.0, rel=0.03))


def test_shares_of_a_set_are_dirichlet() -> None:
    shares = [f"{p}: {{dirichlet: {{events: {n}, among: mix}}, source: assumption}}" for p, n in ((A, 6), (B, 4))]
    found = draw(inputs(*shares), 1, 20_000)
    assert found[A] + found[B] == pytest.approx(1.0, abs=1e-12)
    assert found[A].mean() == pytest.approx(0.6, abs=0.005)
    assert found[A].var() == pytest.approx(0.6 * 0.4 / 11, rel=0.03)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(DrawError, match=f"{A} is below {B} in hardly any draw"):
        draw(inputs(normal(A, f", below: {B}", mean=50.0), normal(B)), 1, 10)
    impossible = inputs(
        normal(A), normal(B, f", correlation: {{{A}: 0.9}}"), normal(C, f", correlation: {{{A}: 0.9, {B}: -0.9}}")
    )
    with pytest.raises(DrawError, match="no such distribution exists"):
        draw(impossible, 1, 10)
    text = SMALL.replace("normal: {mean: 500, sd: 50}", "normal: {mean: 500, sd: 50}, correlation: {x: 0.1}")
    with pytest.raises(ScenarioError, match="no uncertain input"):
        load_text(text)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([normal("a", ", below: a")], "this input itself"),
        ([normal("a", ", below: b"), normal("b", ", below: a")], "is itself below this one"),
        ([normal("a"), "b: {same_as: a}", "c: {same_as: b}"], "is itself the same as another"),
        ([normal("a"), "b: {same_as: a, normal: {mean: 1, sd: 1}}"], "with a source or without"),
        ([normal("aa"), "b: {same_as: a}"], "no uncertain input; uncertain inputs: aa"),
        ([normal("a"), normal("b", ", correlation: {a: 1}")], "from -0.999 to 0.999"),
        (["a: {dirichlet: {events: 3, among: mix}, source: assumption}"], "two shares or more"),
    ],
)
def test_wrong_entries_are_refused(lines: list[str], told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        inputs(*lines)
    assert told in str(error.value)


def test_a_fault_of_an_entry_is_told_once_and_not_of_those_that_name_it() -> None:
    with pytest.raises(ScenarioError) as error:
        inputs(normal("a", mean=50.0).replace("sd: ", "sd: -"), normal("b", ", below: a"), "c: {same_as: a}")
    assert [problem.message for problem in error.value.problems] == ["found sd -1; allowed: above 0"]


def test_who_goes_with_an_input_whose_value_was_changed_is_certain_as_well() -> None:
    path = "economics.utilities.progression_free"
    more = f"  economics.utilities.progressed: {{same_as: {path}}}\nsources:"
    text = SMALL.replace("sources:", more)
    changed = load_text(text, f"{path}=0.7")
    assert {one.path[1] for one in changed.certain} == {path, "economics.utilities.progressed"}
    assert "written with that of economics.utilities.progression_free" in changed.certain[1].sentence
    both = base(text)
    require_valid(both, psa_points(both, 3))


def test_a_set_of_values_is_drawn_in_both_scenarios_alike() -> None:
    utility = "economics.utilities.progressed: {same_as: economics.utilities.progression_free}\nsources:"
    both = base(SMALL.replace("sources:", "  " + utility), SHORT.replace("sources:", "  " + utility))
    for point in psa_points(both, 5):
        for mine in point.own.values():
            assert mine["economics.utilities.progressed"] == mine["economics.utilities.progression_free"]
