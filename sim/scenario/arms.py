"""In what two arms of a comparison differ: in the product, or in what is the same whatever the product.

A comparison of products is one of like with like where nothing else differs. What is of the product is a list of paths:
all else (who is referred, work-up, clocks on the list, appointments, beds) belongs to the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from sim.scenario.load import Loaded, compare_scenarios
from sim.scenario.resolve import Difference

PRODUCT, NETWORK = "product", "network"
OF_THE_PRODUCT = (
    "name",
    "description",
    "strategy",
    "scheduling",
    "apheresis",
    "bridging",
    "cells",
    "shipping",
    "manufacturing",
    "release_testing",
    "allogeneic",
    "hybrid",
    "alternative",
    "later_course",
    "toxicity",
    "clocks.after_apheresis",
    "centres.*.slots",
    "centres.*.lines",
    "centres.*.chairs",
    "centres.*.icu",
    "shared.*.icu",
    "infusion.model",
    "infusion.stay",
    "infusion.planned_stay",
    "after_infusion.autologous",
    "after_infusion.allogeneic",
    "after_infusion.alternative",
    "after_infusion.standard_care",
    "after_infusion.later_course",
    "economics.costs.product",
    "economics.costs.unused_product",
    "economics.costs.lymphodepletion",
    "economics.costs.adverse_events",
    "uncertainty",
)
WHO_AND_WHERE = ("run", "regions", "centres", "shared", "patients", "disruptions")
# Who the patients are, and how their disease runs: beside this, another way of organising one product may differ in
# anything. What a group of patients is worth to a policy is a choice of who organises.
OF_THE_PATIENTS = (
    "patients.risk_groups.*.share",
    "patients.risk_groups.*.hazard",
    "patients.frailty",
    "patients.age",
    "patients.sex",
    "clocks.waiting",
    "clocks.after_progression",
    "after_infusion.not_infused",
)


def belongs_to(difference: Difference) -> str:
    """Whether a value belongs to the product or to the network.

    One that only one of the arms has a use for is its product's, where it is not who is referred or where they go.
    """
    keys = difference.path.split(".")
    if not (difference.a_text and difference.b_text) and keys[0] not in WHO_AND_WHERE:
        return PRODUCT
    return PRODUCT if _is_among(difference, OF_THE_PRODUCT) else NETWORK


def _is_among(difference: Difference, paths: Sequence[str]) -> bool:
    """Whether a value stands at one of these paths or below; `*` is any name."""
    keys = difference.path.split(".")
    patterns = (path.split(".") for path in paths)
    return any(
        len(keys) >= len(pattern) and all(one in ("*", key) for one, key in zip(pattern, keys, strict=False))
        for pattern in patterns
    )


def unlike(scenarios: Mapping[str, Loaded]) -> list[str]:
    """A sentence for each pair of arms with different products that differ in what belongs to the network, and for each
    pair with the same product whose patients differ.

    Products differ where the strategies do, or what becomes of those who are infused. Each value with both its values
    and what stands as their source. Of arms with the same product all other differences are what is compared.
    """
    found = []
    for (one, a), (other, b) in combinations(scenarios.items(), 2):
        differences = compare_scenarios(a, b)
        if a.scenario.strategy == b.scenario.strategy and not any(map(_is_another_product, differences)):
            patients = [d for d in differences if _is_among(d, OF_THE_PATIENTS)]
            if patients:
                told = "; ".join(_told(d, a, b) for d in patients)
                found.append(
                    f"{other} has other patients than {one}, so that their difference is not that of two ways of "
                    f"organising the therapy: {told}"
                )
            continue
        differing = [d for d in differences if belongs_to(d) == NETWORK]
        if not (a.scenario.infuses and b.scenario.infuses):
            # a reference arm has no use for most of the network
            differing = [d for d in differing if d.a_text and d.b_text]
        if differing:
            told = "; ".join(_told(d, a, b) for d in differing)
            found.append(
                f"{other} differs from {one} in what does not belong to the product, so that their difference is not "
                f"the product's alone: {told}"
            )
    return found


def _is_another_product(difference: Difference) -> bool:
    """Whether the products of two arms do not do the same to those who are infused with them."""
    return difference.path.startswith(
        ("after_infusion.autologous.", "after_infusion.allogeneic.", "after_infusion.later_course.")
    )


def _told(difference: Difference, a: Loaded, b: Loaded) -> str:
    values = f"{difference.a_text or 'not used'} against {difference.b_text or 'not used'}"
    sources = dict.fromkeys(_source(loaded, difference.path) for loaded in (a, b))
    return f"{difference.path} ({values}; {', '.join(sources)})"


def _source(loaded: Loaded, path: str) -> str:
    """What stands as the source of a value in a scenario."""
    found = [parameter for parameter in loaded.parameters if parameter.path == path and parameter.stated]
    return found[0].source if found else "no source given"
