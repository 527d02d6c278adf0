"""Durations: a fixed time, or one family of distributions, with `shift` added where the block is a map."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from sim.pure.distributions import (
    LEAST_LEFT,
    Distribution,
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    Lognormal,
    Triangular,
    TruncatedNormal,
    Uniform,
    Weibull,
    share_between,
)
from sim.scenario.blocks import LEAST_SHAPE, MOST_SHAPE, Block, BlockKind, Family
from sim.scenario.kinds import Days, JsonSchema, Number
from sim.scenario.lists import OBSERVED_DAYS, RATE, DayList
from sim.scenario.units import MOST_DAYS, parse_days, plain_number, write_days

PositiveDays = Annotated[float | None, Days(above_zero=True)]
Shape = Annotated[float, Number(LEAST_SHAPE, MOST_SHAPE, "a shape")]
Shift = Annotated[float, Days()]
MOST_SIGMA = 10.0
MOST_GAMMA_SHAPE = 1e6
LEAST_GAMMA_SHAPE = 0.01


class LognormalFamily(Family):
    """A lognormal: `median` and `sigma`, or `mean` and `sd`, before `shift` is added."""

    ways: ClassVar[str] = "lognormal"
    median: PositiveDays = Field(None, description="Half of the durations are shorter.")
    sigma: Annotated[float | None, Number(0.0, MOST_SIGMA, "a sigma")] = Field(
        None, description="Standard deviation of the logarithm; a bare number."
    )
    mean: PositiveDays = Field(None, description="Mean duration.")
    sd: Annotated[float | None, Days()] = Field(None, description="Standard deviation.")
    shift: Shift = Field(0.0, description="Added to every duration.")

    def value(self) -> Lognormal:
        if self.median is not None and self.sigma is not None:
            return Lognormal(self.median, self.sigma, self.shift)
        assert self.mean is not None
        assert self.sd is not None
        variance = math.log1p((self.sd / self.mean) ** 2)
        sigma = math.sqrt(variance)
        if sigma > MOST_SIGMA:
            raise ValueError(f"mean and sd lead to a sigma of {sigma:.3g}; allowed: at most {MOST_SIGMA:g}")
        return Lognormal(bounded(self.mean / math.exp(variance / 2.0)), sigma, self.shift)


class ExponentialFamily(Family):
    """An exponential: one of `mean`, `median` and `rate`, before `shift` is added."""

    ways: ClassVar[str] = "exponential"
    mean: PositiveDays = Field(None, description="Mean duration.")
    median: PositiveDays = Field(None, description="Half of the durations are shorter.")
    rate: Annotated[float | None, RATE] = Field(None, description="Events per unit of time.")
    shift: Shift = Field(0.0, description="Added to every duration.")

    def value(self) -> Exponential:
        if self.rate is not None:
            if self.rate < 1.0 / MOST_DAYS:
                raise ValueError("found a rate of 0, which never ends; allowed: a rate above 0")
            return Exponential(1.0 / self.rate, self.shift)
        mean = self.mean if self.mean is not None else (self.median or 0.0) / math.log(2.0)
        return Exponential(bounded(mean), self.shift)


class GammaFamily(Family):
    """A gamma: `mean`, and `shape` or `sd`, before `shift` is added."""

    ways: ClassVar[str] = "gamma"
    mean: Annotated[float, Days(above_zero=True)] = Field(description="Mean duration.")
    shape: Annotated[float | None, Number(LEAST_GAMMA_SHAPE, MOST_GAMMA_SHAPE, "a shape")] = Field(
        None, description="The larger, the narrower: sd = mean / sqrt(shape)."
    )
    sd: PositiveDays = Field(None, description="Standard deviation.")
    shift: Shift = Field(0.0, description="Added to every duration.")

    def value(self) -> Gamma:
        shape = self.shape if self.shape is not None else (self.mean / (self.sd or math.inf)) ** 2
        if not LEAST_GAMMA_SHAPE <= shape <= MOST_GAMMA_SHAPE:
            sd = write_days(self.sd or 0.0)
            raise ValueError(f"found an sd of {sd}; allowed: from a thousandth of the mean to ten times the mean")
        return Gamma(self.mean, shape, self.shift)


class WeibullFamily(Family):
    """A Weibull: `shape`, and one of `scale`, `median` and `mean`, before `shift` is added."""

    ways: ClassVar[str] = "weibull"
    shape: Shape = Field(description="Above 1 the longer the likelier to end; 1 is an exponential.")
    scale: PositiveDays = Field(None, description="63% of the durations are shorter.")
    median: PositiveDays = Field(None, description="Half of the durations are shorter.")
    mean: PositiveDays = Field(None, description="Mean duration.")
    shift: Shift = Field(0.0, description="Added to every duration.")

    def value(self) -> Weibull:
        return Weibull(self.shape, weibull_scale(self.shape, self.scale, self.median, self.mean), self.shift)


class TruncatedNormalFamily(Family):
    """A normal cut off at both ends: `mean` and `sd` before they are, and the ends."""

    mean: Annotated[float, Days()] = Field(description="Mean before the ends are cut off.")
    sd: Annotated[float, Days(above_zero=True)] = Field(description="Standard deviation before the ends are cut off.")
    low: Annotated[float, Days()] = Field(0.0, description="No duration is shorter.")
    high: PositiveDays = Field(None, description="No duration is longer; without end unless given.")

    def value(self) -> TruncatedNormal:
        high = math.inf if self.high is None else self.high
        if self.low >= high:
            raise ValueError(f"found low {write_days(self.low)} and high {write_days(high)}; allowed: low below high")
        if share_between((self.low - self.mean) / self.sd, (high - self.mean) / self.sd) < LEAST_LEFT:
            raise ValueError("next to nothing of this normal lies between low and high; allowed: a mean near them")
        return TruncatedNormal(self.mean, self.sd, self.low, high)


def weibull_scale(shape: float, scale: float | None, median: float | None, mean: float | None) -> float:
    """The scale in days, from whichever of the three is given."""
    if scale is not None:
        return scale
    if median is not None:
        return bounded(median / math.log(2.0) ** (1.0 / shape))
    assert mean is not None
    return bounded(mean / math.gamma(1.0 + 1.0 / shape))


def bounded(days: float) -> float:
    """The days, or a ValueError where a parameter that follows from those given is out of bounds."""
    if not 0.0 < days <= MOST_DAYS:
        raise ValueError(f"the parameters lead to {days:.3g} d; allowed: above 0 d and at most {MOST_DAYS:.0e} d")
    return days


class DurationBlock(Block):
    """Exactly one family of distributions."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    lognormal: LognormalFamily | None = Field(None, description="Lognormal: {median: 19 d, sigma: 0.555, shift: 30 d}")
    triangular: Annotated[tuple[float, ...] | None, DayList(("low", "mode", "high"))] = Field(
        None, description="Triangular: [8 d, 9 d, 14 d]"
    )
    uniform: Annotated[tuple[float, ...] | None, DayList(("low", "high"))] = Field(
        None, description="Evenly spread: [2 d, 4 d]"
    )
    exponential: ExponentialFamily | None = Field(None, description="Exponential: {mean: 30 d}")
    gamma: GammaFamily | None = Field(None, description="Gamma: {mean: 42 d, shape: 4}")
    weibull: WeibullFamily | None = Field(None, description="Weibull: {shape: 1.5, median: 60 d}")
    truncated_normal: TruncatedNormalFamily | None = Field(
        None, description="A normal cut off at both ends: {mean: 21 d, sd: 3 d, low: 14 d}"
    )
    empirical: Annotated[tuple[float, ...] | None, OBSERVED_DAYS] = Field(
        None, description="Observed durations: a list, or a CSV file with one column 'days'"
    )

    def build(self, name: str, parameters: Any) -> Distribution:
        match name:
            case "triangular":
                return Triangular(*parameters)
            case "uniform":
                return Uniform(*parameters)
            case _:
                return Empirical(parameters)


class Duration(BlockKind):
    """A duration: `21 d`, or a block of one family."""

    def block(self) -> type[Block]:
        return DurationBlock

    def read_text(self, value: Any) -> Distribution:
        families = ", ".join(DurationBlock.model_fields)
        return Fixed(parse_days(value, f", or a distribution ({families})"))

    def describe_text(self) -> JsonSchema:
        return Days().describe()

    def write(self, value: Distribution | None) -> Any:
        return None if value is None else write_duration(value)


def write_duration(value: Distribution) -> Any:
    """A duration as YAML holds it, whichever way its parameters were given."""
    match value:
        case Fixed(days):
            return write_days(days)
        case Lognormal(median, sigma, shift):
            return _family("lognormal", {"median": write_days(median), "sigma": plain_number(sigma)}, shift)
        case Exponential(mean_days, shift):
            return _family("exponential", {"mean": write_days(mean_days)}, shift)
        case Gamma(mean_days, shape, shift):
            return _family("gamma", {"mean": write_days(mean_days), "shape": plain_number(shape)}, shift)
        case Weibull(shape, scale, shift):
            return _family("weibull", {"shape": plain_number(shape), "scale": write_days(scale)}, shift)
        case TruncatedNormal(mean_days, sd, low, high):
            told = {"mean": mean_days, "sd": sd, **({"low": low} if low else {})}
            told |= {} if math.isinf(high) else {"high": high}
            return {"truncated_normal": {name: write_days(days) for name, days in told.items()}}
        case Triangular(low, mode, high):
            return {"triangular": [write_days(low), write_days(mode), write_days(high)]}
        case Uniform(low, high):
            return {"uniform": [write_days(low), write_days(high)]}
        case Empirical(values):
            return {"empirical": [write_days(day) for day in values]}
        case _:
            raise TypeError(f"not a distribution of a scenario: {value}")


def _family(name: str, parameters: dict[str, Any], shift: float) -> dict[str, Any]:
    return {name: {**parameters, **({"shift": write_days(shift)} if shift else {})}}
