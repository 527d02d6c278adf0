"""The good practices of ISPOR and SMDM for discrete-event simulation (Karnon et al. 2012), filled for a results folder.

The headings are the five stages of modelling of that report, and validation, which a sister report treats.
"""

from __future__ import annotations

from reports.methods import executed, modelled, planned
from reports.methods.facts import PSA, SWEEP, Case, Facts
from reports.methods.item import Item, MethodTable
from reports.words import counted

REFERENCE = (
    "Karnon J, Stahl J, Brennan A, Caro JJ, Mar J, Moller J. Modeling using discrete event simulation: a report of the "
    "ISPOR-SMDM Modeling Good Research Practices Task Force-4. Medical Decision Making 2012; 32: 701-711, "
    "doi:10.1177/0272989X12455462; for validation Eddy DM et al., Task Force-7, doi:10.1016/j.jval.2012.04.012"
)
STRUCTURE, PARAMETERS, IMPLEMENTATION, ANALYSIS, REPORTING, VALIDATION = (
    "Structural development",
    "Parameter estimation",
    "Model implementation",
    "Model analysis",
    "Representation and reporting",
    "Validation",
)


def ispor(f: Facts) -> MethodTable:
    """The table by stage of modelling."""
    items = (
        Item(STRUCTURE, "1a", "Why a discrete-event simulation", _constrained(f)),
        Item(STRUCTURE, "1b", "Events and entities", (*modelled.logic(f), *modelled.entities(f))),
        Item(STRUCTURE, "1c", "Resources and queues", (*modelled.resources(f), *modelled.queues(f))),
        Item(
            STRUCTURE,
            "1d",
            "Conceptual validity",
            planned.left_out(f),
            "which clinicians agreed with the path, and when",
        ),
        Item(PARAMETERS, "2a", "Sources", (*planned.data_sources(f), *planned.assumptions(f))),
        Item(PARAMETERS, "2b", "Competing events", modelled.leaving(f)),
        Item(IMPLEMENTATION, "3a", "Software", (*executed.software(f), *executed.execution(f))),
        Item(
            IMPLEMENTATION,
            "3b",
            "Random numbers and variance reduction",
            (*executed.random_sampling(f), executed.common_numbers(f)),
        ),
        Item(ANALYSIS, "4a", "Warm-up and run length", (*executed.initialisation(f), *executed.run_length(f))),
        Item(ANALYSIS, "4b", "Replications", (*executed.estimation(f), *executed.reached(f))),
        Item(ANALYSIS, "4c", "Uncertainty of inputs", _uncertainty(f), _open_uncertainty(f)),
        Item(REPORTING, "5a", "Structure and logic shown", modelled.diagram(f)),
        Item(REPORTING, "5b", "Results", (*planned.outputs(f), *planned.intervals(f))),
        Item(VALIDATION, "6a", "Verification", _verification(f)),
        Item(
            VALIDATION,
            "6b",
            "Against data",
            (),
            "how waiting days and losses compare with those of your own centre (docs/validation.md: published ones)",
        ),
    )
    return MethodTable("ISPOR-SMDM good practices", REFERENCE, items)


def _constrained(f: Facts) -> tuple[str, ...]:
    """Which resources bind, which is why patients have to be simulated together."""

    def told(case: Case) -> str:
        tight = [
            (resource["label"], max(loads))
            for resource in case.model["resources"]
            if (loads := [load for load in resource["loads"].values() if load is not None])
        ]
        if not tight:
            return "no resource has a limit that patients compete for."
        label, load = max(tight, key=lambda one: one[1])
        return (
            f"patients compete for {counted(len(tight), 'limited resource')}, most for {label.lower()} "
            f"(offered load {load:.2f})."
        )

    return f.each(told)


def _uncertainty(f: Facts) -> tuple[str, ...]:
    if f.kind in (PSA, SWEEP):
        return planned.aims(f)
    paths = {path for case in f.cases for path in case.value("uncertainty", {})}
    return (
        f"Intervals show the precision of the simulation only. {counted(len(paths), 'input')} with a distribution of "
        "uncertainty in the scenario files; this run holds all inputs fixed.",
    )


def _open_uncertainty(f: Facts) -> str:
    return "" if f.kind in (PSA, SWEEP) else "the sensitivity analysis that goes with this run (`sweep`, `psa`)"


def _verification(f: Facts) -> tuple[str, ...]:
    cases = f.method["validation_cases"]
    return (
        f"The program ships {counted(int(cases), 'validation case')}, exact, closed-form and published "
        "(`python run_sim.py validate`, docs/validation.md); two engines are held to the same records.",
    )
