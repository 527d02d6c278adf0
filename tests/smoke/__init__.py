"""Every command once, on tiny scenarios: also with the lowest and the newest libraries."""
