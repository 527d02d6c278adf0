"""What the planning page asks for: the levers of a scenario, and what moving them does, within a second or two."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from sim.engine.choice import COMPILED, SIMPY
from sim.experiment.disk.folder import MANIFEST
from sim.experiment.runs.limits import require_size
from sim.experiment.runs.replicate import Arm, Keep, replicate
from sim.experiment.study import tables
from sim.experiment.study.economics_tables import economic_tables, why_not_comparable
from sim.experiment.study.run import Plan, run_study
from sim.scenario import Loaded, ScenarioError, load, write_resolved
from sim.scenario.leaves import marker_at
from sim.scenario.lists import COUNTED
from sim.scenario.people import POLICIES
from sim.scenario.unused import why_unused
from sim.tables.inputs import input_label

BASELINE, VARIANTS = "the scenario as it is", ("variant A", "variant B")
COUNT, DAYS, SHARE, RATE = "count", "days", "share", "rate"
# Beside every capacity, which the schema knows: paths with one number that a planner can do something about.
# `sim.tables.inputs` knows what they are called.
LEVERS: tuple[tuple[str, str], ...] = (
    (r"manufacturing\.slots\.lead", DAYS),
    (r"manufacturing\.(manufacturers\..+\.)?failure", SHARE),
    (r"release_testing\.sterility", DAYS),
    (r"bridging\.share", SHARE),
    (r"allogeneic\.unsuitable", SHARE),
    (r"allogeneic\.stock\.order\.at", COUNT),
    (r"allogeneic\.stock\.order\.up_to", COUNT),
    (r"allogeneic\.lots\.failure", SHARE),
    (r"lymphodepletion\.duration", DAYS),
    (r"hybrid\.after_waiting", DAYS),
    (r"regions\..+\.referrals", RATE),
)
POLICY = ("waiting_list", "policy")
# Of these there are several, of which one is moved at a time.
OF_ONE = ("centres", "regions", "shared", "manufacturers")
NUMBER = re.compile(r"(\d+(?:\.\d+)?)( d| / month)?")


@dataclass(frozen=True)
class Lever:
    """One value to move. `of_one`: it is of one centre or region; the scenario has `value`, the page offers the range.

    `kind`: count, days, share or rate (a month); `text(number)` is how the scenario file writes it.
    """

    path: str
    label: str
    kind: str
    value: float
    low: float
    high: float
    step: float
    of_one: bool

    def text(self, number: float) -> str:
        """The value as a scenario file writes it, with its unit."""
        shown = f"{number:g}"
        return shown + {DAYS: " d", RATE: " / month"}.get(self.kind, "")


@dataclass(frozen=True)
class Choice:
    """One word to choose: the scenario has `value`; `options` are the others it may have, itself among them."""

    path: str
    label: str
    value: str
    options: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Answer:
    """The tables of every way, the scenario as its file has it first, then each variant in which a value is moved."""

    frames: dict[str, pd.DataFrame]
    replications: int


def levers(loaded: Loaded) -> list[Lever]:
    """The levers of a scenario: its capacities and the paths above, of which the value is one number."""
    found = []
    for parameter in loaded.parameters:
        keys, number = tuple(parameter.path.split(".")), NUMBER.fullmatch(parameter.value_text)
        place, kind = _kind_of(parameter.path)
        if kind and number and why_unused(keys, loaded.scenario) is None:
            of_one = any(key in OF_ONE for key in keys)
            lever = _lever(parameter.path, input_label(parameter.path), kind, float(number[1]), of_one)
            found.append((place, lever))
    return [lever for _, lever in sorted(found, key=lambda each: each[0])]


def choices(loaded: Loaded) -> list[Choice]:
    """The words of a scenario that a planner can choose: who is served next, of the policies that would change it."""
    if why_unused(POLICY, loaded.scenario) is not None:
        return []
    path, now = ".".join(POLICY), loaded.scenario.waiting_list.policy
    policies = tuple(word for word in POLICIES if word == now or _can_be(loaded, f"{path}={word}"))
    return [Choice(path, "Who is served next", now, policies)] if len(policies) > 1 else []


def _can_be(loaded: Loaded, override: str) -> bool:
    """Whether the scenario file would take this value."""
    try:
        load(loaded.path, [override])
    except ScenarioError:
        return False
    return True


def _kind_of(path: str) -> tuple[int, str]:
    """(its place among levers, its kind) of the value at a path; an empty kind where it is no lever."""
    if marker_at(tuple(path.split("."))) in COUNTED:
        return -1, COUNT
    return next(((k, kind) for k, (pattern, kind) in enumerate(LEVERS) if re.fullmatch(pattern, path)), (0, ""))


def _lever(path: str, label: str, kind: str, value: float, of_one: bool) -> Lever:
    if kind == SHARE:
        return Lever(path, label, kind, value, 0.0, 1.0, 0.005, of_one)
    if kind == DAYS:
        return Lever(path, label, kind, value, 0.0, max(2.0 * value, 14.0), 1.0, of_one)
    # a count of 0 would close what the path asks for, which is another scenario
    step = 1.0 if kind == COUNT else 0.5
    return Lever(path, label, kind, value, min(step, value), max(3.0 * value, value + 5.0), step, of_one)


def moved(file: Path, changes: Mapping[str, str]) -> Loaded:
    """The scenario with these values by path; a ScenarioError where they do not fit together."""
    loaded = load(file, [f"{path}={text}" for path, text in changes.items()])
    require_size([Arm(BASELINE, loaded.scenario)], {BASELINE: loaded})
    return loaded


def _ways(file: Path, variants: Sequence[Mapping[str, str]]) -> dict[str, Loaded]:
    """The scenario as it is, then each variant in which something is moved, by name."""
    named = zip(VARIANTS, variants, strict=False)
    return {BASELINE: load(file)} | {name: moved(file, changes) for name, changes in named if changes}


def answer(file: Path, variants: Sequence[Mapping[str, str]], replications: int) -> Answer:
    """What the scenario does as it is and in each variant, on the same patients; costs and QALYs where all have them.

    `variants`: of each its changed values by path; one without any is left out, as it would be the scenario itself.
    """
    ways = _ways(file, variants)
    arms = [Arm(name, loaded.scenario) for name, loaded in ways.items()]
    # one change follows another here, so that what compiling costs is soon paid
    engine = COMPILED if find_spec("numba") else SIMPY
    collected = tables.Collected(arms)
    for replication in replicate(arms, range(replications), 1, Keep(patients=False), lambda count: None, engine):
        collected.add(replication)
    frames = {
        "summary": tables.summary(collected),
        "waits": tables.waits(collected),
        "incidence": tables.incidence(collected),
        "outcomes": tables.outcomes(collected),
        "stages": tables.stages(collected),
    }
    if len(arms) > 1:
        frames["differences"] = tables.differences(collected)
    values = collected.economics()
    if values is not None and why_not_comparable(ways) is None:
        frames |= economic_tables(ways, values, collected.values())
    return Answer(frames, replications)


def scenario_file(file: Path, changes: Mapping[str, str]) -> str:
    """The changed scenario in full, as a file that stands for itself."""
    return write_resolved(moved(file, changes))


def report(
    file: Path, variants: Sequence[Mapping[str, str]], replications: int, draw: Callable[[Path], Sequence[Path]]
) -> str:
    """The report page of the run or comparison, made by `draw` from the results folder that it is given."""
    plan = Plan(_ways(file, variants), replications, 1, "run_sim.py app")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        run_study(plan, folder, lambda count: None)
        assert (folder / MANIFEST).is_file()
        draw(folder)
        return (folder / "report.html").read_text(encoding="utf-8")
