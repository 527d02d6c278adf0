"""Where each number of a scenario comes from.

A number belongs to the file that set it last, and so does its source: a file that changes a number without saying
why loses the inherited source, because that one spoke of the old number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim.scenario.evidence import EVIDENCE_FILE, UNVERIFIED, Evidence
from sim.scenario.inherit import Layer
from sim.scenario.leaves import Path, Value
from sim.scenario.nodes import Branch, Leaf, Node, walk
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
        for key, node in section.entries.items():
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


def list_parameters(
    values: Iterable[Value],
    nodes: Mapping[Path, tuple[Place, Node]],
    layers: Sequence[Layer],
    entries: Sequence[Entry],
) -> tuple[Parameter, ...]:
    """One parameter for each number, in the order of the schema."""
    return tuple(
        _parameter(value, nodes, layers, entries)
        for value in values
        if value.numeric and value.path[0] not in NOT_IN_DIGEST
    )


def word_sources(
    values: Iterable[Value],
    nodes: Mapping[Path, tuple[Place, Node]],
    layers: Sequence[Layer],
    entries: Sequence[Entry],
) -> list[Parameter]:
    """What is no number (a policy, a strategy) and has a source of its own, in the order of the schema."""
    named = {entry.path for entry in entries}
    words = [_parameter(v, nodes, layers, entries) for v in values if not v.numeric and v.path in named]
    return [word for word in words if word.stated and word.note != PROGRAM_DEFAULT]


def _parameter(
    value: Value,
    nodes: Mapping[Path, tuple[Place, Node]],
    layers: Sequence[Layer],
    entries: Sequence[Entry],
) -> Parameter:
    number_of = {layer.file: number for number, layer in enumerate(layers)}
    path, text = ".".join(value.path), written(value, nodes)
    set_in = _last_layer(value.path, nodes, number_of)
    covering = [e for e in entries if value.path[: len(e.path)] == e.path and (set_in is None or e.layer >= set_in)]
    if covering:
        best = min(covering, key=lambda e: (-len(e.path), e.layer if set_in is not None else -e.layer))
        origin = "" if set_in is None else layers[set_in].file
        return Parameter(path, text, best.source_ids, best.note, origin, stated=True)
    if set_in is None:
        return Parameter(path, text, (ASSUMPTION,), PROGRAM_DEFAULT, "", stated=True)
    origin = layers[set_in].file
    note = "set on the command line" if origin.startswith(f"{COMMAND_LINE} ") else "no source given"
    return Parameter(path, text, (ASSUMPTION,), note, origin, stated=False)


def _last_layer(path: Path, nodes: Mapping[Path, tuple[Place, Node]], number_of: Mapping[str, int]) -> int | None:
    """The last layer that set any part of a value; None for a default. Lines of CSV files belong to none."""
    if path not in nodes:
        return None
    place, node = nodes[path]
    files = [place.file, node.place.file, *(p.file for _, p, _ in walk(node))]
    return max((number_of[file] for file in files if file in number_of), default=None)
