"""Which combinations of a large grid to try: an optimiser proposes, nothing is promised of the rest.

Optuna (MIT licence; Akiba et al. 2019, doi:10.1145/3292500.3330701), its tree-structured Parzen estimator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sim.experiment.plan.search import Observe
from sim.experiment.plan.space import Space
from sim.experiment.runs.work import LibraryMissingError
from sim.tables.words import counted

# Asked for again so many times as often as combinations are wanted, as it may repeat itself.
PATIENCE = 5
FAR = 1e9


def require_optimiser(size: int, most: int) -> None:
    """Nothing, or a LibraryMissingError where the optimiser is not installed."""
    try:
        import optuna  # noqa: F401 (whether it can be)
    except ModuleNotFoundError as error:
        raise LibraryMissingError(
            f"{counted(size, 'combination')} are more than the {most} that are run one by one (--evaluations), and to "
            f"propose which of them to run takes Optuna: pip install optuna ({error.name} is not installed)"
        ) from error


def optimiser() -> str:
    """The optimiser and its version, as results name it."""
    import optuna

    return f"Optuna {optuna.__version__}, TPE"


def propose(space: Space, zones: Sequence[float], observe: Observe, first: int, most: int, seed: int) -> list[int]:
    """The numbers of at most so many combinations, each tried with `first` replications: the corners of the grid, then
    what the optimiser takes to be cheap and to keep to the targets.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    ranges: dict[str, Any] = {
        path: optuna.distributions.IntDistribution(0, len(lever.levels) - 1)
        for path, lever in zip(space.paths, space.levers, strict=True)
    }
    for corner in (0, space.size - 1):
        study.enqueue_trial(dict(zip(space.paths, space.places(corner), strict=True)))
    misses: dict[int, list[float]] = {}
    miss_of = _misses(zones, observe, first)
    for _ in range(PATIENCE * most):
        if len(misses) == min(most, space.size):
            break
        trial = study.ask(ranges)
        number = space.number([trial.params[path] for path in space.paths])
        if number not in misses:
            misses[number] = miss_of(number)
        for place, miss in enumerate(misses[number]):
            trial.set_constraint(str(place), miss)
        study.tell(trial, space.cost(number))
    return sorted(misses)


def _misses(zones: Sequence[float], observe: Observe, first: int) -> Callable[[int], list[float]]:
    """By how many zones a combination misses each target, on average; far where that is not known."""

    def of(number: int) -> list[float]:
        (excess,) = observe([number], first)
        with np.errstate(invalid="ignore"):
            seen = ~np.isnan(excess)
            total = np.where(seen, excess, 0.0).sum(axis=0)
        means = np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), FAR) / np.asarray(zones)
        return [float(value) for value in np.clip(np.nan_to_num(means, nan=FAR), -FAR, FAR)]

    return of
