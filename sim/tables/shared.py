"""Columns and wordings that several tables share."""

from __future__ import annotations

from sim.tables.contract import Bounds, Column, Kind

ONE = "one replication only, or nothing to estimate"
NOBODY = "nobody, or nothing, to take it from"
SINCE_START = "days since the start"
SINCE_REFERRAL = "days since referral"


def text(name: str, words: str, null: str = "", optional: bool = False) -> Column:
    """A column of text."""
    return Column(name, Kind.TEXT, words, null=null, optional=optional)


def flag(name: str, words: str, null: str = "") -> Column:
    """A column of true and false."""
    return Column(name, Kind.FLAG, words, null=null)


def whole(name: str, words: str, unit: str = "", null: str = "") -> Column:
    """A column of whole numbers that are never below 0."""
    return Column(name, Kind.WHOLE, words, unit, null, Bounds.NOT_NEGATIVE)


def number(
    name: str, words: str, unit: str = "", null: str = "", bounds: Bounds = Bounds.NONE, optional: bool = False
) -> Column:
    """A column of numbers."""
    return Column(name, Kind.NUMBER, words, unit, null, bounds, optional)


def share(name: str, words: str, null: str = "", optional: bool = False) -> Column:
    """A column of shares."""
    return number(name, words, "share", null, Bounds.SHARE, optional)


def days(name: str, words: str, null: str = "", unit: str = "days") -> Column:
    """A column of durations, or of days since a beginning; neither is below 0."""
    return number(name, words, unit, null, Bounds.NOT_NEGATIVE)


def estimate(
    words: str, bounds: Bounds, unit: str = "", names: tuple[str, str, str] = ("estimate", "low", "high"),
    null: str = NOBODY
) -> tuple[Column, Column, Column]:  # fmt: skip
    """A mean over replications and its 95% simulation interval."""
    return (
        number(names[0], words, unit, null, bounds),
        number(names[1], "Lower end of the 95% simulation interval.", unit, ONE, bounds),
        number(names[2], "Upper end of the 95% simulation interval.", unit, ONE, bounds),
    )


def around(name: str) -> tuple[str, str, str]:
    """The names of a mean and its interval."""
    return name, f"{name}_low", f"{name}_high"


SCENARIO = text("scenario", "Name of the scenario.")
BASELINE = text("baseline", "The scenario that it is compared with: the first.")
REPLICATION = whole("replication", "Number of the replication, from 0.")
METRIC = (
    text("metric", "Name of the metric."),
    text("label", "The metric in words."),
    text("unit", "Unit of the numbers in the row."),
)
REPLICATIONS = whole("replications", "Replications in which there is a value.")
PATIENTS = number(
    "patients",
    "Patients over whom it is taken: mean number of a replication.",
    "patients",
    "not taken over measured patients",
    Bounds.NOT_NEGATIVE,
)
UNRESOLVED = share(
    "unresolved_share",
    "Proportion of the measured patients who still wait when follow-up or the run ends.",
    "nobody was measured",
)
TO_COUNT = (PATIENTS, UNRESOLVED)
BASELINE_TO_COUNT = (
    number(
        "baseline_patients",
        "The same of the baseline.",
        "patients",
        "not taken over measured patients",
        Bounds.NOT_NEGATIVE,
    ),
    share("baseline_unresolved_share", "The same of the baseline.", "nobody was measured"),
)
VERDICT = text("verdict", "better, worse, different, no clear difference, the same, or why it cannot be judged.")
ESTIMATE = ("estimate", "low", "high")
RESOURCE_CENTRE = text(
    "centre", "The centre that it belongs to, or the name of what several centres share.", "one for all centres"
)
