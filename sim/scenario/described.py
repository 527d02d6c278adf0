"""A YAML file that is one section and no scenario, such as the description of a register, read with all its faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sim.scenario.files import read_text
from sim.scenario.nodes import Branch, Node, parse_yaml, plain, walk
from sim.scenario.problems import Place, Problem, ScenarioError
from sim.scenario.section import Section

Found = TypeVar("Found", bound=Section)
Places = Mapping[tuple[str, ...], Place]


def read_tree(path: Path) -> tuple[Node | None, list[Problem]]:
    """(what a YAML file holds, what is wrong with how it is written). Raises ScenarioError where it cannot be read."""
    try:
        return parse_yaml(read_text(path), str(path))
    except ValueError as error:
        raise ScenarioError([Problem(Place(str(path), 0), "", str(error))]) from error


def read_described(
    path: Path, kind: type[Found], spelled_out: Callable[[Any], Any] = lambda data: data
) -> tuple[Found, Places]:
    """(the section, where each of its parts stands). Raises ScenarioError with every problem.

    `spelled_out`: makes of short ways to write something the long ones that the section knows.
    """
    tree, problems = read_tree(path)
    if not isinstance(tree, Branch):
        if not problems:
            problems = [Problem(Place(str(path), 1), "", f"allowed: {kind.allowed()}")]
        raise ScenarioError(problems)
    places = {inner: place for inner, place, _ in walk(tree)}
    found: Found | None = None
    try:
        found = kind.model_validate(spelled_out(plain(tree)))
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            where = tuple(str(step) for step in one["loc"])
            place = next((places[where[:n]] for n in range(len(where), 0, -1) if where[:n] in places), tree.place)
            problems.append(Problem(place, ".".join(where), one["msg"]))
    if problems or found is None:
        raise ScenarioError(sorted(problems, key=lambda problem: problem.place.line))
    return found, places
