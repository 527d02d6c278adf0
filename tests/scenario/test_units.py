"""Numbers with units: what they are read as, how they are written, and what is said of those that are wrong."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.scenario.units import parse_days, parse_rate, write_days, write_number, write_rate

MONTH = 365.25 / 12


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("21 d", 21.0), ("21d", 21.0), (" 21  days ", 21.0), ("1 day", 1.0), ("0 d", 0.0), ("1.5 d", 1.5),
        ("36 h", 1.5), ("6 hours", 0.25), ("12 hr", 0.5), ("90 min", 0.0625), ("1 minute", 1 / 1440),
        ("2 wk", 14.0), ("2 w", 14.0), ("1 week", 7.0), ("3 weeks", 21.0), ("3 months", 3 * MONTH),
        ("1 month", MONTH), ("1 mo", MONTH), ("2 y", 730.5), ("1 year", 365.25), (".5 d", 0.5), ("2. d", 2.0),
        ("1e2 d", 100.0), ("+3 d", 3.0), ("3 D", 3.0), ("3 Months", 3 * MONTH), ("-0 d", 0.0),
    ],
)  # fmt: skip
def test_days(text: str, days: float) -> None:
    assert parse_days(text) == days
    assert math.copysign(1.0, parse_days(text)) == 1.0


@pytest.mark.parametrize(
    ("text", "per_day"),
    [
        ("4 / month", 4 / MONTH), ("4/month", 4 / MONTH), ("4 per month", 4 / MONTH), ("0.3/d", 0.3), ("0.0055 / d", 0.0055),
        ("1 / wk", 1 / 7), ("12 / year", 12 / 365.25), ("2 / h", 48.0), ("0 / d", 0.0),
    ],
)  # fmt: skip
def test_rates(text: str, per_day: float) -> None:
    assert parse_rate(text) == pytest.approx(per_day, rel=1e-15)


UNITS = "(min, h, d, wk, month, y)"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (21, f"found 21 without a unit; allowed: a number with a unit {UNITS}; did you mean '21 d'?"),
        (0, f"found 0 without a unit; allowed: a number with a unit {UNITS}; did you mean '0 d'?"),
        (1.5, f"found 1.5 without a unit; allowed: a number with a unit {UNITS}; did you mean '1.5 d'?"),
        ("21", f"found '21'; allowed: a number with a unit {UNITS}; did you mean '21 d'?"),
        (-3, f"found -3 without a unit; allowed: a number with a unit {UNITS}"),
        (math.inf, f"found infinity without a unit; allowed: a number with a unit {UNITS}"),
        (10**400, f"found a number too large without a unit; allowed: a number with a unit {UNITS}"),
        (True, f"found true; allowed: a number with a unit {UNITS}"),
        (None, f"found nothing; allowed: a number with a unit {UNITS}"),
        ([], f"found an empty list; allowed: a number with a unit {UNITS}"),
        ({"a": 1}, f"found a section with 'a'; allowed: a number with a unit {UNITS}"),
        ("", f"found an empty text; allowed: a number with a unit {UNITS}"),
        ("soon", f"found 'soon'; allowed: a number with a unit {UNITS}"),
        ("1,5 d", f"found '1,5 d'; allowed: a number with a unit {UNITS}; decimal comma: write 1.5 d"),
        ("1 d 2 h", f"found '1 d 2 h'; allowed: a number with a unit {UNITS}"),
        ("1_000 d", f"found '1_000 d'; allowed: a number with a unit {UNITS}"),
        ("nan d", f"found 'nan d'; allowed: a number with a unit {UNITS}"),
        ("inf d", f"found 'inf d'; allowed: a number with a unit {UNITS}"),
        ("２ d", f"found '２ d'; allowed: a number with a unit {UNITS}"),  # noqa: RUF001 (a digit of another script)
        ("-3 d", "found '-3 d'; allowed: a duration that is not negative"),
        ("1e10 d", "found '1e10 d'; allowed: a duration of at most 1e+09 d"),
        ("1e400 d", "found '1e400 d'; allowed: a duration of at most 1e+09 d"),
        ("2 dayz", f"found '2 dayz' with the unknown unit 'dayz'; allowed: a number with a unit {UNITS}; did you mean '2 day'?"),
        ("2 q", f"found '2 q' with the unknown unit 'q'; allowed: a number with a unit {UNITS}"),
        ("2 m", f"found '2 m', where 'm' may be min or month; allowed: a number with a unit {UNITS}"),
    ],
)  # fmt: skip
def test_what_is_no_duration(value: object, message: str) -> None:
    with pytest.raises(ValueError) as found:  # noqa: PT011 (the whole message is compared)
        parse_days(value)
    assert str(found.value) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (4, f"found 4 without a unit; allowed: a number per unit of time {UNITS}; did you mean '4 / month'?"),
        ("4", f"found '4'; allowed: a number per unit of time {UNITS}; did you mean '4 / month'?"),
        ("4 d", f"found '4 d'; allowed: a number per unit of time {UNITS}"),
        ("4 / mnth", f"found '4 / mnth' with the unknown unit 'mnth'; allowed: a number per unit of time {UNITS}; did you mean '4 / month'?"),
        ("-4 / d", "found '-4 / d'; allowed: a rate that is not negative"),
        ("1e7 / d", "found '1e7 / d'; allowed: a rate of at most 1e+06 / d"),
    ],
)  # fmt: skip
def test_what_is_no_rate(value: object, message: str) -> None:
    with pytest.raises(ValueError) as found:  # noqa: PT011
        parse_rate(value, "month")
    assert str(found.value) == message


def test_long_texts_are_refused_quickly() -> None:
    with pytest.raises(ValueError, match=r"found '9{57}\.\.\.'; allowed: a number with a unit"):
        parse_days("9" * 1_000_000 + " d")


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (21.0, "21 d"), (0.0, "0 d"), (1.5, "1.5 d"), (1 / 24, "1 h"), (1 / 1440, "1 min"), (0.25, "0.25 d"),
        (365.25, "365.25 d"), (MONTH, "30.4375 d"), (7.0, "7 d"), (1e9, "1000000000 d"), (0.1 + 0.2, "0.30000000000000004 d"),
    ],
)  # fmt: skip
def test_days_are_written_as_planners_would(days: float, text: str) -> None:
    assert write_days(days) == text


@pytest.mark.parametrize(
    ("per_day", "text"),
    [(4 / MONTH, "4 / month"), (0.3, "0.3 / d"), (0.0055, "0.0055 / d"), (1 / 7, "1 / wk"), (12 / 365.25, "1 / month"), (0.0, "0 / d")],
)  # fmt: skip
def test_rates_are_written_as_planners_would(per_day: float, text: str) -> None:
    assert write_rate(per_day) == text


@given(st.floats(0.0, 1e9))
@example(1e9)
@example(5e-324)
@example(1e-7)
@example(999999999.9999999)
def test_days_read_back_to_the_same_float(days: float) -> None:
    assert parse_days(write_days(days)) == days
    assert write_days(parse_days(write_days(days))) == write_days(days)


@given(st.floats(0.0, 1e6))
@example(1e6)
@example(5e-324)
def test_rates_read_back_to_the_same_float(per_day: float) -> None:
    assert parse_rate(write_rate(per_day)) == per_day


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_to_the_same_float(number: float) -> None:
    assert float(write_number(number)) == number


@given(st.integers(1, 400), st.sampled_from(["min", "h", "d", "wk", "month", "y"]))
def test_a_whole_number_of_any_unit_survives(number: int, unit: str) -> None:
    days = parse_days(f"{number} {unit}")
    assert parse_days(write_days(days)) == days
    assert parse_rate(write_rate(parse_rate(f"{number} / {unit}"))) == parse_rate(f"{number} / {unit}")
