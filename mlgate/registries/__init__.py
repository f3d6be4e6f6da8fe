"""Where model versions and aliases live."""
