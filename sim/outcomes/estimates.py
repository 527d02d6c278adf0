"""Means over replications with 95% simulation intervals that lie inside what is possible.

An interval holds every mean m that the replications do not speak against: |x - m| <= t s(m) / sqrt(n), where x is the
mean and s the standard deviation of n replications, t the quantile of Student's t with n - 1 degrees of freedom, and
s(m)^2 = s^2 V(m) / V(x). The variance function V is how chance shrinks towards an end of the range:

- V(m) = (m - a)(b - m) between two ends, for shares from 0 to 1 and their differences from -1 to 1: the score interval
  of Wilson (1927, doi:10.1080/01621459.1927.10502953) with the effective sample size and t of surveys with clusters
  (Korn and Graubard, Survey Methodology 1998;24:193; Dean and Pagano 2015, doi:10.1093/jssam/smv024);
- V(m) = m - a beyond one end, for counts, days and money: the score interval of a mean with a dispersion of its own
  (quasi-Poisson; McCullagh and Nelder, Generalized Linear Models, 2nd edition, chapter 9);
- V(m) = 1 without ends: Student's t.

Far from the ends, and with many replications, all three are Student's t. Where every replication lies on an end (a
share of 0 or 1) there is no spread, and the interval is that point, as Student's t has it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.pure.arrays import FloatArray

Range = tuple[ArrayLike, ArrayLike]
CONFIDENCE = 0.95
# Fewer replications than this hardly know their own spread: at 4, Student's t is 3.2 instead of 2.0.
FEW = 5
FREE: Range = (-np.inf, np.inf)
NOT_NEGATIVE: Range = (0.0, np.inf)
SHARE: Range = (0.0, 1.0)
SHARE_CHANGE: Range = (-1.0, 1.0)
# What cannot be negative; any other unit may be anything.
_COUNTED = ("days", "patients", "products", "slots", "doses", "units", "life years", "months")


def possible(unit: str) -> Range:
    """Between which numbers a quantity of this unit lies."""
    return SHARE if unit == "share" else NOT_NEGATIVE if unit in _COUNTED else FREE


def possible_change(unit: str) -> Range:
    """Between which numbers the difference of two quantities of this unit lies."""
    return SHARE_CHANGE if unit == "share" else FREE


def ranges(each: list[Range]) -> Range:
    """The ranges of several numbers as one, for values with a column for each."""
    return np.array([low for low, _ in each], dtype=float), np.array([high for _, high in each], dtype=float)


def interval(
    values: FloatArray, confidence: float = CONFIDENCE, within: Range = FREE
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(mean, low, high) over the first axis, replications; 95% unless said otherwise.

    `within`: the least and the greatest possible value, each a number or one for each place after the first axis.
    Replications in which the value does not apply (NaN) are left out; with fewer than two the interval is NaN. A value
    that was not reached is infinite: so is then the mean, and the interval is NaN.
    """
    counted = ~np.isnan(values)
    n = counted.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(counted, values, 0.0).sum(axis=0) / n
    return around(mean, variance(values), n, confidence, within)


def around(
    mean: FloatArray, spread: FloatArray, n: ArrayLike, confidence: float = CONFIDENCE, within: Range = FREE
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(mean, low, high) of means of `n` replications with this variance between them; NaN with fewer than two."""
    from scipy.special import stdtrit

    count = np.asarray(n, dtype=float)
    least, most = np.asarray(within[0], dtype=float), np.asarray(within[1], dtype=float)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        half = stdtrit(np.maximum(count - 1, 1), 0.5 + confidence / 2) * np.sqrt(spread / count)
        half = np.where((count > 1) & np.isfinite(mean), half, np.nan)
        low, high = mean - half, mean + half
        above, below, width = mean - least, most - mean, most - least
        for bounded, (lower, upper) in (
            (np.isfinite(least) & ~np.isfinite(most), _above_an_end(above, half)),
            (np.isfinite(width), _between_ends(above, below, half)),
        ):
            fits = bounded & (above > 0.0) & (below > 0.0) & (half > 0.0)
            low, high = np.where(fits, least + lower, low), np.where(fits, least + upper, high)
    return np.asarray(mean), np.clip(low, least, most), np.clip(high, least, most)


def ratio_interval(above: FloatArray, below: FloatArray, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """(ratio of the means, low, high) of paired samples; NaN bounds where they are not between two numbers.

    Fieller's theorem (1954, J R Stat Soc B 16:175; Polsky and others, Health Economics 1997;6:243): all ratios r for
    which the mean of above - r x below is not clearly different from 0, by Student's t. They lie between two numbers
    where the mean of `below` is clearly not 0.
    """
    from scipy.special import stdtrit

    count = len(above)
    x, y = float(above.mean()), float(below.mean())
    if y == 0.0:
        return float("nan"), float("nan"), float("nan")
    if count < 2:
        return x / y, float("nan"), float("nan")
    spread = np.cov(above, below) / count
    square = float(stdtrit(count - 1, 0.5 + confidence / 2)) ** 2
    a, b, c = y**2 - square * spread[1, 1], x * y - square * spread[0, 1], x**2 - square * spread[0, 0]
    if a <= 0.0:
        return x / y, float("nan"), float("nan")
    root = float(np.sqrt(max(b**2 - a * c, 0.0)))
    return x / y, float((b - root) / a), float((b + root) / a)


def _above_an_end(x: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The roots m of (x - m)^2 = half^2 m / x."""
    q = half**2 / x
    root = np.sqrt(q * (q + 4.0 * x))
    return (2.0 * x + q - root) / 2.0, (2.0 * x + q + root) / 2.0


def _between_ends(x: FloatArray, rest: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The roots m of (x - m)^2 = half^2 m (x + rest - m) / (x rest)."""
    width = x + rest
    share, q = x / width, half**2 / (x * rest)
    root = np.sqrt(q * (q + 4.0 * share * (1.0 - share)))
    middle, twice = 2.0 * share + q, 2.0 * (1.0 + q)
    return width * (middle - root) / twice, width * (middle + root) / twice


def variance(values: FloatArray) -> FloatArray:
    """Variance over the first axis, leaving out what does not apply (NaN); NaN with fewer than two."""
    counted = ~np.isnan(values)
    n = counted.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(counted, values, 0.0).sum(axis=0) / n
        squares = (np.where(counted, values - mean, 0.0) ** 2).sum(axis=0)
        return np.asarray(np.where(n > 1, squares / (n - 1), np.nan))


def standard_error(values: FloatArray) -> float:
    """Standard error of the mean of independent replications; NaN with fewer than two."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
