"""Numbers and intervals as text."""

from __future__ import annotations

import math

import pytest

from reports.words import (
    Estimate,
    between,
    bounds,
    compact,
    counted,
    figure,
    folded,
    level,
    listed,
    number,
    of_hundred_apart,
    rounded,
    shortened,
    side_by_side,
    size,
    stands_out,
    told_apart,
    uncapital,
)

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(61.24, 1, "61.2"), (-3.0, 0, f"{MINUS}3"), (-0.04, 1, "0.0"), (0.0, 2, "0.00"), (1234.5, 1, "1,234.5")],
)
def test_number(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(61.24, 59.81, 62.6, "days"), "61 days (95% simulation interval 60 to 63)"),
        (Estimate(0.7204, 0.7, 0.7402, "share"), "72% (95% simulation interval 70 to 74)"),
        (
            Estimate(-0.1234, -0.2, -0.05, "share", change=True),
            f"{MINUS}12 percentage points (95% simulation interval {MINUS}20 to {MINUS}5)",
        ),
        (Estimate(61.24, unit="days"), "61 days (no interval)"),
        (Estimate(math.nan, unit="days"), "no estimate"),
        (Estimate(4.0, 4.0, 4.0, "doses"), "4 doses (in every replication)"),
        (Estimate(0.83, 0.7, 0.9), "0.83 (95% simulation interval 0.70 to 0.90)"),
    ],
)
def test_figure(estimate: Estimate, text: str) -> None:
    assert figure(estimate) == text


def test_digits_grow_until_the_bounds_differ_and_none_becomes_zero() -> None:
    assert bounds(Estimate(5.0, 4.98, 5.02, "days")) == "4.98 to 5.02"
    assert bounds(Estimate(0.5, 0.02, 1.0, "days")) == "0.02 to 1.00"
    assert bounds(Estimate(0.5, 0.0, 1.0, "days")) == "0.0 to 1.0"
    assert bounds(Estimate(0.0, 0.0, 0.0, "days")) == ""


@pytest.mark.parametrize(
    ("estimate", "glance", "full"),
    [
        (Estimate(1.0, 1.0, 1.0, "share"), "100%", "100.0%"),
        (Estimate(0.0, unit="slots"), "0 slots", "0.0 slots"),
        (
            Estimate(746_461.0, 700_123.0, 790_456.0, "USD 2021"),
            "746,000 USD 2021 (700,000 to 790,000)",
            "746,461 USD 2021",
        ),
        (Estimate(383.1, 380.2, 386.0, "patients"), "383 patients (380 to 386)", "383.1 patients"),
        (Estimate(0.318, 0.312, 0.324, "share"), "31.8% (31.2 to 32.4)", "31.8%"),
        (Estimate(0.4212, unit="QALYs"), "0.42 QALYs", "0.421 QALYs"),
        (Estimate(0.03, unit="patients"), "0.03 patients", "0.0 patients"),
    ],
)
def test_few_figures_at_a_glance_and_all_in_full(estimate: Estimate, glance: str, full: str) -> None:
    assert compact(estimate) == glance
    assert level(estimate, full=True) == full


def test_rounding_residue_is_zero() -> None:
    assert compact(Estimate(-8.9e-16, -1.9e-15, 1.3e-16, "days")) == "0 days"


def test_size_drops_the_sign_and_keeps_the_order() -> None:
    assert size(Estimate(-31.4, -33.0, -29.8, "days", change=True)) == "31 days (95% simulation interval 30 to 33)"
    assert size(Estimate(31.4, 29.8, 33.0, "days", change=True)) == "31 days (95% simulation interval 30 to 33)"


def test_what_stands_out_is_clearly_apart_from_all_others() -> None:
    most = Estimate(85.2, 84.9, 85.5)
    assert not stands_out(most, [Estimate(85.1, 84.8, 85.4), Estimate(40.0, 39.0, 41.0)])
    assert stands_out(most, [Estimate(40.0, 39.0, 41.0), Estimate(math.nan)])
    assert not stands_out(Estimate(85.2), [Estimate(40.0)])  # one replication, no intervals


def test_lists_counts_and_ranges() -> None:
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert (counted(1, "replication"), counted(2, "replication")) == ("1 replication", "2 replications")
    assert (between(7.0, 14.0), between(1085.0, math.inf)) == ("7 to 14", "1,085 or more")
    assert (uncapital("Died"), uncapital("QC review")) == ("died", "QC review")


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde\N{HORIZONTAL ELLIPSIS}"
    assert folded("one two three four five six seven", 9, 2) == ["one two", "three fo\N{HORIZONTAL ELLIPSIS}"]
    assert folded("", 9) == [""]
    assert all(len(line) <= 10 for line in folded("x" * 95, 10))


def test_short_units() -> None:
    assert level(Estimate(0.1, unit="share", change=True), short=True) == "10 pp"
    assert level(Estimate(3.0, unit="patients"), short=True) == "3 patients"


def test_two_numbers_are_told_with_the_decimals_that_their_difference_needs() -> None:
    assert told_apart(83.1, 26.0, rounded) == ("83", "26")
    # 0.09 of 100 is not one of 100
    assert of_hundred_apart(0.3951, 0.3942) == ("39.5 of 100", "39.4")
    assert of_hundred_apart(0.249, 0.392) == ("25 of 100", "39")
    assert of_hundred_apart(0.386, 0.390) == ("38.6 of 100", "39.0")
    assert told_apart(84.4, 84.6, rounded) == ("84.4", "84.6")


@pytest.mark.parametrize(
    ("values", "unit", "texts"),
    [
        ((0.221, 0.0957), "share", ["22.1%", "9.6%"]),
        ((100.26, 26.34), "days", ["100 days", "26 days"]),
        ((0.0002, 0.5), "share", ["0.02%", "50.00%"]),
        ((math.nan, 84.6), "days", ["\N{EN DASH}", "84.6 days"]),
        ((0.0, 0.0), "share", ["0%", "0%"]),
        ((746_461.0, 80_211.0), "USD 2021", ["746,000 USD 2021", "80,000 USD 2021"]),
    ],
)
def test_numbers_side_by_side_have_as_many_decimals(values: tuple[float, ...], unit: str, texts: list[str]) -> None:
    assert side_by_side([Estimate(value, unit=unit) for value in values]) == texts
