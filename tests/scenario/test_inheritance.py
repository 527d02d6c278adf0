"""Files that extend others: what is merged, what is replaced, what is left out, and where errors point."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.pure import distributions as d
from sim.pure import survival as s
from sim.scenario import Scenario, load
from tests.scenario.writing import AUTOLOGOUS, EVIDENCE, load_text, problems, problems_of, write


def child(folder: Path, parent: str, text: str) -> Scenario:
    """The scenario of a text that extends another."""
    write(folder, parent, "base.yaml")
    return load_text(folder, f"extends: base.yaml\n{text}").scenario


def test_sections_merge_and_values_replace(tmp_path: Path) -> None:
    parent = AUTOLOGOUS.replace("  duration: 21 d", "  duration: 21 d\n  failure: 0.1\n  lines: 3")
    more = "centres: {there: {beds: 2}}\nregions: {there: {centre: there, referrals: 1 / month}}\n"
    found = child(tmp_path, parent, "name: Child\nmanufacturing: {failure: 0.2}\n" + more)
    assert (found.name, found.manufacturing.failure, found.manufacturing.lines) == ("Child", 0.2, ((0.0, 3.0),))
    assert found.manufacturing.duration == d.Fixed(21.0)
    assert list(found.centres) == ["here", "there"]


@pytest.mark.parametrize(
    ("parent", "new", "merged"),
    [
        ("21 d", "{lognormal: {median: 19 d, sigma: 0.5}}", d.Lognormal(19.0, 0.5)),
        ("{lognormal: {median: 19 d, sigma: 0.5, shift: 3 d}}", "21 d", d.Fixed(21.0)),
        ("{lognormal: {median: 19 d, sigma: 0.5, shift: 3 d}}", "{lognormal: {median: 20 d}}", d.Lognormal(20.0, 0.5, 3.0)),
        ("{lognormal: {median: 19 d, sigma: 0.5, shift: 3 d}}", "{gamma: {mean: 9 d, shape: 2}}", d.Gamma(9.0, 2.0)),
        ("{gamma: {mean: 9 d, shape: 9, shift: 1 d}}", "{gamma: {sd: 3 d}}", d.Gamma(9.0, 9.0, 1.0)),
        ("{exponential: {mean: 9 d, shift: 1 d}}", "{exponential: {rate: 1 / d}}", d.Exponential(1.0, 1.0)),
        ("{weibull: {shape: 2, median: 9 d}}", "{weibull: {scale: 5 d}}", d.Weibull(2.0, 5.0)),
        ("{triangular: [1 d, 2 d, 3 d]}", "{triangular: [2 d, 3 d, 4 d]}", d.Triangular(2.0, 3.0, 4.0)),
        ("{empirical: [1 d, 2 d]}", "{empirical: [3 d]}", d.Empirical((3.0,))),
    ],
)  # fmt: skip
def test_distributions(tmp_path: Path, parent: str, new: str, merged: d.Distribution) -> None:
    found = child(tmp_path, AUTOLOGOUS.replace("21 d", parent), f"manufacturing: {{duration: {new}}}\n")
    assert found.manufacturing.duration == merged


@pytest.mark.parametrize(
    ("parent", "new", "merged"),
    [
        ("{weibull: {shape: 2, scale: 9 d}}", "never", s.Never()),
        ("{weibull: {shape: 2, scale: 9 d}}", "{weibull: {shape: 3}}", s.Weibull(3.0, 9.0)),
        ("{piecewise: {0 d: 1 / d, 9 d: 2 / d}}", "{piecewise: {0 d: 3 / d}}", s.Piecewise((0.0,), (3.0,))),
        ("{exponential: {mean: 10 d}}", "{exponential: {rate: 1 / d}}", s.Exponential(1.0)),
        (
            "{cure: {share: 0.5, of: {weibull: {shape: 2, scale: 9 d}}}}",
            "{cure: {of: {weibull: {shape: 3}}}}",
            s.Cured(0.5, s.Weibull(3.0, 9.0)),
        ),
        (
            "{cure: {share: 0.5, of: {weibull: {shape: 2, scale: 9 d}}}}",
            "{cure: {of: {exponential: {rate: 1 / d}}}}",
            s.Cured(0.5, s.Exponential(1.0)),
        ),
    ],
)
def test_clocks(tmp_path: Path, parent: str, new: str, merged: s.Survival) -> None:
    text = AUTOLOGOUS.replace("waiting: {}", f"waiting: {{death: {parent}}}")
    assert child(tmp_path, text, f"clocks: {{waiting: {{death: {new}}}}}\n").clocks.waiting.death == merged


def test_a_value_by_date_is_one_value(tmp_path: Path) -> None:
    parent = AUTOLOGOUS.replace("here: {}", "here: {beds: {0 d: 2, 90 d: 3}}").replace(
        "4 / month", "{0 d: 1 / d, 9 d: 2 / d}"
    )
    found = child(tmp_path, parent, "centres: {here: {beds: {2026-01-01: 5}}}\nregions: {here: {referrals: 3 / d}}\n")
    assert found.centres["here"].beds == ((0.0, 5.0),)
    assert found.regions["here"].referrals == ((0.0, 3.0),)


def test_one_way_of_ordering_replaces_the_other(tmp_path: Path) -> None:
    stock = "{opening: 1, order: {at: 4, up_to: 12}, doses_per_lot: 6}"
    parent = AUTOLOGOUS.replace("autologous", "allogeneic").replace(
        "manufacturing:\n  duration: 21 d", f"allogeneic:\n  stock: {stock}"
    )
    order = child(tmp_path, parent, "allogeneic: {stock: {order: {every: 60 d}}}\n").allogeneic.stock.order
    assert (order.levels, order.every) == (None, 60.0)
    order = child(tmp_path, parent, "allogeneic: {stock: {order: {at: 5}}}\n").allogeneic.stock.order
    assert order.levels == (5, 12)


def test_slots_merge_and_are_lifted(tmp_path: Path) -> None:
    parent = AUTOLOGOUS + "  slots: {count: 4, every: month, lead: 7 d}\n"
    slots = child(tmp_path, parent, "manufacturing: {slots: {count: 5}}\n").manufacturing.slots
    assert slots is not None
    assert (slots.count, slots.every, slots.lead) == (((0.0, 5.0),), "month", 7.0)
    assert child(tmp_path, parent, "manufacturing: {slots: unlimited}\n").manufacturing.slots is None


LIMITED = """\
name: Limited
strategy: autologous
regions: {here: {centre: here, referrals: 4 / month}, there: {centre: there, referrals: 4 / month}}
centres: {here: {slots: 2}, there: {}}
patients: {risk_groups: {a: {share: 0.5, priority: 1}, b: {share: 0.5}}}
waiting_list: {policy: sickest_first}
clocks: {waiting: {}}
manufacturing:
  slots: {count: 4, every: month}
  lines: 3
  line_held: {to: release}
  duration: 21 d
release_testing: {out_of_specification: 0.1, accepted: 0.5, exception: 3 d}
"""


@pytest.mark.parametrize(
    ("change", "unused"),
    [
        ("manufacturing.lines=unlimited", "manufacturing.line_held"),
        ("manufacturing.lines={0 d: unlimited}", "manufacturing.line_held"),
        ("manufacturing.slots=unlimited", "centres.here.slots"),
        ("manufacturing.slots.scope=pool", "centres.here.slots"),
        ("waiting_list.policy=lottery", "patients.risk_groups.a.priority"),
        ("release_testing.out_of_specification=0", "release_testing.accepted"),
        ("release_testing.out_of_specification=0.0", "release_testing.exception"),
    ],
)
def test_what_a_later_word_makes_useless_is_left_out(tmp_path: Path, change: str, unused: str) -> None:
    base = load_text(tmp_path, LIMITED)
    changed = base.with_overrides([change])
    assert unused in "\n".join(parameter.path for parameter in base.parameters) or unused.endswith("line_held")
    assert not any(parameter.path.startswith(unused) for parameter in changed.parameters)
    assert changed.digest != base.digest
    # said together with what makes it useless, it is an error
    keys = unused.split(".")
    again = {"line_held": "{to: release}", "exception": "3 d", "accepted": "0.5"}.get(keys[-1], "1")
    [found] = problems(tmp_path, LIMITED, change, f"{unused}={again}")
    assert "is not used" in found


def test_a_file_that_extends_does_the_same(tmp_path: Path) -> None:
    found = child(tmp_path, LIMITED, "manufacturing: {lines: unlimited}\nwaiting_list: {policy: first_come}\n")
    assert (found.manufacturing.line_held.end, found.patients.risk_groups["a"].priority) == ("culture", 0.0)


def test_what_the_other_strategy_has_no_use_for_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, AUTOLOGOUS, "base.yaml")
    text = "extends: base.yaml\nstrategy: allogeneic\nallogeneic: {stock: {opening: 1, order: {every: 9 d}, doses_per_lot: 1}}\n"
    loaded = load_text(tmp_path, text)
    assert "manufacturing" not in loaded.resolved
    assert [dropped.sentence.replace(f"{tmp_path}/", "") for dropped in loaded.dropped] == [
        "mine.yaml:2: manufacturing (base.yaml:9) is left out: strategy 'allogeneic' has no use for it"
    ]
    # written beside the strategy, it is refused
    assert problems(tmp_path, f"{text}manufacturing: {{failure: 0.1}}\n") == [
        "mine.yaml:4: manufacturing: is not used: strategy 'allogeneic' has no use for it"
    ]


def test_errors_in_inherited_files_point_there(tmp_path: Path) -> None:
    write(tmp_path, AUTOLOGOUS.replace("21 d", "21").replace("duration", "duration"), "parts/base.yaml")
    found = problems(tmp_path, "extends: parts/base.yaml\nmanufacturing:\n  failure: 2\n")
    assert (
        found[0]
        == "mine.yaml:3: manufacturing.failure: found 2; allowed: a proportion from 0 to 1; did you mean '0.02'?"
    )
    assert found[1].startswith("parts/base.yaml:10: manufacturing.duration: found 21 without a unit")
    assert len(found) == 2


def test_several_bases_the_later_one_wins(tmp_path: Path) -> None:
    write(tmp_path, AUTOLOGOUS + "  failure: 0.1\n  lines: 2\n", "a.yaml")
    write(tmp_path, "manufacturing: {failure: 0.2, attempts: 3}\n", "b.yaml")
    made = load_text(tmp_path, "extends: [a.yaml, b.yaml]\nmanufacturing: {attempts: 4}\n").scenario.manufacturing
    assert (made.failure, made.lines, made.attempts) == (0.2, ((0.0, 2.0),), 4)


def test_places_of_merged_values(tmp_path: Path) -> None:
    write(tmp_path, AUTOLOGOUS, "base.yaml")
    loaded = load_text(tmp_path, "extends: base.yaml\nmanufacturing:\n  failure: 0.1\n", "run.seed=4")
    origins = {path: (Path(file).name, line) for path, (file, line) in loaded.origins.items()}
    assert origins["name"] == ("base.yaml", 1)
    assert origins["manufacturing.duration"] == ("base.yaml", 10)
    assert origins["manufacturing.failure"] == ("mine.yaml", 3)
    assert origins["run.seed"] == ("--set run.seed", 0)
    assert "manufacturing.lines" not in origins


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("bse.yaml", "file 'bse.yaml': no such file; did you mean 'base.yaml'?"),
        ("allogeneic.yaml", "file 'allogeneic.yaml': no such file; the shipped one is 'allogeneic', without .yaml"),
        ("3", "found 3; allowed: a file name, or a list of file names"),
        ("", "found nothing; allowed: a file name, or a list of file names"),
        ("{a: b}", "found a section with 'a'; allowed: a file name, or a list of file names"),
        ("[base.yaml, [x]]", "found [x]; allowed: a file name, or a list of file names"),
        ("[]", "found an empty list; allowed: a file name, or a list of file names"),
        ("[base.yaml, base.yaml]", "found 'base.yaml' twice; allowed: each once"),
        ("[base.yaml, ./base.yaml]", "found './base.yaml' twice; allowed: each once"),
        ("''", "an empty text is no file name"),
        ("mine.yaml", "goes round in a circle: mine.yaml -> mine.yaml"),
        ("folder", "file 'folder': is a folder; allowed: a file"),
        ("/etc/passwd", "'/etc/passwd' is an absolute path; allowed: a path relative to this file"),
        ("../other.yaml", "'../other.yaml' is outside the scenario's folder; allowed: files in that folder and below it"),
        ("folder/../../other.yaml", "'folder/../../other.yaml' is outside the scenario's folder; allowed: files in that folder and below it"),
        ("link.yaml", "'link.yaml' is outside the scenario's folder; allowed: files in that folder and below it"),
        ('"a\\0b"', "'a\\x00b' is no file name"),
    ],
)  # fmt: skip
def test_what_cannot_be_extended(tmp_path: Path, extends: str, message: str) -> None:
    folder = tmp_path / "inside"
    write(folder, AUTOLOGOUS, "base.yaml")
    write(tmp_path, AUTOLOGOUS, "other.yaml")
    (folder / "folder").mkdir()
    os.symlink(tmp_path / "other.yaml", folder / "link.yaml")
    assert problems(folder, f"extends: {extends}\n{AUTOLOGOUS}") == [f"mine.yaml:1: extends: {message}"]


def test_the_scenario_itself_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path / "there", AUTOLOGOUS, "base.yaml")
    write(tmp_path / "there", "extends: base.yaml\n")
    (tmp_path / "here").mkdir()
    os.symlink(tmp_path / "there" / "mine.yaml", tmp_path / "here" / "mine.yaml")
    assert problems_of(tmp_path / "here" / "mine.yaml") == []


def test_with_a_missing_base_only_what_is_certain_is_said(tmp_path: Path) -> None:
    text = (
        "extends: zzz.yaml\nregions: {here: {centre: there}}\ncentres: {here: {beds: -1}}\nmanufacturing: {linez: 3}\n"
    )
    assert problems(tmp_path, text) == [
        "mine.yaml:1: extends: file 'zzz.yaml': no such file",
        "mine.yaml:3: centres.here.beds: found -1; allowed: a whole number from 0 on, or 'unlimited'",
        "mine.yaml:4: manufacturing.linez: unknown key; did you mean 'lines'?",
    ]


def test_circles_of_several_files(tmp_path: Path) -> None:
    write(tmp_path, "extends: b.yaml\n", "a.yaml")
    write(tmp_path, "extends: a.yaml\n", "b.yaml")
    assert problems(tmp_path, "extends: a.yaml\n" + AUTOLOGOUS) == [
        "b.yaml:1: extends: goes round in a circle: a.yaml -> b.yaml -> a.yaml"
    ]


def test_a_syntax_error_in_a_base(tmp_path: Path) -> None:
    write(tmp_path, "name: a: b\n", "base.yaml")
    [found] = problems(tmp_path, "extends: base.yaml\nmanufacturing: {failure: 0.1}\n")
    assert found.startswith("base.yaml:1: not valid YAML: mapping values are not allowed here")


def test_files_that_many_extend_are_read_once(tmp_path: Path) -> None:
    for name in "fg":
        write(tmp_path, AUTOLOGOUS, f"{name}0.yaml")
        for level in range(1, 18):
            write(tmp_path, f"extends: [f{level - 1}.yaml, g{level - 1}.yaml]\n", f"{name}{level}.yaml")
    # read each time that they are named, they would be more than 10 ** 5, more than may be read
    assert load(tmp_path / "f17.yaml", evidence=EVIDENCE).scenario.name == "Small"


def test_long_chains_end(tmp_path: Path) -> None:
    write(tmp_path, AUTOLOGOUS, "f0.yaml")
    for level in range(1, 200):
        write(tmp_path, f"extends: f{level - 1}.yaml\n", f"f{level}.yaml")
    assert problems_of(tmp_path / "f199.yaml") == ["f150.yaml:1: extends: leads to more than 50 files"]


def test_shipped_scenarios_can_be_extended_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "shipped"
    write(shipped, AUTOLOGOUS.replace("21 d", "{empirical: days.csv}"), "base.yaml")
    write(shipped, "days\n3\n4\n", "days.csv")
    monkeypatch.setattr("sim.scenario.inherit.SHIPPED", shipped)
    found = load_text(tmp_path / "elsewhere", "extends: ../shipped/base.yaml\n").scenario
    assert found.manufacturing.duration == d.Empirical((3.0, 4.0))


def test_what_follows_a_survival_table_changes_alone_and_goes_with_it(tmp_path: Path) -> None:
    table = "clocks: {waiting: {death: {table: [[0 d, 1], [30 d, 0.9]], after: last_rate}}}\n"
    write(tmp_path, AUTOLOGOUS.replace("clocks:\n  waiting: {}\n", table), "base.yaml")
    death = "clocks.waiting.death"
    changed = load_text(tmp_path, "extends: base.yaml\n", f"{death}.after=never").resolved["clocks"]["waiting"]["death"]
    assert changed == {"table": [["0 d", 1], ["30 d", 0.9]], "after": "never"}
    [told] = problems(tmp_path, "extends: base.yaml\n", f"{death}={{table: [[0 d, 1], [9 d, 0.5]]}}")
    assert told.startswith(f"--set {death}: {death}.table: ends at 9 d with survival 0.5 and does not say what follows")
