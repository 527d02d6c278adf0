"""Numbers, intervals and lists as text. Shares are 0 to 1 inside and percent on the page.

An estimate and its bounds are written with the same number of digits: one, and up to three where one would
make both bounds look alike or would round a bound to zero that is not zero.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sim.outcomes.verdicts import NEITHER, Bounds, Verdict, clearly_apart, verdict

MINUS = "\N{MINUS SIGN}"
DOT = " \N{MIDDLE DOT} "
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
NONE = "no estimate"
ROUNDING = 1e-9
"""A number below this is what summing in binary leaves of zero."""


@dataclass(frozen=True)
class Estimate:
    """One number with its 95 % simulation interval; NaN where there is none. `change`: it is a difference."""

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


def stands_out(first: Estimate, others: Iterable[Estimate]) -> bool:
    """Whether the first is clearly apart from each of the others, so that it may be called the most."""
    return all(first.clearly_apart(other) for other in others if other.known)


def number(value: float, digits: int = 1, thousands: bool = False) -> str:
    """A number with a fixed count of decimals and a true minus sign; never minus zero. `thousands`: set apart."""
    text = f"{value:{',' if thousands else ''}.{digits}f}"
    if float(text.replace(",", "")) == 0.0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def is_money(unit: str) -> bool:
    """Whether a unit is a currency of a price year, as `USD 2021`."""
    return re.fullmatch(r".+ [0-9]{4}", unit) is not None


def scale(unit: str) -> float:
    """What a number of this unit is multiplied by for the page: 100 for a share, else 1."""
    return 100.0 if unit == "share" else 1.0


def digits(estimate: Estimate) -> int:
    """Decimals at which the estimate and its bounds are written; one more for a pure number, such as a correlation."""
    if is_money(estimate.unit):
        return 0
    least = 1 if estimate.unit else 2
    if not estimate.bounded:
        return least
    low, high = (bound * scale(estimate.unit) for bound in (estimate.low, estimate.high))
    for count in range(least, 3):
        alike = high - low > ROUNDING and number(low, count) == number(high, count)
        vanished = any(abs(bound) > ROUNDING and float(f"{bound:.{count}f}") == 0.0 for bound in (low, high))
        if not alike and not vanished:
            return count
    return 3


def bare(estimate: Estimate) -> str:
    """The number without its unit, as `61.2`."""
    thousands = is_money(estimate.unit)
    return number(estimate.value * scale(estimate.unit), digits(estimate), thousands) if estimate.known else NONE


def unit_of(estimate: Estimate, short: bool = False) -> str:
    """What follows the number: ` days`, `%`, for a difference of shares ` percentage points` or ` pp`."""
    if estimate.unit == "share":
        if estimate.change:
            return " pp" if short else " percentage points"
        return "%"
    return f" {estimate.unit}" if estimate.unit else ""


def level(estimate: Estimate, short: bool = False) -> str:
    """The number with its unit, as `61.2 days`; `no estimate` where there is none."""
    return bare(estimate) + unit_of(estimate, short) if estimate.known else NONE


def bounds(estimate: Estimate) -> str:
    """The interval without words, as `59.8 to 62.6`; empty where there is none."""
    if not estimate.bounded:
        return ""
    factor, count, thousands = scale(estimate.unit), digits(estimate), is_money(estimate.unit)
    return " to ".join(number(bound * factor, count, thousands) for bound in (estimate.low, estimate.high))


def interval(estimate: Estimate) -> str:
    """The interval in words, as `95% simulation interval 59.8 to 62.6`, or `no interval`."""
    return f"95% simulation interval {bounds(estimate)}" if estimate.bounded else "no interval"


def figure(estimate: Estimate) -> str:
    """The number with unit and interval, as `61.2 days (95% simulation interval 59.8 to 62.6)`."""
    return f"{level(estimate)} ({interval(estimate)})" if estimate.known else NONE


def compact(estimate: Estimate) -> str:
    """The number with its unit and the bare bounds, as `61.2 days (59.8 to 62.6)`."""
    within = bounds(estimate)
    return level(estimate, short=True) + (f" ({within})" if within else "")


def size(estimate: Estimate) -> str:
    """A difference without its direction, as `31.4 days (95% simulation interval 29.8 to 33.0)`: the caller says that.

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
    return f"{rounded(value * scale(unit), figures)}{unit_of(Estimate(value, unit=unit))}"


def rounded(value: float, figures: int = 2) -> str:
    """A number with so many significant figures, three at least from 100 on; its thousands apart."""
    if not math.isfinite(value):
        return NONE
    if abs(value) < ROUNDING:
        return "0"
    size = math.floor(math.log10(abs(value)))
    places = max(figures, 3 if size >= 2 else 0) - 1 - size
    text = f"{round(value, places):,.{max(0, min(places, 4))}f}"
    return text.replace("-", MINUS)


def of_hundred(share: float) -> str:
    """A share as patients of 100: `28 of 100`; never none or all where that is not so."""
    many = round(100.0 * share)
    if many == 0 and share > ROUNDING:
        return "fewer than 1 of 100"
    if many == 100 and share < 1.0 - ROUNDING:
        return "more than 99 of 100"
    return f"{many} of 100"


def told_apart(one: float, other: float, write: Callable[[float, int], str]) -> tuple[str, str]:
    """Two numbers with as few significant figures, from two on, as tell them apart; up to four."""
    for figures in (2, 3):
        if (texts := (write(one, figures), write(other, figures)))[0] != texts[1]:
            return texts
    return write(one, 4), write(other, 4)


def between(start: float, end: float) -> str:
    """A range of days, as `14 to 21`; `1085 or more` where it is open."""
    return f"{number(start, 0)} to {number(end, 0)}" if math.isfinite(end) else f"{number(start, 0)} or more"


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, or `a, b and c`."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun, as `1 replication` or `100 replications`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def shortened(text: str, width: int) -> str:
    """The text, cut with an ellipsis where it is longer than `width` characters."""
    return text if len(text) <= width else text[: width - 1].rstrip() + ELLIPSIS


def folded(text: str, width: int, most: int = 3) -> list[str]:
    """The text in lines of at most `width` characters, at most `most` of them, cut with an ellipsis."""
    lines = textwrap.wrap(" ".join(text.split()), width) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], shortened(" ".join(lines[most - 1 :]), width)]
    return lines


def uncapital(text: str) -> str:
    """The text with its first letter small, unless it begins with an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
