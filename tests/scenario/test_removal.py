"""Instead of what is inherited: null, the word `replace`, and alternatives."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sim.experiment.sweep.factors import parse_factor
from sim.experiment.sweep.file import read_sweep_file
from sim.scenario import Loaded, ScenarioError, load, write_resolved
from sim.scenario.dropped import without
from sim.scenario.merge import held, marks
from sim.scenario.nodes import plain, walk
from tests.runs import SHIPPED
from tests.scenario.writing import AUTOLOGOUS, EVIDENCE, load_text, problems, write

BASE = (
    AUTOLOGOUS.replace("referrals: 4 / month", "referrals: 4 / month, already_waiting: {count: 3, waited: 10 d}")
    + """\
  lines: 3
  failure: 0.1
  calendar: week
calendars: {week: {days: [mon, tue, wed, thu, fri]}}
sources: {manufacturing: "assumption: all of it", manufacturing.lines: "assumption: three"}
uncertainty: {manufacturing.failure: {beta: {mean: 0.1, sd: 0.01}, source: assumption}}
"""
)
LOGNORMAL = AUTOLOGOUS.replace("21 d", "{lognormal: {median: 19 d, sigma: 0.5, shift: 3 d}}")
BOTH = AUTOLOGOUS.replace("4 / month", "4 / month, referral_days: [400 d]")
HERE = "regions.here"


def over(folder: Path, base: str, text: str, *overrides: str) -> Loaded:
    """A text over a base; what it resolves to holds no null and loads again."""
    write(folder, base, "base.yaml")
    loaded = load_text(folder, f"extends: base.yaml\n{text}", *overrides)
    assert "null" not in json.dumps(loaded.resolved)
    again = load(write(folder, write_resolved(loaded), "again.yaml"), evidence=EVIDENCE)
    assert again.digest == loaded.digest
    return loaded


def at(loaded: Loaded, path: str) -> object:
    found: object = loaded.resolved
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


@pytest.mark.parametrize(
    ("base", "text", "path", "value"),
    [
        (BASE, "manufacturing: {lines: null}", "manufacturing.lines", "unlimited"),
        (BASE, "manufacturing: {failure: ~}", "manufacturing.failure", 0),
        (BASE, "uncertainty: {manufacturing.failure: null}", "uncertainty", {}),
        (BASE, "calendars: {week: null}\nmanufacturing: {calendar: null}", "calendars", None),
        (BASE, "regions: {here: {already_waiting: null}}", f"{HERE}.already_waiting", None),
        (BASE, "regions: {here: {already_waiting: {waited: null}}}", f"{HERE}.already_waiting", {"count": 3, "waited": "0 d"}),
        (BASE, "regions: {here: {already_waiting: {since: [3 d, 9 d]}}}", f"{HERE}.already_waiting", {"since": ["9 d", "3 d"]}),
        (BASE, "regions: {here: {already_waiting: {count: null, since: [3 d]}}}", f"{HERE}.already_waiting", {"since": ["3 d"]}),
        (BASE, "regions: {here: {referral_days: [400 d]}}", f"{HERE}.referrals", None),
        (BASE, "regions: {here: {referral_days: [400 d], referrals: 2 / month}}", f"{HERE}.referrals", "2 / month"),
        (BASE, "regions: {here: {referrals: null}}", f"{HERE}.referrals", None),
        (BOTH, "regions: {here: {referrals: 5 / month}}", f"{HERE}.referral_days", ["400 d"]),
        (BOTH, "regions: {here: {referral_days: null}}", f"{HERE}.referral_days", None),
        (LOGNORMAL, "manufacturing: {duration: {lognormal: {shift: null}}}", "manufacturing.duration", {"lognormal": {"median": "19 d", "sigma": 0.5}}),
        (LOGNORMAL, "manufacturing: {duration: {replace: true, lognormal: {median: 3 d, sigma: 0.2}}}", "manufacturing.duration", {"lognormal": {"median": "3 d", "sigma": 0.2}}),
        (LOGNORMAL, "manufacturing: {duration: {lognormal: null, gamma: {mean: 9 d, shape: 3}}}", "manufacturing.duration", {"gamma": {"mean": "9 d", "shape": 3}}),
        (BASE, "manufacturing: {replace: true, duration: 9 d}", "manufacturing.lines", "unlimited"),
        (BASE, "centres: {replace: true, city: {}}\nregions: {replace: true, all: {centre: city, referrals: 1 / month}}", "centres.city.beds", "unlimited"),
    ],
)  # fmt: skip
def test_what_a_file_removes_or_replaces(tmp_path: Path, base: str, text: str, path: str, value: object) -> None:
    assert at(over(tmp_path, base, text), path) == value


def test_the_command_line_does_the_same(tmp_path: Path) -> None:
    for text, override in (
        ("manufacturing: {lines: null}", "manufacturing.lines=null"),
        ("regions: {here: {already_waiting: null}}", "regions.here.already_waiting=null"),
        ("manufacturing: {replace: true, duration: 9 d}", "manufacturing={replace: true, duration: 9 d}"),
        ("uncertainty: {manufacturing.failure: null}", "uncertainty.manufacturing.failure=null"),
    ):
        from_file, set_on_top = over(tmp_path, BASE, text), over(tmp_path, BASE, "", override)
        assert set_on_top.digest == from_file.digest
        assert set_on_top.resolved["uncertainty"] == from_file.resolved["uncertainty"]
        assert over(tmp_path, BASE, "").with_overrides([override]).digest == from_file.digest


def test_values_of_one_command_are_asked_for_at_once(tmp_path: Path) -> None:
    both = ("regions.here.referral_days=[400 d]", "regions.here.referrals=2 / month")
    for order in (both, both[::-1]):
        assert at(over(tmp_path, BASE, "", *order), f"{HERE}.referrals") == "2 / month"
        assert at(over(tmp_path, BASE, "", *order), f"{HERE}.referral_days") == ["400 d"]
    city = ("centres.replace=true", "centres.city={}", "regions.here.centre=city")
    assert over(tmp_path, BASE, "", *city).digest == over(tmp_path, BASE, "", *city[::-1]).digest
    [told] = problems(
        tmp_path, "extends: base.yaml\n", f"{HERE}.already_waiting.since=[3 d]", f"{HERE}.already_waiting.count=3"
    )
    assert told == (
        f"--set {HERE}.already_waiting.count: {HERE}.already_waiting: found 'count', 'since'; allowed: count, or count and waited, "
        f"or since (with --set {HERE}.already_waiting.since)"
    )


def test_what_was_removed_does_not_come_back(tmp_path: Path) -> None:
    write(tmp_path, BASE, "old.yaml")
    middle = "extends: old.yaml\nregions: {here: {already_waiting: null}}\nmanufacturing: {lines: null}\n"
    mine = over(tmp_path, middle, "regions: {here: {already_waiting: {count: 5}}}\n")
    assert at(mine, f"{HERE}.already_waiting") == {"count": 5, "waited": "0 d"}
    assert at(mine, "manufacturing.lines") == "unlimited"


def test_a_part_of_several_bases_takes_away_what_comes_before_it(tmp_path: Path) -> None:
    write(tmp_path, BASE, "old.yaml")
    write(
        tmp_path,
        "manufacturing: {lines: null, failure: 0.2}\nregions: {replace: true, all: {centre: here, referrals: 1 / d}}\n",
        "part.yaml",
    )
    mine = over(tmp_path, "extends: [old.yaml, part.yaml]\n", "")
    assert (at(mine, "manufacturing.lines"), at(mine, "manufacturing.failure"), list(mine.scenario.regions)) == (
        "unlimited",
        0.2,
        ["all"],
    )


def test_a_default_has_not_the_source_of_what_was_removed(tmp_path: Path) -> None:
    def source(text: str, path: str = "manufacturing.lines") -> str:
        return next(p.source for p in over(tmp_path, BASE, text).parameters if p.path == path)

    assert source("") == "assumption: three"
    assert source("manufacturing: {lines: null}") == "assumption: program default"
    assert (
        source("manufacturing: {lines: null}\nsources: {manufacturing.lines: 'assumption: mine'}") == "assumption: mine"
    )
    assert source("manufacturing: {replace: true, duration: 9 d}") == "assumption: program default"
    assert source("sources: {manufacturing.lines: null}") == "assumption: all of it"
    assert source("sources: {replace: true}") == "assumption: no source given"


def test_what_a_removal_makes_useless_is_left_out_and_said(tmp_path: Path) -> None:
    base = BASE.replace("here: {}", "here: {slots: 2}\n  there: {}") + "patients: {risk_groups: {all: {share: 1}}}\n"
    base = base.replace("  lines: 3", "  lines: 3\n  slots: {count: 3, every: month}")
    base = base.replace("centres:", "  there: {centre: there, referrals: 1 / month}\ncentres:")
    loaded = over(tmp_path, base, "manufacturing: {slots: null}\n")
    said = [dropped.sentence.replace(f"{tmp_path}/", "") for dropped in loaded.dropped]
    assert "mine.yaml:2: centres.here.slots (base.yaml:7) is left out: manufacturing.slots are unlimited" in said
    loaded = over(tmp_path, BASE, "manufacturing: {failure: null}\n")
    assert any("manufacturing.failure is now certain" in dropped.sentence for dropped in loaded.dropped)
    loaded = over(tmp_path, BASE, "manufacturing: {replace: true, duration: 3 d}\n")
    assert any("manufacturing.failure is now certain" in dropped.sentence for dropped in loaded.dropped)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("manufacturing: {lines: }", "mine.yaml:2: manufacturing.lines: found nothing; allowed: a whole number from 0 on, or 'unlimited'; write null to remove what is inherited, or leave this out to keep it"),
        ("manufacturing: {attempts: }", "mine.yaml:2: manufacturing.attempts: found nothing; allowed: a whole number from 1 on, or 'unlimited'"),
        ("manufacturing: {duration: null}", "mine.yaml:2: manufacturing.duration: found null, but it cannot be removed: required"),
        ("strategy: null", "mine.yaml:2: strategy: found null, but it cannot be removed: required"),
        ("manufacturing: null", "mine.yaml:2: manufacturing: found null, but it cannot be removed: required by strategy 'autologous'"),
        ("centres: {here: null}", "mine.yaml:2: centres: found null for all that is in it, but it cannot be empty: required"),
        ("centres: {her: null}", "mine.yaml:2: centres.her: found null, which removes what is inherited, but nothing is here; did you mean 'here'?"),
        ("manufacturing: {attempts: null}", "mine.yaml:2: manufacturing.attempts: found null, which removes what is inherited, but nothing is here; leave the line out"),
        ("manufacturing: {linez: null}", "mine.yaml:2: manufacturing.linez: found null, which removes what is inherited, but nothing is here; did you mean 'lines'?"),
        ("toxicity: {replace: true}", "mine.yaml:2: toxicity: found replace: true, which replaces an inherited map, but nothing is inherited here; leave the word out"),
        ("replace: true", "mine.yaml:2: replace: stands in a map of the scenario; a file that inherits nothing has no `extends`"),
        ("manufacturing: {replace: yes}", "mine.yaml:2: manufacturing.replace: found 'yes'; allowed: true (nothing that is inherited of 'manufacturing' stays)"),
        ("centres: {here: {beds: {2026-01-01: null}}}", "mine.yaml:2: centres.here.beds.2026-01-01: found null for a part of one value; allowed: all of 'centres.here.beds' anew, or null in its place"),
        ("centres: {here: {beds: {replace: true, 0 d: 3}}}", "mine.yaml:2: centres.here.beds: found replace: true, but 'centres.here.beds' is one value, which replaces the inherited one anyway; leave it out"),
        ("centres: {replace: true, city: {}}", "base.yaml:4: regions.here.centre: found 'here', which is no key of centres; centres: city (mine.yaml:2 takes it away)"),
        ("calendars: {week: null}", "base.yaml:13: manufacturing.calendar: found 'week', which is no calendar; there is no section `calendars` (mine.yaml:2 takes it away)"),
        ("regions: {here: {already_waiting: {since: [3 d], count: 4}}}", "mine.yaml:2: regions.here.already_waiting: found 'count', 'since'; allowed: count, or count and waited, or since"),
        ("regions: {here: {referral_days: [null]}}", "mine.yaml:2: regions.here.referral_days.0: found nothing"),
        ("manufacturing: {duration: {triangular: [{lognormal: null}, 2 d, 3 d]}}", "mine.yaml:2: manufacturing.duration.triangular.0: found null for all that is in it, but it cannot be empty: found a section with 'lognormal'; allowed: a number with a unit (min, h, d, wk, month, y)"),
        ("extends: null", "mine.yaml:2: extends: found this key twice; it stands in line 1 already"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_clear_line(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, BASE, "base.yaml")
    [found] = problems(tmp_path, f"extends: base.yaml\n{text}\n")
    assert found.startswith(told)
    assert found == told or told.endswith("found nothing")


def test_nothing_is_removed_where_nothing_is_inherited(tmp_path: Path) -> None:
    for line, told in (
        (
            "  lines: null",
            "manufacturing.lines: found null, which removes what is inherited, but nothing is here; leave the line out",
        ),
        (
            "  replace: true",
            "manufacturing: found replace: true, which replaces an inherited map, but nothing is inherited here; leave the word out",
        ),
    ):
        assert problems(tmp_path, f"{AUTOLOGOUS}{line}\n") == [f"mine.yaml:11: {told}"]


def test_a_sweep_varies_values_and_removes_none(tmp_path: Path) -> None:
    told = "found null, which removes a value; allowed: values; null is for files and for --set"
    for levels in ("3,null", "{0 d: null},2"):
        with pytest.raises(ValueError, match=re.escape(told)):
            parse_factor(f"manufacturing.lines={levels}")
    text = "base: autologous\nvary: {manufacturing.lines: [3, null]}\nvariants: {a: {manufacturing.failure: ~}}\n"
    with pytest.raises(ScenarioError) as error:
        read_sweep_file(write(tmp_path, text, "sweep.yaml"))
    assert [str(problem).partition(": ")[2] for problem in error.value.problems] == [
        f"vary.manufacturing.lines: {told}",
        f"variants.a.manufacturing.failure: {told}",
    ]


def removed_from(base: Loaded, path: tuple[str, ...]) -> Loaded | None:
    """The scenario without a value; None for a part of one value, such as a row of a table, which goes as a whole."""
    try:
        return base.with_overrides([f"{'.'.join(path)}=null"])
    except ScenarioError as error:
        if "found null for a part of one value" not in str(error):
            raise
        return None


@pytest.mark.parametrize("name", ["autologous", "library/hybrid"])
def test_removed_is_the_same_as_never_written(tmp_path: Path, name: str) -> None:
    """Of every sixth value and section: the merged files without it, as one file, load to the same scenario."""
    base = load(SHIPPED / f"{name}.yaml")
    alike = 0
    tree = held(without(base.tree, [dropped.path for dropped in base.dropped]))
    known = [path for path, _, _ in walk(tree) if path[0] not in ("sources", "uncertainty") and not path[-1].isdigit()]
    for path in known[::6]:
        content = plain(tree)
        content["sources"], content["uncertainty"] = {}, {}
        around = content
        for key in path[:-1]:
            around = around[key]
        del around[path[-1]]
        file = tmp_path / "alone.yaml"
        file.write_text(json.dumps({key: value for key, value in content.items() if value != {}}))
        try:
            alone = load(file).digest
        except ScenarioError:
            continue
        removed = removed_from(base, path)
        if removed is None:
            continue
        assert removed.digest == alone, path
        assert "null" not in json.dumps(removed.resolved)
        alike += 1
    assert alike >= 20
    assert list(marks(base.tree)) == []
