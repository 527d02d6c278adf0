"""Every leaf of every scenario, changed there, moves a record, or is refused or warned of with its reason.

`leaf_changes` says how each kind of value is changed, `leaf_effects` what counts as moved. In the everyday run 60
leaves are looked at, always the same: `--day 2026-11-28` takes those of a day. `-m long` takes all leaves of all
shipped scenarios and of 100 random ones.
"""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random

import pytest

pytest.importorskip("numba")

from sim.engine.choice import COMPILED, SIMPY
from sim.engine.trace import EngineError
from sim.scenario import Loaded, ScenarioError, load, write_resolved
from sim.scenario.unused import why_unused
from tests.leaf_changes import Change, changes
from tests.leaf_effects import MOVED, REFUSED, SILENT, UNTRIED, WARNED, Before, Effect, effect, forced, moved, records
from tests.leaf_scenarios import busy_scenario
from tests.runs import FILES, load_text

SHIPPED_ONES = {path.stem: path for path in FILES}
AT_RANDOM = [f"random {number}" for number in range(100)]
# So many leaves a day of each of so many scenarios.
SHIPPED_A_DAY, RANDOM_A_DAY, LEAVES_OF_EACH = 4, 2, 10
MOST_REFUSED = 0.1
# In a random scenario some events are so rare that nothing which bears on them shows in three replications.
MOST_SILENT_AT_RANDOM = 0.02

# -- what moves no record --------------------------------------------------------------------------------------------


# Wherever they stand.
EXEMPT = {
    "name": "a text",
    "description": "a text",
    "sources": "where numbers come from, in words",
    "validation": "what must come out; `validate` alone looks at it",
    "strategy": "another strategy has other sections: it is another file",
    "run.replications": "how many records there are, not what stands in them",
    "economics.currency": "the unit of tables",
    "economics.price_year": "the unit of tables",
    "clocks.withdrawal": "proportions that sum to 1, one of which cannot grow alone; test_inert_inputs.py changes each",
    "before_apheresis.holding.share": "it asks for a duration beside it, which test_inert_inputs.py has",
    "manufacturing.slots.withdrawn_by.(cuts)": "the same as closures where lines are never cut in part",
    **dict.fromkeys(
        (
            *(f"clocks.{there}.progression_counts_deaths" for there in ("waiting", "after_apheresis")),
            *(f"after_infusion.{product}.progression_counts_deaths" for product in ("autologous", "allogeneic")),
        ),
        "refused where there are more deaths than it counts: test_inert_inputs.py and test_inert_economics.py",
    ),
    "economics.costs.unused_product": "counts once the perspective is payer_and_manufacturer: test_inert_economics.py",
    "economics.costs.icu_day": "counts where somebody comes to intensive care: test_inert_economics.py",
    **dict.fromkeys(
        (f"after_infusion.general_population.{sex}" for sex in ("female", "male")),
        "rows of ages that nobody reaches in few replications: test_inert_economics.py changes each table",
    ),
    "economics.willingness_to_pay": "where tables show net benefit, tested in test_inert_economics.py",
}
# In one scenario.
EXEMPT_IN = {
    (
        "standard_care_conventional",
        "economics.perspective",
    ): "no product is ever left over, and arms must have the same",
    ("standard_care_bispecific", "economics.perspective"): "no product is ever left over, and arms must have the same",
    ("launch_2021", "infusion.planned_stay"): "so few have a slot that there is always a bed",
    ("hybrid", "allogeneic.lots.release"): "so few doses are asked for that the opening stock lasts",
    ("allogeneic", "waiting_list.policy"): "there is always a dose, so that nobody waits for another",
}


def is_at(change: Change, path: str) -> bool:
    """Whether a leaf stands at a path or below it."""
    return f"{change.name}.".startswith(f"{path}.")


# -- the leaves ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def before(name: str) -> Before:
    """A shipped scenario by the name of its file, or a random one by its number, with its records."""
    return Before(busy_scenario(int(name.split()[1])) if name.startswith("random ") else load(SHIPPED_ONES[name]))


def leaves(name: str) -> list[Change]:
    """The changes of all leaves of a scenario that are not exempt."""
    exempt = [*EXEMPT, *(path for scenario, path in EXEMPT_IN if scenario == name)]
    return [c for c in changes(before(name).loaded) if not any(is_at(c, path) for path in exempt)]


def wrong(name: str, found: list[Effect]) -> list[str]:
    """A line for each leaf whose change was accepted without a word and moved nothing, or that could not be changed."""
    return [
        f"{name}: {e.change.name} ({e.change.old!r}) is {e.outcome}: {' | '.join(e.tried)}"
        for e in found
        if e.outcome == SILENT or (e.outcome == UNTRIED and not e.change.is_word)
    ]


def refused_wrongly(name: str, found: list[Effect]) -> list[str]:
    """A line for each change that is refused because the key has no effect in the scenario, and has one."""
    lines = []
    loaded = before(name).loaded
    for e in found:
        if e.outcome != REFUSED or why_unused(e.change.path, loaded.scenario) is None:
            continue
        scenario = forced(loaded, e.setting)
        column = moved(before(name).record(0), records(scenario, 0)) if scenario is not None else ""
        if column:
            lines.append(f"{name}: {' '.join(e.setting)} is refused ({e.why}), and moves {column}")
    return lines


@pytest.mark.long
@pytest.mark.parametrize("name", SHIPPED_ONES)
def test_every_leaf_of_a_shipped_scenario_has_an_effect(name: str) -> None:
    found = [effect(before(name), change) for change in leaves(name)]
    assert wrong(name, found) == []
    assert refused_wrongly(name, found) == []
    assert sum(e.outcome == REFUSED for e in found) <= MOST_REFUSED * len(found)


@pytest.mark.long
@pytest.mark.parametrize("name", AT_RANDOM)
def test_every_leaf_of_a_random_scenario_has_an_effect(name: str) -> None:
    found = [effect(before(name), change) for change in leaves(name)]
    lines = wrong(name, found)
    assert len(lines) <= MOST_SILENT_AT_RANDOM * len(found), lines
    assert refused_wrongly(name, found) == []
    assert sum(e.outcome == REFUSED for e in found) <= MOST_REFUSED * len(found)


@pytest.fixture(scope="module")
def of_the_day(request: pytest.FixtureRequest) -> list[tuple[str, Change]]:
    """(scenario, leaf) of the 60 leaves of a day."""
    r = Random(request.config.getoption("--day") or "everyday")
    chosen = []
    for name in [*r.sample(list(SHIPPED_ONES), SHIPPED_A_DAY), *r.sample(AT_RANDOM, RANDOM_A_DAY)]:
        there = leaves(name)
        chosen += [(name, change) for change in r.sample(there, min(LEAVES_OF_EACH, len(there)))]
    return chosen


def test_the_leaves_of_the_day_have_an_effect(of_the_day: list[tuple[str, Change]]) -> None:
    found = [(name, effect(before(name), change)) for name, change in of_the_day]
    assert [line for name, e in found if name in SHIPPED_ONES for line in wrong(name, [e])] == []
    assert [line for name, e in found for line in refused_wrongly(name, [e])] == []


def accepted(name: str, change: Change) -> Loaded | None:
    """The scenario with the first change of a leaf that is accepted."""
    for setting in change.ways:
        try:
            return before(name).loaded.with_overrides(setting)
        except ScenarioError:
            continue
    return None


def test_what_is_changed_is_written_and_read_again_unchanged(of_the_day: list[tuple[str, Change]]) -> None:
    for name, change in of_the_day[::2]:
        changed = accepted(name, change)
        if changed is not None:
            again = load_text(write_resolved(changed))
            # numbers without a source are written as assumptions
            assert again.resolved | {"sources": {}} == changed.resolved | {"sources": {}}, f"{name}: {change.name}"
            assert again.digest == changed.digest, f"{name}: {change.name}"


def test_the_engines_agree_on_changed_leaves(of_the_day: list[tuple[str, Change]]) -> None:
    for name, change in of_the_day[:: LEAVES_OF_EACH // 2]:
        changed = accepted(name, change)
        if changed is not None:
            try:
                simpy = records(changed.scenario, 0, SIMPY)
            except EngineError as error:  # attempts without limit that always fail
                with pytest.raises(EngineError, match=re.escape(str(error))):
                    records(changed.scenario, 0, COMPILED)
                continue
            differs = moved(simpy, records(changed.scenario, 0, COMPILED))
            assert differs == "", f"{name}: {change.name}: {differs}"


def test_what_is_exempt_in_one_scenario_moves_nothing_there() -> None:
    for name, path in EXEMPT_IN:
        found = [effect(before(name), change) for change in changes(before(name).loaded) if is_at(change, path)]
        assert found, f"{name} has no {path}"
        assert any(e.outcome not in (MOVED, REFUSED, WARNED) for e in found), f"{name}: {path} needs no exemption"
