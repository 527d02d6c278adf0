"""What is known of a calibrated value before: `--vary PATH=LOW:HIGH`, and its distribution in the file, if any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sim.experiment.sweep.factors import Factor, number_of, parse_factor
from sim.pure.arrays import FloatArray
from sim.scenario import Loaded, Place, Problem, ScenarioError
from sim.scenario.amounts import Amount
from sim.scenario.leaves import is_whole_at
from sim.scenario.schema import NOT_IN_DIGEST
from sim.scenario.uncertainty import Uncertain, marginal

ALLOWED = "allowed: PATH=LOW:HIGH, such as manufacturing.slots.count=1:6"
# Less of a prior than this inside its range, and the range is not meant for it.
LEAST_INSIDE = 1e-3
# Of more whole numbers than this, neighbours are as good as continuous.
FEW = 12


@dataclass(frozen=True)
class Prior:
    """The prior of one value: uniform from `low` to `high`, or `known` between them.

    `chances`: of `known`, how much lies below either end.
    """

    path: str
    low: Amount
    high: Amount
    known: Uncertain | None = None
    chances: tuple[float, float] = (0.0, 1.0)

    @property
    def unit(self) -> str:
        """As it stands behind the numbers, "" where there is none."""
        return self.low.unit

    @property
    def is_whole(self) -> bool:
        """Whether the scenario counts it."""
        return is_whole_at(tuple(self.path.split(".")))

    @property
    def levels(self) -> int:
        """How many whole numbers it can be, where these are few; else 0."""
        count = int(self.high.number - self.low.number) + 1 if self.is_whole else 0
        return count if count <= FEW else 0

    @property
    def family(self) -> str:
        """Its family in a word."""
        return "uniform" if self.known is None else self.known.family

    def numbers(self, shares: FloatArray) -> FloatArray:
        """The values, in the prior's unit, below which these shares of it lie."""
        low, high = self.low.number, self.high.number
        if self.known is not None:
            first, last = self.chances
            return np.clip(self.known.quantile(first + shares * (last - first)) / self._unit_of_known(), low, high)
        if self.is_whole:
            return np.minimum(low + np.floor(shares * (high - low + 1.0)), high)
        return np.asarray(low + shares * (high - low))

    def text(self, number: float) -> str:
        """A value as a scenario file has it."""
        return Amount(number, self.unit).text()

    def _unit_of_known(self) -> float:
        assert self.known is not None
        theirs, ours = number_of(f"1 {self.known.unit}".strip()), number_of(f"1 {self.unit}".strip())
        assert isinstance(theirs, float)
        assert isinstance(ours, float)
        return ours / theirs


def parse_ranges(texts: Sequence[str]) -> list[Factor]:
    """The range of each `PATH=LOW:HIGH`. Raises ScenarioError with what is wrong and what is allowed."""
    found: list[Factor] = []
    for text in texts:
        path = text.partition("=")[0].strip()
        try:
            factor = parse_factor(text)
            if factor.low is None or factor.high is None or factor.levels:
                raise ValueError(f"found {text.partition('=')[2].strip()!r}; {ALLOWED}")
            ends = (factor.low.number, factor.high.number)
            if is_whole_at(tuple(path.split("."))) and ends != (int(ends[0]), int(ends[1])):
                raise ValueError(f"found {ends[0]:g} to {ends[1]:g}; allowed: whole numbers")
            if path.partition(".")[0] in (*NOT_IN_DIGEST, "run", "uncertainty"):
                raise ValueError("is nothing that a simulated hospital has; allowed: values of its path and its people")
        except ValueError as error:
            raise _wrong(path, str(error)) from error
        if any(factor.path == other.path for other in found):
            raise _wrong(path, "given twice; allowed: each path once")
        found.append(factor)
    return found


def priors_of(factors: Sequence[Factor], loaded: Loaded, is_known: Callable[[Uncertain], bool]) -> list[Prior]:
    """The prior of each range. `is_known`: whether a distribution rests on what is calibrated to, so that it would
    count twice; then the range alone holds.

    Raises ScenarioError where next to nothing of a distribution lies in its range.
    """
    found = []
    for factor in factors:
        assert factor.low is not None
        assert factor.high is not None
        prior = Prior(factor.path, factor.low, factor.high)
        stated = loaded.scenario.uncertainty
        known = marginal(factor.path, stated) if factor.path in stated else None
        if known is not None and not prior.is_whole and not is_known(known):
            prior = Prior(factor.path, factor.low, factor.high, known)
            unit = prior._unit_of_known()
            first, last = (_chance(known, end.number * unit) for end in (factor.low, factor.high))
            if last - first < LEAST_INSIDE:
                raise _wrong(
                    factor.path,
                    f"next to nothing of its distribution in `uncertainty` ({known.family}) lies from "
                    f"{factor.low.text()} to {factor.high.text()}; allowed: a range around its value",
                )
            prior = Prior(factor.path, factor.low, factor.high, known, (first, last))
        found.append(prior)
    return found


def _wrong(path: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(f"--vary {path}", 0), "", message)])


def _chance(known: Uncertain, value: float) -> float:
    """How much of a distribution lies below a value, by bisection of its quantiles."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if float(known.quantile(np.array([middle]))[0]) < value:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def beside(uncertain: Iterable[str], priors: Sequence[Prior]) -> Iterator[str]:
    """The uncertain inputs that have nothing to do with a calibrated value."""
    for path in uncertain:
        if not any(f"{path}.".startswith(f"{p.path}.") or f"{p.path}.".startswith(f"{path}.") for p in priors):
            yield path
