"""The scenarios that come with the program, and files that start from them."""

from __future__ import annotations

import math
from contextlib import chdir
from pathlib import Path

import pytest

from sim.pure.survival import Exponential
from sim.scenario import Loaded, load, write_resolved
from sim.scenario.files import SHIPPED, shipped_names
from sim.scenario.shipped import ShippedError, first_line, shipped, shipped_heads, template, validation_files
from tests.runs import load_text
from tests.samples import some
from tests.scenario.writing import write

EVERY_DAY = ("autologous", "allogeneic", "hybrid", "quick_turnaround", "two_manufacturers")


@pytest.fixture(scope="module")
def found() -> list[tuple[Path, Loaded]]:
    with chdir(SHIPPED.parent):
        return shipped()


def test_shipped_scenarios_load_and_have_a_source_for_every_number(found: list[tuple[Path, Loaded]]) -> None:
    assert all(file.parts[0] == "scenarios" for file, _ in found)
    assert {file.stem for file, _ in found} >= {"autologous", "allogeneic"}
    for file, loaded in found:
        assert loaded.path == file
        assert [p.path for p in loaded.parameters if not p.stated] == [], file


def test_heads_say_what_the_whole_files_do(found: list[tuple[Path, Loaded]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SHIPPED.parent)
    whole = [(file, one.scenario.name, first_line(one.scenario.description)) for file, one in found]
    assert [(head.file, head.name, head.what) for head in shipped_heads()] == whole


def test_validation_cases_say_what_must_come_out() -> None:
    files = validation_files()
    assert len(files) >= 10
    for file in files:
        validation = load(file).scenario.validation
        assert validation is not None
        assert validation.quantities


def test_files_are_named_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(SHIPPED.parent)
    assert all(file.parts[0] == "scenarios" for file in validation_files())
    monkeypatch.chdir(tmp_path)
    assert all(file.is_absolute() for file in validation_files())


@pytest.mark.parametrize("base", ["autologous", "allogeneic"])
@pytest.mark.parametrize("name", ["mine.yaml", "my clinic's plan.yaml", "über uns.yaml", "_.yaml"])
def test_a_new_file_loads_to_the_same_as_its_base(tmp_path: Path, base: str, name: str) -> None:
    file = tmp_path / "deep" / name
    loaded = load(write(file.parent, template(file, base), name))
    assert loaded.digest == load(SHIPPED / f"{base}.yaml").digest
    assert loaded.scenario.name != load(SHIPPED / f"{base}.yaml").scenario.name


def test_what_is_commented_out_in_a_new_file_is_right(tmp_path: Path) -> None:
    text = template(tmp_path / "mine.yaml", "autologous")
    lines = text.splitlines()
    begun = next(k for k, line in enumerate(lines) if line.startswith("# run:"))
    prose = ("# Where your", "# A number")
    opened = [line[2:] if line.startswith("# ") and not line.startswith(prose) else line for line in lines[begun:]]
    loaded = load(write(tmp_path, "\n".join([*lines[:begun], *opened])))
    assert loaded.scenario.run.replications == 200
    assert loaded.scenario.centres["capital"].beds == ((0.0, 4.0),)


def test_no_such_base(tmp_path: Path) -> None:
    with pytest.raises(ShippedError, match=r"which is no shipped scenario; .*; did you mean 'autologous'"):
        template(tmp_path / "mine.yaml", "autologus")


@pytest.mark.parametrize("base", some({name: name for name in shipped_names()}, EVERY_DAY))
def test_a_network_of_ones_own_holds_nothing_of_the_shipped_one(tmp_path: Path, base: str) -> None:
    for centres, blank in ((("city", "lake", "Dörfl 2"), False), ((), True)):
        file = tmp_path / "mine.yaml"
        file.write_text(template(file, base, centres, blank=blank), encoding="utf-8")
        loaded = load(file)
        names = list(centres) or ["centre"]
        assert list(loaded.scenario.regions) == list(loaded.scenario.centres) == names
        rates = [region.referrals for region in loaded.scenario.regions.values()]
        assert rates == [((0.0, 4 / (365.25 / 12)),)] * len(names)
        written = str([loaded.resolved.get(key) for key in ("regions", "centres", "disruptions")])
        assert not any(name in written for name in ("capital", "north", "coast", "highland"))
        if not blank:
            assert [p.path for p in loaded.parameters if not p.stated] == []
        shipped = {p.path: p.source for p in load(base).parameters}
        for parameter in loaded.parameters:
            if parameter.origin and parameter.origin != str(file):
                assert parameter.source == shipped[parameter.path], "what is not written is as it was"


def test_supply_is_of_the_size_of_the_network(tmp_path: Path) -> None:
    """Of 16 patients a month, served by four slots a week and 16 lines, 4 or 12 come to the own network."""
    for centres, slots, lines in ((("a",), 1, 4), (("a", "b", "c"), 3, 12), (tuple("abcdefgh"), 8, 32)):
        file = tmp_path / "mine.yaml"
        file.write_text(template(file, "autologous", centres))
        made = load(file).scenario.manufacturing
        assert made.slots is not None
        assert (made.slots.count, made.slots.every) == (((0.0, float(slots)),), "week")
        assert made.lines == ((0.0, float(lines)),)
        assert {centre.beds for centre in load(file).scenario.centres.values()} == {((0.0, 4.0),)}


def test_what_holds_after_apheresis_as_while_waiting_stands_once() -> None:
    changed = ("clocks.waiting.ends_eligibility=0.6", "clocks.waiting.removal={exponential: {rate: 0.002 / d}}")
    loaded = load(SHIPPED / "autologous.yaml")
    value = {parameter.path: parameter.value_text for parameter in loaded.parameters}
    noted = [p.path for p in loaded.parameters if "as while waiting" in p.note and "after_apheresis" in p.path]
    assert {path.split(".")[2] for path in noted} == {"ends_eligibility", "removal"}
    for path in noted:
        assert value[path] == value[path.replace("after_apheresis", "waiting")]
    after = load(SHIPPED / "autologous.yaml", changed).scenario.clocks.after_apheresis
    assert after is not None
    assert (after.ends_eligibility, after.removal) == (0.6, Exponential(0.002))
    own = load(
        SHIPPED / "autologous.yaml", (*changed, "clocks.after_apheresis.removal={exponential: {rate: 0.001 / d}}")
    )
    assert own.scenario.clocks.after_apheresis is not None
    assert own.scenario.clocks.after_apheresis.removal == Exponential(0.001)
    text = load_text(write_resolved(own), "clocks.after_apheresis={death: never, progression: as_waiting}")
    assert text.scenario.clocks.after_apheresis is not None
    assert text.scenario.clocks.after_apheresis.progression == text.scenario.clocks.waiting.progression


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("autologous", "clocks.waiting.ends_eligibility=0.7"),
        ("library/standard_care_conventional", "after_infusion.standard_care.progression.exponential.median=9 months"),
    ],
)
def test_a_change_does_the_same_to_a_scenario_as_to_its_text_in_full(name: str, change: str) -> None:
    """What follows another value does so in the folder of results, too: `verify` changes the one, a sweep the other."""
    loaded = load(SHIPPED / f"{name}.yaml")
    again = load_text(write_resolved(loaded))
    assert again.digest == loaded.digest
    changed = load(SHIPPED / f"{name}.yaml", [change])
    assert changed.digest != loaded.digest
    assert load_text(write_resolved(loaded), change).digest == changed.digest
    # what was given is kept, and follows nothing
    own = ["after_infusion.standard_care.without_response={exponential: {median: 7 months}}"]
    if "standard" in name:
        given = load_text(write_resolved(load(SHIPPED / f"{name}.yaml", own)), change).scenario.after_infusion
        assert given is not None
        assert given.standard_care is not None
        assert given.standard_care.without_response == Exponential(math.log(2.0) / (7 * 365.25 / 12))
