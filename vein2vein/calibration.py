"""What no record holds, from what it does to what is observed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from sim.experiment.asked import OptionError
from sim.experiment.calibrate.run import Asked, prepare_study
from sim.experiment.calibrate.run import calibrate as calibrate_study
from sim.experiment.calibrate.tables import FILES
from sim.experiment.options import GENERATIONS, PARTICLES
from sim.scenario.files import shipped_file
from sim.tables import TABLES
from vein2vein.drawing import require_room
from vein2vein.limits import checked, shown
from vein2vein.progress import Heard, heard
from vein2vein.results import Calibration, Kept, place
from vein2vein.scenarios import Given, called, file_of, text_of

Ranges: TypeAlias = "Mapping[str, str | tuple[object, object]]"
"""The range of each value by path: `(1, 6)`, or `"1:6"` as on the command line."""


@checked
def calibrate(
    scenario: Given,
    to: str | os.PathLike[str],
    *,
    vary: Ranges,
    out: str | os.PathLike[str] | None = None,
    particles: int = PARTICLES,
    generations: int = GENERATIONS,
    replications: int | None = None,
    workers: int | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Calibration:
    """Calibrate what no record holds to a register or to targets, by simulation.

    `scenario`: as in `run`; one that is no file is written beside `out`, as `NAME-base.yaml`, for the calibrated one
    extends it. `to`: the YAML file that describes a register, or a file of targets. `vary`: the range of each value by
    path, `{"manufacturing.slots.count": (1, 6)}`. `out`: where to write the calibrated scenario; without it, `text`
    holds what it would be. `particles` of each of so many `generations`; `replications` of a particle where it is held
    against targets (20). With a `folder` it goes on where it was stopped there. All else as in `run`.

    Returns a `Calibration`: `scenario`, `text`, `said`, `posterior`, `particles`, `scores`. Raises RecordsError where
    nothing that is observed moves with a value, ScenarioError, and as `fit` does.
    """
    if out is None and isinstance(scenario, str | os.PathLike) and shipped_file(str(scenario)) is None:
        raise ValueError(f"scenario is the file {scenario}: give out=, where the scenario that extends it is to stand")
    if out is None and not isinstance(scenario, str | os.PathLike):
        raise ValueError(
            "scenario is no file: give out=, where the scenario that extends it is to stand, and it beside it"
        )
    beside = Kept()  # a file that nobody asked for stands among no results
    file = Path(out) if out is not None else beside.folder / "calibrated.yaml"
    where = place(folder)
    asked = {"vary": vary, "particles": particles, "generations": generations, "replications": replications}
    command = called("calibrate", [scenario, to], asked)
    texts = [f"{path}={_range(path, ends)}" for path, ends in vary.items()]
    base = file_of(scenario, file.with_name(f"{file.stem}-base.yaml"))
    study = prepare_study(
        base, Path(to), Asked(texts, particles, generations, replications, workers, engine, None, command)
    )
    require_room(where.folder, [TABLES[name].file for name in FILES])
    with heard(progress, study.runs, study.aim.replications) as done:
        found = calibrate_study(study, base, file, where.folder, done)
    text = file.read_text(encoding="utf-8")
    return Calibration(
        where.folder, found.warnings, where.kept, scenario=found.scenario, text=text, said=tuple(found.said)
    )


def _range(path: str, ends: object) -> str:
    if isinstance(ends, str):
        return ends
    if isinstance(ends, tuple | list) and len(ends) == 2:
        return ":".join(text_of(end) for end in ends)
    raise OptionError("vary", f"{path}: found {shown(ends)}; allowed: (LOWEST, HIGHEST), or 'LOWEST:HIGHEST'")
