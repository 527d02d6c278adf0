"""Loading a scenario: files, inheritance and command line in, a checked frozen value out, or every problem at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.scenario.dropped import Dropped, Order, sort_unused, still_idle, told_apart, voided, without
from sim.scenario.evidence import EVIDENCE_FILE, read_evidence
from sim.scenario.inherit import Layer, Reading, read_layers
from sim.scenario.kinds import Kind, parse_date
from sim.scenario.leaves import Path as ValuePath
from sim.scenario.leaves import marker_at, values
from sim.scenario.merge import merge
from sim.scenario.never import Contradiction, contradictions, without_effect_in_time
from sim.scenario.nodes import Branch, Leaf, Node, plain, walk
from sim.scenario.overrides import parse_overrides
from sim.scenario.people import Run
from sim.scenario.problems import COMMAND_LINE, Place, Problem, ScenarioError
from sim.scenario.resolve import Difference, differences, digest, resolve, resolved_yaml
from sim.scenario.schema import Scenario
from sim.scenario.section import ABSENT, Named
from sim.scenario.sources import (
    WORDS,
    Parameter,
    check_entries,
    check_uncertainty,
    holding,
    list_parameters,
    read_entries,
    word_sources,
)
from sim.scenario.tails import beyond_the_last_row


@dataclass(frozen=True)
class Loaded:
    """A scenario and all that is known of it.

    `resolved`: the scenario in full, as YAML would hold it. `origins`: (file, line) of each value that a file holds,
    by path; line 0 for values set on the command line. `parameters`: one for each number, with its source. `dropped`:
    what was inherited and is left out, because a later value made it meaningless. `warnings`: what will never happen,
    and what nobody observed.
    """

    scenario: Scenario
    resolved: dict[str, Any]
    digest: str
    origins: Mapping[str, tuple[str, int]]
    path: Path
    parameters: tuple[Parameter, ...]
    overrides: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = ()
    tree: Branch = field(repr=False, compare=False, kw_only=True)
    layers: tuple[Layer, ...] = field(repr=False, compare=False, kw_only=True)
    evidence: Path = field(repr=False, compare=False, kw_only=True)

    @property
    def certain(self) -> tuple[Dropped, ...]:
        """The inputs whose distribution under `uncertainty` was written for another value than the one that holds."""
        return tuple(dropped for dropped in self.dropped if dropped.path[0] == "uncertainty")

    def with_overrides(self, overrides: Sequence[str]) -> Loaded:
        """The scenario with these values set on top of it; this one stays as it is."""
        return _build(self.path, self._reading(), tuple(overrides), self.overrides, self.evidence, self.dropped)

    def scenario_with(self, overrides: Sequence[str]) -> Scenario:
        """As `with_overrides`, checked alike, but the scenario alone: for the many points of a sweep."""
        problems: list[Problem] = []
        merged, scenario = _merge_and_check(self.path, self._reading(), tuple(overrides), problems, self.dropped)
        if problems or scenario is None:
            raise ScenarioError(sorted(problems, key=lambda p: _order(p, merged.layers)))
        return scenario

    def _reading(self) -> Reading:
        return Reading(self.tree, self.layers, (), complete=True)


def load(path: str | os.PathLike[str], overrides: Sequence[str] = (), *, evidence: Path = EVIDENCE_FILE) -> Loaded:
    """The scenario of a file with the values of `overrides` (`PATH=VALUE`) on top; a ScenarioError with all problems.

    `evidence`: the table whose ids `sources` may cite.
    """
    file = Path(path)
    reading = read_layers(file)
    if not reading.layers:
        raise ScenarioError(reading.problems)
    return _build(file, reading, tuple(overrides), (), evidence)


def compare_scenarios(a: Loaded, b: Loaded) -> list[Difference]:
    """The values that differ between two scenarios."""
    return differences(a.scenario, b.scenario, _used_nodes(a), _used_nodes(b))


def _used_nodes(loaded: Loaded) -> dict[ValuePath, tuple[Place, Node]]:
    """What the files say, without what was left out because it has no effect."""
    return _nodes(without(loaded.tree, [gone.path for gone in loaded.dropped]))


def write_resolved(loaded: Loaded) -> str:
    """YAML text that loads again to the same digest, without any other file, and keeps the sources."""
    entries = holding(read_entries(loaded.layers), [gone.path for gone in loaded.dropped if not gone.holds])
    words = word_sources(values(loaded.scenario), _used_nodes(loaded), loaded.layers, entries)
    return resolved_yaml(loaded.scenario, [*loaded.parameters, *words])


def _build(
    path: Path,
    reading: Reading,
    overrides: tuple[str, ...],
    earlier: tuple[str, ...],
    evidence_file: Path,
    likely: tuple[Dropped, ...] = (),
) -> Loaded:
    problems = list(reading.problems)
    merged, scenario = _merge_and_check(path, reading, overrides, problems, likely)
    tree, layers, nodes = merged.tree, merged.layers, _nodes(merged.used)
    entries = read_entries(layers)
    # with other faults about, a source may match nothing only because its number is missing
    if scenario is not None:
        cited = any(source not in WORDS for entry in entries for source in entry.source_ids)
        written = [p for layer in layers for p, _, _ in walk(layer.tree) if marker_at(p) is not None]
        known = [v.path for v in values(scenario)]
        evidence = read_evidence(evidence_file) if cited or scenario.uncertainty else {}
        problems.extend(check_entries(entries, known, written, evidence))
        problems.extend(check_uncertainty(scenario.uncertainty, nodes, evidence))
    if problems or scenario is None:
        raise ScenarioError(sorted(problems, key=lambda p: _order(p, layers)))
    entries = holding(entries, [gone.path for gone in merged.dropped if not gone.holds])
    parameters = list_parameters(values(scenario), nodes, layers, entries)
    return Loaded(
        scenario=scenario,
        resolved=resolve(scenario),
        digest=digest(scenario),
        origins=Named({".".join(p): (place.file, place.line) for p, (place, _) in nodes.items()}),
        path=path,
        parameters=parameters,
        overrides=(*earlier, *overrides),
        dropped=merged.dropped,
        warnings=(*without_effect_in_time(scenario, tree, layers), *beyond_the_last_row(scenario)),
        tree=tree,
        layers=layers,
        evidence=evidence_file,
    )


@dataclass(frozen=True)
class _Merged:
    """Files and command line merged: `used` is the tree without what a later layer made useless."""

    tree: Branch
    used: Branch
    layers: tuple[Layer, ...]
    dropped: tuple[Dropped, ...] = ()


def _merge_and_check(
    path: Path,
    reading: Reading,
    overrides: tuple[str, ...],
    problems: list[Problem],
    likely: tuple[Dropped, ...],
) -> tuple[_Merged, Scenario | None]:
    """(the overrides merged over what was read, the checked scenario); what is wrong is added to `problems`.

    `likely`: what was left out before these overrides; where it is still without effect, one check is enough.
    """
    tree, layers = reading.tree, reading.layers
    for layer in parse_overrides(overrides, path, problems, 1 + max((layer.command for layer in layers), default=0)):
        tree = merge(tree, layer.tree)
        layers = (*layers, layer)
    order = Order(layers)
    # places in sections that a command line touched still name the file
    top = Branch(Place(str(path), 1), tree.entries, tree.keys)
    certain = voided(top, order)
    top = without(top, [gone.path for gone in certain])

    def check(used: Branch, found: list[Problem]) -> Scenario | None:
        return _validate(used, found, reading.complete, reading.tree if overrides else used)

    left_out = tuple(one for one in likely if order.is_older(top, one.path))
    first = without(top, [one.path for one in left_out])
    scenario = check(first, []) if left_out else None
    if scenario is None or not still_idle(scenario, left_out):
        left_out, first = (), top
        scenario = check(top, problems)
    if scenario is None:
        return _Merged(tree, top, layers, certain), None
    found = sort_unused(scenario, first, order)
    problems += found.refused
    dropped, more, before = found.dropped, found.dropped, scenario
    # what is left out may leave more without effect
    while more and not found.refused and scenario is not None:
        first = without(first, [one.path for one in more])
        scenario = check(first, problems)
        if scenario is not None:
            more = sort_unused(scenario, first, order).dropped
            dropped = (*dropped, *more)
    if scenario is not None and not found.refused:
        dropped = told_apart(dropped, before, scenario)
        problems += [_contradicted(first, one, order) for one in contradictions(scenario)]
    return _Merged(tree, first, layers, (*left_out, *dropped, *certain)), scenario


def _contradicted(tree: Branch, found: Contradiction, order: Order) -> Problem:
    """The contradiction at its place, and where the last of the other values was written, if that is elsewhere."""
    nodes = _nodes(tree)
    place = _place(found.path, nodes, tree.place)
    there = [nodes[path] for path in found.because if path in nodes]
    written = [when for key, node in there if (when := order.last(node, key)) is not None]
    last = max(written, key=lambda when: when[0], default=None)
    hint = f" ({last[1]})" if last is not None and last[1].file != place.file else ""
    return Problem(place, ".".join(found.path), f"{found.message}{hint}")


def _nodes(tree: Branch) -> dict[ValuePath, tuple[Place, Node]]:
    return {path: (place, node) for path, place, node in walk(tree)}


def _validate(tree: Branch, problems: list[Problem], complete: bool, files: Branch) -> Scenario | None:
    """The checked scenario; None, and more problems, where it has faults.

    `complete`: whether every file could be read; else nothing is said of what may stand in a missing one. `files`: the
    tree without the command line: a fault that is there already names the file, whatever was set beside it.
    """
    found = _checked(tree)
    if isinstance(found, Scenario):
        return found
    before = () if files is tree else _checked(files)
    old = () if isinstance(before, Scenario) else tuple((path, message) for path, message, _ in before)
    nodes, file_nodes = _nodes(tree), _nodes(files)
    for path, message, is_absent in found:
        if is_absent and not complete:
            continue
        is_old = (path, message) in old
        place = _place(path, file_nodes if is_old else nodes, tree.place)
        hint = "" if is_old else _others(path, nodes, place)
        problems.append(Problem(place, ".".join(step or "''" for step in path), message + hint))
    return None


def _checked(tree: Branch) -> Scenario | list[tuple[ValuePath, str, bool]]:
    """The scenario, or its faults: (path, message, whether something is missing)."""
    try:
        return Scenario.model_validate(plain(tree), context={"start": _start(tree)})
    except ValidationError as error:
        return [
            (tuple(str(step) for step in found["loc"]), found["msg"], found["type"] == ABSENT)
            for found in error.errors(include_url=False, include_input=False)
        ]


def _others(path: ValuePath, nodes: Mapping[ValuePath, tuple[Place, Node]], place: Place) -> str:
    """Where else the parts of a faulty section were written, if they come from several files or the command line."""
    _, node = nodes.get(path, (place, None))
    if not isinstance(node, Branch) or isinstance(marker_at(path), Kind):
        return ""
    parts = [where for _, where, inner in walk(node) if isinstance(inner, Leaf)]
    others = {where.file: where for where in reversed(parts) if where.file != place.file}
    return f" (with {', '.join(map(str, others.values()))})" if others else ""


def _start(tree: Branch) -> date | None:
    """The date of day 0; None where what is written is no date."""
    run = tree.entries.get("run")
    written = run.entries.get("start") if isinstance(run, Branch) else None
    if written is None:
        default: date = Run.model_fields["start"].default
        return default
    try:
        return parse_date(written.value if isinstance(written, Leaf) else None)
    except ValueError:
        return None


def _place(path: ValuePath, nodes: Mapping[ValuePath, tuple[Place, Node]], top: Place) -> Place:
    """The place of a value, or of the innermost section around it that a file holds."""
    for length in range(len(path), 0, -1):
        if path[:length] in nodes:
            return nodes[path[:length]][0]
    return top


def _order(problem: Problem, layers: Sequence[Layer]) -> tuple[int, int]:
    """Problems of the file itself first, then of those it extends, then of the command line; by line."""
    files = [layer.file for layer in layers]
    file = problem.place.file
    if file.startswith(f"{COMMAND_LINE} "):
        return len(files) + 2, 0
    return (len(files) - files.index(file) if file in files else len(files) + 1), problem.place.line
