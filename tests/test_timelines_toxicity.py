"""Toxicity, beds and intensive care after infusion: small timelines worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.scenario import Loaded, ScenarioError, load
from tests.runs import SHIPPED, small

MADE = "manufacturing: {duration: 0 d}\n"


def toxicity(rest: str, icu: str = "icu: {stay: 5 d}") -> str:
    return f"toxicity: {{{rest}{', ' + icu if icu else ''}}}\n"


SEVERE = "crs: {onset: 1 d, grades: {severe: {share: 1, duration: 3 d, icu: 1}}}"
MILD = "crs: {onset: 1 d, grades: {mild: {share: 1, duration: 3 d}}}"


def test_toxicity_makes_segments_of_the_stay_one_after_the_other() -> None:
    both = MILD + ", neurotoxicity: {onset: 2 d, grades: {mild: {share: 1, duration: 4 d}}}"
    ran = small(MADE + toxicity(both, "") + "infusion: {stay: 10 d}\n", "0 d")
    assert ran.days("infusion") == [0.0]
    assert ran.days("crs") == [1.0]
    assert ran.days("neurotoxicity") == [6.0]
    assert ran.days("discharge") == [20.0]


def test_intensive_care_is_nested_in_the_stay() -> None:
    ran = small(MADE + toxicity(SEVERE) + "infusion: {stay: 10 d}\n", "0 d", centre="beds: 1, icu: 1")
    assert ran.days("icu") == [1.0]
    assert ran.days("discharge") == [19.0]
    assert ran.resource("icu").in_use_mean == 5.0 / 400.0
    assert ran.resource("bed").in_use_mean == 19.0 / 400.0


def test_who_finds_intensive_care_full_waits_in_his_bed() -> None:
    rest = MADE + toxicity(SEVERE) + "infusion: {stay: 10 d}\n"
    ran = small(rest, "0 d, 2 d", centre="beds: 2, icu: 1")
    # the first is in intensive care from 1 to 6; the second, due on 3, from 6 to 11
    assert ran.days("icu") == [1.0, 6.0]
    assert ran.days("discharge") == [19.0, 24.0]
    assert ran.resource("icu").queue_days_total == 3.0


def test_a_bed_that_is_freed_for_intensive_care_goes_to_the_next() -> None:
    freed = MADE + toxicity(SEVERE, "icu: {stay: 5 d, bed: freed}") + "infusion: {stay: 10 d}\n"
    ran = small(freed, "0 d, 0 d", centre="beds: 1, icu: 2")
    # the second has the bed from 1 to 2; the first comes back on 6 and stays 3 + 10 days, then the second
    assert ran.days("infusion") == [0.0, 1.0]
    assert ran.days("discharge") == [19.0, 32.0]
    kept = small(freed.replace("freed", "kept"), "0 d, 0 d", centre="beds: 1, icu: 2")
    assert kept.days("infusion") == [0.0, 19.0]


def test_an_outpatient_needs_a_bed_for_toxicity_only() -> None:
    rest = MADE + toxicity(SEVERE) + "infusion: {model: outpatient}\n"
    ran = small(rest, "0 d, 0 d", centre="beds: 1, icu: 2")
    assert ran.days("infusion") == [0.0, 0.0]
    # at home for a day; then the bed for 5 + 3 days, one after the other
    assert ran.days("discharge") == [9.0, 17.0]
    assert ran.resource("bed").queue_days_total == 8.0
    well = small(MADE + "infusion: {model: outpatient}\n", "0 d, 0 d", centre="beds: 0")
    assert well.days("discharge") == [0.0, 0.0]


def test_grades_have_their_shares() -> None:
    grades = "low: {share: 0.5, duration: 1 d}, high: {share: 0.2, duration: 9 d}"
    ran = small(MADE + toxicity(f"crs: {{grades: {{{grades}}}}}", ""), ", ".join(["0 d"] * 1000))
    stay = ran.patients.day("discharge")
    for days, share in ((0.0, 0.3), (1.0, 0.5), (9.0, 0.2)):
        assert abs((stay == days).mean() - share) < 3.0 * np.sqrt(share * (1 - share) / 1000)


# -- the toxicity that comes with the program ------------------------------------------------------------------------


def mine(tmp_path: Path, text: str) -> Loaded:
    (tmp_path / "mine.yaml").write_text(f"name: Mine\n{text}", encoding="utf-8")
    return load(tmp_path / "mine.yaml")


COUNTED = "extends: autologous\ncentres: {capital: {icu: 2}}\n"


def test_beds_in_intensive_care_bring_toxicity_and_a_stay_without_it(tmp_path: Path) -> None:
    told = load(SHIPPED / "library" / "ide_cel_late.yaml").scenario
    loaded = mine(tmp_path, COUNTED)
    assert loaded.scenario.toxicity == told.toxicity
    assert loaded.scenario.infusion == told.infusion
    assert loaded.scenario.centres["capital"].icu == ((0.0, 2.0),)
    sources = {one.path: (one.source_ids, one.origin) for one in loaded.parameters}
    assert sources["toxicity.crs.onset"] == (("TX-11", "TX-12", "TX-13"), "parts/toxicity.yaml (shipped)")
    # inherited from a file of one's own, too
    (tmp_path / "network.yaml").write_text(COUNTED, encoding="utf-8")
    assert mine(tmp_path, "extends: network.yaml\n").scenario == loaded.scenario


def test_what_is_stated_of_toxicity_and_of_the_stay_holds(tmp_path: Path) -> None:
    own = mine(tmp_path, COUNTED + "infusion: {stay: 9 d}\ntoxicity: {icu: {bed: freed, stay: 3 d}}\n").scenario
    assert own.infusion.stay.mean() == 9.0
    assert (own.toxicity.icu.bed, own.toxicity.icu.stay.mean()) == ("freed", 3.0)
    assert own.toxicity.crs is not None
    (tmp_path / "network.yaml").write_text("extends: autologous\ninfusion: {stay: 9 d}\n", encoding="utf-8")
    inherited = mine(tmp_path, "extends: network.yaml\ncentres: {capital: {icu: 2}}\n").scenario
    assert inherited.infusion.stay.mean() == 9.0
    crs = "toxicity: {crs: {grades: {any: {share: 1, icu: 0.5}}}}\n"
    alone = mine(tmp_path, COUNTED + crs).scenario
    assert alone.toxicity.crs is not None
    assert list(alone.toxicity.crs.grades) == ["any"]
    assert alone.toxicity.neurotoxicity is None
    assert alone.infusion == load(SHIPPED / "autologous.yaml").scenario.infusion


def test_no_toxicity_comes_unasked_for(tmp_path: Path) -> None:
    assert mine(tmp_path, "extends: autologous\n").scenario.toxicity.events == {}
    with pytest.raises(ScenarioError, match="no toxicity has an icu share above 0"):
        mine(tmp_path, COUNTED.replace("autologous", "allogeneic"))


def test_intensive_care_counted_on_the_command_line_brings_it_too(tmp_path: Path) -> None:
    in_a_file = mine(tmp_path, COUNTED).scenario
    counted = ["centres.capital.icu=2"]
    assert load("autologous", counted).scenario.toxicity == in_a_file.toxicity
    assert load("autologous", counted).scenario.infusion == in_a_file.infusion
    changed = load("autologous", [*counted, "toxicity.crs.grades.severe.share=0.08"]).scenario.toxicity
    assert changed.crs is not None
    assert changed.crs.grades["severe"].share == 0.08
    assert changed.neurotoxicity == in_a_file.toxicity.neurotoxicity
    # the stay of one's own holds, and what the file says of intensive care
    (tmp_path / "network.yaml").write_text(
        "extends: autologous\ninfusion: {stay: 9 d}\ntoxicity: {icu: {stay: 3 d}}\n", encoding="utf-8"
    )
    own = load(tmp_path / "network.yaml", counted).scenario
    assert (own.infusion.stay.mean(), own.toxicity.icu.stay.mean()) == (9.0, 3.0)
    # and again on top of what is loaded
    assert load("autologous").with_overrides(counted).scenario == load("autologous", counted).scenario
    with pytest.raises(ScenarioError, match="no toxicity has an icu share above 0"):
        load("allogeneic", counted)
