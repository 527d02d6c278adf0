"""What comes with the program: sources, calibration, validation cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.experiment.replicate import Arm, Keep, replicate
from sim.experiment.validation import judge
from sim.outcomes.metrics import METRIC_NAMES
from sim.scenario import load, read_evidence
from tests.runs import SHIPPED

FILES = sorted(SHIPPED.glob("*.yaml"))
CASES = sorted((SHIPPED / "validation").glob("*.yaml"))
# Textbook queues must come out with a standard error of half a per cent of the target.
QUEUES = {"mmc", "erlang_a", "base_stock"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_number_of_a_shipped_scenario_names_its_source(file: Path) -> None:
    loaded = load(file)
    evidence = read_evidence()
    assert loaded.scenario.description
    assert len(loaded.parameters) > 20
    for parameter in loaded.parameters:
        assert parameter.stated or parameter.origin == "", f"{parameter.path}: no source"
        for identifier in parameter.source_ids:
            if parameter.origin:
                assert identifier == "assumption" or evidence[identifier].verified in ("yes", "derived")


def test_the_default_is_calibrated_to_karmma_3() -> None:
    # 225 of 249 collected patients infused, median 49 days from apheresis to infusion (TL-05, AT-06, AT-07)
    arms = [Arm("autologous", load(SHIPPED / "autologous.yaml").scenario)]
    runs = np.array(
        [r.outcomes[0].metrics for r in replicate(arms, range(20), 1, Keep(patients=False), lambda _: None)]
    )
    mean = dict(zip(METRIC_NAMES, runs.mean(axis=0), strict=True))
    assert mean["vein_to_vein_days_median"] == pytest.approx(49.0, abs=1.0)
    assert mean["infused_of_collected_share"] == pytest.approx(225 / 249, abs=0.015)


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_validation_case_comes_out_right(file: Path) -> None:
    loaded = load(file)
    assert loaded.scenario.validation is not None
    assert loaded.scenario.validation.source
    verdicts = judge(file.stem, loaded, loaded.scenario.run.replications, 1, lambda _: None)
    assert len(verdicts) == len(loaded.scenario.validation.quantities)
    for verdict in verdicts:
        assert verdict.met, verdict.row()
        if verdict.standard_error > 0.0 and file.stem in QUEUES:
            assert verdict.standard_error <= 0.005 * verdict.expected_high
