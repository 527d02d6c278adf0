"""Toxicity, beds and intensive care after infusion: small timelines worked out by hand."""

from __future__ import annotations

import numpy as np

from tests.runs import small

MADE = "manufacturing: {duration: 0 d}\n"


def toxicity(rest: str, icu: str = "icu: {stay: 5 d}") -> str:
    return f"toxicity: {{{rest}{', ' + icu if icu else ''}}}\n"


SEVERE = "crs: {onset: 1 d, grades: {severe: {share: 1, duration: 3 d, icu: 1}}}"
MILD = "crs: {onset: 1 d, grades: {mild: {share: 1, duration: 3 d}}}"


def test_toxicity_makes_segments_of_the_stay_one_after_the_other() -> None:
    both = MILD + ", neurotoxicity: {onset: 2 d, grades: {mild: {share: 1, duration: 4 d}}}"
    ran = small(MADE + toxicity(both, "") + "infusion: {stay: 10 d}\n", "0 d")
    assert ran.days("infusion") == [0.0]
    assert ran.days("crs") == [1.0]
    assert ran.days("neurotoxicity") == [6.0]
    assert ran.days("discharge") == [20.0]


def test_intensive_care_is_nested_in_the_stay() -> None:
    ran = small(MADE + toxicity(SEVERE) + "infusion: {stay: 10 d}\n", "0 d", centre="beds: 1, icu: 1")
    assert ran.days("icu") == [1.0]
    assert ran.days("discharge") == [19.0]
    assert ran.resource("icu").in_use_mean == 5.0 / 400.0
    assert ran.resource("bed").in_use_mean == 19.0 / 400.0


def test_who_finds_intensive_care_full_waits_in_his_bed() -> None:
    rest = MADE + toxicity(SEVERE) + "infusion: {stay: 10 d}\n"
    ran = small(rest, "0 d, 2 d", centre="beds: 2, icu: 1")
    # the first is in intensive care from 1 to 6; the second, due on 3, from 6 to 11
    assert ran.days("icu") == [1.0, 6.0]
    assert ran.days("discharge") == [19.0, 24.0]
    assert ran.resource("icu").queue_days_total == 3.0


def test_a_bed_that_is_freed_for_intensive_care_goes_to_the_next() -> None:
    freed = MADE + toxicity(SEVERE, "icu: {stay: 5 d, bed: freed}") + "infusion: {stay: 10 d}\n"
    ran = small(freed, "0 d, 0 d", centre="beds: 1, icu: 2")
    # the second has the bed from 1 to 2; the first comes back on 6 and stays 3 + 10 days, then the second
    assert ran.days("infusion") == [0.0, 1.0]
    assert ran.days("discharge") == [19.0, 32.0]
    kept = small(freed.replace("freed", "kept"), "0 d, 0 d", centre="beds: 1, icu: 2")
    assert kept.days("infusion") == [0.0, 19.0]


def test_an_outpatient_needs_a_bed_for_toxicity_only() -> None:
    rest = MADE + toxicity(SEVERE) + "infusion: {model: outpatient}\n"
    ran = small(rest, "0 d, 0 d", centre="beds: 1, icu: 2")
    assert ran.days("infusion") == [0.0, 0.0]
    # at home for a day; then the bed for 5 + 3 days, one after the other
    assert ran.days("discharge") == [9.0, 17.0]
    assert ran.resource("bed").queue_days_total == 8.0
    well = small(MADE + "infusion: {model: outpatient}\n", "0 d, 0 d", centre="beds: 0")
    assert well.days("discharge") == [0.0, 0.0]


def test_grades_have_their_shares() -> None:
    grades = "low: {share: 0.5, duration: 1 d}, high: {share: 0.2, duration: 9 d}"
    ran = small(MADE + toxicity(f"crs: {{grades: {{{grades}}}}}", ""), ", ".join(["0 d"] * 1000))
    stay = ran.patients.day("discharge")
    for days, share in ((0.0, 0.3), (1.0, 0.5), (9.0, 0.2)):
        assert abs((stay == days).mean() - share) < 3.0 * np.sqrt(share * (1 - share) / 1000)
