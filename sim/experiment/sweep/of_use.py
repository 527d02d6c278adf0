"""What a sweep cannot vary, and what is set beside it for nothing: refused before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sim.experiment.sweep.points import Base, Point, paths_of
from sim.scenario import Place, Problem, ScenarioError
from sim.scenario.problems import COMMAND_LINE
from sim.scenario.schema import NOT_IN_DIGEST

TOLD = (*NOT_IN_DIGEST, "extends", "schema")
COUNT = "run.replications"


def require_of_use(base: Base, points: Sequence[Point], places: Mapping[str, tuple[Place, str]]) -> None:
    """That every path that is varied is one of the simulation, and that no value set in the command is varied away.

    `places`: where each path is varied. Raises ScenarioError with all that is wrong.
    """
    if problems := [Problem(*places.get(path, (Place("vary", 0), path)), said) for path, said in _faults(base, points)]:
        raise ScenarioError(problems)


def _faults(base: Base, points: Sequence[Point]) -> Iterator[tuple[str, str]]:
    everywhere = set.intersection(*(set(point.overrides) for point in points)) if points else set()
    for path in paths_of(points):
        if path.partition(".")[0] in TOLD:
            yield path, "is no input of the simulation; allowed: values that patients, products or results depend on"
        elif path == COUNT:
            yield path, "is not read here: every point has as many; allowed: the option replications"
        elif path in everywhere and (moot := _set_for_nothing(base, points, path)):
            yield path, f"is varied at every point, and {moot} is set as well, for nothing; allowed: one of the two"


def _set_for_nothing(base: Base, points: Sequence[Point], path: str) -> str:
    """A path set in the command whose value every point replaces; empty where there is none."""
    if any(point.overrides[path].lstrip().startswith("{") for point in points):
        return ""  # a section is merged into what is there
    for loaded in base.scenarios.values():
        for own, (file, _) in loaded.origins.items():
            if file.startswith(COMMAND_LINE) and (own == path or own.startswith(f"{path}.")):
                return own
    return ""
