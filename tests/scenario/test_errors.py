"""What a planner reads when something is wrong: place, path, what was found, what is allowed, the nearest name."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from sim.scenario import Place, Problem, ScenarioError, load
from tests.scenario.writing import ALLOGENEIC, AUTOLOGOUS, problems, problems_of, with_line, write

UNITS = "(min, h, d, wk, month, y)"
FAMILIES = "(lognormal, triangular, uniform, exponential, gamma, weibull, truncated_normal, empirical)"


def test_the_message_of_the_design(tmp_path: Path) -> None:
    text = with_line(AUTOLOGOUS, "manufacturing", "  slotts: unlimited")
    assert problems(tmp_path, text) == ["mine.yaml:10: manufacturing.slotts: unknown key; did you mean 'slots'?"]


def test_a_name_like_none_lists_those_allowed(tmp_path: Path) -> None:
    text = with_line(AUTOLOGOUS, "strategy", "run: {zzz: 3}")
    allowed = "start, warm_up, window, follow_up, replications, seed, later_courses_until"
    assert problems(tmp_path, text) == [f"mine.yaml:3: run.zzz: unknown key; allowed: {allowed}"]


def test_all_problems_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = """\
name:
strategy: autologus
run: {warm_up: 365, seed: 1.5}
regions:
  here: {centre: ther, referrals: 4}
  there: {centre: here}
centres:
  here: {beds: true}
clocks:
  waiting:
    progresion: never
    death: {weibull: {shape: 0, scal: 3 d}}
manufacturing:
  duration: {triangular: [8 d, 20 d, 14 d]}
  failure: 6 %
  failure: 0.06
"""
    assert problems(tmp_path, text) == [
        "mine.yaml:1: name: found nothing; allowed: a text",
        "mine.yaml:2: strategy: found 'autologus'; allowed: autologous | allogeneic | hybrid | standard_care; did you mean 'autologous'?",
        f"mine.yaml:3: run.warm_up: found 365 without a unit; allowed: a number with a unit {UNITS}; did you mean '365 d'?",
        "mine.yaml:3: run.seed: found 1.5; allowed: a whole number from 0 to 9223372036854775807",
        "mine.yaml:5: regions.here.centre: found 'ther', which is no key of centres; did you mean 'here'?",
        f"mine.yaml:5: regions.here.referrals: found 4 without a unit; allowed: a number per unit of time {UNITS}; "
        "did you mean '4 / month'?",
        "mine.yaml:6: regions.there: found neither referrals nor referral_days; a region needs one of them or both",
        "mine.yaml:8: centres.here.beds: found true; allowed: a whole number from 0 on, or 'unlimited'",
        "mine.yaml:11: clocks.waiting.progresion: unknown key; did you mean 'progression'?",
        "mine.yaml:12: clocks.waiting.death.weibull.scal: unknown key; did you mean 'scale'?",
        "mine.yaml:12: clocks.waiting.death.weibull.shape: found 0; allowed: a shape from 0.1 to 100",
        "mine.yaml:14: manufacturing.duration.triangular: found [8 d, 20 d, 14 d]; allowed: low <= mode <= high",
        "mine.yaml:15: manufacturing.failure: found '6 %'; allowed: a proportion from 0 to 1; did you mean '0.06'?",
        "mine.yaml:16: manufacturing.failure: found this key twice; it stands in line 15 already",
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        # numbers
        ("manufacturing.failure=1.2", "found 1.2; allowed: a proportion from 0 to 1"),
        ("manufacturing.failure=6", "found 6; allowed: a proportion from 0 to 1; did you mean '0.06'?"),
        ("manufacturing.failure=-0.1", "found -0.1; allowed: a proportion from 0 to 1"),
        ("manufacturing.failure=.nan", "found NaN; allowed: a proportion from 0 to 1"),
        ("manufacturing.failure=-.inf", "found minus infinity; allowed: a proportion from 0 to 1"),
        ("manufacturing.failure=1e400", "found infinity; allowed: a proportion from 0 to 1"),
        ("manufacturing.failure=true", "found true; allowed: a proportion from 0 to 1"),
        ("manufacturing.failure='0.1'", "found '0.1'; allowed: a proportion from 0 to 1; write 0.1 without quotes"),
        ("manufacturing.failure=0,1", "found '0,1'; allowed: a proportion from 0 to 1; decimal comma: write 0.1"),
        ("manufacturing.failure=2,5 %", "found '2,5 %'; allowed: a proportion from 0 to 1; decimal comma: write 0.025"),
        ("manufacturing={duration: 1,5 d}", "found '1,5 d'; decimal comma: write 1.5 d"),
        ("apheresis={shortfall: 0,03}", "found '0,03'; decimal comma: write 0.03"),
        ("regions.here.referrals={0 d: 4,5 / month}", "found '4,5 / month'; decimal comma: write 4.5 / month"),
        ("manufacturing.duration={triangular: [1,5 d, 2 d, 3 d]}", "found '1,5 d'; decimal comma: write 1.5 d"),
        ("run.window=1,000 d", f"found '1,000 d'; allowed: a number with a unit {UNITS}; decimal comma: write 1.000 d, or 1000 d for thousands"),
        ("manufacturing.lines=1000000001", "found 1000000001; allowed: a whole number from 0 to 1000000000, or 'unlimited'"),
        ("patients.risk_groups={a: {share: 1, hazard: 1e10}}", "patients.risk_groups.a.hazard: found 10000000000.0; allowed: a multiplier from 0 to 1000000000"),
        ("run.seed='1'", "found '1'; allowed: a whole number from 0 to 9223372036854775807; write 1 without quotes"),
        ("manufacturing.failure=[0.1]", "found [0.1]; allowed: a proportion from 0 to 1"),
        ("manufacturing.failure=", "found nothing; allowed: a proportion from 0 to 1"),
        ("manufacturing.attempts=0", "found 0; allowed: a whole number from 1 on, or 'unlimited'"),
        ("manufacturing.attempts=1.5", "found 1.5; allowed: a whole number from 1 on, or 'unlimited'"),
        ("manufacturing.attempts=-1", "found -1; allowed: a whole number from 1 on, or 'unlimited'"),
        ("manufacturing.attempts=unlimted", "found 'unlimted'; allowed: a whole number from 1 on, or 'unlimited'; did you mean 'unlimited'?"),
        ("manufacturing.attempts='2'", "found '2'; allowed: a whole number from 1 on, or 'unlimited'; write 2 without quotes"),
        ("manufacturing.lines=-1", "found -1; allowed: a whole number from 0 on, or 'unlimited'"),
        ("manufacturing.lines=2.5", "found 2.5; allowed: a whole number from 0 on, or 'unlimited'"),
        ("manufacturing.lines=never", "found 'never'; allowed: a whole number from 0 on, or 'unlimited'"),
        ("manufacturing.lines=.inf", "found infinity; allowed: a whole number from 0 to 1000000000, or 'unlimited'"),
        ("run.seed=99999999999999999999", "found 99999999999999999999; allowed: a whole number from 0 to 9223372036854775807"),
        ("run.seed=-1", "found -1; allowed: a whole number from 0 to 9223372036854775807"),
        ("run.seed=false", "found false; allowed: a whole number from 0 to 9223372036854775807"),
        ("run.replications=0", "found 0; allowed: a whole number from 1 to 1000000"),
        ("patients.risk_groups={a: {share: 1, hazard: -1}}", "patients.risk_groups.a.hazard: found -1; allowed: a multiplier not below 0"),
        # texts and words
        ("name=3", "found 3; allowed: a text: put it in quotes"),
        ("name=''", "found an empty text; allowed: a text with something in it"),
        ("name=[a]", "found [a]; allowed: a text"),
        ('name="a\\eb"', "found 'a\\x1bb'; allowed: a text without control characters"),
        ('name="a\\nb"', "found 'a\\nb'; allowed: a text without control characters"),
        ('name="a\\u200bb"', "found the character U+200B (ZERO WIDTH SPACE); allowed: characters that can be seen"),
        ('name="\\u202eb"', "found the character U+202E (RIGHT-TO-LEFT OVERRIDE); allowed: characters that can be seen"),
        ('name="\\u3164"', "found the character U+3164 (HANGUL FILLER); allowed: characters that can be seen"),
        ('description="\\u2066x"', "found the character U+2066 (LEFT-TO-RIGHT ISOLATE); allowed: characters that can be seen"),
        ("name=" + "x" * 201, "found 201 characters; allowed: at most 200"),
        ("waiting_list.policy=fifo", "found 'fifo'; allowed: first_come | sickest_first | likely_benefit | lottery | score"),
        ("waiting_list.policy=lotery", "found 'lotery'; allowed: first_come | sickest_first | likely_benefit | lottery | score; did you mean 'lottery'?"),
        ("waiting_list.policy=First_come", "found 'First_come'; allowed: first_come | sickest_first | likely_benefit | lottery | score; did you mean 'first_come'?"),
        ("manufacturing.on_leave=true", "found true; allowed: stop | finish_stage | finish"),
        # dates
        ("run.start=2026-02-30", "found '2026-02-30', which is no day of the calendar; allowed: a date as year-month-day, such as 2026-01-31"),
        ("run.start=20260131", "found 20260131; allowed: a date as year-month-day, such as 2026-01-31; did you mean '2026-01-31'?"),
        ("run.start=2026", "found 2026; allowed: a date as year-month-day, such as 2026-01-31"),
        ("run.start=9999-01-01", "found '9999-01-01'; allowed: a date from 1900 to 2999"),
        ("run.start=today", "found 'today'; allowed: a date as year-month-day, such as 2026-01-31"),
        # durations
        ("run.window=0 d", "found '0 d'; allowed: a duration above 0 d"),
        ("run.window=1e9 d", "run: warm_up, window and follow_up sum to 1e+09 d; allowed: at most 1e+06 d"),
        ("manufacturing.duration=21", f"found 21 without a unit; allowed: a number with a unit {UNITS}, or a distribution {FAMILIES}; did you mean '21 d'?"),
        ("manufacturing.duration=fast", f"found 'fast'; allowed: a number with a unit {UNITS}, or a distribution {FAMILIES}"),
        ("manufacturing.duration={truncated_normal: {mean: 3 d, sd: 1 d, low: 30 d}}", "next to nothing of this normal lies between low and high; allowed: a mean near them"),
        ("manufacturing.duration={truncated_normal: {mean: 3 d, sd: 1 d, low: 5 d, high: 4 d}}", "found low 5 d and high 4 d; allowed: low below high"),
        ("manufacturing.duration={}", f"found an empty section; allowed: exactly one of {FAMILIES[1:-1]}"),
        ("manufacturing.duration={lognorml: {median: 3 d, sigma: 1}}", "manufacturing.duration.lognorml: unknown key; did you mean 'lognormal'?"),
        ("manufacturing.duration={uniform: [1 d, 2 d], gamma: {mean: 3 d, shape: 2}}", f"found 'uniform', 'gamma'; allowed: exactly one of {FAMILIES[1:-1]}"),
        ("manufacturing.duration={lognormal: {median: 3 d}}", "manufacturing.duration.lognormal: found 'median'; allowed: median and sigma, or mean and sd"),
        ("manufacturing.duration={lognormal: {}}", "manufacturing.duration.lognormal: found none of these; allowed: median and sigma, or mean and sd"),
        ("manufacturing.duration={lognormal: {median: 3 d, sigma: -1}}", "manufacturing.duration.lognormal.sigma: found -1; allowed: a sigma from 0 to 10"),
        ("manufacturing.duration={lognormal: 3 d}", "manufacturing.duration.lognormal: found '3 d'; allowed: a section with the keys median, sigma, mean, sd, shift, written below it and indented"),
        ("manufacturing.duration={lognormal: }", "manufacturing.duration.lognormal: found nothing; allowed: a section with the keys median, sigma, mean, sd, shift, written below it and indented"),
        ("manufacturing.duration={exponential: {mean: 3 d, rate: 1 / d}}", "manufacturing.duration.exponential: found 'mean', 'rate'; allowed: one of mean, median, rate"),
        ("manufacturing.duration={exponential: {rate: 0 / d}}", "found a rate of 0, which never ends; allowed: a rate above 0"),
        ("manufacturing.duration={exponential: {mean: 0 d}}", "manufacturing.duration.exponential.mean: found '0 d'; allowed: a duration above 0 d"),
        ("manufacturing.duration={gamma: {shape: 2}}", "manufacturing.duration.gamma.mean: required, but not given"),
        ("manufacturing.duration={gamma: {mean: 3 d, shape: 0}}", "manufacturing.duration.gamma.shape: found 0; allowed: a shape from 0.01 to 1000000"),
        ("manufacturing.duration={gamma: {mean: 1 d, sd: 11 d}}", "found an sd of 11 d; allowed: from a thousandth of the mean to ten times the mean"),
        ("manufacturing.duration={weibull: {shape: 0, scale: 3 d}}", "manufacturing.duration.weibull.shape: found 0; allowed: a shape from 0.1 to 100"),
        ("manufacturing.duration={weibull: {shape: 2}}", "manufacturing.duration.weibull: found none of these; allowed: one of scale, median, mean"),
        ("manufacturing.duration={weibull: {shape: 0.1, median: 1e9 d}}", "the parameters lead to 3.91e+10 d; allowed: above 0 d and at most 1e+09 d"),
        ("manufacturing.duration={triangular: [1 d, 2 d]}", "manufacturing.duration.triangular: found [1 d, 2 d]; allowed: [low, mode, high], each with its unit"),
        ("manufacturing.duration={triangular: [1 d, 2, 3 d]}", f"manufacturing.duration.triangular.1: found 2 without a unit; allowed: a number with a unit {UNITS}; did you mean '2 d'?"),
        ("manufacturing.duration={uniform: [2 d, 1 d]}", "manufacturing.duration.uniform: found [2 d, 1 d]; allowed: low <= high"),
        ("manufacturing.duration={uniform: {low: 1 d}}", "manufacturing.duration.uniform: found a section with 'low'; allowed: [low, high], each with its unit"),
        ("manufacturing.duration={empirical: []}", "manufacturing.duration.empirical: found an empty list; allowed: a list of durations, or the name of a CSV file with one column 'days'"),
        # clocks
        ("clocks.waiting.death=nevr", "found 'nevr'; allowed: never, or one of exponential, weibull, loglogistic, piecewise, cure, table; did you mean 'never'?"),
        ("clocks.waiting.death=21 d", "found '21 d'; allowed: never, or one of exponential, weibull, loglogistic, piecewise, cure, table"),
        ("clocks.waiting.death={exponential: {}}", "clocks.waiting.death.exponential: found none of these; allowed: one of rate, mean, median"),
        ("clocks.waiting.death={cure: {share: 1.2, of: never}}", "clocks.waiting.death.cure.share: found 1.2; allowed: a proportion from 0 to 1"),
        ("clocks.waiting.death={cure: {share: 0.2}}", "clocks.waiting.death.cure.of: required, but not given"),
        ("clocks.waiting.death={cure: {share: 0.2, of: {cure: {share: 2, of: never}}}}", "clocks.waiting.death.cure.of.cure.share: found 2; allowed: a proportion from 0 to 1; did you mean '0.02'?"),
        ("clocks.waiting.death={loglogistic: {shape: 2, median: 0 d}}", "clocks.waiting.death.loglogistic.median: found '0 d'; allowed: a duration above 0 d"),
        ("clocks.waiting.death={exponential: {mean: 1e-9 d}}", "found a time too short; a hazard is at most 1e+06 / d"),
        ("clocks.waiting.death={piecewise: {3 d: 0.1 / d}}", "clocks.waiting.death.piecewise: found '3 d' as the first day; allowed: a map of days to rates that starts at 0 d, such as {0 d: 0.01 / d, 90 d: 0.005 / d}"),
        ("clocks.waiting.death={piecewise: {0 d: 0.1 / d, 0 h: 0.2 / d}}", "clocks.waiting.death.piecewise.0 h: is the day of another entry, 0 d"),
        ("clocks.waiting.death={piecewise: {0 d: 0.1}}", f"clocks.waiting.death.piecewise.0 d: found 0.1 without a unit; allowed: a number per unit of time {UNITS}; did you mean '0.1 / d'?"),
        ("clocks.waiting.death={table: [[0 d, 1]]}", "clocks.waiting.death.table: found a list of 1; allowed: a list of [day, survival], or the name of a CSV file with the columns 'day' and 'survival', with two rows or more"),
        ("clocks.waiting.death={table: [[0 d, 0.9], [3 d, 0.8]]}", "clocks.waiting.death.table.0: found 0 d, 0.9; allowed: a table starts at 0 d with survival 1"),
        ("clocks.waiting.death={table: [[0 d, 1], [3 d, 1.1]]}", "clocks.waiting.death.table.1.1: found 1.1; allowed: a survival from 0 to 1"),
        ("clocks.waiting.death={table: [[0 d, 1], [3 d, 0.8], [2 d, 0.7]]}", "clocks.waiting.death.table.2: found 2 d after 3 d; allowed: days that go up"),
        ("clocks.waiting.death={table: [[0 d, 1], [3 d, 0.8], [4 d, 0.9]]}", "clocks.waiting.death.table.2: found survival 0.9 after 0.8; allowed: survival that never goes up"),
        ("clocks.waiting.death={table: [[0 d, 1], [3 d, 0], [4 d, 0]]}", "clocks.waiting.death.table.2: found a row after survival 0; allowed: survival 0 in the last row only"),
        ("clocks.waiting.death={table: [[0 d, 1], 3]}", "clocks.waiting.death.table.1: found 3; allowed: [day, survival]"),
        # by date
        ("centres.here.beds={2026-06-01: 3}", "the first entry, '2026-06-01', is after the start; begin with '0 d: 0' for none"),
        ("regions.here.referrals={30 d: 3 / d}", "the first entry, '30 d', is after the start; begin with '0 d: 0 / d' for none"),
        ("centres.here.beds={0 d: 3, 2026-01-01: 4}", "centres.here.beds.2026-01-01: is the same day as '0 d'"),
        ("centres.here.beds={}", "found an empty section; allowed: one value, or values by date"),
        ("centres.here.beds={0 d: 3, soon: 4}", f"centres.here.beds.soon: found 'soon'; allowed: a number with a unit {UNITS}, or a date such as 2026-01-31"),
        ("centres.here.beds={0: 3}", f"centres.here.beds.0: found '0'; allowed: a number with a unit {UNITS}, or a date such as 2026-01-31; did you mean '0 d'?"),
        ("centres.here.beds={2026-13-01: 3}", "centres.here.beds.2026-13-01: found '2026-13-01', which is no day of the calendar; allowed: a date as year-month-day, such as 2026-01-31"),
        ("centres.here.beds={0 d: {1 d: 3}}", "centres.here.beds.0 d: found a section with '1 d'; allowed: a whole number from 0 on, or 'unlimited'"),
        ("regions.here.referral_days=[]", "found an empty list; allowed: a list of days or dates, or the name of a CSV file with one column 'day' or 'date'"),
        ("regions.here.referral_days=[2025-12-31]", "regions.here.referral_days.0: found '2025-12-31', which is before run.start; allowed: a day from the start on"),
        ("regions.here.referral_days=3 d", "file '3 d': no such file"),
        # sections
        ("manufacturing=", "found nothing; allowed: a section with the keys slots, lines, line_held, duration, remake_duration, failure, failure_found, attempts, batches, products, manufacturers, assignment, site, calendar, remake_from, on_leave, written below it and indented"),
        ("bridging=3", "found 3; allowed: a section with the keys share, start, step_up, bed_within, response, hazard, target, written below it and indented"),
        ("clocks.after_apheresis.removl=as_waiting", "unknown key; did you mean 'removal'?"),
        ("clocks.after_apheresis=", "found nothing; allowed: a section with the keys progression, ends_eligibility, progression_counts_deaths, death, removal, written below it and indented"),
        ("regions=", "found nothing; allowed: a section with at least one region, by name"),
        ("regions=[here]", "found [here]; allowed: a section with at least one region, by name"),
        ("manufacturing.slots=many", "found 'many'; allowed: unlimited, or a section with the keys count, every, scope, weekday, lead, carry_over, notice, claimed, after_failed_collection, withdrawn_by, after_withdrawal, written below it and indented"),
        ("manufacturing.slots=unlimitd", "found 'unlimitd'; allowed: unlimited, or a section with the keys count, every, scope, weekday, lead, carry_over, notice, claimed, after_failed_collection, withdrawn_by, after_withdrawal, written below it and indented; did you mean 'unlimited'?"),
        ("manufacturing.slots={count: 4}", "manufacturing.slots.every: required, but not given"),
        ("manufacturing.slots={count: 4, every: year}", "manufacturing.slots.every: found 'year'; allowed: month | week | day"),
        ("manufacturing.slots={count: 4, every: month, notice: nevr}", f"manufacturing.slots.notice: found 'nevr'; allowed: a number with a unit {UNITS}, or 'never'"),
        ("patients.risk_groups={a: {share: 0.5}, b: {share: 0.4}}", "the proportions sum to 0.9; allowed: proportions that sum to 1"),
        # names
        ("centres={'a b': {}, 'a.b': {}, here: {}}", "centres.a.b: found '.' in a name; allowed: letters, digits, space, - and _"),
        ("centres={here: {}, ' x': {}}", "centres. x: found ' x'; a name neither starts nor ends with a space"),
        ("centres={here: {}, '': {}}", "centres.'': found an empty name; allowed: letters, digits, space, - and _"),
        ('centres={here: {}, "a\\nb": {}}', "centres.a\\nb: found '\\n' in a name; allowed: letters, digits, space, - and _"),
        ("centres={here: {}, " + "x" * 61 + ": {}}", "centres." + "x" * 61 + ": found a name of 61 characters; allowed: at most 60"),
        ('centres={here: {}, "a\\u200fb": {}}', "centres.a\\u200fb: found the character U+200F (RIGHT-TO-LEFT MARK) in a name; allowed: letters, digits, space, - and _"),
        ('centres={here: {}, "\\u0301": {}}', "centres.\u0301: found '\u0301'; a name starts with a letter or digit, not with an accent alone"),
        # what follows a survival table
        ("clocks.waiting.death={table: [[0 d, 1], [729 d, 0.5], [730 d, 0.48]]}", "clocks.waiting.death.table: ends at 730 d with survival 0.48 and does not say what follows; add `after`: never, last_rate (the hazard of the last two rows goes on), or {exponential: {rate: …}}"),
        ("clocks.waiting.death={table: [[0 d, 1], [3 d, 0.5]], after: nevr}", "clocks.waiting.death.after: found 'nevr'; allowed: never, last_rate (the hazard of the last two rows goes on), or {exponential: {rate: 0.001 / d}}; did you mean 'never'?"),
        ("clocks.waiting.death={table: [[0 d, 1], [3 d, 0.5]], after: {weibull: {shape: 1, scale: 3 d}}}", "clocks.waiting.death.after: found a section with 'weibull'; allowed: never, last_rate (the hazard of the last two rows goes on), or {exponential: {rate: 0.001 / d}}"),
        ("clocks.waiting.death={table: [[0 d, 1], [3 d, 0]], after: never}", "clocks.waiting.death.after: is not used: the table ends with survival 0, where nobody is left"),
        ("clocks.waiting.death={exponential: {rate: 0.1 / d}, after: never}", "clocks.waiting.death.after: is not used: allowed beside table"),
        ("clocks.waiting.death={table: [[0 d, 1], [30 d,0,9]], after: never}", "clocks.waiting.death.table.1: found [30 d, 0, 9]; allowed: [day, survival]; decimal comma: write 0.9"),
        ("clocks.waiting.death={cure: {share: 0.5, of: never}}", "clocks.waiting.death.cure.of: never comes to anybody, so that `share` changes nothing; allowed: a clock for those who are not cured, or never in place of the whole"),
        # what would do nothing a second time
        ("calendars={x: {days: [mon, mon]}}", "calendars.x.days.1: found 'mon' twice; allowed: each once"),
        ("calendars={x: {holidays: [2026-12-25, 2026-12-25]}}", "calendars.x.holidays.1: found '2026-12-25' twice; allowed: each once"),
        ("centres.here.manufacturers=[a, b, a]", "centres.here.manufacturers.2: found 'a' twice; allowed: each once"),
        # dates as they are written elsewhere
        ("run.start=31.1.2026", "found '31.1.2026'; allowed: a date as year-month-day, such as 2026-01-31; did you mean '2026-01-31'?"),
        ("run.start=01/31/2026", "found '01/31/2026'; allowed: a date as year-month-day, such as 2026-01-31; did you mean '2026-01-31'?"),
        ("run.start=03/04/2026", "found '03/04/2026'; allowed: a date as year-month-day, such as 2026-01-31"),
        ("run.start=2026-1-5", "found '2026-1-5'; allowed: a date as year-month-day, such as 2026-01-31; did you mean '2026-01-05'?"),
        ("manufacturing.lines={31.1.2026: 3}", "manufacturing.lines.31.1.2026: found '31.1.2026'; allowed: a number with a unit, or a date such as 2026-01-31; did you mean '2026-01-31'?"),
        # what is not used
        ("manufacturing.line_held={from: booking}", "is not used: lines are unlimited; allowed where lines are limited"),
        ("release_testing.accepted=0.5", "is not used: out_of_specification is 0; allowed where that is above 0"),
        ("release_testing.exception=5 d", "is not used: out_of_specification is 0; allowed where that is above 0"),
        ("centres.here.slots=2", "is not used: manufacturing.slots are unlimited; allowed where slots.scope is centre"),
        ("patients.risk_groups={a: {share: 1, priority: 2}}", "patients.risk_groups.a.priority: is not used: waiting_list.policy is first_come; allowed with sickest_first and score"),
        # the results that must come out
        ("validation.quantities={a: {of: x}}", "validation.quantities.a: found none of these; allowed: exact, or low and high"),
        ("validation.quantities={a: {of: x, exact: 1, low: 2}}", "validation.quantities.a: found 'exact', 'low'; allowed: exact, or low and high"),
        ("validation.quantities={a: {of: x, low: 3, high: 2}}", "validation.quantities.a: found low 3 above high 2; allowed: low <= high"),
        ("validation.quantities={a: {of: x, exact: 1, within: 2 se}}", "validation.quantities.a.within: found '2 se'; allowed: '3 se' (standard errors), exact, or a distance above 0"),
        ("validation=", "found nothing; allowed: a section with the keys source, kind, quantities, written below it and indented"),
    ],
)  # fmt: skip
def test_one_wrong_value(tmp_path: Path, override: str, message: str) -> None:
    path = override.partition("=")[0]
    [found] = problems(tmp_path, AUTOLOGOUS, override)
    assert found == f"--set {path}: {message}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("allogeneic: {stock: {opening: 1, order: {every: 60 d}, doses_per_lot: 1}}", "allogeneic: is not used: strategy 'autologous' has no use for it"),
        ("1: 2", "1: unknown key; allowed: extends, schema, name, description, strategy, run, regions, in_progress, centres, shared, calendars, disruptions, patients, waiting_list, clocks, work_up, before_apheresis, scheduling, apheresis, shipping, ..."),
        ("? [a, b]\n: 3", "found a list or section as a key; a key is a plain name"),
        ("<<: {name: x}", "<<: unknown key; allowed: extends, schema, name, description, strategy, run, regions, in_progress, centres, shared, calendars, disruptions, patients, waiting_list, clocks, work_up, before_apheresis, scheduling, apheresis, shipping, ..."),
        ("bridging: &b {share: 0.5}", "bridging: found a YAML anchor (&); write the value out, or inherit it with 'extends'"),
        ("sources: {run: !!str assumption}", "sources.run: found a YAML tag 'tag:yaml.org,2002:str'; values are written without tags"),
    ],
)  # fmt: skip
def test_one_wrong_line(tmp_path: Path, line: str, message: str) -> None:
    [found] = problems(tmp_path, with_line(AUTOLOGOUS, "strategy", line))
    assert found == f"mine.yaml:3: {message}"


@pytest.mark.parametrize(
    "section", ["scheduling", "apheresis", "shipping", "manufacturing", "release_testing", "bridging"]
)
def test_autologous_sections_in_an_allogeneic_scenario(tmp_path: Path, section: str) -> None:
    body = "{duration: 21 d}" if section == "manufacturing" else "{}"
    [found] = problems(tmp_path, with_line(ALLOGENEIC, "strategy", f"{section}: {body}"))
    assert found == f"mine.yaml:3: {section}: is not used: strategy 'allogeneic' has no use for it"


@pytest.mark.parametrize(
    ("override", "path"),
    [
        ("centres.here.chairs=2", "centres.here.chairs"),
        ("centres.here.slots=2", "centres.here.slots"),
        ("clocks.after_apheresis={death: never}", "clocks.after_apheresis"),
    ],
)
def test_autologous_values_in_an_allogeneic_scenario(tmp_path: Path, override: str, path: str) -> None:
    expected = f"--set {path}: is not used: strategy 'allogeneic' has no use for it (mine.yaml:2)"
    assert problems(tmp_path, ALLOGENEIC, override) == [expected]


def test_sections_with_nothing_in_them(tmp_path: Path) -> None:
    empty = AUTOLOGOUS.replace("  here: {centre: here, referrals: 4 / month}\n", "").replace("regions:", "regions: {}")
    assert problems(tmp_path, empty) == [
        "mine.yaml:3: regions: found an empty section; allowed: at least one region, by name"
    ]


def test_what_each_strategy_needs(tmp_path: Path) -> None:
    lines = AUTOLOGOUS.splitlines()[:-2]
    [found] = problems(tmp_path, "\n".join(lines))
    assert found == "mine.yaml:1: manufacturing: required by strategy 'autologous', but not given"
    [found] = problems(tmp_path, "\n".join(lines).replace("autologous", "allogeneic"))
    assert found == "mine.yaml:1: allogeneic: required by strategy 'allogeneic', but not given"


def test_what_every_scenario_needs(tmp_path: Path) -> None:
    assert problems(tmp_path, "description: nothing else\n") == [
        f"mine.yaml:1: {key}: required, but not given" for key in ("name", "strategy", "regions", "centres", "clocks")
    ]
    assert problems(tmp_path, AUTOLOGOUS.replace("waiting", "wating")) == [
        "mine.yaml:7: clocks.waiting: required, but not given",
        "mine.yaml:8: clocks.wating: unknown key; did you mean 'waiting'?",
    ]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("{at: 12, up_to: 12}", "found at 12 and up_to 12; allowed: at below up_to"),
        ("{at: 4}", "found 'at'; allowed: at and up_to, or every, or every and first"),
        (
            "{at: 4, up_to: 12, every: 60 d}",
            "found 'at', 'up_to', 'every'; allowed: at and up_to, or every, or every and first",
        ),
        ("{}", "found none of these; allowed: at and up_to, or every, or every and first"),
    ],
)
def test_orders(tmp_path: Path, order: str, message: str) -> None:
    text = ALLOGENEIC.replace("{at: 4, up_to: 12}", order)
    assert problems(tmp_path, text) == [f"mine.yaml:10: allogeneic.stock.order: {message}"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "mine.yaml:1: found an empty file; allowed: a scenario with the keys name, strategy, regions, centres, ..."),
        (b"# nothing\n", "mine.yaml:1: found an empty file; allowed: a scenario with the keys name, strategy, regions, centres, ..."),
        (b"- a\n", "mine.yaml:1: found no keys; allowed: a scenario with the keys name, strategy, regions, centres, ..."),
        (b"hello\n", "mine.yaml:1: found no keys; allowed: a scenario with the keys name, strategy, regions, centres, ..."),
        (b"name: caf\xe9\n", "mine.yaml: is not UTF-8 text (line 1); save it as UTF-8"),
        ("name: x\n".encode("utf-16"), "mine.yaml: is not UTF-8 text (line 1); save it as UTF-8"),
        (b"name: \x00\n", "mine.yaml:1: found the control character '\\x00'; allowed: printable text"),
        (b"#" * 1_000_001, "mine.yaml: has 1000001 bytes; allowed: at most 1000000"),
        (b"name: a: b\n", "mine.yaml:1: not valid YAML: mapping values are not allowed here; a text that holds ': ' stands in quotes, and keys of one section start in one column"),
    ],
)  # fmt: skip
def test_files_that_are_no_scenario(tmp_path: Path, content: bytes, message: str) -> None:
    assert problems(tmp_path, content) == [message]


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, AUTOLOGOUS.encode("utf-8-sig")) == []
    assert problems(tmp_path, AUTOLOGOUS.replace("\n", "\r\n").encode()) == []


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, AUTOLOGOUS, "autologous.yaml")
    missing = "autologus.yaml: no such file; did you mean 'autologous.yaml'?"
    assert problems_of(tmp_path / "autologus.yaml") == [missing]
    assert problems_of(tmp_path / "no" / "zzz.yaml") == ["zzz.yaml: no such file"]
    assert problems_of(tmp_path / "autologous.yaml" / "zzz.yaml")[0].endswith("zzz.yaml: no such file")
    (tmp_path / "folder").mkdir()
    assert problems_of(tmp_path / "folder") == ["folder: is a folder; allowed: a file"]
    assert problems_of(Path("/dev/zero"))[0].endswith("is no ordinary file")
    assert problems_of(tmp_path / ("x" * 5000))[0].endswith("cannot be read: File name too long")
    assert "\n" not in problems_of(tmp_path / "a\nb.yaml")[0]
    assert "is no file name" in problems_of(tmp_path / "a\0b.yaml")[0]

    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("sim.scenario.files.os.open", refuse)
    assert problems_of(tmp_path / "autologous.yaml") == ["autologous.yaml: cannot be read: permission denied"]


def test_many_unknown_keys_are_cut(tmp_path: Path) -> None:
    found = problems(tmp_path, AUTOLOGOUS + "".join(f"zz{k}: 1\n" for k in range(5000)))
    assert len(found) == 51
    assert found[-1] == "mine.yaml:61: zz50: 4950 more unknown keys"


def test_many_names_are_refused(tmp_path: Path) -> None:
    centres = ", ".join(f"c{k}: {{}}" for k in range(501))
    [found] = problems(tmp_path, AUTOLOGOUS, f"centres={{{centres}}}")
    assert found == "--set centres: found 502 names; allowed: at most 500"


def test_problems_are_values() -> None:
    problem = Problem(Place("a.yaml", 3), "run.seed", "found 'x\n\x1b[31m'")
    assert str(problem) == "a.yaml:3: run.seed: found 'x\\n\\x1b[31m'"
    error = ScenarioError([problem, problem, Problem(Place("a.yaml", 0), "", "b")])
    assert str(error) == "a.yaml:3: run.seed: found 'x\\n\\x1b[31m'\na.yaml: b"
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_the_file_is_shown_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, AUTOLOGOUS + "extnds: x\n")
    monkeypatch.chdir(tmp_path)
    for shown in ("mine.yaml", "../" + tmp_path.name + "/mine.yaml"):
        with pytest.raises(ScenarioError) as found:
            load(shown)
        assert str(found.value).startswith(f"{shown}:11: extnds: unknown key; did you mean 'extends'?")
