"""What information is worth: `evppi.csv`, and what of the inputs no distribution speaks of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.asked import option
from sim.experiment.psa.studies import parse_study
from sim.experiment.runs.work import LibraryMissingError
from sim.experiment.study.economics_tables import unit_of
from sim.experiment.sweep.points import Base, Point
from sim.outcomes.decisions import net_benefit
from sim.outcomes.economic_quantities import MONEY
from sim.outcomes.information import SEED, Worth, information_on_group, information_on_one
from sim.pure.arrays import FloatArray
from sim.pure.discounting import DAYS_PER_YEAR
from sim.scenario import Loaded
from sim.scenario.problems import did_you_mean, show
from sim.scenario.sources import ASSUMPTION
from sim.scenario.uncertainty import CHOSEN, is_in
from sim.tables.words import counted

ONE, GROUP, HELD = "one input", "group", "not assessed: held fixed"
# Nothing that a study could find out.
METHOD = (*CHOSEN, "economics.conversion")
YEARS = 10


@dataclass(frozen=True)
class Population:
    """Patients a year for whom a decision stands, and for how many years."""

    a_year: float
    years: int = YEARS

    def patients(self, rate: float, after: float = 0.0) -> float:
        """How many from so many years on, those of later years discounted at the annual rate."""
        within = (min(max(year + 1.0 - after, 0.0), 1.0) for year in range(self.years))
        return float(sum(part * self.a_year / (1.0 + rate) ** year for year, part in enumerate(within)))


@dataclass(frozen=True)
class Wanted:
    """What is asked of an analysis beside its samples.

    `groups`: paths, or beginnings of paths, by name. `studies`: as they were written.
    """

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    population: Population | None = None
    studies: tuple[str, ...] = ()


def parse_groups(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The groups of `NAME=PATH,PATH`; a ValueError that says what is allowed."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, paths = (part.strip() for part in text.partition("="))
        listed = tuple(path.strip() for path in paths.split(","))
        if not equals or not name or not all(listed):
            allowed = "NAME=PATH,PATH, uncertain inputs or beginnings of them, such as utilities=economics.utilities"
            raise ValueError(f"found {show(text)}; allowed: {allowed}")
        if name in found:
            raise ValueError(f"found {show(name)} twice; allowed: each name once")
        if twice := next((path for path in listed if listed.count(path) > 1), None):
            raise ValueError(f"found {show(twice)} twice in {show(name)}; allowed: each path once")
        found[name] = listed
    return found


def members(paths: Sequence[str], columns: Sequence[str]) -> list[str]:
    """The columns of inputs that the paths of a group mean; a ValueError where one means none."""
    found: list[str] = []
    for path in paths:
        mine = [c for c in columns if (of := c.partition(" (")[0]) == path or of.startswith(path + ".")]
        if not mine:
            inputs = [c.partition(" (")[0].split(".") for c in columns]
            known = list(dict.fromkeys(".".join(steps[:k]) for steps in inputs for k in range(len(steps), 0, -1)))
            told = did_you_mean(path, known, "uncertain")
            raise ValueError(f"found {show(path)}, which is no uncertain input here{told}")
        found += [column for column in mine if column not in found]
    return found


def require_known(wanted: Wanted, base: Base, points: Sequence[Point]) -> None:
    """Nothing, or an OptionError where a group or study is of no uncertain input; LibraryMissingError."""
    columns = list(drawn_inputs(base, points))
    with option("study"):
        for text in wanted.studies:
            study = parse_study(text)
            if len(members([study.path], columns)) != 1:
                raise ValueError(f"found a study of {show(study.path)}, which is several inputs here; allowed: one")
        if len(set(wanted.studies)) < len(wanted.studies):
            raise ValueError("found a study twice; allowed: each once")
    with option("group"):
        for name, paths in wanted.groups.items():
            if len(members(paths, columns)) < 2:
                raise ValueError(f"found the group {show(name)} of one input, which stands in the table by itself")
    if wanted.groups:
        _require_scikit_learn()


def _require_scikit_learn() -> None:
    try:
        import sklearn  # noqa: F401 (whether it can be)
    except ModuleNotFoundError as error:
        raise LibraryMissingError(
            f"the value of information on a group (--group) needs scikit-learn: pip install scikit-learn "
            f"({error.name} is not installed)"
        ) from error


def drawn_inputs(base: Base, points: Sequence[Point]) -> dict[str, FloatArray]:
    """The values drawn of each input by its column; not of one that has another's value."""
    copies = {
        path
        for loaded in base.scenarios.values()
        for path, one in loaded.scenario.uncertainty.items()
        if one.same_as in loaded.scenario.uncertainty
    }
    return {
        column: np.array([float(point.values[column]) for point in points])
        for column in points[0].values
        if column.partition(" (")[0] not in copies
    }


def evppi_table(
    base: Base, points: Sequence[Point], costs: FloatArray, effects: FloatArray, wanted: Wanted
) -> pd.DataFrame:
    """`evppi.csv`: single inputs and groups at each willingness to pay, then each input that was held fixed."""
    loaded = base.scenarios[base.names[0]]
    economics = loaded.scenario.economics
    assert economics is not None
    people = None if wanted.population is None else wanted.population.patients(economics.discount.costs)
    if wanted.groups:
        _require_scikit_learn()
    inputs = drawn_inputs(base, points)
    amounts = np.array(economics.willingness_to_pay)
    benefits = dict(zip(amounts.tolist(), net_benefit(costs, effects, amounts), strict=True))
    rows: list[dict[str, Any]] = []

    def add(name: str, kind: str, of: Sequence[str], amount: float, worth: Worth) -> None:
        rows.append(
            {
                "input": name,
                "kind": kind,
                "members": "; ".join(of),
                "willingness_to_pay": amount,
                "unit": unit_of(loaded, MONEY),
                "evppi": worth.value,
                "standard_error": worth.error,
                "population_evppi": None if people is None else people * worth.value,
            }
        )

    for amount, benefit in benefits.items():
        for column, values in inputs.items():
            add(column, ONE, [column], amount, information_on_one(benefit, values))
        for name, paths in wanted.groups.items():
            mine = members(paths, list(inputs))
            together = np.column_stack([inputs[column] for column in mine])
            add(name, GROUP, mine, amount, information_on_group(benefit, together))
    for path in held_fixed(base):
        rows.append({"input": path, "kind": HELD, "members": path, "unit": unit_of(loaded, MONEY)})
    return pd.DataFrame(rows)


def evsi_table(
    base: Base, points: Sequence[Point], costs: FloatArray, effects: FloatArray, wanted: Wanted
) -> pd.DataFrame | None:
    """`evsi.csv`: each study at each willingness to pay; None without one.

    The population has the patients from the study's result on, counted from the first patient enrolled.
    """
    loaded = base.scenarios[base.names[0]]
    economics = loaded.scenario.economics
    assert economics is not None
    inputs = drawn_inputs(base, points)
    amounts = np.array(economics.willingness_to_pay)
    rows = []
    for study in map(parse_study, wanted.studies):
        (column,) = members([study.path], list(inputs))
        seen = study.summary(inputs[column], np.random.default_rng(SEED))
        after = study.result_after / DAYS_PER_YEAR
        people = None if wanted.population is None else wanted.population.patients(economics.discount.costs, after)
        for amount, benefit in zip(amounts.tolist(), net_benefit(costs, effects, amounts), strict=True):
            worth = information_on_one(benefit, seen)
            rows.append(
                {
                    "input": study.path,
                    "patients": study.patients,
                    "data_model": study.model,
                    "enrolment_days": study.enrolment,
                    "follow_up_days": study.follow_up,
                    "sd": study.sd or None,
                    "result_after_days": study.result_after,
                    "willingness_to_pay": amount,
                    "unit": unit_of(loaded, MONEY),
                    "evsi": worth.value,
                    "standard_error": worth.error,
                    "population_evsi": None if people is None else people * worth.value,
                }
            )
    return pd.DataFrame(rows) if rows else None


def held_fixed(base: Base, only_assumptions: bool = False) -> list[str]:
    """The paths of numbers of any scenario that no distribution speaks of; the choices of method are not among them."""
    return list(
        dict.fromkeys(
            parameter.path
            for loaded in base.scenarios.values()
            for parameter in loaded.parameters
            if not _speaks_of(loaded, parameter.path)
            and not any(is_in(parameter.path, part) for part in METHOD)
            and (not only_assumptions or ASSUMPTION in parameter.source_ids)
        )
    )


def _speaks_of(loaded: Loaded, path: str) -> bool:
    return any(is_in(uncertain, path) or is_in(path, uncertain) for uncertain in loaded.scenario.uncertainty)


def fixed_warning(base: Base) -> list[str]:
    """A sentence on the assumptions that are held fixed, the first of them named."""
    fixed = held_fixed(base, only_assumptions=True)
    if not fixed:
        return []
    told = ", ".join(fixed[:3]) + (f" and {len(fixed) - 3} more (evppi.csv)" if len(fixed) > 3 else "")
    return [
        f"{counted(len(fixed), 'assumed input has', 'assumed inputs have')} no distribution, so no figure shows what "
        f"is uncertain in that: {told}"
    ]


def shift_warnings(table: pd.DataFrame, samples: int) -> list[str]:
    """A sentence for the inputs of which the draws have another mean than the base case has a value.

    Told from one per cent of the value on, where chance would show so much in one of all inputs in 0.3% of analyses.
    """
    from scipy.special import stdtrit

    chance = float(stdtrit(samples - 1, 1.0 - 0.0027 / 2.0 / max(len(table), 1)))
    gap = (table["mean_drawn"] - table["base_value"]).astype(float)
    clear = (gap.abs() > chance * table["mean_error"]) & (gap.abs() > 0.01 * table["base_value"].abs())
    shifted = table[clear].drop_duplicates("path")
    if shifted.empty:
        return []
    first = [f"{row.path} {row.mean_drawn:.4g} instead of {row.base_value:.4g}" for row in shifted.head(3).itertuples()]
    more = f" and {len(shifted) - 3} more (uncertain_inputs.csv)" if len(shifted) > 3 else ""
    why = (
        "; a lognormal by its median has a higher mean"
        if shifted["distribution"].str.contains("lognormal").any()
        else ""
    )
    return [
        f"the draws of {counted(len(shifted), 'input has', 'inputs have')} another mean than the base case: "
        f"{', '.join(first)}{more}{why}"
    ]
