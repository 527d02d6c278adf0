"""The scenarios that come with the program, and new ones that start from them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.scenario.files import SHIPPED, shipped_names
from sim.scenario.load import Loaded, load
from sim.scenario.nodes import Branch, Leaf, parse_yaml
from sim.scenario.own_network import REFERRALS_SOURCE, leaf_paths, own_network, quoted, sections
from sim.scenario.problems import did_you_mean, show, suggestion

_VALIDATION = SHIPPED / "validation"
# The name and the description of a file, with the lines that stand in below.
_OF_A_HEAD = re.compile(r"^(?:name|description):.*(?:\n[ ].*)*", re.MULTILINE)


class ShippedError(Exception):
    """A shipped scenario that there is not, or that cannot be extended from there, in words for the user."""


def shipped() -> list[tuple[Path, Loaded]]:
    """(file, scenario) of each shipped scenario, by file name: the two of the main job, then the library."""
    return [(file, load(file)) for file in map(_from_here, shipped_names().values())]


@dataclass(frozen=True)
class Head:
    """What the first lines of a shipped scenario say: its name, and in a line what it is."""

    file: Path
    name: str
    what: str


def shipped_heads() -> list[Head]:
    """The head of each shipped scenario in the order of `shipped`; the rest, and what it extends, is not read."""
    return [_head(_from_here(file)) for file in shipped_names().values()]


def _head(file: Path) -> Head:
    # these files are ours, and reading them all as scenarios takes two seconds
    lines = [found[0] for found in _OF_A_HEAD.finditer(file.read_text(encoding="utf-8"))]
    tree, _ = parse_yaml("\n".join(lines), str(file))
    assert isinstance(tree, Branch)
    said = {key: str(node.value) for key, node in tree.entries.items() if isinstance(node, Leaf)}
    return Head(file, said["name"], first_line(said["description"]))


def first_line(description: str) -> str:
    """What a scenario is, in a line."""
    return description.strip().split("\n")[0]


def validation_files() -> list[Path]:
    """The files of the shipped validation cases; their common base, which says nothing of what comes out, is none."""
    return [_from_here(file) for file in sorted(_VALIDATION.glob("*.yaml")) if _validates(file)]


def validation_file(path: Path) -> Path:
    """The shipped validation case that a path given by the user is the name of; the path itself where it is no name."""
    if len(path.parts) != 1 or path.suffix or path.is_file():
        return path
    cases = {file.stem: file for file in validation_files()}
    if path.name not in cases:
        what = f"{path}: no such file, and no validation case of that name"
        raise ShippedError(f"{what}{did_you_mean(path.name, list(cases), 'cases')}")
    return cases[path.name]


def _from_here(file: Path) -> Path:
    """A file as one would type it from here."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _validates(file: Path) -> bool:
    # these files are ours, and reading them all as scenarios takes half a second
    return "\nvalidation:" in file.read_text(encoding="utf-8")


def template(file: Path, base: str, centres: Sequence[str] = (), *, blank: bool = False) -> str:
    """The text of a new scenario at `file` that extends the shipped scenario `base`.

    `centres`: those of a network that takes the place of the shipped one. `blank`: without a comment, and with a
    network of one centre unless others are named.
    """
    if base not in shipped_names():
        hint = suggestion(base, shipped_names())
        raise ShippedError(f"found {show(base)}, which is no shipped scenario; `list` names those there are{hint}")
    name = file.stem.replace("_", " ").replace("-", " ").strip().capitalize() or "My scenario"
    head = f"extends: {base}\nname: {quoted(name)}\n"
    if not blank and not centres:
        return _TEMPLATE.format(head=head)
    loaded = load(shipped_names()[base])
    network = own_network(loaded, centres or ("centre",))
    if blank:
        return head + sections(network, {})
    sized = [name for name in ("centres", *leaf_paths(network)) if name.partition(".")[0] != "regions"]
    sources = [f"  regions: {REFERRALS_SOURCE}", *(f"  {name}: {_SIZED}" for name in sized)]
    return _OWN_NETWORK.format(
        head=head,
        sections=sections(network, _SAID),
        region=next(iter(network["regions"])),
        shut_down="" if loaded.scenario.strategy == "allogeneic" else _SHUT_DOWN,
        sources="\n".join(sources),
    )


_TEMPLATE = """\
# A scenario of your own. It has everything of the one that it extends, which comes with the program: the file works
# wherever it is sent. Write here only what is different.
# Durations and rates have units: 21 d, 36 h, 2 wk, 3 months, 4 / month. Shares are numbers from 0 to 1.
# Check it with `check`, run it with `run`, and compare it with another one with `compare`.
{head}description: What is different here, in one line

# Uncomment what you want to change, without the '#' and the one space after it.
#
# run:
#   replications: 200        # more of them make the intervals narrower
#
# centres:
#   capital:
#     beds: 4                # or unlimited, or by date: {{2026-01-01: 4, 2027-01-01: 6}}
#
# waiting_list:
#   policy: first_come       # first_come | sickest_first | likely_benefit | lottery | score

# Where your numbers come from: the path of a number, and an evidence id or the word assumption, with a note.
# A number without an entry here is reported as an assumption for which no source is given.
#
# sources:
#   centres.capital.beds: "assumption: as planned for next year"
"""

_SIZED = '"assumption: as much as the shipped scenario has for this many patients, rounded up"'
_SAID = {
    "regions": "where patients come from; of what is inherited nothing stays",
    "centres": "as many of each as the shipped scenario has for this many patients; put your own",
    "manufacturing": "for this many patients; `check` says how much is asked of each",
    "release_testing": "for this many patients",
    "allogeneic": "for this many patients",
}
_SHUT_DOWN = """\
#
# disruptions:
#   august: {resource: line, from: 2027-08-01, for: 14 d, work: pause}
"""
_OWN_NETWORK = """\
# A network of your own. Treatment, disease, outcomes and costs are those of the scenario that it extends, which comes
# with the program, each with its source; of its network nothing is left.
# Durations and rates have units: 21 d, 36 h, 2 wk, 3 months, 4 / month. Shares are numbers from 0 to 1.
# Check it with `check`, run it with `run`, and compare it with another one with `compare`.
{head}description: A network of our own

{sections}# Uncomment what you want to say, without the '#' and the one space after it.
#
# waiting_list:
#   policy: first_come       # first_come | sickest_first | likely_benefit | lottery | score
{shut_down}#
# Who is on the list on the first day stands with the region:
#   {region}: {{centre: ..., referrals: ..., already_waiting: {{count: 14, waited: 30 d}}}}

# Where your numbers come from: the path of a number, and an evidence id or the word assumption, with a note.
sources:
{sources}
"""
