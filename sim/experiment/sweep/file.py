"""Sweep files: which scenarios, what is varied and how, read with all that is wrong in one go.

base: autologous                       # a shipped scenario, a file, or a list of them, the baseline first
design: grid                           # one_at_a_time, latin_hypercube, sobol, morris
vary:
  manufacturing.lines: [4, 8, 16]
  release_testing.sterility: {from: 7 d, to: 14 d, steps: 3}
  manufacturing.failure: {low: 0.01, base: 0.015, high: 0.05}
variants:                              # points with names of their own
  all at once: {manufacturing.lines: 16, release_testing.sterility: 7 d}
set: {run.window: 365 d}               # changes the base itself
metrics: [infused_share, net_benefit@100000]   # the outcomes that tables show; all unless given
replications: 20
samples: 64                            # of a sampled design
seed: 1                                # of a sampled design
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sim.experiment.options import DESIGNS
from sim.experiment.sweep.factors import Factor, between, number_of, require_different, require_values
from sim.scenario.amounts import Amount, amount
from sim.scenario.files import SHIPPED, find_inside, no_such_file, read_text, shipped_file, shown_path
from sim.scenario.kinds import Whole
from sim.scenario.leaves import inline, marker_of
from sim.scenario.nodes import Branch, Items, Leaf, Mark, Node, parse_yaml, plain
from sim.scenario.people import Run
from sim.scenario.problems import COMMAND_LINE, Place, Problem, ScenarioError, did_you_mean, show
from sim.scenario.schema import NOT_IN_DIGEST

KEYS = ("base", "design", "vary", "variants", "set", "metrics", "replications", "samples", "seed")
RANGES = (("from", "to", "steps"), ("from", "to"), ("low", "base", "high"), ("low", "high"))


@dataclass(frozen=True)
class SweepFile:
    """What a sweep file says.

    For messages: `places`, where each path that it varies stands; `stated`, where its own keys do, and each metric.
    """

    files: tuple[Path, ...]
    design: str
    factors: tuple[Factor, ...]
    variants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    replications: int | None = None
    samples: int | None = None
    seed: int | None = None
    places: Mapping[str, tuple[Place, str]] = field(default_factory=dict)
    stated: Mapping[str, Place] = field(default_factory=dict)

    def asking(self, **asked: Any) -> SweepFile:
        """The same with what is asked for instead, as far as anything is."""
        given = {key: value for key, value in asked.items() if value}
        left = {key: place for key, place in self.stated.items() if key.partition(".")[0] not in given}
        return replace(self, **given, stated=left)


def is_sweep_file(path: Path) -> bool:
    """Whether a file says what to sweep, rather than being a scenario. A file that cannot be read is none."""
    try:
        tree, _ = parse_yaml(read_text(path), str(path))
    except ValueError:
        return False
    return isinstance(tree, Branch) and any(key in tree.entries for key in ("base", "vary", "variants", "design"))


def relocate(error: ScenarioError, places: Mapping[str, tuple[Place, str]]) -> ScenarioError:
    """The error with problems of overrides shown where the sweep has them."""
    found = []
    for problem in error.problems:
        path = problem.place.file.removeprefix(f"{COMMAND_LINE} ")
        message = problem.message
        for other, (there, _) in places.items():  # where it says who wrote another value
            message = message.replace(f" ({COMMAND_LINE} {other})", f" ({there})")
        if path not in places:
            found.append(Problem(problem.place, problem.path, message))
            continue
        place, where = places[path]
        # a fault beside the value that was varied, or inside it
        found.append(Problem(place, where, message if problem.path in (path, "") else f"{problem.path}: {message}"))
    return ScenarioError(found)


def read_sweep_file(path: Path) -> SweepFile:
    """The sweep of a file. Raises ScenarioError with every problem."""
    try:
        tree, problems = parse_yaml(read_text(path), str(path))
    except ValueError as error:
        raise ScenarioError([Problem(Place(str(path), 1), "", str(error))]) from error
    if not isinstance(tree, Branch):
        if tree is not None or not problems:
            problems.append(Problem(Place(str(path), 1), "", f"allowed: a section with the keys {', '.join(KEYS)}"))
        raise ScenarioError(problems)
    reader = _Reader(path, tree, problems)
    found = reader.read()
    if problems:
        raise ScenarioError(sorted(problems, key=lambda problem: problem.place.line))
    return found


class _Reader:
    """Reads one file's tree and collects what is wrong with it."""

    def __init__(self, path: Path, tree: Branch, problems: list[Problem]) -> None:
        self.path, self.tree, self.problems = path, tree, problems
        self.places: dict[str, tuple[Place, str]] = {}

    def report(self, place: Place, path: str, message: str) -> None:
        self.problems.append(Problem(place, path, message))

    def read(self) -> SweepFile:
        for key, place in self.tree.keys.items():
            if key not in KEYS:
                self.report(place, key, f"unknown key{did_you_mean(key, KEYS)}")
        if "vary" not in self.tree.entries and "variants" not in self.tree.entries:
            self.report(self.tree.place, "", "found neither 'vary' nor 'variants'; a sweep needs one of them")
        return SweepFile(
            files=self.files(),
            design=self.design(),
            factors=tuple(self.factors()),
            variants=self.variants(),
            overrides=tuple(f"{path}={text}" for path, text in self.texts("set", self.section("set")).items()),
            metrics=self.metrics(),
            replications=self.whole("replications", "replications", 1),
            samples=self.whole("samples", "replications", 1),
            seed=self.whole("seed", "seed", 0),
            places=self.places,
            stated={**self.tree.keys, **self.metric_places()},
        )

    def files(self) -> tuple[Path, ...]:
        node = self.tree.entries.get("base")
        if node is None:
            self.report(self.tree.place, "base", "required, but not given; allowed: a scenario file, or a list of them")
            return ()
        found = []
        if node == Items(node.place, ()):
            self.report(node.place, "base", "found an empty list; allowed: a scenario file, or a list of them")
        for item in node.items if isinstance(node, Items) else (node,):
            name = plain(item)
            if not isinstance(name, str) or not name.strip():
                self.report(item.place, "base", f"found {show(name)}; allowed: a scenario file, or a list of them")
                continue
            folder = self.path.resolve().parent
            try:
                roots = (self.path.absolute().parent.resolve(), folder, Path.cwd().resolve(), SHIPPED)
                file = find_inside(name, folder, roots)
                if not file.is_file() and shipped_file(name) is not None:
                    found.append(Path(name))
                    continue
                if not file.is_file():
                    raise ValueError(no_such_file(file))
            except ValueError as error:
                self.report(item.place, "base", f"found {show(name)}: {error}")
            found.append(Path(shown_path(str(self.path), name)))
        return tuple(found)

    def design(self) -> str:
        node = self.tree.entries.get("design")
        name = "grid" if node is None else plain(node)
        if name not in DESIGNS:
            hint = did_you_mean(str(name), DESIGNS, "designs")
            self.report(self.tree.keys["design"], "design", f"found {show(name)}; allowed: {', '.join(DESIGNS)}{hint}")
        return str(name)

    def metrics(self) -> tuple[str, ...]:
        node = self.tree.entries.get("metrics")
        found = [] if node is None else plain(node)
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found) or (node and not found):
            allowed = "allowed: a list of metrics, such as [infused_share, net_benefit@100000]"
            self.report(self.tree.keys["metrics"], "metrics", f"found {show(found)}; {allowed}")
            return ()
        return tuple(found)

    def metric_places(self) -> dict[str, Place]:
        """Where each metric stands; of one that stands twice, where it does so again."""
        node = self.tree.entries.get("metrics")
        return {f"metrics.{plain(item)}": item.place for item in node.items} if isinstance(node, Items) else {}

    def whole(self, key: str, name: str, least: int) -> int | None:
        """A whole number within the limits of the scenario's own key `name` of `run`, but not below `least`."""
        node = self.tree.entries.get(key)
        if node is None:
            return None
        limits = marker_of(Run.model_fields[name])
        assert isinstance(limits, Whole)
        try:
            return replace(limits, low=least).read(plain(node), {})
        except ValueError as error:
            self.report(self.tree.keys[key], key, str(error))
            return None

    def section(self, key: str) -> Branch | None:
        node = self.tree.entries.get(key)
        if node is None or (isinstance(node, Branch) and node.entries):
            return node
        self.report(self.tree.keys[key], key, f"found {show(plain(node))}; allowed: a section of paths and values")
        return None

    def texts(self, where: str, section: Branch | None) -> dict[str, str]:
        found = {}
        for path, node in section.entries.items() if section is not None else ():
            self.places[path] = (section.keys[path] if section is not None else node.place, f"{where}.{path}")
            found[path] = written(node)
        return found

    def variants(self) -> dict[str, dict[str, str]]:
        section = self.section("variants")
        found = {}
        for name, node in section.entries.items() if section is not None else ():
            if not name.strip():
                self.report(node.place, "variants", "found an empty name; allowed: a name for each variant")
            if not isinstance(node, Branch):
                self.report(node.place, f"variants.{name}", f"found {show(plain(node))}; allowed: paths and values")
                continue
            for path, value in node.entries.items():
                try:
                    require_values(value)
                except ValueError as error:
                    self.report(node.keys[path], f"variants.{name}.{path}", str(error))
            found[name] = self.texts(f"variants.{name}", node)
        return found

    def factors(self) -> list[Factor]:
        section = self.section("vary")
        found = []
        for path, node in section.entries.items() if section is not None else ():
            place = section.keys[path] if section is not None else node.place
            self.places[path] = (place, f"vary.{path}")
            if path.partition(".")[0] in NOT_IN_DIGEST:
                self.report(place, f"vary.{path}", "moves no result; allowed: the values of a scenario")
                continue
            try:
                found.append(_factor(path, node))
            except ValueError as error:
                self.report(place, f"vary.{path}", str(error))
        return found


def _factor(path: str, node: Node) -> Factor:
    allowed = "allowed: a list of values, {from: , to: , steps: }, or {low: , base: , high: }"
    require_values(node)
    match node:
        case Items() if node.items:
            levels = tuple(written(item) for item in node.items)
            require_different(path, levels)
            return Factor(path, levels)
        case Branch():
            keys = set(node.entries)
            if not any(keys == set(form) for form in RANGES):
                known = sorted({key for form in RANGES for key in form})
                strange = next((key for key in node.entries if key not in known), None)
                hint = did_you_mean(strange, known) if strange is not None else ""
                raise ValueError(f"found {show(plain(node))}; {allowed}{hint}")
            return _between(path, {key: written(value) for key, value in node.entries.items()})
        case _:
            raise ValueError(f"found {show(plain(node))}; {allowed}")


def _between(path: str, texts: Mapping[str, str]) -> Factor:
    if "low" in texts:
        ends = (texts["low"], texts["high"])
        if any(isinstance(number_of(text), str) for text in ends):
            # whole distributions, for example, which have no values between them
            return Factor(path, ends, base=texts.get("base"))
        factor = between(path, amount(ends[0]), amount(ends[1]))
        if "base" in texts:
            _require_between(texts["base"], ends)
        return Factor(path, factor.ends, factor.low, factor.high, texts.get("base"))
    low, high = amount(texts["from"]), amount(texts["to"])
    if "steps" not in texts:
        return between(path, low, high)
    if not texts["steps"].isdecimal() or int(texts["steps"]) < 2:
        raise ValueError(f"found steps: {show(texts['steps'])}; allowed: how many values, a whole number from 2 on")
    unit = low.unit or high.unit
    return between(path, low, high, Amount((high.number - low.number) / (int(texts["steps"]) - 1), unit))


def _require_between(base: str, ends: tuple[str, str]) -> None:
    there = [number for text in (ends[0], base, ends[1]) if isinstance(number := number_of(text), float)]
    if len(there) == 3 and there != sorted(there):
        raise ValueError(f"found base {base}; allowed: from low to high, {ends[0]} to {ends[1]}")


def written(node: Node) -> str:
    """A value as `--set` takes it."""
    if isinstance(node, Leaf) and node.value is None:
        return "null" if isinstance(node, Mark) else ""
    return inline(plain(node), shorten_lists=False)


def places_of(factors: Sequence[Factor]) -> dict[str, tuple[Place, str]]:
    """Where problems with the values of `--vary` are shown."""
    return {factor.path: (Place(f"--vary {factor.path}", 0), "") for factor in factors}
