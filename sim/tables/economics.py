"""The tables of costs and quality-adjusted life; written only where every scenario has a section `economics`.

Intervals are 95% over replications: they tell the chance of the simulation, not what is unknown of the inputs.
"""

from __future__ import annotations

from sim.tables.contract import Bounds, Table
from sim.tables.shared import (
    BASELINE,
    BASELINE_TO_COUNT,
    ESTIMATE,
    PATIENTS,
    REPLICATION,
    REPLICATIONS,
    SCENARIO,
    TO_COUNT,
    VERDICT,
    around,
    estimate,
    number,
    share,
    text,
    whole,
)

ASSUMED = text("assumed", "Inputs of the economics that are assumptions, with `; ` between them.", "none")
QUANTITY = (
    text("quantity", "Name of the quantity."),
    text("label", "The quantity in words."),
    text("unit", "Currency and price year, QALYs, life years or months."),
)
MONEY = text("unit", "Currency and price year of the amounts.")
WILLINGNESS = number("willingness_to_pay", "Willingness to pay for a QALY.", "money", bounds=Bounds.NOT_NEGATIVE)
NOT_BOUNDED = "one replication only, or hardly anybody infused"
ALONE = "nothing to set it against"
NO_RATIO = "not clear that both costs and QALYs differ, or they are the other way round: see net benefit"
INCREMENT = estimate(
    "How much more it is than the baseline's, paired by replication.",
    Bounds.NONE,
    "",
    around("increment"),
    "nobody, no such group in the baseline, or one of other patients",
)
ICER = (
    SCENARIO,
    text("arm", "reference: nobody is infused by design (strategy standard_care); else infusing.", optional=True),
    MONEY,
    number("cost", "Mean discounted cost per patient referred.", "money"),
    number("qalys", "Mean discounted QALYs per patient referred.", "QALYs"),
    text("status", "What the scenario is among the others."),
    text("against", "The next cheaper scenario on the frontier.", "none is cheaper, or it is not on the frontier"),
    *estimate("Cost more than that one.", Bounds.NONE, "money", around("incremental_cost"), ALONE),
    *estimate("QALYs more than that one.", Bounds.NONE, "QALYs", around("incremental_qalys"), ALONE),
    *(
        number(name, words, "money a QALY", null)
        for name, words, null in (
            ("icer", "Incremental cost per QALY gained.", ALONE),
            ("icer_low", "Lower end of its 95% interval, by Fieller's theorem.", NO_RATIO),
            ("icer_high", "Upper end of it.", NO_RATIO),
        )
    ),
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
        "supply",
        "Quantities of supply",
        "scenario by replication by price of supply that is in view; not written where there is none",
        (
            SCENARIO,
            REPLICATION,
            text(
                "item",
                "Path of its price in the section `economics`: costs.capacity..., or costs.unused_product.allogeneic "
                "of doses that expired and of lots that failed.",
            ),
            number(
                "units",
                "How many in the measuring window: unit-months that the scenario names, uses, slots, dose-months, lots "
                "started, or doses.",
                bounds=Bounds.NOT_NEGATIVE,
            ),
        ),
        ("scenario", "replication", "item"),
    ),
    Table(
        "budget",
        "Budget impact",
        "scenario by year of 365 days from the end of the warm-up, at most 5, by quantity; only whole years of the "
        "measuring window; what the payer pays, whatever the perspective",
        (
            SCENARIO,
            whole("year", "Number of the year, from 1.", "years"),
            *QUANTITY,
            *estimate("Mean over replications, not discounted.", Bounds.NOT_NEGATIVE),
            BASELINE,
            *INCREMENT,
            REPLICATIONS,
            ASSUMED,
        ),
        ("scenario", "year", "quantity"),
        (ESTIMATE, around("increment")),
        not_of_patients="of a year",
    ),
    Table(
        "subgroups",
        "Subgroups",
        "scenario by risk group or centre by quantity",
        (
            SCENARIO,
            text("group_by", "What the group is by: risk_group or centre."),
            text("group", "Name of the risk group or centre."),
            *QUANTITY,
            *estimate("Mean over replications, discounted where not said otherwise.", Bounds.NONE),
            BASELINE,
            *INCREMENT,
            text("verdict", "Of the increment, as in `differences.csv`.", "the baseline itself"),
            REPLICATIONS,
            PATIENTS,
            ASSUMED,
        ),
        ("scenario", "group_by", "group", "quantity"),
        (ESTIMATE, around("increment")),
        not_of_patients="the measured patients of a group (`patients`), the unresolved among them",
    ),
    Table(
        "distribution",
        "Distribution of net benefit",
        "scenario by group (all, each risk group, each centre) by willingness to pay",
        (
            SCENARIO,
            text("group_by", "What the group is by: all, risk_group or centre."),
            text("group", "Name of the risk group or centre; all of everybody."),
            WILLINGNESS,
            MONEY,
            share("share", "Proportion of the patients referred who are of it.", null="nobody is referred"),
            number(
                "weight",
                "What a QALY of theirs counts for (economics.equity), on average.",
                bounds=Bounds.NOT_NEGATIVE,
                null="nobody, or no such group",
            ),
            BASELINE,
            *(
                column
                for prefix, words in (("", ""), ("weighted_", ", each QALY times its equity weight"))
                for column in (
                    *estimate(
                        f"Net monetary benefit per patient of the group{words}.",
                        Bounds.NONE,
                        "money",
                        around(f"{prefix}net_benefit"),
                        "nobody",
                    ),
                    *estimate(
                        "How much more it is than the baseline's, paired by replication.",
                        Bounds.NONE,
                        "money",
                        around(f"{prefix}increment"),
                        "nobody, no such group in the baseline, or one of other patients",
                    ),
                    text(
                        f"{prefix}verdict",
                        "Of that increment, as in `differences.csv`: better where the group gains.",
                        "the baseline itself",
                    ),
                )
            ),
            REPLICATIONS,
            ASSUMED,
        ),
        ("scenario", "group_by", "group", "willingness_to_pay"),
        tuple(around(f"{prefix}{name}") for prefix in ("", "weighted_") for name in ("net_benefit", "increment")),
        not_of_patients="the measured patients of a group (`share` of all), the unresolved among them",
    ),
    *(
        Table(
            name,
            f"Value-based prices{samples}",
            f"scenario with one kind of product by other scenario by willingness to pay{over}",
            (
                SCENARIO,
                text("against", "The scenario that it is to be worth as much as."),
                text("product", "The kind of product: autologous or allogeneic."),
                WILLINGNESS,
                MONEY,
                number("price", "Its price in the scenario.", "money", bounds=Bounds.NOT_NEGATIVE),
                number(
                    "value_based_price",
                    "The price at which both have the same net benefit, all else equal; below 0: at no price.",
                    "money",
                    "nobody is infused",
                ),
                number("low", "Lower end of its 95% interval, by Fieller's theorem.", "money", NOT_BOUNDED),
                number("high", "Upper end of it.", "money", NOT_BOUNDED),
                number("change", "By which part of the price it is higher.", "share", "nobody is infused"),
                ASSUMED,
            ),
            ("scenario", "against", "willingness_to_pay"),
            (("value_based_price", "low", "high"),),
            not_of_patients="of a price",
        )
        for name, samples, over in (("price", "", ""), ("psa_price", ", samples", "; over the samples"))
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
PROBABILITY = share("probability", "Proportion of the samples in which the strategy has the highest net benefit.")
