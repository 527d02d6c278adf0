"""Points of an experiment: named overrides of one or several base scenarios, checked before anything runs."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO

from sim.experiment.disk.folder import FolderError
from sim.experiment.runs.limits import require_size
from sim.experiment.runs.replicate import Arm
from sim.experiment.runs.work import AHEAD, in_processes, settle
from sim.scenario import Loaded, Place, Problem, ScenarioError
from sim.scenario.problems import COMMAND_LINE, shorten
from sim.scenario.unused import why_unused
from sim.tables.words import counted

# So many different faults of points are told.
MOST_PROBLEMS = 50
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?(?!\w)")
# So many bytes of checked points stay in memory: some 350 of the shipped pair.
MOST_IN_MEMORY = 16 * 2**20
# So many points are looked at by several processes, so many of them at a time: each takes some 4 ms, and to unpack the
# scenarios, once each time, 15 ms.
POINTS_FOR_WORKERS, POINTS_AT_ONCE = 100, 50


@dataclass(frozen=True)
class Point:
    """One set of values: `overrides` by path as `--set` takes them, `values` what tables show of them by column.

    An override goes to every scenario that has a use for it; those of `own` to the scenario of that name alone. Points
    of one `parameter_set` have the same patients with the same luck.
    """

    number: int
    name: str
    overrides: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, float | str] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parameter_set: int = 0


@dataclass(frozen=True)
class Base:
    """The scenarios that points change, by name, the baseline first; never changed themselves."""

    scenarios: Mapping[str, Loaded]

    @property
    def names(self) -> tuple[str, ...]:
        """The scenarios, the baseline first."""
        return tuple(self.scenarios)

    @property
    def digests(self) -> dict[str, str]:
        """What each scenario is known by."""
        return {name: loaded.digest for name, loaded in self.scenarios.items()}

    def takers(self, path: str) -> tuple[str, ...]:
        """The scenarios that have a use for a value at this path; all of them where none has, so that it is refused."""
        keys = tuple(path.split("."))
        found = tuple(name for name, loaded in self.scenarios.items() if why_unused(keys, loaded.scenario) is None)
        return found or self.names

    def arms(self, point: Point) -> list[Arm]:
        """The scenarios at a point. Raises ScenarioError with all that is wrong with its values."""
        takers = {path: self.takers(path) for path in point.overrides}
        arms: list[Arm] = []
        problems: list[Problem] = []
        for name, loaded in self.scenarios.items():
            mine = [f"{path}={text}" for path, text in point.overrides.items() if name in takers[path]]
            mine += [f"{path}={text}" for path, text in point.own.get(name, {}).items()]
            try:
                scenario = loaded.scenario_with(mine) if mine else loaded.scenario
                arms.append(Arm(name, scenario, point.parameter_set))
            except ScenarioError as error:
                problems += [_placed(problem, loaded, point.own.get(name, {})) for problem in error.problems]
        if problems:
            raise ScenarioError(problems)
        return arms


def _placed(problem: Problem, loaded: Loaded, own: Mapping[str, str]) -> Problem:
    """A problem with a value drawn for one scenario, shown where that scenario's files have its distribution."""
    path = problem.place.file.removeprefix(f"{COMMAND_LINE} ")
    if path not in own or f"uncertainty.{path}" not in loaded.origins:
        return problem
    return Problem(Place(*loaded.origins[f"uncertainty.{path}"]), f"uncertainty.{path}", problem.message)


class CheckedArms:
    """The arms of points that have been checked, kept in a file until they are run: memory does not grow with them.

    A file of few points stays in memory.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._places: dict[int, tuple[int, int]] = {}

    def keep(self, number: int, packed: bytes) -> None:
        """Keep the arms of the point of that number, as `_packed` gives them."""
        try:
            first = self._file.seek(0, os.SEEK_END)
            self._places[number] = first, self._file.write(packed)
        except OSError as error:
            raise FolderError(f"{gettempdir()}: the points cannot be kept there ({error.strerror})") from error

    def packed(self, number: int) -> bytes:
        """The arms of the point of that number, as they travel to where they are run."""
        first, length = self._places[number]
        self._file.seek(first)
        return self._file.read(length)


def _packed(arms: Sequence[Arm]) -> bytes:
    """The arms with their protocols, which have been built for the check: that takes five times as long as packing."""
    return pickle.dumps(arms)


def unpacked(packed: bytes) -> list[Arm]:
    """The arms that `CheckedArms` keeps packed."""
    arms: list[Arm] = pickle.loads(packed)
    return arms


@contextmanager
def checked(base: Base, points: Sequence[Point], workers: int = 1) -> Iterator[CheckedArms]:
    """The arms of all points. Raises ScenarioError with what is wrong at the points, before any of them runs.

    `workers`: how many processes look at them, where they are many.
    """
    with SpooledTemporaryFile(MOST_IN_MEMORY) as file:
        arms = CheckedArms(file)
        require_valid(base, points, arms.keep, workers)
        yield arms


def require_valid(
    base: Base, points: Sequence[Point], then: Callable[[int, bytes], None] = lambda *_: None, workers: int = 1
) -> None:
    """Nothing, or a ScenarioError with what is wrong at the points; `then` hears of each point that is sound.

    Faults that differ in the numbers found are told once, as the first point has them, with how many points do.
    """
    wrong: dict[tuple[Place, str, str], list[tuple[Point, Problem]]] = {}
    looked = 0
    for point, found in zip(points, _looked_at(base, points, workers), strict=False):
        looked += 1
        if isinstance(found, bytes):
            then(point.number, found)
            continue
        mine: dict[tuple[Place, str, str], Problem] = {}
        for problem in found:
            mine.setdefault(_but_for_numbers(problem), problem)
        for alike, problem in mine.items():
            wrong.setdefault(alike, []).append((point, problem))
        if len(wrong) >= MOST_PROBLEMS:
            break
    if wrong:
        raise ScenarioError([_told_once(having, looked) for having in list(wrong.values())[:MOST_PROBLEMS]])


def _but_for_numbers(problem: Problem) -> tuple[Place, str, str]:
    return problem.place, problem.path, NUMBER.sub("#", problem.message)


def _told_once(having: Sequence[tuple[Point, Problem]], looked: int) -> Problem:
    """The problem of the first of the points that have it, and how many do of those looked at.

    A single point whose values were written, not drawn, is known by them.
    """
    point, problem = having[0]
    if len(having) == 1 and not point.own:
        return problem
    told = f"{problem.message} (at {len(having)} of {counted(looked, 'point')}, first at {shorten(point.name)})"
    return replace(problem, message=told)


def _looked_at(base: Base, points: Sequence[Point], workers: int) -> Iterator[bytes | list[Problem]]:
    """Of each point its arms, packed, or what is wrong with it."""
    if workers == 1 or len(points) < POINTS_FOR_WORKERS:
        yield from (_look_at(base, point) for point in points)
        return
    from joblib import delayed

    parts = (points[first : first + POINTS_AT_ONCE] for first in range(0, len(points), POINTS_AT_ONCE))
    with closing(in_processes((delayed(_look_at_all)(base, part) for part in parts), workers, AHEAD, True)) as found:
        for part in found:
            yield from part


def _look_at_all(base: Base, points: Sequence[Point]) -> list[bytes | list[Problem]]:
    found = [_look_at(base, point) for point in points]
    settle()
    return found


def _look_at(base: Base, point: Point) -> bytes | list[Problem]:
    try:
        arms = base.arms(point)
        require_size(arms, base.scenarios)
    except ScenarioError as error:
        return [_of_point(point, problem) for problem in error.problems]
    return _packed(arms)


def _of_point(point: Point, problem: Problem) -> Problem:
    """A problem with a value of the point itself stands where the point says so."""
    mine = problem.path in point.overrides or any(problem.path in own for own in point.own.values())
    return replace(problem, place=Place(f"{COMMAND_LINE} {problem.path}", 0)) if mine else problem


def paths_of(points: Iterable[Point]) -> list[str]:
    """Every path that some point changes, in the order of their first mention."""
    return list(dict.fromkeys(path for point in points for path in point.overrides))


def digest(points: Sequence[Point]) -> str:
    """A SHA-256 of what the points change, with which luck, and in which order."""
    content = [
        [
            point.number,
            list(point.overrides.items()),
            *([sorted(point.own.items())] if point.own else []),
            *([point.parameter_set] if point.parameter_set else []),
        ]
        for point in points
    ]
    return hashlib.sha256(json.dumps(content, default=dict, separators=(",", ":")).encode()).hexdigest()
