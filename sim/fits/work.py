"""What a fit comes to, and what has been found of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.fits.numbers import Number, Row


@dataclass(frozen=True)
class CurveRow:
    """A point of an observed curve and of the fitted one."""

    path: str
    curve: str
    day: float
    observed: float
    low: float
    high: float
    at_risk: int
    fitted: float


@dataclass(frozen=True)
class Fitted:
    """What was fitted: numbers of the scenario, checks that are no inputs, curves, quantiles, and covariances."""

    numbers: tuple[Number, ...]
    checks: tuple[Row, ...]
    curves: tuple[CurveRow, ...]
    quantiles: tuple[tuple[str, float, float, float], ...]
    covariance: tuple[tuple[str, str, float], ...]
    warnings: tuple[str, ...]


@dataclass
class Work:
    """What has been found so far."""

    numbers: list[Number] = field(default_factory=list)
    checks: list[Row] = field(default_factory=list)
    curves: list[CurveRow] = field(default_factory=list)
    quantiles: list[tuple[str, float, float, float]] = field(default_factory=list)
    covariance: list[tuple[str, str, float]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
