"""The section about beds, treatment places and intensive care that several centres share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from sim.scenario.lists import CAPACITY, NAME_LIST
from sim.scenario.people import Steps
from sim.scenario.problems import did_you_mean, show
from sim.scenario.section import Absent, Fault, Section

# What centres may share, by the name that a disruption has for it.
SHARED_KEYS: Mapping[str, str] = {"bed": "beds", "place": "places", "icu": "icu"}


class Shared(Section):
    """What several centres share: their patients wait for it in one queue."""

    centres: Annotated[tuple[str, ...], NAME_LIST] = Field(description="The centres that share it, by name.")
    beds: Annotated[Steps | None, CAPACITY] = Field(
        None, description="Beds for infusion, instead of those of each centre; may change by date."
    )
    icu: Annotated[Steps | None, CAPACITY] = Field(
        None, description="Beds in intensive care, instead of those of each centre; may change by date."
    )
    places: Annotated[Steps | None, CAPACITY] = Field(
        None, description="Infusions a day, instead of those of each centre; may change by date."
    )

    def checks(self) -> Iterator[Fault]:
        if len(self.centres) < 2:
            yield ("centres",), f"found {len(self.centres)}; allowed: the names of two or more centres"
        if all(getattr(self, key) is None for key in SHARED_KEYS.values()):
            yield (), f"found nothing that is shared; allowed: {', '.join(SHARED_KEYS.values())}, or several of them"


def shared_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """What does not fit together in the sections `shared`, `centres` and `disruptions` of raw data."""
    centres, pools = _names(data, "centres"), _names(data, "shared")
    where: dict[tuple[str, str], str] = {}
    for pool in pools:
        entry = data["shared"][pool]
        if pool in centres:
            yield ("shared", pool), f"found the name of a centre, {show(pool)}; allowed: a name that no centre has"
        if not isinstance(entry, dict):
            continue
        named = entry.get("centres")
        for number, centre in enumerate(named if isinstance(named, list) else ()):
            if not isinstance(centre, str):
                continue
            if centres and centre not in centres:
                hint = did_you_mean(centre, centres, "centres")
                yield (
                    ("shared", pool, "centres", number),
                    Absent(f"found {show(centre)}, which is no key of centres{hint}"),
                )
            for key in SHARED_KEYS.values():
                other = where.setdefault((centre, key), pool) if entry.get(key) is not None else pool
                if other != pool:
                    told = f"'{centre}' has its {key} in '{other}' already (shared.{other}.{key}); allowed: one of them"
                    yield ("shared", pool, "centres", number), told


def disruption_place_fault(data: Mapping[str, Any], resource: Any, place: str) -> str | None:
    """Why a shut-down of a resource cannot be at this centre, or at what several share; None where it can."""
    centres, pools = _names(data, "centres"), _names(data, "shared")
    key = SHARED_KEYS.get(resource) if isinstance(resource, str) else None
    having = [name for name in pools if isinstance(entry := data["shared"][name], dict) and entry.get(key or "")]
    if place in pools and place not in having:
        return f"found {show(place)}, which shares no {key or resource}"
    for pool in having:
        if place in (data["shared"][pool].get("centres") or ()):
            return f"found {show(place)}, whose {key} are those of '{pool}'; allowed: {pool}"
    if centres and place not in (*centres, *pools):
        return f"found {show(place)}, which is no key of centres{did_you_mean(place, [*centres, *pools], 'centres')}"
    return None


def _names(data: Mapping[str, Any], section: str) -> list[str]:
    found = data.get(section)
    return list(found) if isinstance(found, dict) else []
