"""A known world, and a base that is at least 30 % off in everything that is fitted."""

from __future__ import annotations

from collections.abc import Mapping

TRUTH = """
name: Truth
strategy: autologous
run: {{start: 2026-01-01, warm_up: 0 d, window: {window} d, follow_up: 900 d, replications: 1, seed: 11}}
regions:
  north: {{centre: north, referrals: {north} / month}}
  coast: {{centre: coast, referrals: {coast} / month}}
centres:
  north: {{beds: {beds}}}
  coast: {{beds: {beds}}}
patients:
  risk_groups:
    standard: {{share: 0.65, hazard: 0.8}}
    high: {{share: 0.35, hazard: 1.3714285714}}
  frailty: {{strength: {frailty}}}
work_up: {{duration: {{lognormal: {{median: 14 d, sigma: 0.5}}}}}}
scheduling: {{duration: 5 d}}
apheresis: {{duration: 1 d, shortfall: 0.06, repeat_after: 9 d, attempts: 3}}
shipping: {{to_factory: {{gamma: {{mean: 4 d, shape: 5}}}}, to_centre: {{gamma: {{mean: 5 d, shape: 4}}}}}}
manufacturing:
  slots: {{count: {slots}, every: week, scope: pool, lead: 7 d}}
  duration: {{weibull: {{shape: 3, scale: 16 d}}}}
  failure: 0.07
  attempts: 3
release_testing: {{sterility: 7 d, review: {{lognormal: {{median: 9 d, sigma: 0.7}}}}}}
bridging: {{share: 0.6, start: 7 d, response: 1, hazard: 0.5}}
clocks:
  waiting:
    progression: {{exponential: {{rate: 0.0065 / d}}}}
    ends_eligibility: 0.25
    death: {{exponential: {{rate: 0.0016 / d}}}}
    removal: {{exponential: {{rate: 0.0012 / d}}}}
  after_apheresis:
    progression: {{exponential: {{rate: 0.0052 / d}}}}
    ends_eligibility: 0.25
    death: {{exponential: {{rate: 0.0012 / d}}}}
    removal: {{exponential: {{rate: 0.0008 / d}}}}
  after_progression: {{death: 4, removal: 2}}
lymphodepletion: {{duration: 5 d}}
infusion: {{scheduling: 3 d, stay: {{lognormal: {{median: 14 d, sigma: 0.45}}}}, planned_stay: 25 d}}
"""
# What is different in the base: path and value, each at least 30 % off.
BASE: Mapping[str, str] = {
    "regions.north.referrals": "3 / month",
    "regions.coast.referrals": "2 / month",
    "patients.risk_groups.standard.share": "0.2",
    "patients.risk_groups.high.share": "0.8",
    "patients.risk_groups.standard.hazard": "1.2",
    "patients.risk_groups.high.hazard": "0.9",
    "work_up.duration.lognormal.median": "22 d",
    "work_up.duration.lognormal.sigma": "0.3",
    "apheresis.shortfall": "0.03",
    "shipping.to_factory.gamma.mean": "2.5 d",
    "shipping.to_factory.gamma.shape": "9",
    "shipping.to_centre.gamma.mean": "2.5 d",
    "shipping.to_centre.gamma.shape": "9",
    "manufacturing.slots.count": "90",
    "manufacturing.duration.weibull.shape": "1.8",
    "manufacturing.duration.weibull.scale": "10 d",
    "manufacturing.failure": "0.03",
    "release_testing.review.lognormal.median": "15 d",
    "release_testing.review.lognormal.sigma": "0.4",
    "bridging.share": "0.3",
    "bridging.hazard": "0.9",
    "clocks.waiting.progression.exponential.rate": "0.0035 / d",
    "clocks.waiting.ends_eligibility": "0.5",
    "clocks.waiting.death.exponential.rate": "0.003 / d",
    "clocks.waiting.removal.exponential.rate": "0.0025 / d",
    "clocks.after_apheresis.progression.exponential.rate": "0.0025 / d",
    "clocks.after_apheresis.ends_eligibility": "0.5",
    "clocks.after_apheresis.death.exponential.rate": "0.0025 / d",
    "clocks.after_apheresis.removal.exponential.rate": "0.002 / d",
    "clocks.after_progression.death": "2",
    "clocks.after_progression.removal": "1",
    "infusion.stay.lognormal.median": "22 d",
    "infusion.stay.lognormal.sigma": "0.25",
}


def truth(patients: int, frailty: float = 0.0, days: int = 1100, observed: int = 730) -> str:
    """The world in which about so many patients are referred in the `observed` days."""
    a_month = patients / observed * 365.25 / 12.0
    slots = max(1, round(0.75 * a_month * 12.0 / 52.18))
    beds = max(2, round(patients * 0.02))
    return TRUTH.format(
        window=days,
        north=round(0.6 * a_month, 4),
        coast=round(0.4 * a_month, 4),
        frailty=frailty,
        slots=slots,
        beds=beds,
    )
