"""Where each number of a scenario comes from.

A number belongs to the file that set it last, and so does its source: a file that changes a number without saying
why loses the inherited source, because that one spoke of the old number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sim.scenario.evidence import EVIDENCE_FILE, UNVERIFIED, Evidence
from sim.scenario.inherit import Layer
from sim.scenario.leaves import Path, Value
from sim.scenario.merge import marks
from sim.scenario.nodes import REPLACE, Branch, Leaf, Mark, Node, walk
from sim.scenario.problems import COMMAND_LINE, Place, Problem, any_of, show, suggestion
from sim.scenario.schema import NOT_IN_DIGEST
from sim.scenario.uncertainty import Uncertain
from sim.scenario.written import written

ASSUMPTION = "assumption"
# The source of a number that was fitted to a hospital's own records; its note says which, how many, and as of when.
RECORDS = "records"
WORDS = (ASSUMPTION, RECORDS)
PROGRAM_DEFAULT = "program default"
MOST_ENTRIES, MOST_CITED = 1000, 20


@dataclass(frozen=True)
class Parameter:
    """One number of a scenario, as text, with its source.

    `source_ids`: evidence ids, or one of the `WORDS`. `origin`: the file that set it, "" for a default of the
    program. `stated`: whether a source is given, be it the word assumption.
    """

    path: str
    value_text: str
    source_ids: tuple[str, ...]
    note: str
    origin: str
    stated: bool

    @property
    def source(self) -> str:
        """The source as a file has it: ids, and a note after a colon."""
        return f"{' '.join(self.source_ids)}: {self.note}" if self.note else " ".join(self.source_ids)


@dataclass(frozen=True)
class Entry:
    """One line of a `sources` section; `layer` is the number of its file."""

    layer: int
    path: Path
    place: Place
    source_ids: tuple[str, ...]
    note: str


def read_entries(layers: Sequence[Layer]) -> list[Entry]:
    """The entries of all layers' `sources` sections; those that are not text are left to the schema."""
    found: list[Entry] = []
    for number, layer in enumerate(layers):
        section = layer.tree.entries.get("sources")
        if not isinstance(section, Branch):
            continue
        if REPLACE in section.entries:
            found.clear()
        for key, node in section.entries.items():
            if isinstance(node, Mark):
                found = [entry for entry in found if entry.path != tuple(key.split("."))]
            if isinstance(node, Leaf) and isinstance(node.value, str) and node.value.strip():
                head, _, note = node.value.partition(":")
                ids = tuple(head.replace(",", " ").split())
                found.append(Entry(number, tuple(key.split(".")), section.keys[key], ids, " ".join(note.split())))
    return found


def check_entries(
    entries: Iterable[Entry], values: Iterable[Path], written: Iterable[Path], evidence: Mapping[str, Evidence] | None
) -> Iterator[Problem]:
    """Entries that match nothing, or that cite what is not there or not verified; no table of evidence is None.

    `values`: the paths of the scenario's values. `written`: paths of its files, some of which a later file overrode.
    """
    values = list(values)
    prefixes = {path[:n] for path in (*values, *written) for n in range(1, len(path) + 1)}
    for number, entry in enumerate(entries):
        if number == MOST_ENTRIES:
            yield Problem(entry.place, "sources", f"more than {MOST_ENTRIES} entries")
            return
        path = f"sources.{'.'.join(entry.path)}"
        if entry.path not in prefixes:
            yield Problem(entry.place, path, _unmatched(entry.path, values, prefixes))
        yield from (Problem(entry.place, path, message) for message in _citation_faults(entry.source_ids, evidence))


def check_uncertainty(
    uncertainty: Mapping[str, Uncertain],
    nodes: Mapping[Path, tuple[Place, Node]],
    evidence: Mapping[str, Evidence] | None,
) -> Iterator[Problem]:
    """Distributions of inputs whose sources cite what is not there or not verified."""
    for path, entry in uncertainty.items():
        ids = entry.source.partition(":")[0].replace(",", " ").split()
        place = nodes[("uncertainty", path)][0]
        yield from (Problem(place, f"uncertainty.{path}.source", text) for text in _citation_faults(ids, evidence))


def _unmatched(path: Path, values: Iterable[Path], prefixes: Iterable[Path]) -> str:
    whole = next((value for value in values if path[: len(value)] == value), None)
    if whole is not None:
        return f"is a part of one value; allowed: a source for all of '{'.'.join(whole)}'"
    hint = suggestion(".".join(path), sorted(".".join(prefix) for prefix in prefixes))
    return f"matches nothing in the scenario; allowed: paths of its values and sections{hint}"


def _citation_faults(source_ids: Sequence[str], evidence: Mapping[str, Evidence] | None) -> Iterator[str]:
    allowed = "allowed: evidence ids, or the word assumption or records"
    if not source_ids:
        yield f"found no source before the ':'; {allowed}"
    cited = [source_id for source_id in source_ids if source_id not in WORDS]
    if len(cited) < len(source_ids) and len(source_ids) > 1:
        word = next(source_id for source_id in source_ids if source_id in WORDS)
        yield f"found {word} beside {any_of(cited) or 'itself or another word'}; {allowed}"
    for source_id in cited[:MOST_CITED]:
        if evidence is None:
            yield f"found {show(source_id)}, but the table of evidence ({EVIDENCE_FILE.name}) is missing"
        elif source_id not in evidence:
            usable = [*WORDS, *(i for i, row in evidence.items() if row.verified != UNVERIFIED)]
            yield f"found {show(source_id)}; {allowed}{suggestion(source_id, usable)}"
        elif evidence[source_id].verified == UNVERIFIED:
            yield f"found {show(source_id)}, which is unverified; {allowed.replace('evidence', 'verified evidence')}"


def holding(entries: Iterable[Entry], gone: Sequence[Path]) -> list[Entry]:
    """The entries but for those of values that were left out: they spoke of a number that does not hold."""
    return [entry for entry in entries if not any(entry.path[: len(path)] == path for path in gone)]


@dataclass(frozen=True)
class Known:
    """What is known of where values come from: where each stands, in which layer, the entries of `sources`, and where
    files removed what they inherited."""

    nodes: Mapping[Path, tuple[Place, Node]]
    layers: Sequence[Layer]
    entries: Sequence[Entry]
    gone: Mapping[Path, Place] = field(default_factory=dict)

    def number(self, *places: Place) -> int | None:
        """The last of the layers in which these places are. Lines of CSV files belong to none."""
        found = (self.number_of[place.file] for place in places if place.file in self.number_of)
        return max(found, default=None)

    @cached_property
    def number_of(self) -> Mapping[str, int]:
        """The last layer of each file."""
        return {layer.file: number for number, layer in enumerate(self.layers)}

    def set_in(self, path: Path) -> int | None:
        """The last layer that set any part of a value; None for a default."""
        if path not in self.nodes:
            return None
        place, node = self.nodes[path]
        return self.number(place, node.place, *(p for _, p, _ in walk(node)))

    def since(self, path: Path) -> int | None:
        """The layer from which on entries speak of the value that holds: that which set it, or removed another one."""
        removed = [place for length in range(1, len(path) + 1) if (place := self.gone.get(path[:length])) is not None]
        return self.set_in(path) if path in self.nodes else self.number(*removed)


def taken_away(tree: Branch) -> dict[Path, Place]:
    """Where a file removed the value at a path, or replaced the whole map there."""
    return {path[:-1] if path[-1] == REPLACE else path: place for path, place, _ in marks(tree)}


# A section that names the source of its numbers itself.
OWN_SOURCE = ("economics", "conversion")


def list_parameters(values: Iterable[Value], known: Known) -> tuple[Parameter, ...]:
    """One parameter for each number, in the order of the schema; what has its source beside it is none."""
    counted = (value for value in values if value.numeric and value.path[0] not in NOT_IN_DIGEST)
    return tuple(_parameter(value, known) for value in counted if value.path[:2] != OWN_SOURCE)


def word_sources(values: Iterable[Value], known: Known) -> list[Parameter]:
    """What is no number (a policy, a strategy) and has a source of its own, in the order of the schema."""
    named = {entry.path for entry in known.entries}
    words = [_parameter(v, known) for v in values if not v.numeric and v.path in named]
    return [word for word in words if word.stated and word.note != PROGRAM_DEFAULT]


def _parameter(value: Value, known: Known) -> Parameter:
    path, text = ".".join(value.path), written(value, known.nodes)
    set_in, since = known.set_in(value.path), known.since(value.path)
    covering = [e for e in known.entries if value.path[: len(e.path)] == e.path and (since is None or e.layer >= since)]
    origin = "" if set_in is None else known.layers[set_in].file
    if covering:
        best = min(covering, key=lambda e: (-len(e.path), e.layer if set_in is not None else -e.layer))
        return Parameter(path, text, best.source_ids, best.note, origin, stated=True)
    if set_in is None:
        return Parameter(path, text, (ASSUMPTION,), PROGRAM_DEFAULT, "", stated=True)
    note = "set on the command line" if origin.startswith(f"{COMMAND_LINE} ") else "no source given"
    return Parameter(path, text, (ASSUMPTION,), note, origin, stated=False)
