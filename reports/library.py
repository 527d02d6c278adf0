"""The shipped scenarios with what they do, as rows of a table and as a page of Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.findings import EVERYBODY, Findings, gather
from reports.markdown import plain, table
from reports.tables import Tables
from reports.words import bounds, counted, level

SHOWN = {
    "waiting_days_mean": "mean wait",
    "progressed_before_infusion_share": "progressed before infusion",
    EVERYBODY: "infused and progression-free at 12 months",
}
HEADS = ("scenario", "what it is", *SHOWN.values())


def rows(about: Mapping[str, str], tables: Tables) -> list[list[str]]:
    """A row a scenario, its base first: name, description, and each figure with its difference from the base.

    `about`: what each scenario is, by its name in the tables `summary` and `differences`.
    """
    findings = gather(tables)
    return [
        [name, " ".join(told.split()), *(_cell(findings, name, metric) for metric in SHOWN)]
        for name, told in about.items()
    ]


def _cell(findings: Findings, stem: str, metric: str) -> str:
    """The level, and its difference from the base where that is shown beyond chance."""
    here, change = findings.level(stem, metric), findings.change(stem, metric)
    if not here.known:
        return "none"
    if stem == findings.baseline or not change.known:
        return level(here, short=True)
    if not findings.verdict(stem, metric).resolved:
        return f"{level(here, short=True)}, no clear difference"
    return f"{level(here, short=True)}, {level(change, short=True)} ({bounds(change)})"


def library_page(found: Mapping[str, Sequence[Sequence[str]]], replications: int) -> str:
    """Markdown of the rows of all scenarios, by the base that they are held against."""
    parts = [
        "# The shipped scenarios, and what each does",
        "Made by `python run_sim.py list --effects --page docs/library.md` "
        f"({counted(replications, 'replication')} each, on the same patients); not edited by hand. "
        "Differences are from the first row of the table, with 95% simulation intervals; where numbers "
        "come from stands in each file.",
    ]
    for base, mine in found.items():
        cells = [[f"`{plain(name)}`", *(plain(cell) for cell in rest)] for name, *rest in mine]
        parts += [f"## Against `{base}`", table(list(HEADS), cells)]
    return "\n\n".join(parts) + "\n"
