"""What a results folder says of how it was made: manifest and tables, and words that several items share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.findings import Findings, gather
from reports.tables import Tables
from reports.words import capital, counted

# So many values or names are written out in an item; the rest is counted, and stands in a table of the folder.
MOST = 12
# The units that a scenario is written in; reports read files alone, and a test holds these against the scenario's own.
DAYS_PER_UNIT = {"min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "month": 365.25 / 12, "y": 365.25}
STUDY, SWEEP, PLAN, PSA = "study", "sweep", "plan", "psa"


@dataclass(frozen=True, eq=False)
class Case:
    """One scenario of the run: its values as its file would have them, and what its path is made of."""

    name: str
    description: str
    strategy: str
    file: str
    digest: str
    resolved: Mapping[str, Any]
    model: Mapping[str, Any]

    def value(self, path: str, default: Any = None) -> Any:
        """The value at a dotted path of the resolved scenario."""
        found: Any = self.resolved
        for key in path.split("."):
            if not isinstance(found, Mapping) or key not in found:
                return default
            found = found[key]
        return found

    @property
    def assumed(self) -> list[str]:
        """The paths of numbers that are assumptions, stated or not."""
        return [str(p["path"]) for p in self.model["parameters"] if p["source"] == "assumption"]

    @property
    def unstated(self) -> list[str]:
        """The paths of numbers for which no source is given."""
        return [str(p["path"]) for p in self.model["parameters"] if not p["stated"]]


@dataclass(frozen=True, eq=False)
class Facts:
    """A results folder, as the items ask for it."""

    manifest: Mapping[str, Any]
    cases: Sequence[Case]
    tables: Tables
    findings: Findings

    def each(self, says: Callable[[Case], str]) -> tuple[str, ...]:
        """What is said of each scenario, with its name before it; once, without names, where all say the same."""
        told = [says(case) for case in self.cases]
        if len(set(told)) == 1:
            return (capital(told[0]),) if told[0] else ()
        return tuple(f"{case.name}: {text}" for case, text in zip(self.cases, told, strict=True) if text)

    @property
    def kind(self) -> str:
        """study (run, compare), sweep, plan or psa."""
        return str(self.manifest.get("kind") or STUDY)

    @property
    def compared(self) -> bool:
        """Whether there is more than one scenario."""
        return len(self.cases) > 1

    @property
    def method(self) -> Mapping[str, Any]:
        """How the program runs any model."""
        found: Mapping[str, Any] = self.manifest["method"]
        return found

    @property
    def economics(self) -> bool:
        """Whether every scenario has costs and QALYs."""
        return all(case.value("economics") for case in self.cases)

    @property
    def replications(self) -> int:
        """Replications of each scenario (or point)."""
        return int(self.manifest["replications"])


def facts_of(tables: Tables) -> Facts | None:
    """The facts of a results folder; None where the manifest does not describe the model, or is of own records."""
    manifest = tables.manifest
    if str(manifest.get("kind") or STUDY) not in (STUDY, SWEEP, PLAN, PSA):
        return None
    entries = manifest.get("scenarios")
    if not isinstance(entries, list) or not entries or not isinstance(manifest.get("method"), dict):
        return None
    if not all(isinstance(e, dict) and e.get("model") and e.get("resolved") for e in entries):
        return None
    cases = [
        Case(
            name=str(entry.get("name") or ""),
            description=str(entry.get("description") or ""),
            strategy=str(entry.get("strategy") or ""),
            file=str(entry.get("file") or ""),
            digest=str(entry.get("digest") or ""),
            resolved=entry["resolved"],
            model=entry["model"],
        )
        for entry in entries
    ]
    return Facts(manifest, cases, tables, gather(tables))


def some(names: Sequence[str], where: str = "") -> str:
    """The names, at most twelve of them, then how many more there are and where they stand."""
    text = ", ".join(names[:MOST])
    more = len(names) - MOST
    return text if more <= 0 else f"{text} and {more} more{f' ({where})' if where else ''}"


def leaves(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of everything in a mapping that is not a mapping itself."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, values


def days_of(text: Any) -> float:
    """The days of a length of time as a resolved scenario writes it, `365 d` or `15 month`. Raises ValueError."""
    found = re.fullmatch(r"([\d.eE+-]+) (\w+)", str(text))
    if found is None or found[2] not in DAYS_PER_UNIT:
        raise ValueError(f"{text!r} is no number of days")
    return float(found[1]) * DAYS_PER_UNIT[found[2]]


def metrics(facts: Facts) -> list[tuple[str, str]]:
    """(label, unit) of each quantity that the tables of the folder report, each once, in their order."""
    for name in ("summary", "sweep", "plan"):
        if name in facts.tables.frames:
            frame = facts.tables[name]
            return list(dict.fromkeys(zip(frame["label"].astype(str), frame["unit"].astype(str), strict=True)))
    return []


def sources_of(facts: Facts) -> dict[str, str]:
    """The publication behind each evidence id that a scenario of the run cites."""
    return {str(i): str(r) for case in facts.cases for i, r in case.model["evidence"].items()}


def sourced(case: Case) -> str:
    """How many numbers a scenario has, and how many of them stand on what."""
    numbers, assumed, unstated = len(case.model["parameters"]), len(case.assumed), len(case.unstated)
    published = f"{numbers - assumed} from {counted(len(case.model['evidence']), 'published figure')}"
    text = f"{counted(numbers, 'number')}, {published} (some derived), {counted(assumed, 'assumption')}"
    return text + (f", of which {unstated} without a source given." if unstated else ".")
