"""What has no effect of the policy of the waiting list, and of what it looks at."""

from __future__ import annotations

from sim.scenario.schema import Scenario
from sim.scenario.unused.happens import policy_is, stays_after_progression
from sim.scenario.unused.rule import Rule


def _all_same(s: Scenario, key: str) -> bool:
    return len({getattr(group, key) for group in s.patients.risk_groups.values()}) == 1


def _weight(s: Scenario, key: str) -> float:
    return 0.0 if s.waiting_list.score is None else float(getattr(s.waiting_list.score, key))


def _score_tells_apart(s: Scenario) -> bool:
    """Whether a score looks at anything but the days of waiting."""
    by_group = any(_weight(s, key) != 0.0 and not _all_same(s, key) for key in ("priority", "benefit"))
    return by_group or (_weight(s, "progressed") != 0.0 and stays_after_progression(s))


REFUSED: tuple[Rule, ...] = (
    Rule(
        "waiting_list.policy", lambda s: policy_is(s, "sickest_first") and _all_same(s, "priority"),
        ("patients.risk_groups",),
        "no risk group has a `priority` other than the rest, so that {s.waiting_list.policy} is first_come; "
        "set patients.risk_groups.NAME.priority",
    ),
    Rule(
        "waiting_list.policy", lambda s: policy_is(s, "likely_benefit") and _all_same(s, "benefit"),
        ("patients.risk_groups",),
        "no risk group has a `benefit` other than the rest, so that {s.waiting_list.policy} is first_come; "
        "set patients.risk_groups.NAME.benefit",
    ),
    Rule(
        "waiting_list.policy", lambda s: policy_is(s, "score") and not _score_tells_apart(s),
        ("waiting_list.score", "patients.risk_groups"),
        "nothing but the days of waiting counts in the score, so that it is first_come; set a weight of "
        "waiting_list.score (priority, benefit, progressed) in which patients differ",
    ),
    Rule(
        "waiting_list.score", lambda s: not policy_is(s, "score"), ("waiting_list.policy",),
        "policy is {s.waiting_list.policy}; allowed with score",
    ),
    Rule(
        "waiting_list.score.priority", lambda s: policy_is(s, "score") and _all_same(s, "priority"),
        ("patients.risk_groups",),
        "no risk group has a `priority` other than the rest; set patients.risk_groups.NAME.priority",
    ),
    Rule(
        "waiting_list.score.benefit", lambda s: policy_is(s, "score") and _all_same(s, "benefit"),
        ("patients.risk_groups",),
        "no risk group has a `benefit` other than the rest; set patients.risk_groups.NAME.benefit",
    ),
    Rule(
        "patients.risk_groups.*.priority", lambda s, name: not policy_is(s, "sickest_first", "score"),
        ("waiting_list.policy",),
        "waiting_list.policy is {s.waiting_list.policy}; allowed with sickest_first and score",
    ),
    Rule(
        "patients.risk_groups.*.priority",
        lambda s, name: policy_is(s, "score") and _weight(s, "priority") == 0.0,
        ("waiting_list.score.priority",), "its weight, waiting_list.score.priority, is 0",
    ),
    Rule(
        "patients.risk_groups.*.benefit", lambda s, name: not policy_is(s, "likely_benefit", "score"),
        ("waiting_list.policy",),
        "waiting_list.policy is {s.waiting_list.policy}; allowed with likely_benefit and score",
    ),
    Rule(
        "patients.risk_groups.*.benefit",
        lambda s, name: policy_is(s, "score") and _weight(s, "benefit") == 0.0,
        ("waiting_list.score.benefit",), "its weight, waiting_list.score.benefit, is 0",
    ),
)  # fmt: skip
