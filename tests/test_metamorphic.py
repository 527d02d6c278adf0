"""Relations between runs: what a change may do, and whom it must leave alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.experiment.runs.replicate import Arm, Keep, replicate
from sim.outcomes.pairs import pair_counts, why_not_paired
from sim.pieces.cohort import draw_cohort
from sim.pieces.strategies import build_protocol
from sim.pure.streams import Source, key_table, sequence, uniforms
from sim.scenario import load
from tests.runs import QUICKEST, SHIPPED, load_text, run_scenario, small
from tests.test_inert_inputs import ALLOGENEIC, AUTOLOGOUS, records, same

AUTO, ALLO = load(SHIPPED / "autologous.yaml"), load(SHIPPED / "allogeneic.yaml")


def test_two_identical_scenarios_differ_by_nothing_in_any_patient() -> None:
    arms = [Arm("a", AUTO.scenario), Arm("b", AUTO.with_overrides(["name=another name"]).scenario)]
    for replication in replicate(arms, range(2), 1, Keep(), lambda _: None, QUICKEST):
        first, second = replication.runs
        assert np.array_equal(first.metrics, second.metrics, equal_nan=True)
        assert first.patients is not None
        assert second.patients is not None
        for name, column in first.patients.items():
            if name != "scenario":
                assert np.array_equal(column, second.patients[name], equal_nan=np.asarray(column).dtype == float), name
        pairs = replication.pairs[0]
        assert not isinstance(pairs, str)
        assert pairs[1:3].tolist() == [0.0, 0.0]


def test_the_same_patients_are_referred_in_both_ways_of_treating() -> None:
    a, b = run_scenario(AUTO.scenario), run_scenario(ALLO.scenario)
    assert why_not_paired(a.patients, b.patients) == [None]
    (counts,) = pair_counts(a.patients, b.patients)
    assert counts.sum() == a.patients.cohort.measured.sum()
    assert counts[:2].sum() == (a.patients.progressed & a.patients.cohort.measured).sum()
    assert counts[[0, 2]].sum() == (b.patients.progressed & b.patients.cohort.measured).sum()


def test_other_patients_are_not_paired_and_the_reason_is_told() -> None:
    a, b = run_scenario(AUTO.scenario), run_scenario(ALLO.with_overrides(["run.seed=9"]).scenario)
    assert "patients" in str(why_not_paired(a.patients, b.patients))


THIRD = np.array([2])


@given(count=st.integers(0, 50), more=st.integers(0, 50))
def test_a_longer_vector_of_uniforms_starts_with_the_shorter(count: int, more: int) -> None:
    keys = key_table(1, 0, (Source("here/poisson"),), ("stay",))
    assert np.array_equal(sequence(keys, THIRD, count), sequence(keys, THIRD, count + more)[:, :count])


def test_every_part_of_a_key_makes_another_stream() -> None:
    def numbers(
        seed: int, of: int, replication: int, name: str, course: int, purpose: str, attempt: int
    ) -> tuple[float, ...]:
        keys, nothing = key_table(seed, of, (Source(name, course),), (purpose,)), np.zeros(4, dtype=np.int64)
        return tuple(uniforms(keys, nothing, nothing + replication, np.arange(4), nothing + attempt)[0])

    base = (1, 0, 2, "here", 1, "stay", 0)
    drawn = [numbers(*base)]
    for place, value in enumerate((2, 1, 3, "there", 2, "ship", 1)):
        key: list[Any] = [*base]
        key[place] = value
        drawn.append(numbers(*key))
    assert len(set(drawn)) == len(drawn)


def unlimited(text: str) -> str:
    """The congested scenario without any queue, so that patients cannot touch each other."""
    return (
        text.replace("chairs: 1, beds: 1, slots: 2", "")
        .replace("chairs: 1, beds: 1", "")
        .replace(
            "slots: {count: 1, every: week, scope: centre, lead: 14 d, carry_over: 1, notice: 3 d}", "slots: unlimited"
        )
        .replace("  lines: 2\n  line_held: {from: receipt, to: culture}\n", "")
        .replace("lab: 4", "lab: unlimited")
        .replace("  planned_stay: 28 d\n", "")
    )


def test_one_more_patient_touches_nobody_else_where_nothing_is_scarce() -> None:
    text = unlimited(AUTOLOGOUS)
    before = run_scenario(load_text(text).scenario)
    after = run_scenario(load_text(text.replace("[3 d, 70 d]", "[3 d, 70 d, 71 d]")).scenario)
    new = (
        (after.patients.cohort.region == 0) & (after.patients.cohort.source == 1) & (after.patients.cohort.number == 2)
    )
    assert new.sum() == 1
    shared = min(before.trace.stop_day[0], after.trace.stop_day[0])
    then, now = before.trace.notes, after.trace.notes[~new]
    assert np.array_equal(np.where(then <= shared, then, -1), np.where(now <= shared, now, -1))
    assert np.array_equal(before.patients.outcome, after.patients.outcome[~new])


@pytest.mark.parametrize("text", [AUTOLOGOUS, ALLOGENEIC], ids=["autologous", "allogeneic"])
def test_one_more_region_changes_no_draw_of_the_others(text: str) -> None:
    scenario = load_text(text).scenario
    more = load_text(text.replace("regions:\n", "regions:\n  east: {centre: big, referrals: 3 / month}\n")).scenario
    book = build_protocol(scenario).clocks
    (before, luck), (after, more_luck) = draw_cohort(scenario, book, [0]), draw_cohort(more, book, [0])
    old = np.isin(after.region, [list(more.regions).index(name) for name in scenario.regions])
    assert np.array_equal(before.referral_day, after.referral_day[old])
    assert np.array_equal(before.thresholds, after.thresholds[:, old])
    assert np.array_equal(before.group, after.group[old])
    purposes = ("manufacturing.duration", "infusion.stay")
    assert np.array_equal(luck.patients(purposes, attempt=3), more_luck.patients(purposes, attempt=3)[:, old])


def test_one_more_line_changes_no_draw() -> None:
    other = AUTO.with_overrides(["manufacturing.lines=17"]).scenario
    a, b = run_scenario(AUTO.scenario), run_scenario(other)
    assert np.array_equal(a.patients.cohort.thresholds, b.patients.cohort.thresholds)
    stay = [ran.patients.between("infusion", "discharge") for ran in (a, b)]
    both = np.isfinite(stay[0]) & np.isfinite(stay[1])
    assert both.sum() > 100
    assert stay[0][both] == pytest.approx(stay[1][both], abs=1e-9)


@settings(max_examples=settings().max_examples // 2)
@given(
    days=st.lists(st.integers(0, 60), min_size=1, max_size=25),
    lines=st.integers(1, 6),
    more=st.integers(1, 3),
    seed=st.integers(0, 10_000),
)
def test_more_units_never_delay_anybody_at_a_first_come_resource_that_nobody_leaves(
    days: list[int], lines: int, more: int, seed: int
) -> None:
    listed = ", ".join(f"{day} d" for day in sorted(days))
    rest = "manufacturing: {{lines: {}, duration: {{exponential: {{mean: 9 d}}}}}}\n"
    few = small(rest.format(lines), listed, "autologous", "", f"run.seed={seed}")
    many = small(rest.format(lines + more), listed, "autologous", "", f"run.seed={seed}")
    assert (many.patients.day("manufacturing") <= few.patients.day("manufacturing")).all()


@settings(max_examples=settings().max_examples // 2)
@given(longer=st.integers(1, 60), seed=st.integers(0, 10_000))
def test_a_longer_turnaround_never_lowers_progression_where_nothing_is_scarce(longer: int, seed: int) -> None:
    clocks = "clocks: {waiting: {progression: {exponential: {rate: 0.02 / d}}, ends_eligibility: 0.5}}\n"
    listed = ", ".join(f"{day} d" for day in range(0, 60, 3))
    short = small("manufacturing: {duration: 20 d}\n" + clocks, listed, "autologous", "", f"run.seed={seed}")
    long = small(
        f"manufacturing: {{duration: {20 + longer} d}}\n" + clocks, listed, "autologous", "", f"run.seed={seed}"
    )
    assert (short.patients.progressed <= long.patients.progressed).all()


def test_workers_change_nothing() -> None:
    arms = [Arm("a", AUTO.scenario), Arm("b", ALLO.scenario)]
    one = list(replicate(arms, range(6), 1, Keep(), lambda _: None, QUICKEST))
    heard: list[int] = []
    two = list(replicate(arms, range(6), 2, Keep(), heard.append, QUICKEST))
    assert sum(heard) == 6
    assert [r.number for r in two] == list(range(6))
    for a, b in zip(one, two, strict=True):
        for x, y in zip(a.runs, b.runs, strict=True):
            assert np.array_equal(x.metrics, y.metrics, equal_nan=True)
            assert x.resources == y.resources or str(x.resources) == str(y.resources)
            assert np.array_equal(x.incidence, y.incidence)


def test_the_same_replication_twice_is_the_same() -> None:
    loaded = load_text(AUTOLOGOUS)
    assert same(records(run_scenario(loaded.scenario)), records(run_scenario(loaded.scenario)))
