"""CHEERS 2022, the 28 items of Husereau et al., filled for a results folder with costs and QALYs."""

from __future__ import annotations

import math
from typing import Any

from reports.methods import executed, modelled, planned
from reports.methods.facts import Case, Facts, leaves, some
from reports.methods.item import Item, MethodTable
from reports.money import amount
from reports.tables import records
from reports.words import counted

REFERENCE = (
    "Husereau D, Drummond M, Augustovski F, et al. Consolidated Health Economic Evaluation Reporting Standards 2022 "
    "(CHEERS 2022) statement. BMC Medicine 2022; 20: 23, doi:10.1186/s12916-021-02204-0"
)
TITLE, ABSTRACT, INTRODUCTION, METHODS, RESULTS, DISCUSSION, OTHER = (
    "Title",
    "Abstract",
    "Introduction",
    "Methods",
    "Results",
    "Discussion",
    "Other relevant information",
)
DAYS_PER_YEAR = 365.25


def cheers(f: Facts) -> MethodTable:
    """The 28 items of CHEERS 2022."""
    names = " and ".join(f"'{case.name}'" for case in f.cases)
    items = (
        Item(TITLE, "1", "Title", (f"Economic evaluation of {names} by simulation.",), "the final title"),
        Item(ABSTRACT, "2", "Abstract", _main(f), "the abstract"),
        Item(
            INTRODUCTION, "3", "Background and objectives", planned.purpose(f), "context and relevance for the decision"
        ),
        Item(METHODS, "4", "Health economic analysis plan", (), "whether there was one, and where it is"),
        Item(
            METHODS,
            "5",
            "Study population",
            modelled.entities(f),
            "age, earlier lines of therapy and other characteristics",
        ),
        Item(METHODS, "6", "Setting and location", modelled.entries(f), "country and system of health care"),
        Item(METHODS, "7", "Comparators", planned.purpose(f)[1:], "why these were chosen"),
        Item(METHODS, "8", "Perspective", _value(f, "perspective"), "why it was chosen"),
        Item(METHODS, "9", "Time horizon", f.each(_horizon), "why it is appropriate"),
        Item(METHODS, "10", "Discount rate", f.each(_discount), "why these rates were chosen"),
        Item(METHODS, "11", "Selection of outcomes", (_outcomes(f),)),
        Item(METHODS, "12", "Measurement of outcomes", f.each(_survival)),
        Item(METHODS, "13", "Valuation of outcomes", f.each(_utilities), "whose preferences the utilities are"),
        Item(METHODS, "14", "Measurement and valuation of resources and costs", f.each(_costs)),
        Item(
            METHODS,
            "15",
            "Currency, price date, and conversion",
            f.each(_currency),
            "how amounts were brought to that year",
        ),
        Item(METHODS, "16", "Rationale and description of model", (*modelled.logic(f), *executed.sharing(f))),
        Item(METHODS, "17", "Analytics and assumptions", (*planned.intervals(f), *planned.assumptions(f))),
        Item(METHODS, "18", "Characterising heterogeneity", f.each(_groups)),
        Item(
            METHODS,
            "19",
            "Characterising distributional effects",
            _distribution(f),
            "effects on groups beyond the model's risk groups",
        ),
        Item(METHODS, "20", "Characterising uncertainty", (*planned.aims(f), *executed.estimation(f))),
        Item(
            METHODS, "21", "Approach to engagement with patients and others", (), "who was asked, and what they changed"
        ),
        Item(RESULTS, "22", "Study parameters", planned.parameters(f)),
        Item(
            RESULTS,
            "23",
            "Summary of main results",
            _main(f),
            "" if _main(f) else "no cost or QALY stands in this folder",
        ),
        Item(
            RESULTS,
            "24",
            "Effect of uncertainty",
            _effect(f),
            "" if _effect(f) else "what a `psa` of these scenarios says",
        ),
        Item(RESULTS, "25", "Effect of engagement with patients and others", (), "what differed because of it"),
        Item(
            DISCUSSION,
            "26",
            "Study findings, limitations, generalisability, and current knowledge",
            planned.left_out(f),
            "the discussion",
        ),
        Item(OTHER, "27", "Source of funding", (), "who paid, and their part in the study"),
        Item(OTHER, "28", "Conflicts of interest", (), "those of the authors"),
    )
    return MethodTable("CHEERS 2022", REFERENCE, items)


def _money(case: Case) -> Any:
    return case.value("economics")


def _value(f: Facts, name: str) -> tuple[str, ...]:
    return f.each(lambda case: f"{_money(case)[name]}.")


def _horizon(case: Case) -> str:
    horizon = str(_money(case)["horizon"])
    number, _, unit = horizon.partition(" ")
    years = f" ({float(number) / DAYS_PER_YEAR:.1f} years)" if unit == "d" else ""
    return f"{horizon}{years} from referral."


def _discount(case: Case) -> str:
    rates = _money(case)["discount"]
    return f"{rates['costs']:.1%} a year for costs, {rates['health']:.1%} for health."


def _outcomes(f: Facts) -> str:
    days = ", waiting days and proportions infused, progressed and lost" if f.findings.scenarios else ""
    return f"QALYs and life years per patient referred{days}."


def _survival(case: Case) -> str:
    products = [name for name in ("autologous", "allogeneic") if case.value(f"after_infusion.{name}")]
    told = [f"{name}: response {case.value(f'after_infusion.{name}.response')}" for name in products]
    return (
        f"response, progression and death of each patient are simulated from published figures ({'; '.join(told)}); "
        "those who are not infused live on by the clock of their outcome."
    )


def _utilities(case: Case) -> str:
    return f"utilities: {_flat(_money(case)['utilities'])}."


def _costs(case: Case) -> str:
    paid = (
        f"; unused products are paid by the {_money(case)['unused_paid_by']}"
        if "unused_paid_by" in _money(case)
        else ""
    )
    return f"units used are counted patient by patient and valued at {_flat(_money(case)['costs'])}{paid}."


def _flat(values: Any) -> str:
    return "; ".join(f"{path.replace('_', ' ')} {value}" for path, value in leaves(values))


def _currency(case: Case) -> str:
    economics = _money(case)
    said, to = f"{economics['currency']}, prices of {economics['price_year']}", economics.get("conversion")
    if not to:
        return f"{said}."
    return f"{said}; results in {to['currency']} {to['price_year']}, by a factor of {to['factor']:g} ({to['source']})."


def _groups(case: Case) -> str:
    groups = case.value("patients.risk_groups", {})
    after = case.value("after_infusion.by_risk_group", {})
    then = (
        f"after it they have multipliers on response, progression and death ({some(list(after))})"
        if after
        else "none after it"
    )
    return f"{counted(len(groups), 'risk group')} until infusion ({some(list(groups))}); {then}."


def _main(f: Facts) -> tuple[str, ...]:
    """Cost, QALYs and standing of each scenario, from the first table that has them."""
    frame = f.tables.frames.get("icer")
    if frame is None:
        frame = f.tables.frames.get("psa_icer")
    if frame is None:
        return _levels(f)
    points = []
    for row in records(frame):
        ratio = (
            f", {amount(float(row.icer), '')} per QALY against {row.against}" if math.isfinite(float(row.icer)) else ""
        )
        points.append(
            f"{row.scenario}: {amount(float(row.cost), str(row.unit))} {row.unit} and {float(row.qalys):.3f} QALYs per "
            f"patient referred; {row.status}{ratio}."
        )
    return tuple(points)


def _levels(f: Facts) -> tuple[str, ...]:
    """Cost and QALYs of a single scenario."""
    if "economics" not in f.tables:
        return ()
    wanted = f.tables["economics"]
    chosen = wanted[wanted["quantity"].isin(["cost_per_referred", "qalys_per_referred"])]
    return tuple(
        f"{row.scenario}: {row.label.lower()} {amount(row.estimate, str(row.unit))}"
        f"{'' if row.unit == 'QALYs' else f' {row.unit}'}."
        for row in records(chosen)
    )


def _distribution(f: Facts) -> tuple[str, ...]:
    """Which groups gain or lose net benefit at the middle willingness to pay, and with which equity weights."""
    if "distribution" not in f.tables:
        return ()
    table, worth = f.tables["distribution"], f.findings.threshold
    here = table[(table["willingness_to_pay"] == worth) & (table["group_by"] != "all")]
    given = f.cases[0].value("economics.equity") or {}
    points = [f"Equity weights of QALYs: {_flat(given)}; 1 of all others." if given else "No equity weights."]
    for scenario in f.findings.others:
        mine = records(here[here["scenario"] == scenario])
        told = "; ".join(f"{row.group}: {row.weighted_verdict if given else row.verdict}" for row in mine)
        against = f"against {f.findings.baseline} at {amount(worth, '')} per QALY"
        points.append(f"{scenario}, net benefit of each group {against}: {told}.")
    return (*points, "Costs, QALYs and net benefit of each group are in subgroups.csv and distribution.csv.")


def _effect(f: Facts) -> tuple[str, ...]:
    """Probability of being the best choice and EVPI, where uncertain inputs were drawn."""
    if "ceac" not in f.tables or "evpi" not in f.tables:
        return ()
    points = []
    ceac, evpi = f.tables["ceac"], f.tables["evpi"]
    for threshold in f.cases[0].value("economics.willingness_to_pay", []):
        here = ceac[ceac["willingness_to_pay"] == float(threshold)]
        if here.empty:
            continue
        best = max(records(here), key=lambda row: float(row.probability))
        value = evpi[evpi["willingness_to_pay"] == float(threshold)]["evpi"]
        worth = f"; EVPI {amount(float(value.iloc[0]), '')} a patient" if len(value) else ""
        points.append(
            f"At {amount(float(threshold), '')} per QALY {best.strategy} is the best choice with a probability of "
            f"{float(best.probability):.2f}{worth}."
        )
    return tuple(points)
