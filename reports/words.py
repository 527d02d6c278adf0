"""Numbers, intervals and lists as text. Shares are 0 to 1 inside and percent on the page.

An estimate and its bounds are written with the same number of decimals (`digits`): at a glance, on screen, slides and
charts, two or three significant figures; in full in tables.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sim.outcomes.verdicts import NEITHER, Bounds, Verdict, clearly_apart, verdict
from sim.tables.words import capital as capital
from sim.tables.words import counted as counted  # counted: read here by every room of reports
from sim.tables.words import is_one
from sim.tables.words import uncapital as uncapital

MINUS = "\N{MINUS SIGN}"
DOT = " \N{MIDDLE DOT} "
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
NONE = "no estimate"
ROUNDING = 1e-9
"""A number below this is what summing in binary leaves of zero."""
APART = 1_000
"""From here on thousands are set apart."""
LONG_UNITS, LONG_DIGITS = ("QALYs", "life years"), 3
"""Units of which a hundredth matters, and their decimals in full."""
EXAGGERATED = 0.25
"""The part of a difference by which the difference of two rounded numbers may be off."""
MOST_DECIMALS = 4
MOST_MORE = 2
"""Decimals more at the most, where bounds would look alike or like zero."""


@dataclass(frozen=True)
class Estimate:
    """One number with its 95% simulation interval; NaN where there is none. `change`: it is a difference."""

    value: float
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    label: str = ""
    change: bool = False

    @property
    def known(self) -> bool:
        """Whether there is a number at all."""
        return math.isfinite(self.value)

    @property
    def bounded(self) -> bool:
        """Whether there is an interval."""
        return self.known and math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def interval(self) -> Bounds:
        """The number with its bounds."""
        return Bounds(self.value, self.low, self.high)

    def verdict(self, better: str = NEITHER) -> Verdict:
        """What may be said of it as a difference; `better`: higher, lower or neither."""
        return verdict(self.value, self.low, self.high, better)

    def clearly_apart(self, other: Estimate) -> bool:
        """Whether it differs from another number whose pairing is not known, beyond the chance of the simulation."""
        return clearly_apart(self.interval, other.interval)


def estimate_of(row: Any, unit: str | None = None) -> Estimate:
    """The number of a row of a table with its interval; in this unit, or in that of the row."""
    of = row.unit if unit is None else unit
    return Estimate(float(row.estimate), float(row.low), float(row.high), of, getattr(row, "label", ""))


def stands_out(first: Estimate, others: Iterable[Estimate]) -> bool:
    """Whether the first is clearly apart from each of the others, so that it may be called the most."""
    return all(first.clearly_apart(other) for other in others if other.known)


def number(value: float, digits: int = 1) -> str:
    """A number with a fixed count of decimals (rounded to tens, hundreds … where it is negative), a true minus sign,
    and its thousands apart; never minus zero.
    """
    size = round(value, digits) if math.isfinite(value) else value
    text = f"{size:{',' if abs(size) >= APART else ''}.{max(0, digits)}f}"
    if float(text.replace(",", "")) == 0.0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def is_money(unit: str) -> bool:
    """Whether a unit is a currency of a price year, as `USD 2021`."""
    return re.fullmatch(r".+ [0-9]{4}", unit) is not None


def scale(unit: str) -> float:
    """What a number of this unit is multiplied by for the page: 100 for a share, else 1."""
    return 100.0 if unit == "share" else 1.0


def digits(estimate: Estimate, full: bool = False) -> int:
    """Decimals at which the estimate and its bounds are written, so that its bounds differ and none becomes zero.

    At a glance: two or three significant figures of the largest of them, as many as its interval is worth; a tenth is
    the least of a number with a unit that is not smaller itself. `full`, for tables: one decimal at least, two of a
    pure number, three of QALYs, none of money.
    """
    spread = _spread(estimate)
    shown = [one for one in (estimate.value, *spread) if math.isfinite(one)]
    numbers = [one * scale(estimate.unit) for one in shown]
    count = _least_in_full(estimate.unit) if full else _at_a_glance(numbers, estimate.unit)
    if not spread or (full and is_money(estimate.unit)):
        return count
    low, high = numbers[-2:]
    for more in range(count, count + MOST_MORE):
        alike = number(low, more) == number(high, more)
        vanished = any(abs(bound) > ROUNDING and round(bound, more) == 0.0 for bound in (low, high))
        if not alike and not vanished:
            return more
    return count + MOST_MORE


def _spread(estimate: Estimate) -> tuple[float, float] | tuple[()]:
    """The bounds, where there are any that differ."""
    wide = estimate.bounded and (estimate.high - estimate.low) * scale(estimate.unit) > ROUNDING
    return (estimate.low, estimate.high) if wide else ()


def _least_in_full(unit: str) -> int:
    return 0 if is_money(unit) else LONG_DIGITS if unit in LONG_UNITS else 1 if unit else 2


def _at_a_glance(numbers: Sequence[float], unit: str) -> int:
    """Decimals for the number and, where it has an interval, its bounds."""
    largest = max(map(abs, numbers), default=0.0)
    if largest < ROUNDING or (len(numbers) == 1 and _is_whole(numbers[0]) and largest < 100.0):
        return 0
    count = _places(largest)
    if len(numbers) > 1:
        worth = -_size((numbers[-1] - numbers[-2]) / 2.0)
        count = min(max(count, worth), 2 - _size(largest))
    if unit and unit not in LONG_UNITS:
        count = min(count, max(1, -_size(numbers[0]) if abs(numbers[0]) > ROUNDING else 1))
    return count


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < ROUNDING


def _size(value: float) -> int:
    """The power of ten of its first figure."""
    return math.floor(math.log10(abs(value)))


def _places(largest: float, figures: int = 2) -> int:
    """Decimals for so many significant figures, three at least from 100 on."""
    size = _size(largest)
    return max(figures, 3 if size >= 2 else 0) - 1 - size


def bare(estimate: Estimate, full: bool = False) -> str:
    """The number without its unit, as `61`."""
    return number(estimate.value * scale(estimate.unit), digits(estimate, full)) if estimate.known else NONE


def unit_of(estimate: Estimate, short: bool = False) -> str:
    """What follows the number: ` days`, `%`, for a difference of shares ` percentage points` or ` pp`."""
    if estimate.unit == "share":
        if estimate.change:
            return " pp" if short else " percentage points"
        return "%"
    return f" {estimate.unit}" if estimate.unit else ""


def level(estimate: Estimate, short: bool = False, full: bool = False) -> str:
    """The number with its unit, as `61 days`; `no estimate` where there is none."""
    return _with_unit(bare(estimate, full), estimate, short) if estimate.known else NONE


def _with_unit(text: str, estimate: Estimate, short: bool = False) -> str:
    """The number as it is written, and its unit, which agrees with it: `1 day`, `2 days`."""
    unit = unit_of(estimate, short)
    return text + (re.sub(r"(?<=[a-zA-Z])s\b", "", unit, count=1) if is_one(text) else unit)


def bounds(estimate: Estimate, full: bool = False) -> str:
    """The interval without words, as `60 to 63`; empty where there is none, or where it has no width."""
    factor, count = scale(estimate.unit), digits(estimate, full)
    return " to ".join(number(bound * factor, count) for bound in _spread(estimate))


def interval(estimate: Estimate) -> str:
    """The interval in words, as `95% simulation interval 60 to 63`; `no interval`; `in every replication`."""
    if not estimate.bounded:
        return "no interval"
    return f"95% simulation interval {bounds(estimate)}" if _spread(estimate) else "in every replication"


def figure(estimate: Estimate) -> str:
    """The number with unit and interval, as `61 days (95% simulation interval 60 to 63)`."""
    return f"{level(estimate)} ({interval(estimate)})" if estimate.known else NONE


def compact(estimate: Estimate) -> str:
    """The number with its unit and the bare bounds, as `61 days (60 to 63)`."""
    within = bounds(estimate)
    return level(estimate, short=True) + (f" ({within})" if within else "")


def size(estimate: Estimate) -> str:
    """A difference without its direction, as `31 days (95% simulation interval 30 to 33)`: the caller says that.

    Only for an interval that does not hold 0: there the bounds keep their order when the sign is dropped.
    """
    flipped = estimate
    if estimate.value < 0.0:
        flipped = Estimate(
            -estimate.value, -estimate.high, -estimate.low, estimate.unit, estimate.label, estimate.change
        )
    return figure(flipped)


def glance(value: float, unit: str, figures: int = 2) -> str:
    """A number as it is taken in at a glance: `57 days`, `8.4 days`, `28%`, `746,000 USD 2021`.

    Two significant figures, three from 100 on, or more where `figures` says so.
    """
    one = Estimate(value, unit=unit)
    return level(one) if figures == 2 else _with_unit(rounded(value * scale(unit), figures), one)


def rounded(value: float, figures: int = 2) -> str:
    """A number with so many significant figures, three at least from 100 on; its thousands apart."""
    if not math.isfinite(value):
        return NONE
    return number(value, min(_places(value, figures), 4)) if abs(value) >= ROUNDING else "0"


def side_by_side(numbers: Sequence[Estimate]) -> list[str]:
    """Numbers of one unit that stand beside each other, with as many decimals each: `22.1%` and `9.6%`.

    Three significant figures of the largest; more decimals where another one would vanish. No estimate is a dash.
    """
    sizes = [abs(one.value * scale(one.unit)) for one in numbers if one.known]
    sizes = [one for one in sizes if one >= ROUNDING]
    largest = max(sizes, default=1.0)
    count = min(max(0, _places(largest, 3), -_size(min(sizes, default=1.0))), MOST_DECIMALS) if sizes else 0
    if largest >= APART:
        count = _places(largest, 3)
    return [
        _with_unit(number(one.value * scale(one.unit), count), one) if one.known else "\N{EN DASH}" for one in numbers
    ]


def stated(value: float) -> str:
    """A number that was stated, or follows from what was: three significant figures at most, no zeros at its end."""
    text = number(value, 0) if abs(value - round(value)) < ROUNDING else rounded(value, 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


def of_hundred(share: float) -> str:
    """A share as patients of 100: `28 of 100`; never none or all where that is not so."""
    many = round(100.0 * share)
    if many == 0 and share > ROUNDING:
        return "fewer than 1 of 100"
    if many == 100 and share < 1.0 - ROUNDING:
        return "more than 99 of 100"
    return f"{many} of 100"


def told_apart(one: float, other: float, write: Callable[[float, int], str]) -> tuple[str, str]:
    """Two numbers with as few significant figures, from two on, as tell them and their distance; up to four."""
    for figures in (2, 3):
        texts = write(one, figures), write(other, figures)
        if texts[0] != texts[1] and _as_far_apart(texts, one - other):
            return texts
    return write(one, 4), write(other, 4)


def _as_far_apart(texts: tuple[str, str], distance: float) -> bool:
    """Whether rounding does not make a small difference a large one, or the other way round."""
    try:
        first, second = (float(text.replace(",", "").replace(MINUS, "-")) for text in texts)
    except ValueError:
        return True
    return abs(first - second - distance) <= EXAGGERATED * abs(distance)


def of_hundred_apart(one: float, other: float) -> tuple[str, str]:
    """Two shares that differ as patients of 100, the second without the words: `25 of 100`, `39`.

    Whole patients where these tell how far they are apart, else with decimals.
    """
    whole = of_hundred(one), of_hundred(other)
    numbers = tuple(text.removesuffix(" of 100") for text in whole)
    if whole[0] != whole[1] and _as_far_apart((numbers[0], numbers[1]), 100.0 * (one - other)):
        return whole[0], numbers[1]
    first, second = told_apart(100.0 * one, 100.0 * other, rounded)
    return f"{first} of 100", second


def between(start: float, end: float) -> str:
    """A range of days, as `14 to 21`; `1085 or more` where it is open."""
    return f"{number(start, 0)} to {number(end, 0)}" if math.isfinite(end) else f"{number(start, 0)} or more"


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, or `a, b and c`."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""


def shortened(text: str, width: int) -> str:
    """The text, cut with an ellipsis where it is longer than `width` characters."""
    return text if len(text) <= width else text[: width - 1].rstrip() + ELLIPSIS


def folded(text: str, width: int, most: int = 3) -> list[str]:
    """The text in lines of at most `width` characters, at most `most` of them, cut with an ellipsis."""
    lines = textwrap.wrap(" ".join(text.split()), width) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], shortened(" ".join(lines[most - 1 :]), width)]
    return lines
