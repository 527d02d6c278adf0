"""The tables of costs and quality-adjusted life; written only where every scenario has a section `economics`.

Intervals are 95 % over replications: they tell the chance of the simulation, not what is unknown of the inputs.
"""

from __future__ import annotations

from sim.tables.contract import Bounds, Table
from sim.tables.shared import (
    BASELINE,
    BASELINE_TO_COUNT,
    ESTIMATE,
    REPLICATIONS,
    SCENARIO,
    TO_COUNT,
    VERDICT,
    around,
    estimate,
    number,
    share,
    text,
)

ASSUMED = text("assumed", "Inputs of the economics that are assumptions, with `; ` between them.", "none")
QUANTITY = (
    text("quantity", "Name of the quantity."),
    text("label", "The quantity in words."),
    text("unit", "Currency and price year, QALYs or life years."),
)
MONEY = text("unit", "Currency and price year of the amounts.")
WILLINGNESS = number("willingness_to_pay", "Willingness to pay for a QALY.", "money", bounds=Bounds.NOT_NEGATIVE)
ALONE = "nothing to set it against"
ICER = (
    SCENARIO,
    MONEY,
    number("cost", "Mean discounted cost per patient referred.", "money"),
    number("qalys", "Mean discounted QALYs per patient referred.", "QALYs"),
    text("status", "What the scenario is among the others."),
    text("against", "The next cheaper scenario on the frontier.", "none is cheaper, or it is not on the frontier"),
    *estimate("Cost more than that one.", Bounds.NONE, "money", around("incremental_cost"), ALONE),
    *estimate("QALYs more than that one.", Bounds.NONE, "QALYs", around("incremental_qalys"), ALONE),
    number("icer", "Incremental cost per QALY gained.", "money a QALY", ALONE),
    *TO_COUNT,
    ASSUMED,
)
OF_ICER = (around("incremental_cost"), around("incremental_qalys"))

ECONOMICS = (
    Table(
        "economics",
        "Economics",
        "scenario by quantity",
        (
            SCENARIO,
            *QUANTITY,
            *estimate("Mean over replications, discounted where not said otherwise.", Bounds.NONE),
            REPLICATIONS,
            *TO_COUNT,
            ASSUMED,
        ),
        ("scenario", "quantity"),
        (ESTIMATE,),
    ),
    Table(
        "economics_differences",
        "Economics, differences",
        "scenario but the first by quantity",
        (
            SCENARIO,
            BASELINE,
            *QUANTITY,
            *estimate("Mean of scenario minus baseline, paired by replication.", Bounds.NONE),
            REPLICATIONS,
            VERDICT,
            *TO_COUNT,
            *BASELINE_TO_COUNT,
            ASSUMED,
        ),
        ("scenario", "quantity"),
        (ESTIMATE,),
    ),
    Table("icer", "Incremental analysis", "scenario, by rising cost", ICER, ("scenario",), OF_ICER),
    Table(
        "nmb",
        "Net benefit",
        "scenario by willingness to pay",
        (
            SCENARIO,
            WILLINGNESS,
            MONEY,
            *estimate("Net monetary benefit per patient referred.", Bounds.NONE, "money"),
            BASELINE,
            *estimate(
                "How much more it is than the baseline's.",
                Bounds.NONE,
                "money",
                ("increment", "increment_low", "increment_high"),
            ),
            text("verdict", "Of the increment, as in `differences.csv`.", "the baseline itself"),
            *TO_COUNT,
            ASSUMED,
        ),
        ("scenario", "willingness_to_pay"),
        (ESTIMATE, ("increment", "increment_low", "increment_high")),
    ),
    Table(
        "psa_icer",
        "Incremental analysis",
        "scenario, by rising cost; means over the samples",
        ICER,
        ("scenario",),
        OF_ICER,
    ),
)
PROBABILITY = share("probability", "Share of the samples in which the strategy has the highest net benefit.")
