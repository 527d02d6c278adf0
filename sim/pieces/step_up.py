"""Stays in a bed for the step-up doses of a therapy that is given before the product: when they begin and end."""

from __future__ import annotations

# Noted on the day of the first dose of holding therapy (whether in a bed or not), and at the end of its step-up doses.
HELD, HELD_AT_HOME = "holding_therapy", "holding_step_up_ended"
# The same of bridging therapy, where it begins with step-up doses.
BRIDGED, BRIDGED_AT_HOME = "bridging_therapy", "bridging_step_up_ended"
# (first dose, end of the stay) of each.
STAYS = ((HELD, HELD_AT_HOME), (BRIDGED, BRIDGED_AT_HOME))
