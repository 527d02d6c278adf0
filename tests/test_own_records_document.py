"""The commands of docs/own-records.md run as they stand, from a spreadsheet to a scenario that runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import pytest

from sim.experiment.calibrate.run import Study
from sim.scenario import load
from tests.program import call, shortened
from tests.records.simulated import Extract, register_of, simulated
from tests.runs import SHIPPED

DOCUMENT = Path(__file__).parents[1] / "docs" / "own-records.md"
HEADS = {
    "referral": "Date of referral",
    "listing": "Listed",
    "apheresis": "Apheresis",
    "manufacturing": "Manufacturing start",
    "manufactured": "Manufacturing end",
    "infusion": "Infusion",
    "discharge": "Discharge",
    "progression": "Progression",
    "bridging": "Bridging start",
    "end": "End date",
    "outcome": "Status",
    "region": "Region",
    "risk_group": "Risk group",
}
SHORT = ["--set", "run.window=40 d", "--set", "run.warm_up=0 d", "--set", "run.follow_up=120 d"]
CUT = {"run": [*SHORT, "--workers", "1"], "fit": ["--bootstrap", "19"], "observe": ["-n", "240"]}
CUT["forecast"] = ["--samples", "5", "-n", "2", "--workers", "1"]
CUT["calibrate"] = ["--particles", "50", "--generations", "2", "--workers", "1"]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody with a spreadsheet has typed the lines."""
    here = tmp_path_factory.mktemp("planner")
    patients = simulated(load(SHIPPED / "autologous.yaml"))
    register = register_of(patients, Extract(300.0, 560.0), "%d.%m.%Y")
    spreadsheet = register[["Patient", *HEADS]].rename(columns=HEADS)
    spreadsheet.to_csv(here / "register.csv", index=False, sep=";", encoding="utf-8-sig")
    (block,) = re.findall(
        r"<!-- commands: own records -->\n```sh\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S
    )
    for line in block.strip().splitlines():
        words = shlex.split(line)
        if words[0] == "cat":
            assert (here / words[1]).is_file(), line
            continue
        assert words[:2] == ["python", "run_sim.py"]
        # what a calibration predicts is checked on few simulations
        with patch.object(Study, "checks", 30):
            done = call(*shortened(words[2:], CUT.get(words[2], [])), cwd=here)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    return here


def test_what_was_guessed_is_what_is_there(followed: Path) -> None:
    text = (followed / "register.yaml").read_text(encoding="utf-8")
    for milestone, column in list(HEADS.items())[:7]:
        assert re.search(rf'{milestone}: {{column: "?{column}"?, dates: \["%d.%m.%Y"\]}}', text), milestone
    assert "included_at: referral" in text
    assert len(pd.read_csv(followed / "results" / "records" / "records_faults.csv")) == 0


def test_the_scenario_holds_what_the_register_says(followed: Path) -> None:
    fits = pd.read_csv(followed / "ours" / "fits.csv", keep_default_na=False, na_values=[""])
    fitted = set(fits.loc[fits["status"].isin(["fitted", "scaled", "shrunk"]), "path"])
    assert {"work_up.duration", "manufacturing.duration", "infusion.stay", "regions.north.referrals"} <= fitted
    assert {"clocks.waiting.progression", "clocks.after_apheresis.death", "bridging.share"} <= fitted
    checks = fits[fits["status"] == "check"]
    assert checks["note"].str.contains("a wait for manufacturing slots").any()
    assert {f"{name}.csv" for name in re.findall(r"`(fits[a-z_]*)\.csv`", DOCUMENT.read_text(encoding="utf-8"))} <= {
        file.name for file in (followed / "ours").iterdir()
    }
