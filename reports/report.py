"""The report page: one self-contained file, the finding first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from markupsafe import Markup

from reports import grids, sources
from reports.charts import APPENDIX, CHARTS, COSTS, FIRST, GROUPS, OWN, RESTS, STORY, STUDY
from reports.details import OTHER_SUPPLY, details, slot_supply, supply_is_assumed
from reports.export import Picture, page
from reports.findings import Findings, on_the_list, sentence
from reports.first_screen import FirstScreen
from reports.glossary import GLOSSARY
from reports.grids import Grid
from reports.methods import method_tables
from reports.methods.folds import folds
from reports.money import money
from reports.own import Own, own
from reports.rests_on import rests_on, turns
from reports.study_screens import first_screen
from reports.tables import Tables
from reports.words import counted

PARTS: Mapping[str, str] = {
    STUDY: "What was varied",
    RESTS: "What the finding rests on",
    OWN: "Further charts",
    STORY: "Waits and outcomes",
    GROUPS: "By group",
}
"""The parts of the page that are charts alone, in their order, with their headings."""


MOST_PRINTED = 15
"""A longer table of what differs is not printed."""


def page_of(
    tables: Tables,
    findings: Findings,
    pictures: Sequence[Picture],
    numbers: Mapping[str, Markup],
    stills: Mapping[str, str],
) -> str:
    """`report.html` as text. `numbers`: the table behind each chart as HTML, by the name of its table.

    `stills`: images for who reads without JavaScript, as addresses that hold them, by chart, as far as they were made.
    """
    manifest = tables.manifest
    mine = own(tables)
    changes = sources.changes(tables, findings)
    compared = findings.others or findings.scenarios[:1]
    front, sections = _placed(pictures)
    first = _first(tables, findings, front, mine)
    return page(
        "report.html.jinja",
        title=str(manifest.get("title") or "CAR-T vein-to-vein simulation"),
        contents=_contents(tables, findings, changes is not None, sections, mine),
        first=first,
        front=front,
        own=mine,
        sentences=[sentence(findings, scenario) for scenario in compared],
        parts=[(ident, heading, sections[ident]) for ident, heading in PARTS.items()],
        rests_on=rests_on(tables),
        costs=sections[COSTS],
        appendix=sections[APPENDIX],
        paired="same_patients" in tables,
        compared=bool(findings.others),
        warnings=_texts(manifest.get("warnings")),
        key=grids.key_figures(findings) if findings.scenarios else [],
        rest=grids.other_figures(findings),
        numbers=numbers,
        stills=stills,
        most_printed=MOST_PRINTED,
        left_out=_left_out(tables, findings),
        changes=changes,
        money=money(tables, findings),
        parameters=sources.parameters(tables, findings),
        not_modelled=_texts(manifest.get("not_modelled")),
        glossary=GLOSSARY,
        methods=folds(method_tables(tables)),
        provenance=_provenance(manifest, findings),
        scenarios=_scenarios(manifest),
        csv={name: text for name, text in tables.texts.items() if name in tables},
    )


def _first(tables: Tables, findings: Findings, front: Picture | None, mine: Own | None) -> FirstScreen:
    """The first screen; of results of a kind that has none of its own, what their manifest says."""
    name = front.name if front is not None else ""
    if mine is not None:
        caveat = f"{mine.how.partition('. ')[0]}."
        return FirstScreen(mine.first, picture=name, caveat=caveat, findings=(*mine.points, *mine.sentences))
    compared = findings.others or findings.scenarios[:1]
    first, *said = [f"{one}." for one in _texts(tables.manifest.get("said"))] or [""]
    # of several scenarios first what is told first of each
    told = zip_longest(*(details(tables, findings, scenario) for scenario in compared))
    further = [one for of_each in told for one in of_each if one is not None]
    before = (*on_the_list(findings), *slot_supply(tables, findings), *turns(tables))
    found = first_screen(tables, findings, name, (*before, *further, *said))
    first = first or (f"{front.heading}." if front is not None else "")
    if found is None:
        return FirstScreen(first, picture=name, findings=tuple(said))
    return replace(found, note=OTHER_SUPPLY) if supply_is_assumed(tables, findings) else found


def _placed(pictures: Sequence[Picture]) -> tuple[Picture | None, dict[str, list[Picture]]]:
    """(the picture of the first screen, the others by the part of the page in which they stand)."""
    where = {chart.name: chart.section for chart in CHARTS}
    sections: dict[str, list[Picture]] = {ident: [] for ident in (FIRST, *PARTS, COSTS, APPENDIX)}
    for picture in pictures:
        sections[where[picture.name]].append(picture)
    front = next((ones[0] for ident in (FIRST, STUDY, COSTS, OWN, STORY) if (ones := sections[ident])), None)
    return front, {ident: [one for one in ones if one is not front] for ident, ones in sections.items()}


def _contents(
    tables: Tables, findings: Findings, changes: bool, placed: Mapping[str, Sequence[Picture]], mine: Own | None
) -> list[tuple[str, str]]:
    sections = [("finding", "Finding")]
    sections += [("key", "Key figures")] if findings.scenarios else []
    sections += [(ident, heading) for ident, heading in PARTS.items() if placed[ident]]
    sections += [] if mine is None else [(one.ident, one.heading) for one in mine.sections]
    money = "economics" in tables or "psa_icer" in tables or bool(placed[COSTS])
    sections += [("economics", "Costs and QALYs")] if money else []
    sections += [("changes", "What differs")] if changes else []
    sections += [("parameters", "Parameters and sources")] if "parameters" in tables else []
    if mine is None or "not_modelled" in tables.manifest:
        sections += [("not-modelled", "Not modelled")]
    return [
        *sections,
        *([("appendix", "Appendix")] if placed[APPENDIX] else []),
        ("method", "Methods and glossary"),
        ("provenance", "Provenance"),
    ]


def _texts(items: Any) -> list[str]:
    return [str(item) for item in items] if isinstance(items, list) else []


def _left_out(tables: Tables, findings: Findings) -> list[str]:
    """Why a chart that a reader may look for is not there."""
    notes = []
    if findings.others and "same_patients" not in tables:
        why = tables.manifest.get("same_patients_note") or "the scenarios do not treat the same patients"
        notes.append(f"The same patients under both scenarios: not shown, as {why}.".replace("..", "."))
    for chart in CHARTS:
        if (
            chart.table in tables.frames
            and chart.table not in tables
            and chart.table not in ("same_patients", "differences")
        ):
            notes.append(f"{chart.title}: not drawn, as {chart.table}.csv has nothing to draw.")
    return notes


def _provenance(manifest: Mapping[str, Any], findings: Findings) -> list[tuple[str, str]]:
    versions = manifest.get("versions")
    pairs = [
        ("Command", manifest.get("command")),
        ("Created", manifest.get("created")),
        ("Seed", manifest.get("seed")),
        ("Replications", manifest.get("replications", findings.replications)),
        ("Engine", manifest.get("engine")),
        (
            "Versions",
            ", ".join(f"{k} {v}" for k, v in versions.items()) if isinstance(versions, dict) else versions,
        ),
        ("Platform", manifest.get("platform")),
        ("Run time", _seconds(manifest.get("seconds"))),
    ]
    return [(word, _line(value)) for word, value in pairs if value not in (None, "")]


def _line(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _code(digest: Any) -> Markup:
    return Markup("<code>{}</code>").format(str(digest or ""))


def _seconds(seconds: Any) -> str | None:
    return f"{seconds:.1f} s" if isinstance(seconds, int | float) else None


def _scenarios(manifest: Mapping[str, Any]) -> Grid:
    entries = [one for one in manifest.get("scenarios", []) if isinstance(one, dict)]
    rows = [
        [
            *(str(one.get(key) or "") for key in ("name", "strategy", "description", "file")),
            _code(one.get("digest")),
        ]
        for one in entries
    ]
    baseline = manifest.get("baseline")
    caption = f"{counted(len(rows), 'scenario')}" + (f"; the baseline is {baseline}" if baseline else "")
    return Grid(caption, ["Scenario", "Strategy", "Description", "File", "Digest"], rows, "text stack")
