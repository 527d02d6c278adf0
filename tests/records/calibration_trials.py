"""How often calibration recovers what made a register: slot supply and a hazard seen through the queue.

`python -m tests.records.calibration_trials` prints, for ten registers of about 300 patients, the truth beside the 90 %
intervals, and what is said of two stages in series of which only the sum is observed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sim.experiment.calibrate.posterior import Known
from sim.experiment.calibrate.run import Asked, calibrate, prepare_study
from tests.records.simulated import Extract, describe, register_of, simulated
from tests.records.worlds import truth
from tests.runs import load_text

BEGAN, DAYS, PATIENTS = 300.0, 600.0, 300
SLOTS, DEATH = "manufacturing.slots.count", "clocks.waiting.death.exponential.rate"
TRUE = {SLOTS: 3.0, DEATH: 0.0016}
RECOVERED = (f"{SLOTS}=1:6", f"{DEATH}=0.0004 / d:0.006 / d")
# Both shipments lie between two milestones that the register has.
TRADED = ("shipping.to_centre.gamma.mean=2 d:9 d", "scheduling.duration=2 d:9 d")


def world() -> str:
    """A scenario that has been running when its register begins."""
    return truth(PATIENTS, days=700, observed=int(DAYS)).replace("warm_up: 0 d", f"warm_up: {BEGAN:.0f} d")


def calibrated(
    folder: Path, number: int, vary: Sequence[str], particles: int, generations: int, hidden: Sequence[str] = ()
) -> tuple[Known, ...]:
    """What a register of the world, without the hidden milestones, says of these values."""
    extract = Extract(BEGAN, BEGAN + DAYS)
    patients = register_of(simulated(load_text(world()), number), extract)
    to = describe(folder, patients.drop(columns=list(hidden)), extract)
    scenario = folder / "world.yaml"
    scenario.write_text(world(), encoding="utf-8")
    asked = Asked(vary, particles, generations, None, 1, "auto", None, "")
    study = prepare_study(scenario, to, asked)
    found = calibrate(study, scenario, folder / "found.yaml", folder / "found", lambda _: None)
    return found.known


def trials(count: int, particles: int, generations: int) -> Iterator[tuple[int, Known, bool]]:
    """(number of the register, value, whether its 90 % interval holds the truth) of each value of each register."""
    for number in range(count):
        with TemporaryDirectory() as folder:
            for one in calibrated(Path(folder), number, RECOVERED, particles, generations):
                yield number, one, one.low <= TRUE[one.prior.path] <= one.high


def main(count: int = 10, particles: int = 250, generations: int = 4) -> None:
    """Print the trials."""
    held: dict[str, int] = {}
    for number, one, holds in trials(count, particles, generations):
        held[one.prior.path] = held.get(one.prior.path, 0) + holds
        print(
            f"register {number}: {one.prior.path} true {TRUE[one.prior.path]:g}, median {one.median:.4g}, 90 % "
            f"{one.low:.4g} to {one.high:.4g}, sd {100 * one.ratio:.0f} % of the prior's"
            f"{'' if holds else '  MISSED'}{'' if one.determined else '  not determined: ' + one.why_not}",
            flush=True,
        )
    for path, times in held.items():
        print(f"{path}: {times} of {count} intervals hold the truth")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
