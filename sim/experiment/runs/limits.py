"""What a command would come to, before an engine is started; too much is refused by the value that makes it so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.experiment.runs.replicate import Arm
from sim.pieces.size import EVENTS, PATIENTS, Amount, expected_size
from sim.scenario import Loaded, Place, Problem, ScenarioError
from sim.tables.words import counted

# Tables of patients and events are written replication by replication; these are rows of the files.
MOST_ROWS = 2_000_000_000
# What waits on disk of each replication of each scenario until the end: curves and lists, day by day.
REPLICATION_BYTES = 85_000
MOST_KEPT_BYTES = 8 * 10**9
REPLICATIONS = "run.replications"


def require_size(arms: Sequence[Arm], scenarios: Mapping[str, Loaded]) -> None:
    """Nothing, or a ScenarioError with what one replication of an arm comes to where that is too much."""
    problems = [problem for arm in arms for problem in size_problems(arm, scenarios[arm.name])]
    if problems:
        raise ScenarioError(problems)


def size_problems(arm: Arm, loaded: Loaded) -> list[Problem]:
    """What is too much in one replication of an arm, each with the place of the value that makes it so."""
    found = expected_size(arm.scenario, arm.protocol).too_much
    return [Problem(place_of(loaded, amount.path), amount.path, str(amount)) for amount in found]


def require_kept(arms: Sequence[Arm], scenarios: Mapping[str, Loaded], replications: int, events: bool) -> None:
    """Nothing, or a ScenarioError where the tables of a study, or what it keeps until its end, come to too much."""
    sizes = [expected_size(arm.scenario, arm.protocol) for arm in arms]
    patients = replications * sum(size.number(PATIENTS) for size in sizes)
    rows = replications * sum(size.number(EVENTS) for size in sizes) if events else 0.0
    kept = float(replications * len(arms) * REPLICATION_BYTES)
    first = scenarios[arms[0].name]
    runs = counted(f"{replications:,}", "replication")
    amounts = (
        Amount(f"rows of patients in {runs}", patients, MOST_ROWS, REPLICATIONS),
        Amount(f"rows of events in {runs}", rows, MOST_ROWS, REPLICATIONS),
        Amount(f"bytes on disk for curves of {runs}", kept, MOST_KEPT_BYTES, REPLICATIONS),
    )
    problems = [Problem(place_of(first, a.path), a.path, str(a)) for a in amounts if a.too_much]
    if problems:
        raise ScenarioError(problems)


def place_of(loaded: Loaded, path: str) -> Place:
    """Where the value at a path stands, or the innermost section around it that a file holds."""
    while path and path not in loaded.origins:
        path = path.rpartition(".")[0]
    return Place(*loaded.origins[path]) if path else Place(loaded.shown, 1)
