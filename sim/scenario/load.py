"""Loading a scenario: files, inheritance and command line in, a checked frozen value out, or every problem at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

from sim.scenario.alike import Alike, alike
from sim.scenario.as_waiting import kept_words, with_values_of_waiting
from sim.scenario.dropped import Dropped, Order, sort_unused, still_idle, told_apart, voided, without
from sim.scenario.evidence import EVIDENCE_FILE, read_evidence
from sim.scenario.faults import Nodes, checked, nodes_of, place_at, read_tree
from sim.scenario.in_time import without_effect_in_time
from sim.scenario.inherit import Layer, Reading, read_layers, read_text_layers, toxicity_for
from sim.scenario.leaves import Value, is_whole_at, marker_at, values
from sim.scenario.merge import at_once, held, in_vain, merge
from sim.scenario.never import Contradiction, contradictions
from sim.scenario.nodes import Branch, Leaf, walk
from sim.scenario.overrides import parse_overrides
from sim.scenario.problems import COMMAND_LINE, Place, Problem, ScenarioError
from sim.scenario.resolve import Difference, differences, digest, mapping_text, resolve, resolved_yaml
from sim.scenario.schema import Scenario
from sim.scenario.section import Named
from sim.scenario.sources import (
    WORDS,
    Known,
    Parameter,
    check_entries,
    check_uncertainty,
    holding,
    list_parameters,
    read_entries,
    taken_away,
    word_sources,
)
from sim.scenario.tails import beyond_the_last_row
from sim.scenario.uncertainty import CHOSEN, is_in, marginal
from sim.scenario.unused import why_unused

# What a scenario that stands in no file is called.
MAPPING = "mapping"


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
    # how scenarios like that of the latest `scenario_with` are read
    _alike: list[Alike] = field(init=False, default_factory=list, repr=False, compare=False)

    @property
    def shown(self) -> str:
        """How its file is called in messages."""
        return self.tree.place.file

    @property
    def certain(self) -> tuple[Dropped, ...]:
        """The inputs whose distribution under `uncertainty` was written for another value than the one that holds."""
        return tuple(dropped for dropped in self.dropped if dropped.path[0] == "uncertainty")

    def with_overrides(self, overrides: Sequence[str]) -> Loaded:
        """The scenario with these values set on top of it; this one stays as it is."""
        return _build(self.path, self._reading(), tuple(overrides), self.overrides, self.evidence, self.dropped)

    def scenario_with(self, overrides: Sequence[str]) -> Scenario:
        """As `with_overrides`, checked alike, but the scenario alone: for the many points of a sweep."""
        for known in self._alike:
            if (found := known.scenario(overrides)) is not None:
                return found
        problems: list[Problem] = []
        merged, scenario = _merge_and_check(self.path, self._reading(), tuple(overrides), problems, self.dropped)
        if problems or scenario is None:
            raise ScenarioError(sorted(problems, key=lambda p: _order(p, merged.layers)))
        if merged.left_out is not None:
            set_now = merged.layers[len(merged.layers) - len(overrides) :]
            self._alike[:] = alike(overrides, merged.used, set_now, scenario, merged.left_out)
        return scenario

    def __getstate__(self) -> dict[str, Any]:
        """Without what it works out for itself."""
        return {**vars(self), "_alike": []}

    def _reading(self) -> Reading:
        return Reading(self.tree, self.layers, (), complete=True)


def load(path: str | os.PathLike[str], overrides: Sequence[str] = (), *, evidence: Path = EVIDENCE_FILE) -> Loaded:
    """The scenario of a file, or the shipped one of this name, with the values of `overrides` (`PATH=VALUE`) on top; a
    ScenarioError with all problems.

    `evidence`: the table whose ids `sources` may cite.
    """
    file = Path(path)
    reading = read_layers(file)
    if not reading.layers:
        raise ScenarioError(reading.problems)
    return _build(file, reading, tuple(overrides), (), evidence)


def load_mapping(
    values: Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    folder: Path | None = None,
    evidence: Path = EVIDENCE_FILE,
) -> Loaded:
    """As `load`, of a scenario held in memory: the mapping that its file would hold (`extends` may name another).

    `folder`: where the files lie that it names; the working directory unless given. In messages it is called `mapping`.
    """
    where = Path.cwd() if folder is None else folder
    try:
        text = mapping_text(values)
    except RecursionError:
        raise ValueError(f"{MAPPING}: holds itself, or is nested too deeply") from None
    reading = read_text_layers(text, MAPPING, where)
    return _build(where / MAPPING, reading, tuple(overrides), (), evidence)


def compare_scenarios(a: Loaded, b: Loaded) -> list[Difference]:
    """The values that differ between two scenarios."""
    return differences(a.scenario, b.scenario, _used_nodes(a), _used_nodes(b))


def _used_nodes(loaded: Loaded) -> Nodes:
    """What the files say, without what was left out because it has no effect."""
    return nodes_of(held(without(loaded.tree, [gone.path for gone in loaded.dropped])))


def write_resolved(loaded: Loaded) -> str:
    """YAML text that loads again to the same digest, without any other file, and keeps the sources."""
    entries = holding(read_entries(loaded.layers), [gone.path for gone in loaded.dropped if not gone.holds])
    known = Known(_used_nodes(loaded), loaded.layers, entries, taken_away(loaded.tree))
    words = word_sources(values(loaded.scenario), known)
    return resolved_yaml(loaded.scenario, [*loaded.parameters, *words], kept_words(loaded.tree))


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
    tree, layers, nodes = merged.tree, merged.layers, nodes_of(merged.used)
    entries = read_entries(layers)
    used: tuple[Value, ...] = ()
    # with other faults about, a source may match nothing only because its number is missing
    if scenario is not None:
        cited = any(source not in WORDS for entry in entries for source in entry.source_ids)
        written = [p for layer in layers for p, _, _ in walk(layer.tree) if marker_at(p) is not None]
        used = tuple(values(scenario))
        known = [value.path for value in used]
        evidence = read_evidence(evidence_file) if cited or scenario.uncertainty else {}
        problems.extend(check_entries(entries, known, written, evidence))
        problems.extend(check_uncertainty(scenario.uncertainty, nodes, evidence))
        problems.extend(_uncertain_choices(scenario, nodes))
    if problems or scenario is None:
        raise ScenarioError(sorted(problems, key=lambda p: _order(p, layers)))
    entries = holding(entries, [gone.path for gone in merged.dropped if not gone.holds])
    parameters = list_parameters(used, Known(nodes, layers, entries, taken_away(tree)))
    resolved = resolve(scenario, used)
    found = Loaded(
        scenario=scenario,
        resolved=resolved,
        digest=digest(scenario, resolved),
        origins=Named({".".join(p): (place.file, place.line) for p, (place, _) in nodes.items()}),
        path=path,
        parameters=parameters,
        overrides=(*earlier, *overrides),
        dropped=merged.dropped,
        warnings=(*without_effect_in_time(scenario, held(tree), layers), *beyond_the_last_row(scenario)),
        tree=tree,
        layers=layers,
        evidence=evidence_file,
    )
    single = {".".join(path) for path, (_, node) in nodes.items() if isinstance(node, Leaf)}
    require_fit(found, [path for path in scenario.uncertainty if path not in single])
    return found


def require_fit(loaded: Loaded, paths: Iterable[str] | None = None) -> None:
    """Nothing, or a ScenarioError where the middle of the distribution of an uncertain input is no value of it.

    `paths`: the inputs to try, all unless given. Inputs that the scenario has no use for are passed over: a
    distribution may stand there for other strategies. All are tried together, as `psa` draws them, and where that does
    not fit, one by one, but shares of a set together: one of them alone leaves another sum. Where each fits alone, it
    is told that they do not together, but for inputs of which one is `below` another: draws keep their order, and
    middles need not.
    """
    inputs = loaded.scenario.uncertainty
    asked = set(inputs if paths is None else paths)
    together: dict[tuple[str, str], list[str]] = {}
    for path, one in inputs.items():
        if why_unused(tuple(path.split(".")), loaded.scenario) is None:
            together.setdefault((one.among, "" if one.among else path), []).append(path)
    tried = [members for members in together.values() if not asked.isdisjoint(members)]
    every = [path for members in tried for path in members]
    if not tried or _misfit(loaded, every) is None:
        return
    problems = [problem for members in tried if (problem := _misfit(loaded, members)) is not None]
    ordered = {name for path in every if inputs[path].below for name in (path, inputs[path].below)}
    free = [path for path in every if path not in ordered]
    if not problems and free and (jointly := _misfit(loaded, free, "the middles do not fit together")) is not None:
        problems = [jointly]
    if problems:
        raise ScenarioError(problems)


def _misfit(loaded: Loaded, paths: Sequence[str], why: str = "its middle does not fit") -> Problem | None:
    """What the scenario has against the middles of these inputs' distributions, told at the one that it names, else at
    the first of them."""
    inputs = loaded.scenario.uncertainty
    ones = {path: marginal(path, inputs) for path in paths}
    try:
        loaded.scenario_with([f"{path}={one.text(one.middle)}" for path, one in ones.items()])
    except ScenarioError as error:
        first = error.problems[0]
        named = first.place.file.removeprefix(f"{COMMAND_LINE} ")
        path = next((path for path in paths if path in (first.path, named)), paths[0])
        inside = "" if first.path in (path, "") else f"{first.path}: "
        told = f"{why}: {first.message}" if first.message.startswith("found") else first.message
        place = nodes_of(loaded.tree)[("uncertainty", path)][0]
        return Problem(place, f"uncertainty.{path}", f"{inside}{told}")
    return None


def _uncertain_choices(scenario: Scenario, nodes: Nodes) -> Iterator[Problem]:
    """Distributions of whole numbers, of which there are no fractions, and of weights and methods, which are chosen."""
    for path in scenario.uncertainty:
        if any(is_in(path, chosen) for chosen in CHOSEN):
            yield Problem(
                nodes[("uncertainty", path)][0],
                f"uncertainty.{path}",
                "is a choice of method, which no data would tell; allowed: inputs that more data would tell (what "
                "another choice does: a scenario of its own)",
            )
            continue
        if path.startswith("economics.equity."):
            yield Problem(
                nodes[("uncertainty", path)][0],
                f"uncertainty.{path}",
                "is a choice of values, and acts on distribution.csv alone; allowed: inputs that more data would tell",
            )
        if is_whole_at(tuple(path.split("."))):
            yield Problem(
                nodes[("uncertainty", path)][0],
                f"uncertainty.{path}",
                f"is a whole number, of which a distribution would draw fractions; allowed: inputs that may be a "
                f"fraction (what other whole numbers do: sweep --vary {path}=LOW:HIGH)",
            )


@dataclass(frozen=True)
class _Merged:
    """Files and command line merged: `used` is the tree without what a later layer made useless.

    `left_out`: what was left out before, and is still without effect; None where the overrides made more so.
    """

    tree: Branch
    used: Branch
    layers: tuple[Layer, ...]
    dropped: tuple[Dropped, ...] = ()
    left_out: tuple[Dropped, ...] | None = None


def _merge_and_check(
    path: Path, reading: Reading, overrides: tuple[str, ...], problems: list[Problem], likely: tuple[Dropped, ...]
) -> tuple[_Merged, Scenario | None]:
    """(the overrides merged over what was read, the checked scenario); what is wrong is added to `problems`.

    `likely`: what was left out before these overrides; where it is still without effect, one check is enough.
    """
    tree, layers = reading.tree, reading.layers
    command = parse_overrides(overrides, path, problems, 1 + max((layer.command for layer in layers), default=0))
    if command:
        change = reduce(at_once, (layer.tree for layer in command))
        default = toxicity_for(reading, change) if reading.complete else None
        if default is not None:
            tree, layers = merge(tree, default.tree), (*layers, default)
        tree = merge(tree, change)
        layers = (*layers, *command)
    vain = list(in_vain(tree)) if reading.complete else []
    problems.extend(vain)
    order = Order(layers)
    # places in sections that a command line touched still name the file
    top = with_values_of_waiting(Branch(Place(reading.tree.place.file, 1), tree.entries, tree.keys))
    certain = voided(top, order)
    top = without(top, [gone.path for gone in certain])

    files = with_values_of_waiting(reading.tree)

    def check(used: Branch, found: list[Problem]) -> Scenario | None:
        return checked(used, found, reading.complete, files if overrides else used, layers)

    left_out = tuple(one for one in likely if order.is_older(top, one.path))
    first = without(top, [one.path for one in left_out])
    read = read_tree(held(first)) if left_out else None
    scenario = read if isinstance(read, Scenario) else None
    if scenario is None or not still_idle(scenario, left_out):
        left_out, first = (), top
        scenario = check(top, problems)
    if scenario is None:
        return _Merged(tree, held(top), layers, certain), None
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
    every, still = (*left_out, *dropped, *certain), None if dropped else left_out
    return _Merged(tree, held(first), layers, every, still), scenario


def _contradicted(tree: Branch, found: Contradiction, order: Order) -> Problem:
    """The contradiction at its place, and where the last of the other values was written, if that is elsewhere."""
    place, last = place_at(found.path, nodes_of(tree), tree.place), order.latest(tree, found.because)
    hint = f" ({last[1]})" if last is not None and last[1].file != place.file else ""
    return Problem(place, ".".join(found.path), f"{found.message}{hint}")


def _order(problem: Problem, layers: Sequence[Layer]) -> tuple[int, int]:
    """Problems of the file itself first, then of those it extends, then of the command line; by line."""
    files = [layer.file for layer in layers]
    file = problem.place.file
    if file.startswith(f"{COMMAND_LINE} "):
        return len(files) + 2, 0
    return (len(files) - files.index(file) if file in files else len(files) + 1), problem.place.line
