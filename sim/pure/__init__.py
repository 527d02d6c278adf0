"""Pure numerics: distributions, survival shapes and streams. Nothing here knows of CAR-T."""
