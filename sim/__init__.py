"""A vein-to-vein simulator of CAR T-cell therapy."""

__version__ = "0.1.0"
