"""Arms with different products differ in nothing else, or it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.scenario import Loaded, load
from sim.scenario.arms import NETWORK, PRODUCT, belongs_to, unlike
from sim.scenario.resolve import Difference
from tests.runs import SHIPPED


def changed(tmp_path: Path, parent: str, text: str) -> Loaded:
    file = tmp_path / f"mine-{parent}.yaml"
    file.write_text(f"extends: {parent}\nname: Mine\n{text}\n")
    return load(file)


def test_the_shipped_pair_differs_in_the_product_alone() -> None:
    arms = {stem: load(SHIPPED / f"{stem}.yaml") for stem in ("autologous", "allogeneic")}
    assert unlike(arms) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("work_up: {duration: 3 d}", "work_up.duration ({lognormal: {median: 12 d, sigma: 0.46}} against 3 d; "),
        (
            "clocks: {waiting: {ends_eligibility: 0.1}}",
            "clocks.waiting.ends_eligibility (0.2 against 0.1; AT-23 DD-04: ",
        ),
        ("infusion: {scheduling: 1 d}", "infusion.scheduling ({triangular: [2 d, 4 d, 7 d]} against 1 d; "),
        ("lymphodepletion: {duration: 3 d}", "lymphodepletion.duration (5 d against 3 d; "),
        ("regions: {north: {referrals: 9 / month}}", "regions.north.referrals (4 / month against 9 / month; "),
        ("centres: {north: {beds: 9}}", "centres.north.beds (4 against 9; "),
        (
            "centres: {lake: {beds: 9}}\nregions: {lake: {centre: lake, referrals: 1 / month}}",
            "centres.lake.beds (not used against 9; no source given)",
        ),
    ],
)
def test_what_else_differs_is_told_with_both_values_and_their_source(tmp_path: Path, text: str, told: str) -> None:
    arms = {"own cells": load(SHIPPED / "autologous.yaml"), "shelf": changed(tmp_path, "allogeneic", text)}
    (said,) = unlike(arms)
    assert said.startswith("shelf differs from own cells in what does not belong to the product")
    assert told in said
    assert "no source given" in said


def test_a_source_that_is_given_is_told(tmp_path: Path) -> None:
    text = 'infusion: {scheduling: 1 d}\nsources: {infusion.scheduling: "assumption: ours"}'
    arms = {"a": load(SHIPPED / "autologous.yaml"), "b": changed(tmp_path, "allogeneic", text)}
    assert "assumption: no published figure, assumption: ours)" in unlike(arms)[0]


def test_ways_of_organising_one_product_are_what_is_compared(tmp_path: Path) -> None:
    arms = {"a": load(SHIPPED / "autologous.yaml"), "b": changed(tmp_path, "autologous", "work_up: {duration: 3 d}")}
    assert unlike(arms) == []


def test_a_value_without_a_counterpart_is_the_products() -> None:
    both = Difference("economics.costs.apheresis", "5000", "7000")
    assert belongs_to(both) == NETWORK
    assert belongs_to(replace(both, b_text="")) == PRODUCT
    assert belongs_to(replace(both, path="manufacturing.lines")) == PRODUCT
    assert belongs_to(replace(both, path="centres.north.slots")) == PRODUCT
    assert belongs_to(Difference("centres.north.beds", "", "3")) == NETWORK


def test_two_products_of_one_strategy_are_told_apart_by_what_they_do(tmp_path: Path) -> None:
    better = "after_infusion: {autologous: {response: 0.9}}\n"
    first = load(SHIPPED / "autologous.yaml")
    alike = {"a": first, "b": changed(tmp_path, "autologous", better)}
    assert unlike(alike) == []
    other = {"a": first, "b": changed(tmp_path, "autologous", better + "work_up: {duration: 3 d}")}
    (said,) = unlike(other)
    assert "work_up.duration" in said
    assert "response" not in said


def test_late_and_early_lines_of_one_product_have_other_patients() -> None:
    (said,) = unlike({"late": load("allogeneic"), "early": load("allogeneic_early")})
    assert said.startswith("early has other patients than late, so that their difference is not that of two ways of ")
    assert (
        "clocks.waiting.progression ({exponential: {rate: 0.0044 / d}} against {exponential: {rate: 0.00154 / d}}; "
        in said
    )
    assert "lymphodepletion" not in said
    (said,) = unlike({"late": load("ide_cel_late"), "early": load("ide_cel_early")})
    assert "clocks.waiting.progression" in said
    (said,) = unlike({"all": load("autologous"), "frail": load("older_or_frail")})
    assert "patients.risk_groups" in said


def test_whom_a_policy_prefers_is_a_way_of_organising_the_therapy() -> None:
    arms = ("policy_first_come", "policy_sickest_first", "policy_likely_benefit", "policy_score")
    assert unlike({name: load(name) for name in arms}) == []
