"""What a report of value of information should tell: six topics in words of our own, filled from a `psa`.

CHEERS-VOI has all items of CHEERS, elaborates seven of them and adds six. The wording of these was not at hand, so that
this table is none of its form: the topics are ours, and its form is to be filled beside it.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from reports.methods.facts import Facts, some
from reports.methods.item import Item, MethodTable
from reports.money import amount
from reports.tables import records
from reports.words import counted, number, stated

REFERENCE = (
    "Six topics in words of our own, not the items of CHEERS-VOI, whose wording was not at hand. That checklist "
    "(Consolidated Health Economic Evaluation Reporting Standards, Value of Information: explanation and elaboration. "
    "Value in Health 2023; 26(10): 1461) has all items of CHEERS 2022, seven of them elaborated, and six new ones: "
    "fill in its form beside this table"
)
SECTION = "Value of information"
FIXED = "not assessed: held fixed"


def has_value_of_information(f: Facts) -> bool:
    """Whether the folder holds an analysis of the value of information."""
    return "evpi" in f.tables and "evppi" in f.tables


def value_of_information(f: Facts) -> MethodTable:
    """The six topics."""
    items = (
        Item(SECTION, "1", "Decision and uncertainty", _uncertainty(f), "why these inputs; structural uncertainty"),
        Item(SECTION, "2", "Measures", _measures(f)),
        Item(SECTION, "3", "Methods of computation", _methods(f), ""),
        Item(SECTION, "4", "Who benefits, and for how long", *_population(f)),
        Item(SECTION, "5", "Studies that are valued", *_studies(f)),
        Item(
            SECTION, "6", "Results and how precise they are", _results(f), "whether research is worth what it costs"
        ),
    )  # fmt: skip
    return MethodTable("Value of information", REFERENCE, items)


def _uncertainty(f: Facts) -> tuple[str, ...]:
    table = f.tables["evppi"]
    drawn = table.loc[table["kind"] == "one input", "input"].nunique()
    fixed = table.loc[table["kind"] == FIXED, "input"].nunique()
    return (
        f"The choice is between {some([case.name for case in f.cases])}, by expected net benefit.",
        f"{counted(int(f.manifest.get('samples') or 0), 'sample')} of {counted(drawn, 'uncertain input')}, with their "
        "distributions and sources in uncertain_inputs.csv.",
        f"{counted(fixed, 'input')} held fixed, listed in evppi.csv as not assessed: their value is not known, not 0.",
        "Structural alternatives are no part of it.",
    )


def _measures(f: Facts) -> tuple[str, ...]:
    groups = f.manifest.get("groups") or {}
    told = ["Expected value of perfect information (EVPI), and of knowing each uncertain input (EVPPI)"]
    if groups:
        told.append(f"of knowing groups of inputs ({some(list(groups))})")
    if "evsi" in f.tables:
        told.append("of studies (EVSI)")
    amounts = [number(one, 0) for one in f.findings.thresholds]
    unit = str(f.tables["evpi"]["unit"].iloc[0])
    return (f"{'; '.join(told)}; per patient referred, in {unit}, at {some(amounts)} per QALY.",)


def _methods(f: Facts) -> tuple[str, ...]:
    told = [
        "EVPI: the variance between the means of samples, told by analysis of variance from the noise of few "
        "replications (O'Hagan, Stevenson, Madan 2007); standard error by bootstrap.",
        "EVPPI of an input: a cubic spline of net benefit on it, freed of what overfitting adds.",
    ]
    if f.manifest.get("groups"):
        told.append("EVPPI of a group: a Gaussian process on at most 500 samples (Strong, Oakley, Brennan 2014).")
    if "evsi" in f.tables:
        told.append("EVSI: regression of net benefit on simulated results of the study (Strong and others 2015).")
    versions = f.manifest.get("versions") or {}
    runs = counted(f.replications, "replication")
    return (*told, f"{runs} of each sample; program version {versions.get('vein2vein', '?')}.")


def _population(f: Facts) -> tuple[tuple[str, ...], str]:
    people = f.manifest.get("population")
    if not people:
        return ("Values are per patient referred; no population was given.",), "how many benefit, and for how long"
    many, years = counted(stated(people["a_year"]), "patient"), counted(stated(people["years"]), "year")
    told = f"{many} a year for {years}, later ones discounted as costs are."
    return (told, "Of a study, those who are referred after its result."), "where these numbers are from"


def _studies(f: Facts) -> tuple[tuple[str, ...], str]:
    if "evsi" not in f.tables:
        return ("No study was valued.",), "which research could be done"
    table: pd.DataFrame = f.tables["evsi"]
    told = tuple(dict.fromkeys(_design(row) for row in records(table)))
    return told, "what each study costs, and whether these times are long enough"


def _design(row: Any) -> str:
    sd = f", standard deviation {row.sd:g} between patients" if math.isfinite(float(row.sd)) else ""
    when = f"its result {counted(f'{row.result_after_days:g}', 'day')} after the first patient"
    return (
        f"{row.input}: {counted(int(row.patients), 'patient')}, {row.data_model}{sd}; enrolled over "
        f"{counted(f'{row.enrolment_days:g}', 'day')} and followed for {counted(f'{row.follow_up_days:g}', 'day')} "
        f"after the last, {when}."
    )


def _results(f: Facts) -> tuple[str, ...]:
    told = []
    for worth in f.findings.thresholds:
        for row in records(f.tables["evpi"][f.tables["evpi"]["willingness_to_pay"] == worth]):
            noise = float(row.simulation_share)
            left = f"; {noise:.0%} of the variance is noise of the simulation" if math.isfinite(noise) else ""
            told.append(f"At {number(worth, 0)} per QALY, EVPI {_with_error(row.evpi, row.standard_error)}{left}.")
        known = f.tables["evppi"][f.tables["evppi"]["willingness_to_pay"] == worth]
        for row in records(known.nlargest(1, "evppi")):
            if row.evppi > 0.0:
                told.append(f"Largest EVPPI there: {row.input}, {_with_error(row.evppi, row.standard_error)}.")
        if "evsi" in f.tables:
            studies = f.tables["evsi"][f.tables["evsi"]["willingness_to_pay"] == worth]
            for row in records(studies):
                told.append(f"EVSI of {row.input} there: {_with_error(row.evsi, row.standard_error)}.")
    return (*told, "What research costs is not taken off.")


def _with_error(value: float, error: float) -> str:
    known = f" (standard error {amount(float(error), '')})" if math.isfinite(float(error)) else ""
    return f"{amount(float(value), '')}{known}"
