"""The closed lists that tables, charts and words share: outcomes, and the events that a curve of incidence shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

WITHDRAWALS: Mapping[str, str] = {
    "hospice": "Hospice care",
    "other_therapy": "Given another therapy",
    "own_choice": "Own choice",
    "infection_or_organ_function": "Infection or organ function",
}
"""Why patients withdraw, where a scenario tells the reasons apart; each is an outcome of its own, with labels."""

OUTCOMES: Mapping[str, str] = {
    "infused": "Infused",
    "alternative": "Given the alternative therapy",
    "standard_care": "Given standard care",
    "progressed": "Lost eligibility by progression",
    "died": "Died",
    "withdrawn": "Withdrawn",
    **WITHDRAWALS,
    "funding": "No funding",
    "collection_failed": "Collection failed",
    "product_failed": "Product failed",
    "unsuitable": "Unsuitable for a donor product",
    "waiting": "Still waiting",
}
"""How a patient's path ended, with labels; `waiting`: it had not, when follow-up or the run did."""

EVENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **{name: (OUTCOMES[name], (name,)) for name in ("infused", "alternative", "standard_care", "progressed", "died")},
    "withdrawn": ("Withdrawn", ("withdrawn", *WITHDRAWALS)),
    "funding": (OUTCOMES["funding"], ("funding",)),
    "failed": ("Failed or unsuitable", ("collection_failed", "product_failed", "unsuitable")),
}
"""The events of the cumulative incidence, each with its label and the outcomes that make it up."""

PROGRESSED_BEFORE = "progressed_before_infusion"
CURVES: Mapping[str, str] = {
    **{name: label for name, (label, _) in EVENTS.items()},
    PROGRESSED_BEFORE: "Progressed before infusion",
}
"""What is counted by day since referral: the events, of which a patient has one at most, and progression before
infusion, after which a patient may still be infused or be lost otherwise."""

PROGRESSED_IN: Mapping[str, str] = {
    "both": "Progressed in both",
    "only_baseline": "Progressed in the baseline only",
    "only_scenario": "Progressed in this scenario only",
    "neither": "Progressed in neither",
}
"""In which of two scenarios the same patient progressed."""


def is_one(shown: int | str) -> bool:
    """Whether a number, as it is shown, takes its noun in the singular: `1`, and not `1.0`."""
    return str(shown).lstrip("-\N{MINUS SIGN}") == "1"


def counted(count: int | str, one: str, many: str | None = None) -> str:
    """A number, as it is shown, with its noun: `1 day`, `1.0 days`, `100 replications`.

    `one`, `many`: the noun, with its verb where it has one; `many` is `one` with an s unless given.
    """
    return f"{count} {one if is_one(count) else many or one + 's'}"


def spelt(day: date) -> str:
    """A date as it is read aloud: `15 July 2027`."""
    return f"{day.day} {day:%B} {day.year}"


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """The text with its first letter small, unless it begins with an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
