"""What a survival curve that was read off a figure may be fitted by."""

from __future__ import annotations

from collections.abc import Mapping

# The parameters of each family, with their units.
FAMILIES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "exponential": (("rate", "/ d"),),
    "weibull": (("scale", "d"), ("shape", "")),
    "loglogistic": (("median", "d"), ("shape", "")),
}
# The best of these, one of them, or the curve as it is.
BEST, TABLE = "best", "table"
CHOICES = (BEST, *FAMILIES, TABLE)
