"""By whom those on lists for any of several are served, on average: what `check` says before anything is run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from sim.pieces.protocol import AnyOf, Protocol, Resource, walk_steps
from sim.pieces.steps import Use

# So often the shares of sources are made more even: loads of shipped cases then agree to four digits.
ROUNDS = 200
# Before the name of a resource: the flag of those whom it served from a list for any of several.
SERVES = "serves/"
# What serves a list: a resource, and its place where it has several, else "".
Source = tuple[str, str]


class Listed:
    """Whom those on lists for any of several are served by, where each is shared out so that loads are as even as they
    can be: who may choose goes where there is room."""

    def __init__(
        self,
        protocol: Protocol,
        there_is: Callable[[Resource, int], float],
        arriving: Mapping[str, float],
        requests: Mapping[str, float],
    ) -> None:
        """`there_is`: units, or slots a day, of a resource at a place.

        `arriving`: patients a day by centre. `requests`: of each list by a patient, on average.
        """
        by_name = {resource.name: resource for resource in protocol.resources}
        lists = {resource.name: resource for resource in protocol.resources if isinstance(resource, AnyOf)}
        after = _lists_after(protocol, lists)
        self._of: dict[tuple[str, str], list[Source]] = {}
        there: dict[Source, float] = {}
        for name, one in lists.items():
            own = zip(protocol.centres if one.per_centre else ("",), lists[after.get(name, name)].of, strict=True)
            for centre, serving in own:
                places_of = [(source, centre if by_name[source].per_centre else "") for source in serving]
                self._of[name, centre] = places_of
                for source, place in places_of:
                    number = protocol.centres.index(place) if place else 0
                    there[source, place] = there_is(by_name[source], number)
        asked = {key: arriving[key[1]] * requests.get(key[0], 0.0) for key in self._of}
        self._shares = _evenly(self._of, asked, there)
        flows = {name: 0.0 for name, _ in there}
        for key, shares in self._shares.items():
            for (name, _), share in shares.items():
                flows[name] += asked[key] * share
        total = sum(flows.values())
        self.flags = {SERVES + name: flow / total if total > 0.0 else 0.0 for name, flow in flows.items()}

    def asked(self, resource: Resource, centre: str, arriving: Mapping[str, float], kept: Mapping[str, float]) -> float:
        """What is asked of a resource a day by way of lists: at a centre, or, for "", by all.

        `kept`: what a patient asks of each list on average, in unit-days of a capacity, else in requests.
        """
        return sum(
            arriving[place] * kept.get(name, 0.0) * shares.get((resource.name, centre), 0.0)
            for (name, place), shares in self._shares.items()
        )


def _lists_after(protocol: Protocol, lists: Mapping[str, AnyOf]) -> dict[str, str]:
    """The list that follows, where patience is over, of each that has one."""
    found: dict[str, str] = {}
    for step in walk_steps(protocol.path):
        if isinstance(step, Use) and step.resource in lists and step.patience is not None:
            later = [use.resource for use in walk_steps(step.patience.otherwise) if isinstance(use, Use)]
            found.update((step.resource, name) for name in later if name in lists)
    return found


def _evenly(
    of: Mapping[tuple[str, str], list[Source]], asked: Mapping[tuple[str, str], float], there: Mapping[Source, float]
) -> dict[tuple[str, str], dict[Source, float]]:
    """The share of each list that each source takes, so that their loads are as even as the contracts let them be.

    Shares go by weights, which rise where a load is low and fall where it is high until nothing changes.
    """
    unlimited = {source for source, amount in there.items() if math.isinf(amount)}
    weights = {source: amount for source, amount in there.items() if source not in unlimited}

    def shares(key: tuple[str, str]) -> dict[Source, float]:
        free = [source for source in of[key] if source in unlimited]
        if free:
            return {source: 1.0 / len(free) for source in free}
        total = sum(weights[source] for source in of[key])
        return {source: weights[source] / total if total > 0.0 else 0.0 for source in of[key]}

    for _ in range(ROUNDS):
        taken = dict.fromkeys(weights, 0.0)
        for key, amount in asked.items():
            for source, share in shares(key).items():
                if source in taken:
                    taken[source] += amount * share
        for source, amount in taken.items():
            if amount > 0.0 and there[source] > 0.0:
                weights[source] *= (there[source] / amount) ** 0.5
        most = max(weights.values(), default=1.0) or 1.0
        weights = {source: weight / most for source, weight in weights.items()}
    return {key: shares(key) for key in of}
