"""Designs: which points a sweep runs, from the factors that it varies.

The sampled designs come from SciPy and SALib, seeded, so that one sweep file always gives the same points.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.experiment.asked import OptionError
from sim.experiment.runs.work import LibraryMissingError
from sim.experiment.sweep.factors import Factor, number_of, one_by_one
from sim.experiment.sweep.points import Point
from sim.pure.arrays import FloatArray
from sim.tables.words import counted

SAMPLED = ("latin_hypercube", "sobol", "morris")
MOST_POINTS = 1_000_000
MORRIS_LEVELS = 4
DEFAULT_SAMPLES = {"latin_hypercube": 100, "sobol": 64, "morris": 10}


@dataclass(frozen=True, eq=False)
class Design:
    """The points of a sweep. Of a sampled design, `shares`: each point's place in the unit cube (points, factors)."""

    kind: str
    factors: tuple[Factor, ...]
    points: tuple[Point, ...]
    shares: FloatArray | None = None
    seed: int = 0
    samples: int = 0

    @property
    def problem(self) -> dict[str, object]:
        """The factors as SALib wants them."""
        return salib_problem(self.factors)


def build_design(
    kind: str,
    factors: Sequence[Factor],
    variants: Mapping[str, Mapping[str, str]],
    samples: int | None = None,
    seed: int = 0,
) -> Design:
    """The design of that kind; variants, points with a name of their own, stand behind its points.

    `samples`: points of a Latin hypercube, base samples of a Sobol design (times factors + 2), trajectories of Morris
    (times factors + 1). Raises ValueError, an OptionError where it is the samples, and LibraryMissingError in words for
    the user.
    """
    if samples is not None and kind not in SAMPLED:
        told = f"takes no samples, as its values say which points it has; allowed with {', '.join(SAMPLED)}"
        raise OptionError("samples", told)
    if not factors and kind != "grid":
        raise ValueError("found nothing to vary; allowed with variants alone: grid")
    shares = None
    size = samples or DEFAULT_SAMPLES.get(kind, 0)
    if not factors:
        rows: list[dict[str, str]] = []
    elif kind == "grid":
        rows = _grid(factors)
    elif kind == "one_at_a_time":
        rows = _one_at_a_time(factors)
    else:
        _require_bearable(size * (len(factors) + 2) if kind != "latin_hypercube" else size)
        shares = _shares(kind, factors, size, seed)
        rows = [{f.path: f.at(s) for f, s in zip(factors, row, strict=True)} for row in shares.tolist()]
    named = [("", row) for row in rows] + [(name, dict(values)) for name, values in variants.items()]
    points = tuple(point_of(number, row, name) for number, (name, row) in enumerate(named))
    return Design(kind, tuple(factors), points, shares, seed, size)


def point_of(number: int, row: Mapping[str, str], name: str = "") -> Point:
    """The point with these values, under a name of its own or that of its values."""
    named = name or ", ".join(f"{path}={text}" for path, text in row.items()) or "base"
    return Point(number, named, dict(row), {path: number_of(text) for path, text in row.items()})


def _require_bearable(count: int) -> None:
    if count > MOST_POINTS:
        raise ValueError(f"found {counted(count, 'point')}; allowed: at most {MOST_POINTS}")


def _grid(factors: Sequence[Factor]) -> list[dict[str, str]]:
    factors = [one_by_one(factor) for factor in factors]
    _require_bearable(math.prod(len(factor.levels) for factor in factors))
    rows = itertools.product(*(factor.levels for factor in factors))
    return [{f.path: text for f, text in zip(factors, row, strict=True)} for row in rows]


def _one_at_a_time(factors: Sequence[Factor]) -> list[dict[str, str]]:
    """The base first, then each factor at each of its values, the others as in the base."""
    base = {factor.path: factor.base for factor in factors if factor.base is not None}
    rows = [base]
    for factor in factors:
        levels = factor.levels or factor.ends
        rows += [{**base, factor.path: text} for text in levels if text != factor.base]
    return rows


def _shares(kind: str, factors: Sequence[Factor], size: int, seed: int) -> FloatArray:
    if kind == "latin_hypercube":
        from scipy.stats.qmc import LatinHypercube

        return np.asarray(LatinHypercube(len(factors), rng=np.random.default_rng(seed)).random(size))
    if kind == "sobol" and size & (size - 1):
        told = f"found {counted(size, 'sample')}; allowed: a power of 2 for a Sobol design, such as 64"
        raise OptionError("samples", told)
    problem = salib_problem(factors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from SALib.sample import morris, sobol
        except ModuleNotFoundError as error:
            raise LibraryMissingError(
                f"a design {kind} needs SALib: pip install SALib ({error.name} is not installed)"
            ) from error
        if kind == "sobol":
            return np.asarray(sobol.sample(problem, size, calc_second_order=False, seed=seed))
        return np.asarray(morris.sample(problem, size, num_levels=MORRIS_LEVELS, seed=seed))


def salib_problem(factors: Sequence[Factor]) -> dict[str, object]:
    """The factors as SALib wants them, each from 0 to 1."""
    return {
        "num_vars": len(factors),
        "names": [factor.path for factor in factors],
        "bounds": [[0.0, 1.0]] * len(factors),
    }
