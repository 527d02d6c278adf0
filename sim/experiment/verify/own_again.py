"""Results made from files of the user's own, made again: a fit, a curve, an observed register, a calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sim.experiment.calibrate.run import calibrate_again
from sim.experiment.own.curve import curve_again
from sim.experiment.own.fit import fit_again
from sim.experiment.own.observe import observe_again
from sim.experiment.verify.inputs import AT_RISK, CURVE, DESCRIPTION, TARGETS, Inputs
from sim.scenario import Loaded

FIT, DIGITISED, OBSERVE, CALIBRATE = "fit", "curve", "observe", "calibrate"
KINDS = (FIT, DIGITISED, OBSERVE, CALIBRATE)
NOT_SIMULATED = (FIT, DIGITISED)


def own_again(
    manifest: Mapping[str, Any],
    inputs: Inputs,
    scenario: Loaded,
    engine: str,
    workers: int | None,
    again: Path,
    done: Callable[[int], None],
) -> str:
    """Leave in `again` what the results should hold; the digest of what the scenario file beside them sets, ""
    where there is none.

    `scenario`: the one that the folder holds, read from a file beside `again`.
    """
    kind, out = manifest["kind"], again.parent / Path(str(manifest.get("scenario") or "none.yaml")).name
    if kind == FIT:
        return fit_again(inputs.described, scenario, manifest["asked"], out, again)
    if kind == DIGITISED:
        files = inputs.files
        return curve_again(files[CURVE], files.get(AT_RISK), scenario, manifest["asked"], out, again)
    if kind == OBSERVE:
        observe_again(inputs.described, scenario, manifest, engine, again, done)
    else:
        to = inputs.files[TARGETS if TARGETS in inputs.files else DESCRIPTION]
        calibrate_again(scenario, to, manifest, engine, workers, out, again, done)
    return ""
