"""What an input of a scenario is called where people read it, instead of its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from sim.tables.words import capital, uncapital

NAMED: tuple[tuple[str, str], ...] = (
    (r"manufacturing\.slots\.count", "Slots of each offer"),
    (r"manufacturing\.manufacturers\.(.+)\.slots\.count", "Slots of each offer, {}"),
    (r"centres\.(.+)\.slots", "Slots of each offer, {}"),
    (r"manufacturing\.lines", "Manufacturing lines"),
    (r"manufacturing\.manufacturers\.(.+)\.lines", "Manufacturing lines, {}"),
    (r"manufacturing\.manufacturers\.(.+)\.failure", "Manufactures that fail, {}"),
    (r"release_testing\.lab", "Release-testing places"),
    (r"manufacturing\.slots\.lead", "Days from the offer of a slot to its start"),
    (r"manufacturing\.failure", "Manufactures that fail"),
    (r"release_testing\.sterility", "Sterility test"),
    (r"bridging\.share", "Patients bridged"),
    (r"allogeneic\.unsuitable", "Patients unsuitable for a donor product"),
    (r"allogeneic\.stock\.order\.at", "Order doses at a stock of"),
    (r"allogeneic\.stock\.order\.up_to", "Order doses up to"),
    (r"allogeneic\.lots\.failure", "Lots that fail"),
    (r"lymphodepletion\.duration", "Lymphodepletion"),
    (r"regions\.(.+)\.referrals", "Referrals a month, {}"),
    (r"(?:centres|shared)\.(.+)\.beds", "Beds, {}"),
    (r"(?:centres|shared)\.(.+)\.icu", "Beds in intensive care, {}"),
    (r"(?:centres|shared)\.(.+)\.places", "Treatment places, {}"),
    (r"allogeneic\.lots\.lines", "Lines for lots"),
    (r"centres\.(.+)\.chairs", "Apheresis chairs, {}"),
)
"""Inputs that have a name of their own: their path as a pattern, and the name, with what the pattern leaves open."""
PARTS: Mapping[str, str] = {
    "dwell": "stay",
    "lognormal": "",
    "exponential": "",
    "weibull": "",
    "gamma": "",
    "triangular": "least, likely and most days",
    "sigma": "spread",
    "count": "number",
    "to_factory": "to the factory",
    "to_centre": "to the centre",
    "car_t": "CAR T",
    "icu": "intensive care",
    "icu_days": "days in intensive care",
}
"""Parts of a path that have another name in words; those that say nothing to a reader have none."""


@lru_cache(maxsize=4096)
def input_label(path: str) -> str:
    """An input in words: `Slots of each offer`, `Risk group high: hazard`, `Work-up: duration, median`."""
    for pattern, label in NAMED:
        matched = re.fullmatch(pattern, path)
        if matched:
            return label.format(*matched.groups())
    words = [word for part in path.split(".") if (word := PARTS.get(part, part.replace("_", " ")))]
    words = [word.replace("work up", "work-up") for word in words]
    text = f"{' '.join(words[:1])}: {', '.join(words[1:])}" if len(words) > 1 else " ".join(words)
    return capital(text)


def point_label(name: str) -> str:
    """The name of a point with its inputs in words: `Slots of each offer 5, sterility test 7 d`."""
    told = []
    for place, one in enumerate(name.split(", ")):
        path, equals, value = one.partition("=")
        label = input_label(path.strip())
        told.append(f"{label if place == 0 else uncapital(label)} {spaced(value.strip())}" if equals else one)
    return ", ".join(told)


def spaced(value: str) -> str:
    """A value as it is read: `7 d`, where `7d` was typed."""
    return re.sub(r"^([-+]?[0-9.]+)([A-Za-z]+)$", r"\1 \2", value)
