"""The paths of values, by what they decide together: because of them a rule holds."""

from __future__ import annotations

OOS = (
    "release_testing.out_of_specification",
    "manufacturing.products.*.out_of_specification",
    "manufacturing.products",
)
FAILURE = ("manufacturing.failure", "manufacturing.products.*.failure", "manufacturing.products")
LINES = ("manufacturing.lines", "manufacturing.site", "centres.*.lines", "disruptions")
BEDS = ("centres.*.beds", "shared.*.beds", "disruptions", "infusion.model")
TOXIC = ("toxicity.crs", "toxicity.neurotoxicity")
REGIONS = ("regions", "regions.*.centre")
PROGRESSION = ("clocks.waiting", "clocks.after_apheresis")
MADE_AGAIN = (*FAILURE, *OOS, "release_testing", "shipping.loss", "disruptions")
COLLECTED_AGAIN = ("apheresis.shortfall", "shipping", "disruptions")
# Care, survival and utility of those who are not infused, by outcome.
NOT_INFUSED = "{after_infusion.not_infused,economics.costs.subsequent_care,economics.utilities.subsequent_care}"
