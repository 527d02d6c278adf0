"""What has no effect: one table of the keys that do nothing in a scenario, and why.

Each rule reads: this `key` does nothing `when` the scenario is so, `because` of the values at these paths;
`why` says it in words. From the table follow
- what is refused, or said, where it is written (`dropped.py`),
- what is left out, and said, where a later file or `--set` made an inherited value meaningless (`dropped.py`),
- which values count as used: the parameters, the levers of the planning page, the inputs of sweeps (`why_unused`).

It stands in parts by what the keys are about: strategy, network, waiting list, supply, people, steps, money. What
several parts ask of a scenario is in `happens.py` and `binds.py`; `places.py` has the paths that they give as reasons.

To add a rule, add a line to a part; of several rules about one key the first that holds is told. A "*" in a key stands
for any name; `when` and `why` are given the names that it stood for. `when` sees the whole scenario, all its defaults
filled in, so it asks for what holds in effect: not whether a share is written, but whether any product has one. It must
be sure: a value that may move something is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache

from sim.scenario.makers import as_made_by
from sim.scenario.schema import Scenario
from sim.scenario.unused import money, network, people, steps, strategy, supply, waiting_list
from sim.scenario.unused.rule import Path, Rule, Sections, matching, spelled_out

# A key of a scenario, a rule that speaks of it, and what "*" stands for.
Spoken = tuple[Path, Rule, tuple[str, ...]]


def why_unused(path: Path, scenario: Scenario) -> str | None:
    """Why a value at this path would do nothing in a scenario like this; None where it has an effect."""
    for rule in _rules_of(path[0]):
        names = rule.names(path)
        if names is not None and rule.when(scenario, *names):
            return rule.reason(scenario, *names)
    return None


@cache
def _rules_of(section: str) -> tuple[Rule, ...]:
    """The rules about keys in a section of the file."""
    return tuple(rule for rule in RULES if rule.path[0] in ("*", section))


def unused(scenario: Scenario, among: Callable[[Path], bool] = lambda path: True) -> Iterator[Spoken]:
    """(path, rule, names) of each key of the scenario that does nothing in it, of those that `among` is true of."""
    return found(RULES, scenario, among)


def found(
    rules: Iterable[Rule], scenario: Scenario, among: Callable[[Path], bool] = lambda path: True
) -> Iterator[Spoken]:
    """(path, rule, names) of each key of the scenario of which one of these rules holds."""
    spoken = speaking_of(scenario, rules)
    return ((path, rule, names) for path, rule, names in spoken if among(path) and rule.when(scenario, *names))


def speaking_of(scenario: Scenario, rules: Iterable[Rule] | None = None) -> Iterator[Spoken]:
    """(path, rule, names) of each key of the scenario that one of these rules (those of no effect) speaks of."""
    around: Sections = {(): [(scenario, (), ())]}
    for rule in RULES if rules is None else rules:
        for path, names in matching(around, rule.path):
            yield path, rule, names


def _of_manufacturer(rule: Rule) -> Rule:
    """What is so of the slots of all, of the slots that a manufacturer has for itself."""
    own = "manufacturing.manufacturers.*."

    def when(s: Scenario, name: str) -> bool:
        return name in s.manufacturing.manufacturers and bool(rule.when(as_made_by(s, name)))

    because = tuple(path.replace("manufacturing.slots", f"{own}slots") for path in rule.because)
    why = lambda s, name: rule.reason(as_made_by(s, name))  # noqa: E731
    return replace(rule, key=rule.key.replace("manufacturing.", own), when=when, because=because, why=why)


# Written where they do nothing, these are refused.
REFUSED = (
    *money.REFUSED, *strategy.REFUSED, *network.REFUSED, *waiting_list.REFUSED, *supply.REFUSED,
)  # fmt: skip
# Details of what is switched off, or cannot happen: a protocol may be written whole with a share of 0 in it. In a file
# they are left out and said; set on the command line they are refused.
DETAILS = (*people.DETAILS, *steps.DETAILS, *money.DETAILS)
RULES: tuple[Rule, ...] = tuple(
    one
    for each in (*REFUSED, *(replace(rule, is_detail=True) for rule in DETAILS))
    for rule in (replace(each, key=key) for key in spelled_out(each.key))
    for one in ((rule, _of_manufacturer(rule)) if rule.key.startswith("manufacturing.slots.") else (rule,))
)
