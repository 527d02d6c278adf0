"""A stage fitted to the days between two milestones: which family, how well, and what small numbers allow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from sim.fits.between import Between
from sim.fits.curves import kaplan_meier, quantiles
from sim.fits.families import FAMILIES, Family, scaled, shifted
from sim.fits.few import ENOUGH, FEW, missing
from sim.fits.likelihood import OVER_A_DAY, Law, Maximum, Observed, aicc, by_preference, log_likelihood, maximise
from sim.fits.verdicts import FITS, NO_FAMILY
from sim.pure.arrays import FloatArray
from sim.pure.distributions import Distribution, Empirical, Fixed
from sim.records.small import LEAST, told
from sim.records.value import MILESTONES, Records

# A family is refused where a worse fit than this would come of it by chance so rarely.
LEAST_P = 0.05
MOST_FOR_THE_TEST = 5_000
TIMES_FURTHER = 10
MOST_VALUES = 200
# So many times the longest ended duration, where so many ended.
TOO_LONG, KNOWN_BY = 2.0, 10


@dataclass(frozen=True, eq=False)
class Stage:
    """A fitted stage.

    `family`: its name, `empirical` or `fixed`; `scaled` says that the base's shape was kept. `free`: the maximum, on
    the logarithms of its parameters; None where nothing is uncertain of it. `weight_of_base`: 0 where the base played
    no part. `aicc` of every family that was tried.
    """

    duration: Distribution
    family: str
    status: str
    free: Maximum | None
    parameters: tuple[tuple[str, bool], ...]
    weight_of_base: float
    p_value: float
    aicc: Mapping[str, float]
    note: str

    @property
    def verdict(self) -> str:
        """Whether the family fits; "" where that is not tested."""
        if self.family == "empirical":
            return NO_FAMILY
        return "" if math.isnan(self.p_value) else FITS


def observed(records: Records, pair: Between, loss: float = 0.0) -> Observed:
    """The days between two milestones, as the register shows them.

    In view from the day on which the patient came into view; who had passed both by then is left out, and so is who has
    been in the stage for more than `TOO_LONG` times as long as anybody who left it. Where
    inclusion comes later than both, only durations that were short enough for inclusion by the extract are in view,
    and `loss` is the hazard that took others off the path before.
    """
    first, last = records.day(pair.first), records.day(pair.last)
    days = last - first
    ended = np.isfinite(days)
    # a stage that is not recorded as ended, of a patient who went further, ended by then
    later = [m for m in MILESTONES[MILESTONES.index(pair.last) + 1 :] if m in records.milestones and m != "slot"]
    reached = np.full(len(records), np.nan)
    for name in later:
        reached = np.fmin(reached, records.day(name))
    followed = np.where(pair.last == "discharge", records.as_of, records.last_day)
    left = np.isfinite(reached) & ~ended
    low = np.where(ended, days - 1.0, np.where(left, -1.0, followed - first))
    high = np.where(ended, days, np.where(left, reached - first, np.inf))
    entry = np.maximum(records.entered - first - 1.0, -1.0)
    until = np.full(len(records), np.inf)
    conditional = _is_before(pair.last, records.included_at)
    if conditional:
        inclusion = records.day(records.included_at)
        until = records.as_of - first - (inclusion - last)
        entry = np.maximum(records.since - first - (inclusion - last) - 1.0, -1.0)
    use = np.isfinite(first) & (high > entry) & (high > low) & (low >= -1.0)
    # who is still in a stage long after everybody else has left it is in no stage: its end was not recorded
    known = days[use & ended]
    if len(known) >= KNOWN_BY:
        use &= ~(np.isinf(high) & (low > TOO_LONG * max(float(known.max()), 1.0)))
    if conditional:
        use &= ended
    if pair.repeated:
        use &= records.attempts.get(pair.repeated, np.full(len(records), np.nan)) == 1.0
    rest_days, rest_weights = pair.rest()
    over, weights = OVER_A_DAY
    nodes = ((over[:, None] - rest_days[None, :]).ravel(), (weights[:, None] * rest_weights[None, :]).ravel())
    return Observed(
        low=low[use],
        high=high[use],
        entry=np.maximum(entry, low * 0.0 - 1.0)[use],
        until=until[use],
        weight=np.ones(int(use.sum())),
        ends=(records.as_of - first)[use],
        nodes=nodes,
        loss=loss if conditional else 0.0,
    )


def _is_before(milestone: str, inclusion: str) -> bool:
    """Whether a milestone is passed at inclusion at the latest."""
    return inclusion != "referral" and MILESTONES.index(milestone) <= MILESTONES.index(inclusion)


def fit_stage(seen: Observed, base: Distribution, bootstrap: int = 99, seed: int = 1) -> Stage:
    """The stage that these observations speak for, by the rule for small numbers (`sim/fits/few.py`)."""
    data = seen.grouped()
    ended = seen.high[seen.ended]
    alone = len(seen.nodes[0]) == len(OVER_A_DAY[0])
    if alone and len(ended) >= FEW and np.all(ended == ended[0]):
        return Stage(Fixed(float(ended[0])), "fixed", "fitted", None, (), 0.0, math.nan, {}, "every one took as long")
    if seen.events < FEW or base.is_fixed:
        return _scaled(seen, data, base)
    return _fitted(seen, data, base, bootstrap, seed)


def _scaled(seen: Observed, data: Observed, base: Distribution) -> Stage:
    """The base's shape with a scale of its own; with the base as a prior of the scale where there are very few."""
    prior = missing(seen.events)

    def value(point: FloatArray) -> float:
        return log_likelihood(scaled(base, math.exp(point[0])), data) - 0.5 * prior * float(point[0]) ** 2

    if base.is_nothing:
        note = "the base has no time here, and too few ended in view for a family"
        return Stage(base, "fixed", "base", None, (), 1.0, math.nan, {}, note)
    if base.is_fixed:
        return _scaled_fixed(seen, base)
    start = _best_scale(value)
    best = maximise(value, [start])
    if not best.is_determined:
        return Stage(base, "", "base", None, (), 1.0, math.nan, {}, "the records do not bound its scale")
    weight = min(1.0, float(best.covariance[0, 0]) * prior)
    note = f"{told(seen.events)} ended, fewer than {FEW}: the base's shape is kept, its scale fitted"
    note += f", and it counts for those that are missing to {ENOUGH}" if prior else ""
    duration, status = scaled(base, math.exp(best.point[0])), "shrunk" if prior else "scaled"
    return Stage(duration, "scaled", status, best, (("scale", False),), weight, math.nan, {}, note)


def _scaled_fixed(seen: Observed, base: Distribution) -> Stage:
    """A fixed duration moved to the mean of what was seen."""
    ended = seen.high[seen.ended]
    if len(ended) < ENOUGH:
        return Stage(base, "fixed", "base", None, (), 1.0, math.nan, {}, f"{told(len(ended))} ended")
    added, weights = seen.nodes
    mean = float(ended.mean()) + float(((added - OVER_A_DAY[0].mean()) * weights).sum())
    sd = float(ended.std(ddof=1)) / math.sqrt(len(ended))
    if mean <= 0.0 or sd == 0.0:
        return Stage(
            Fixed(max(mean, 0.0)), "fixed", "scaled", None, (), 0.0, math.nan, {}, "a fixed time, as in the base"
        )
    free = Maximum(np.array([math.log(mean)]), np.array([[(sd / mean) ** 2]]), math.nan)
    note = "a fixed time, as in the base, moved to the mean of what was seen"
    return Stage(Fixed(mean), "fixed", "scaled", free, (("days", True),), 0.0, math.nan, {}, note)


def _best_scale(value: Callable[[FloatArray], float]) -> float:
    grid = np.log(np.geomspace(0.05, 20.0, 41))
    return float(grid[int(np.argmax([value(np.array([point])) for point in grid]))])


def _fitted(seen: Observed, data: Observed, base: Distribution, bootstrap: int, seed: int) -> Stage:
    curve = kaplan_meier(seen)
    added, weights = seen.nodes
    middle = quantiles(curve, np.array([0.16, 0.5, 0.84]))
    ended = seen.high[seen.ended]
    less = float(((added - 0.5) * weights).sum())
    mean = max(float(middle[1] if np.isfinite(middle[1]) else ended.mean()) + less, 0.3)
    sd = max(float((middle[2] - middle[0]) / 2.0 if np.isfinite(middle).all() else ended.std()), 0.1 * mean, 0.2)
    shift = float(getattr(base, "shift", 0.0))
    found: dict[str, tuple[Family, Maximum]] = {}
    scores: dict[str, float] = {}
    for name, family in FAMILIES.items():
        best = maximise(_value(family, data, shift), family.start(max(mean - shift, 0.3), sd))
        if best.is_determined:
            found[name] = family, best
            scores[name] = aicc(best.value, len(best.point), seen.events)
    rejected: list[str] = []
    size = {name: len(FAMILIES[name].parameters) for name in scores}
    for name in by_preference(scores, size)[:2]:
        family, best = found[name]
        duration = shifted(family.of(best.point), shift)
        p_value = goodness_of_fit(seen, family, best, shift, bootstrap, seed) if bootstrap else math.nan
        if not p_value < LEAST_P:
            said = f"; {', '.join(rejected)} came before it, and did not fit" if rejected else ""
            return Stage(duration, name, "fitted", best, family.parameters, 0.0, p_value, scores, f"least AICc{said}")
        rejected.append(f"{name} (p {p_value:.2g})")
    return _empirical(
        seen, curve_values=quantiles(curve, _midpoints(seen)), less=less, rejected=rejected, scores=scores
    )


def _midpoints(seen: Observed) -> FloatArray:
    count = LEAST * int(max(1, min(seen.events // LEAST, MOST_VALUES)))
    return (np.arange(count) + 0.5) / count


def _empirical(
    seen: Observed, curve_values: FloatArray, less: float, rejected: list[str], scores: Mapping[str, float]
) -> Stage:
    known = curve_values[np.isfinite(curve_values)]
    beyond = len(curve_values) - len(known)
    every = np.maximum(np.concatenate([known, np.full(beyond, known[-1])]) + less, 0.0)
    # as many patients each as may be told of: their mean, so that the mean of all is kept
    values = np.sort(every).reshape(-1, LEAST).mean(axis=1)
    note = (
        f"no family fits: {', '.join(rejected) or 'none was determined'}; {len(values)} observed quantiles, each the "
    )
    note += f"mean of {LEAST}"
    if beyond:
        note += f"; {100.0 * beyond / len(every):.0f}% lie beyond the last ended one and stand at it"
    return Stage(Empirical(tuple(values.tolist())), "empirical", "fitted", None, (), 0.0, math.nan, scores, note)


def goodness_of_fit(seen: Observed, family: Family, best: Maximum, shift: float, times: int, seed: int) -> float:
    """How often a sample from the fitted family lies further from its own fit than the records do from theirs.

    The distance is the largest between the curve without a family and the fitted one. Each sample has the records'
    views, extracts and losses, and is fitted again. Sampling ends once `TIMES_FURTHER` lie further away (Besag and
    Clifford, Biometrika 1991;78:301).
    """
    chance = np.random.default_rng(seed)
    if len(seen.low) > MOST_FOR_THE_TEST:
        chosen = chance.choice(len(seen.low), MOST_FOR_THE_TEST, replace=False)
        seen = seen.of(chosen)
        best = _refit(seen, family, best, shift)
    distance = _distance(seen, shifted(family.of(best.point), shift))
    draw = _Sampler(seen, shifted(family.of(best.point), shift))
    worse = 0
    for number in range(1, times + 1):
        sample = draw.sample(chance)
        again = _refit(sample, family, best, shift)
        worse += _distance(sample, shifted(family.of(again.point), shift)) >= distance
        if worse == TIMES_FURTHER:
            return worse / number
    return (1.0 + worse) / (1.0 + times)


def _value(family: Family, data: Observed, shift: float) -> Callable[[FloatArray], float]:
    """The log-likelihood of a family by its free parameters."""
    return lambda point: log_likelihood(shifted(family.of(point), shift), data)


def _refit(seen: Observed, family: Family, near: Maximum, shift: float) -> Maximum:
    data = seen.grouped()
    return maximise(_value(family, data, shift), near.point, covariance=False)


def _distance(seen: Observed, duration: Distribution) -> float:
    curve = kaplan_meier(seen)
    fitted = Law(duration, seen).sf(curve.day)
    if np.isfinite(seen.until).any():  # of those short enough to be seen
        law, last = Law(duration, seen), curve.day[-1:]
        start = np.full(1, -1.0)
        fitted = 1.0 - law.between(np.repeat(start, len(curve.day)), curve.day) / law.between(start, last)
    weight = np.sqrt(np.minimum(curve.at_risk, curve.at_risk.max()) / curve.at_risk.max())
    return float(np.max(np.abs(curve.share - fitted) * weight))


class _Sampler:
    """Durations of the fitted law, seen as the register would have seen them."""

    def __init__(self, seen: Observed, duration: Distribution) -> None:
        self.seen, law = seen, Law(duration, seen)
        longest = max(float(np.max(seen.ends)), float(np.max(seen.low)), 1.0)
        self.days = np.arange(-1.0, min(longest, 20_000.0) + 1.0)
        mass = law.between(np.full(len(self.days), -1.0), self.days)
        self.cdf = mass
        self.low, self.high = (
            np.where(np.isfinite(t), np.interp(t, self.days, mass), 1.0) for t in (seen.entry, seen.until)
        )
        exposure = float(np.maximum(np.where(np.isfinite(seen.high), seen.high, seen.low) - seen.entry, 0.5).sum())
        lost = ~np.isfinite(seen.high) & (seen.low < seen.ends)
        self.loss = float(lost.sum()) / exposure

    def sample(self, chance: np.random.Generator) -> Observed:
        seen = self.seen
        u = self.low + (self.high - self.low) * chance.random(len(seen.low))
        place = np.searchsorted(self.cdf, u, side="left")
        days = np.where(place < len(self.days), self.days[np.minimum(place, len(self.days) - 1)], np.inf)
        ends = seen.ends
        if self.loss > 0.0:
            ends = np.minimum(
                ends, np.floor(np.maximum(seen.entry + 1.0, 0.0) + chance.exponential(1.0 / self.loss, len(u)))
            )
        over = days <= np.where(np.isfinite(seen.until), np.inf, ends)
        low = np.where(over, days - 1.0, ends)
        high = np.where(over, days, np.inf)
        keep = high > np.maximum(low, seen.entry)
        return replace(seen, low=low, high=high).of(np.flatnonzero(keep))
