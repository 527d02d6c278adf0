"""The report page: one self-contained file, the finding first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from reports import grids, sources
from reports.charts import CHARTS
from reports.details import details
from reports.export import Picture, page
from reports.findings import Findings, headline, on_the_list, sentence
from reports.glossary import GLOSSARY
from reports.grids import Grid
from reports.methods import method_tables
from reports.methods.folds import folds
from reports.money import money
from reports.own import Section, own
from reports.tables import Tables
from reports.theme import mark
from reports.words import bounds, counted, level


def page_of(tables: Tables, findings: Findings, pictures: Sequence[Picture], numbers: Mapping[str, Markup]) -> str:
    """`report.html` as text. `numbers`: the table behind each chart as HTML, by the name of its table."""
    manifest = tables.manifest
    mine = own(tables)
    changes = sources.changes(tables, findings)
    compared = findings.others or findings.scenarios[:1]
    first = f"{headline(findings, 'waiting_days_mean')}." if len(compared) > 1 else ""
    first = first if findings.scenarios or not pictures else f"{pictures[0].heading}."
    first = first if mine is None else mine.first
    told = [f"{one}." for one in _texts(manifest.get("said"))[1:]] if mine is None else list(mine.sentences)
    return page(
        "report.html.jinja",
        title=str(manifest.get("title") or "CAR-T vein-to-vein simulation"),
        contents=_contents(tables, findings, changes is not None, [] if mine is None else mine.sections),
        first=first,
        sentences=[sentence(findings, scenario) for scenario in compared] + on_the_list(findings) + told,
        further=[(findings.quoted(scenario), details(tables, findings, scenario)) for scenario in compared],
        own=mine,
        paired="same_patients" in tables,
        compared=bool(findings.others),
        once=findings.replications == 1,
        infused=_infused(findings),
        warnings=_texts(manifest.get("warnings")),
        key=grids.key_figures(findings) if findings.scenarios else [],
        rest=grids.other_figures(findings),
        pictures=pictures,
        numbers=numbers,
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


def _contents(
    tables: Tables, findings: Findings, changes: bool, own_sections: Sequence[Section]
) -> list[tuple[str, str]]:
    sections = [("finding", "Finding")]
    sections += [("key", "Key figures")] if findings.scenarios else []
    sections += [("charts", "Charts")]
    sections += [(one.ident, one.heading) for one in own_sections]
    sections += [("economics", "Costs and QALYs")] if "economics" in tables or "psa_icer" in tables else []
    sections += [("changes", "What differs")] if changes else []
    sections += [("parameters", "Parameters and sources")] if "parameters" in tables else []
    if not own_sections or "not_modelled" in tables.manifest:
        sections += [("not-modelled", "Not modelled")]
    return [
        *sections,
        ("method", "Method and words"),
        ("provenance", "Provenance"),
    ]


def _infused(findings: Findings) -> list[dict[str, str]]:
    rows = []
    for place, scenario in enumerate(findings.scenarios):
        share = findings.level(scenario, "infused_share")
        within = bounds(share)
        rows.append(
            {
                "scenario": scenario,
                "colour": mark(place).colour,
                "level": level(share),
                "within": f"({within})" if within else "",
            }
        )
    return rows


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
