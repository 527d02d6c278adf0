"""Numbers that no record holds, from what they do to what is observed: simulation-based calibration."""
