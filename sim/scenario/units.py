"""Numbers with units: days and rates per day, read from text and written back.

What is written is a function of the value alone, so that `1.5 d` and `36 h` come out the same, and it reads back to
the very same float.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from sim.scenario.problems import nearest, shorten, show

# A month is a twelfth of a Julian year, in durations, rates and hazards alike.
DAYS_PER_UNIT = {"min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "month": 365.25 / 12, "y": 365.25}
SPELLINGS = {
    "min": ("min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "wk": ("wk", "wks", "w", "week", "weeks"),
    "month": ("month", "months", "mo", "mos"),
    "y": ("y", "yr", "yrs", "year", "years"),
}
UNIT_OF_SPELLING = {spelling: unit for unit, spellings in SPELLINGS.items() for spelling in spellings}
UNITS_SHOWN = "min, h, d, wk, month, y"

# Far beyond any patient's time; keeps sums of days finite.
MOST_DAYS = 1e9
MOST_PER_DAY = 1e6
# Numbers of days are written as they are up to this many characters; 1/24 d is better written `1 h`.
LONGEST_PLAIN_NUMBER = 7

NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_DAYS = re.compile(rf"\s*({NUMBER})\s*([^\W\d_]+)\s*")
_RATE = re.compile(rf"\s*({NUMBER})\s*(?:/|per\s)\s*([^\W\d_]+)\s*")
_BARE = re.compile(rf"\s*({NUMBER})\s*")
_COMMA = re.compile(r"\s*([-+]?[0-9]+),([0-9]+)\s*([^\d\s].*?)?\s*")
SPELLING_PATTERN = "|".join(sorted(UNIT_OF_SPELLING, key=lambda s: (-len(s), s)))
# What editors are told; they know no look-behind, so a sign is left out here.
_UNSIGNED = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
DAYS_PATTERN = rf"^\s*{_UNSIGNED}\s*(?:{SPELLING_PATTERN})\s*$"
RATE_PATTERN = rf"^\s*{_UNSIGNED}\s*(?:/|per )\s*(?:{SPELLING_PATTERN})\s*$"


def parse_days(value: object, or_else: str = "", likely: str = "d") -> float:
    """Days of a text such as `21 d`, `36 h` or `3 months`; a ValueError that says what is allowed.

    `or_else`: what else is allowed where this value stands. `likely`: the unit that a bare number was probably meant
    with.
    """
    number, unit = _split(value, _DAYS, f"allowed: a number with a unit ({UNITS_SHOWN}){or_else}", f" {likely}")
    days = number * DAYS_PER_UNIT[unit]
    if days < 0.0:
        raise ValueError(f"found {show(value)}; allowed: a duration that is not negative{or_else}")
    if not days <= MOST_DAYS:
        raise ValueError(f"found {show(value)}; allowed: a duration of at most {MOST_DAYS:.0e} d{or_else}")
    return days + 0.0


def parse_rate(value: object, likely: str = "d") -> float:
    """Events per day of a text such as `4 / month`; a ValueError that says what is allowed.

    `likely`: the unit of time that a bare number was probably meant with.
    """
    wanted = f"allowed: a number per unit of time ({UNITS_SHOWN})"
    number, unit = _split(value, _RATE, wanted, f" / {likely}")
    rate = number / DAYS_PER_UNIT[unit]
    if rate < 0.0:
        raise ValueError(f"found {show(value)}; allowed: a rate that is not negative")
    if not rate <= MOST_PER_DAY:
        raise ValueError(f"found {show(value)}; allowed: a rate of at most {MOST_PER_DAY:.0e} / d")
    return rate + 0.0


def _split(value: object, pattern: re.Pattern[str], wanted: str, example: str) -> tuple[float, str]:
    """(number, unit) of a text with a unit."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        plausible = 0 <= value < 1e9
        suggestion = f"; did you mean '{value}{example}'?" if plausible else ""
        raise ValueError(f"found {show(value)} without a unit; {wanted}{suggestion}")
    if not isinstance(value, str):
        raise ValueError(f"found {show(value)}; {wanted}")
    return _split_text(value, pattern, wanted, example)


@lru_cache(maxsize=4096)
def _split_text(value: str, pattern: re.Pattern[str], wanted: str, example: str) -> tuple[float, str]:
    """As `_split`; a sweep reads the same texts at every point."""
    # longer texts are no numbers, and patterns are not tried on them
    found = pattern.fullmatch(value) if len(value) <= 80 else None
    if found is None:
        raise ValueError(f"found {show(value)}; {wanted}{_suggest(value, example)}")
    spelling = found[2]
    unit = UNIT_OF_SPELLING.get(spelling.casefold())
    if unit is None:
        if spelling.casefold() in ("m", "ms"):
            raise ValueError(f"found {show(value)}, where 'm' may be min or month; {wanted}")
        close = nearest(spelling, UNIT_OF_SPELLING)
        amount = value[: value.index(spelling)]
        hint = f"; did you mean '{amount}{close}'?" if close else ""
        raise ValueError(f"found {show(value)} with the unknown unit '{shorten(spelling)}'; {wanted}{hint}")
    return float(found[1]), unit


def _suggest(value: str, example: str) -> str:
    if len(value) > 80:
        return ""
    if _BARE.fullmatch(value):
        return f"; did you mean '{value.strip()}{example}'?"
    return comma_hint(value)


def comma_hint(text: str) -> str:
    """The end of a message about a text such as `1,5 d`, whose comma was meant to be a point; "" for any other."""
    found = _COMMA.fullmatch(text) if len(text) <= 80 else None
    if found is None:
        return ""
    whole, fraction, rest = found[1], found[2], f" {found[3].strip()}" if found[3] else ""
    if rest == " %":
        whole, fraction = write_number(float(f"{float(f'{whole}.{fraction}') / 100:.12g}")).split(".")
        rest = ""
    thousands = f", or {whole}{fraction}{rest} for thousands" if len(fraction) == 3 and whole != "0" else ""
    return f"; decimal comma: write {whole}.{fraction}{rest}{thousands}"


def write_number(value: float) -> str:
    """The shortest text that reads back to the same float; whole numbers without a point."""
    if value == 0.0:
        return "0"
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


def plain_number(value: float) -> int | float:
    """The number as YAML holds it: whole where it is whole."""
    return int(value) if value == int(value) else value


def write_days(days: float) -> str:
    """The days as text: `21 d`, or another unit where only that is short and exact."""
    return _shortest(
        days, " ", lambda number, unit: number * DAYS_PER_UNIT[unit], lambda unit: days / DAYS_PER_UNIT[unit]
    )


def write_rate(rate: float) -> str:
    """The rate as text: `0.0055 / d`, or per another unit where only that is short and exact."""
    return _shortest(
        rate,
        " / ",
        lambda number, unit: number / DAYS_PER_UNIT[unit],
        lambda unit: rate * DAYS_PER_UNIT[unit],
    )


def _shortest(
    value: float, joint: str, value_of: Callable[[float, str], float], number_of: Callable[[str], float]
) -> str:
    in_days = write_number(value)
    if len(in_days) <= LONGEST_PLAIN_NUMBER:
        return f"{in_days}{joint}d"
    choices = [(in_days, "d")]
    for unit in ("month", "wk", "y", "h", "min"):
        number = float(f"{number_of(unit):.9g}")
        if value_of(number, unit) == value:
            choices.append((write_number(number), unit))
    text, unit = min(choices, key=lambda choice: len(choice[0]))
    return f"{text}{joint}{unit}"
