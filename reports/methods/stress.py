"""STRESS-DES, the 20 items of Monks et al. 2019 (section 3, discrete-event simulation), filled for a results folder."""

from __future__ import annotations

from reports.methods import executed, modelled, planned
from reports.methods.facts import Facts
from reports.methods.item import Item, MethodTable

REFERENCE = (
    "Monks T, Currie CSM, Onggo BS, Robinson S, Kunc M, Taylor SJE. Strengthening the reporting of empirical "
    "simulation studies: introducing the STRESS guidelines. Journal of Simulation 2019; 13: 55-67, "
    "doi:10.1080/17477778.2018.1442155. Of its 20 items, 2.5 has five parts"
)
OBJECTIVES, LOGIC, DATA, EXPERIMENT, IMPLEMENTATION, ACCESS = (
    "Objectives",
    "Logic",
    "Data",
    "Experimentation",
    "Implementation",
    "Code access",
)


def stress(f: Facts) -> MethodTable:
    """The 20 items of STRESS-DES."""
    items = (
        Item(OBJECTIVES, "1.1", "Purpose of the model", planned.purpose(f), "the decision it serves, and for whom"),
        Item(OBJECTIVES, "1.2", "Model outputs", (*planned.outputs(f), *planned.intervals(f))),
        Item(
            OBJECTIVES,
            "1.3",
            "Experimentation aims",
            planned.aims(f),
            "why these scenarios, values or targets were chosen",
        ),
        Item(LOGIC, "2.1", "Base model overview diagram", modelled.diagram(f)),
        Item(LOGIC, "2.2", "Base model logic", (*modelled.logic(f), *modelled.leaving(f))),
        Item(LOGIC, "2.3", "Scenario logic", modelled.scenario_logic(f)),
        Item(LOGIC, "2.4", "Algorithms", modelled.algorithms(f)),
        Item(LOGIC, "2.5.1", "Components: entities", modelled.entities(f)),
        Item(LOGIC, "2.5.2", "Components: activities", modelled.activities(f)),
        Item(LOGIC, "2.5.3", "Components: resources", modelled.resources(f)),
        Item(LOGIC, "2.5.4", "Components: queues", modelled.queues(f)),
        Item(LOGIC, "2.5.5", "Components: entry and exit points", (*modelled.entries(f), *modelled.exits(f))),
        Item(DATA, "3.1", "Data sources", planned.data_sources(f), "the source of any figure of your own centre"),
        Item(
            DATA,
            "3.2",
            "Pre-processing",
            planned.preprocessing(f),
            "how your own data were cleaned before they were put in",
        ),
        Item(DATA, "3.3", "Input parameters", planned.parameters(f)),
        Item(DATA, "3.4", "Assumptions", (*planned.assumptions(f), *planned.left_out(f))),
        Item(EXPERIMENT, "4.1", "Initialisation", executed.initialisation(f)),
        Item(EXPERIMENT, "4.2", "Run length", executed.run_length(f)),
        Item(EXPERIMENT, "4.3", "Estimation approach", (*executed.estimation(f), *executed.reached(f))),
        Item(IMPLEMENTATION, "5.1", "Software or programming language", executed.software(f)),
        Item(IMPLEMENTATION, "5.2", "Random sampling", executed.random_sampling(f)),
        Item(IMPLEMENTATION, "5.3", "Model execution", (*executed.execution(f), *executed.ties(f))),
        Item(IMPLEMENTATION, "5.4", "System specification", executed.system(f), "model of the processor and memory"),
        Item(
            ACCESS,
            "6.1",
            "Computer model sharing statement",
            executed.sharing(f),
            "where the files are kept, with a DOI",
        ),
    )
    return MethodTable("STRESS-DES", REFERENCE, items)
