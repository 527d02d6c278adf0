"""Inputs that would have no effect, of the kinds that planners write: each is refused, or said.

Longer than 400 lines because each case stands with its message in full.
"""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from sim.experiment.plan.page import levers
from sim.experiment.psa.run import psa_points, require_economics, uncertain_inputs, unused_inputs
from sim.experiment.runs.precision import Precision, batches, parse_precisions, reached, require_possible
from sim.experiment.study.run import load_warnings
from sim.experiment.sweep.factors import parse_factor
from sim.experiment.sweep.points import Base
from sim.outcomes.metrics import METRIC_NAMES
from sim.scenario import Loaded, ScenarioError, load
from sim.scenario.files import SHIPPED
from tests.program import call
from tests.scenario.writing import write

PROGRAM = Path(__file__).parents[1] / "run_sim.py"
EACH_OWN = (
    "centres: {capital: {slots: 5}, north: {slots: 4}, coast: {slots: 4}, highland: {slots: 3}}\n"
    "manufacturing: {slots: {scope: centre}}\n"
)


def child(folder: Path, text: str, *overrides: str, base: str = "autologous") -> Loaded:
    """A file that extends a shipped one, with these values set on top."""
    shipped = Path("../" * (len(folder.resolve().parts) - 1)) / str(SHIPPED / f"{base}.yaml").lstrip("/")
    return load(write(folder, f"extends: {shipped}\n{text}"), overrides)


def told(folder: Path, text: str, *overrides: str, base: str = "autologous") -> list[str]:
    """What is refused, without places."""
    with pytest.raises(ScenarioError) as refused:
        child(folder, text, *overrides, base=base)
    return [f"{problem.path}: {problem.message}" for problem in refused.value.problems]


@pytest.mark.parametrize("policy", ["sickest_first", "likely_benefit"])
def test_a_policy_that_looks_at_what_no_group_has(tmp_path: Path, policy: str) -> None:
    key = {"sickest_first": "priority", "likely_benefit": "benefit"}[policy]
    [found] = told(tmp_path, f"waiting_list: {{policy: {policy}}}\n")
    assert found.startswith(
        f"waiting_list.policy: is not used: no risk group has a `{key}` other than the rest, so that {policy} is "
        f"first_come; set patients.risk_groups.NAME.{key}"
    )
    groups = f"patients: {{risk_groups: {{high: {{{key}: 1}}}}}}\n"
    assert child(tmp_path, f"waiting_list: {{policy: {policy}}}\n{groups}").scenario.waiting_list.policy == policy


def test_a_score_that_weighs_what_no_group_has(tmp_path: Path) -> None:
    text = "waiting_list: {policy: score, score: {waiting_day: 1, priority: 3, progressed: 2}}\n"
    [found] = told(tmp_path, text)
    assert found.startswith("waiting_list.score.priority: is not used: no risk group has a `priority`")


def test_a_default_that_every_centre_has_of_its_own(tmp_path: Path) -> None:
    loaded = child(tmp_path, EACH_OWN)
    assert "manufacturing.slots.count" not in {lever.path for lever in levers(loaded)}
    assert "manufacturing.slots.count" in {lever.path for lever in levers(child(tmp_path, ""))}
    [found] = told(tmp_path, EACH_OWN, "manufacturing.slots.count=7")
    assert found.startswith("manufacturing.slots.count: is not used: every centre has `slots` of its own")
    base = Base({"a": loaded})
    with pytest.raises(ScenarioError, match="every centre has `slots` of its own"):
        loaded.scenario_with(["manufacturing.slots.count=7"])
    assert base.takers("manufacturing.slots.count") == ("a",)


def test_lines_that_every_centre_has_of_its_own(tmp_path: Path) -> None:
    [found] = told(tmp_path, "", "manufacturing.lines=7", base="library/point_of_care")
    assert found.startswith("manufacturing.lines: is not used: every centre has `lines` of its own")


def test_a_centre_that_nobody_is_sent_to(tmp_path: Path) -> None:
    [found] = told(tmp_path, "centres: {Capital: {beds: 9}}\n")
    assert found.startswith(
        "centres.Capital: is not used: no region sends patients to 'Capital'; did you mean 'capital'?"
    )
    [found] = told(tmp_path, "", "centres.Capital.beds=9")
    assert "no region sends patients to 'Capital'; did you mean 'capital'?" in found


def test_a_notice_that_no_slot_can_meet(tmp_path: Path) -> None:
    [found] = told(tmp_path, "manufacturing: {slots: {lead: 14 d, notice: 30 d}}\n")
    assert found.startswith("manufacturing.slots.notice: is not used: a notice of 30 d can never be met")
    # inherited, it is left out: never, as it was in effect
    loaded = child(tmp_path, "manufacturing: {slots: {lead: 2 d}}\n")
    assert loaded.scenario.manufacturing.slots is not None
    assert loaded.resolved["manufacturing"]["slots"]["notice"] == "never"
    assert any("manufacturing.slots.notice" in dropped.sentence for dropped in loaded.dropped)


@pytest.mark.parametrize("duration", ["100 d", "{uniform: [2 d, 3 d]}", "{triangular: [2 d, 3 d, 9 d]}"])
def test_a_dose_that_expires_on_its_way(tmp_path: Path, duration: str) -> None:
    changes = f"allogeneic: {{stock: {{shelf_life: 1 d}}, shipping: {{duration: {duration}}}}}\n"
    [found] = told(tmp_path, changes, base="allogeneic")
    assert found.startswith("allogeneic.stock.shelf_life: found 1 d; a dose would expire on its way, which takes at")
    assert child(
        tmp_path,
        changes.replace("1 d}", "2 d}"),
        "allogeneic.shipping.duration={uniform: [1 d, 9 d]}",
        base="allogeneic",
    )


@pytest.mark.parametrize(("sterility", "refused"), [("5 d", True), ("7 d", True), ("{uniform: [3 d, 8 d]}", False)])
def test_a_test_that_has_ended_by_its_early_reading_recalls_nothing(
    tmp_path: Path, sterility: str, refused: bool
) -> None:
    changes = f"release_testing: {{sterility: {sterility}}}\n"
    if refused:
        [found] = told(tmp_path, changes, base="library/conditional_release")
        assert found.startswith(
            "release_testing.conditional.recall: found 0.002; the whole test (release_testing.sterility"
        )
        # without a recall the early reading is idle: it is left out, and said
        changes = changes.replace("}\n", ", conditional: {recall: 0}}\n")
        idle = child(tmp_path, changes, base="library/conditional_release")
        assert idle.scenario.release_testing.conditional is None
    else:
        assert child(tmp_path, changes, base="library/conditional_release").scenario.release_testing.conditional


def test_a_collection_that_fits_into_no_opening(tmp_path: Path) -> None:
    text = "calendars: {short: {hours: [8 h, 9 h]}}\napheresis: {duration: 2 h, calendar: short, fit: true}\n"
    assert told(tmp_path, text) == [
        "apheresis.fit: no opening of calendar 'short' is long enough: a collection takes at least 2 h, and the longest opening 1 h"
    ]
    assert child(tmp_path, text.replace("9 h", "10 h")).scenario.apheresis.fit
    # days that are open around the clock are one opening
    two_days = text.replace("hours: [8 h, 9 h]", "days: [sat, sun]").replace("2 h", "36 h")
    assert child(tmp_path, two_days).scenario.apheresis.fit
    assert "the longest opening 2 d" in told(tmp_path, two_days.replace("36 h", "3 d"))[0]


def test_a_calendar_that_is_never_open(tmp_path: Path) -> None:
    text = "run: {window: 60 d, follow_up: 30 d, warm_up: 0 d}\ncalendars: {c: {days: [mon], holidays: [HOLIDAYS]}}\nwork_up: {calendar: c}\n"
    mondays = [
        f"2026-{month:02}-{day:02}"
        for month, days in ((1, (5, 12, 19, 26)), (2, (2, 9, 16, 23)), (3, (2, 9, 16, 23, 30)))
        for day in days
    ]
    assert told(tmp_path, text.replace("HOLIDAYS", ", ".join(mondays))) == [
        "calendars.c: is never open in the simulated time: every day on which it opens is a holiday"
    ]
    assert child(tmp_path, text.replace("HOLIDAYS", ", ".join(mondays[1:]))).scenario.calendars["c"]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("disruptions: {x: {resource: line, from: 1e6 d, for: 3 d}}\n", "disruptions.x: begins on day 1e+06, outside the simulated time"),
        (
            "disruptions: {x: {resource: line, from: 9 d, for: 3 d}, y: {resource: lab, from: 9 d, for: 3 d}, z: {resource: line, from: 9 d, for: 3 d}}\n",
            "disruptions.z: says the same as disruptions.x; it has no effect beside it",
        ),
        ("regions: {capital: {referral_days: [400000 d]}}\n", "regions.capital.referral_days: day 400000, outside the simulated time"),
        ("manufacturing: {lines: {0 d: 4, 9000 d: 5}}\n", "manufacturing.lines.9000 d: outside the simulated time"),
        ("manufacturing: {lines: {2019-01-01: 4, 2020-01-01: 5}}\n", "manufacturing.lines.2019-01-01: has no effect"),
        ("calendars: {c: {holidays: [2099-12-24]}}\nwork_up: {calendar: c}\n", "calendars.c.holidays: '2099-12-24', outside the simulated time"),
        ("regions: {}\n", "regions: an empty section changes nothing; what is inherited stays"),
        ("regions: {capital: {referrals: 0 / d}, north: {referrals: 0 / d}, coast: {referrals: 0 / d}, highland: {referrals: 0 / d}}\n", "nothing to do: no region refers anybody"),
    ],
)  # fmt: skip
def test_what_never_happens_is_warned_of(tmp_path: Path, text: str, warning: str) -> None:
    assert any(warning in found for found in child(tmp_path, text).warnings), child(tmp_path, text).warnings
    assert child(tmp_path, "").warnings == ()


@pytest.mark.parametrize(
    "second", ["from: 9 d, for: 4 d", "from: 9 d, for: 3 d, work: pause", "from: 9 d, for: 3 d, units: 1"]
)
def test_shut_downs_that_differ_are_both_of_use(tmp_path: Path, second: str) -> None:
    text = f"disruptions: {{x: {{resource: line, from: 9 d, for: 3 d}}, y: {{resource: line, {second}}}}}\n"
    assert child(tmp_path, text).warnings == ()


def test_an_empty_section_on_the_command_line_is_warned_of(tmp_path: Path) -> None:
    assert child(tmp_path, "", "regions={}").warnings == (
        "--set regions: regions: an empty section changes nothing; what is inherited stays",
    )


OFFERED = """\
alternative: {accepts: 0.5, start: 9 d, offered: {after_waiting: 30 d}}
after_infusion:
  alternative: {response: 0.5, progression: {exponential: {median: 9 months}}, death: {exponential: {median: 5 y}}}
economics: {costs: {alternative: {month: 30000}}, utilities: {alternative: 0.7}}
"""


@pytest.mark.parametrize(
    ("base", "text", "override", "warning"),
    [
        ("autologous", "", "release_testing.identity=9 d", "release_testing.identity: has no effect: the tests run side by side, and sterility takes at least 14 d"),
        ("autologous", "", "release_testing.potency={uniform: [1 d, 14 d]}", "release_testing.potency: has no effect"),
        ("autologous", "", "release_testing.potency={uniform: [1 d, 15 d]}", ""),
        ("autologous", "", "release_testing.potency={lognormal: {median: 1 d, sigma: 0.1}}", ""),
        # with few places each test keeps others waiting
        ("autologous", "release_testing: {lab: 3}\n", "release_testing.identity=9 d", ""),
        ("autologous", "release_testing: {conditional: {sterility: 7 d}}\n", "release_testing.identity=9 d", ""),
        ("library/conditional_release", "", "release_testing.sterility=9 d", ""),
        ("library/conditional_release", "release_testing: {review: 2 d}\n", "release_testing.sterility=9 d", "release_testing.sterility: has no effect: it is over before the product is at the centre, which takes at least 9.5 d"),
        ("library/conditional_release", "release_testing: {review: 2 d}\n", "release_testing.sterility=10 d", ""),
        ("library/conditional_release", "release_testing: {review: 2 d}\ndisruptions: {fire: {resource: lab, from: 30 d, for: 5 d, work: pause}}\n", "release_testing.sterility=9 d", ""),
        ("allogeneic", "", "run.start=2027-03-01", "run.start: moves only the dates that are shown"),
        ("autologous", "", "run.start=2027-03-01", ""),
        ("allogeneic", "centres: {north: {beds: {2026-01-01: 4, 2026-09-01: 5}}}\n", "run.start=2026-03-01", ""),
        ("library/sequential", "", "later_course.strategy=autologous", "later_course.strategy: same and autologous are one here"),
        ("autologous", "", "economics.costs.unused_product.autologous=9", "economics.costs.unused_product: has no effect: perspective is payer"),
        ("autologous", "economics: {costs: {unused_paid_by: payer}}\n", "economics.costs.unused_product.autologous=9", ""),
        ("autologous", "", "economics.costs.icu_day=9", "economics.costs.icu_day: has no effect: nobody needs intensive care"),
        ("library/outpatient", "", "economics.costs.icu_day=9", ""),
        ("library/hybrid", "", "hybrid.since=joining", "hybrid.since: joining and listing are the same day here"),
        ("library/hybrid", "", "hybrid.since=referral", ""),
        ("library/bispecific_after_30_days", "", "alternative.offered.since=joining", "alternative.offered.since: joining and listing are the same day here"),
        ("library/bispecific_after_30_days", "", "alternative.offered.since=referral", ""),
        ("library/hybrid", "manufacturing: {slots: {after_failed_collection: forfeit}}\n", "hybrid.since=joining", ""),
        # who loses a slot, or a dose on its way, queues again
        ("library/hybrid", "manufacturing: {slots: {lead: 20 d}}\ndisruptions: {stop: {resource: line, from: 2027-03-01, for: 90 d, announced: 5 d}}\n", "hybrid.since=joining", ""),
        ("library/hybrid", "before_apheresis: {caregiver: 20 d, slot_asked_for: at_listing}\n", "hybrid.since=joining", ""),
        ("allogeneic", OFFERED, "alternative.offered.since=joining", ""),
        ("allogeneic", OFFERED + "allogeneic: {shipping: {loss: 0}}\n", "alternative.offered.since=joining", "alternative.offered.since: joining and listing are the same day here"),
    ],
)  # fmt: skip
def test_what_is_set_in_vain_is_warned_of(tmp_path: Path, base: str, text: str, override: str, warning: str) -> None:
    found = child(tmp_path, text, override, base=base).warnings
    assert [one for one in found if one.startswith("--set ") and warning in one] == list(found)
    assert bool(found) == bool(warning)


LINES_AT_CENTRES = "manufacturing: {site: centre, lines: 3, line_held: {from: booking, to: release}, slots: unlimited}\ncentres: {capital: {lines: 2}}\n"


def test_a_value_set_changes_no_other(tmp_path: Path) -> None:
    loaded = child(tmp_path, LINES_AT_CENTRES, "manufacturing.lines=unlimited")
    held = loaded.scenario.manufacturing.line_held
    assert (held.start, held.end) == ("booking", "release")
    products = (
        "manufacturing: {products: {a: {share: 1, out_of_specification: 0.2}}}\nrelease_testing: {accepted: 0.3}\n"
    )
    [found] = told(tmp_path, products, "release_testing.out_of_specification=0")
    assert found.startswith("release_testing.out_of_specification: is not used: every product has a")
    half = "manufacturing: {products: {a: {share: 0.5, out_of_specification: 0.2}, b: {share: 0.5}}}\nrelease_testing: {accepted: 0.3}\n"
    tested = child(tmp_path, half, "release_testing.out_of_specification=0").scenario.release_testing
    assert (tested.out_of_specification, tested.accepted) == (0.0, 0.3)


def test_one_rule_for_all_neighbours(tmp_path: Path) -> None:
    text = "manufacturing: {failure_found: 4 d, failure: 0.1}\n"
    loaded = child(tmp_path, text, "manufacturing.failure=0")
    assert loaded.scenario.manufacturing.failure_found is None
    assert any("manufacturing.failure_found" in dropped.sentence for dropped in loaded.dropped)
    assert told(tmp_path, text, "manufacturing.failure=0", "manufacturing.failure_found=3 d")[0].startswith(
        "manufacturing.failure_found: is not used: no manufacture fails"
    )


# -- what is uncertain ------------------------------------------------------------------------------------------------

FAILURE, CLOCK = "manufacturing.failure", "clocks.waiting.progression.exponential.rate"


@pytest.mark.parametrize(
    ("text", "overrides", "path"),
    [
        ("manufacturing: {failure: 0.3}\n", (), FAILURE),
        ("", (f"{FAILURE}=0.4",), FAILURE),
        ("clocks: {waiting: {progression: {weibull: {shape: 2, median: 90 d}}}}\n", (), CLOCK),
        ("clocks: {waiting: {progression: {exponential: {median: 90 d}}}}\n", (), CLOCK),
        ("clocks: {waiting: {progression: never}}\n", (), CLOCK),
        ("", ("clocks.waiting.progression={exponential: {rate: 0.1 / d}}",), CLOCK),
        ("after_infusion: {not_infused: {death: never}}\n", (), "after_infusion.not_infused.death.exponential.median"),
        ("economics: {costs: {bed_day: 9}}\n", (), "economics.costs.bed_day"),
    ],
)
def test_a_distribution_belongs_to_the_value_it_was_written_for(
    tmp_path: Path, text: str, overrides: tuple[str, ...], path: str
) -> None:
    before, after = child(tmp_path, ""), child(tmp_path, text, *overrides)
    assert path in before.scenario.uncertainty
    assert set(before.scenario.uncertainty) - set(after.scenario.uncertainty) == {path}
    [gone] = after.certain
    assert gone.path == ("uncertainty", path)
    assert f"{path} is now certain" in gone.sentence
    base = Base({"a": after})
    assert path not in uncertain_inputs(base, "a")
    assert all(path not in point.own["a"] for point in psa_points(base, 3))


def test_a_distribution_written_with_the_new_value_counts(tmp_path: Path) -> None:
    text = "manufacturing: {failure: 0.3}\nuncertainty: {manufacturing.failure: {beta: {mean: 0.3, sd: 0.1}, source: assumption}}\n"
    assert child(tmp_path, text).scenario.uncertainty[FAILURE].parameters["mean"] == 0.3
    both = (
        "manufacturing.failure=0.2",
        "uncertainty={manufacturing.failure: {beta: {mean: 0.2, sd: 0.1}, source: assumption}}",
    )
    assert child(tmp_path, "", *both[::-1]).scenario.uncertainty[FAILURE].parameters["mean"] == 0.2


def test_a_parameter_that_stays_keeps_its_distribution(tmp_path: Path) -> None:
    uncertain = "work_up.duration.lognormal.median: {normal: {mean: 12 d, sd: 1 d}, source: assumption}"
    write(
        tmp_path,
        f"extends: {child(tmp_path, '').path.read_text().split()[1]}\nwork_up: {{duration: {{lognormal: {{median: 12 d}}}}}}\nuncertainty: {{{uncertain}}}\n",
        "mother.yaml",
    )
    for change, stays in (("sigma: 0.9", True), ("median: 9 d", False)):
        file = write(tmp_path, f"extends: mother.yaml\nwork_up: {{duration: {{lognormal: {{{change}}}}}}}\n")
        assert ("work_up.duration.lognormal.median" in load(file).scenario.uncertainty) is stays


def test_values_beside_an_uncertain_one_do_not_void_it(tmp_path: Path) -> None:
    loaded = child(tmp_path, "manufacturing: {lines: 9}\nclocks: {waiting: {death: never}}\n")
    assert FAILURE in loaded.scenario.uncertainty
    assert CLOCK in loaded.scenario.uncertainty


def test_psa_says_where_nothing_is_uncertain_any_more(tmp_path: Path) -> None:
    base = child(tmp_path, "")
    text = "uncertainty: {manufacturing.failure: {beta: {mean: 0.3, sd: 0.1}, source: assumption}}\n"
    whole = load(write(tmp_path, (tmp_path / "mine.yaml").read_text() + text, "mother.yaml"))
    assert unused_inputs(Base({"a": whole})).keys() == {
        path for path in base.scenario.uncertainty if ".allogeneic" in path
    }
    require_economics(Base({"a": whole}))


def test_a_drawn_value_that_is_refused_is_shown_in_its_own_file(tmp_path: Path) -> None:
    mine = "uncertainty: {manufacturing.failure: {normal: {mean: MEAN, sd: 0.001}, source: assumption}}\n"
    good = child(tmp_path / "good", mine.replace("MEAN", "0.5"))
    bad = child(tmp_path / "bad", "description: one line more\n" + mine.replace("MEAN", "-0.5"))
    base = Base({"good": good, "bad": bad})
    with pytest.raises(ScenarioError) as refused:
        base.arms(psa_points(base, 3)[0])
    [problem] = refused.value.problems
    assert (problem.place.file, problem.place.line) == (str(bad.path), 3)
    assert problem.path == "uncertainty.manufacturing.failure"


# -- designs and precision --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["release_testing.sterility=7d,1wk,168h", "manufacturing.lines=4,4", "x=4,4.0", "x=1 / wk,1 per week"]
)
def test_one_value_twice_in_several_spellings(text: str) -> None:
    with pytest.raises(ValueError, match="allowed: each value once"):
        parse_factor(text)


def test_values_of_different_kinds_are_not_the_same() -> None:
    assert parse_factor("x=7d,8d,7 / d,7").levels == ("7d", "8d", "7 / d", "7")


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        ("intensive_care_share", "no grade has an icu share above 0"),
        ("off_the_shelf_share", "strategy 'autologous' has no use for it"),
        ("returned", "there is no section `later_course`"),
        ("not_travelled_share", "no region has `declines` above 0"),
    ],
)
def test_precision_of_what_has_no_value(tmp_path: Path, metric: str, why: str) -> None:
    rule = parse_precisions(["infused_share=0.1", f"{metric}=0.01"], None, None)
    with pytest.raises(ValueError, match=metric) as refused:
        require_possible(rule, {"A": child(tmp_path, "").scenario})
    assert why in str(refused.value)


def test_precision_of_several_metrics_waits_for_each() -> None:
    import numpy as np

    spread = np.ones(len(METRIC_NAMES)) * 0.01
    spread[METRIC_NAMES.index("infused")] = 1.0
    draws = 0.5 + np.random.default_rng(3).normal(size=(1000, 1, len(METRIC_NAMES))) * spread
    rule = parse_precisions(["infused_share=0.1", "infused=0.2"], 10, 500)
    assert [one.metric for one in rule.each] == ["infused_share", "infused"]

    def count(wanted: Precision) -> int:
        found: list[range] = []
        for numbers in batches(wanted, lambda: draws[: found[-1].stop]):
            found.append(numbers)
        return found[-1].stop

    assert (
        count(rule) == count(Precision("infused", 0.2, 10, 500)) > count(Precision("infused_share", 0.1, 10, 500)) == 10
    )
    said = reached(rule, ("a",), draws[:10])
    assert (said["met"], said["metric"], [also["metric"] for also in said["also"]]) == (
        False,
        "infused_share",
        ["infused"],
    )  # type: ignore[attr-defined]


# -- on the command line ----------------------------------------------------------------------------------------------


def program(*words: str) -> tuple[int, str]:
    done = call(*words)
    return done.returncode, done.stderr


def test_what_is_left_out_is_said_by_check(tmp_path: Path) -> None:
    file = child(tmp_path, "manufacturing: {lines: unlimited}\n").path
    code, said = program("check", str(file), "--set", f"{FAILURE}=0.4")
    assert code == 0
    assert f"note: {file}:2: manufacturing.line_held (" in said
    assert f"note: --set {FAILURE}: {FAILURE} is now certain" in said


def test_what_is_refused_leaves_with_2(tmp_path: Path) -> None:
    file = child(tmp_path, EACH_OWN).path
    out = tmp_path / "out"
    for words in (
        ("sweep", str(file), "--vary", "manufacturing.slots.count=3,4"),
        ("plan", str(file), "--vary", "manufacturing.slots.count=3,4", "--target", "infused_share >= 0.5"),
    ):
        code, said = program(*words, "-n", "5", "--out", str(out))
        assert code == 2
        assert "is not used: every centre has `slots` of its own" in said
    code, said = program("run", str(file), "--precision", "intensive_care_share=0.01", "--out", str(out))
    assert (code, "no grade has an icu share above 0" in said) == (2, True)
    assert not out.exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ("manufacturing: {batches: 3, lines: 2}\n", "needs a line at the same time; there are never more than 2 lines"),
        ("manufacturing: {batches: 3, lines: {0 d: 2, 90 d: 3}}\n", ""),
        (
            "manufacturing: {batches: 4, slots: {scope: centre}}\ncentres: {highland: {slots: 3}}\n",
            "needs a slot at the same time; there are never more than 3 slots at 'highland'",
        ),
        ("manufacturing: {batches: 4, slots: {count: 3, carry_over: 1}}\n", ""),
        ("manufacturing: {batches: 2, slots: {scope: pool, count: 1}}\n", "there is never more than 1 slot"),
        ("manufacturing: {batches: 2, site: centre, lines: 1}\n", "there is never more than 1 line at 'capital'"),
        ("manufacturing: {batches: 2, site: centre, lines: 0}\n", ""),
    ],
)
def test_more_products_at_once_than_there_are_slots_or_lines(tmp_path: Path, changes: str, expected: str) -> None:
    if expected:
        [found] = told(tmp_path, changes)
        assert found.startswith("manufacturing.batches: found ")
        assert expected in found
    else:
        assert child(tmp_path, changes).scenario.manufacturing.batches > 1


def test_a_day_until_which_nobody_returns(tmp_path: Path) -> None:
    found = told(tmp_path, "run: {later_courses_until: 1200 d}\n")
    assert found == ["run.later_courses_until: is not used: nobody returns; allowed with a section later_course"]


MINIMAL = """\
name: Small
strategy: autologous
regions: {here: {centre: here, referrals: 1 / month}}
centres: {here: {}}
clocks: {waiting: {progression: never}}
"""
SHARES = "patients: {risk_groups: {low: {share: 0.5}, high: {share: 0.6}}}\n"


def told_of(folder: Path, text: str, *overrides: str) -> list[str]:
    """What is refused, with its places."""
    with pytest.raises(ScenarioError) as refused:
        load(write(folder, text), overrides)
    return [str(problem) for problem in refused.value.problems]


def test_a_fault_of_a_file_never_reads_as_if_the_command_line_had_made_it(tmp_path: Path) -> None:
    file = f"{tmp_path}/mine.yaml"
    text = MINIMAL + "manufacturing: {lines: 3}\n" + SHARES
    for setting in ("manufacturing.failure=0.1", "patients.risk_groups.low.hazard=2", "run.seed=3"):
        assert told_of(tmp_path, text, setting) == [
            f"{file}:6: manufacturing.duration: required, but not given",
            f"{file}:7: patients.risk_groups: the proportions sum to 1.1; allowed: proportions that sum to 1",
        ]
    [_, sums] = told_of(tmp_path, text, "patients.risk_groups.low.share=0.6")
    assert sums.startswith("--set patients.risk_groups.low.share: patients.risk_groups: the proportions sum to 1.2")
    assert sums.endswith(f" (with {file}:7)")


def test_values_that_exclude_each_other_are_both_named_with_where_they_were_written(tmp_path: Path) -> None:
    slow = (
        MINIMAL
        + "manufacturing: {duration: 9 d}\nrelease_testing: {sterility: 14 d, conditional: {sterility: 7 d, recall: 0.1}}\n"
    )
    file = f"{tmp_path}/mine.yaml:7"
    [fault] = told_of(tmp_path, slow, "release_testing.sterility=5 d")
    assert fault.startswith(f"{file}: release_testing.conditional.recall: found 0.1; the whole test (release_testing.")
    assert fault.endswith(" (--set release_testing.sterility)")
    late = slow.replace("7 d, recall: 0.1", "14 d, recall: 0")
    [fault] = told_of(tmp_path, late, "release_testing.conditional.recall=0.1")
    assert fault.startswith("--set release_testing.conditional.recall: found 0.1; the whole test (release_testing.")
    assert fault.endswith(f" ({file})")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("manufacturing.lines=abc", "--set manufacturing.lines: found 'abc'; allowed: a whole number"),
        ("manufacturing.linse=3", "--set manufacturing.linse: unknown key; did you mean 'lines'?"),
        ("manufacturing={linse: 3}", "--set manufacturing: manufacturing.linse: unknown key; did you mean 'lines'?"),
        ("release_testing.accepted=0.5", "--set release_testing.accepted: is not used: out_of_specification is 0"),
    ],
)
def test_a_fault_of_a_set_value_names_the_command_line(tmp_path: Path, setting: str, said: str) -> None:
    [fault] = told_of(tmp_path, MINIMAL + "manufacturing: {duration: 9 d}\n", setting)
    assert fault.startswith(said)


@pytest.mark.parametrize(
    ("base", "text", "warning"),
    [
        ("autologous", "regions: {north: {referrals: 0 / month}}\n", "regions.north: refers nobody in the simulated"),
        ("autologous", "manufacturing: {products: {a: {share: 1}, b: {share: 0, duration: 3 d}}}\n",
         "manufacturing.products.b: share is 0, so that nobody is given it"),
        ("autologous", "patients: {risk_groups: {high: {share: 1}, standard: {share: 0}}}\n",
         "patients.risk_groups.standard: share is 0, so that nobody is of it"),
        ("autologous", "calendars: {c: {hours: [0 h, 24 h], days: [mon, tue, wed, thu, fri, sat, sun]}}\nwork_up: {calendar: c}\n",
         "calendars.c: is open around the clock on every simulated day; it has no effect"),
        ("autologous", "manufacturing: {lines: {0 d: 16, 90 d: 16, 120 d: 12}}\n",
         "manufacturing.lines.90 d: changes nothing: the value before it is the same"),
        ("library/hybrid", "hybrid: {after_waiting: 730 d}\n", "hybrid.after_waiting: 730 d, and patients are followed for"),
        ("library/sequential", "later_course: {share: 0}\n", "later_course.share: 0, so that nobody returns"),
        ("library/sequential", "later_course: {relapse: 9000 d}\n",
         "later_course.relapse: takes at least 9000 d, and later courses end on day 3286.5; nobody returns"),
        ("allogeneic", "allogeneic: {stock: {order: {every: 5000 d}}}\n",
         "allogeneic.stock.order.every: 5000 d, and the simulated time ends on day 1825; no lot is ever started"),
        ("autologous", "manufacturing: {failure: 1}\n", "nobody can be infused: every path ends before"),
        ("autologous", "shipping: {loss: 1}\n", "nobody can be infused: every path ends before"),
        ("autologous", "work_up: {duration: 800 d}\n", "862 days on average from referral to infusion without any queue; "
         "patients are followed for 730 d (run.follow_up)"),
    ],
)  # fmt: skip
def test_what_nobody_comes_to_is_warned_of(tmp_path: Path, base: str, text: str, warning: str) -> None:
    told_of_it = load_warnings({"here": child(tmp_path, text, base=base)})
    assert any(one.startswith(f"here: {warning}") for one in told_of_it)
    assert not any(
        one.startswith(f"here: {warning}") for one in load_warnings({"here": child(tmp_path, "", base=base)})
    )


@pytest.mark.parametrize(("score", "counts"), [
    ("{}", False), ("{waiting_day: 1}", False), ("{waiting_day: 1, priority: 3}", False), ("{progressed: 5}", True),
])  # fmt: skip
def test_a_score_that_is_first_come(tmp_path: Path, score: str, counts: bool) -> None:
    text = f"waiting_list: {{policy: score, score: {score}}}\n"
    if counts:
        assert child(tmp_path, text).scenario.waiting_list.policy == "score"
    else:
        assert any("waiting_list" in fault and "is not used" in fault for fault in told(tmp_path, text))
