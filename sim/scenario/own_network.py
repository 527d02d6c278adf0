"""A network of one's own in place of a shipped one: centres, their regions, and supply of the size that they need."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim.scenario.leaves import inline
from sim.scenario.load import Loaded
from sim.scenario.named import name_fault
from sim.scenario.nodes import REPLACE, scalar_value
from sim.scenario.problems import show
from sim.scenario.units import DAYS_PER_UNIT

# Patients a month whom the region of a centre refers (DV-09: 4 a month a centre, range 3 to 6).
REFERRALS = 4
REFERRALS_SOURCE = '"DV-09: 4 a month a centre, range 3 to 6"'
# What a centre has as many of as it has patients, in the order of the file.
OF_A_CENTRE = ("chairs", "beds", "places", "icu", "lines")
# What is shared, and is there for so many patients.
SHARED = (
    ("manufacturing", "slots", "count"),
    ("manufacturing", "lines"),
    ("release_testing", "lab"),
    ("allogeneic", "stock", "opening"),
    ("allogeneic", "stock", "order", "at"),
    ("allogeneic", "stock", "order", "up_to"),
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def centre_names(text: str) -> list[str]:
    """The names in `city,lake`; a ValueError that says which of them is none."""
    names = [name.strip() for name in text.split(",")]
    for place, name in enumerate(names):
        fault = name_fault(name)
        if fault is not None:
            raise ValueError(f"{fault}; allowed: names with commas between them, such as city,lake")
        if name == REPLACE:
            raise ValueError(f"found {show(name)}, a word of the scenario file; allowed: any other name")
        if name in names[:place]:
            raise ValueError(f"found {show(name)} twice; allowed: each name once")
    return names


def quoted(text: str) -> str:
    """A text as YAML takes it for a text, in quotes where it needs them."""
    if _PLAIN.fullmatch(text) and isinstance(scalar_value(text), str):
        return text
    return "'" + "".join(c for c in text if c.isprintable()).replace("'", "''") + "'"


def own_network(base: Loaded, centres: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The sections `regions`, `centres` and those of shared supply that stand in place of what the base has: each
    centre with `REFERRALS` and with what the base has for so many patients, rounded up."""
    share = REFERRALS / sum(_per_month(base, name) for name in base.scenario.regions)
    one = {key: size for key in OF_A_CENTRE if (size := _scaled(_together(base, key), share)) is not None}
    names = [quoted(name) for name in centres]
    found: dict[str, dict[str, Any]] = {
        "regions": {name: {"centre": name, "referrals": f"{REFERRALS} / month"} for name in names},
        "centres": dict.fromkeys(names, one),
    }
    for path, size in _shared(base, share * len(centres)):
        around = found
        for key in path[:-1]:
            around = around.setdefault(key, {})
        around[path[-1]] = size
    return found


def leaf_paths(network: Mapping[str, Any], around: tuple[str, ...] = ()) -> Iterator[str]:
    """The path of each value of the shared supply in the network."""
    for key, value in network.items():
        if isinstance(value, Mapping) and (*around, key)[0] not in ("regions", "centres"):
            yield from leaf_paths(value, (*around, key))
        elif around:
            yield ".".join((*around, key))


def sections(network: Mapping[str, Mapping[str, Any]], said: Mapping[str, str]) -> str:
    """The sections in YAML, a line an entry, each with what is said of it, in place of what is inherited."""
    text = []
    for section, entries in network.items():
        text.append(f"{section}:  # {said[section]}" if section in said else f"{section}:")
        text += [f"  {REPLACE}: true"] if section in ("regions", "centres") else []
        text += [f"  {key}: {inline(value)}" for key, value in entries.items()]
        text += [""] if said else []
    return "".join(f"{line}\n" for line in text)


def _per_month(base: Loaded, region: str) -> float:
    steps = base.scenario.regions[region].referrals or ()
    return steps[-1][1] * DAYS_PER_UNIT["month"] if steps else 0.0


def _together(base: Loaded, key: str) -> int | None:
    """How many of something all centres have that treat patients; None where one has no limit, or one by date."""
    found = [base.resolved["centres"][name].get(key) for name in base.scenario.treating]
    return sum(found) if found and all(type(size) is int for size in found) else None


def _shared(base: Loaded, share: float) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What is shared and of another size than that of the base."""
    slots = base.scenario.manufacturing.slots
    for path in SHARED:
        found: Any = base.resolved
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        if path[:2] == ("manufacturing", "slots") and (slots is None or slots.scope != "pool"):
            continue  # each centre has its own
        # what is made side by side starts at one offer
        size = _scaled(found, share, least=base.scenario.manufacturing.batches if path[-1] == "count" else 1)
        if size is not None and size != found:
            yield path, size


def _scaled(size: Any, share: float, least: int = 1) -> Any:
    """A number of things, or numbers by date, for a share of the patients; None for what has no limit. 0 stays 0."""
    if isinstance(size, Mapping):
        found = {day: _scaled(inner, share, least) for day, inner in size.items()}
        return None if None in found.values() else found
    return max(math.ceil(size * share - 1e-9), min(least, size)) if type(size) is int else None
