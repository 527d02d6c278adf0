"""Golden tables: results that move are seen. Refresh on purpose: pytest tests/test_golden.py --refresh-golden"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.experiment.runs.replicate import Arm, Keep, replicate
from sim.experiment.study import tables
from sim.scenario import load
from tests.runs import SHIPPED, load_text
from tests.test_inert_inputs import ALLOGENEIC, AUTOLOGOUS

GOLDEN = Path(__file__).with_name("golden")
# Quantile functions differ by a few units in the last place between platforms.
TOLERANCE = 1e-9


def arms(kind: str) -> list[Arm]:
    if kind == "shipped":
        return [Arm(name, load(SHIPPED / f"{name}.yaml").scenario) for name in ("autologous", "allogeneic")]
    return [Arm("autologous", load_text(AUTOLOGOUS).scenario), Arm("allogeneic", load_text(ALLOGENEIC).scenario)]


@pytest.mark.parametrize("kind", ["shipped", "congested"])
def test_results_have_not_moved(kind: str, request: pytest.FixtureRequest) -> None:
    collected = tables.Collected(arms(kind))
    for replication in replicate(collected.arms, range(3), 1, Keep(patients=False), lambda _: None):
        collected.add(replication)
    for name, parts in (("runs", tables.runs(collected)), ("resources", tables.resources(collected))):
        table = pd.concat(parts, ignore_index=True)
        file = GOLDEN / f"{kind}_{name}.csv"
        if request.config.getoption("--refresh-golden"):
            table.to_csv(file, index=False)
        stored = pd.read_csv(file)
        fresh = table.replace("", float("nan"))
        pd.testing.assert_frame_equal(fresh, stored, check_dtype=False, rtol=TOLERANCE, atol=TOLERANCE)
