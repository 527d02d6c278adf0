"""What the program is made of: every library that it needs at run time, with version and licence.

python -m tests.materials > sbom.json       a bill of materials in the form of CycloneDX 1.6, of what is installed
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROGRAM = "vein2vein"
# What users install; the others are for developers.
EXTRAS = ("sensitivity", "plan", "information", "cluster", "images", "office", "app")
# Licences that bind the whole program, as a licence's name or a classifier has them. The lesser one does not, nor
# does what is linked with the libraries of a compiler under its exception.
COPYLEFT = re.compile(r"\b(?:A?GPL|(?:Affero )?GNU (?:Affero )?General Public License)", re.IGNORECASE)
EXCEPTION = re.compile(r"\bGPL[\w.-]*[ -]WITH[ -]GCC-exception-[\d.]+", re.IGNORECASE)


@dataclass(frozen=True)
class Material:
    """One library: name, version, and what it says of its licence."""

    name: str
    version: str
    licences: tuple[str, ...]

    @property
    def is_copyleft(self) -> bool:
        """Whether it can be had under nothing but a licence that binds the whole program."""
        free = [one for one in self.licences if not COPYLEFT.search(EXCEPTION.sub("", one))]
        return not free


def materials(extras: Iterable[str] = EXTRAS) -> list[Material]:
    """The installed libraries that the program needs, with these extras, and what those need, by name."""
    found: dict[str, Material] = {}
    waiting = [(PROGRAM, frozenset(extras))]
    seen = set(waiting)
    while waiting:
        name, wanted = waiting.pop()
        try:
            one = distribution(name)
        except PackageNotFoundError:
            continue  # an extra that is not installed here
        if name != PROGRAM:
            found[name] = Material(name, one.version, tuple(_licences(one)))
        for text in one.requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in wanted or {""}):
                more = (canonicalize_name(needed.name), frozenset(needed.extras))
                if more not in seen:
                    seen.add(more)
                    waiting.append(more)
    return [found[name] for name in sorted(found)]


def _licences(one: Distribution) -> Iterator[str]:
    """What it says: an expression of SPDX, else the classifiers, else the first line of the old field."""
    expression = one.metadata.get("License-Expression")
    if expression:
        yield from re.split(r"\s+OR\s+", expression)
        return
    named = [text for text in one.metadata.get_all("Classifier") or () if text.startswith("License ::")]
    if named:
        yield from (text.rpartition(" :: ")[2] for text in named)
        return
    first = (one.metadata.get("License") or "").strip().split("\n")[0]
    if first:
        yield from re.split(r"\s+OR\s+", first)


def bill() -> dict[str, object]:
    """The bill of materials, as CycloneDX 1.6 has it."""
    own = distribution(PROGRAM)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": PROGRAM, "version": own.version}},
        "components": [
            {
                "type": "library",
                "name": one.name,
                "version": one.version,
                "purl": f"pkg:pypi/{one.name}@{one.version}",
                "licenses": [{"license": {"name": text}} for text in one.licences],
            }
            for one in materials()
        ],
    }


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=2)
    print()
